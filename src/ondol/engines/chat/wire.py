"""The chat protocol that OpenAI defined and llama.cpp, vLLM, SGLang, Furiosa-LLM and Friendli speak.

Replies are always streamed and put together here: servers cancel streamed work when the connection closes
and, tried with llama.cpp, go on with the rest; a reply that hangs is noticed, and there is one way to read
replies instead of two.
"""

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from ondol.core.errors import EngineProtocolError, EngineUnavailableError
from ondol.core.models import ChatDelta, ChatReply, ChatRequest, FinishReason, ModelProfile
from ondol.engines.chat.schema import check_schema
from ondol.engines.chat.think import build_splitter

CHAT_PATH = "/chat/completions"


def build_body(request: ChatRequest, profile: ModelProfile, model: str) -> dict[str, Any]:
    """Return the JSON to send; raises ``WrongUseError`` for a schema that cannot be enforced.

    A model that can be told whether to think is always told, because servers choose the way they read its
    reply by what the request says (vLLM's parsers leave thinking in the answer otherwise): ``think=None``
    means no.
    """
    body: dict[str, Any] = {
        "model": model,
        "messages": [m.to_json() for m in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.seed is not None:
        body["seed"] = request.seed
    if request.stop:
        body["stop"] = list(request.stop)
    if profile.reasoning == "switch":
        body["chat_template_kwargs"] = {profile.think_argument: bool(request.think)}
    if request.json_schema is not None:
        check_schema(request.json_schema)
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "reply", "schema": request.json_schema, "strict": True},
        }
    return body


def read_reply(events: Iterator[Any], request: ChatRequest, profile: ModelProfile) -> Iterator[ChatDelta]:
    """Yield the deltas of a streamed reply; the last one carries ``finish_reason`` and the counts.

    Raises:
        EngineProtocolError: the events are not those of a chat.
    """
    splitter = build_splitter(profile, think=bool(request.think))
    reason: FinishReason | None = None
    prompt_tokens = completion_tokens = 0
    for event in events:
        piece = _read_event(event)
        prompt_tokens = piece.prompt_tokens or prompt_tokens
        completion_tokens = piece.completion_tokens or completion_tokens
        if piece.thinking:
            splitter.note_parted()
            yield ChatDelta(thinking=piece.thinking)
        if piece.text:
            yield from splitter.feed(piece.text)
        reason = piece.finish_reason or reason
    if reason is None:
        raise EngineProtocolError(
            f"The server ended a reply of {profile.name} without saying why.",
            remedy="Look at the server's log.",
        )
    yield from splitter.finish(reason)
    yield ChatDelta(finish_reason=reason, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)


def complete(
    stream: Callable[[ChatRequest], Iterator[ChatDelta]],
    request: ChatRequest,
    model: str,
    *,
    attempts: int = 2,
) -> ChatReply:
    """Put a streamed reply together; one that breaks off is asked for again, since nobody has seen it yet."""
    for _ in range(attempts - 1):
        try:
            return _collect(stream(request), model)
        except EngineUnavailableError:
            continue
    return _collect(stream(request), model)


def _collect(deltas: Iterator[ChatDelta], model: str) -> ChatReply:
    text: list[str] = []
    thinking: list[str] = []
    last = ChatDelta()
    for delta in deltas:
        text.append(delta.text)
        thinking.append(delta.thinking)
        last = delta
    return ChatReply(
        text="".join(text),
        thinking="".join(thinking).strip(),
        finish_reason=last.finish_reason or "stop",
        prompt_tokens=last.prompt_tokens,
        completion_tokens=last.completion_tokens,
        model=model,
    )


def _read_event(event: Any) -> ChatDelta:
    """Return what one event adds, taken apart only by its shape; raises ``EngineProtocolError``."""
    try:
        choice = (event.get("choices") or [{}])[0]
        delta, usage = choice.get("delta") or {}, event.get("usage") or {}
        reason = choice.get("finish_reason")
        return ChatDelta(
            text=delta.get("content") or "",
            # vLLM renamed reasoning_content to reasoning; some servers send both.
            thinking=delta.get("reasoning_content") or delta.get("reasoning") or "",
            finish_reason=None if not reason else "length" if reason == "length" else "stop",
            prompt_tokens=usage.get("prompt_tokens") or 0,
            completion_tokens=usage.get("completion_tokens") or 0,
        )
    except (AttributeError, LookupError, TypeError, ValidationError):
        raise EngineProtocolError(
            "The server's stream holds something else than pieces of a chat.",
            remedy="Check that its address is the root of an OpenAI-compatible API, usually ending in /v1.",
        ) from None
