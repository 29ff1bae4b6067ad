"""From a question and a principal to ranked passages: both legs, fused, then read again from the store."""

import time

import numpy as np

from ondol.core.access import Principal
from ondol.core.documents import Filter, Hit, SearchResult
from ondol.core.errors import SearchIndexError
from ondol.core.frozen import Frozen
from ondol.core.protocols import Embedder, Reranker
from ondol.search.indexer import Indexer, vector_space
from ondol.store.home import Store
from ondol.store.index import SearchIndex
from ondol.store.index_reader import IndexReader
from ondol.text.morphemes import Analyser


class SearchOptions(Frozen):
    """Parameters of retrieval; the defaults are measured, see ``docs/decisions/0004-search.md``."""

    depth: int = 60


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
        self._reranker = reranker
        self._options = options or SearchOptions()
        self._index = SearchIndex(store.index_dir)

    def search(
        self, query: str, *, principal: Principal, k: int = 10, narrow: Filter | None = None
    ) -> SearchResult:
        """Return at most ``k`` passages that ``principal`` may read, best first.

        Raises:
            SearchIndexError: the index cannot be opened nor rebuilt.
            EngineError: the embedder or the reranker failed.
        """
        started_s = time.perf_counter()
        reader = self._open_reader()
        if reader is None:
            return SearchResult(hits=())
        selection = reader.select(principal, narrow)
        terms = self._analyser.tokens(query)
        found, _ = reader.search_lexical(
            [(t, 1.0) for t in dict.fromkeys(terms)], selection, self._options.depth
        )
        lexical = {int(p): rank for rank, p in enumerate(found, 1)}
        dense: dict[int, tuple[int, float]] = {}
        space = vector_space(self._embedder)
        if self._embedder is not None and space is not None and reader.vector_leg(space) is not None:
            vector = self._embedder.embed([query], kind="query")[0]
            near, cosines = reader.search_dense(space, vector, selection, self._options.depth)
            dense = {int(p): (r, float(c)) for r, (p, c) in enumerate(zip(near, cosines, strict=True), 1)}
        scores = {
            p: (1 / (20 + lexical[p]) if p in lexical else 0)
            + (0.5 / (20 + dense[p][0]) if p in dense else 0)
            for p in {*lexical, *dense}
        }
        order = sorted(scores, key=lambda p: (-scores[p], p))[: 2 * k]
        ids = reader.chunk_ids(np.array(order, dtype=np.int64))
        loaded = self._store.corpus.load_chunks(ids, principal=principal, narrow=narrow)
        hits: list[Hit] = []
        for position, chunk_id in zip(order, ids, strict=True):
            if chunk_id not in loaded or len(hits) >= k:
                continue
            chunk, document = loaded[chunk_id]
            hits.append(
                Hit(
                    rank=len(hits) + 1,
                    score=scores[position],
                    chunk_id=chunk_id,
                    document=document.id,
                    uri=document.uri,
                    title=document.title,
                    locator=chunk.locator,
                    text=chunk.text,
                    context=chunk.context,
                    lexical_rank=lexical.get(position),
                    dense_rank=dense[position][0] if position in dense else None,
                    dense_score=dense[position][1] if position in dense else None,
                )
            )
        return SearchResult(
            hits=tuple(hits), timings_ms={"total": round((time.perf_counter() - started_s) * 1000, 3)}
        )

    def _open_reader(self) -> IndexReader | None:
        """Return a reader that fits the analyser; a damaged or foreign index is rebuilt first."""
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
