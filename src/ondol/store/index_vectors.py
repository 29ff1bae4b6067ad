"""The dense leg: exact search over memory-mapped float16 vectors, after the label mask.

Projections onto the first principal directions pick candidates, and these are scored exactly. There are so
many candidates that the best hundred are those of a full scan, which ``bench/query.py`` measures. Small
segments have no projections and are scanned.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondol.store.index_segment import Segment

NUM_DIRECTIONS = 96
_NUM_CANDIDATES = 1500


class _Part(NamedTuple):
    start: int
    vectors: NDArray[np.float16]
    coarse: NDArray[np.float32] | None


class VectorLeg:
    """The vectors of one embedder in one generation; rows without a vector cannot be found here."""

    def __init__(self, parts: Sequence[_Part], basis: NDArray[np.float32] | None) -> None:
        self._parts = parts
        self._basis = basis

    @classmethod
    def open(
        cls,
        segments: Sequence[Segment],
        starts: NDArray[np.int64],
        space: str,
        basis: NDArray[np.float32] | None,
    ) -> "VectorLeg | None":
        """Map the vectors of the segments that have them; ``None`` when none has."""
        parts = [
            _Part(int(start), segment.vectors(space), segment.coarse(space) if basis is not None else None)
            for start, segment in zip(starts[:-1], segments, strict=True)
            if segment.has_vectors(space)
        ]
        return cls(parts, basis) if parts else None

    def search(
        self, vector: NDArray[np.float32], allowed: NDArray[np.bool_], limit: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return positions and cosines of the nearest allowed rows, best first."""
        rows = [np.flatnonzero(allowed[p.start : p.start + len(p.vectors)]) for p in self._parts]
        if sum(len(r) for r in rows) > 2 * _NUM_CANDIDATES:
            rows = self._choose(vector, rows, max(_NUM_CANDIDATES, 2 * limit))
        positions, scores = [], []
        for part, some in zip(self._parts, rows, strict=True):
            if len(some):
                positions.append(some + part.start)
                scores.append(part.vectors[some].astype(np.float32) @ vector)
        if not positions:
            return np.empty(0, np.int64), np.empty(0, np.float64)
        return best(np.concatenate(positions), np.concatenate(scores).astype(np.float64), limit)

    def _choose(
        self, vector: NDArray[np.float32], rows: Sequence[NDArray[np.intp]], count: int
    ) -> list[NDArray[np.intp]]:
        """Return the rows of each part that the projections put first.

        Parts without projections keep theirs.
        """
        if self._basis is None:
            return list(rows)
        query = self._basis @ vector
        looks = [
            np.full(len(some), np.inf, dtype=np.float32)
            if part.coarse is None
            else _project(part.coarse, query, some)
            for part, some in zip(self._parts, rows, strict=True)
        ]
        every = np.concatenate(looks)
        if len(every) <= count:
            return list(rows)
        bar = np.partition(every, len(every) - count)[len(every) - count]
        return [some[look >= bar] for some, look in zip(rows, looks, strict=True)]


def _project(
    coarse: NDArray[np.float32], query: NDArray[np.float32], rows: NDArray[np.intp]
) -> NDArray[np.float32]:
    # Gathering rows costs more than multiplying them all, unless few are wanted.
    if 4 * len(rows) < len(coarse):
        some: NDArray[np.float32] = coarse[rows] @ query
        return some
    found: NDArray[np.float32] = coarse @ query
    return found if len(rows) == len(coarse) else found[rows]


def fit_basis(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the first principal directions of ``vectors``, not centred, shape (directions, dimensions)."""
    known = vectors[np.any(vectors != 0, axis=1)]
    _, _, directions = np.linalg.svd(known, full_matrices=False)
    return np.ascontiguousarray(directions[:NUM_DIRECTIONS], dtype=np.float32)


def best(
    positions: NDArray[np.int64], scores: NDArray[np.float64], limit: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the ``limit`` highest scores and their positions, best first, ties by position."""
    if len(scores) > limit:
        chosen = np.argpartition(-scores, limit - 1)[:limit]
        positions, scores = positions[chosen], scores[chosen]
    order = np.lexsort((positions, -scores))
    return positions[order], scores[order]
