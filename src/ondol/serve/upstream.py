"""The way to engines that speak OpenAI's protocol themselves: requests go through, names and keys are ours.

Replies are always streamed from the engine, also when the caller wants them whole: an engine notices a
broken stream and stops working, while a whole reply would be computed to its end for nobody.
"""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol, runtime_checkable

import aiohttp

from ondol.core.errors import (
    ContextLengthError,
    EngineBusyError,
    EngineError,
    EngineProtocolError,
    EngineTimeoutError,
    EngineUnavailableError,
    OndolError,
    WrongUseError,
)
from ondol.engines.endpoint import Endpoint
from ondol.serve.bridge import StreamEnd

CONNECT_S = 5.0
SILENCE_S = 300.0
"""A long prompt is read before the first token comes; a CPU takes minutes for a full context."""

MAX_LINE_BYTES = 8 * 1024 * 1024
_MAX_ERROR_BYTES = 64 * 1024


@runtime_checkable
class HasEndpoint(Protocol):
    """A model whose engine can be spoken to directly."""

    def endpoint(self) -> Endpoint:
        """Return where; starts the engine if needed."""


class Upstream:
    """Connections to engines, kept open between requests.

    Args:
        max_open: replies being streamed at once; more are refused, since engines queue without bound.
    """

    def __init__(self, *, max_open: int) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._max_open = max_open
        self._open = 0

    async def open(self, endpoint: Endpoint, path: str, body: dict[str, Any]) -> "Reply":
        """Ask for a streamed reply; raises ``EngineError`` or ``WrongUseError`` as the engine answers."""
        if self._open >= self._max_open:
            raise EngineBusyError(
                f"{self._open} replies are being written already.", remedy="Try again in a few seconds."
            )
        self._open += 1
        try:
            response = await self._post(endpoint, path, {**body, "stream": True})
        except BaseException:
            self._open -= 1
            raise
        return Reply(response, self._closed)

    async def post_json(self, endpoint: Endpoint, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a request for a whole JSON reply."""
        async with await self._post(endpoint, path, body) as response:
            try:
                reply = await response.json(content_type=None)
            except (ValueError, aiohttp.ClientError) as error:
                raise EngineProtocolError(f"The engine's reply is not JSON: {error}.") from error
        if not isinstance(reply, dict):
            raise EngineProtocolError("The engine's reply is not a JSON object.")
        return reply

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _closed(self) -> None:
        self._open -= 1

    async def _post(self, endpoint: Endpoint, path: str, body: dict[str, Any]) -> aiohttp.ClientResponse:
        headers = {"accept": "text/event-stream, application/json", **endpoint.headers}
        if endpoint.model:
            body = {**body, "model": endpoint.model}
        url = endpoint.base_url.rstrip("/") + path
        try:
            # Redirects are not followed: the settings name this server and no other.
            response = await self._connected().post(url, json=body, headers=headers, allow_redirects=False)
        except TimeoutError as error:
            raise EngineTimeoutError("The engine did not answer in time.", remedy="Try again.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise EngineUnavailableError(
                f"The engine at {endpoint.base_url} cannot be reached.", remedy="Try again shortly."
            ) from error
        if response.status == 200:
            return response
        async with response:
            text = (await response.content.read(_MAX_ERROR_BYTES)).decode("utf-8", "replace")
        raise build_upstream_error(response.status, text)

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=SILENCE_S),
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=15),
                cookie_jar=aiohttp.DummyCookieJar(),
                read_bufsize=MAX_LINE_BYTES,
                trust_env=False,
            )
        return self._session


class Reply:
    """The chunks of one streamed reply; closing it makes the engine stop."""

    def __init__(self, response: aiohttp.ClientResponse, closed: Callable[[], None]) -> None:
        self._response = response
        self._closed = closed
        self._lines = self._read_lines()
        self._is_open = True
        self._is_whole = self._is_finished = False

    async def next(self) -> dict[str, Any]:
        """Return the next chunk; raises ``StreamEnd`` after the last, ``EngineError`` for a failure."""
        async for line in self._lines:
            if not line.startswith(b"data:"):
                continue
            text = line[5:].strip()
            if text == b"[DONE]":
                self._is_whole = True
                raise StreamEnd
            if text != b"null":  # llama.cpp opens the replies to several prompts with it
                chunk = _parse_chunk(text)
                choices = chunk.get("choices") or []
                self._is_finished |= any(choice.get("finish_reason") for choice in choices)
                return chunk
        if not self._is_finished:  # some engines leave [DONE] out; none leaves out why it stopped
            raise EngineUnavailableError("The engine broke off its reply.", remedy="Try again.")
        self._is_whole = True
        raise StreamEnd

    async def _read_lines(self) -> AsyncIterator[bytes]:
        try:
            async for line in self._response.content:
                yield line
        except TimeoutError as error:
            raise EngineTimeoutError(f"The engine was silent for {SILENCE_S:g} s.") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise EngineUnavailableError("The engine broke off its reply.", remedy="Try again.") from error

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        if self._is_open:
            self._is_open = False
            if self._is_whole:
                self._response.release()
            else:
                self._response.close()
            self._closed()


def _parse_chunk(text: bytes) -> dict[str, Any]:
    try:
        chunk = json.loads(text)
    except ValueError as error:
        raise EngineProtocolError(f"The engine sent a chunk that is not JSON: {text[:80]!r}.") from error
    if not isinstance(chunk, dict):
        raise EngineProtocolError("The engine sent a chunk that is not a JSON object.")
    if "error" in chunk:
        raise build_upstream_error(_status_of(chunk["error"]), json.dumps(chunk, ensure_ascii=False))
    return chunk


def _status_of(error: Any) -> int:
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) else 500


def build_upstream_error(status: int, text: str) -> OndolError:
    """Return the error for what an engine said; its words are kept where they help the caller."""
    message = _message_of(text)
    if _is_context_error(text):
        return ContextLengthError(message, remedy="Shorten the messages, or lower max_tokens.")
    if status == 429:
        return EngineBusyError("The engine is busy.", remedy="Try again in a few seconds.")
    if status in {400, 404, 413, 415, 422}:
        return WrongUseError(message or "The engine refused the request.")
    if _is_input_error(text):
        # llama.cpp answers 500 for a picture or sound that its model cannot take.
        return WrongUseError("This model takes text only.", remedy="Leave pictures and sound out.")
    if status in {502, 503, 504}:
        return EngineUnavailableError("The engine is not ready.", remedy="Try again shortly.")
    # 401 and 403 too: it is our key that the engine refuses, not the caller's.
    return EngineError(
        f"The engine answered with HTTP {status}.", remedy="The server's operator should look."
    )


def _is_input_error(text: str) -> bool:
    return any(f"{kind} input is not supported" in text for kind in ("image", "audio"))


def _is_context_error(text: str) -> bool:
    signs = (
        "exceed_context_size",
        "context_length_exceeded",
        "maximum context length",
        "exceeds the available context",
    )
    return any(sign in text for sign in signs)


def _message_of(text: str) -> str:
    try:
        error = json.loads(text)
    except ValueError:
        return text[:500]
    while isinstance(error, dict):
        error = error.get("error") or error.get("message") or error.get("detail") or ""
    return str(error)[:500]
