"""The corpus: documents by address, contents by their bytes and parser, chunks, and the log of what changed.

A document is replaced in one transaction: a reader sees the old one or the new one. See
``docs/decisions/0001-identity.md`` and ``0003-store.md``.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from ondol.core.access import Label, Principal
from ondol.core.clock import Clock
from ondol.core.documents import Chunk, Document, ParsedDocument
from ondol.store import schema
from ondol.store.changes import ChangeLog
from ondol.store.contents import (
    add_content,
    add_label,
    drop_orphans,
    log_changes,
    select_content,
    take_batches,
)
from ondol.store.corpus_reader import SELECT_DOCUMENT, CorpusReader
from ondol.store.database import Database
from ondol.store.failures import FailureList
from ondol.store.rows import (
    build_document_row,
    fold_search_text,
    read_document_row,
)

_document = schema.document.c
_content = schema.content.c
_SEARCHABLE = ("uri", "title", "label", "kind", "dated_at", "content_id")
_BY_HAND = ("label", "licence", "title")


class Corpus(CorpusReader, ChangeLog, FailureList):
    """Documents and what they hold. Safe to use from several threads."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        super().__init__(database)
        self._clock = clock

    def save_document(
        self,
        document: Document,
        parsed: ParsedDocument,
        chunks: Sequence[Chunk],
        *,
        parser_fingerprint: str,
        mtime_ns: int = 0,
    ) -> Document:
        """Add the document or replace the one at its address, in one transaction, and return it as stored.

        When the bytes were stored before with this fingerprint, their pages and chunks are kept and those
        given are not used. A label, licence or title set by hand stays until the source gives another one.

        Args:
            document: its ``num_pages`` and ``num_chunks`` are not used.
            parsed: of these bytes.
            chunks: exact slices of ``parsed.pages``.
            parser_fingerprint: changes when the same bytes would give other pages or chunks.
            mtime_ns: of the source, to see later whether it changed.

        Raises:
            WrongUseError: a chunk is not an exact slice.
        """
        with self._database.write() as connection:
            content_id = select_content(connection, document.blob_sha256, parser_fingerprint)
            if content_id is None:
                content_id = add_content(
                    connection,
                    parsed,
                    chunks,
                    blob_sha256=document.blob_sha256,
                    parser_fingerprint=parser_fingerprint,
                )
            return self._save(
                connection, build_document_row(document, content_id=content_id, mtime_ns=mtime_ns)
            )

    def link_document(
        self,
        document: Document,
        *,
        parser_fingerprint: str,
        mtime_ns: int = 0,
        fallback_title: str = "",
        fallback_date: datetime | None = None,
    ) -> Document | None:
        """Save a document whose bytes were parsed before, without parsing again; ``None`` when they were not.

        Title, author, language, dates, type and warnings come from the content where ``document`` has none,
        and the fallbacks stand in for a title and a date that the content does not have either.
        """
        with self._database.write() as connection:
            row = connection.execute(
                select(schema.content).where(
                    _content.blob_sha256 == document.blob_sha256,
                    _content.parser_fingerprint == parser_fingerprint,
                )
            ).first()
            if row is None:
                return None
            created_at = document.created_at or row.created_at
            modified_at = document.modified_at or row.modified_at
            filled = document.model_copy(
                update={
                    "title": document.title or row.title or fallback_title,
                    "author": document.author or row.author,
                    "language": document.language or row.language,
                    "created_at": created_at,
                    "modified_at": modified_at or (None if created_at else fallback_date),
                    "media_type": document.media_type or row.media_type,
                    "warnings": document.warnings or tuple(row.warnings),
                }
            )
            return self._save(connection, build_document_row(filled, content_id=row.id, mtime_ns=mtime_ns))

    def touch_document(self, document_id: str, *, mtime_ns: int, size_bytes: int) -> None:
        """Note that the source was looked at and holds the same bytes; nothing searchable changes."""
        with self._database.write() as connection:
            connection.execute(
                update(schema.document)
                .where(_document.id == document_id)
                .values(mtime_ns=mtime_ns, size_bytes=size_bytes)
            )

    def remove_documents(self, document_ids: Collection[str]) -> int:
        """Remove documents, and contents that none holds any more, in one transaction; return how many."""
        removed = 0
        with self._database.write() as connection:
            for batch in take_batches(document_ids):
                held = connection.execute(
                    select(_document.content_id, _content.blob_sha256)
                    .distinct()
                    .join_from(schema.document, schema.content)
                    .where(_document.id.in_(batch))
                ).all()
                removed += connection.execute(delete(schema.document).where(_document.id.in_(batch))).rowcount
                drop_orphans(connection, [row[0] for row in held])
                log_changes(connection, [row[1] for row in held])
        return removed

    def update_document(
        self,
        document_id: str,
        *,
        principal: Principal,
        label: Label | None = None,
        licence: str | None = None,
        title: str | None = None,
    ) -> Document:
        """Set by hand what is given, and return the document; raises ``NotFoundError``.

        Whether ``principal`` may set this label is for the caller to decide, and to audit.
        """
        values: dict[str, Any] = {
            name: value
            for name, value in (("licence", licence), ("title", title), ("label", label and str(label)))
            if value is not None
        }
        with self._database.write() as connection:
            old = self._find(connection, document_id, principal)
            if values:
                if label is not None:
                    add_label(connection, str(label))
                values["search_text"] = fold_search_text(values.get("title", old["title"]), old["uri"])
                connection.execute(update(schema.document).where(_document.id == document_id).values(values))
                if any(old[name] != values[name] for name in ("label", "title") if name in values):
                    log_changes(connection, [old["blob_sha256"]])
            return self._read_saved(connection, document_id)

    def _save(self, connection: Connection, row: dict[str, Any]) -> Document:
        """Insert or replace the document's row, drop what it held before, log the change."""
        old = connection.execute(SELECT_DOCUMENT.where(_document.id == row["id"])).first()
        if old is not None:
            for name in _BY_HAND:
                if row[name] == getattr(old, f"given_{name}"):
                    row[name] = getattr(old, name)
            row["search_text"] = fold_search_text(row["title"], row["uri"])
        add_label(connection, row["label"])
        if old is None:
            connection.execute(insert(schema.document), row)
        else:
            connection.execute(update(schema.document).where(_document.id == row["id"]).values(row))
        saved = self._read_saved(connection, row["id"])
        if old is None:
            log_changes(connection, [saved.blob_sha256])
        elif any(getattr(old, name) != row[name] for name in _SEARCHABLE):
            drop_orphans(connection, [old.content_id])
            log_changes(connection, [old.blob_sha256, saved.blob_sha256])
        return saved

    def _read_saved(self, connection: Connection, document_id: str) -> Document:
        row = connection.execute(SELECT_DOCUMENT.where(_document.id == document_id)).mappings().one()
        return read_document_row(row)
