"""From settings to engines: a server's where a base URL is set, else the catalogue's, else ``None``.

Nothing is loaded, started or called here; that happens with the first use of what is returned.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ondol.core.errors import SettingsError
from ondol.engines.catalogue import Catalogue
from ondol.engines.chat.embedded import EmbeddedChat
from ondol.engines.chat.openai import OpenAIChat
from ondol.engines.embed.bert import BertEmbedder, BertOptions
from ondol.engines.embed.embedded import EmbeddedEmbedder
from ondol.engines.embed.openai import OpenAIEmbedder
from ondol.engines.rerank.embedded import EmbeddedReranker
from ondol.engines.rerank.openai import OpenAIReranker
from ondol.engines.settings import ModelSettings

OpenChat = EmbeddedChat | OpenAIChat
OpenEmbedder = BertEmbedder | EmbeddedEmbedder | OpenAIEmbedder
OpenReranker = EmbeddedReranker | OpenAIReranker


def open_chat(
    settings: ModelSettings, models_dir: Path, name: str | None = None, *, home: Path | None = None
) -> OpenChat | None:
    """Return a chat model, or ``None`` when no server is set and none is installed.

    Args:
        settings: servers, names and limits.
        models_dir: the catalogue's folder.
        name: a model of the catalogue, or of the server in ``settings``; by default the settings' or the
            catalogue's.
        home: where a child process keeps lock, endpoint file and log; by default the folder that holds
            ``models_dir``.

    Raises:
        NotFoundError: the model named is not installed.
        ModelFileError: its files are damaged.
        AccessDeniedError, SettingsError: the address or the profile in ``settings`` is wrong.
    """
    choice, limits = settings.chat, settings.limits
    if choice.base_url and name in {None, "", choice.model}:
        return OpenAIChat(
            choice.base_url,
            choice.model,
            api_key=choice.api_key,
            profile=choice.profile,
            allowed=settings.base_urls(),
            attempts=limits.attempts,
        )
    catalogue = Catalogue(models_dir)
    manifest = catalogue.find_manifest(name or choice.model, "chat")
    if manifest is None:
        return None
    return EmbeddedChat(
        catalogue.folder(manifest.name) / manifest.weights.name,
        home=home or models_dir.parent,
        name=manifest.name,
        sha256=manifest.weights.sha256,
        profile={**manifest.profile, **choice.profile},
        limits=limits,
    )


def open_embedder(
    settings: ModelSettings, models_dir: Path, name: str | None = None, *, home: Path | None = None
) -> OpenEmbedder | None:
    """Return an embedder, or ``None``; arguments and errors as for ``open_chat``."""
    choice, limits = settings.embed, settings.limits
    options = _read_options(choice.profile)
    if choice.base_url and name in {None, "", choice.model}:
        return OpenAIEmbedder(
            choice.base_url,
            choice.model,
            api_key=choice.api_key,
            query_prefix=options.query_prefix,
            passage_prefix=options.passage_prefix,
            allowed=settings.base_urls(),
            attempts=limits.attempts,
        )
    catalogue = Catalogue(models_dir)
    manifest = catalogue.find_manifest(name or choice.model, "embed")
    if manifest is None:
        return None
    options = _read_options({**manifest.profile, **choice.profile})
    folder, sha256 = catalogue.folder(manifest.name), manifest.weights.sha256
    if manifest.format == "bert":
        return BertEmbedder(folder, name=manifest.name, sha256=sha256, options=options)
    return EmbeddedEmbedder(
        folder / manifest.weights.name,
        home=home or models_dir.parent,
        name=manifest.name,
        sha256=sha256,
        query_prefix=options.query_prefix,
        passage_prefix=options.passage_prefix,
        max_tokens=options.max_tokens or 512,
        limits=limits,
    )


def open_reranker(
    settings: ModelSettings, models_dir: Path, name: str | None = None, *, home: Path | None = None
) -> OpenReranker | None:
    """Return a reranker, or ``None``; arguments and errors as for ``open_chat``."""
    choice, limits = settings.rerank, settings.limits
    if choice.base_url and name in {None, "", choice.model}:
        return OpenAIReranker(
            choice.base_url,
            choice.model,
            api_key=choice.api_key,
            allowed=settings.base_urls(),
            attempts=limits.attempts,
        )
    catalogue = Catalogue(models_dir)
    manifest = catalogue.find_manifest(name or choice.model, "rerank")
    if manifest is None:
        return None
    return EmbeddedReranker(
        catalogue.folder(manifest.name) / manifest.weights.name,
        home=home or models_dir.parent,
        name=manifest.name,
        sha256=manifest.weights.sha256,
        max_tokens=_read_options({**manifest.profile, **choice.profile}).max_tokens or 512,
        limits=limits,
    )


def _read_options(fields: Mapping[str, Any]) -> BertOptions:
    try:
        return BertOptions.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise SettingsError(
            f"The embedder's profile is wrong at {'.'.join(map(str, first['loc']))}: {first['msg']}.",
            remedy=f"Its fields are {', '.join(BertOptions.model_fields)}.",
        ) from error
