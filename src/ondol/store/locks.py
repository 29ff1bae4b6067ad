"""Locks between processes: a file held by ``flock``, freed by the kernel when its holder dies."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ondol.core.errors import ConflictError

_POLL_S = 0.02


def build_writer_lock(home: Path) -> "FileLock":
    """Return the lock that whoever ingests into ``home`` holds."""
    return FileLock(home / "locks" / "writer", purpose="ingesting into this home")


def build_index_lock(home: Path) -> "FileLock":
    """Return the lock that whoever writes the search index of ``home`` holds."""
    return FileLock(home / "locks" / "index", purpose="writing the search index of this home")


class FileLock:
    """A lock on a file, between processes and threads; a thread may take it again while it holds it."""

    def __init__(self, path: Path, *, purpose: str) -> None:
        self._path = path
        self._purpose = purpose
        self._held = threading.local()

    @contextmanager
    def hold(self, *, timeout_s: float = 0.0, is_shared: bool = False) -> Iterator[None]:
        """Hold the lock; raises ``ConflictError`` when another holds it for longer than ``timeout_s``.

        Args:
            timeout_s: seconds to wait; 0 tries once.
            is_shared: other shared holders may come in; exclusive ones may not.
        """
        if getattr(self._held, "depth", 0):
            self._held.depth += 1
            try:
                yield
            finally:
                self._held.depth -= 1
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._take(descriptor, fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX, timeout_s)
            self._held.depth = 1
            try:
                yield
            finally:
                self._held.depth = 0
        finally:
            os.close(descriptor)

    def _take(self, descriptor: int, mode: int, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    raise ConflictError(
                        f"Another process is {self._purpose} (lock {self._path}).",
                        remedy="Wait until it has finished, or stop it, then try again.",
                    ) from error
                time.sleep(_POLL_S)
            else:
                return
