"""How the application is served: one process, and no place for connections that only wait."""

import asyncio
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
    """Closes a connection whose request headers do not arrive in time: uvicorn itself would wait for ever."""

    header_timeout_s = HEADER_TIMEOUT_S
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Expect a request."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take bytes; stop the watch once they make a request."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the watch."""
        self._unwatch()
        super().connection_lost(exc)

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
