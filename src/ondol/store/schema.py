"""The tables, as SQLAlchemy Core knows them; ``migrations`` brings a database to this shape.

Times are whole microseconds since 1970 in UTC, so that both databases compare and sort them alike. Addresses
sort by code point on both (PostgreSQL's own order depends on the machine's locale).
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def count_microseconds(instant: datetime) -> int:
    """Return the whole microseconds since 1970; an instant without zone is taken as UTC."""
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MICROSECOND


def read_microseconds(count: int) -> datetime:
    """Return the instant, in UTC."""
    return _EPOCH + timedelta(microseconds=count)


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept as microseconds since 1970; a time without zone is taken as UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the microseconds."""
        return None if value is None else count_microseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as above
        """Return the time."""
        return None if value is None else read_microseconds(value)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_Serial = BigInteger().with_variant(Integer, "sqlite")
_Address = Text().with_variant(Text(collation="C"), "postgresql")

label = Table("label", metadata, Column("text", Text, primary_key=True))
"""Every label text ever given to something: few rows, from which a principal's readable ones are chosen."""

content = Table(
    "content",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("blob_sha256", Text, nullable=False),
    Column("parser_fingerprint", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("created_at", UtcTime),
    Column("modified_at", UtcTime),
    Column("warnings", JSON, nullable=False),
    Column("num_pages", Integer),
    Column("num_chunks", Integer, nullable=False),
    UniqueConstraint("blob_sha256", "parser_fingerprint"),
    sqlite_autoincrement=True,
)
"""What a parser made of some bytes: shared by every document with those bytes."""

page = Table(
    "page",
    metadata,
    Column("content_id", _Serial, ForeignKey("content.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("number", Integer),
    Column("text", Text, nullable=False),
    Column("blocks", Text, nullable=False),
    Column("scanned", Boolean, nullable=False),
)

chunk = Table(
    "chunk",
    metadata,
    Column("content_id", _Serial, ForeignKey("content.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("chunk_id", Text, nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("context", Text, nullable=False),
    Column("page", Integer),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("sheet", Text),
    Column("row", Integer),
    Column("start_s", Float),
    Column("end_s", Float),
    Column("bbox", JSON(none_as_null=True)),
)

document = Table(
    "document",
    metadata,
    Column("id", Text, primary_key=True),
    Column("uri", _Address, nullable=False, unique=True),
    Column("content_id", _Serial, ForeignKey("content.id"), nullable=False),
    Column("title", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("label", Text, ForeignKey("label.text"), nullable=False),
    Column("licence", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", UtcTime),
    Column("modified_at", UtcTime),
    Column("dated_at", UtcTime),
    Column("ingested_at", UtcTime, nullable=False),
    Column("warnings", JSON, nullable=False),
    Column("given_label", Text, nullable=False),
    Column("given_licence", Text, nullable=False),
    Column("given_title", Text, nullable=False),
    Column("search_text", Text, nullable=False),
    Index(None, "content_id", "uri"),
)
"""One row per address. ``given_*`` is what the source said; the plain columns may be set by hand since."""

change = Table(
    "change",
    metadata,
    Column("seq", _Serial, primary_key=True, autoincrement=True),
    Column("blob_sha256", Text, nullable=False, unique=True),
    sqlite_autoincrement=True,
)
"""The newest change of each content's searchable state; its older entries are dropped."""

failure = Table(
    "failure",
    metadata,
    Column("uri", _Address, primary_key=True),
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("label", Text, ForeignKey("label.text"), nullable=False),
    Column("failed_at", UtcTime, nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("status", Text, nullable=False),
    Column("principal", Text, nullable=False, index=True),
    Column("progress", JSON, nullable=False),
    Column("result", JSON(none_as_null=True)),
    Column("error_code", Text),
    Column("error_message", Text),
    Column("error_remedy", Text),
    Column("attempts", Integer, nullable=False),
    Column("is_cancelling", Boolean, nullable=False),
    Column("worker", Text),
    Column("due_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index(None, "status", "due_at"),
)
"""``due_at``: when a worker may take it. Waiting: at once, or after a pause; running: when its lease ends."""

principal = Table(
    "principal",
    metadata,
    Column("name", Text, primary_key=True),
    Column("grade", SmallInteger, nullable=False),
    Column("groups", JSON, nullable=False),
    Column("is_admin", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("principal", Text, ForeignKey("principal.name"), nullable=False),
    Column("secret_sha256", Text, nullable=False, unique=True),
    Column("created_at", UtcTime, nullable=False),
    Column("last_used_at", UtcTime),
    Column("revoked_at", UtcTime),
)

conversation = Table(
    "conversation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("principal", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index(None, "principal", "updated_at"),
)

message = Table(
    "message",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("label", Text, ForeignKey("label.text"), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("conversation_id", "ordinal"),
)

message_source = Table(
    "message_source",
    metadata,
    Column("message_id", Text, ForeignKey("message.id", ondelete="CASCADE"), primary_key=True),
    Column("document_id", Text, primary_key=True),
)
"""The documents an answer was made from: it is shown only while its owner may read each that still exists."""

feedback = Table(
    "feedback",
    metadata,
    Column("message_id", Text, ForeignKey("message.id", ondelete="CASCADE"), primary_key=True),
    Column("principal", Text, nullable=False),
    Column("rating", Text, nullable=False),
    Column("correction", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)
"""One row: the newest line of the audit log, so that a shortened log is noticed."""

model_call = Table(
    "model_call",
    metadata,
    Column("key", Text, primary_key=True),
    Column("reply", Text, nullable=False),
    Column("label", Text, ForeignKey("label.text"), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
"""Replies of models, kept so that the same question is asked once."""

model_call_source = Table(
    "model_call_source",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("key", Text, ForeignKey("model_call.key", ondelete="CASCADE"), primary_key=True),
    Index(None, "key"),
)
"""The documents in the prompt of a call: when one is forgotten, so is the call."""

review = Table(
    "review",
    metadata,
    Column("dataset", Text, primary_key=True),
    Column("example_id", Text, primary_key=True),
    Column("reviewer", Text, primary_key=True),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("messages", JSON(none_as_null=True)),
    Column("seconds", Float, nullable=False),
    Column("label", Text, ForeignKey("label.text"), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
"""What experts said of examples; ``messages`` as they corrected them."""

review_source = Table(
    "review_source",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("dataset", Text, primary_key=True),
    Column("example_id", Text, primary_key=True),
    Column("reviewer", Text, primary_key=True),
    ForeignKeyConstraint(
        ["dataset", "example_id", "reviewer"],
        ["review.dataset", "review.example_id", "review.reviewer"],
        ondelete="CASCADE",
    ),
    Index(None, "dataset", "example_id", "reviewer"),
)
