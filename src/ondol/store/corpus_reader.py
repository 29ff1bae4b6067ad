"""Reading the corpus: every read takes the principal and filters by label inside the query."""

from collections.abc import Collection

from sqlalchemy import Connection, RowMapping, func, select

from ondol.core.access import Label, Principal
from ondol.core.documents import Chunk, Document, Filter, Page
from ondol.core.errors import NotFoundError
from ondol.store import schema
from ondol.store.contents import (
    select_content,
)
from ondol.store.cursors import decode_cursor, encode_cursor
from ondol.store.database import Database
from ondol.store.queries import (
    CHUNK_COLUMNS,
    CONTENT_COLUMNS,
    choose_labels,
    is_narrowed,
    is_readable,
    is_within,
)
from ondol.store.records import Counts, SourceState
from ondol.store.rows import (
    fold_search_text,
    parse_label,
    read_chunk_row,
    read_document_row,
    read_page_row,
)

_document = schema.document.c
_content = schema.content.c
_holder = schema.document.alias("holder")
SELECT_DOCUMENT = select(schema.document, *CONTENT_COLUMNS).join_from(schema.document, schema.content)
"""Documents with what their rows need of the content (see ``read_document_row``)."""


class CorpusReader:
    """What may be read of the corpus, and by whom; ``ondol.store.corpus.Corpus`` adds the writing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load_document(self, document_id: str, *, principal: Principal) -> Document:
        """Return the document; raises ``NotFoundError`` when there is none that ``principal`` may read."""
        with self._database.read() as connection:
            return read_document_row(self._find(connection, document_id, principal))

    def list_documents(
        self,
        *,
        principal: Principal,
        limit: int = 100,
        cursor: str | None = None,
        query: str | None = None,
        narrow: Filter | None = None,
        label: Label | None = None,
    ) -> tuple[tuple[Document, ...], str | None]:
        """Return the next documents by address, and the cursor of those after them (``None`` at the end).

        Args:
            limit: at most so many.
            principal: documents that it may not read are not there.
            cursor: as returned before; documents added or removed meanwhile neither repeat nor hide others.
            query: part of the title or of the address, in any case.
            narrow: keep what passes.
            label: keep documents with exactly this label.
        """
        statement = SELECT_DOCUMENT.where(is_narrowed(narrow)).order_by(_document.uri).limit(limit + 1)
        if cursor:
            statement = statement.where(_document.uri > decode_cursor(cursor, str)[0])
        if query:
            statement = statement.where(
                _document.search_text.contains(fold_search_text(query), autoescape=True)
            )
        if label is not None:
            statement = statement.where(_document.label == str(label))
        with self._database.read() as connection:
            labels = choose_labels(connection, principal)
            rows = connection.execute(statement.where(is_readable(labels))).mappings().all()
        documents = tuple(read_document_row(row) for row in rows[:limit])
        return documents, encode_cursor(documents[-1].uri) if len(rows) > limit and documents else None

    def load_pages(self, document_id: str, *, principal: Principal) -> tuple[Page, ...]:
        """Return all pages, in order; raises ``NotFoundError``."""
        with self._database.read() as connection:
            content_id = self._find(connection, document_id, principal)["content_id"]
            rows = connection.execute(
                select(schema.page)
                .where(schema.page.c.content_id == content_id)
                .order_by(schema.page.c.ordinal)
            ).mappings()
            return tuple(read_page_row(row) for row in rows)

    def load_page(self, document_id: str, page: int | None, *, principal: Principal) -> Page:
        """Return one page (``None``: the whole of a document without pages); raises ``NotFoundError``."""
        number = schema.page.c.number
        with self._database.read() as connection:
            content_id = self._find(connection, document_id, principal)["content_id"]
            row = (
                connection
                .execute(
                    select(schema.page)
                    .where(schema.page.c.content_id == content_id)
                    .where(number.is_(None) if page is None else number == page)
                )
                .mappings()
                .first()
            )
        if row is None:
            raise NotFoundError(f"Document {document_id} has no page {page}.", remedy="See its num_pages.")
        return read_page_row(row)

    def load_chunks(
        self, chunk_ids: Collection[str], *, principal: Principal, narrow: Filter | None = None
    ) -> dict[str, tuple[Chunk, Document]]:
        """Return the chunks that ``principal`` may read, each with the first document, by URI, that holds it.

        Chunks that do not exist, may not be read or do not pass ``narrow`` are missing.
        """
        if not chunk_ids:
            return {}
        with self._database.read() as connection:
            first = (
                select(_holder.c.uri)
                .where(_holder.c.content_id == schema.chunk.c.content_id)
                .where(
                    is_readable(choose_labels(connection, principal), _holder), is_narrowed(narrow, _holder)
                )
                .order_by(_holder.c.uri)
                .limit(1)
                .scalar_subquery()
            )
            rows = (
                connection
                .execute(
                    select(*CHUNK_COLUMNS, schema.document, *CONTENT_COLUMNS)
                    .join_from(schema.chunk, schema.document, _document.uri == first)
                    .join(schema.content, _content.id == _document.content_id)
                    .where(schema.chunk.c.chunk_id.in_(chunk_ids))
                    .order_by(_document.uri)
                )
                .mappings()
                .all()
            )
        found: dict[str, tuple[Chunk, Document]] = {}
        documents: dict[str, Document] = {}
        for row in rows:
            if row["chunk_chunk_id"] in found:
                continue
            if row["id"] not in documents:
                documents[row["id"]] = read_document_row(row)
            found[row["chunk_chunk_id"]] = (read_chunk_row(row), documents[row["id"]])
        return found

    def load_document_chunks(self, document_id: str, *, principal: Principal) -> tuple[Chunk, ...]:
        """Return the document's chunks in order; raises ``NotFoundError``."""
        with self._database.read() as connection:
            content_id = self._find(connection, document_id, principal)["content_id"]
            rows = connection.execute(
                select(*CHUNK_COLUMNS, _content.blob_sha256)
                .join_from(schema.chunk, schema.content)
                .where(schema.chunk.c.content_id == content_id)
                .order_by(schema.chunk.c.ordinal)
            ).mappings()
            return tuple(read_chunk_row(row) for row in rows)

    def list_labels(self, *, principal: Principal) -> tuple[Label, ...]:
        """Return the labels of the documents that ``principal`` may read."""
        with self._database.read() as connection:
            readable = is_readable(choose_labels(connection, principal))
            texts = connection.execute(select(_document.label).where(readable).distinct()).scalars()
            return tuple(parse_label(text) for text in sorted(texts))

    def source_states(self, prefix: str, *, principal: Principal) -> dict[str, SourceState]:
        """Return, by URI, what was ingested from ``prefix`` itself and below it (everything for ``""``)."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(
                    _document.uri,
                    _document.size_bytes,
                    _document.mtime_ns,
                    _content.blob_sha256,
                    _document.given_label,
                    _document.given_licence,
                    _content.parser_fingerprint,
                )
                .join_from(schema.document, schema.content)
                .where(is_within(_document.uri, prefix), is_readable(choose_labels(connection, principal)))
                .order_by(_document.uri)
            )
            return {
                row.uri: SourceState(
                    size_bytes=row.size_bytes,
                    mtime_ns=row.mtime_ns,
                    blob_sha256=row.blob_sha256,
                    label=parse_label(row.given_label),
                    licence=row.given_licence,
                    parser_fingerprint=row.parser_fingerprint,
                )
                for row in rows
            }

    def has_content(self, blob_sha256: str, parser_fingerprint: str) -> bool:
        """Tell whether these bytes were parsed by this parser already and are held by a document."""
        with self._database.read() as connection:
            return select_content(connection, blob_sha256, parser_fingerprint) is not None

    def counts(self, *, principal: Principal) -> Counts:
        """Count what ``principal`` may read."""
        with self._database.read() as connection:
            readable = is_readable(choose_labels(connection, principal))
            kinds = connection.execute(
                select(_document.kind, func.count(), func.sum(_document.size_bytes))
                .where(readable)
                .group_by(_document.kind)
                .order_by(_document.kind)
            ).all()
            chunks, pages = connection.execute(
                select(
                    func.coalesce(func.sum(_content.num_chunks), 0),
                    func.coalesce(func.sum(func.coalesce(_content.num_pages, 1)), 0),
                ).where(_content.id.in_(select(_document.content_id).where(readable)))
            ).one()
        return Counts(
            documents=sum(row[1] for row in kinds),
            chunks=int(chunks),
            pages=int(pages),
            size_bytes=int(sum(row[2] for row in kinds)),
            kinds={row[0]: row[1] for row in kinds},
        )

    def _find(self, connection: Connection, document_id: str, principal: Principal) -> RowMapping:
        readable = is_readable(choose_labels(connection, principal))
        row = (
            connection
            .execute(SELECT_DOCUMENT.where(_document.id == document_id, readable))
            .mappings()
            .first()
        )
        if row is None:
            # The same words whether it does not exist or may not be known of.
            raise NotFoundError(
                f"There is no document {document_id[:80]!r} that {principal.name} may read.",
                remedy="List the documents, or ask its owner for access.",
            )
        return row
