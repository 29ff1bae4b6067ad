"""Changes of files are seen, gathered and named so that ingesting them again is enough."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ondol.ingest.watch import watch


class Watching:
    """Watches in a thread and keeps what was yielded."""

    def __init__(self, *paths: Path | str) -> None:
        self._stop = threading.Event()
        self._arrived = threading.Condition()
        self._seen: set[Path] = set()
        self._thread = threading.Thread(target=self._run, args=([str(path) for path in paths],))
        self._thread.start()

    def _run(self, paths: list[str]) -> None:
        for changed in watch(paths, stop=self._stop):
            with self._arrived:
                self._seen |= changed
                self._arrived.notify_all()

    def wait_for(self, path: Path, *, after=lambda: None) -> set[Path]:
        """Do something until ``path`` is seen; return all that was seen."""
        for _ in range(100):
            after()
            with self._arrived:
                if self._arrived.wait_for(lambda: path in self._seen, timeout=0.3):
                    return set(self._seen)
        raise AssertionError(f"{path} was not seen, but {self._seen}")

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=30)
        assert not self._thread.is_alive()


@pytest.fixture
def watching(docs: Path) -> Iterator[Watching]:
    started = Watching(docs)
    # It watches from some moment on: a file that is written again and again tells when.
    started.wait_for(docs / "beat.md", after=lambda: (docs / "beat.md").write_text("beat", "utf-8"))
    yield started
    started.close()


def test_what_comes_changes_and_goes(watching: Watching, docs: Path, corpus):
    corpus.ingest(docs)
    (docs / ".hidden.md").write_text("hidden", "utf-8")
    (docs / "picture.png").write_bytes(b"picture")
    (docs / "new.md").write_text("# New\n\nA quokka came.\n", "utf-8")
    seen = watching.wait_for(docs / "new.md")
    assert docs / ".hidden.md" not in seen
    assert docs / "picture.png" not in seen
    assert corpus.ingest(*seen).added == 1
    assert corpus.find("quokka")

    shutil.rmtree(docs / "sub")
    seen = watching.wait_for(docs / "sub")
    assert corpus.ingest(*seen).removed == 2
    assert corpus.find("giraffe") == []


def test_only_what_was_asked_for_is_named(docs: Path):
    watching = Watching(docs / "fence.md")
    try:
        (docs / "other.md").write_text("other", "utf-8")
        seen = watching.wait_for(
            docs / "fence.md", after=lambda: (docs / "fence.md").write_text("# F\n\nx\n", "utf-8")
        )
        assert seen == {docs / "fence.md"}
    finally:
        watching.close()
