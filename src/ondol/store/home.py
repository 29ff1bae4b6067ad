"""Opens a home folder: the one place where the parts of the store meet."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from ondol.core.clock import Clock, utc_now
from ondol.store.audit import Audit
from ondol.store.blobs import Blobs, translate_os_errors
from ondol.store.calls import Calls
from ondol.store.conversations import Conversations, FeedbackList
from ondol.store.corpus import Corpus
from ondol.store.database import Database, parse_database_url
from ondol.store.datasets import Datasets
from ondol.store.jobs import Jobs
from ondol.store.keys import Keys, Principals
from ondol.store.locks import FileLock, build_index_lock, build_writer_lock
from ondol.store.migrate import upgrade
from ondol.store.reviews import Reviews

_MIGRATION_TIMEOUT_S = 120.0


class Store:
    """An opened home. Safe to use from several threads; close it, or use it as a context manager.

    Attributes:
        home: the folder; it holds ``blobs/``, ``index/``, ``models/``, ``audit/``, ``datasets/``, ``runs/``.
    """

    def __init__(self, home: Path, database: Database, *, clock: Clock) -> None:
        self.home = home
        self.database = database
        self.clock = clock
        self.blobs = Blobs(home / "blobs", clock=clock)
        self.corpus = Corpus(database, clock=clock)
        self.jobs = Jobs(database, clock=clock)
        self.keys = Keys(database, clock=clock)
        self.principals = Principals(database)
        self.conversations = Conversations(database, clock=clock)
        self.feedback = FeedbackList(database, clock=clock)
        self.calls = Calls(database, clock=clock)
        self.datasets = Datasets(home, clock=clock)
        self.reviews = Reviews(database, clock=clock)
        self.audit = Audit(home / "audit", database, clock=clock)
        self._writer = build_writer_lock(home)
        self._indexing = build_index_lock(home)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close connections; safe to call twice."""
        self.database.close()

    @property
    def index_dir(self) -> Path:
        """Where the numbered generations of the search index are."""
        return self.home / "index"

    def sweep_blobs(self, *, grace_s: float = 3600.0) -> int:
        """Delete the originals that no document and no job needs; return how many.

        Args:
            grace_s: those stored within this many seconds stay: their document may be about to be saved.
        """

        def keep(names: Collection[str]) -> Collection[str]:
            # A power cut must not bring a document back without its original.
            self.database.sync()
            return self.corpus.blobs_in_use(names) | self.jobs.blobs_in_use()

        return self.blobs.delete_unreferenced(keep, grace_s=grace_s)

    def writer_lock(self, *, timeout_s: float = 0.0) -> AbstractContextManager[None]:
        """Be the only process that ingests into this home; a thread may take it again while it holds it.

        Raises (on entering):
            ConflictError: another held it for longer than ``timeout_s``.
        """
        return self._writer.hold(timeout_s=timeout_s)

    def index_lock(self, *, timeout_s: float = 0.0) -> AbstractContextManager[None]:
        """Be the only one that writes a generation of the search index; otherwise like ``writer_lock``."""
        return self._indexing.hold(timeout_s=timeout_s)


def open_store(home: Path, *, database_url: str | None = None, clock: Clock = utc_now) -> Store:
    """Open the store in ``home``, making it or bringing it up to date where needed.

    Args:
        home: created, readable by its owner alone, if it is not there.
        database_url: PostgreSQL; by default SQLite in ``home``.
        clock: tells the time.

    Raises:
        SettingsError: the database URL is of no use.
        StorageError: the home or the database cannot be used, or was written by a newer Ondol.
    """
    home = home.absolute()
    with translate_os_errors(f"opening {home}"):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("blobs", "locks", "audit"):
            (home / name).mkdir(mode=0o700, exist_ok=True)
    database = Database(parse_database_url(home, database_url))
    try:
        opening = FileLock(home / "locks" / "migration", purpose="upgrading this home")
        with opening.hold(timeout_s=_MIGRATION_TIMEOUT_S):
            upgrade(database)
    except BaseException:
        database.close()
        raise
    return Store(home, database, clock=clock)
