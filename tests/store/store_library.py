"""Makes documents out of pages of sentences and saves them."""

from datetime import UTC, datetime

from ondol.core.access import Label
from ondol.core.documents import Block, Chunk, Document, DocumentKind, Locator, Page, ParsedDocument
from ondol.core.ids import build_chunk_id, build_document_id, sha256_hex

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class Library:
    """Makes documents out of pages of sentences and saves them."""

    def parse(self, pages, *, paged=True, title="Title", kind=DocumentKind.TEXT):
        return ParsedDocument(
            kind=kind,
            media_type="text/plain",
            title=title,
            language="en",
            author="An Author",
            created_at=NOW,
            pages=tuple(
                Page(
                    number=number if paged else None,
                    text=text,
                    blocks=(Block(kind="paragraph", start=0, end=len(text)),),
                )
                for number, text in enumerate(pages, 1)
            ),
        )

    def cut(self, parsed, blob):
        chunks = []
        for page in parsed.pages:
            start = 0
            for sentence in page.text.split("\n"):
                end = start + len(sentence)
                same = [
                    chunk for chunk in chunks if chunk.text == sentence and chunk.locator.page == page.number
                ]
                chunks.append(
                    Chunk(
                        id=build_chunk_id(blob, page.number, sentence, len(same)),
                        blob_sha256=blob,
                        ordinal=len(chunks),
                        text=sentence,
                        context="Heading",
                        locator=Locator(page=page.number, start=start, end=end),
                    )
                )
                start = end + 1
        return chunks

    def describe(self, uri, pages, *, label="open", title=None, kind=DocumentKind.TEXT, modified_at=None):
        data = "\f".join(pages).encode()
        return Document(
            id=build_document_id(uri),
            uri=uri,
            title=title if title is not None else uri.rsplit("/", 1)[-1],
            kind=kind,
            media_type="text/plain",
            blob_sha256=sha256_hex(data),
            size_bytes=len(data),
            label=Label.parse(label),
            licence="CC0-1.0",
            language="en",
            modified_at=modified_at,
            ingested_at=NOW,
        )

    def save(self, store, uri, pages, *, fingerprint="p1", mtime_ns=1, **described):
        pages = [pages] if isinstance(pages, str) else pages
        document = self.describe(uri, pages, **described)
        parsed = self.parse(pages)
        return store.corpus.save_document(
            document,
            parsed,
            self.cut(parsed, document.blob_sha256),
            parser_fingerprint=fingerprint,
            mtime_ns=mtime_ns,
        )

    def chunk_ids(self, pages):
        pages = [pages] if isinstance(pages, str) else pages
        return [chunk.id for chunk in self.cut(self.parse(pages), sha256_hex("\f".join(pages).encode()))]
