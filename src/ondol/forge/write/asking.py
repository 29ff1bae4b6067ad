"""Ask a model until it answers or the order's time is over: an engine that fails costs time, not samples."""

import hashlib
import random
import re
import time
from collections.abc import Callable, Iterable
from typing import Protocol, runtime_checkable

from ondol.core.errors import EngineError, EngineProtocolError, EngineTimeoutError
from ondol.core.models import ChatReply, ChatRequest
from ondol.core.protocols import ChatModel

_BACKOFF_S = 1.0
_MAX_BACKOFF_S = 60.0
_LEAST_TIMEOUT_S = 0.05
# The words of ``engines.http`` for a request that a server does not accept; a test ties them together.
_REFUSAL = re.compile(r"\(HTTP 4\d\d")
_FAILURES_WITH_SCHEMA = 4


@runtime_checkable
class _KeyedReply(Protocol):
    @property
    def reply(self) -> ChatReply: ...
    @property
    def key(self) -> str: ...


@runtime_checkable
class KeyedChat(Protocol):
    """A chat model that keeps its calls and names them; ``engines.cache.CachedChat`` is one."""

    def complete_keyed(self, request: ChatRequest, *, sources: Iterable[str], label: str) -> _KeyedReply:
        """Return the reply and the key that it is kept under; raises ``EngineError``."""


def derive_seed(*parts: object) -> int:
    """Return a seed that the same ``parts`` always give, 0 to 2³¹ - 1."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4]) & 0x7FFFFFFF


class Asker:
    """Asks one model. Safe to call from several threads.

    Args:
        chat: any chat model; one that keeps its calls tells their keys.
        sleep: waits between attempts, seconds.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        chat: ChatModel,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._chat = chat
        self._sleep = sleep
        self._clock = clock
        self._refuses_schemas = False

    def begin(self, *, deadline_s: float, sources: Iterable[str], label: str, seed: int) -> "Errand":
        """Return one order's errand, which has ``deadline_s`` seconds from now."""
        return Errand(self, self._clock() + deadline_s, tuple(sources), label, seed)

    def call(self, request: ChatRequest, *, sources: Iterable[str], label: str) -> tuple[ChatReply, str]:
        """Return a reply and its key (empty without one); raises ``EngineError``.

        A server that refuses JSON schemas is asked without them from then on.
        """
        if request.json_schema is None or self._refuses_schemas:
            return self._call(_without_schema(request), sources, label)
        try:
            return self._call(request, sources, label)
        except EngineProtocolError as error:
            if not _REFUSAL.search(error.message):
                raise
            found = self._call(_without_schema(request), sources, label)
            self._refuses_schemas = True
            return found

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._sleep(seconds)

    def now(self) -> float:
        """Return monotonic seconds."""
        return self._clock()

    def _call(self, request: ChatRequest, sources: Iterable[str], label: str) -> tuple[ChatReply, str]:
        if isinstance(self._chat, KeyedChat):
            keyed = self._chat.complete_keyed(request, sources=sources, label=label)
            return keyed.reply, keyed.key
        return self._chat.complete(request), ""


class Errand:
    """The calls of one order, with its deadline and its counts.

    Attributes:
        requests: asked so far, those that failed too.
    """

    def __init__(
        self, asker: Asker, deadline: float, sources: tuple[str, ...], label: str, seed: int
    ) -> None:
        self._asker = asker
        self._deadline = deadline
        self._sources = sources
        self._label = label
        # Chance for variety, not for secrets.
        self._rng = random.Random(seed)  # noqa: S311
        self.requests = 0
        self.prompt_tokens = 0
        self.completion_tokens = 0

    def ask(self, request: ChatRequest) -> tuple[ChatReply, str]:
        """Return a reply and its key; a transient failure is waited out, with exponential backoff and jitter.

        Some servers answer a JSON schema that they cannot take with HTTP 500, so now and then one that goes
        on failing is asked without it.

        Raises:
            EngineError: the failure is not transient, or the order's time is over.
        """
        failures = 0
        while True:
            left = self._deadline - self._asker.now()
            if left <= 0:
                raise EngineTimeoutError(
                    "The time for this order is over.", remedy="Look at the server's log."
                )
            bounded = request.model_copy(
                update={"timeout_s": max(_LEAST_TIMEOUT_S, min(request.timeout_s, left))}
            )
            if failures % (_FAILURES_WITH_SCHEMA + 1) == _FAILURES_WITH_SCHEMA:
                bounded = _without_schema(bounded)
            self.requests += 1
            try:
                reply, key = self._asker.call(bounded, sources=self._sources, label=self._label)
            except EngineError as error:
                pause = min(_BACKOFF_S * 2**failures, _MAX_BACKOFF_S) * self._rng.uniform(0.5, 1.0)
                if not error.transient or self._asker.now() + pause >= self._deadline:
                    raise
                self._asker.pause(pause)
                failures += 1
                continue
            self.prompt_tokens += reply.prompt_tokens
            self.completion_tokens += reply.completion_tokens
            return reply, key


def _without_schema(request: ChatRequest) -> ChatRequest:
    return request if request.json_schema is None else request.model_copy(update={"json_schema": None})
