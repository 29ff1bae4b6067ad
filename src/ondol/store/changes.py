"""The change log, and what the index must know: what changed, and what may now be found by whom."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from ondol.core.documents import DocumentKind
from ondol.store import schema
from ondol.store.contents import (
    take_batches,
)
from ondol.store.database import Database
from ondol.store.queries import (
    CHUNK_COLUMNS,
)
from ondol.store.records import Change, ContentEntry, Holder, IndexedChunk
from ondol.store.rows import (
    read_chunk_row,
)

_document = schema.document.c
_content = schema.content.c


class ChangeLog:
    """What changed in the corpus, for the indexer, which sees everything: labels are in what it is told."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def changes_since(self, seq: int, *, limit: int | None = None) -> list[Change]:
        """Return what changed after ``seq``, in order, at most ``limit``, made to survive a power cut.

        So the index may note that it is up to the last one returned: the log never falls back behind it. For
        a ``seq`` of the future (an older database was restored) everything is returned.
        """
        with self._database.read() as connection:
            if seq > (connection.execute(select(func.max(schema.change.c.seq))).scalar() or 0):
                seq = 0
            rows = connection.execute(
                select(schema.change)
                .where(schema.change.c.seq > seq)
                .order_by(schema.change.c.seq)
                .limit(limit)
            ).all()
        if rows:
            self._database.sync()
        return [Change(seq=row.seq, blob_sha256=row.blob_sha256) for row in rows]

    def last_change(self) -> int:
        """Return the newest sequence number, 0 for a corpus that never held anything."""
        with self._database.read() as connection:
            return connection.execute(select(func.max(schema.change.c.seq))).scalar() or 0

    def content_entries(self, blob_sha256s: Collection[str]) -> list[ContentEntry]:
        """Return, in the order asked for, what may now be found of each content; no chunks means: drop it."""
        found: dict[str, dict[str, IndexedChunk]] = {sha256: {} for sha256 in blob_sha256s}
        with self._database.read() as connection:
            for batch in take_batches(found):
                holders = _select_holders(connection, batch)
                rows = connection.execute(
                    select(*CHUNK_COLUMNS, _content.blob_sha256, schema.chunk.c.content_id)
                    .join_from(schema.chunk, schema.content)
                    .where(_content.blob_sha256.in_(batch))
                    .order_by(_content.id, schema.chunk.c.ordinal)
                ).mappings()
                for row in rows:
                    chunks, chunk = found[row["blob_sha256"]], read_chunk_row(row)
                    holding = holders.get(row["content_id"], ())
                    if other := chunks.get(
                        chunk.id
                    ):  # two parsers cut the same passage out of the same bytes
                        merged = sorted({*other.holders, *holding}, key=lambda holder: holder.uri)
                        chunks[chunk.id] = IndexedChunk(chunk=other.chunk, holders=tuple(merged))
                    elif holding:
                        chunks[chunk.id] = IndexedChunk(chunk=chunk, holders=holding)
        return [
            ContentEntry(blob_sha256=sha256, chunks=tuple(chunks.values()))
            for sha256, chunks in found.items()
        ]

    def blobs_in_use(self, blob_sha256s: Collection[str]) -> frozenset[str]:
        """Return those of the originals that a document holds."""
        used: set[str] = set()
        with self._database.read() as connection:
            for batch in take_batches(blob_sha256s):
                used.update(
                    connection.execute(
                        select(_content.blob_sha256).where(_content.blob_sha256.in_(batch))
                    ).scalars()
                )
        return frozenset(used)


def _select_holders(connection: Connection, blob_sha256s: Sequence[str]) -> dict[int, tuple[Holder, ...]]:
    rows = connection.execute(
        select(schema.document)
        .join_from(schema.document, schema.content)
        .where(_content.blob_sha256.in_(blob_sha256s))
        .order_by(_document.uri)
    )
    holders: dict[int, tuple[Holder, ...]] = {}
    for row in rows:
        holders[row.content_id] = (*holders.get(row.content_id, ()), _read_holder(row))
    return holders


def _read_holder(row: Row[Any]) -> Holder:
    return Holder(
        document=row.id,
        uri=row.uri,
        title=row.title,
        label=row.label,
        kind=DocumentKind(row.kind),
        dated_at=row.dated_at,
    )
