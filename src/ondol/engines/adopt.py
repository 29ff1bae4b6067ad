"""Take a model into the catalogue from a file, a folder or, where huggingface_hub is installed, from its hub.

Its SHA-256 is pinned from here on: the one in the source (``…@SHA256``) if there is one, else the one it has
now.
"""

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ondol.core.errors import (
    ConflictError,
    EngineUnavailableError,
    ModelFileError,
    NotFoundError,
    WrongUseError,
)
from ondol.core.models import Capability
from ondol.engines.fetch import TEMP, Progress, hash_file, install_file, lock_models, save_manifest
from ondol.engines.manifest import BUILT_IN, MANIFEST, ModelFile, ModelManifest, read_manifest

_PINNED = re.compile(r"(?P<place>.+?)(@(?P<sha256>[0-9a-fA-F]{64}))?\Z", re.DOTALL)
_HUB = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)/(?P<file>[\w./ -]+\.gguf)\Z")
_BERT_FILES = ("model.safetensors", "tokenizer.json", "config.json")
_BERT_EXTRAS = ("1_Pooling/config.json", "sentence_bert_config.json")
_RANK = 4  # llama.cpp's number for "pooled to one score"
_ENCODERS = {
    "bert",
    "nomic-bert",
    "nomic-bert-moe",
    "jina-bert-v2",
    "jina-bert-v3",
    "modern-bert",
    "neo-bert",
}


def adopt(
    source: str, models_dir: Path, *, name: str | None = None, progress: Progress | None = None
) -> ModelManifest:
    """Copy the model at ``source`` into ``models_dir``, verified, manifest last; again does nothing new.

    Args:
        source: ``file:/path/model.gguf``, ``file:/path/folder`` (an encoder of the BERT family with its
            tokenizer, or one model's folder from another home) or ``hf:ORG/REPO/FILE.gguf``, each with
            ``@SHA256`` or without.
        models_dir: the catalogue's folder.
        name: what to call it; by default what the file calls itself.
        progress: called while bytes are copied.

    Raises:
        WrongUseError: the source is of no known kind.
        NotFoundError: there is nothing.
        ConflictError: another model has this name.
        ModelFileError: it is damaged, of another kind, or not what its hash says.
        EngineUnavailableError: the hub cannot be reached.
    """
    kind, _, rest = source.partition(":")
    found = _PINNED.match(rest)
    if kind not in {"file", "hf"} or found is None:
        raise WrongUseError(
            f"{source!r} names no source of a model.",
            remedy="Write file:/path/model.gguf, file:/path/folder or hf:ORG/REPO/FILE.gguf@SHA256.",
        )
    place, sha256 = found["place"], (found["sha256"] or "").lower()
    with lock_models(models_dir), tempfile.TemporaryDirectory(prefix=TEMP, dir=models_dir) as temp:
        path = Path(place).expanduser() if kind == "file" else _download(place, Path(temp))
        manifest = _describe(path, source)
        if sha256 and manifest.weights.sha256 != sha256:
            raise ModelFileError(
                f"{path} has SHA-256 {manifest.weights.sha256}, not {sha256}.",
                remedy="Do not use it: fetch it again, from a source you trust.",
            )
        if name:
            manifest = _rename(manifest, name)
        _check_name_is_free(manifest, models_dir)
        _copy(manifest, path if path.is_dir() else path.parent, models_dir, progress)
    return manifest


def _describe(path: Path, source: str) -> ModelManifest:
    if not path.exists():
        raise NotFoundError(f"{path} does not exist.", remedy="Check the path.")
    return _describe_folder(path, source) if path.is_dir() else _describe_gguf(path, source)


def _copy(manifest: ModelManifest, root: Path, models_dir: Path, progress: Progress | None) -> None:
    folder = models_dir / manifest.name
    for file in manifest.files:
        target = folder / file.name
        if target.is_file() and hash_file(target) == file.sha256:
            continue
        with (root / file.name).open("rb") as stream:
            install_file(stream, file, folder, progress)
    save_manifest(manifest, models_dir)


def _describe_folder(path: Path, source: str) -> ModelManifest:
    if (path / MANIFEST).is_file():
        manifest = read_manifest(path)
        return BUILT_IN.get(manifest.name, manifest)  # a copy of a built-in model must be the pinned one
    if all((path / name).is_file() for name in _BERT_FILES):
        extras = [name for name in _BERT_EXTRAS if (path / name).is_file()]
        return ModelManifest(
            name=_slug(path.name),
            source=source,
            format="bert",
            files=tuple(_describe_file(path, name) for name in [*_BERT_FILES, *extras]),
            licence=_read_card_licence(path),
            capabilities=("embed",),
        )
    inside = sorted(p.name for p in path.iterdir() if (p / MANIFEST).is_file() or p.suffix == ".gguf")
    raise ModelFileError(
        f"{path} is not a model's folder: it has neither {MANIFEST} nor {', '.join(_BERT_FILES)}.",
        remedy=f"Add one of what it holds: {', '.join(inside)}." if inside else "Name a .gguf file instead.",
    )


def _describe_gguf(path: Path, source: str) -> ModelManifest:
    fields = read_gguf(path)
    capabilities = _find_capabilities(fields)
    context = fields.get(f"{fields.get('general.architecture')}.context_length")
    limit = "context_tokens" if "chat" in capabilities else "max_tokens"
    return ModelManifest(
        name=_slug(str(fields.get("general.name") or path.stem)),
        source=source,
        format="gguf",
        files=(_describe_file(path.parent, path.name),),
        licence=str(fields.get("general.license") or ""),
        capabilities=capabilities,
        profile={limit: int(context)} if context else {},
    )


def read_gguf(path: Path) -> dict[str, Any]:
    """Return the scalar fields of a GGUF file's header; raises ``ModelFileError`` when it is none."""
    from gguf import GGUFReader  # takes longer to import than everything else here

    try:
        fields = GGUFReader(path).fields
        return {key: field.contents() for key, field in fields.items() if len(field.types) == 1}
    except Exception as error:  # the reader raises whatever a damaged header leads it to
        raise ModelFileError(
            f"{path} is not a readable GGUF file: {type(error).__name__}.",
            remedy="Check that the download is complete.",
        ) from error


def _find_capabilities(fields: Mapping[str, Any]) -> tuple[Capability, ...]:
    architecture = str(fields.get("general.architecture", ""))
    pooling = fields.get(f"{architecture}.pooling_type")
    if pooling == _RANK:
        return ("rerank",)
    if pooling or architecture in _ENCODERS:
        return ("embed",)
    template = str(fields.get("tokenizer.chat_template", ""))
    capabilities: list[Capability] = ["chat", "json_schema"]
    if "tools" in template:
        capabilities.append("tools")
    if "<think>" in template or "<thought>" in template or "enable_thinking" in template:
        capabilities.append("reasoning")
    return tuple(capabilities)


def _describe_file(root: Path, name: str) -> ModelFile:
    path = root / name
    return ModelFile(name=name, sha256=hash_file(path), size_bytes=path.stat().st_size)


def _read_card_licence(path: Path) -> str:
    """Return what a model card's header says."""
    card = path / "README.md"
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    found = re.search(r"^license:\s*(\S+)\s*$", text, re.MULTILINE)
    return found[1].strip("'\"") if found else ""


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:100] or "model"


def _rename(manifest: ModelManifest, name: str) -> ModelManifest:
    try:
        return ModelManifest.model_validate({**manifest.model_dump(), "name": name})
    except ValidationError:
        raise WrongUseError(
            f"{name!r} is no name for a model.", remedy="Use small letters, digits and . _ - (at most 100)."
        ) from None


def _check_name_is_free(manifest: ModelManifest, models_dir: Path) -> None:
    path = models_dir / manifest.name / MANIFEST
    pinned = BUILT_IN[manifest.name].weights.sha256 if manifest.name in BUILT_IN else ""
    if path.is_file():
        pinned = json.loads(path.read_bytes())["files"][0]["sha256"]
    if pinned and pinned != manifest.weights.sha256:
        raise ConflictError(
            f"There is another model {manifest.name!r}, with SHA-256 {pinned}.",
            remedy="Give this one its own name with --name.",
        )


def _download(place: str, folder: Path) -> Path:
    found = _HUB.match(place)
    if found is None:
        raise WrongUseError(f"{place!r} is not ORG/REPO/FILE.gguf.", remedy="Copy it from the file's page.")
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise WrongUseError(
            "hf: sources need the package huggingface_hub.",
            remedy="Install it (`pip install huggingface_hub`), or download the file and use file:.",
        ) from None
    try:
        return Path(hf_hub_download(found["repo"], found["file"], local_dir=folder))
    except Exception as error:  # its many errors, the HTTP library's and the operating system's
        raise EngineUnavailableError(
            f"{place} could not be fetched from the hub: {type(error).__name__}: {str(error)[:200]}.",
            remedy="With no network, bring the file and use `ondol models add file:/path/model.gguf`.",
        ) from error
