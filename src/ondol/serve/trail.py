"""The server's way to the audit log.

Changes are written before they are answered for. Reads (a search, a question) are written by a thread just
behind the answer, so that a reader does not wait for the disk; when the log cannot be written, reads wait
for it too, and fail with it: nothing goes on unseen.
"""

import logging
import queue
import threading
from typing import Any, Literal, Protocol

from ondol.core.access import Principal
from ondol.core.errors import OndolError

log = logging.getLogger(__name__)

Outcome = Literal["success", "failure", "denied"]
MAX_BEHIND = 1000


class AppendsEvents(Protocol):
    """The audit log."""

    def append(
        self,
        *,
        actor: str,
        action: str,
        resource: str = "",
        outcome: Outcome = "success",
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Write one event."""


class AuditTrail:
    """Writes events, at once or just behind. Safe to use from several threads."""

    def __init__(self, audit: AppendsEvents) -> None:
        self._audit = audit
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue(maxsize=MAX_BEHIND)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._is_failing = False

    @property
    def is_failing(self) -> bool:
        """Whether the last event could not be written behind an answer."""
        return self._is_failing

    def write(
        self,
        principal: Principal,
        action: str,
        *,
        resource: str = "",
        outcome: Outcome = "success",
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Write an event before returning; raises ``StorageError``."""
        self._audit.append(
            actor=principal.name, action=action, resource=resource, outcome=outcome, detail=detail
        )
        self._is_failing = False

    def write_behind(
        self,
        principal: Principal,
        action: str,
        *,
        resource: str = "",
        outcome: Outcome = "success",
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Write an event soon; at once, and raising ``StorageError``, while the log cannot be written."""
        if self._is_failing:
            self.write(principal, action, resource=resource, outcome=outcome, detail=detail)
            return
        self._start()
        event = {"actor": principal.name, "action": action, "resource": resource}
        self._queue.put({**event, "outcome": outcome, "detail": detail})

    def close(self) -> None:
        """Write what is waiting."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join(timeout=30)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._drain, name="ondol-audit", daemon=True)
                self._thread.start()

    def _drain(self) -> None:
        while (event := self._queue.get()) is not None:
            try:
                self._audit.append(**event)
            except OndolError as error:
                self._is_failing = True
                log.warning("an audit event was lost: %s; %s", event, error)
