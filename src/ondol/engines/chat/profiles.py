"""What known families of chat models can do, by the name that servers give them; settings replace any field.

Sources: the model cards of LG AI Research (EXAONE 3.5, 4.0, 4.5, Deep, K-EXAONE), Qwen, DeepSeek, OpenAI
    (gpt-oss),
Google, Meta, Mistral and Hugging Face. A name that no row fits gets a plain profile: able to cite, no
reasoning.
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ondol.core.errors import SettingsError
from ondol.core.models import ModelProfile

_SERVED: dict[str, Any] = {"json_schema": True, "tools": True}
_SWITCH: dict[str, Any] = {**_SERVED, "reasoning": "switch"}
_ALWAYS: dict[str, Any] = {**_SERVED, "reasoning": "always"}

# First match wins. Context lengths are what a server of the family allows by default, never more.
_FAMILIES: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        r"exaone[-_ ]?deep",
        {**_ALWAYS, "context_tokens": 32768, "think_open": "<thought>", "think_close": "</thought>"},
    ),
    (r"k[-_ ]?exaone|exaone[-_ ]?4[-_.]5", {**_SWITCH, "context_tokens": 131072}),
    (r"exaone[-_ ]?4", {**_SWITCH, "context_tokens": 65536}),
    (r"exaone", {**_SERVED, "context_tokens": 32768}),
    (r"smollm2?[-_ ]?(135|360)m", {"json_schema": True, "can_cite": False, "context_tokens": 8192}),
    (r"smollm3", {**_SWITCH, "context_tokens": 65536}),
    (r"qwq|qwen3.*thinking", {**_ALWAYS, "context_tokens": 32768}),
    (r"qwen3.*instruct", {**_SERVED, "context_tokens": 32768}),
    (r"qwen3[-_ ]?0[-_.]6b", {**_SWITCH, "context_tokens": 32768, "can_cite": False}),
    (r"qwen3", {**_SWITCH, "context_tokens": 32768}),
    (r"qwen2[-_.]?5?[-_ ]?0[-_.]5b", {**_SERVED, "context_tokens": 32768, "can_cite": False}),
    (r"deepseek[-_ ]?r1|r1[-_ ]distill", {**_ALWAYS, "context_tokens": 32768}),
    (r"deepseek[-_ ]?v3", {**_SWITCH, "context_tokens": 65536, "think_argument": "thinking"}),
    (r"gpt[-_ ]?oss", {**_ALWAYS, "context_tokens": 131072}),
    (r"gemma[-_ ]?3[-_ ]?(270m|1b)", {"json_schema": True, "context_tokens": 8192, "can_cite": False}),
    (r"llama[-_ ]?3[-_.]2[-_ ]?1b", {**_SERVED, "context_tokens": 8192, "can_cite": False}),
)


def build_profile(name: str, changes: Mapping[str, Any] | None = None) -> ModelProfile:
    """Return the profile of the family that ``name`` belongs to, with ``changes`` applied.

    Raises:
        SettingsError: ``changes`` has a field that profiles lack, or a value that does not fit.
    """
    folded = name.lower()
    fields: dict[str, Any] = {"json_schema": True, "context_tokens": 8192}
    for pattern, known in _FAMILIES:
        if re.search(pattern, folded):
            fields = known
            break
    try:
        return ModelProfile.model_validate({"name": name, **fields, **(changes or {})})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise SettingsError(
            f"The profile given for {name!r} is wrong at {'.'.join(map(str, first['loc']))}: {first['msg']}.",
            remedy=f"Its fields are {', '.join(ModelProfile.model_fields)}.",
        ) from error
