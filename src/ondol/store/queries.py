"""The conditions of a reading query: what the principal may see, and how a filter narrows it.

Both become part of the SQL statement: a row that may not be seen never leaves the database.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, FromClause, and_, or_, select, true

from ondol.core.access import Principal
from ondol.core.documents import Filter
from ondol.policy.access import can_read
from ondol.store import schema
from ondol.store.rows import parse_label

CHUNK_COLUMNS = tuple(
    column.label(f"chunk_{column.name}") for column in schema.chunk.columns if column.name != "content_id"
)
CONTENT_COLUMNS = (schema.content.c.blob_sha256, schema.content.c.num_pages, schema.content.c.num_chunks)


def choose_labels(connection: Connection, principal: Principal) -> list[str]:
    """Return the label texts in use that ``principal`` may read: distinct labels are few."""
    texts = connection.execute(select(schema.label.c.text)).scalars()
    return sorted(text for text in texts if can_read(principal, parse_label(text)))


def is_readable(labels: Sequence[str], document: FromClause = schema.document) -> ColumnElement[bool]:
    """Keep documents with one of these labels."""
    return document.c.label.in_(labels)


def is_within(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Keep addresses that are ``prefix`` or lie below it: in its folder, or in its archive (``a.zip!/…``)."""
    if not prefix:
        return true()
    if prefix.endswith("/"):
        return _starts_with(column, prefix)
    return or_(column == prefix, _starts_with(column, prefix + "/"), _starts_with(column, prefix + "!/"))


def is_narrowed(narrow: Filter | None, document: FromClause = schema.document) -> ColumnElement[bool]:
    """Keep documents that pass the filter."""
    if narrow is None:
        return true()
    column = document.c
    conditions: list[ColumnElement[bool]] = []
    if narrow.documents:
        conditions.append(column.id.in_(narrow.documents))
    if narrow.sources:
        conditions.append(or_(*(is_within(column.uri, source) for source in narrow.sources)))
    if narrow.kinds:
        conditions.append(column.kind.in_([kind.value for kind in narrow.kinds]))
    if narrow.after is not None:
        conditions.append(column.dated_at >= narrow.after)
    if narrow.before is not None:
        conditions.append(column.dated_at < narrow.before)
    return and_(true(), *conditions)


def _starts_with(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    # A range, not LIKE: it uses the index on both databases and needs no escaping.
    return and_(column >= prefix, column < prefix + "\U0010ffff")
