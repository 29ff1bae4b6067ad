"""A corpus in a temporary home, and what it holds, written so that two can be compared."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ondol.core.access import LOCAL_PRINCIPAL
from ondol.ingest.pipeline import IngestOptions, IngestReport, Upload, ingest, ingest_upload
from ondol.search.indexer import Indexer
from ondol.search.query import HybridSearcher
from ondol.sources.limits import Limits
from ondol.sources.pool import ParserPool
from ondol.store import Store, open_store
from ondol.text.morphemes import Analyser

QUESTIONS = ("vehicle mission plan", "비행 기체 설정", "geofence", "the", "camera video")


class Corpus:
    """A home and the parts that work on it."""

    def __init__(self, store: Store, pool: ParserPool, analyser: Analyser) -> None:
        self.store = store
        self.pool = pool
        self.indexer = Indexer(store, analyser, None)
        self.searcher = HybridSearcher(store, analyser)

    def ingest(
        self, *paths: Path | str, principal=LOCAL_PRINCIPAL, progress=None, should_stop=None, **options
    ) -> IngestReport:
        return ingest(
            [str(path) for path in paths],
            store=self.store,
            pool=self.pool,
            indexer=self.indexer,
            principal=principal,
            options=IngestOptions(**options),
            progress=progress,
            should_stop=should_stop or (lambda: False),
        )

    def upload(self, data: bytes, name: str, **options) -> IngestReport:
        return ingest_upload(
            Upload(blob_sha256=self.store.blobs.put(data), name=name),
            store=self.store,
            pool=self.pool,
            indexer=self.indexer,
            principal=LOCAL_PRINCIPAL,
            options=IngestOptions(**options),
        )

    def documents(self) -> dict[str, Any]:
        """Every document by the last part of its address."""
        found, cursor = self.store.corpus.list_documents(principal=LOCAL_PRINCIPAL, limit=1000)
        assert cursor is None
        return {document.uri.rsplit("/", 1)[-1]: document for document in found}

    def uris(self) -> list[str]:
        return sorted(document.uri for document in self.documents().values())

    def find(self, query: str, k: int = 10, principal=LOCAL_PRINCIPAL) -> list[str]:
        """Addresses of the documents found."""
        return [hit.uri for hit in self.searcher.search(query, principal=principal, k=k).hits]

    def dump(self) -> dict[str, Any]:
        """Everything that must be the same after another way to the same corpus."""
        return dump(self.store, self.searcher)


def dump(store: Store, searcher: HybridSearcher) -> dict[str, Any]:
    corpus = store.corpus
    documents, _ = corpus.list_documents(principal=LOCAL_PRINCIPAL, limit=10_000)
    return {
        "documents": [document.to_json() | {"ingested_at": ""} for document in documents],
        "pages": [
            [p.to_json() for p in corpus.load_pages(d.id, principal=LOCAL_PRINCIPAL)] for d in documents
        ],
        "chunks": [
            [chunk.to_json() for chunk in corpus.load_document_chunks(d.id, principal=LOCAL_PRINCIPAL)]
            for d in documents
        ],
        "states": {
            uri: s.to_json() for uri, s in corpus.source_states("", principal=LOCAL_PRINCIPAL).items()
        },
        "failures": [(f.uri, f.code) for f in corpus.list_failures(principal=LOCAL_PRINCIPAL)],
        "originals": sorted({document.blob_sha256 for document in documents} - set(store.blobs.names())),
        "found": {
            question: sorted(
                hit.chunk_id for hit in searcher.search(question, principal=LOCAL_PRINCIPAL, k=1000).hits
            )
            for question in QUESTIONS
        },
    }


@pytest.fixture(scope="session")
def analyser() -> Analyser:
    return Analyser()


@pytest.fixture(scope="session")
def pool() -> Iterator[ParserPool]:
    with ParserPool(2, Limits(timeout_s=30.0, max_bytes=64 * 2**20)) as opened:
        yield opened


@pytest.fixture
def corpus(tmp_path: Path, pool: ParserPool, analyser: Analyser) -> Iterator[Corpus]:
    with open_store(tmp_path / "home") as store:
        yield Corpus(store, pool, analyser)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder with three documents."""
    folder = tmp_path / "docs"
    (folder / "sub").mkdir(parents=True)
    (folder / "fence.md").write_text(
        "# Geofence\n\nA geofence keeps the vehicle inside a zebra area.\n", "utf-8"
    )
    (folder / "sub" / "mission.txt").write_text(
        "Mission\n\nA mission is a list of giraffe waypoints.\n", "utf-8"
    )
    (folder / "sub" / "비행.html").write_text(
        "<title>비행</title><p>기체는 자동으로 이륙합니다.</p>", "utf-8"
    )
    return folder
