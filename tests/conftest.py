"""What every test stands on: nothing leaves, models are fetched once, Chromium is found or asked for."""

import os
import shutil
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_DIALLED: list[str] = []


def _watch(event: str, arguments: tuple) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
        if not host.startswith("127.") and host not in {"::1", "localhost"}:
            _DIALLED.append(host)


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def nothing_leaves():
    """Fail any test whose own process opened a connection to another machine."""
    _DIALLED.clear()
    yield
    assert not _DIALLED, f"connections to other machines: {_DIALLED}"


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The two default models, fetched once and kept in `.models`; skips loudly where they cannot be had."""
    from ondol.core.errors import EngineError
    from ondol.engines.catalogue import Catalogue
    from ondol.engines.fetch import pull

    folder = Path(os.environ.get("ONDOL_TEST_MODELS", REPO / ".models"))
    for model in Catalogue(folder).list_models():
        if model.default_for and not model.installed:
            try:
                pull(model.name, folder)
            except EngineError as error:
                if os.environ.get("CI"):
                    raise
                pytest.skip(f"the model {model.name} cannot be fetched: {error}")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Debian's Chromium; CI must have it, elsewhere its absence is said loudly."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing: apt-get install chromium")
        pytest.skip("Chromium is missing: apt-get install chromium")
    return CHROMIUM


@pytest.fixture(scope="session")
def handbook() -> Path:
    """The sample handbook."""
    return REPO / "examples" / "drone-handbook"
