"""API keys, and the principals they stand for."""

import hashlib
import hmac
import logging
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, true, update

from ondol.core.access import LOCAL_PRINCIPAL, Grade, Label, Principal
from ondol.core.clock import Clock
from ondol.core.errors import ConflictError, NotFoundError, WrongUseError
from ondol.core.frozen import Frozen
from ondol.store import schema
from ondol.store.database import Database
from ondol.store.ids import make_id

_PREFIX = "ondol_"
_USED_EVERY = timedelta(minutes=1)
_MAX_NAME_CHARS = 200
_principal = schema.principal.c
_key = schema.api_key.c
_log = logging.getLogger(__name__)


class ApiKey(Frozen):
    """What is known of a key; its secret is not.

    Attributes:
        name: of the principal it stands for.
        label: the highest grade and the groups that this principal may read.
    """

    id: str
    name: str
    label: Label
    is_admin: bool
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class Principals:
    """Who is known here. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_principal(self, name: str, *, principal: Principal) -> Principal | None:
        """Return who has this name, if ``principal`` is an administrator or asks for itself."""
        if not (principal.is_admin or principal.name == name):
            return None
        if name == LOCAL_PRINCIPAL.name:
            return LOCAL_PRINCIPAL
        with self._database.read() as connection:
            row = connection.execute(select(schema.principal).where(_principal.name == name)).first()
        return None if row is None else _read_principal(row)


class Keys:
    """API keys. Safe to use from several threads."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add_key(self, name: str, label: Label, *, is_admin: bool = False) -> tuple[str, str]:
        """Make a key for the principal called ``name`` and return its id and its secret, which is not kept.

        Args:
            name: known already, with the same rights, or new.
            label: highest grade and groups that it may read.
            is_admin: may change and remove documents, see all jobs.

        Raises:
            WrongUseError: the name is empty, too long or not printable.
            ConflictError: the name is known with other rights, or reserved.
        """
        if not name.isprintable() or name != name.strip() or not 0 < len(name) <= _MAX_NAME_CHARS:
            raise WrongUseError(
                f"{name[:80]!r} cannot be a name.", remedy=f"Use 1 to {_MAX_NAME_CHARS} printable characters."
            )
        if name == LOCAL_PRINCIPAL.name:
            raise ConflictError(f"{name!r} is the owner of this machine.", remedy="Choose another name.")
        secret = _PREFIX + secrets.token_urlsafe(32)
        key_id = make_id("key")
        with self._database.write() as connection:
            self._add_principal(connection, name, label, is_admin=is_admin)
            connection.execute(
                insert(schema.api_key),
                {
                    "id": key_id,
                    "principal": name,
                    "secret_sha256": _digest(secret),
                    "created_at": self._clock(),
                },
            )
        return key_id, secret

    def authenticate_key(self, secret: str) -> Principal | None:
        """Return the principal whose valid key this is, ``None`` when there is none."""
        digest = _digest(secret)
        with self._database.read() as connection:
            row = connection.execute(
                select(schema.principal, _key.id, _key.secret_sha256, _key.last_used_at)
                .join_from(schema.api_key, schema.principal, _key.principal == _principal.name)
                .where(_key.secret_sha256 == digest, _key.revoked_at.is_(None))
            ).first()
        if row is None or not hmac.compare_digest(row.secret_sha256, digest):
            return None
        self._note_use(row.id, row.last_used_at)
        return _read_principal(row)

    def list_keys(self, *, principal: Principal, with_revoked: bool = False) -> tuple[ApiKey, ...]:
        """Return the keys of ``principal``, or everyone's for an administrator, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(schema.api_key, _principal.grade, _principal.groups, _principal.is_admin)
                .join_from(schema.api_key, schema.principal, _key.principal == _principal.name)
                .where(true() if principal.is_admin else _key.principal == principal.name)
                .where(true() if with_revoked else _key.revoked_at.is_(None))
                .order_by(_key.created_at, _key.id)
            ).all()
        return tuple(
            ApiKey(
                id=row.id,
                name=row.principal,
                label=Label(grade=Grade(row.grade), groups=frozenset(row.groups)),
                is_admin=row.is_admin,
                created_at=row.created_at,
                last_used_at=row.last_used_at,
                revoked_at=row.revoked_at,
            )
            for row in rows
        )

    def revoke_key(self, key_id: str) -> None:
        """Make the key useless at once; a revoked one stays revoked. Raises ``NotFoundError``."""
        with self._database.write() as connection:
            if connection.execute(select(_key.id).where(_key.id == key_id)).first() is None:
                raise NotFoundError(
                    f"There is no key {key_id[:80]!r}.", remedy="`ondol keys list` shows the keys."
                )
            connection.execute(
                update(schema.api_key)
                .where(_key.id == key_id, _key.revoked_at.is_(None))
                .values(revoked_at=self._clock())
            )

    def _add_principal(self, connection: Connection, name: str, label: Label, *, is_admin: bool) -> None:
        row = connection.execute(select(schema.principal).where(_principal.name == name)).first()
        wanted = Principal(name=name, grade=label.grade, groups=label.groups, is_admin=is_admin)
        if row is None:
            values = {
                "name": name,
                "grade": int(label.grade),
                "groups": sorted(label.groups),
                "is_admin": is_admin,
            }
            connection.execute(insert(schema.principal), {**values, "created_at": self._clock()})
        elif (known := _read_principal(row)) != wanted:
            rights = Label(grade=known.grade, groups=known.groups)
            kind = "an administrator" if known.is_admin else "no administrator"
            raise ConflictError(
                f"{name} is known already: {kind}, with the rights {rights}.",
                remedy="Give the same rights, or choose another name.",
            )

    def _note_use(self, key_id: str, last_used_at: datetime | None) -> None:
        now = self._clock()
        if last_used_at is not None and now - last_used_at < _USED_EVERY:
            return
        try:
            with self._database.write(wait=False) as connection:
                connection.execute(update(schema.api_key).where(_key.id == key_id).values(last_used_at=now))
        except ConflictError:
            # Signing in must not wait for an ingest; the next request notes it.
            _log.debug("use of key %s was not noted: the database is being written", key_id)


def _digest(secret: str) -> str:
    # The secret holds 256 random bits: nobody can try them all, so a slow password hash would only cost time.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _read_principal(row: Row[Any]) -> Principal:
    return Principal(
        name=row.name, grade=Grade(row.grade), groups=frozenset(row.groups), is_admin=row.is_admin
    )
