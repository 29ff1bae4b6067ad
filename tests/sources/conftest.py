"""What the tests of readers share."""

from pathlib import Path

import pytest

from ondol.sources.limits import Limits
from ondol.sources.pool import ParserPool

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="session")
def docling() -> Path:
    """Docling's test files."""
    return DATA / "docling"


@pytest.fixture(scope="session")
def pool():
    """Two parser processes with tight limits."""
    with ParserPool(2, Limits(timeout_s=20.0)) as opened:
        yield opened
