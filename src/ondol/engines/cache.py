"""A chat model whose finished calls are kept: the same question is put to the engine once, ever.

A call is in the store before its reply is handed on, so a process killed afterwards repeats nothing. A reply
cut off by ``max_tokens`` is kept too: it is what this question gives, and asking again would make a second
run differ from the first. A reply that ended in an error is not.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from threading import Lock

from ondol.core.access import Label, Principal
from ondol.core.frozen import Frozen
from ondol.core.ids import sha256_hex
from ondol.core.models import ChatDelta, ChatReply, ChatRequest, ModelProfile
from ondol.core.protocols import CallStore, ChatModel


class KeyedReply(Frozen):
    """A reply and the key that it is kept under.

    Attributes:
        replayed: no call was made for it.
    """

    reply: ChatReply
    key: str
    replayed: bool


def build_call_key(fingerprint: str, request: ChatRequest, *, label: str) -> str:
    """Return the name of a question: SHA-256 of model, messages, parameters and label.

    ``timeout_s`` is left out: it decides whether a reply comes, not what it says.
    """
    asked = {
        "fingerprint": fingerprint,
        "label": label,
        "request": request.model_dump(mode="json", exclude={"timeout_s"}),
    }
    text = json.dumps(asked, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256_hex(text.encode("utf-8", "surrogatepass"))


class CachedChat:
    """A chat model over another one and a store of calls. Safe to call from several threads.

    Args:
        chat: asked when a question is new.
        calls: where replies are kept.
        fingerprint: changes when the model's replies would.
        principal: for whom replies are read.
        sources: ids of the documents in the prompts of ``complete``.
        label: of these prompts; by default all that ``principal`` may read, since their source is unknown.
        on_call: told of every reply, with whether it was replayed.
    """

    def __init__(
        self,
        chat: ChatModel,
        calls: CallStore,
        *,
        fingerprint: str,
        principal: Principal,
        sources: Iterable[str] = (),
        label: str | None = None,
        on_call: Callable[[KeyedReply], None] | None = None,
    ) -> None:
        self._chat = chat
        self._calls = calls
        self._fingerprint = fingerprint
        self._principal = principal
        self._sources = tuple(sources)
        self._label = str(Label(grade=principal.grade, groups=principal.groups)) if label is None else label
        self._on_call = on_call
        self._lock = Lock()
        self._in_flight: dict[str, Future[ChatReply]] = {}

    @property
    def profile(self) -> ModelProfile:
        """What the model beneath can do."""
        return self._chat.profile

    @property
    def fingerprint(self) -> str:
        """As given."""
        return self._fingerprint

    def complete(self, request: ChatRequest) -> ChatReply:
        """Return the whole reply; raises ``EngineError``."""
        return self.complete_keyed(request, sources=self._sources, label=self._label).reply

    def complete_keyed(self, request: ChatRequest, *, sources: Iterable[str], label: str) -> KeyedReply:
        """Return the whole reply and its key; a question asked twice at once is put to the engine once.

        Args:
            request: as for ``complete``.
            sources: ids of the documents in the prompt.
            label: text form of the strictest label of the prompt.

        Raises:
            EngineError: the engine failed; everyone who was waiting for this reply is told the same.
        """
        label, documents = str(Label.parse(label)), tuple(sources)
        key = build_call_key(self._fingerprint, request, label=label)
        with self._lock:
            waiting = self._in_flight.get(key)
            mine: Future[ChatReply] = Future()
            if waiting is None:
                self._in_flight[key] = mine
        if waiting is not None:
            reply, replayed = self._keep(key, waiting.result(), documents, label), True
        else:
            try:
                reply, replayed = self._ask(key, request, documents, label)
            except BaseException as error:
                self._leave(key)
                mine.set_exception(error)
                raise
            self._leave(key)
            mine.set_result(reply)
        keyed = KeyedReply(reply=reply, key=key, replayed=replayed)
        if self._on_call is not None:
            self._on_call(keyed)
        return keyed

    def stream(self, request: ChatRequest) -> Iterator[ChatDelta]:
        """Yield the reply piece by piece, from the engine; it is not kept."""
        return self._chat.stream(request)

    def _ask(
        self, key: str, request: ChatRequest, sources: tuple[str, ...], label: str
    ) -> tuple[ChatReply, bool]:
        kept = self._calls.find_reply(key, principal=self._principal)
        reply = kept or _mend(self._chat.complete(request))
        return self._keep(key, reply, sources, label), kept is not None

    def _keep(self, key: str, reply: ChatReply, sources: tuple[str, ...], label: str) -> ChatReply:
        """Keep the reply; one that is kept already learns of further documents that ask the same."""
        if reply.finish_reason == "error":
            return reply
        return self._calls.save_reply(key, reply, sources=sources, label=label)

    def _leave(self, key: str) -> None:
        with self._lock:
            del self._in_flight[key]


def _mend(reply: ChatReply) -> ChatReply:
    """Return the reply with ? for half characters, at which some servers cut: nothing at rest holds them."""
    mended = {name: getattr(reply, name).encode("utf-8", "replace").decode() for name in ("text", "thinking")}
    return reply.model_copy(update=mended)
