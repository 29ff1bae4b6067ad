"""A chat model in GGUF, served by the llama.cpp child process; its callers are batched together."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ondol.core.errors import EngineBusyError, EngineTimeoutError, EngineUnavailableError
from ondol.core.ids import sha256_hex
from ondol.core.models import ChatDelta, ChatReply, ChatRequest, ModelProfile
from ondol.engines.chat.profiles import build_profile
from ondol.engines.chat.wire import CHAT_PATH, build_body, complete, read_reply
from ondol.engines.endpoint import Endpoint
from ondol.engines.http import EMBEDDED, HttpClient
from ondol.engines.process import EngineProcess
from ondol.engines.settings import EngineLimits, limit_context


class EmbeddedChat:
    """Speaks to the child process; starts it on the first request.

    Args:
        model_path: the GGUF file.
        home: where lock, endpoint file and log are kept.
        name: the catalogue's; its family decides the profile.
        profile: fields that replace what is known of the family.
    """

    def __init__(
        self,
        model_path: Path,
        *,
        home: Path,
        name: str,
        sha256: str,
        profile: Mapping[str, Any] | None = None,
        limits: EngineLimits | None = None,
    ) -> None:
        known = build_profile(name, profile)
        self._sha256 = sha256
        self._limits = limit_context(limits or EngineLimits(), known.context_tokens)
        self._profile = known.model_copy(update={"context_tokens": self._limits.context_tokens})
        self._process = EngineProcess(
            model_path, home=home, name=name, sha256=sha256, kind="chat", limits=self._limits
        )
        self._room = threading.Semaphore(self._limits.slots + self._limits.queue)

    @property
    def profile(self) -> ModelProfile:
        """What the model can do here; its context is that of one slot."""
        return self._profile

    @property
    def fingerprint(self) -> str:
        """Changes when replies would: the weights, and how they are asked."""
        asked = self._profile.model_dump_json(exclude={"context_tokens"})
        return f"gguf:{self._sha256}:{sha256_hex(asked.encode())[:16]}"

    @property
    def pid(self) -> int | None:
        """The child's, when one is known."""
        return self._process.pid

    def complete(self, request: ChatRequest) -> ChatReply:
        """Return the whole reply; raises ``EngineError``."""
        return complete(self.stream, request, self._profile.name)

    def stream(self, request: ChatRequest) -> Iterator[ChatDelta]:
        """Yield the reply piece by piece; closing the iterator cancels the work.

        If the child dies before anything was yielded, it is started again and asked once more.

        Raises:
            WrongUseError: the JSON schema cannot be enforced.
            EngineBusyError: the queue is full.
            ContextLengthError: the prompt does not fit a slot.
            EngineError: otherwise.
        """
        body = build_body(request, self._profile, self._profile.name)
        with self._admit():
            begun = False
            endpoint = self._process.endpoint()
            try:
                for delta in self._ask(endpoint, body, request):
                    begun = True
                    yield delta
            except EngineUnavailableError:
                self._process.renew(endpoint)
                if begun:
                    raise
            except EngineTimeoutError:  # slow, or stuck for good
                self._process.renew(endpoint)
                raise
            else:
                return
            yield from self._ask(self._process.endpoint(), body, request)

    def endpoint(self) -> Endpoint:
        """Return where to send a request that is passed on as it is; starts the child."""
        return self._process.endpoint()

    def close(self) -> None:
        """Stop the child if this process started it."""
        self._process.close()

    def _ask(self, endpoint: Endpoint, body: Mapping[str, Any], request: ChatRequest) -> Iterator[ChatDelta]:
        client = HttpClient(endpoint, role=EMBEDDED)
        with closing(client.post_events(CHAT_PATH, body, timeout_s=request.timeout_s)) as events:
            yield from read_reply(events, request, self._profile)

    @contextmanager
    def _admit(self) -> Iterator[None]:
        """Hold a place in the queue: llama.cpp's own is without bound."""
        if not self._room.acquire(blocking=False):
            raise EngineBusyError(
                f"{self._limits.slots + self._limits.queue} requests are waiting for {self._profile.name}.",
                remedy="Try again in a moment.",
            )
        try:
            yield
        finally:
            self._room.release()
