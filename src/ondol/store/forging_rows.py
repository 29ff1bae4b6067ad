"""Writing rows of a run's ledger: functions on the writing connection; ``ondol.store.forging`` uses them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.dialects.sqlite import insert as upsert

from ondol.core.examples import Example, Rejected, Split
from ondol.store import forging_tables as tables


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, if there are any."""
    if rows:
        connection.execute(insert(table), [dict(row) for row in rows])


def put_meta(connection: Connection, values: Mapping[str, str], *, is_new: bool = False) -> None:
    """Put values under names; with ``is_new`` only where there is none yet."""
    if not values:
        return
    statement = upsert(tables.meta)
    chosen = (
        statement.on_conflict_do_nothing()
        if is_new
        else statement.on_conflict_do_update(
            index_elements=["name"], set_={"value": statement.excluded.value}
        )
    )
    connection.execute(chosen, [{"name": name, "value": value} for name, value in values.items()])


def add_counters(connection: Connection, counted: Mapping[str, int]) -> None:
    """Add to what is counted."""
    if counted:
        statement = upsert(tables.counter)
        statement = statement.on_conflict_do_update(
            index_elements=["name"], set_={"value": tables.counter.c.value + statement.excluded.value}
        )
        connection.execute(statement, [{"name": name, "value": value} for name, value in counted.items()])


def add_labels(connection: Connection, texts: Iterable[str]) -> None:
    """Register label texts."""
    rows = [{"text": text} for text in sorted(set(texts))]
    if rows:
        connection.execute(upsert(tables.label).on_conflict_do_nothing(), rows)


def _next_seq(connection: Connection, table: Table) -> int:
    """Return the number of the next row; numbers of deleted rows are not given again."""
    used = connection.exec_driver_sql(
        "SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)
    ).scalar()
    return int(used or 0) + 1


def add_examples(connection: Connection, accepted: Sequence[tuple[Split, Example]]) -> None:
    """Insert examples with their sources; one that is there already is a contradiction."""
    rows, sources = [], []
    for seq, (split, example) in enumerate(accepted, _next_seq(connection, tables.example)):
        rows.append({
            "seq": seq,
            "id": example.id,
            "split": split,
            "kind": example.kind,
            "topic": example.topic,
            "body": example.model_dump_json(),
        })
        cited = {evidence.document for evidence in example.provenance.evidence}
        sources += [
            {"document_id": document, "seq": seq, "is_cited": document in cited}
            for document in example.documents
        ]
    insert_rows(connection, tables.example, rows)
    insert_rows(connection, tables.example_source, sources)


def add_rejected(connection: Connection, rejected: Sequence[Rejected]) -> None:
    """Insert what was rejected, with its sources."""
    rows, sources = [], []
    for seq, row in enumerate(rejected, _next_seq(connection, tables.rejected)):
        rows.append({"seq": seq, "reason": row.reason, "body": row.model_dump_json()})
        sources += [{"document_id": document, "seq": seq} for document in dict.fromkeys(row.documents)]
    insert_rows(connection, tables.rejected, rows)
    insert_rows(connection, tables.rejected_source, sources)
