"""Settings: one frozen object, built here at the edge from flags, environment, file and defaults.

The first that speaks wins, in that order.
A field ``chat_model`` is the environment variable ``ONDOL_CHAT_MODEL`` and the key ``chat_model`` in
``<home>/ondol.toml``. Nothing else in Ondol reads the environment.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError

from ondol.core.access import Label
from ondol.core.errors import SettingsError
from ondol.core.frozen import Frozen

DEFAULT_HOME = "~/.ondol"
FILE_NAME = "ondol.toml"
_PREFIX = "ONDOL_"


def _default_workers() -> int:
    return max(1, os.cpu_count() or 1)


class Settings(Frozen):
    """Everything that can be set, with its meaning in each field's description."""

    home: Path = Field(description="The folder that holds everything; copy it and you have moved the system.")
    database_url: str | None = Field(
        default=None, description="postgresql+psycopg://… instead of SQLite in the home folder."
    )

    chat_base_url: str | None = Field(
        default=None, description="An OpenAI-compatible server for chat, instead of the embedded engine."
    )
    chat_model: str | None = Field(
        default=None, description="Chat model: a name from `ondol models list`, or the server's model."
    )
    chat_api_key: SecretStr | None = Field(default=None, description="Key for the chat server.")
    embed_base_url: str | None = Field(
        default=None, description="An OpenAI-compatible server for embeddings."
    )
    embed_model: str | None = Field(default=None, description="Embedding model.")
    embed_api_key: SecretStr | None = Field(default=None, description="Key for the embedding server.")
    rerank_base_url: str | None = Field(default=None, description="A server with a /rerank route.")
    rerank_model: str | None = Field(default=None, description="Reranking model.")
    rerank_api_key: SecretStr | None = Field(default=None, description="Key for the reranking server.")
    engine_threads: int | None = Field(
        default=None, ge=1, description="Threads of the embedded engine; by default the cores less one."
    )

    host: str = Field(default="127.0.0.1", description="Address that `ondol serve` listens on.")
    port: int = Field(default=8700, ge=0, le=65535, description="Port that `ondol serve` listens on.")
    require_keys: bool = Field(default=False, description="Ask for an API key on loopback too.")
    behind_proxy: bool = Field(
        default=False, description="A reverse proxy stands in front: every request needs an API key."
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="Host names under which a proxy or another machine reaches the server."
    )
    max_upload_bytes: int = Field(default=512 * 1024**2, ge=1, description="Largest body of an upload.")
    max_question_chars: int = Field(default=8_000, ge=1, description="Longest question.")
    max_concurrent: int = Field(
        default=64, ge=1, description="Requests worked on at once; more get HTTP 429."
    )

    default_label: Label = Field(default=Label(), description="Label of documents ingested without one.")
    default_licence: str = Field(
        default="unknown", description="Licence of documents ingested without one (SPDX where there is one)."
    )
    parser_workers: int = Field(
        default_factory=_default_workers, ge=1, description="Parser processes that run side by side."
    )
    parser_timeout_s: float = Field(default=120.0, gt=0, description="Longest time for one file.")
    parser_memory_bytes: int = Field(
        default=2 * 1024**3, ge=256 * 1024**2, description="Memory that one parser process may take."
    )
    max_file_bytes: int = Field(default=512 * 1024**2, ge=1, description="Largest file that is read.")

    @property
    def models_dir(self) -> Path:
        """Where model files lie."""
        return self.home / "models"


def load_settings(*, environ: Mapping[str, str] | None = None, **flags: Any) -> Settings:
    """Build the settings; flags that are ``None`` do not count.

    Raises:
        SettingsError: a value is malformed or a key is unknown; names the place it came from.
    """
    variables = os.environ if environ is None else environ
    given = {name: value for name, value in flags.items() if value is not None}
    home = (
        Path(given.pop("home", None) or variables.get(_PREFIX + "HOME") or DEFAULT_HOME)
        .expanduser()
        .resolve()
    )
    values: dict[str, Any] = {}
    values |= _read_file(home / FILE_NAME)
    values |= _read_environment(variables)
    values |= given
    values["home"] = home
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "settings"
        raise SettingsError(
            f"The setting {field} is not valid: {first['msg']}.",
            remedy=f"Correct {field} in {home / FILE_NAME}, or the variable {_PREFIX}{field.upper()}.",
        ) from None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"{path} cannot be read: {error}.", remedy="Correct or remove the file."
        ) from error


def _read_environment(variables: Mapping[str, str]) -> dict[str, Any]:
    """Pick the variables that name a field; others with the prefix are left to whoever defined them."""
    values: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        text = variables.get(_PREFIX + name.upper(), "")
        if not text or name == "home":
            continue
        values[name] = tuple(text.split(",")) if field.annotation == tuple[str, ...] else text
    return values
