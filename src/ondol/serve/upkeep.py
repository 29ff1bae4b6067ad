"""What the server does on its own: warms up, keeps the index up to date, sweeps what broken uploads left.

The index may lag behind for a moment without harm: every hit is read again from the database, with the
asker's rights, before it is shown.
"""

import logging
import threading
import time
from typing import TYPE_CHECKING

from ondol.core.access import LOCAL_PRINCIPAL
from ondol.core.errors import OndolError
from ondol.serve.upstream import HasEndpoint

if TYPE_CHECKING:
    from ondol.serve.flows import Ondol

log = logging.getLogger(__name__)

RETRY_S = 5.0
SWEEP_EVERY_S = 3600.0
UPLOAD_AGE_S = 6 * 3600.0


class Upkeep:
    """One thread that does these things when asked."""

    def __init__(self, ondol: "Ondol", *, retry_s: float = RETRY_S) -> None:
        self._ondol = ondol
        self._retry_s = retry_s
        self._thread: threading.Thread | None = None
        self._due = threading.Event()
        self._closing = threading.Event()
        self._swept_at = float("-inf")

    def start(self) -> None:
        """Warm up, then wait for work; safe to call twice."""
        if self._thread is None:
            self._due.set()
            self._thread = threading.Thread(target=self._run, name="ondol-upkeep", daemon=True)
            self._thread.start()

    def refresh_index(self) -> None:
        """Bring the index up to the corpus soon; several calls are one update."""
        self._due.set()

    def close(self, timeout_s: float = 10.0) -> None:
        """Stop after what is being done."""
        self._closing.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        is_warm = False
        while not self._closing.is_set():
            if self._due.is_set() and not self._update_index():
                self._closing.wait(self._retry_s)
                continue
            if not is_warm:
                is_warm = True
                self._warm_up()
            self._sweep()
            self._due.wait(SWEEP_EVERY_S)

    def _update_index(self) -> bool:
        self._due.clear()
        try:
            self._ondol.indexer.update()
        except OndolError as error:
            log.warning("the index could not be updated: %s", error)
        except Exception:
            log.exception("updating the index failed unexpectedly")
        else:
            return True
        self._due.set()
        return False

    def _warm_up(self) -> None:
        """Load what the first question would wait for."""
        try:
            self._ondol.analyser.tokens("준비")
            self._ondol.search("warm up", principal=LOCAL_PRINCIPAL, k=1)
            chat = self._ondol.chat()
            if isinstance(chat, HasEndpoint):
                chat.endpoint()
        except OndolError as error:
            log.info("not everything is ready yet: %s", error)
        except Exception:
            log.exception("warming up failed unexpectedly")

    def _sweep(self) -> None:
        """Delete originals of deleted documents, and parts of uploads that were killed; younger ones stay."""
        now = time.monotonic()
        if now - self._swept_at < SWEEP_EVERY_S:
            return
        self._swept_at = now
        try:
            self._ondol.store.sweep_blobs()
        except OndolError as error:
            log.warning("originals were not swept: %s", error)
        before = time.time() - UPLOAD_AGE_S
        for part in (self._ondol.settings.home / "uploads").glob("*.part"):
            try:
                if part.stat().st_mtime < before:
                    part.unlink()
            except OSError as error:
                log.info("%s was not swept: %s", part, error)
