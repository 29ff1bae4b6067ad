"""A segment: an immutable folder of arrays, one row for each chunk, that generations share.

Beside the identities it holds the *forward stream* of each chunk: hashes of its terms in reading order with
their places, which ranking looks at without analysing text again. Vectors are added later, as files of
their own.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from ondol.store.index_files import Array, map_array, sync_folder, write_array

CHUNK_ID_CHARS = 28
_PIECE_ROWS = 4096

ROW_ARRAYS = ("row", "group", "chunk", "vector_key")
STREAM_ARRAYS = ("term", "start", "end")


class ForwardStream(NamedTuple):
    """The terms of a chunk in reading order.

    Attributes:
        term: uint32 hashes; 0 marks the end of a sentence, 1 the end of the context that precedes the text.
        start: uint16 code points from the start of the text (65535 and beyond are cut), 0 for marks and
            context.
        end: uint16, likewise.
    """

    term: NDArray[np.uint32]
    start: NDArray[np.uint16]
    end: NDArray[np.uint16]


class SegmentRow(NamedTuple):
    """One chunk to be written."""

    row: int
    group: int
    chunk_id: str
    vector_key: int
    stream: ForwardStream


class Segment:
    """An opened segment; its arrays are memory maps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.row: NDArray[np.int64] = map_array(folder / "row.npy")
        self.group: NDArray[np.int64] = map_array(folder / "group.npy")
        self.chunk: NDArray[np.bytes_] = map_array(folder / "chunk.npy")
        self.vector_key: NDArray[np.uint64] = map_array(folder / "vector_key.npy")
        self.bound: NDArray[np.int64] = map_array(folder / "bound.npy")
        term, start, end = (map_array(folder / f"{name}.npy") for name in STREAM_ARRAYS)
        self.stream = ForwardStream(term, start, end)

    @property
    def name(self) -> str:
        """Folder name."""
        return self.folder.name

    def __len__(self) -> int:
        return len(self.row)

    def has_vectors(self, space: str) -> bool:
        """Tell whether the vectors of that embedder are there."""
        return (self.folder / f"vector-{space}.npy").exists()

    def vectors(self, space: str) -> NDArray[np.float16]:
        """Return unit vectors, shape (rows, dimensions)."""
        return map_array(self.folder / f"vector-{space}.npy")

    def coarse(self, space: str) -> NDArray[np.float32] | None:
        """Return the vectors' projections onto the basis, if they were made."""
        path = self.folder / f"coarse-{space}.npy"
        return map_array(path) if path.exists() else None

    def add_vectors(
        self, space: str, vectors: NDArray[np.float32], basis: NDArray[np.float32] | None
    ) -> None:
        """Write the vectors of every row; named last, so that they are there whole or not at all.

        Args:
            space: names the embedder.
            vectors: shape (rows, dimensions).
            basis: shape (directions, dimensions); with one, projections are kept too.
        """
        if basis is not None:
            write_array(self.folder / f"coarse-{space}.npy", vectors @ basis.T)
        partial = self.folder / f"vector-{space}.partial"
        write_array(partial, vectors.astype(np.float16))
        partial.replace(self.folder / f"vector-{space}.npy")
        sync_folder(self.folder)

    def add_coarse(self, space: str, basis: NDArray[np.float32]) -> None:
        """Project the vectors that are there onto ``basis``, piece by piece."""
        vectors = self.vectors(space)
        target = np.empty((len(vectors), len(basis)), dtype=np.float32)
        for at in range(0, len(vectors), _PIECE_ROWS):
            target[at : at + _PIECE_ROWS] = vectors[at : at + _PIECE_ROWS].astype(np.float32) @ basis.T
        write_array(self.folder / f"coarse-{space}.npy", target)
        sync_folder(self.folder)

    def read_stream(self, at: int) -> ForwardStream:
        """Return the forward stream of the row at that position."""
        cut = slice(int(self.bound[at]), int(self.bound[at + 1]))
        return ForwardStream(self.stream.term[cut], self.stream.start[cut], self.stream.end[cut])


def write_segment(folder: Path, rows: Sequence[SegmentRow]) -> Segment:
    """Write ``rows`` as a new segment in ``folder``, which must not exist; raises ``DiskFullError``."""
    folder.mkdir(parents=True)
    lengths = np.array([len(row.stream.term) for row in rows], dtype=np.int64)
    arrays: dict[str, Array] = {
        "row": np.array([row.row for row in rows], dtype=np.int64),
        "group": np.array([row.group for row in rows], dtype=np.int64),
        "chunk": np.array([row.chunk_id.encode() for row in rows], dtype=f"S{CHUNK_ID_CHARS}"),
        "vector_key": np.array([row.vector_key for row in rows], dtype=np.uint64),
        "bound": np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]),
    }
    for at, name in enumerate(STREAM_ARRAYS):
        arrays[name] = np.concatenate([row.stream[at] for row in rows])
    for name, array in arrays.items():
        write_array(folder / f"{name}.npy", array)
    sync_folder(folder)
    return Segment(folder)


def merge_segments(
    folder: Path, segments: Sequence[Segment], kept: Sequence[NDArray[np.bool_]], *, space: str | None
) -> Segment:
    """Write the kept rows of ``segments`` as one, piece by piece so that memory stays flat.

    Args:
        folder: where to; must not exist.
        segments: what to merge.
        kept: for each segment, which rows stay.
        space: the embedder whose vectors every segment has and the new one gets; ``None`` for none.
    """
    folder.mkdir(parents=True)
    names = [*ROW_ARRAYS, *([f"vector-{space}"] if space else [])]
    for name in names:
        _merge_array(folder / f"{name}.npy", [map_array(s.folder / f"{name}.npy") for s in segments], kept)
    lengths = [np.diff(s.bound) for s in segments]
    stream_kept = [np.repeat(k, n) for k, n in zip(kept, lengths, strict=True)]
    for name in STREAM_ARRAYS:
        _merge_array(
            folder / f"{name}.npy", [map_array(s.folder / f"{name}.npy") for s in segments], stream_kept
        )
    all_lengths = np.concatenate([n[k] for n, k in zip(lengths, kept, strict=True)])
    write_array(folder / "bound.npy", np.concatenate([np.zeros(1, np.int64), np.cumsum(all_lengths)]))
    sync_folder(folder)
    return Segment(folder)


def _merge_array(path: Path, parts: Sequence[Array], kept: Sequence[NDArray[np.bool_]]) -> None:
    total = int(sum(k.sum() for k in kept))
    first = parts[0]
    if not total:
        write_array(path, np.empty((0, *first.shape[1:]), first.dtype))
        return
    target = open_memmap(path, mode="w+", dtype=first.dtype, shape=(total, *first.shape[1:]))
    at = 0
    for part, keep in zip(parts, kept, strict=True):
        rows = part[keep]
        target[at : at + len(rows)] = rows
        at += len(rows)
    target.flush()


def remove_segment(folder: Path) -> None:
    """Remove a segment that no generation names."""
    shutil.rmtree(folder, ignore_errors=True)
