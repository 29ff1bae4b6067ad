"""The tables of a run's ledger: one SQLite file per run, apart from the store's own database.

``body`` holds the row as JSON; the other columns are what is searched, counted and put in order.
"""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, MetaData, Table, Text

FORMAT = 1
"""Of the file, in ``PRAGMA user_version``."""

metadata = MetaData()

meta = Table("meta", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

counter = Table(
    "counter", metadata, Column("name", Text, primary_key=True), Column("value", Integer, nullable=False)
)

label = Table("label", metadata, Column("text", Text, primary_key=True))
"""Every label text in the file: who opens it must be able to read each."""

document = Table(
    "document",
    metadata,
    Column("position", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("split", Text, nullable=False),
    Column("is_read", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_document_split", "split", "position"),
)

passage = Table(
    "passage",
    metadata,
    Column("round", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("document_id", Text, ForeignKey("document.id", ondelete="CASCADE"), nullable=False),
    Column("split", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_passage_split", "split", "round", "position"),
    Index("ix_passage_document", "document_id", "round"),
)

document_topic = Table(
    "document_topic",
    metadata,
    Column("document_id", Text, ForeignKey("document.id", ondelete="CASCADE"), primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("num_facts", Integer, nullable=False),
    Index("ix_document_topic_topic", "topic", "num_facts"),
)

example = Table(
    "example",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("split", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_example_split", "split"),
    Index("ix_example_kind", "kind"),
    Index("ix_example_split_kind", "split", "kind"),
    Index("ix_example_topic", "topic"),
    sqlite_autoincrement=True,
)

example_source = Table(
    "example_source",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("seq", Integer, ForeignKey("example.seq", ondelete="CASCADE"), primary_key=True),
    Column("is_cited", Boolean, nullable=False),
    Index("ix_example_source_seq", "seq"),
    Index("ix_example_source_is_cited", "is_cited", "document_id"),
)
"""The documents that an example was made from; cited: it is quoted as evidence."""

rejected = Table(
    "rejected",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("reason", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_rejected_reason", "reason"),
    sqlite_autoincrement=True,
)

rejected_source = Table(
    "rejected_source",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("seq", Integer, ForeignKey("rejected.seq", ondelete="CASCADE"), primary_key=True),
    Index("ix_rejected_source_seq", "seq"),
)

retention = Table(
    "retention",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("body", Text, nullable=False),
    sqlite_autoincrement=True,
)
