"""The ledger of a run of the forge: what was planned, read, accepted and rejected, in one SQLite file.

Each change is one transaction, so a process killed at any instant leaves a ledger between two of them. Only
the file grows with the run: whoever reads asks for a page at a time.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Select, delete, distinct, func, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from ondol.core.access import Principal
from ondol.core.errors import AccessDeniedError, NotFoundError
from ondol.core.examples import (
    Example,
    ExampleKind,
    Fact,
    Passage,
    Rejected,
    RetentionExample,
    Split,
)
from ondol.core.frozen import Frozen
from ondol.policy.access import can_read
from ondol.store import forging_tables as tables
from ondol.store.blobs import translate_os_errors
from ondol.store.database import Database
from ondol.store.forging_file import (
    build_run_lock,
    connect_ledger,
    locate_ledger,
    locate_ledgers,
    prepare,
)
from ondol.store.forging_rows import (
    add_counters,
    add_examples,
    add_labels,
    add_rejected,
    insert_rows,
    put_meta,
)
from ondol.store.locks import FileLock
from ondol.store.rows import parse_label

_OWNER = "principal"
_T = TypeVar("_T", bound=Frozen)
_COUNTS = TypeAdapter(dict[tuple[Split, ExampleKind], int])


class RunDocument(Frozen):
    """A document that a run may use.

    Attributes:
        label: text form.
        group: near-duplicates and versions of one document share it; it never spans splits.
        position: in the plan, from 0; each has its own.
    """

    id: str
    uri: str
    title: str
    language: str = ""
    label: str = "open"
    licence: str = "unknown"
    blob_sha256: str = ""
    group: str = ""
    split: Split
    topic: str = ""
    position: int
    num_chunks: int = 0


class PlannedPassage(Frozen):
    """A passage with its facts, and where it stands in the plan.

    Attributes:
        round: rank of the passage within its document, from 0; each has its own.
        position: of its document.
    """

    passage: Passage
    facts: tuple[Fact, ...]
    split: Split
    round: int
    position: int

    @property
    def cursor(self) -> tuple[int, int]:
        """Pass it as ``after`` to get the passages that follow."""
        return self.round, self.position


class Batch(Frozen):
    """What is committed together.

    Attributes:
        counters: added to what is counted already.
        meta: put as by ``RunLedger.put``.
    """

    accepted: tuple[tuple[Split, Example], ...] = ()
    rejected: tuple[Rejected, ...] = ()
    retention: tuple[RetentionExample, ...] = ()
    counters: Mapping[str, int] = {}
    meta: Mapping[str, str] = {}


class RunLedger:
    """An opened ledger. Safe to use from several threads; close it, or use it as a context manager.

    Attributes:
        run_id: names the run.
        path: of the file.
        owner: name of the principal who began the run.
    """

    def __init__(self, path: Path, database: Database, *, run_id: str, owner: str, lock: FileLock) -> None:
        self.run_id = run_id
        self.path = path
        self.owner = owner
        self._database = database
        self._lock = lock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close connections; safe to call twice."""
        self._database.close()

    def hold(self, *, timeout_s: float = 0.0) -> AbstractContextManager[None]:
        """Be the only process that works on this run; raises ``ConflictError`` on entering."""
        return self._lock.hold(timeout_s=timeout_s)

    def get(self, name: str) -> str | None:
        """Return what was put under this name."""
        with self._database.read() as connection:
            return connection.execute(select(tables.meta.c.value).where(tables.meta.c.name == name)).scalar()

    def put(self, name: str, value: str) -> None:
        """Keep a value under a name, in place of the one before."""
        with self._database.write() as connection:
            put_meta(connection, {name: value})

    def save_documents(self, rows: Sequence[RunDocument]) -> None:
        """Add documents to the plan, or replace what is known of them; one that was read stays read."""
        if not rows:
            return
        statement = upsert(tables.document)
        statement = statement.on_conflict_do_update(
            index_elements=["id"],
            set_={name: statement.excluded[name] for name in ("position", "split", "body")},
        )
        with self._database.write() as connection:
            add_labels(connection, (row.label for row in rows))
            connection.execute(
                statement,
                [
                    {
                        "position": row.position,
                        "id": row.id,
                        "split": row.split,
                        "is_read": False,
                        "body": row.model_dump_json(),
                    }
                    for row in rows
                ],
            )

    def documents(
        self, *, after: int = -1, limit: int = 500, split: Split | None = None
    ) -> list[RunDocument]:
        """Return documents by position, those after ``after``."""
        column = tables.document.c
        statement = select(column.body).where(column.position > after)
        if split is not None:
            statement = statement.where(column.split == split)
        return self._read(RunDocument, statement.order_by(column.position).limit(limit))

    def document(self, document_id: str) -> RunDocument | None:
        """Return a document of the plan."""
        statement = select(tables.document.c.body).where(tables.document.c.id == document_id)
        return next(iter(self._read(RunDocument, statement)), None)

    def save_facts(self, document_id: str, planned: Sequence[PlannedPassage]) -> None:
        """Keep the passages of a document, in place of those before, and mark it as read.

        Raises:
            NotFoundError: the document is not in the plan.
            ConflictError: two passages have the same round.
        """
        topics = Counter(fact.topic for row in planned for fact in row.facts)
        with self._database.write() as connection:
            for table in (tables.passage, tables.document_topic):
                connection.execute(delete(table).where(table.c.document_id == document_id))
            marked = connection.execute(
                update(tables.document).where(tables.document.c.id == document_id).values(is_read=True)
            )
            if not marked.rowcount:
                raise NotFoundError(
                    f"The run {self.run_id} has no document {document_id[:80]!r}.",
                    remedy="Save the document before its facts.",
                )
            insert_rows(
                connection,
                tables.passage,
                [
                    {
                        "round": row.round,
                        "position": row.position,
                        "document_id": document_id,
                        "split": row.split,
                        "body": row.model_dump_json(),
                    }
                    for row in planned
                ],
            )
            insert_rows(
                connection,
                tables.document_topic,
                [
                    {"document_id": document_id, "topic": topic, "num_facts": count}
                    for topic, count in sorted(topics.items())
                ],
            )

    def is_read(self, document_id: str) -> bool:
        """Tell whether the facts of a document were saved."""
        statement = select(tables.document.c.is_read).where(tables.document.c.id == document_id)
        with self._database.read() as connection:
            return bool(connection.execute(statement).scalar())

    def passages(
        self, split: Split, *, after: tuple[int, int] | None = None, limit: int = 500
    ) -> list[PlannedPassage]:
        """Return passages of a split by round, then position: the best of each document come first.

        Args:
            split: of their documents.
            after: ``cursor`` of the last passage that was returned.
            limit: at most so many.
        """
        column = tables.passage.c
        statement = select(column.body).where(column.split == split)
        if after is not None:
            last, position = after
            statement = statement.where(
                (column.round > last) | ((column.round == last) & (column.position > position)),
                column.round >= last,  # lets SQLite begin in the index where the page before ended
            )
        return self._read(PlannedPassage, statement.order_by(column.round, column.position).limit(limit))

    def passages_of(self, document_id: str) -> list[PlannedPassage]:
        """Return the passages of a document by round."""
        column = tables.passage.c
        return self._read(
            PlannedPassage,
            select(column.body).where(column.document_id == document_id).order_by(column.round),
        )

    def passages_near(
        self, position: int, limit: int, *, other_than: str, split: Split | None = None
    ) -> list[PlannedPassage]:
        """Return passages of the documents that follow in the plan, from its end on from its beginning.

        The first passage of each document, then the second of each, …; the same arguments give the same
        passages while the plan stands.

        Args:
            position: where to begin, itself excluded.
            limit: at most so many.
            other_than: id of a document that is left out.
            split: only from this one; give it wherever the passages are shown in an example.
        """
        column = tables.passage.c
        chosen = [column.document_id != other_than, *([column.split == split] if split else [])]
        found: list[PlannedPassage] = []
        first = select(column.round).where(*chosen).order_by(column.round).limit(1)
        with self._database.read() as connection:
            number = connection.execute(first).scalar()
            while number is not None and len(found) < limit:
                for side in (column.position > position, column.position < position):
                    rows = connection.execute(
                        select(column.body)
                        .where(column.round == number, side, *chosen)
                        .order_by(column.position)
                        .limit(limit - len(found))
                    ).scalars()
                    found.extend(PlannedPassage.model_validate_json(body) for body in rows)
                number = connection.execute(first.where(column.round > number)).scalar()
        return found

    def commit(self, batch: Batch) -> None:
        """Keep everything in the batch, or nothing.

        Raises:
            ConflictError: an example is in the ledger already.
        """
        with self._database.write() as connection:
            add_labels(connection, (example.label for _, example in batch.accepted))
            add_examples(connection, batch.accepted)
            add_rejected(connection, batch.rejected)
            insert_rows(
                connection,
                tables.retention,
                [{"id": row.id, "body": row.model_dump_json()} for row in batch.retention],
            )
            add_counters(connection, batch.counters)
            put_meta(connection, batch.meta)

    def examples(
        self,
        split: Split | None = None,
        kind: ExampleKind | None = None,
        *,
        after: int = 0,
        limit: int = 500,
    ) -> list[tuple[int, Example]]:
        """Return accepted examples in the order of their commit, each with the ``after`` of the next."""
        column = tables.example.c
        statement = select(column.seq, column.body).where(column.seq > after)
        if split is not None:
            statement = statement.where(column.split == split)
        if kind is not None:
            statement = statement.where(column.kind == kind)
        return self._read_numbered(Example, statement.order_by(column.seq).limit(limit))

    def examples_of(
        self, document_id: str, *, split: Split | None = None, after: int = 0, limit: int = 500
    ) -> list[tuple[int, Example]]:
        """Return the examples that cite a document, like ``examples``."""
        column, source = tables.example.c, tables.example_source.c
        statement = (
            select(column.seq, column.body)
            .join_from(tables.example_source, tables.example, source.seq == column.seq)
            .where(source.document_id == document_id, source.seq > after, source.is_cited)
        )
        if split is not None:
            statement = statement.where(column.split == split)
        return self._read_numbered(Example, statement.order_by(source.seq).limit(limit))

    def rejected(self, *, after: int = 0, limit: int = 500) -> list[tuple[int, Rejected]]:
        """Return what was rejected, like ``examples``."""
        column = tables.rejected.c
        statement = select(column.seq, column.body).where(column.seq > after)
        return self._read_numbered(Rejected, statement.order_by(column.seq).limit(limit))

    def retention(self, *, after: int = 0, limit: int = 500) -> list[tuple[int, RetentionExample]]:
        """Return the retention examples, like ``examples``."""
        column = tables.retention.c
        statement = select(column.seq, column.body).where(column.seq > after)
        return self._read_numbered(RetentionExample, statement.order_by(column.seq).limit(limit))

    def counts(self) -> dict[tuple[Split, ExampleKind], int]:
        """Return how many examples of each split and kind were accepted."""
        column = tables.example.c
        rows = self._read_rows(
            select(column.split, column.kind, func.count()).group_by(column.split, column.kind)
        )
        return _COUNTS.validate_python({(split, kind): count for split, kind, count in rows})

    def reasons(self) -> dict[str, int]:
        """Return how many drafts were rejected for each reason, the most frequent first."""
        column = tables.rejected.c
        rows = self._read_rows(
            select(column.reason, func.count())
            .group_by(column.reason)
            .order_by(func.count().desc(), column.reason)
        )
        return {str(reason): int(count) for reason, count in rows}

    def counters(self) -> dict[str, int]:
        """Return what the batches counted."""
        rows = self._read_rows(
            select(tables.counter.c.name, tables.counter.c.value).order_by(tables.counter.c.name)
        )
        return {str(name): int(value) for name, value in rows}

    def topics(self) -> dict[str, tuple[int, int]]:
        """Return facts read and examples accepted of each topic."""
        column = tables.document_topic.c
        facts = self._read_rows(select(column.topic, func.sum(column.num_facts)).group_by(column.topic))
        accepted = self._read_rows(
            select(tables.example.c.topic, func.count()).group_by(tables.example.c.topic)
        )
        known, taken = {topic: int(n) for topic, n in facts}, {topic: int(n) for topic, n in accepted}
        return {topic: (known.get(topic, 0), taken.get(topic, 0)) for topic in sorted({*known, *taken})}

    def documents_met(self) -> int:
        """Return how many documents an accepted example cites."""
        source = tables.example_source.c
        statement = select(func.count(distinct(source.document_id))).where(source.is_cited)
        with self._database.read() as connection:
            return connection.execute(statement).scalar_one()

    def _read(self, kind: type[_T], statement: Select[Any]) -> list[_T]:
        with self._database.read() as connection:
            bodies = connection.execute(statement).scalars().all()
        return [kind.model_validate_json(body) for body in bodies]

    def _read_numbered(self, kind: type[_T], statement: Select[Any]) -> list[tuple[int, _T]]:
        return [(seq, kind.model_validate_json(body)) for seq, body in self._read_rows(statement)]

    def _read_rows(self, statement: Select[Any]) -> list[tuple[Any, ...]]:
        with self._database.read() as connection:
            return [tuple(row) for row in connection.execute(statement)]


def open_ledger(home: Path, run_id: str, *, principal: Principal) -> RunLedger:
    """Open the ledger of a run, or begin it.

    Args:
        home: the home folder.
        run_id: lower-case letters, digits, dot, dash and underscore.
        principal: must be able to read every label in it, also those of somebody else's run.

    Raises:
        WrongUseError: this cannot be the id of a run.
        AccessDeniedError: something in it may not be read by ``principal``.
        StorageError: the file is damaged or was written by a newer Ondol.
    """
    path = locate_ledger(home, run_id)
    with translate_os_errors(f"opening the run {run_id}"):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = connect_ledger(path)
    try:
        with database.write() as connection:
            prepare(connection, path)
            put_meta(connection, {_OWNER: principal.name}, is_new=True)
            owner = connection.execute(
                select(tables.meta.c.value).where(tables.meta.c.name == _OWNER)
            ).scalar_one()
            texts = connection.execute(select(tables.label.c.text)).scalars()
            is_closed = any(not can_read(principal, parse_label(text)) for text in texts)
    except BaseException:
        database.close()
        raise
    if is_closed:
        database.close()
        raise AccessDeniedError(
            f"The run {run_id} of {owner} holds documents that {principal.name} may not read.",
            remedy="Begin a run of your own under another name, or ask its owner.",
        )
    return RunLedger(path, database, run_id=run_id, owner=owner, lock=build_run_lock(path))


def list_runs(home: Path, *, principal: Principal) -> list[str]:
    """Return the ids of the runs whose ledgers ``principal`` may open, in order."""
    found = []
    for path in locate_ledgers(home):
        try:
            open_ledger(home, path.parent.name, principal=principal).close()
        except AccessDeniedError:
            continue
        found.append(path.parent.name)
    return found
