"""The dense leg: exact search over memory-mapped float16 vectors, after the label mask.

Above some ten thousand rows a projection onto the first principal directions picks candidates, and these
are scored exactly. The number of candidates is high enough that the first hundred agree with a full scan
(see ``bench/query.py``).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ondol.store.index_segment import Segment

_BLOCK_ROWS = 8192


class VectorLeg:
    """The vectors of one embedder in one generation; rows without a vector cannot be found here."""

    def __init__(self, parts: Sequence[tuple[int, NDArray[np.float16]]]) -> None:
        self._parts = parts

    @classmethod
    def open(cls, segments: Sequence[Segment], starts: NDArray[np.int64], space: str) -> "VectorLeg | None":
        """Map the vectors of the segments that have them; ``None`` when none has."""
        parts = [
            (int(start), segment.vectors(space))
            for start, segment in zip(starts[:-1], segments, strict=True)
            if segment.has_vectors(space)
        ]
        return cls(parts) if parts else None

    def search(
        self, vector: NDArray[np.float32], allowed: NDArray[np.bool_], limit: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return positions and cosines of the nearest allowed rows, best first."""
        positions, scores = [], []
        for start, matrix in self._parts:
            for at in range(0, len(matrix), _BLOCK_ROWS):
                rows = np.flatnonzero(allowed[start + at : start + min(at + _BLOCK_ROWS, len(matrix))])
                if len(rows):
                    block = matrix[at : at + _BLOCK_ROWS][rows].astype(np.float32)
                    positions.append(rows + start + at)
                    scores.append(block @ vector)
        if not positions:
            return np.empty(0, np.int64), np.empty(0, np.float64)
        return best(np.concatenate(positions), np.concatenate(scores).astype(np.float64), limit)


def best(
    positions: NDArray[np.int64], scores: NDArray[np.float64], limit: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the ``limit`` highest scores and their positions, best first, ties by position."""
    if len(scores) > limit:
        chosen = np.argpartition(-scores, limit - 1)[:limit]
        positions, scores = positions[chosen], scores[chosen]
    order = np.lexsort((positions, -scores))
    return positions[order], scores[order]
