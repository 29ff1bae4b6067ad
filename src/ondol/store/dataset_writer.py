"""Writing a dataset folder: into a hidden sibling, line by line, the manifest last, then into its place."""

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from pydantic import TypeAdapter

from ondol.core.errors import WrongUseError
from ondol.core.examples import (
    DatasetChange,
    DatasetFile,
    DatasetManifest,
    DatasetSource,
    Example,
    ExampleKind,
    Rejected,
    RetentionExample,
    Split,
)
from ondol.core.ids import sha256_hex
from ondol.policy.access import strictest
from ondol.store.blobs import sync_folder, translate_os_errors
from ondol.store.rows import parse_label

MANIFEST = "manifest.json"
REJECTED = "rejected"
RETENTION = "retention"
SPLITS: tuple[Split, ...] = ("train", "validation", "test", "recall")
_SUFFIX = ".jsonl"
_COUNTS = TypeAdapter(dict[Split, dict[ExampleKind, int]])


def name_file(stem: str) -> str:
    """Return the name of a file of rows."""
    return f"{stem}{_SUFFIX}"


def hash_files(files: Mapping[str, DatasetFile]) -> str:
    """Return the hash of a dataset: of its ``.jsonl`` files alone."""
    rows = (f"{name}\x00{files[name].sha256}\n" for name in sorted(files) if name.endswith(_SUFFIX))
    return sha256_hex("".join(rows).encode())


class _Lines:
    """One file of rows, hashed while it is written; ``count`` is how many it has."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("xb")
        self._digest = hashlib.sha256()
        self._size = 0
        self.count = 0

    def add(self, line: bytes) -> None:
        self._file.write(line)
        self._digest.update(line)
        self._size += len(line)
        self.count += 1

    def finish(self) -> DatasetFile:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return DatasetFile(sha256=self._digest.hexdigest(), size_bytes=self._size, lines=self.count)

    def close(self) -> None:
        self._file.close()


class DatasetWriter:
    """Fills one dataset folder; made by ``Datasets.create``. One thread at a time.

    Attributes:
        name: of the dataset.
        folder: where it is being written; files may be put there by ``add_file`` alone.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        now: datetime,
        install: Callable[[DatasetManifest], DatasetManifest],
    ) -> None:
        self.name = name
        self.folder = folder
        self._now = now
        self._install = install
        self._open: dict[str, _Lines] = {}
        self._files: dict[str, DatasetFile] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._labels: set[str] = set()
        self._licences: set[str] = set()
        self._is_finished = False
        with translate_os_errors(f"writing the dataset {name}"):
            folder.mkdir(mode=0o700, parents=True)
            self._lines("train")

    def add(self, split: Split, example: Example) -> None:
        """Write an example."""
        self.add_line(split, example, f"{example.model_dump_json()}\n".encode())

    def add_line(self, split: Split, example: Example, line: bytes) -> None:
        """Write an example whose line is known already."""
        self._write(split, line)
        self._counts[split, example.kind] += 1
        self._labels.add(example.label)
        self._licences.update(example.licences)

    def add_rejected(self, row: Rejected) -> None:
        """Write what was rejected."""
        self._write(REJECTED, f"{row.model_dump_json()}\n".encode())

    def add_retention(self, row: RetentionExample) -> None:
        """Write a retention example."""
        self._write(RETENTION, f"{row.model_dump_json()}\n".encode())

    def add_raw(self, stem: str, line: bytes) -> None:
        """Write a line of ``rejected`` or ``retention`` as it is."""
        self._write(stem, line)

    def add_file(self, name: str, data: str | bytes) -> None:
        """Write another file, such as the card, in place of one of this name; raises ``WrongUseError``."""
        path = PurePosixPath(name)
        is_inside = not path.is_absolute() and not any(part.startswith(".") for part in path.parts)
        if not (is_inside and path.parts) or name == MANIFEST or path.suffix == _SUFFIX:
            raise WrongUseError(
                f"{name[:120]!r} cannot be added to a dataset.",
                remedy="Use a relative path; rows and manifest are written by the dataset itself.",
            )
        content = data.encode() if isinstance(data, str) else data
        target = self.folder / path
        with translate_os_errors(f"writing the dataset {self.name}"):
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_synced(target, content)
        self._files[str(path)] = DatasetFile(sha256=sha256_hex(content), size_bytes=len(content))

    @property
    def lines(self) -> dict[str, int]:
        """Lines written so far, by name of the file of rows."""
        return {name_file(stem): lines.count for stem, lines in self._open.items()}

    def count(self, split: Split) -> int:
        """Return how many examples of a split were written so far."""
        return sum(number for (name, _), number in self._counts.items() if name == split)

    def finish(
        self,
        *,
        fingerprint: str = "",
        recipe: Mapping[str, Any] | None = None,
        sources: Iterable[DatasetSource] = (),
        models: Mapping[str, str] | None = None,
        ondol_version: str = "",
        created_at: datetime | None = None,
        history: Iterable[DatasetChange] = (),
    ) -> DatasetManifest:
        """Write the manifest, put the dataset in its place and return the manifest.

        Args:
            fingerprint: of recipe, corpus and models.
            recipe: as given.
            sources: every document that was used, also for what was rejected.
            models: names by role.
            ondol_version: that made it.
            created_at: by default now.
            history: what was taken out since.

        Raises:
            ConflictError: a dataset with other content has this name, and it was not to be replaced.
            DiskFullError: no space is left.
            StorageError: the operating system refused.
        """
        with translate_os_errors(f"writing the dataset {self.name}"):
            for stem, lines in self._open.items():
                self._files[name_file(stem)] = lines.finish()
            used = tuple(sources)
            labels = sorted({*self._labels, *(source.label for source in used)})
            manifest = DatasetManifest(
                name=self.name,
                created_at=created_at or self._now,
                fingerprint=fingerprint,
                recipe=dict(recipe or {}),
                counts=self._count_kinds(),
                num_rejected=self._num_lines(REJECTED),
                num_retention=self._num_lines(RETENTION),
                files=dict(sorted(self._files.items())),
                licences=tuple(sorted(self._licences)),
                labels=tuple(labels),
                label=str(strictest(map(parse_label, labels))),
                sources=used,
                models=dict(models or {}),
                ondol_version=ondol_version,
                hash=hash_files(self._files),
                history=tuple(history),
            )
            write_manifest(self.folder, manifest)
            for folder in (*(entry for entry in self.folder.rglob("*") if entry.is_dir()), self.folder):
                sync_folder(folder)
            installed = self._install(manifest)
        self._is_finished = True
        return installed

    def discard(self) -> None:
        """Remove what was written, unless it was finished."""
        for lines in self._open.values():
            lines.close()
        if not self._is_finished:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, stem: str, line: bytes) -> None:
        with translate_os_errors(f"writing the dataset {self.name}"):
            self._lines(stem).add(line)

    def _lines(self, stem: str) -> _Lines:
        # An empty file has no columns, which readers of tables refuse: made with its first row.
        if stem not in self._open:
            self._open[stem] = _Lines(self.folder / name_file(stem))
        return self._open[stem]

    def _num_lines(self, stem: str) -> int:
        file = self._files.get(name_file(stem))
        return file.lines if file else 0

    def _count_kinds(self) -> dict[Split, dict[ExampleKind, int]]:
        counted: dict[str, dict[str, int]] = {}
        for split in SPLITS:
            kinds = {kind: number for (name, kind), number in self._counts.items() if name == split}
            if kinds:
                counted[split] = dict(sorted(kinds.items()))
        return _COUNTS.validate_python(counted)


def write_manifest(folder: Path, manifest: DatasetManifest) -> None:
    """Write the manifest, in place of one before."""
    _write_synced(folder / MANIFEST, manifest.model_dump_json(indent=1).encode())


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
