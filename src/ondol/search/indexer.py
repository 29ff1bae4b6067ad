"""Brings the search index up to the corpus: terms first, vectors after, in generations never seen half-made.

Analysing and embedding are done once for each text: a change of label or name takes the terms over from the
index, and vectors are found again by the hash of their text.
"""

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar
from urllib.parse import unquote

import numpy as np

from ondol.core.errors import SearchIndexError
from ondol.core.frozen import Frozen
from ondol.core.protocols import Embedder
from ondol.search.stream import build_stream
from ondol.store.corpus import Corpus
from ondol.store.home import Store
from ondol.store.index import IndexManifest, SearchIndex
from ondol.store.index_segment import Segment
from ondol.store.index_writer import ChunkDraft, GroupDraft, IndexWriter
from ondol.store.records import ContentEntry, Holder, IndexedChunk
from ondol.text.morphemes import Analyser
from ondol.text.sentences import split_sentences

T = TypeVar("T")

_CONTENTS_AT_ONCE = 16
_CHUNKS_A_SEGMENT = 2000
_CHUNKS_AT_ONCE = 256
_TEXTS_AT_ONCE = 64
_CHANGES_AT_ONCE = 512
_PUBLISH_EVERY_S = 30.0
_LOCK_TIMEOUT_S = 600.0
# Digits in a file's name that are neither a year nor a date.
_RUNNING_NUMBER = re.compile(r"(?<!\d)(?!(?:19|20)\d\d(?!\d))\d{1,5}(?!\d)")


class IndexProgress(Frozen):
    """How far an update is.

    Attributes:
        chunks: analysed so far.
        vectors: made so far.
        missing_vectors: still to be made; 0 while chunks are analysed.
    """

    chunks: int = 0
    vectors: int = 0
    missing_vectors: int = 0


class IndexReport(Frozen):
    """What an update did."""

    generation: int = 0
    change: int = 0
    added: int = 0
    removed: int = 0
    relabelled: int = 0
    vectors: int = 0
    seconds: float = 0.0


class Indexer:
    """Writes the search index of a store; one process at a time, others wait."""

    def __init__(
        self,
        store: Store,
        analyser: Analyser,
        embedder: Embedder | None,
        *,
        publish_every_s: float = _PUBLISH_EVERY_S,
    ) -> None:
        self._store = store
        self._analyser = analyser
        self._embedder = embedder
        self._index = SearchIndex(store.index_dir)
        self._publish_every_s = publish_every_s
        self._sound = 0  # the generation that was found to be whole

    def update(self, progress: Callable[[IndexProgress], None] | None = None) -> IndexReport:
        """Bring the index up to the corpus; does nothing when it is.

        A missing or damaged index, or one made with another analyser, is built anew.

        Raises:
            ConflictError: another process kept writing the index.
            DiskFullError: no space is left; the old generation stays in use.
            EngineError: the embedder failed; the terms are published all the same.
        """
        return self._run(progress, is_fresh=False)

    def rebuild(self, progress: Callable[[IndexProgress], None] | None = None) -> IndexReport:
        """Build the index anew from the database; vectors whose text did not change are taken over."""
        return self._run(progress, is_fresh=True)

    def _run(self, progress: Callable[[IndexProgress], None] | None, *, is_fresh: bool) -> IndexReport:
        with self._store.index_lock(timeout_s=_LOCK_TIMEOUT_S):
            manifest = self._load_manifest()
            if manifest is None or manifest.analyser != self._analyser.fingerprint:
                is_fresh = True
            if not is_fresh and manifest is not None and self._is_current(manifest):
                return IndexReport(generation=manifest.generation, change=manifest.change)
            change = 0 if is_fresh or manifest is None else manifest.change
            try:
                return self._write(progress, change=change, is_fresh=is_fresh)
            except SearchIndexError:
                if is_fresh:
                    raise
                # What was taken over cannot be written on (another layout, damage unseen): build anew.
                return self._write(progress, change=0, is_fresh=True)

    def _write(
        self, progress: Callable[[IndexProgress], None] | None, *, change: int, is_fresh: bool
    ) -> IndexReport:
        writer = IndexWriter(self._index, analyser=self._analyser.fingerprint, is_fresh=is_fresh)
        run = _Run(self._store.corpus, self._analyser, self._embedder, writer, change=change)
        return run.execute(progress or _ignore, publish_every_s=self._publish_every_s)

    def _load_manifest(self) -> IndexManifest | None:
        try:
            manifest = self._index.load_manifest()
            if manifest is not None and manifest.generation != self._sound:
                # With a reader that is not kept: it would stay in memory as long as this.
                SearchIndex(self._index.folder).open_reader()
                self._sound = manifest.generation
        except SearchIndexError:
            # Damaged: the database has everything.
            self._index.clear()
            return None
        return manifest

    def _is_current(self, manifest: IndexManifest) -> bool:
        if manifest.change != self._store.corpus.last_change():
            return False
        space = vector_space(self._embedder)
        folders = [self._index.segments_folder / name for name in manifest.segments]
        return space is None or all(Segment(folder).has_vectors(space) for folder in folders)


class _Run:
    """One update: holds what changes while it goes on."""

    def __init__(
        self,
        corpus: Corpus,
        analyser: Analyser,
        embedder: Embedder | None,
        writer: IndexWriter,
        *,
        change: int,
    ) -> None:
        self._corpus = corpus
        self._analyser = analyser
        self._embedder = embedder
        self._space = vector_space(embedder)
        self._writer = writer
        self._change = change
        self._progress: Callable[[IndexProgress], None] = _ignore
        self._every_s = _PUBLISH_EVERY_S
        self._counts = dict.fromkeys(("added", "removed", "relabelled", "vectors"), 0)
        self._started_s = self._published_s = time.monotonic()
        self._generation = 0

    def execute(self, progress: Callable[[IndexProgress], None], *, publish_every_s: float) -> IndexReport:
        """Do everything; what was published stays when this is interrupted."""
        self._progress = progress
        self._every_s = publish_every_s
        self._update_terms()
        self._writer.flush()
        has_missing = self._embedder is not None and bool(self._missing())
        self._publish(is_last=not has_missing)
        if has_missing:
            self._update_vectors()
            self._publish(is_last=True)
        return IndexReport(
            generation=self._generation,
            change=self._change,
            seconds=time.monotonic() - self._started_s,
            **self._counts,
        )

    def _update_terms(self) -> None:
        while changes := self._corpus.changes_since(self._change, limit=_CHANGES_AT_ONCE):
            for some in _batches(changes, _CONTENTS_AT_ONCE):
                for entry in self._corpus.content_entries([change.blob_sha256 for change in some]):
                    self._apply(entry)
                self._change = some[-1].seq
                self._progress(IndexProgress(chunks=self._counts["added"]))
                if time.monotonic() - self._published_s > self._every_s:
                    self._publish(is_last=False)

    def _apply(self, entry: ContentEntry) -> None:
        groups = _group_by_holders(entry.chunks)
        fingerprints = [_fingerprint(holders, chunks) for holders, chunks in groups]
        writer, blob = self._writer, entry.blob_sha256
        if fingerprints and writer.fingerprints(blob) == fingerprints:
            holders = [who for who, _ in groups]
            if writer.holders(blob) == holders or writer.change_holders(blob, holders):
                self._counts["relabelled"] += 1
                return
        self._counts["removed"] += writer.remove(blob)
        for (who, chunks), fingerprint in zip(groups, fingerprints, strict=True):
            drafts = tuple(self._draft(_shared_title(who), chunks))
            writer.add(GroupDraft(blob, fingerprint, who, drafts))
            self._counts["added"] += len(drafts)
            if writer.num_pending >= _CHUNKS_A_SEGMENT:
                writer.flush()

    def _draft(self, title: str, chunks: Sequence[IndexedChunk]) -> Iterator[ChunkDraft]:
        for some in _batches(chunks, _CHUNKS_AT_ONCE):
            contexts = [_describe(title, item.chunk.context) for item in some]
            texts = [item.chunk.text for item in some]
            context_terms = self._analyser.terms_many(contexts)
            text_terms = self._analyser.terms_many(texts)
            for item, above, terms in zip(some, context_terms, text_terms, strict=True):
                text = item.chunk.text
                yield ChunkDraft(
                    chunk_id=item.chunk.id,
                    terms=" ".join(term.text for term in [*above, *terms]),
                    vector_key=_vector_key(item),
                    stream=build_stream(above, terms, split_sentences(text)),
                )

    def _missing(self) -> list[Segment]:
        space = self._space
        return [s for s in self._writer.segments if space is not None and not s.has_vectors(space)]

    def _update_vectors(self) -> None:
        segments = self._missing()
        total = sum(len(segment) for segment in segments)
        for segment in segments:
            self._embed(segment, total)
            if time.monotonic() - self._published_s > self._every_s:
                self._publish(is_last=False)

    def _embed(self, segment: Segment, total: int) -> None:
        embedder, space = self._embedder, self._space
        if embedder is None or space is None:
            return
        vectors = np.zeros((len(segment), embedder.dimensions), dtype=np.float32)
        known = self._writer.known_vectors(space, np.asarray(segment.vector_key))
        for at, key in enumerate(segment.vector_key):
            if int(key) in known:
                vectors[at] = known[int(key)]
        wanted = [at for at, key in enumerate(segment.vector_key) if int(key) not in known]
        for places, texts in self._texts(segment, wanted):
            vectors[places] = embedder.embed(texts, kind="passage")
            self._counts["vectors"] += len(texts)
            self._progress(
                IndexProgress(
                    chunks=self._counts["added"], vectors=self._counts["vectors"], missing_vectors=total
                )
            )
        self._writer.add_vectors(segment, space, vectors)

    def _texts(self, segment: Segment, places: Sequence[int]) -> Iterator[tuple[list[int], list[str]]]:
        """Yield places in ``segment`` with the texts to embed there; chunks that are gone are left out."""
        blobs = self._writer.blobs_of(segment)
        pending: dict[str, list[int]] = {}
        for at in places:
            blob = blobs.get(int(segment.group[at]))
            if blob is not None:
                pending.setdefault(blob, []).append(at)
        ready: list[tuple[int, str]] = []
        for some in _batches(list(pending), _CONTENTS_AT_ONCE):
            for entry in self._corpus.content_entries(some):
                texts = {item.chunk.id: build_passage(item) for item in entry.chunks}
                ids = [(at, bytes(segment.chunk[at]).decode()) for at in pending[entry.blob_sha256]]
                ready.extend((at, texts[name]) for at, name in ids if name in texts)
            while len(ready) >= _TEXTS_AT_ONCE:
                yield _split(ready[:_TEXTS_AT_ONCE])
                ready = ready[_TEXTS_AT_ONCE:]
        if ready:
            yield _split(ready)

    def _publish(self, *, is_last: bool) -> None:
        self._generation = self._writer.publish(self._change, space=self._space, is_last=is_last)
        self._published_s = time.monotonic()


def vector_space(embedder: Embedder | None) -> str | None:
    """Return the name under which the vectors of ``embedder`` are kept."""
    return None if embedder is None else hashlib.sha256(embedder.fingerprint.encode()).hexdigest()[:12]


def build_passage(item: IndexedChunk) -> str:
    """Return the text that is embedded for a chunk: what it stands under, then what it says."""
    return f"{item.chunk.context}\n{item.chunk.text}" if item.chunk.context else item.chunk.text


def _vector_key(item: IndexedChunk) -> int:
    digest = hashlib.sha256(build_passage(item).encode()).digest()
    return int.from_bytes(digest[:8], "little")


def _group_by_holders(
    chunks: Sequence[IndexedChunk],
) -> list[tuple[tuple[Holder, ...], list[IndexedChunk]]]:
    """Return groups of chunks with the same holders, none too long to be held in memory."""
    groups: dict[tuple[Holder, ...], list[IndexedChunk]] = {}
    for item in chunks:
        groups.setdefault(item.holders, []).append(item)
    return [
        (holders, list(some))
        for holders, items in groups.items()
        if holders
        for some in _batches(items, _CHUNKS_A_SEGMENT)
    ]


def _shared_title(holders: Sequence[Holder]) -> str:
    """Return the title if all agree: a hidden document's name must not be found through an open one.

    Of a title that is a file's name the running number goes: ``scan_12`` says nothing about the number 12.
    """
    titles = {holder.title for holder in holders}
    if len(titles) != 1:
        return ""
    title = titles.pop()
    is_name = any(_is_file_name(title, holder.uri) for holder in holders)
    return _RUNNING_NUMBER.sub(" ", title).strip() if is_name else title


def _is_file_name(title: str, uri: str) -> bool:
    return unquote(uri).rsplit("/", 1)[-1].startswith(title)


def _describe(title: str, context: str) -> str:
    """Return what stands over a chunk; the context often begins with the title already."""
    return context if title in context else f"{title}\n{context}".strip()


def _fingerprint(holders: Sequence[Holder], chunks: Sequence[IndexedChunk]) -> str:
    digest = hashlib.sha256(_shared_title(holders).encode())
    for item in chunks:
        digest.update(f"\x00{item.chunk.id}\x01{item.chunk.context}".encode())
    return digest.hexdigest()[:32]


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for at in range(0, len(items), size):
        yield items[at : at + size]


def _split(pairs: Sequence[tuple[int, str]]) -> tuple[list[int], list[str]]:
    return [at for at, _ in pairs], [text for _, text in pairs]


def _ignore(progress: IndexProgress) -> None:  # noqa: ARG001 - the signature of a listener
    return
