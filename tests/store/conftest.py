"""A store on each database, and a way to fill it; PostgreSQL's tests are skipped without a server."""

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from store_library import NOW, Library

from ondol.store import open_store, schema


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def _postgresql_binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    on_path = shutil.which("postgres")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _start_postgresql(folder: Path) -> subprocess.Popen:
    """Start a server that listens on a Unix socket in ``folder`` alone; skips the test when that fails."""
    binaries = _postgresql_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is missing: apt-get install postgresql")
    # The server refuses to run as root; Debian's package makes this user.
    as_user = {"user": "postgres"} if os.geteuid() == 0 else {}
    data = ["-D", str(folder / "data")]
    settings = ["-c", "fsync=off", "-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
    try:
        if as_user:
            shutil.chown(folder, "postgres")
        made = subprocess.run(
            [binaries / "initdb", *data, "-U", "ondol", "--auth=trust", "--no-sync", "-E", "UTF8"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **as_user,
        )
        if made.returncode:
            pytest.skip(f"PostgreSQL cannot be started here: {made.stderr[-300:]}")
        server = subprocess.Popen(
            [binaries / "postgres", *data, *settings], stderr=subprocess.DEVNULL, cwd="/", **as_user
        )
    except (OSError, LookupError, subprocess.SubprocessError) as error:
        pytest.skip(f"PostgreSQL cannot be started here: {error}")
    deadline = time.monotonic() + 60
    ready = [binaries / "pg_isready", "-q", "-h", str(folder)]
    while subprocess.run(ready, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.skip("PostgreSQL cannot be started here: it ended at once or never became ready")
        time.sleep(0.05)
    return server


@pytest.fixture(scope="session")
def postgresql():
    """A throw-away server; gives a function that makes a migrated database and returns its URL."""
    psycopg = pytest.importorskip("psycopg", reason="psycopg is missing: pip install 'ondol[postgres]'")
    folder = Path(tempfile.mkdtemp(prefix="ondol-pg-"))  # short, as the path of a socket must be
    try:
        server = _start_postgresql(folder)
        numbers = itertools.count()

        def create(template: str = "t0") -> str:
            name = f"t{next(numbers)}"
            with psycopg.connect(
                f"postgresql://ondol@/postgres?host={folder}", autocommit=True
            ) as connection:
                connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
            return f"postgresql://ondol@/{name}?host={folder}"

        open_store(folder / "home", database_url=create("template0")).close()
        yield create
        server.send_signal(signal.SIGQUIT)
        server.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def shared_postgresql(postgresql) -> str:
    return postgresql()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request) -> str | None:
    """``None`` for SQLite, or the URL of a database that was emptied: making one anew costs 8 MB of disk."""
    if request.param == "sqlite":
        return None
    url = request.getfixturevalue("shared_postgresql")
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for table in reversed(schema.metadata.sorted_tables):
            connection.execute(f'DELETE FROM "{table.name}"')
    return url


@pytest.fixture(scope="session")
def migrated(tmp_path_factory) -> Path:
    """An empty SQLite database, migrated once, copied for each test."""
    home = tmp_path_factory.mktemp("migrated")
    open_store(home).close()
    return home / "ondol.db"


@pytest.fixture
def store(tmp_path, database_url, clock, migrated):
    """A store on each of the two databases."""
    (tmp_path / "home").mkdir(mode=0o700)
    if database_url is None:
        shutil.copyfile(migrated, tmp_path / "home" / "ondol.db")
    with open_store(tmp_path / "home", database_url=database_url, clock=clock) as opened:
        yield opened


@pytest.fixture
def sqlite_store(tmp_path, clock, migrated):
    (tmp_path / "home").mkdir(mode=0o700)
    shutil.copyfile(migrated, tmp_path / "home" / "ondol.db")
    with open_store(tmp_path / "home", clock=clock) as opened:
        yield opened


@pytest.fixture(scope="session")
def library() -> Library:
    return Library()
