"""From a question and a principal to ranked passages: both legs, one score, read again from the store."""

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondol.core.access import Principal
from ondol.core.documents import Chunk, Document, Filter, Hit, SearchResult
from ondol.core.errors import SearchIndexError
from ondol.core.frozen import Frozen
from ondol.core.protocols import Embedder, Reranker
from ondol.search.dense import DenseLeg
from ondol.search.highlight import find_highlights
from ondol.search.indexer import Indexer
from ondol.search.rank import (
    WordWeights,
    highest_score,
    inverse_frequencies,
    read_sentences,
    weigh_words,
)
from ondol.store.home import Store
from ondol.store.index import SearchIndex
from ondol.store.index_groups import Selection
from ondol.store.index_reader import IndexReader
from ondol.store.index_segment import ForwardStream
from ondol.text.morphemes import Analyser, QueryTerm
from ondol.text.normalise import fold, nfc

_MAX_TERMS = 96
# A Latin word that no passage holds may be a slip of the pen; its neighbours score like a fairly common word.
_NEAR_SCORE = 3.0
_MIN_MISSPELT_CHARS = 5


class SearchOptions(Frozen):
    """Parameters of retrieval; the defaults are measured, see ``docs/decisions/0004-search.md``.

    Attributes:
        depth: candidates of each leg that are looked at again.
        sentence_weight: of the best sentence's share of the question's words.
        pair_weight: of the best sentence's share of neighbouring words.
        dense_weight: of the cosine, where the embedder knows the language.
        rerank_depth: passages shown to the reranker, if there is one.
    """

    depth: int = 50
    sentence_weight: float = 0.2
    pair_weight: float = 0.2
    dense_weight: float = 0.85
    rerank_depth: int = 20


class _Candidates(NamedTuple):
    """What the legs found: positions in the reader, with final scores, best first."""

    position: NDArray[np.int64]
    score: NDArray[np.float64]
    lexical: dict[int, int]
    dense: dict[int, tuple[int, float]]


class _Question(NamedTuple):
    """A question, analysed against the index it is asked of."""

    text: str
    terms: list[QueryTerm]
    words: WordWeights
    highest: float
    misspelt: list[tuple[str, float]]


class HybridSearcher:
    """Lexical and dense search over a store, for principals. Safe to use from several threads."""

    def __init__(
        self,
        store: Store,
        analyser: Analyser,
        embedder: Embedder | None = None,
        reranker: Reranker | None = None,
        options: SearchOptions | None = None,
    ) -> None:
        self._store = store
        self._analyser = analyser
        self._embedder = embedder
        self._dense = DenseLeg(embedder) if embedder is not None else None
        self._reranker = reranker
        self._options = options or SearchOptions()
        self._index = SearchIndex(store.index_dir)

    def search(
        self, query: str, *, principal: Principal, k: int = 10, narrow: Filter | None = None
    ) -> SearchResult:
        """Return at most ``k`` passages that ``principal`` may read, best first.

        Passages with the same text are shown once. ``timings_ms`` has the milliseconds of each step.

        Raises:
            SearchIndexError: the index cannot be opened nor built anew.
            EngineError: the embedder or the reranker failed.
        """
        clock = _Stopwatch()
        reader = self._open_reader()
        query = nfc(query)
        if reader is None or k < 1 or not query.strip():
            return SearchResult(hits=(), timings_ms=clock.read())
        selection = reader.select(principal, narrow)
        question = self._analyse(reader, query)
        clock.lap("analyse")
        found = self._find(reader, question, selection, clock)
        hits = self._load(reader, question, found, principal=principal, k=k, narrow=narrow)
        clock.lap("load")
        return SearchResult(hits=tuple(hits), timings_ms=clock.read())

    def _analyse(self, reader: IndexReader, query: str) -> _Question:
        terms = self._analyser.query_terms(query)
        freqs = reader.doc_freqs([term.text for term in terms])
        idf = inverse_frequencies(freqs, reader.num_chunks)
        if len(terms) > _MAX_TERMS:
            weights = idf * np.array([term.weight for term in terms])
            kept = np.sort(np.argsort(-weights, kind="stable")[:_MAX_TERMS])
            terms, freqs, idf = [terms[at] for at in kept], freqs[kept], idf[kept]
        first = list({term.text: at for at, term in reversed(list(enumerate(terms)))}.values())
        distinct = [terms[at] for at in first]
        misspelt = [
            (t.text, _NEAR_SCORE) for t, f in zip(terms, freqs, strict=True) if f == 0 and _is_word(t)
        ]
        highest = highest_score(distinct, idf[first])
        return _Question(query, terms, weigh_words(terms, idf), highest, misspelt)

    def _find(
        self, reader: IndexReader, question: _Question, selection: Selection, clock: "_Stopwatch"
    ) -> _Candidates:
        options = self._options
        weights: dict[str, float] = {}
        for term in question.terms:
            weights[term.text] = max(term.weight, weights.get(term.text, 0.0))
        lexical, scores = reader.search_lexical(
            list(weights.items()), selection, 2 * options.depth, near=question.misspelt
        )
        clock.lap("lexical")
        trust = self._dense.trust(question.text) if self._dense is not None else 0.0
        near, cosines = np.empty(0, np.int64), np.empty(0, np.float64)
        if self._dense is not None and trust > 0:
            near, cosines = self._dense.search(reader, question.text, selection, 4 * options.depth)
        clock.lap("dense")
        position = np.union1d(lexical[: options.depth], near[: options.depth])
        streams = reader.read_streams(position)
        sentences = read_sentences(question.words, streams)
        score = _look_up(position, lexical, scores) / max(question.highest, 1e-9)
        score += sentences @ np.array([options.sentence_weight, options.pair_weight])
        score += trust * options.dense_weight * _look_up(position, near, cosines)
        order = np.lexsort((position, -score))
        clock.lap("rank")
        return _Candidates(
            position[order],
            score[order],
            {int(p): rank for rank, p in enumerate(lexical, 1)},
            {int(p): (r, float(c)) for r, (p, c) in enumerate(zip(near, cosines, strict=True), 1)},
        )

    def _load(
        self,
        reader: IndexReader,
        question: _Question,
        found: _Candidates,
        *,
        principal: Principal,
        k: int,
        narrow: Filter | None,
    ) -> list[Hit]:
        """Read passages from the store, which has the last word on access, until there are ``k``."""
        wanted = k if self._reranker is None else max(k, self._options.rerank_depth)
        passages: list[_Passage] = []
        seen: set[str] = set()
        for at in range(0, len(found.position), wanted):
            some = found.position[at : at + wanted]
            ids = reader.chunk_ids(some)
            loaded = self._store.corpus.load_chunks(ids, principal=principal, narrow=narrow)
            for place, chunk_id in enumerate(ids, at):
                if chunk_id in loaded and (key := fold(loaded[chunk_id][0].text)) not in seen:
                    seen.add(key)
                    passages.append(_Passage(place, float(found.score[place]), *loaded[chunk_id]))
            if len(passages) >= wanted:
                break
        chosen = self._rerank(question.text, passages)[:k]
        streams = reader.read_streams(found.position[[passage.place for passage in chosen]])
        return [
            _build_hit(rank, passage, question, found, stream)
            for rank, (passage, stream) in enumerate(zip(chosen, streams, strict=True), 1)
        ]

    def _rerank(self, query: str, passages: "list[_Passage]") -> "list[_Passage]":
        if self._reranker is None or not passages:
            return passages
        shown = passages[: self._options.rerank_depth]
        scores = self._reranker.rerank(query, [f"{p.chunk.context}\n{p.chunk.text}".strip() for p in shown])
        judged = [p._replace(score=float(score)) for p, score in zip(shown, scores, strict=True)]
        return sorted(judged, key=lambda p: -p.score) + passages[len(shown) :]

    def _open_reader(self) -> IndexReader | None:
        """Return a reader that fits the analyser; a damaged or foreign index is built anew first."""
        try:
            reader = self._index.open_reader()
        except SearchIndexError:
            reader = None
        if reader is not None and reader.analyser == self._analyser.fingerprint:
            return reader
        if reader is None and self._store.corpus.last_change() == 0:
            return None
        Indexer(self._store, self._analyser, self._embedder).update()
        return self._index.open_reader()


class _Passage(NamedTuple):
    """A passage that was read from the store; ``place`` is that among the candidates."""

    place: int
    score: float
    chunk: Chunk
    document: Document


class _Stopwatch:
    """Milliseconds of each step, and of all."""

    def __init__(self) -> None:
        self._started_s = self._last_s = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        """End a step."""
        now_s = time.perf_counter()
        self._laps[name] = round((now_s - self._last_s) * 1000, 3)
        self._last_s = now_s

    def read(self) -> dict[str, float]:
        """Return the laps and the total."""
        return {**self._laps, "total": round((time.perf_counter() - self._started_s) * 1000, 3)}


def _is_word(term: QueryTerm) -> bool:
    return len(term.text) >= _MIN_MISSPELT_CHARS and term.text.isascii() and term.text.isalpha()


def _look_up(
    position: NDArray[np.int64], found: NDArray[np.int64], scores: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the leg's score of each position; one that the leg did not find gets the last score it gave."""
    if not len(found):
        return np.zeros(len(position))
    order = np.argsort(found)
    place = np.searchsorted(found[order], position).clip(max=len(found) - 1)
    known = found[order][place] == position
    values: NDArray[np.float64] = np.where(known, scores[order][place], scores[-1])
    return values


def _build_hit(
    rank: int, passage: _Passage, question: _Question, found: _Candidates, stream: ForwardStream
) -> Hit:
    chunk, document = passage.chunk, passage.document
    position = int(found.position[passage.place])
    dense_rank, dense_score = found.dense.get(position, (None, None))
    return Hit(
        rank=rank,
        score=passage.score,
        chunk_id=chunk.id,
        document=document.id,
        uri=document.uri,
        title=document.title,
        locator=chunk.locator,
        text=chunk.text,
        context=chunk.context,
        highlights=find_highlights(chunk.text, stream, question.words, question.text, question.terms),
        lexical_rank=found.lexical.get(position),
        dense_rank=dense_rank,
        dense_score=dense_score,
    )
