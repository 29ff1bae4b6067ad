"""Writing contents: what a parser made of some bytes, kept once and shared by the documents that hold it.

Functions on the writing connection; ``ondol.store.corpus`` puts them together.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, delete, insert, select

from ondol.core.documents import Chunk, ParsedDocument
from ondol.store import schema
from ondol.store.rows import build_chunk_rows, build_content_row, build_page_rows

T = TypeVar("T")

_BATCH = 500


def take_batches(items: Iterable[T], size: int = _BATCH) -> Iterator[list[T]]:
    """Yield the items in lists of at most ``size``."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def add_label(connection: Connection, text: str) -> None:
    """Register a label text, so that reading queries know it."""
    found = connection.execute(select(schema.label.c.text).where(schema.label.c.text == text)).first()
    if found is None:
        connection.execute(insert(schema.label), {"text": text})


def select_content(connection: Connection, blob_sha256: str, parser_fingerprint: str) -> int | None:
    """Return the row id of what this parser made of these bytes."""
    content = schema.content.c
    return connection.execute(
        select(content.id).where(
            content.blob_sha256 == blob_sha256, content.parser_fingerprint == parser_fingerprint
        )
    ).scalar()


def add_content(
    connection: Connection,
    parsed: ParsedDocument,
    chunks: Sequence[Chunk],
    *,
    blob_sha256: str,
    parser_fingerprint: str,
) -> int:
    """Insert content, pages and chunks and return the row id."""
    row = build_content_row(
        parsed, blob_sha256=blob_sha256, parser_fingerprint=parser_fingerprint, num_chunks=len(chunks)
    )
    content_id: int = connection.execute(
        insert(schema.content).values(row).returning(schema.content.c.id)
    ).scalar_one()
    _insert_many(connection, schema.page, build_page_rows(content_id, parsed.pages))
    _insert_many(connection, schema.chunk, build_chunk_rows(content_id, parsed.pages, chunks))
    return content_id


def drop_orphans(connection: Connection, content_ids: Collection[int]) -> None:
    """Delete those contents, with pages and chunks, that no document holds any more."""
    held = select(schema.document.c.id).where(schema.document.c.content_id == schema.content.c.id)
    for batch in take_batches(content_ids):
        connection.execute(delete(schema.content).where(schema.content.c.id.in_(batch), ~held.exists()))


def log_changes(connection: Connection, blob_sha256s: Iterable[str]) -> None:
    """Append to the change log; an older entry of the same content has nothing to add and is dropped."""
    for batch in take_batches(dict.fromkeys(blob_sha256s)):
        connection.execute(delete(schema.change).where(schema.change.c.blob_sha256.in_(batch)))
        connection.execute(insert(schema.change), [{"blob_sha256": sha256} for sha256 in batch])


def _insert_many(connection: Connection, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    for batch in take_batches(rows):
        connection.execute(insert(table), batch)
