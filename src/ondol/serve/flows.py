"""The one file that knows the order of the rooms: opens each part once, on first use, from the settings.

The command line, the HTTP API and the jobs all work through ``Ondol``; a stage never reaches for another stage.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from types import TracebackType
from typing import Self, TypeVar

from ondol.ask.answer import Asker
from ondol.core.access import Principal
from ondol.core.answers import Answer, AnswerEvent, Turn
from ondol.core.documents import Filter, SearchResult
from ondol.core.protocols import ChatModel, Embedder, Reranker
from ondol.engines.catalogue import Catalogue
from ondol.engines.open import open_chat, open_embedder, open_reranker
from ondol.engines.settings import ModelSettings
from ondol.ingest.pipeline import IngestOptions, IngestProgress, IngestReport, ingest
from ondol.search.indexer import Indexer
from ondol.search.query import HybridSearcher
from ondol.serve.settings import Settings
from ondol.sources.limits import Limits
from ondol.sources.pool import ParserPool
from ondol.store import Store, open_store
from ondol.text.morphemes import Analyser

T = TypeVar("T")

EXTRACTIVE = "extractive"
"""Name that stands for "no chat model": the answer is made of the documents' own sentences."""


class Ondol:
    """An opened home. Safe to use from several threads; close it, or use it as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._chats: dict[str | None, ChatModel | None] = {}
        self._closers: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop child processes and close files; safe to call twice."""
        with self._lock:
            while self._closers:
                self._closers.pop()()

    def _owned(self, part: T) -> T:
        close = getattr(part, "close", None)
        if callable(close):
            self._closers.append(close)
        return part

    # -- the parts, opened on first use ---------------------------------------------------------------

    @cached_property
    def store(self) -> Store:
        """Data at rest; created or migrated when opened."""
        with self._lock:
            return self._owned(open_store(self.settings.home, database_url=self.settings.database_url))

    @cached_property
    def pool(self) -> ParserPool:
        """The parser processes."""
        with self._lock:
            limits = Limits(
                max_bytes=self.settings.max_file_bytes,
                timeout_s=self.settings.parser_timeout_s,
                memory_bytes=self.settings.parser_memory_bytes,
            )
            return self._owned(ParserPool(workers=self.settings.parser_workers, limits=limits))

    @cached_property
    def analyser(self) -> Analyser:
        """Terms for the lexical leg; Kiwi is loaded when the first Korean text comes."""
        return Analyser()

    @cached_property
    def model_settings(self) -> ModelSettings:
        """What the engines need of the settings."""
        s = self.settings
        return ModelSettings(
            chat_base_url=s.chat_base_url,
            chat_model=s.chat_model,
            chat_api_key=s.chat_api_key,
            embed_base_url=s.embed_base_url,
            embed_model=s.embed_model,
            embed_api_key=s.embed_api_key,
            rerank_base_url=s.rerank_base_url,
            rerank_model=s.rerank_model,
            rerank_api_key=s.rerank_api_key,
            threads=s.engine_threads,
        )

    @cached_property
    def catalogue(self) -> Catalogue:
        """The models known here."""
        return Catalogue(self.settings.models_dir)

    @cached_property
    def embedder(self) -> Embedder | None:
        """The embedding model, or ``None``: search is lexical then."""
        with self._lock:
            return self._owned(open_embedder(self.model_settings, self.settings.models_dir))

    @cached_property
    def reranker(self) -> Reranker | None:
        """The reranking model, if one is set."""
        with self._lock:
            return self._owned(open_reranker(self.model_settings, self.settings.models_dir))

    def chat(self, name: str | None = None) -> ChatModel | None:
        """Return the chat model of that name (the default for ``None``), or ``None`` when there is none.

        Raises:
            NotFoundError: no model of that name is known.
        """
        if name == EXTRACTIVE:
            return None
        with self._lock:
            if name not in self._chats:
                model = open_chat(self.model_settings, self.settings.models_dir, name)
                self._chats[name] = self._owned(model)
            return self._chats[name]

    @cached_property
    def indexer(self) -> Indexer:
        """Brings the search index up to the database."""
        with self._lock:
            return Indexer(self.store, self.analyser, self.embedder)

    @cached_property
    def searcher(self) -> HybridSearcher:
        """Ranked passages."""
        with self._lock:
            return self._owned(HybridSearcher(self.store, self.analyser, self.embedder, self.reranker))

    # -- what people do -------------------------------------------------------------------------------

    def ingest(
        self,
        paths: Sequence[str],
        *,
        principal: Principal,
        options: IngestOptions,
        progress: Callable[[IngestProgress], None] | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> IngestReport:
        """Sources to corpus; see ``ondol.ingest.pipeline``."""
        return ingest(
            paths,
            store=self.store,
            pool=self.pool,
            indexer=self.indexer,
            principal=principal,
            options=options,
            progress=progress,
            should_stop=should_stop,
        )

    def search(
        self, query: str, *, principal: Principal, k: int = 10, narrow: Filter | None = None
    ) -> SearchResult:
        """Ranked passages that ``principal`` may read."""
        return self.searcher.search(query, principal=principal, k=k, narrow=narrow)

    def asker(self, model: str | None = None) -> Asker:
        """An answerer over the corpus with that chat model."""
        return Asker(self.searcher, self.chat(model))

    def ask(
        self,
        question: str,
        *,
        principal: Principal,
        k: int = 8,
        model: str | None = None,
        think: bool | None = None,
        narrow: Filter | None = None,
        history: Sequence[Turn] = (),
    ) -> Answer:
        """A cited answer, or an abstention."""
        return self.asker(model).ask(
            question, principal=principal, k=k, narrow=narrow, history=history, think=think
        )

    def ask_stream(
        self,
        question: str,
        *,
        principal: Principal,
        k: int = 8,
        model: str | None = None,
        think: bool | None = None,
        narrow: Filter | None = None,
        history: Sequence[Turn] = (),
    ) -> Iterator[AnswerEvent]:
        """The same, sentence by verified sentence."""
        return self.asker(model).stream(
            question, principal=principal, k=k, narrow=narrow, history=history, think=think
        )
