"""Replies of models, kept by the content of the question, so that a finished call is never made again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from ondol.core.access import Principal
from ondol.core.clock import Clock
from ondol.core.models import ChatReply
from ondol.policy.access import strictest
from ondol.store import schema
from ondol.store.contents import add_label, take_batches
from ondol.store.database import Database
from ondol.store.queries import choose_labels
from ondol.store.rows import parse_label

_call = schema.model_call.c
_source = schema.model_call_source.c


@dataclass(frozen=True)
class _Kept:
    reply: str
    label: str
    documents: frozenset[str]

    def covers(self, documents: frozenset[str], label: str) -> bool:
        """Tell whether nothing new is said of the call."""
        joined = strictest((parse_label(self.label), parse_label(label)))
        return documents <= self.documents and joined == parse_label(self.label)


class Calls:
    """Finished calls. Safe to use from several threads and processes."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def find_reply(self, key: str, *, principal: Principal) -> ChatReply | None:
        """Return the reply kept under ``key``, if ``principal`` may read it."""
        with self._database.read() as connection:
            labels = choose_labels(connection, principal)
            reply = connection.execute(
                select(_call.reply).where(_call.key == key, _call.label.in_(labels))
            ).scalar()
        return None if reply is None else ChatReply.model_validate_json(reply)

    def save_reply(self, key: str, reply: ChatReply, *, sources: Iterable[str], label: str) -> ChatReply:
        """Keep a reply and return the one that is kept: the first under its key stays.

        A process killed after this does not lose it.

        Args:
            key: names the question.
            reply: a whole one.
            sources: ids of the documents in the prompt; added to those known.
            label: text form of the strictest label of the prompt; what was kept is relabelled if need be.
        """
        documents = frozenset(sources)
        with self._database.read() as connection:
            kept = _find_kept(connection, key)
        if kept is None or not kept.covers(documents, label):
            with self._database.write() as connection:
                kept = _find_kept(connection, key)
                if kept is None:
                    kept = _Kept(reply.model_dump_json(), label, documents)
                    self._add(connection, key, kept)
                else:
                    _extend(connection, key, kept, documents, label)
        return ChatReply.model_validate_json(kept.reply)

    def keys_for_document(self, document_id: str) -> frozenset[str]:
        """Return the keys of the calls whose prompt held a document."""
        with self._database.read() as connection:
            return frozenset(
                connection.execute(select(_source.key).where(_source.document_id == document_id)).scalars()
            )

    def remove_for_document(self, document_id: str) -> int:
        """Delete the calls whose prompt held a document; return how many."""
        named = select(_source.key).where(_source.document_id == document_id)
        with self._database.write() as connection:
            # The sources of a call fall with it, so the keys are read before.
            keys = connection.execute(named).scalars().all()
            for batch in take_batches(keys):
                connection.execute(delete(schema.model_call).where(_call.key.in_(batch)))
        return len(keys)

    def measure_before(self, before: datetime) -> dict[str, int]:
        """Return the keys of the calls made before, each with the length of its reply."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(_call.key, func.length(_call.reply)).where(_call.created_at < before)
            )
            return {str(key): int(size) for key, size in rows}

    def remove(self, keys: Iterable[str]) -> int:
        """Delete calls; return how many."""
        count = 0
        with self._database.write() as connection:
            for batch in take_batches(keys):
                statement = delete(schema.model_call).where(_call.key.in_(batch))
                count += connection.execute(statement).rowcount
        return count

    def count(self) -> int:
        """Return how many replies are kept."""
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(schema.model_call)).scalar_one()

    def _add(self, connection: Connection, key: str, kept: _Kept) -> None:
        add_label(connection, kept.label)
        connection.execute(
            insert(schema.model_call),
            {"key": key, "reply": kept.reply, "label": kept.label, "created_at": self._clock()},
        )
        _add_sources(connection, key, kept.documents)


def _find_kept(connection: Connection, key: str) -> _Kept | None:
    row = connection.execute(select(_call.reply, _call.label).where(_call.key == key)).first()
    if row is None:
        return None
    known = connection.execute(select(_source.document_id).where(_source.key == key)).scalars()
    return _Kept(row.reply, row.label, frozenset(known))


def _extend(connection: Connection, key: str, kept: _Kept, documents: frozenset[str], label: str) -> None:
    joined = str(strictest((parse_label(kept.label), parse_label(label))))
    if joined != kept.label:
        add_label(connection, joined)
        connection.execute(update(schema.model_call).where(_call.key == key).values(label=joined))
    _add_sources(connection, key, documents - kept.documents)


def _add_sources(connection: Connection, key: str, documents: frozenset[str]) -> None:
    if documents:
        rows = [{"document_id": document, "key": key} for document in sorted(documents)]
        connection.execute(insert(schema.model_call_source), rows)
