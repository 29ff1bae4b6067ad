"""The search index on disk: numbered generations that readers pin; the database is the truth.

Layout of the folder::

    CURRENT                       number of the generation in use
    generations/00000012/         lexical/ (tantivy), groups.json, removed.npy, manifest.json (written last)
    segments/00000034/            immutable arrays and vectors, shared by generations

A generation without a manifest is half-made and is removed. A reader opens what ``CURRENT`` names and keeps
it mapped, so it sees one state whatever happens meanwhile; removing a generation that another process reads
does not disturb it.
"""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ondol.core.errors import SearchIndexError
from ondol.core.frozen import Frozen
from ondol.store.index_files import (
    map_array,
    read_json,
    remove_folder,
    sync_folder,
    write_array,
    write_file,
)
from ondol.store.index_reader import IndexReader

_VERSION = 1
_KEPT_GENERATIONS = 2
_ATTEMPTS = 3


class IndexManifest(Frozen):
    """What a generation is made of.

    Attributes:
        version: of the layout.
        change: number of the last change of the corpus that is in it.
        analyser: fingerprint of what made the terms.
        segments: names, oldest first.
        sizes: of the lexical files in bytes: a cheap test of damage.
    """

    version: int = _VERSION
    generation: int
    change: int
    analyser: str
    next_row: int
    next_group: int
    next_segment: int
    num_chunks: int
    segments: tuple[str, ...]
    sizes: dict[str, int]


class SearchIndex:
    """The folder of generations. Safe to use from several threads; one process writes at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._reader: IndexReader | None = None
        self._seen: tuple[int, int] | None = None

    @property
    def segments_folder(self) -> Path:
        """Where segments live."""
        return self.folder / "segments"

    def generation_folder(self, number: int) -> Path:
        """Return the folder of a generation."""
        return self.folder / "generations" / f"{number:08d}"

    def read_basis(self, space: str) -> NDArray[np.float32] | None:
        """Return the directions onto which an embedder's vectors are projected for a first look.

        If there are any.
        """
        path = self.folder / f"basis-{space}.npy"
        return map_array(path) if path.exists() else None

    def save_basis(self, space: str, basis: NDArray[np.float32]) -> None:
        """Keep the directions; they stay as long as the index, since projections were made with them."""
        partial = self.folder / f"basis-{space}.partial"
        write_array(partial, basis)
        partial.replace(self.folder / f"basis-{space}.npy")
        sync_folder(self.folder)

    def open_reader(self) -> IndexReader | None:
        """Return a reader of the newest generation, ``None`` when there is none; cheap when nothing changed.

        Raises:
            SearchIndexError: the generation is damaged or of another version.
        """
        seen = self._stamp()
        with self._lock:
            if seen is None or seen != self._seen:
                self._reader = self._open_newest()
                self._seen = seen
            return self._reader

    def load_manifest(self) -> IndexManifest | None:
        """Return the newest manifest, ``None`` when there is none; raises ``SearchIndexError``."""
        number = self._current()
        return None if number is None else self._load_manifest(number)

    def publish(self, manifest: IndexManifest) -> None:
        """Write the manifest of a finished generation, switch to it, then remove what is too old."""
        folder = self.generation_folder(manifest.generation)
        write_file(folder / "manifest.json", manifest.model_dump_json().encode())
        write_file(self.folder / "CURRENT", str(manifest.generation).encode())
        self.remove_unused()

    def remove_unused(self) -> None:
        """Remove half-made and old generations, and the segments that none of the rest names."""
        current = self._current()
        folders = sorted(self._generation_folders())
        whole = [n for n in folders if (self.generation_folder(n) / "manifest.json").exists()]
        kept = [n for n in whole if current is not None and n <= current][-_KEPT_GENERATIONS:]
        for number in folders:
            if number not in kept:
                remove_folder(self.generation_folder(number))
        named: set[str] = set()
        for number in kept:
            try:
                named.update(self._load_manifest(number).segments)
            except SearchIndexError:
                continue
        if self.segments_folder.exists():
            for folder in self.segments_folder.iterdir():
                if folder.name not in named:
                    remove_folder(folder)

    def clear(self) -> None:
        """Forget everything: the next update starts from nothing."""
        (self.folder / "CURRENT").unlink(missing_ok=True)
        self.remove_unused()

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = (self.folder / "CURRENT").stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def _open_newest(self) -> IndexReader | None:
        problem: SearchIndexError | None = None
        for _ in range(_ATTEMPTS):
            number = self._current()
            if number is None:
                return None
            try:
                manifest = self._load_manifest(number)
                return IndexReader(
                    self.generation_folder(number),
                    [self.segments_folder / name for name in manifest.segments],
                    generation=number,
                    change=manifest.change,
                    analyser=manifest.analyser,
                    sizes=manifest.sizes,
                    read_basis=self.read_basis,
                )
            except SearchIndexError as error:
                # The writer may have removed this generation between our two looks: look again.
                problem = error
                if self._current() == number:
                    break
        if problem is None:
            return None
        raise problem

    def _current(self) -> int | None:
        try:
            return int((self.folder / "CURRENT").read_text(encoding="ascii"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise SearchIndexError(
                f"The search index is damaged: {self.folder / 'CURRENT'} does not name a generation.",
                remedy="It is rebuilt from the database by the next ingest, or by searching again.",
            ) from error

    def _generation_folders(self) -> Sequence[int]:
        parent = self.folder / "generations"
        return [int(f.name) for f in parent.iterdir() if f.name.isdigit()] if parent.exists() else []

    def _load_manifest(self, number: int) -> IndexManifest:
        path = self.generation_folder(number) / "manifest.json"
        value = read_json(path)
        if not isinstance(value, dict) or value.get("version") != _VERSION:
            raise SearchIndexError(
                f"The search index in {path.parent} is of another version.",
                remedy="It is rebuilt from the database by the next ingest, or by searching again.",
            )
        try:
            return IndexManifest.model_validate(value)
        except ValueError as error:
            raise SearchIndexError(
                f"The manifest {path} is damaged.",
                remedy="It is rebuilt from the database by the next ingest, or by searching again.",
            ) from error
