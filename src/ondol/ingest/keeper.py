"""Keeps the search index up to date beside an ingest, in one thread of its own."""

import ctypes
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from ondol.core.errors import OndolError
from ondol.search.indexer import Indexer, IndexProgress

_AFTER_CHUNKS = 2_000
_AFTER_S = 20.0


class StoppedIndexingError(Exception):
    """An update was asked to stop; what it published stays."""


class IndexKeeper:
    """Updates the index when enough has changed or enough time has passed; never twice at once."""

    def __init__(self, indexer: Indexer) -> None:
        self._indexer = indexer
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ingest-index")
        self._running: Future[OndolError | None] | None = None
        self._stopping = threading.Event()
        self._pending = 0
        self._since_s = time.monotonic()
        self._has_failed = False

    def note(self, num_chunks: int) -> None:
        """Tell that so many chunks were saved; may start an update."""
        if not self._pending:
            self._since_s = time.monotonic()
        self._pending += num_chunks
        if self._running is not None and self._running.done():
            # What an update beside the ingest fails at, the last one fails at too, and reports it.
            self._has_failed = self._running.result() is not None
            self._running = None
        is_due = self._pending >= _AFTER_CHUNKS or time.monotonic() - self._since_s > _AFTER_S
        if self._pending and is_due and self._running is None and not self._has_failed:
            self._pending = 0
            self._running = self._executor.submit(self._update, self._check)

    def stop(self) -> None:
        """Stop an update under way and wait for it."""
        self._stopping.set()
        self._executor.shutdown(wait=True)

    def finish(self, on_progress: Callable[[], None]) -> OndolError | None:
        """Bring the index up to the corpus, in this thread; return what went wrong.

        Args:
            on_progress: called often; may raise ``StoppedIndexingError``.
        """
        self._executor.shutdown(wait=True)
        return self._update(on_progress)

    def _check(self) -> None:
        if self._stopping.is_set():
            raise StoppedIndexingError

    def _update(self, on_progress: Callable[[], None]) -> OndolError | None:
        def listen(progress: IndexProgress) -> None:  # noqa: ARG001 - the signature of a listener
            on_progress()

        try:
            self._indexer.update(listen)
        except OndolError as error:
            return error
        except StoppedIndexingError:
            if on_progress != self._check:
                raise
        finally:
            _trim_memory()
        return None


def _trim_memory() -> None:
    """Give free memory back to the system, where the C library can (glibc).

    Every update makes and drops large buffers in several threads; without this the pieces left between them
    add up to some hundred megabytes over 20,000 documents (``bench/memory.py``).
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
