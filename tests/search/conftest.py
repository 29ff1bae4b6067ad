"""A store with a few labelled documents in both languages."""

from datetime import UTC, datetime

import pytest

from ondol.core.access import Label
from ondol.core.documents import Chunk, Document, DocumentKind, Locator, Page, ParsedDocument
from ondol.core.ids import build_chunk_id, build_document_id, sha256_hex
from ondol.store import open_store
from ondol.text.morphemes import Analyser


@pytest.fixture(scope="session")
def analyser():
    return Analyser()


class Shelf:
    """Puts texts into a store; each paragraph is a chunk."""

    def __init__(self, store):
        self.store = store

    def put(
        self, name, text, *, label="open", kind=DocumentKind.TEXT, title="", modified_at=None, folder="/docs"
    ):
        uri = f"file://{folder}/{name}"
        blob = sha256_hex(text.encode())
        chunks, at = [], 0
        for ordinal, paragraph in enumerate(text.split("\n\n")):
            locator = Locator(start=at, end=at + len(paragraph))
            chunk_id = build_chunk_id(blob, None, paragraph, 0)
            chunks.append(
                Chunk(id=chunk_id, blob_sha256=blob, ordinal=ordinal, text=paragraph, locator=locator)
            )
            at += len(paragraph) + 2
        document = Document(
            id=build_document_id(uri),
            uri=uri,
            title=title or name,
            kind=kind,
            media_type="text/plain",
            blob_sha256=blob,
            size_bytes=len(text.encode()),
            label=Label.parse(label),
            licence="",
            num_chunks=len(chunks),
            modified_at=modified_at,
            ingested_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        parsed = ParsedDocument(kind=kind, media_type="text/plain", pages=(Page(text=text),))
        return self.store.corpus.save_document(document, parsed, chunks, parser_fingerprint="test-1")


@pytest.fixture
def shelf(tmp_path):
    store = open_store(tmp_path / "home")
    yield Shelf(store)
    store.close()
