"""Deleting from the ledgers of all runs what was made from a document."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Table, delete, func, select

from ondol.core.errors import StorageError
from ondol.core.frozen import Frozen
from ondol.store import forging_tables as tables
from ondol.store.contents import take_batches
from ondol.store.database import Database
from ondol.store.forging_file import build_run_lock, connect_ledger, locate_ledgers, prepare


class RemovedRows(Frozen):
    """What left a ledger with a document."""

    documents: int = 0
    passages: int = 0
    examples: int = 0
    rejected: int = 0


def forget_in_runs(home: Path, document_id: str, *, calls: Collection[str] = ()) -> dict[str, RemovedRows]:
    """Delete a document and what was made from it from every ledger; one transaction for each.

    Nothing is read out, so no principal is asked for: the caller decides who may do this.

    Args:
        home: the home folder.
        document_id: in the plans or not.
        calls: keys of model calls whose prompt held the document; examples that came from them go too.

    Returns:
        What left, by run; runs that had nothing of it are not named.

    Raises:
        ConflictError: a run is being worked on.
    """
    touched = {}
    for path in locate_ledgers(home):
        run_id = path.parent.name
        database = connect_ledger(path)
        try:
            with build_run_lock(path).hold():
                removed = _remove_document(database, path, document_id, frozenset(calls))
                database.close()
                if removed != RemovedRows():
                    touched[run_id] = removed
                    _overwrite_deleted(path)
        finally:
            database.close()
    return touched


def _remove_document(database: Database, path: Path, document_id: str, calls: frozenset[str]) -> RemovedRows:
    with database.write() as connection:
        prepare(connection, path)
        passages = connection.execute(
            delete(tables.passage).where(tables.passage.c.document_id == document_id)
        ).rowcount
        documents = connection.execute(
            delete(tables.document).where(tables.document.c.id == document_id)
        ).rowcount
        called = _find_called(connection, calls)
        return RemovedRows(
            documents=documents,
            passages=passages,
            examples=_delete_made(connection, tables.example, tables.example_source, document_id, called),
            rejected=_delete_made(connection, tables.rejected, tables.rejected_source, document_id, ()),
        )


def _find_called(connection: Connection, keys: frozenset[str]) -> list[int]:
    """Return the numbers of the examples that came from one of these model calls."""
    if not keys:
        return []
    calls = func.json_extract(tables.example.c.body, "$.provenance.calls")
    rows = connection.execution_options(yield_per=500).execute(
        select(tables.example.c.seq, calls.label("calls")).where(calls != "[]")
    )
    return [row.seq for row in rows if not keys.isdisjoint(json.loads(row.calls))]


def _delete_made(
    connection: Connection, table: Table, source: Table, document_id: str, further: Sequence[int]
) -> int:
    made = select(source.c.seq).where(source.c.document_id == document_id)
    count = connection.execute(delete(table).where(table.c.seq.in_(made))).rowcount
    for batch in take_batches(further):
        count += connection.execute(delete(table).where(table.c.seq.in_(batch))).rowcount
    return count


def _overwrite_deleted(path: Path) -> None:
    """Write the file anew: deleted text stays readable in the free pages of the old one and in its log."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise StorageError(
            f"{path} could not be written anew: {error}.", remedy="Free some space and run again."
        ) from error
