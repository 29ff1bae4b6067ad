"""Makes the next generation of the search index beside the current one, and switches when it is whole."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondol.store.index import IndexManifest, SearchIndex
from ondol.store.index_files import link_folder, map_array, write_array, write_json
from ondol.store.index_groups import Group
from ondol.store.index_lexical import LexicalRow, LexicalWriter
from ondol.store.index_reader import load_groups
from ondol.store.index_segment import ForwardStream, Segment, SegmentRow, merge_segments, write_segment
from ondol.store.index_vectors import fit_basis
from ondol.store.records import Holder

_MAX_SEGMENTS = 12
_MIN_BASIS_ROWS = 1000
# tantivy rewrites these in place of the old ones; everything else it writes once.
_REWRITTEN = frozenset({"meta.json", ".managed.json"})


class ChunkDraft(NamedTuple):
    """A chunk, analysed.

    Attributes:
        terms: joined by spaces.
        vector_key: names the text that is embedded, so that its vector can be taken over.
    """

    chunk_id: str
    terms: str
    vector_key: int
    stream: ForwardStream


class GroupDraft(NamedTuple):
    """Chunks of one content with the same holders, to be added."""

    blob_sha256: str
    fingerprint: str
    holders: tuple[Holder, ...]
    chunks: tuple[ChunkDraft, ...]


class IndexWriter:
    """Builds a generation, invisible before ``publish``. One at a time: the caller holds the lock."""

    def __init__(self, index: SearchIndex, *, analyser: str, is_fresh: bool = False) -> None:
        """Start from the current generation, or from nothing when ``is_fresh``.

        Raises:
            SearchIndexError: the current generation is damaged.
            DiskFullError: no space is left.
        """
        self._index = index
        self._analyser = analyser
        manifest = index.load_manifest()
        index.remove_unused()
        self._number = manifest.generation if manifest else 0
        self._next = (
            [manifest.next_row, manifest.next_group, manifest.next_segment] if manifest else [0, 0, 0]
        )
        self._groups: dict[int, Group] = {}
        self._of_blob: dict[str, list[int]] = {}
        self._removed: list[NDArray[np.int64]] = []
        self._donors: list[Segment] = []
        self.segments: list[Segment] = []
        base = None
        if manifest:
            opened = [Segment(index.segments_folder / name) for name in manifest.segments]
            if is_fresh:
                self._donors = opened
            else:
                base = index.generation_folder(manifest.generation)
                self._take_over(base, opened)
        self._lexical = self._begin(base)
        self._drafts: list[SegmentRow] = []

    def fingerprints(self, blob_sha256: str) -> list[str]:
        """Return the fingerprints of the groups that are in the index for a content."""
        return [self._groups[number].fingerprint for number in self._of_blob.get(blob_sha256, ())]

    def holders(self, blob_sha256: str) -> list[tuple[Holder, ...]]:
        """Return the holders of these groups."""
        return [self._groups[number].holders for number in self._of_blob.get(blob_sha256, ())]

    @property
    def num_pending(self) -> int:
        """Chunks added since the last ``flush``."""
        return len(self._drafts)

    def remove(self, blob_sha256: str) -> int:
        """Remove a content; return how many chunks it had."""
        count = 0
        for number in self._of_blob.pop(blob_sha256, ()):
            group = self._groups.pop(number)
            self._lexical.remove_group(number)
            self._removed.append(np.arange(group.first_row, group.first_row + group.num_rows))
            count += group.num_rows
        return count

    def add(self, draft: GroupDraft) -> None:
        """Add a group; its content's older groups must have been removed."""
        row, number = self._next[0], self._next[1]
        group = Group(number, draft.blob_sha256, draft.fingerprint, row, len(draft.chunks), draft.holders)
        self._next[0] += len(draft.chunks)
        self._next[1] += 1
        self._groups[number] = group
        self._of_blob.setdefault(draft.blob_sha256, []).append(number)
        for at, chunk in enumerate(draft.chunks):
            self._drafts.append(SegmentRow(row + at, number, chunk.chunk_id, chunk.vector_key, chunk.stream))
        terms = ((row + at, chunk.terms) for at, chunk in enumerate(draft.chunks))
        self._lexical.add(_lexical_rows(group, terms))

    def change_holders(self, blob_sha256: str, holders: Sequence[tuple[Holder, ...]]) -> bool:
        """Give a content's groups new holders without analysing its text; ``False`` if that cannot be."""
        numbers = self._of_blob.get(blob_sha256, [])
        stored = [self._lexical.load_terms(number, self._groups[number].num_rows + 1) for number in numbers]
        if any(len(terms) != self._groups[n].num_rows for n, terms in zip(numbers, stored, strict=True)):
            return False
        for number, terms, who in zip(numbers, stored, holders, strict=True):
            self._groups[number] = group = self._groups[number]._replace(holders=who)
            self._lexical.remove_group(number)
            self._lexical.add(_lexical_rows(group, terms))
        return True

    def flush(self) -> None:
        """Write what was added as a segment and commit the lexical index: memory is free again."""
        if self._drafts:
            self.segments.append(write_segment(self._new_segment_folder(), self._drafts))
            self._drafts = []
        self._lexical.commit()

    def publish(self, change: int, *, space: str | None = None, is_last: bool = False) -> int:
        """Make a new generation of everything so far and switch to it; return its number.

        Args:
            change: number of the last change of the corpus that is in it.
            space: the embedder whose vectors a merge of segments keeps.
            is_last: nothing will be added afterwards.
        """
        self.flush()
        self._merge(space)
        self._lexical.close()
        folder = self._folder()
        write_json(folder / "groups.json", [group.to_json() for group in self._groups.values()])
        removed = np.concatenate([np.empty(0, np.int64), *self._removed])
        write_array(folder / "removed.npy", removed)
        lexical = sorted((folder / "lexical").iterdir())
        sizes = {f"lexical/{f.name}": f.stat().st_size for f in lexical if not f.name.endswith(".lock")}
        manifest = IndexManifest(
            generation=self._number,
            change=change,
            analyser=self._analyser,
            next_row=self._next[0],
            next_group=self._next[1],
            next_segment=self._next[2],
            num_chunks=sum(group.num_rows for group in self._groups.values()),
            segments=tuple(segment.name for segment in self.segments),
            sizes=sizes,
        )
        self._index.publish(manifest)
        if not is_last:
            self._lexical = self._begin(folder)
        return manifest.generation

    def add_vectors(self, segment: Segment, space: str, vectors: NDArray[np.float32]) -> None:
        """Give ``segment`` its vectors; the first one that is large enough also gives the basis for all."""
        basis = self._index.read_basis(space)
        if basis is None and len(segment) >= _MIN_BASIS_ROWS:
            basis = fit_basis(vectors)
            self._index.save_basis(space, basis)
        segment.add_vectors(space, vectors, basis)

    def blobs_of(self, segment: Segment) -> dict[int, str]:
        """Return the content of each group that has rows in ``segment`` and is still there."""
        numbers = {int(number) for number in np.unique(segment.group)}
        return {n: self._groups[n].blob_sha256 for n in numbers if n in self._groups}

    def known_vectors(self, space: str, keys: NDArray[np.uint64]) -> Mapping[int, NDArray[np.float16]]:
        """Return the vectors that some segment, also from before a rebuild, has for these keys."""
        found: dict[int, NDArray[np.float16]] = {}
        for segment in [*self.segments, *self._donors]:
            if segment.has_vectors(space):
                matrix = None
                for at in np.flatnonzero(np.isin(segment.vector_key, keys)):
                    matrix = segment.vectors(space) if matrix is None else matrix
                    found[int(segment.vector_key[at])] = np.array(matrix[at])
        return found

    def _take_over(self, base: Path, segments: list[Segment]) -> None:
        self.segments = segments
        for group in load_groups(base):
            self._groups[group.number] = group
            self._of_blob.setdefault(group.blob_sha256, []).append(group.number)
        self._removed = [np.array(map_array(base / "removed.npy"))]

    def _begin(self, base: Path | None) -> LexicalWriter:
        self._number += 1
        target = self._folder() / "lexical"
        if base is None:
            target.mkdir(parents=True)
        else:
            link_folder(base / "lexical", target, copied=_REWRITTEN)
        return LexicalWriter(target)

    def _folder(self) -> Path:
        return self._index.generation_folder(self._number)

    def _new_segment_folder(self) -> Path:
        self._next[2] += 1
        return self._index.segments_folder / f"{self._next[2]:08d}"

    def _merge(self, space: str | None) -> None:
        """Merge small segments when there are many: each costs file handles and a call."""
        for has in (True, False):
            alike = [s for s in self.segments if (space is not None and s.has_vectors(space)) == has]
            if len(alike) <= _MAX_SEGMENTS:
                continue
            limit = sum(len(s) for s in alike) / 4
            small = [s for s in alike if len(s) <= limit]
            removed = np.concatenate([np.empty(0, np.int64), *self._removed])
            kept = [~np.isin(s.row, removed) for s in small]
            merged = merge_segments(self._new_segment_folder(), small, kept, space=space if has else None)
            basis = self._index.read_basis(space) if has and space is not None else None
            if basis is not None and space is not None:
                merged.add_coarse(space, basis)
            gone = {s.name for s in small}
            self.segments = [s for s in self.segments if s.name not in gone]
            if len(merged):
                self.segments.append(merged)
            dropped = np.concatenate([s.row[~k] for s, k in zip(small, kept, strict=True)])
            self._removed = [removed[~np.isin(removed, dropped)]]


def _lexical_rows(group: Group, terms: Iterable[tuple[int, str]]) -> Iterable[LexicalRow]:
    labels = sorted({holder.label for holder in group.holders})
    documents = [holder.document for holder in group.holders]
    for row, text in terms:
        yield LexicalRow(row, group.number, labels, documents, text)
