"""The file of a run's ledger: where it is, its lock, its format."""

import re
import shutil
from pathlib import Path

from sqlalchemy import URL, Connection

from ondol.core.errors import StorageError, WrongUseError
from ondol.store import forging_tables as tables
from ondol.store.database import Database
from ondol.store.locks import FileLock

_RUN_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}\Z")
_FILE = "ledger.db"


def locate_ledgers(home: Path) -> list[Path]:
    """Return the files of all ledgers, in order; for whoever copies them."""
    return sorted((home / "runs").glob(f"*/{_FILE}"))


def locate_ledger(home: Path, run_id: str) -> Path:
    """Return the file of a run's ledger; raises ``WrongUseError``."""
    if not _RUN_ID.match(run_id):
        raise WrongUseError(
            f"{run_id[:120]!r} cannot be the id of a run.",
            remedy="Use up to 100 lower-case letters, digits, dots, dashes and underscores.",
        )
    return home / "runs" / run_id / _FILE


def connect_ledger(path: Path) -> Database:
    """Return the database in the file, which is made with the first transaction."""
    return Database(URL.create("sqlite+pysqlite", database=str(path)))


def build_run_lock(path: Path) -> FileLock:
    """Return the lock that whoever works on the run of this ledger holds."""
    return FileLock(path.with_name(".lock"), purpose=f"working on the run {path.parent.name}")


def read_last_change(path: Path) -> float:
    """Return when a ledger was last written, in seconds since the epoch."""
    files = (path, path.with_name(f"{path.name}-wal"))
    return max(file.stat().st_mtime for file in files if file.exists())


def measure_run(path: Path) -> int:
    """Return how many bytes the folder of a ledger takes."""
    return sum(file.stat().st_size for file in path.parent.rglob("*") if file.is_file())


def remove_run(path: Path) -> None:
    """Delete a ledger with its folder; raises ``ConflictError`` while it is worked on."""
    with build_run_lock(path).hold():
        # The log goes first: beside another ledger of this name it would be read as that one's.
        for ending in ("-wal", "-shm", ""):
            path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)
        shutil.rmtree(path.parent)


def prepare(connection: Connection, path: Path) -> None:
    """Make the tables where they are missing; raises ``StorageError`` for a file from the future."""
    found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    if found > tables.FORMAT:
        raise StorageError(
            f"{path} has format {found}, which this version of Ondol does not know.",
            remedy="Install the newer Ondol that wrote it, or begin another run.",
        )
    if found < tables.FORMAT:
        tables.metadata.create_all(connection)
        connection.exec_driver_sql(f"PRAGMA user_version = {tables.FORMAT}")
