"""The database behind the store: SQLite (WAL) or PostgreSQL, with the same promises from both.

A reading transaction sees one moment; any number run at once, also beside a writer. Writing transactions come
one at a time, over all threads and processes, so the change log is in commit order. What the driver reports
becomes an ``OndolError``.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    SQLAlchemyError,
)

from ondol.core.errors import (
    ConflictError,
    DiskFullError,
    OndolError,
    SettingsError,
    StorageError,
    WrongUseError,
)

_BUSY_TIMEOUT_S = 60
_ADVISORY_KEY = 0x6F6E646F6C  # "ondol": one writer at a time in this PostgreSQL database

_SQLITE_PRAGMAS = (
    # A killed process loses nothing that was committed. After a power cut the newest commits may be gone,
    # never half of one; who needs them durable calls ``Database.sync`` first.
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_S * 1000}",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16384",
    "PRAGMA journal_size_limit = 67108864",
    # Deleted text does not stay readable in free pages of the file, where that costs no extra writes.
    "PRAGMA secure_delete = FAST",
    "PRAGMA trusted_schema = OFF",
)


def parse_database_url(home: Path, database_url: str | None) -> URL:
    """Return the URL to use: SQLite in ``home`` unless another is given; raises ``SettingsError``."""
    if not database_url:
        return URL.create("sqlite+pysqlite", database=str(home / "ondol.db"))
    try:
        url = make_url(database_url)
    except ArgumentError as error:
        raise SettingsError(
            "The database URL cannot be read.",
            remedy="Use postgresql://user:password@host:5432/name, or leave it empty.",
        ) from error
    match url.get_backend_name():
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+psycopg")
        case "sqlite" if url.database and url.database != ":memory:":
            return url.set(drivername="sqlite+pysqlite")
        case other:
            raise SettingsError(
                f"{other} cannot hold the store.", remedy="Use postgresql://…, or sqlite:///… with a file."
            )


class Database:
    """Reading and writing transactions on one engine. Safe to use from several threads."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._writing = threading.Lock()
        self.engine = self._create_engine()
        if self.is_sqlite:
            self._readers = self.engine
        else:
            # One snapshot for all queries of a reading transaction, as SQLite gives by itself.
            self._readers = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    @property
    def path(self) -> Path | None:
        """The SQLite file, ``None`` for PostgreSQL."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one moment of the database; raises ``StorageError``."""
        with self._translate(), self._readers.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, *, wait: bool = True) -> Iterator[Connection]:
        """Give the one writing connection; commits on leaving, rolls back on an exception.

        Args:
            wait: with ``False``, raise ``ConflictError`` at once when somebody else is writing.
        """
        if not self._writing.acquire(timeout=_BUSY_TIMEOUT_S if wait else 0):
            raise self._busy()
        try:
            with self._translate(), self.engine.connect() as connection:
                if self.is_sqlite:
                    connection = connection.execution_options(  # noqa: PLW2901 - the same connection, told how to begin
                        ondol_begin="BEGIN IMMEDIATE" if wait else "BEGIN IMMEDIATE NOWAIT"
                    )
                with connection.begin():
                    if not self.is_sqlite:
                        self._lock_postgresql(connection, wait=wait)
                    yield connection
        finally:
            self._writing.release()

    def sync(self) -> None:
        """Make every commit so far survive a power cut; does nothing on PostgreSQL, where it always does."""
        if self.path is None:
            return
        for file in (self.path.with_name(self.path.name + "-wal"), self.path.parent):
            try:
                descriptor = os.open(file, os.O_RDONLY)
            except FileNotFoundError:
                continue  # no log: everything is in the database file, synced by the checkpoint
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def close(self) -> None:
        """Close idle connections."""
        self.engine.dispose()

    def _create_engine(self) -> Engine:
        try:
            if not self.is_sqlite:
                return create_engine(
                    self.url,
                    pool_size=8,
                    max_overflow=32,
                    pool_pre_ping=True,
                    connect_args={"connect_timeout": 10},
                )
            engine = create_engine(self.url, pool_size=8, max_overflow=32)
        except (ModuleNotFoundError, NoSuchModuleError) as error:
            raise SettingsError(
                "The PostgreSQL driver is not installed.", remedy="pip install 'ondol[postgres]'"
            ) from error
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _lock_postgresql(self, connection: Connection, *, wait: bool) -> None:
        if wait:
            connection.execute(text(f"SET LOCAL lock_timeout = '{_BUSY_TIMEOUT_S}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_KEY})
        elif not connection.execute(
            text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _ADVISORY_KEY}
        ).scalar_one():
            raise self._busy()

    @contextmanager
    def _translate(self) -> Iterator[None]:
        try:
            yield
        except OndolError:
            raise
        except DBAPIError as error:
            raise self._explain(error) from error
        except UnicodeEncodeError as error:
            raise WrongUseError(
                f"A text holds half a character at position {error.start} and cannot be stored.",
                remedy="Normalise texts and percent-encode file names before they are stored.",
            ) from error
        except SQLAlchemyError as error:
            raise StorageError(
                f"The database refused: {error}.", remedy="This is a fault of Ondol; please report it."
            ) from error

    def _explain(self, error: DBAPIError) -> OndolError:
        """Name what the driver said: SQLite by message, PostgreSQL by SQLSTATE."""
        said = str(error.orig)
        state = getattr(error.orig, "sqlstate", None) or ""
        where = self.url.render_as_string(hide_password=True)
        if "disk is full" in said or state == "53100":
            return DiskFullError(f"No space is left for {where}.", remedy="Free some space and run again.")
        if "locked" in said or "busy" in said or state in {"55P03", "40001", "40P01"}:
            return self._busy()
        if "malformed" in said or "not a database" in said or state.startswith("XX"):
            return StorageError(
                f"The database {where} is damaged: {said}.", remedy="Restore a backup with `ondol restore`."
            )
        if "readonly" in said or "unable to open" in said:
            return StorageError(
                f"The database {where} cannot be written: {said}.",
                remedy="Check the owner and the permissions of the home folder.",
            )
        if isinstance(error, DataError):
            return WrongUseError(
                f"The database cannot store this: {said}.",
                remedy="Leave out NUL and other control characters.",
            )
        if isinstance(error, IntegrityError):
            return ConflictError(
                f"The database refused a contradiction: {said}.", remedy="Reload and try again."
            )
        if (
            error.connection_invalidated
            or state[:2] in {"08", "28", "3D", "57"}
            or not (state or self.is_sqlite)
        ):
            return StorageError(
                f"The database {where} cannot be reached: {said}.",
                remedy="Check that the server runs and that ONDOL_DATABASE_URL is right.",
            )
        return StorageError(f"The database {where} failed: {said}.", remedy="See the log of the database.")

    def _busy(self) -> ConflictError:
        return ConflictError(
            "Somebody else is writing to the database.", remedy="Wait for the other command, then try again."
        )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Without this the driver begins transactions by itself, late, and never for a SELECT.
    connection.isolation_level = None
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get("ondol_begin", "BEGIN")
    if begin != "BEGIN IMMEDIATE NOWAIT":
        connection.exec_driver_sql(begin)
        return
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_S * 1000}")
