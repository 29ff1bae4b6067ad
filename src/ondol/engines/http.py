"""The one way that adapters speak HTTP: deadlines, streams, errors of our tree, and to no other host.

Built on ``http.client``: it reads no proxy variables, follows no redirects and opens one connection a
request, which costs a fraction of a millisecond beside a model's work and leaves no stale connections to
guess about.
"""

import http.client
import json
import ssl
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from ondol.core.errors import (
    ContextLengthError,
    EngineBusyError,
    EngineError,
    EngineProtocolError,
    EngineTimeoutError,
    EngineUnavailableError,
    NoModelError,
)
from ondol.engines.endpoint import Endpoint
from ondol.policy.egress import check_host

EMBEDDED = "embedded"
"""The role of our own child process."""

_CONNECT_TIMEOUT_S = 10.0
_MAX_BODY = 256 << 20
_MAX_LINE = 16 << 20
_SAID = 300  # characters of a server's own words that an error repeats
_BACKOFF_S = 0.25
_MAX_BACKOFF_S = 8.0
_CONTEXT_WORDS = (
    "context length",
    "context size",
    "maximum context",
    "context_length",
    "exceed_context",
    "too large to process",  # llama.cpp, of a text to embed
)

Sleep = Callable[[float], None]


class HttpClient:
    """Calls one server.

    Args:
        allowed: addresses of the settings, for ``check_host``; loopback is always allowed.
        role: what the server is for, to be named in errors: ``chat``, ``embed``, ``rerank`` or
            ``EMBEDDED``.
        attempts: how often a request is tried while its failure is transient and nothing of the reply was
            handed on.
        sleep: waits between attempts.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        allowed: Iterable[str] = (),
        role: str = "chat",
        attempts: int = 1,
        sleep: Sleep = time.sleep,
    ) -> None:
        check_host(endpoint.base_url, allowed)
        self._endpoint = endpoint
        self._url = urlsplit(endpoint.base_url)
        self._role = role
        self._attempts = attempts
        self._sleep = sleep

    def get_json(self, path: str, *, timeout_s: float) -> Any:
        """Return the JSON of ``GET path``; raises ``EngineError``."""
        return self._parse(self._read("GET", path, None, timeout_s))

    def post_json(self, path: str, body: Mapping[str, Any], *, timeout_s: float) -> Any:
        """Return the JSON that answers ``body``; raises ``EngineError``."""
        return self._parse(self._read("POST", path, body, timeout_s))

    def post_events(
        self, path: str, body: Mapping[str, Any], *, timeout_s: float
    ) -> Generator[Any, None, None]:
        """Yield the JSON of each server-sent event until ``[DONE]``.

        Closing the iterator closes the connection, on which servers cancel the work.

        Raises:
            EngineUnavailableError: the stream ended before ``[DONE]``.
            EngineError: as for the other calls.
        """
        deadline = time.monotonic() + timeout_s
        for attempt in range(self._attempts):
            begun = False
            try:
                with closing(self._open("POST", path, body, deadline)) as reply:
                    for event in self._read_events(reply):
                        begun = True
                        yield event
            except EngineError as error:
                if begun or not self._wait_to_retry(error, attempt, deadline):
                    raise
            else:
                return

    def _read(self, method: str, path: str, body: Mapping[str, Any] | None, timeout_s: float) -> bytes:
        deadline = time.monotonic() + timeout_s
        attempt = 0
        while True:
            try:
                with closing(self._open(method, path, body, deadline)) as reply:
                    return b"".join(reply.read_blocks())
            except EngineError as error:
                if not self._wait_to_retry(error, attempt, deadline):
                    raise
            attempt += 1

    def _wait_to_retry(self, error: EngineError, attempt: int, deadline: float) -> bool:
        """Sleep before the next attempt and return true, unless another one is of no use."""
        pause = min(_BACKOFF_S * 2**attempt, _MAX_BACKOFF_S)
        if not error.transient or attempt + 1 >= self._attempts or time.monotonic() + pause >= deadline:
            return False
        self._sleep(pause)
        return True

    def _open(self, method: str, path: str, body: Mapping[str, Any] | None, deadline: float) -> "_Reply":
        reply = _Reply(self, deadline)
        try:
            reply.send(method, path, body)
            said = None if reply.status == 200 else b"".join(reply.read_blocks())
        except BaseException:
            reply.close()
            raise
        if said is not None:
            reply.close()
            raise self._explain_status(reply.status, said)
        return reply

    def _read_events(self, reply: "_Reply") -> Iterator[Any]:
        for line in reply.read_lines():
            if not line.startswith(b"data:"):
                if line.startswith(
                    b"{"
                ):  # an error instead of a stream, as some servers send with status 200
                    raise self._explain_status(500, line)
                continue  # a comment, an event's name, or the blank line between events
            data = line[5:].strip()
            if data == b"[DONE]":
                return
            event = self._parse(data)
            if isinstance(event, dict) and event.get("error"):
                status = event["error"].get("code") if isinstance(event["error"], dict) else 500
                raise self._explain_status(status if isinstance(status, int) else 500, data)
            yield event
        raise EngineUnavailableError(
            f"The {self._role} server at {self.where} closed the stream before its end.",
            remedy="It may have been stopped: try again, and look at the server's log.",
        )

    def _parse(self, data: bytes) -> Any:
        try:
            return json.loads(data)
        except ValueError:
            raise EngineProtocolError(
                f"The {self._role} server at {self.where} sent {len(data)} bytes that are not JSON.",
                remedy="Check that its address is the root of an API, like http://host:8000/v1.",
            ) from None

    @property
    def where(self) -> str:
        """The address without user, password and query."""
        port = f":{self._url.port}" if self._url.port else ""
        return f"{self._url.scheme}://{self._url.hostname}{port}{self._url.path}"

    def connect(self, timeout_s: float) -> http.client.HTTPConnection:
        """Return a connection that is not open yet."""
        timeout_s = min(timeout_s, _CONNECT_TIMEOUT_S)
        host = self._url.hostname or ""
        if self._url.scheme == "https":
            return http.client.HTTPSConnection(
                host, self._url.port, timeout=timeout_s, context=ssl.create_default_context()
            )
        return http.client.HTTPConnection(host, self._url.port, timeout=timeout_s)

    def build_request(
        self, path: str, body: Mapping[str, Any] | None
    ) -> tuple[str, bytes | None, dict[str, str]]:
        """Return target, body and headers."""
        headers = {"Accept": "application/json, text/event-stream", **self._endpoint.headers}
        data = None
        if body is not None:
            # Lone surrogates cannot be encoded; a question mark is what they would be shown as.
            data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
            headers["Content-Type"] = "application/json"
        return self._url.path.rstrip("/") + path, data, headers

    def explain_fault(self, error: Exception) -> EngineError:
        """Turn what the network raised into an error of the tree."""
        if isinstance(error, TimeoutError):
            return EngineTimeoutError(
                f"The {self._role} server at {self.where} did not answer in time.",
                remedy="It may be loading a model or be overloaded: try again, or allow more time.",
            )
        return EngineUnavailableError(
            f"The {self._role} server at {self.where} could not be reached or broke off "
            f"({type(error).__name__}: {getattr(error, 'strerror', None) or error}).",
            remedy=(
                "It is started again for the next request."
                if self._role == EMBEDDED
                else "Check that it runs and that the base URL in the settings is right."
            ),
        )

    def _explain_status(self, status: int, body: bytes) -> EngineError:
        said = self._hide_key(_find_message(body))
        at = f"The {self._role} server at {self.where}"
        name = self._role.upper()
        if status in {401, 403}:
            return EngineError(
                f"{at} refused our key (HTTP {status}).",
                remedy=f"Set ONDOL_{name}_API_KEY to a key that it accepts.",
            )
        if status == 404:
            return NoModelError(
                f"{at} knows no such model or route: model {self._endpoint.model!r} (HTTP 404{said}).",
                remedy=f"Check ONDOL_{name}_MODEL, and that ONDOL_{name}_BASE_URL ends where its API begins.",
            )
        if status in {400, 413, 422, 500} and any(w in said.lower() for w in _CONTEXT_WORDS):
            return ContextLengthError(
                f"{at} says that the prompt is longer than the model's context{said}.",
                remedy="Ask a shorter question, fewer passages (-k), or use a model with a longer context.",
            )
        if status == 429:
            return EngineBusyError(f"{at} is busy (HTTP 429{said}).", remedy="Try again in a moment.")
        if status in {408, 504}:
            return EngineTimeoutError(f"{at} ran out of time (HTTP {status}{said}).", remedy="Try again.")
        if status >= 500:
            return EngineUnavailableError(
                f"{at} failed (HTTP {status}{said}).", remedy="Try again, and look at the server's log."
            )
        return EngineProtocolError(
            f"{at} did not accept our request (HTTP {status}{said}).",
            remedy="It may lack a feature that was asked for: see the model's profile in the settings.",
        )

    def _hide_key(self, text: str) -> str:
        for value in self._endpoint.headers.values():
            secret = value.removeprefix("Bearer ")
            if secret:
                text = text.replace(secret, "***")
        return text


class _Reply:
    """One request and its reply under one deadline."""

    def __init__(self, client: HttpClient, deadline: float) -> None:
        self._client = client
        self._deadline = deadline
        self._connection = client.connect(self._left())
        self._response: http.client.HTTPResponse | None = None
        self.status = 0

    def send(self, method: str, path: str, body: Mapping[str, Any] | None) -> None:
        target, data, headers = self._client.build_request(path, body)
        try:
            self._connection.connect()
            self._sock = self._connection.sock
            self._sock.settimeout(self._left())
            self._connection.request(method, target, data, {**headers, "Connection": "close"})
            self._response = self._connection.getresponse()
            self.status = self._response.status
        except (OSError, http.client.HTTPException) as error:
            raise self._client.explain_fault(error) from error

    def read_blocks(self) -> Iterator[bytes]:
        """Yield the body as it comes; raises ``EngineError`` when it is cut, late or too long."""
        size = 0
        while block := self._read_some():
            size += len(block)
            if size > _MAX_BODY:
                raise EngineProtocolError(
                    f"The server at {self._client.where} sent more than {_MAX_BODY >> 20} MiB.",
                    remedy="Ask for less at once.",
                )
            yield block

    def read_lines(self) -> Iterator[bytes]:
        """Yield whole lines, so that a character's bytes are never parted."""
        rest = b""
        while block := self._read_some():
            *lines, rest = (rest + block).split(b"\n")
            yield from (line.rstrip(b"\r") for line in lines)
            if len(rest) > _MAX_LINE:
                raise EngineProtocolError(
                    f"The server at {self._client.where} sent a line without end.", remedy="Look at its log."
                )
        if rest:
            yield rest

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
        self._connection.close()

    def _read_some(self) -> bytes:
        if self._response is None:
            return b""
        try:
            self._sock.settimeout(self._left())
            block = self._response.read1(1 << 16)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._client.explain_fault(error) from error
        if not block and self._response.length:  # http.client takes a cut body for a whole one
            raise self._client.explain_fault(http.client.IncompleteRead(b"", self._response.length))
        return block

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self._client.explain_fault(TimeoutError())
        return left


def _find_message(body: bytes) -> str:
    """Return what a server says of its error, short, or nothing (OpenAI, vLLM, FastAPI, llama.cpp)."""
    try:
        value = json.loads(body)
    except ValueError:
        return ""
    if isinstance(value, dict):
        value = value.get("error") or value.get("message") or value.get("detail") or ""
    if isinstance(value, dict):
        value = f"{value.get('message') or ''} {value.get('type') or ''}".strip()
    text = " ".join(str(value).split())
    return f": {text[:_SAID]}" if text else ""
