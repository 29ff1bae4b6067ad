"""The models of one installation: what is there, and what could be fetched."""

from pathlib import Path

from ondol.core.errors import ModelFileError, NotFoundError
from ondol.core.models import Capability, ModelRecord
from ondol.engines.adopt import adopt
from ondol.engines.fetch import Progress
from ondol.engines.manifest import BUILT_IN, MANIFEST, ModelManifest, load_manifest


class Catalogue:
    """The folder ``models/`` of a home: one folder a model, with its manifest."""

    def __init__(self, models_dir: Path) -> None:
        self._dir = models_dir

    def list_models(self) -> list[ModelRecord]:
        """Return every installed model and the built-in ones not installed yet, by name.

        A model whose files are damaged is listed as not installed.
        """
        records = {m.name: m.build_record(installed=False) for m in BUILT_IN.values()}
        for folder in self._folders():
            try:
                manifest = load_manifest(self._dir, folder.name)
            except ModelFileError:
                continue
            records[manifest.name] = manifest.build_record(installed=True)
        return [records[name] for name in sorted(records)]

    def find_model(self, name: str) -> ModelRecord:
        """Return the record of ``name``; raises ``NotFoundError`` that lists the names there are."""
        records = {r.name: r for r in self.list_models()}
        if name not in records:
            raise NotFoundError(
                f"No model {name!r} in the catalogue; it has {', '.join(records)}.",
                remedy="Add one: `ondol models add file:/path/model.gguf`.",
            )
        return records[name]

    def add(self, source: str, *, name: str | None = None, progress: Progress | None = None) -> ModelRecord:
        """Copy a model in; sources and errors as for ``ondol.engines.adopt.adopt``."""
        return adopt(source, self._dir, name=name, progress=progress).build_record(installed=True)

    def find_manifest(self, name: str, capability: Capability) -> ModelManifest | None:
        """Return the installed model ``name``, or with no name the default for ``capability``.

        The default is the one that says so, else the only or first one by name that has the capability,
        preferring models the user added over the built-in ones. ``None`` when nothing fits and no name was
        given.

        Raises:
            NotFoundError: ``name`` is not installed.
            ModelFileError: its files are damaged, or it has not the capability.
        """
        if name:
            manifest = load_manifest(self._dir, name)
            if capability not in manifest.capabilities:
                raise ModelFileError(
                    f"The model {name!r} cannot {capability}: it has {', '.join(manifest.capabilities)}.",
                    remedy="Choose another from `ondol models list`.",
                )
            return manifest
        found = [m for m in self._manifests() if capability in m.capabilities]
        found.sort(key=lambda m: (m.name in BUILT_IN, m.name))
        return found[0] if found else None

    def folder(self, name: str) -> Path:
        """Return where the files of ``name`` are."""
        return self._dir / name

    def _manifests(self) -> list[ModelManifest]:
        return [load_manifest(self._dir, folder.name) for folder in self._folders()]

    def _folders(self) -> list[Path]:
        if not self._dir.is_dir():
            return []
        return sorted(p for p in self._dir.iterdir() if (p / MANIFEST).is_file())
