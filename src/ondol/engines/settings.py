"""Which models to use, where they are, and the limits under which they work.

The edge (``ondol.serve.settings``) reads files and environment and builds these; nothing here looks anywhere.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, SecretStr, field_validator

from ondol.core.errors import SettingsError
from ondol.core.frozen import Frozen


class ModelChoice(Frozen):
    """One kind of model: a server's when ``base_url`` is set, otherwise one of the catalogue's.

    Attributes:
        base_url: root of an OpenAI-compatible API, usually ending in ``/v1``; empty for a local model.
        model: the name the server or the catalogue knows; empty for the server's only model or the
            catalogue's default.
        api_key: sent as a bearer token; never shown in messages or logs.
        profile: fields of ``ModelProfile`` that replace what the built-in table says, such as ``{"can_cite":
            False}``.
    """

    base_url: str = ""
    model: str = ""
    api_key: SecretStr = SecretStr("")
    profile: Mapping[str, Any] = Field(default_factory=dict)

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise SettingsError(
                f"The base URL {value!r} is not an http or https address.",
                remedy="Write the whole address, for example http://127.0.0.1:8000/v1.",
            )
        return value.rstrip("/")


class EngineLimits(Frozen):
    """What the embedded engine may use and how long callers wait.

    Attributes:
        slots: requests that one engine process works on at once (continuous batching).
        queue: requests that may wait beyond those; more are refused with ``EngineBusyError``.
        context_tokens: prompt and completion of one request; lowered to what the model was trained for.
        threads: of the engine process; 0 is one less than the machine's cores, at least one.
        cache_mib: host memory for prompt prefixes that left their slot.
        start_timeout_s: until a started engine must answer; loading a big model from a slow disk takes
            minutes.
        attempts: how often a request to a server is tried when the failure is transient.
    """

    slots: int = Field(default=2, ge=1)
    queue: int = Field(default=32, ge=0)
    context_tokens: int = Field(default=4096, ge=256)
    threads: int = Field(default=0, ge=0)
    cache_mib: int = Field(default=64, ge=1)
    start_timeout_s: float = Field(default=300.0, gt=0)
    attempts: int = Field(default=3, ge=1)


class ModelSettings(Frozen):
    """The models of one installation."""

    chat: ModelChoice = ModelChoice()
    embed: ModelChoice = ModelChoice()
    rerank: ModelChoice = ModelChoice()
    limits: EngineLimits = EngineLimits()

    def base_urls(self) -> tuple[str, ...]:
        """Return the addresses that adapters may call: nothing else is ever dialled but loopback."""
        return tuple(c.base_url for c in (self.chat, self.embed, self.rerank) if c.base_url)


def limit_context(limits: EngineLimits, context_tokens: int) -> EngineLimits:
    """Return ``limits`` with no more context than a model was trained for."""
    return limits.model_copy(update={"context_tokens": min(limits.context_tokens, context_tokens)})
