"""What experts said of examples: one verdict per reviewer and example, the newest."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, TypeAdapter
from sqlalchemy import RowMapping, delete, insert, select, tuple_

from ondol.core.access import Principal
from ondol.core.clock import Clock
from ondol.core.errors import AccessDeniedError
from ondol.core.frozen import Frozen
from ondol.core.models import Message
from ondol.policy.access import can_read
from ondol.store import schema
from ondol.store.contents import add_label, take_batches
from ondol.store.cursors import decode_cursor, encode_cursor
from ondol.store.database import Database
from ondol.store.queries import choose_labels
from ondol.store.rows import parse_label

ReviewVerdict = Literal["accept", "fix", "reject"]

_review = schema.review.c
_source = schema.review_source.c
_MESSAGES = TypeAdapter(tuple[Message, ...])


class Review(Frozen):
    """What a reviewer thought of an example.

    Attributes:
        dataset: its name.
        reason: code of why it was fixed or rejected; empty when accepted.
        messages: the example as the reviewer corrected it; empty unless fixed.
        seconds: that the reviewer took.
        label: text form; the example's.
        created_at: set by the store.
    """

    dataset: str
    example_id: str
    reviewer: str
    verdict: ReviewVerdict
    reason: str = ""
    note: str = ""
    messages: tuple[Message, ...] = ()
    seconds: float = Field(default=0.0, ge=0.0)
    label: str = "open"
    created_at: datetime | None = None


class Reviews:
    """Everyone's reviews. Safe to use from several threads."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def save_review(self, review: Review, *, documents: Iterable[str], principal: Principal) -> Review:
        """Keep a review, in place of the same reviewer's earlier one of this example, and return it.

        Args:
            review: by ``principal``.
            documents: ids of the documents that the example was made from.
            principal: must be able to read the example.

        Raises:
            AccessDeniedError: the label is beyond ``principal``, or the review is somebody else's.
        """
        if review.reviewer != principal.name or not can_read(principal, parse_label(review.label)):
            raise AccessDeniedError(
                f"{principal.name} may not review {review.example_id[:80]} as {review.reviewer[:80]}.",
                remedy="Review examples that you may read, under your own name.",
            )
        saved = review.model_copy(update={"created_at": self._clock()})
        key = saved.model_dump(include={"dataset", "example_id", "reviewer"})
        rows = [{**key, "document_id": document} for document in sorted(set(documents))]
        with self._database.write() as connection:
            add_label(connection, saved.label)
            connection.execute(delete(schema.review).filter_by(**key))
            connection.execute(
                insert(schema.review),
                {
                    **saved.model_dump(exclude={"messages"}),
                    "messages": _MESSAGES.dump_python(saved.messages, mode="json") or None,
                },
            )
            if rows:
                connection.execute(insert(schema.review_source), rows)
        return saved

    def list_reviews(
        self,
        dataset: str,
        *,
        principal: Principal,
        example_ids: Collection[str] | None = None,
        cursor: str | None = None,
        limit: int = 500,
    ) -> tuple[tuple[Review, ...], str | None]:
        """Return reviews that ``principal`` may read, by example and reviewer, and the cursor of the next.

        Args:
            dataset: name.
            principal: who asks.
            example_ids: only of these, a few hundred at most.
            cursor: where the page before ended.
            limit: at most so many.
        """
        with self._database.read() as connection:
            statement = select(schema.review).where(
                _review.dataset == dataset, _review.label.in_(choose_labels(connection, principal))
            )
            if example_ids is not None:
                statement = statement.where(_review.example_id.in_(example_ids))
            if cursor:
                example_id, reviewer = decode_cursor(cursor, str, str)
                statement = statement.where(
                    tuple_(_review.example_id, _review.reviewer) > tuple_(example_id, reviewer)
                )
            rows = (
                connection
                .execute(statement.order_by(_review.example_id, _review.reviewer).limit(limit + 1))
                .mappings()
                .all()
            )
        found = tuple(_read_review(row) for row in rows[:limit])
        if len(rows) <= limit or not found:
            return found, None
        return found, encode_cursor(found[-1].example_id, found[-1].reviewer)

    def counts(self, dataset: str, *, principal: Principal) -> dict[ReviewVerdict, int]:
        """Return how many reviews ``principal`` may read, by verdict."""
        with self._database.read() as connection:
            verdicts = connection.execute(
                select(_review.verdict).where(
                    _review.dataset == dataset, _review.label.in_(choose_labels(connection, principal))
                )
            ).scalars()
            counted = Counter(verdicts)
        return TypeAdapter(dict[ReviewVerdict, int]).validate_python(dict(sorted(counted.items())))

    def remove_for_examples(self, dataset: str, example_ids: Iterable[str]) -> int:
        """Delete the reviews of these examples; return how many."""
        count = 0
        with self._database.write() as connection:
            for batch in take_batches(example_ids):
                count += connection.execute(
                    delete(schema.review).where(_review.dataset == dataset, _review.example_id.in_(batch))
                ).rowcount
        return count

    def remove_for_document(self, document_id: str) -> int:
        """Delete the reviews of examples that a document had a part in; return how many."""
        keys = (_source.dataset, _source.example_id, _source.reviewer)
        with self._database.write() as connection:
            rows = connection.execute(select(*keys).where(_source.document_id == document_id)).all()
            for dataset, example_id, reviewer in rows:
                connection.execute(
                    delete(schema.review).filter_by(dataset=dataset, example_id=example_id, reviewer=reviewer)
                )
        return len(rows)

    def remove_for_dataset(self, dataset: str) -> int:
        """Delete the reviews of a dataset; return how many."""
        with self._database.write() as connection:
            return connection.execute(delete(schema.review).where(_review.dataset == dataset)).rowcount


def _read_review(row: RowMapping) -> Review:
    values: dict[str, Any] = {**row, "messages": row["messages"] or ()}
    return Review.model_validate(values)
