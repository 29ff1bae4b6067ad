"""Conversations and what was thought of their answers. They belong to one principal; nobody else reads them.

An answer is made of documents, so it carries their label: one whose sources its owner may no longer read is
left out.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, and_, delete, func, insert, or_, select, update

from ondol.core.access import Principal
from ondol.core.answers import Answer
from ondol.core.clock import Clock
from ondol.core.errors import NotFoundError
from ondol.core.frozen import Frozen
from ondol.policy.access import strictest
from ondol.store import schema
from ondol.store.contents import add_label, take_batches
from ondol.store.cursors import decode_cursor, encode_cursor
from ondol.store.database import Database
from ondol.store.ids import make_id
from ondol.store.queries import choose_labels
from ondol.store.rows import parse_label

Rating = Literal["up", "down"]

_TITLE_CHARS = 80
_conversation = schema.conversation.c
_message = schema.message.c
_source = schema.message_source.c
_feedback = schema.feedback.c


class Feedback(Frozen):
    """What the reader of an answer thought of it.

    Attributes:
        correction: what would have been right.
    """

    message_id: str
    question: str
    principal: str
    rating: Rating
    correction: str = ""
    comment: str = ""
    created_at: datetime


class ConversationMessage(Frozen):
    """One exchange."""

    id: str
    question: str
    answer: Answer
    created_at: datetime
    feedback: Feedback | None = None


class Conversation(Frozen):
    """A conversation; in a list, without its messages."""

    id: str
    title: str
    created_at: datetime
    updated_at: datetime
    messages: tuple[ConversationMessage, ...] = ()


class Conversations:
    """Everyone's conversations, each its owner's only. Safe to use from several threads."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create_conversation(self, *, title: str = "", principal: Principal) -> Conversation:
        """Begin a conversation; without a title it takes its first question's."""
        now = self._clock()
        conversation = Conversation(id=make_id("cnv"), title=title, created_at=now, updated_at=now)
        values = conversation.model_dump(exclude={"messages"})
        with self._database.write() as connection:
            connection.execute(insert(schema.conversation), {**values, "principal": principal.name})
        return conversation

    def append_message(
        self,
        conversation_id: str,
        *,
        question: str,
        answer: Answer,
        principal: Principal,
        documents: Iterable[str] = (),
    ) -> ConversationMessage:
        """Add an exchange, labelled as strictly as the strictest of its sources.

        Args:
            conversation_id: of ``principal``.
            question: as asked.
            answer: its citations and nearest passages name sources.
            principal: the owner.
            documents: ids of further documents that the answer was made from.

        Raises:
            NotFoundError: no such conversation of ``principal``.
        """
        message_id, now = make_id("msg"), self._clock()
        answer = answer.model_copy(update={"conversation_id": conversation_id, "message_id": message_id})
        cited = [
            *(citation.document for citation in answer.citations),
            *(hit.document for hit in answer.nearest),
        ]
        sources = sorted({*cited, *documents})
        with self._database.write() as connection:
            conversation = self._find(connection, conversation_id, principal)
            label = _join_labels(connection, sources)
            add_label(connection, label)
            ordinal = select(func.coalesce(func.max(_message.ordinal) + 1, 0)).where(
                _message.conversation_id == conversation_id
            )
            connection.execute(
                insert(schema.message),
                {
                    "id": message_id,
                    "conversation_id": conversation_id,
                    "ordinal": connection.execute(ordinal).scalar_one(),
                    "question": question,
                    "answer": answer.model_dump_json(),
                    "label": label,
                    "created_at": now,
                },
            )
            if sources:
                rows = [{"message_id": message_id, "document_id": source} for source in sources]
                connection.execute(insert(schema.message_source), rows)
            title = conversation.title or " ".join(question.split())[:_TITLE_CHARS]
            self._update(connection, conversation_id, title=title, updated_at=now)
        return ConversationMessage(id=message_id, question=question, answer=answer, created_at=now)

    def load_conversation(self, conversation_id: str, *, principal: Principal) -> Conversation:
        """Return a conversation of ``principal`` with the messages that it may still read, oldest first.

        Raises:
            NotFoundError: no such conversation of ``principal``.
        """
        with self._database.read() as connection:
            conversation = self._find(connection, conversation_id, principal)
            rows = connection.execute(
                _select_readable(connection, principal)
                .where(_message.conversation_id == conversation_id)
                .order_by(_message.ordinal)
            ).all()
        messages = tuple(
            ConversationMessage(
                id=row.id,
                question=row.question,
                answer=Answer.model_validate_json(row.answer),
                created_at=row.created_at,
                feedback=_read_feedback(row) if row.rating else None,
            )
            for row in rows
        )
        return _read_conversation(conversation).model_copy(update={"messages": messages})

    def list_conversations(
        self, *, principal: Principal, limit: int = 100, cursor: str | None = None
    ) -> tuple[tuple[Conversation, ...], str | None]:
        """Return the conversations of ``principal``, last touched first, and the cursor of the next ones."""
        statement = select(schema.conversation).where(_conversation.principal == principal.name)
        if cursor:
            touched, last = decode_cursor(cursor, int, str)
            before = schema.read_microseconds(int(touched))
            statement = statement.where(
                or_(
                    _conversation.updated_at < before,
                    and_(_conversation.updated_at == before, _conversation.id < last),
                )
            )
        statement = statement.order_by(_conversation.updated_at.desc(), _conversation.id.desc()).limit(
            limit + 1
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        found = tuple(_read_conversation(row) for row in rows[:limit])
        if len(rows) <= limit or not found:
            return found, None
        return found, encode_cursor(schema.count_microseconds(found[-1].updated_at), found[-1].id)

    def rename_conversation(self, conversation_id: str, *, title: str, principal: Principal) -> Conversation:
        """Give it another title; raises ``NotFoundError``."""
        with self._database.write() as connection:
            self._find(connection, conversation_id, principal)
            self._update(connection, conversation_id, title=title)
            return _read_conversation(self._find(connection, conversation_id, principal))

    def delete_conversation(self, conversation_id: str, *, principal: Principal) -> None:
        """Delete it with its messages and their feedback; raises ``NotFoundError``."""
        with self._database.write() as connection:
            self._find(connection, conversation_id, principal)
            connection.execute(delete(schema.conversation).where(_conversation.id == conversation_id))

    def _find(self, connection: Connection, conversation_id: str, principal: Principal) -> Row[Any]:
        row = connection.execute(
            select(schema.conversation).where(
                _conversation.id == conversation_id, _conversation.principal == principal.name
            )
        ).first()
        if row is None:
            raise NotFoundError(
                f"{principal.name} has no conversation {conversation_id[:80]!r}.",
                remedy="List the conversations.",
            )
        return row

    def _update(self, connection: Connection, conversation_id: str, **values: Any) -> None:
        connection.execute(
            update(schema.conversation).where(_conversation.id == conversation_id).values(**values)
        )


class FeedbackList:
    """Thumbs and corrections, one per answer. Safe to use from several threads."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def save_feedback(
        self,
        message_id: str,
        *,
        rating: Rating,
        correction: str | None = "",
        comment: str | None = "",
        principal: Principal,
    ) -> Feedback:
        """Keep what ``principal`` thinks of an answer it got, once per answer; raises ``NotFoundError``."""
        with self._database.write() as connection:
            row = connection.execute(
                _select_readable(connection, principal)
                .join(schema.conversation, _conversation.id == _message.conversation_id)
                .where(_message.id == message_id, _conversation.principal == principal.name)
            ).first()
            if row is None:
                raise NotFoundError(
                    f"{principal.name} got no answer {message_id[:80]!r}.", remedy="Reload the page."
                )
            saved = Feedback(
                message_id=message_id,
                question=row.question,
                principal=principal.name,
                rating=rating,
                correction=correction or "",
                comment=comment or "",
                created_at=self._clock(),
            )
            connection.execute(delete(schema.feedback).where(_feedback.message_id == message_id))
            connection.execute(insert(schema.feedback), saved.model_dump(exclude={"question"}))
        return saved

    def list_feedback(self, *, principal: Principal, limit: int = 1000) -> tuple[Feedback, ...]:
        """Return the newest feedback of ``principal``, all for an administrator, on answers it may read."""
        with self._database.read() as connection:
            statement = _select_readable(connection, principal).where(_feedback.rating.is_not(None))
            if not principal.is_admin:
                statement = statement.where(_feedback.principal == principal.name)
            rows = connection.execute(
                statement.order_by(_feedback.created_at.desc(), _feedback.message_id).limit(limit)
            ).all()
        return tuple(_read_feedback(row) for row in rows)


def _select_readable(connection: Connection, principal: Principal) -> Select[Any]:
    """Select messages, with feedback, of whose sources ``principal`` may read each that still exists."""
    labels = choose_labels(connection, principal)
    hidden = (
        select(_source.document_id)
        .join_from(schema.message_source, schema.document, schema.document.c.id == _source.document_id)
        .where(_source.message_id == _message.id, schema.document.c.label.not_in(labels))
    )
    return (
        select(
            schema.message,
            _feedback.principal,
            _feedback.rating,
            _feedback.correction,
            _feedback.comment,
            _feedback.created_at.label("rated_at"),
        )
        .join_from(schema.message, schema.feedback, isouter=True)
        .where(_message.label.in_(labels), ~hidden.exists())
    )


def _join_labels(connection: Connection, documents: list[str]) -> str:
    labels: set[str] = set()
    for batch in take_batches(documents):
        labels.update(
            connection.execute(
                select(schema.document.c.label).where(schema.document.c.id.in_(batch)).distinct()
            ).scalars()
        )
    return str(strictest(parse_label(label) for label in labels))


def _read_conversation(row: Row[Any]) -> Conversation:
    return Conversation(id=row.id, title=row.title, created_at=row.created_at, updated_at=row.updated_at)


def _read_feedback(row: Row[Any]) -> Feedback:
    return Feedback(
        message_id=row.id,
        question=row.question,
        principal=row.principal,
        rating=row.rating,
        correction=row.correction,
        comment=row.comment,
        created_at=row.rated_at,
    )
