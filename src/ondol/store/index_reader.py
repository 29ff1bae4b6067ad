"""One generation of the search index, opened: immutable, so any number of threads may ask it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ondol.core.access import Principal
from ondol.core.documents import Filter
from ondol.core.errors import SearchIndexError
from ondol.store.index_files import map_array, read_json
from ondol.store.index_groups import Group, GroupTable, Selection
from ondol.store.index_lexical import LexicalReader
from ondol.store.index_segment import ForwardStream, Segment
from ondol.store.index_vectors import VectorLeg


class IndexReader:
    """Asks one generation.

    Positions are row numbers within this reader, from 0; they mean nothing to another one.

    Attributes:
        generation: its number.
        change: number of the last change of the corpus that is in it.
        analyser: fingerprint of what made its terms.
    """

    def __init__(
        self,
        folder: Path,
        segments: Sequence[Path],
        *,
        generation: int,
        change: int,
        analyser: str,
        sizes: Mapping[str, int],
        read_basis: Callable[[str], NDArray[np.float32] | None],
    ) -> None:
        _check_sizes(folder, sizes)
        self.folder = folder
        self.generation = generation
        self.change = change
        self.analyser = analyser
        self.segments = [Segment(path) for path in segments]
        self.table = GroupTable(load_groups(folder))
        self._lexical = LexicalReader(folder / "lexical")
        self._starts = np.cumsum([0, *(len(s) for s in self.segments)])
        rows = [s.row for s in self.segments]
        self._row: NDArray[np.int64] = np.concatenate(rows) if rows else np.empty(0, np.int64)
        self._order = np.argsort(self._row, kind="stable")
        self._sorted = self._row[self._order]
        removed = map_array(folder / "removed.npy")
        self._is_alive = ~np.isin(self._row, removed)
        self._group_place = self._place_groups()
        self._is_alive &= self._group_place >= 0
        self._read_basis = read_basis
        self._vectors: dict[str, VectorLeg] = {}

    @property
    def num_chunks(self) -> int:
        """Chunks that can be found."""
        return int(self._is_alive.sum())

    def select(self, principal: Principal, narrow: Filter | None) -> Selection:
        """Return what ``principal`` may find, narrowed."""
        return self.table.select(principal, narrow)

    def doc_freqs(self, terms: Sequence[str]) -> NDArray[np.float64]:
        """Return for each term the number of chunks that hold it."""
        return self._lexical.doc_freqs(terms)

    def search_lexical(
        self,
        terms: Sequence[tuple[str, float]],
        selection: Selection,
        limit: int,
        *,
        near: Sequence[tuple[str, float]] = (),
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return positions and BM25 scores, best first, of at most ``limit`` chunks in ``selection``.

        Args:
            terms: each with its weight.
            selection: what may be found.
            limit: at most so many.
            near: words of which one an edit away scores what is given.
        """
        if selection.is_empty:
            return np.empty(0, np.int64), np.empty(0, np.float64)
        rows, scores = self._lexical.search(
            terms, limit=limit, near=near, labels=selection.labels, documents=selection.documents
        )
        positions = self._order[np.searchsorted(self._sorted, rows)]
        alive = self._is_alive[positions]
        return positions[alive], scores[alive]

    def vector_leg(self, space: str) -> VectorLeg | None:
        """Return the vectors of an embedder, ``None`` while there are none."""
        leg = self._vectors.get(space)
        if leg is None:
            leg = VectorLeg.open(self.segments, self._starts, space, self._read_basis(space))
            if leg is not None:
                self._vectors[space] = leg
        return leg

    def search_dense(
        self, space: str, vector: NDArray[np.float32], selection: Selection, limit: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return positions and cosines, best first, of at most ``limit`` chunks in ``selection``."""
        leg = self.vector_leg(space)
        if leg is None or selection.is_empty:
            return np.empty(0, np.int64), np.empty(0, np.float64)
        allowed = self._is_alive
        if selection.groups is not None:
            allowed = allowed & selection.groups[self._group_place]
        return leg.search(vector, allowed, limit)

    def chunk_ids(self, positions: NDArray[np.int64]) -> list[str]:
        """Return the chunk ids at those positions."""
        found = []
        for position in positions:
            segment, at = self._locate(int(position))
            found.append(bytes(segment.chunk[at]).decode("ascii"))
        return found

    def read_streams(self, positions: NDArray[np.int64]) -> list[ForwardStream]:
        """Return the forward streams at those positions."""
        located = [self._locate(int(position)) for position in positions]
        return [segment.read_stream(at) for segment, at in located]

    def _locate(self, position: int) -> tuple[Segment, int]:
        at = int(np.searchsorted(self._starts, position, side="right")) - 1
        return self.segments[at], position - int(self._starts[at])

    def _place_groups(self) -> NDArray[np.int64]:
        """Return for each position its place in the group table, -1 for groups that are gone."""
        parts = [s.group for s in self.segments]
        numbers: NDArray[np.int64] = np.concatenate(parts) if parts else np.empty(0, np.int64)
        known = self.table.number
        if not len(known):
            return np.full(len(numbers), -1, dtype=np.int64)
        order = np.argsort(known)
        found = np.minimum(np.searchsorted(known[order], numbers), len(known) - 1)
        return np.where(known[order][found] == numbers, order[found], -1)


def load_groups(folder: Path) -> list[Group]:
    """Return the groups of a generation; raises ``SearchIndexError``."""
    value = read_json(folder / "groups.json")
    try:
        return [Group.from_json(item) for item in value]
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise SearchIndexError(
            f"The search index is damaged: {folder / 'groups.json'} is not what was written.",
            remedy="It is rebuilt from the database by the next ingest, or by searching again.",
        ) from error


def _check_sizes(folder: Path, sizes: Mapping[str, int]) -> None:
    for name, size in sizes.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != size:
            raise SearchIndexError(
                f"The search index is damaged: {path} is missing or was cut.",
                remedy="It is rebuilt from the database by the next ingest, or by searching again.",
            )
