"""A home with a few labelled documents, opened as each test wants it."""

import shutil
from pathlib import Path

import pytest
from serve_harness import DRONE, SALARY, ServedOndol, put, serving

from ondol.serve.settings import Settings


@pytest.fixture(scope="session")
def filled_home(tmp_path_factory) -> Path:
    """Two documents: one open, one that only `hr` with the grade `sensitive` may read."""
    home = tmp_path_factory.mktemp("filled") / "home"
    with ServedOndol(Settings(home=home)) as ondol:
        put(ondol, "drone.md", DRONE.encode())
        put(ondol, "급여.md", SALARY.encode(), label="sensitive+hr")
        ondol.indexer.update()
    return home


@pytest.fixture
def open_home(filled_home, tmp_path):
    """Open a copy of the filled home with any settings and chat model."""
    opened = []

    def open_one(*, chat=None, **settings) -> ServedOndol:
        home = tmp_path / f"home-{len(opened)}"
        shutil.copytree(filled_home, home)
        ondol = ServedOndol(Settings(home=home, **settings), chat=chat)
        opened.append(ondol)
        return ondol

    yield open_one
    for ondol in opened:
        ondol.close()


@pytest.fixture
def ondol(open_home) -> ServedOndol:
    return open_home()


@pytest.fixture
def client(ondol):
    with serving(ondol) as client:
        yield client
