"""How the application is served: one process, and no place for connections that only wait."""

import asyncio
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ondol.serve.api.app import create_app

if TYPE_CHECKING:
    from ondol.serve.flows import Ondol

HEADER_TIMEOUT_S = 20.0
KEEP_ALIVE_S = 30
SHUTDOWN_S = 5


class PatientProtocol(H11Protocol):
    """Keeps connections that only wait from taking the place of those that work.

    One whose request headers do not arrive in time is closed; uvicorn itself would wait for ever. When there
    are nearly as many connections as uvicorn serves, the one that has waited longest for the rest of its
    request is closed for each new one.
    """

    header_timeout_s = HEADER_TIMEOUT_S
    spare_places = 32
    _deadline: asyncio.TimerHandle | None = None
    waiting_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Expect a request."""
        super().connection_made(transport)
        self.waiting_since = self.loop.time()
        self._make_room()
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take bytes; stop the watch once they make a request."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the watch."""
        self._unwatch()
        super().connection_lost(exc)

    @property
    def is_waiting(self) -> bool:
        """Whether the next step is the client's: no request yet, or not all of its body."""
        if self.transport.is_closing():
            return False
        if self.cycle is None or self.cycle.response_complete:
            return True
        return self.cycle.more_body and not self.cycle.response_started

    def _make_room(self) -> None:
        limit = (self.limit_concurrency or len(self.connections) + self.spare_places) - self.spare_places
        if len(self.connections) < limit:
            return
        waiting = [
            c for c in self.connections if c is not self and isinstance(c, PatientProtocol) and c.is_waiting
        ]
        if waiting:
            min(waiting, key=lambda connection: connection.waiting_since).transport.abort()

    def _watch(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._unwatch()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.header_timeout_s, self._expire)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expire(self) -> None:
        self._deadline = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


def build_server_config(ondol: "Ondol") -> uvicorn.Config:
    """Return uvicorn's configuration for the server of an opened home."""
    settings = ondol.settings
    return uvicorn.Config(
        create_app(ondol),
        host=settings.host,
        port=settings.port,
        http=PatientProtocol,
        lifespan="on",
        ws="none",
        log_level="warning",
        server_header=False,
        # The door looks at forwarding headers itself; they must not change who the peer is.
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_S,
        limit_concurrency=settings.max_concurrent * 4 + 64,
    )


class AnnouncingServer(uvicorn.Server):
    """Says that it is ready when it listens, not before: who reads the address may call at once."""

    def __init__(self, config: uvicorn.Config, *, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then announce it."""
        await super().startup(sockets)
        if self.started:
            self._announce()
