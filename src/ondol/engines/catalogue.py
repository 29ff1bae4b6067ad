"""The models of one installation: what is there, and what could be fetched."""

from collections.abc import Collection
from pathlib import Path

from ondol.core.errors import ModelFileError, NotFoundError
from ondol.core.models import Capability, ModelRecord
from ondol.engines.adopt import adopt
from ondol.engines.fetch import Progress, has_verified_files
from ondol.engines.manifest import BUILT_IN, MANIFEST, ModelManifest, load_manifest, read_manifest


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

        The default is the first by name of those that the user added, else the built-in one; ``None`` when
        there is none.

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
        names = [folder.name for folder in self._folders() if _can(folder, capability)]
        names.sort(key=lambda name: (name in BUILT_IN, name))
        return load_manifest(self._dir, names[0]) if names else None

    def find_tuned(self, dataset_hashes: Collection[str]) -> list[str]:
        """Return the names of the models that were tuned on one of these datasets, in order.

        Raises:
            ModelFileError: a manifest cannot be read, so what its model was tuned on is not known.
        """
        wanted = frozenset(dataset_hashes)
        manifests = (read_manifest(folder) for folder in self._folders())
        return sorted(found.name for found in manifests if not wanted.isdisjoint(found.datasets))

    def verify(self, name: str) -> ModelRecord:
        """Hash every file of an installed model; raises ``ModelFileError`` when one was changed."""
        manifest = load_manifest(self._dir, name)
        if not has_verified_files(manifest, self._dir / name):
            raise ModelFileError(
                f"The files of {name!r} in {self._dir / name} are not those that were installed.",
                remedy=f"Fetch it again: `ondol models pull {name}`, or `ondol models add SOURCE`.",
            )
        return manifest.build_record(installed=True)

    def folder(self, name: str) -> Path:
        """Return where the files of ``name`` are."""
        return self._dir / name

    def _folders(self) -> list[Path]:
        if not self._dir.is_dir():
            return []
        return sorted(p for p in self._dir.iterdir() if (p / MANIFEST).is_file())


def _can(folder: Path, capability: Capability) -> bool:
    """Tell whether the model there says so; one with an unreadable manifest is not in the way of others."""
    try:
        return capability in read_manifest(folder).capabilities
    except ModelFileError:
        return False
