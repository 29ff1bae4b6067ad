"""The one file that knows the order of the rooms: opens each part once, on first use, from the settings.

The command line, the HTTP API and the jobs all work through ``Ondol``; no stage reaches for another stage.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import SecretStr

from ondol.ask.answer import Asker
from ondol.core.access import Label, Principal
from ondol.core.answers import Answer, AnswerEvent, Turn
from ondol.core.documents import Document, Filter, SearchResult
from ondol.core.examples import DatasetManifest
from ondol.core.ids import is_id
from ondol.core.protocols import Embedder, Reranker
from ondol.engines.cache import CachedChat
from ondol.engines.catalogue import Catalogue
from ondol.engines.chat.openai import OpenAIChat
from ondol.engines.open import OpenChat, open_chat, open_embedder, open_reranker
from ondol.engines.settings import EngineLimits, ModelChoice, ModelSettings
from ondol.forge.apply import Applied, apply_reviews
from ondol.forge.clean import Cleaning, clean
from ondol.forge.forget import Forgotten, forget_document
from ondol.forge.foundry import Engines, Workplace, run_forge
from ondol.forge.overview import Overview, survey
from ondol.forge.recipe import NO_MODEL, Recipe
from ondol.forge.report import ForgeProgress, ForgeReport
from ondol.forge.usage import Usage
from ondol.ingest.pipeline import IngestOptions, IngestProgress, IngestReport, ingest
from ondol.ingest.uris import to_uri
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

SERVER_CONCURRENCY = 32
"""Requests that a run has at a model server at once, unless told otherwise."""


class Ondol:
    """An opened home. Safe to use from several threads; close it, or use it as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._parts: dict[str, Any] = {}
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

    def _part(self, name: str, build: Callable[[], T]) -> T:
        """Build a part once, whichever thread asks first, and remember how to close it."""
        with self._lock:
            if name not in self._parts:
                part = self._parts[name] = build()
                close = getattr(part, "close", None)
                if callable(close):
                    self._closers.append(close)
            found: T = self._parts[name]
            return found

    # -- the parts, opened on first use ---------------------------------------------------------------

    @property
    def store(self) -> Store:
        """Data at rest; created or migrated when opened."""
        settings = self.settings
        return self._part("store", lambda: open_store(settings.home, database_url=settings.database_url))

    @property
    def pool(self) -> ParserPool:
        """The parser processes."""
        settings = self.settings
        limits = Limits(
            max_bytes=settings.max_file_bytes,
            timeout_s=settings.parser_timeout_s,
            memory_bytes=settings.parser_memory_bytes,
        )
        return self._part("pool", lambda: ParserPool(workers=settings.parser_workers, limits=limits))

    @property
    def analyser(self) -> Analyser:
        """Terms for the lexical leg; Kiwi is loaded when the first Korean text comes."""
        return self._part("analyser", Analyser)

    @property
    def model_settings(self) -> ModelSettings:
        """What the engines need of the settings."""
        s = self.settings
        return ModelSettings(
            chat=_choice(s.chat_base_url, s.chat_model, s.chat_api_key),
            embed=_choice(s.embed_base_url, s.embed_model, s.embed_api_key),
            rerank=_choice(s.rerank_base_url, s.rerank_model, s.rerank_api_key),
            limits=EngineLimits(threads=s.engine_threads or 0),
        )

    @property
    def catalogue(self) -> Catalogue:
        """The models known here."""
        return self._part("catalogue", lambda: Catalogue(self.settings.models_dir))

    @property
    def embedder(self) -> Embedder | None:
        """The embedding model, or ``None``: search is lexical then."""
        return self._part("embedder", lambda: open_embedder(self.model_settings, self.settings.models_dir))

    @property
    def reranker(self) -> Reranker | None:
        """The reranking model, if one is set."""
        return self._part("reranker", lambda: open_reranker(self.model_settings, self.settings.models_dir))

    def chat(self, name: str | None = None) -> OpenChat | None:
        """Return the chat model of that name (the default for ``None``), or ``None`` when there is none.

        Raises:
            NotFoundError: no model of that name is known.
        """
        if name == EXTRACTIVE:
            return None
        models_dir = self.settings.models_dir
        return self._part(f"chat:{name or ''}", lambda: open_chat(self.model_settings, models_dir, name))

    @property
    def indexer(self) -> Indexer:
        """Brings the search index up to the database."""
        return self._part("indexer", lambda: Indexer(self.store, self.analyser, self.embedder))

    @property
    def searcher(self) -> HybridSearcher:
        """Ranked passages."""
        return self._part(
            "searcher", lambda: HybridSearcher(self.store, self.analyser, self.embedder, self.reranker)
        )

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

    def relabel(self, document_id: str, label: Label, *, principal: Principal) -> Document:
        """Change who may read a document; the index follows before this returns."""
        changed = self.store.corpus.update_document(document_id, principal=principal, label=label)
        self._after_change("document.label", document_id, principal=principal)
        return changed

    def remove(self, document_id: str, *, principal: Principal) -> Document:
        """Remove a document that ``principal`` may read; it is gone from every answer at once."""
        document = self.store.corpus.load_document(document_id, principal=principal)
        self.store.corpus.remove_documents([document_id])
        self._after_change("document.remove", document_id, principal=principal)
        return document

    def all_documents(self, *, principal: Principal) -> tuple[Document, ...]:
        """Every document that ``principal`` may read, by address."""
        found: list[Document] = []
        cursor: str | None = None
        while True:
            page, cursor = self.store.corpus.list_documents(principal=principal, limit=1000, cursor=cursor)
            found.extend(page)
            if cursor is None:
                return tuple(found)

    def forge(
        self,
        recipe: Recipe,
        *,
        principal: Principal,
        name: str | None = None,
        concurrency: int | None = None,
        replace: bool = False,
        progress: Callable[[ForgeProgress], None] = lambda _: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> ForgeReport:
        """Corpus to dataset; see ``ondol.forge.foundry``.

        A server gets ``concurrency`` requests at once, the embedded engine one: what it says depends on what
        else it computes at the time.
        """
        engines = self._forge_engines(recipe, principal=principal, concurrency=concurrency)
        place = Workplace(self.store, self.analyser, engines, progress=progress, should_stop=should_stop)
        report = run_forge(recipe, place, principal=principal, name=name or "", replace=replace)
        if not report.interrupted:
            self.store.audit.append(
                actor=principal.name, action="dataset.forge", resource=report.dataset, outcome="success"
            )
        return report

    def _forge_engines(self, recipe: Recipe, *, principal: Principal, concurrency: int | None) -> Engines:
        wanted = {
            "writer": recipe.models.writer,
            "judge": recipe.models.judge,
            "trainee": recipe.models.trainee if recipe.needs_trainee else NO_MODEL,
        }
        chats = {role: self._find_chat(name) for role, name in wanted.items()}
        embedder = self.embedder
        prints = [f"{role}={chat.fingerprint if chat else ''}" for role, chat in chats.items()]
        prints.append(f"embedder={embedder.fingerprint if embedder else ''}")
        usage = Usage()
        cached = {
            role: CachedChat(
                chat,
                self.store.calls,
                fingerprint=chat.fingerprint,
                principal=principal,
                on_call=usage.note,
            )
            for role, chat in chats.items()
            if chat is not None
        }
        at_once = {
            role: (concurrency or SERVER_CONCURRENCY) if isinstance(chat, OpenAIChat) else 1
            for role, chat in chats.items()
        }
        return Engines(
            writer=cached.get("writer"),
            judge=cached.get("judge"),
            trainee=cached.get("trainee"),
            embedder=embedder,
            fingerprint=" ".join(prints),
            licences=self._model_licences,
            concurrency=at_once["writer"],
            trainee_concurrency=at_once["trainee"],
            usage=usage,
        )

    def _find_chat(self, name: str) -> OpenChat | None:
        return None if name == NO_MODEL else self.chat(name or None)

    def forget(self, uri: str, *, principal: Principal) -> Forgotten:
        """Remove everything derived from a document; see ``ondol.forge.forget``.

        Args:
            uri: its address; a path, or the id of a document of the corpus, will do too.
            principal: an administrator.
        """
        if is_id(uri):
            uri = self.store.corpus.load_document(uri, principal=principal).uri
        forgotten = forget_document(
            to_uri(uri), store=self.store, models_dir=self.settings.models_dir, principal=principal
        )
        self.store.audit.append(
            actor=principal.name, action="document.forget", resource=forgotten.uri, outcome="success"
        )
        return forgotten

    def apply_reviews(self, name: str, *, principal: Principal) -> Applied:
        """Make experts' verdicts part of a dataset; see ``ondol.forge.apply``."""
        applied = apply_reviews(self.store, name, principal=principal)
        if applied.version:
            self.store.audit.append(
                actor=principal.name, action="dataset.review", resource=name, outcome="success"
            )
        return applied

    def clean_forge(self, *, older_than: timedelta, remove: bool, principal: Principal) -> Cleaning:
        """Remove what finished runs left behind, or say what that is; see ``ondol.forge.clean``."""
        cleaning = clean(self.store, older_than=older_than, remove=remove, principal=principal)
        if remove:
            self.store.audit.append(
                actor=principal.name,
                action="forge.clean",
                outcome="success",
                detail={"runs": len(cleaning.runs), "calls": cleaning.calls},
            )
        return cleaning

    def survey_dataset(self, name: str, *, principal: Principal) -> tuple[DatasetManifest, Overview]:
        """Return what is known of a dataset, and what it amounts to; raises ``NotFoundError``."""
        manifest = self.store.datasets.load_manifest(name, principal=principal)
        overview = survey(
            self.store.datasets, manifest, model_licences=self._model_licences, principal=principal
        )
        return manifest, overview

    @property
    def _model_licences(self) -> dict[str, str]:
        return {record.name: record.licence for record in self.catalogue.list_models() if record.licence}

    def _after_change(self, action: str, document_id: str, *, principal: Principal) -> None:
        self.store.audit.append(actor=principal.name, action=action, resource=document_id, outcome="success")
        self.indexer.update()

    def search(
        self, query: str, *, principal: Principal, k: int = 10, narrow: Filter | None = None
    ) -> SearchResult:
        """Ranked passages that ``principal`` may read."""
        return self.searcher.search(query, principal=principal, k=k, narrow=narrow)

    def asker(self, model: str | None = None) -> Asker:
        """An answerer over the corpus with that chat model."""
        embedder = self.embedder.name if self.embedder is not None else ""
        return Asker(self.searcher, self.chat(model), analyser=self.analyser, embedder=embedder)

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


def _choice(base_url: str | None, model: str | None, api_key: SecretStr | None) -> ModelChoice:
    return ModelChoice(base_url=base_url or "", model=model or "", api_key=api_key or SecretStr(""))
