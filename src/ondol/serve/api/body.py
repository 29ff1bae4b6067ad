"""Limits on request bodies: how large they may be and how slowly they may come."""

import asyncio
import time
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ondol.core.errors import TooLargeError

START_S = 20.0
MIN_BYTES_PER_S = 16 * 1024
"""Least rate of a body after the first ``START_S``: slower ones only hold a place, and are cut off."""

LimitOf = Callable[[Scope], int]


class BodyLimitMiddleware:
    """Refuses bodies that are too large with 413, and cuts off those that come too slowly with 408.

    Args:
        limit_of: largest body, in bytes, for a request.
    """

    def __init__(self, app: ASGIApp, *, limit_of: LimitOf) -> None:
        self._app, self._limit_of = app, limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a guarded ``receive``."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, limit=self._limit_of(scope))
        body.check_announced(Headers(scope=scope).get("content-length", ""))
        await self._app(scope, body.receive, send)


class _Body:
    def __init__(self, receive: Receive, *, limit: int) -> None:
        self._receive, self._limit = receive, limit
        self._num_bytes = 0
        self._is_complete = False
        self._begun = time.monotonic()

    def check_announced(self, length: str) -> None:
        if length.isdecimal() and (len(length) > 18 or int(length) > self._limit):
            # Before any route: the door turns this one into a response.
            raise TooLargeError(f"The request is larger than {self._limit} bytes.")

    async def receive(self) -> Message:
        if self._is_complete:
            return await self._receive()
        message = await self._receive_in_time()
        if message["type"] == "http.request":
            self._num_bytes += len(message.get("body", b""))
            if self._num_bytes > self._limit:
                raise HTTPException(413, f"The request is larger than {self._limit} bytes.")
            self._is_complete = not message.get("more_body", False)
        return message

    async def _receive_in_time(self) -> Message:
        allowed_s = START_S + self._num_bytes / MIN_BYTES_PER_S
        try:
            async with asyncio.timeout(max(0.1, self._begun + allowed_s - time.monotonic())):
                return await self._receive()
        except TimeoutError as error:
            raise HTTPException(408, "The body of the request came too slowly.") from error
