"""Sources that could not be ingested: what failed, why, and what to do, until they could."""

from sqlalchemy import delete, insert, select

from ondol.core.access import Label, Principal
from ondol.core.clock import Clock
from ondol.core.errors import OndolError
from ondol.store import schema
from ondol.store.contents import add_label, take_batches
from ondol.store.database import Database
from ondol.store.queries import choose_labels, is_within
from ondol.store.records import SourceFailure
from ondol.store.rows import parse_label

_failure = schema.failure.c


class FailureList:
    """The last failure of each address; a part of ``ondol.store.corpus.Corpus``."""

    _database: Database
    _clock: Clock

    def save_failure(self, uri: str, error: OndolError, *, label: Label) -> None:
        """Note that ``uri`` could not be ingested; ``label`` is what the document would have had."""
        with self._database.write() as connection:
            add_label(connection, str(label))
            connection.execute(delete(schema.failure).where(_failure.uri == uri))
            connection.execute(
                insert(schema.failure),
                {
                    "uri": uri,
                    "code": error.code,
                    "message": error.message,
                    "remedy": error.remedy,
                    "label": str(label),
                    "failed_at": self._clock(),
                },
            )

    def clear_failure(self, *uris: str) -> None:
        """Forget the failures of these addresses, where there are any."""
        with self._database.read() as connection:
            known = [
                uri
                for batch in take_batches(uris)
                for uri in connection.execute(select(_failure.uri).where(_failure.uri.in_(batch))).scalars()
            ]
        if not known:
            return  # as for nearly every file: do not make writers wait for nothing
        with self._database.write() as connection:
            for batch in take_batches(known):
                connection.execute(delete(schema.failure).where(_failure.uri.in_(batch)))

    def list_failures(self, *, principal: Principal, prefix: str = "") -> tuple[SourceFailure, ...]:
        """Return what failed at ``prefix`` and below it, by address, as far as ``principal`` may know."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(schema.failure)
                .where(
                    is_within(_failure.uri, prefix), _failure.label.in_(choose_labels(connection, principal))
                )
                .order_by(_failure.uri)
            ).all()
        return tuple(
            SourceFailure(
                uri=row.uri,
                code=row.code,
                message=row.message,
                remedy=row.remedy,
                label=parse_label(row.label),
                failed_at=row.failed_at,
            )
            for row in rows
        )
