"""A chat model behind any OpenAI-compatible server: vLLM, SGLang, Furiosa-LLM, Friendli, llama.cpp."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from typing import Any

from pydantic import SecretStr

from ondol.core.errors import EngineError, NoModelError
from ondol.core.ids import sha256_hex
from ondol.core.models import ChatDelta, ChatReply, ChatRequest, ModelProfile
from ondol.engines.chat.profiles import build_profile
from ondol.engines.chat.wire import CHAT_PATH, build_body, complete, read_reply
from ondol.engines.endpoint import Endpoint, build_headers
from ondol.engines.http import HttpClient

_LOOK_TIMEOUT_S = 3.0
_LOOK_AGAIN_S = 30.0


class OpenAIChat:
    """Speaks to one model of one server.

    Args:
        base_url: root of the API, usually ending in ``/v1``.
        model: the name that the server knows; empty for its first one.
        profile: fields that replace what is known of the model's family.
        allowed: addresses that may be called; loopback always may.
        attempts: how often a request is tried while nothing of its reply was handed on.
        sleep: waits between attempts.
    """

    def __init__(
        self,
        base_url: str,
        model: str = "",
        *,
        api_key: SecretStr | None = None,
        profile: Mapping[str, Any] | None = None,
        allowed: Iterable[str] = (),
        attempts: int = 3,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._endpoint = Endpoint(
            base_url=base_url.rstrip("/"),
            headers=build_headers(api_key),
            model=model,
        )
        self._allowed = tuple(allowed)
        self._attempts = attempts
        self._sleep = sleep
        self._changes = dict(profile or {})
        self._profile = build_profile(model or "unknown", self._changes)
        self._client = self._build_client()
        self._lock = threading.Lock()
        self._looked_at: float | None = None
        self._known = bool(model) and "context_tokens" in self._changes

    @property
    def profile(self) -> ModelProfile:
        """What the model can do; the server is asked once for its name and context, not for long."""
        now = time.monotonic()
        with self._lock:
            due = self._looked_at is None or now - self._looked_at > _LOOK_AGAIN_S
            if not self._known and due:
                self._looked_at = now
                with suppress(EngineError):  # whoever asks a question next is told
                    self._look()
            return self._profile

    @property
    def fingerprint(self) -> str:
        """Server, model and how it is asked: what the server does under that name cannot be known.

        The server is asked where no model was named, which may raise ``EngineError``.
        """
        if not self._endpoint.model:
            with self._lock:
                self._look()
        asked = build_profile(self._endpoint.model, self._changes).model_dump_json(exclude={"context_tokens"})
        parts = "\x00".join([self._endpoint.base_url, asked])
        return f"openai:{self._endpoint.model}:{sha256_hex(parts.encode())[:16]}"

    def complete(self, request: ChatRequest) -> ChatReply:
        """Return the whole reply; raises ``EngineError``."""
        return complete(self.stream, request, self.profile.name, attempts=min(2, self._attempts))

    def stream(self, request: ChatRequest) -> Iterator[ChatDelta]:
        """Yield the reply piece by piece; closing the iterator cancels the work at the server."""
        profile = self.profile
        if not self._endpoint.model:
            with self._lock:
                self._look()
            profile = self._profile
        body = build_body(request, profile, self._endpoint.model)
        with closing(self._client.post_events(CHAT_PATH, body, timeout_s=request.timeout_s)) as events:
            yield from read_reply(events, request, profile)

    def endpoint(self) -> Endpoint:
        """Return where to send a request that is passed on as it is."""
        return self._endpoint

    def close(self) -> None:
        """Do nothing: no connection outlives its request."""

    def _look(self) -> None:
        """Learn the model's name, if none was given, and its context; raises ``EngineError``."""
        reply = self._client.get_json("/models", timeout_s=_LOOK_TIMEOUT_S)
        listed = reply.get("data") if isinstance(reply, dict) else None
        models = {str(m["id"]): m for m in listed or () if isinstance(m, dict) and "id" in m}
        name = self._endpoint.model or next(iter(models), "")
        if not name:
            raise NoModelError(
                f"The server at {self._client.where} lists no model.",
                remedy="Set ONDOL_CHAT_MODEL to its name.",
            )
        context = _find_context(models.get(name, {}))
        self._profile = build_profile(name, ({"context_tokens": context} if context else {}) | self._changes)
        self._endpoint = self._endpoint.model_copy(update={"model": name})
        self._client = self._build_client()
        self._known = True

    def _build_client(self) -> HttpClient:
        return HttpClient(
            self._endpoint, allowed=self._allowed, role="chat", attempts=self._attempts, sleep=self._sleep
        )


def _find_context(model: Mapping[str, Any]) -> int:
    """Return the context a server states, in the field of vLLM and SGLang or of llama.cpp; else 0."""
    meta = model.get("meta")
    for value in (model.get("max_model_len"), meta.get("n_ctx") if isinstance(meta, dict) else None):
        if isinstance(value, int) and value > 0:
            return value
    return 0
