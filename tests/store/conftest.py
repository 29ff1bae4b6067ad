"""A store on each database, and a way to fill it; PostgreSQL's tests are skipped without a server."""

import itertools
import os
import shutil
import subprocess
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from store_library import NOW, Library

from ondol.store import open_store


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


@pytest.fixture(scope="session")
def postgresql():
    """A throw-away server on a Unix socket; gives a function that makes a database and returns its URL."""
    pytest.importorskip("psycopg", reason="psycopg is missing: pip install 'ondol[postgres]'")
    binaries = _postgresql_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is missing: apt-get install postgresql")
    # The server refuses to run as root; Debian's package makes this user. A socket's path must be short.
    as_user = {"user": "postgres"} if os.geteuid() == 0 else {}
    short = Path(tempfile.mkdtemp(prefix="ondol-pg-"))
    try:
        if as_user:
            shutil.chown(short, "postgres")
        options = "-c fsync=off -c listen_addresses= -c unix_socket_directories=" + str(short)
        for command in (
            [
                binaries / "initdb",
                "-D",
                short / "data",
                "-U",
                "ondol",
                "--auth=trust",
                "--no-sync",
                "-E",
                "UTF8",
            ],
            [binaries / "pg_ctl", "-D", short / "data", "-w", "-l", short / "log", "-o", options, "start"],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **as_user)
            if done.returncode:
                pytest.skip(f"PostgreSQL cannot be started here: {done.stderr[-300:]}")
    except (OSError, LookupError, subprocess.SubprocessError) as error:
        shutil.rmtree(short, ignore_errors=True)
        pytest.skip(f"PostgreSQL cannot be started here: {error}")
    numbers = itertools.count()

    def create() -> str:
        import psycopg

        name = f"t{next(numbers)}"
        with psycopg.connect(f"postgresql://ondol@/postgres?host={short}", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return f"postgresql://ondol@/{name}?host={short}"

    yield create
    subprocess.run(
        [binaries / "pg_ctl", "-D", short / "data", "-m", "immediate", "stop"],
        capture_output=True,
        check=False,
        cwd="/",
        **as_user,
    )
    shutil.rmtree(short, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request) -> str | None:
    return None if request.param == "sqlite" else request.getfixturevalue("postgresql")()


@pytest.fixture
def store(tmp_path, database_url, clock):
    """A store on each of the two databases."""
    with open_store(tmp_path / "home", database_url=database_url, clock=clock) as opened:
        yield opened


@pytest.fixture
def sqlite_store(tmp_path, clock):
    with open_store(tmp_path / "home", clock=clock) as opened:
        yield opened


@pytest.fixture(scope="session")
def library() -> Library:
    return Library()
