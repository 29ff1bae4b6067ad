"""Chunks of OpenAI's streamed replies: made, renamed and put together again into whole replies."""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from ondol.core.answers import Usage

ReplyKind = Literal["chat", "text"]
_OBJECTS = {
    ("chat", True): "chat.completion.chunk",
    ("chat", False): "chat.completion",
    ("text", True): "text_completion",
    ("text", False): "text_completion",
}
_STANDARD = frozenset({"id", "object", "created", "model", "choices", "usage"})
_PREFIX = {"chat": "chatcmpl-", "text": "cmpl-"}


class Envelope:
    """What all chunks of one reply have in common."""

    def __init__(self, kind: ReplyKind, *, model: str, created: int) -> None:
        self.kind = kind
        self._model, self._created = model, created
        self._id = _PREFIX[kind] + secrets.token_hex(12)

    def build(self, choices: Sequence[dict[str, Any]], *, streamed: bool, **more: Any) -> dict[str, Any]:
        """Return a chunk or a whole reply around ``choices``."""
        return {
            "id": self._id,
            "object": _OBJECTS[self.kind, streamed],
            "created": self._created,
            "model": self._model,
            "choices": list(choices),
            **{name: value for name, value in more.items() if value is not None},
        }

    def build_piece(
        self, text: str, *, finish: str | None = None, role: bool = False, **more: Any
    ) -> dict[str, Any]:
        """Return a chunk with the next ``text``; ``more`` stands beside it in the delta."""
        if self.kind == "text":
            choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish, **more}
        else:
            delta = {"role": "assistant"} if role else {}
            if text or role:
                delta["content"] = text
            choice = {"index": 0, "delta": {**delta, **more}, "logprobs": None, "finish_reason": finish}
        return self.build([choice], streamed=True)

    def build_usage(self, usage: dict[str, int]) -> dict[str, Any]:
        """Return the chunk without choices that carries the counts."""
        return self.build([], streamed=True, usage=usage)

    def rename(self, chunk: dict[str, Any]) -> dict[str, Any]:
        """Return an engine's chunk under our name and id."""
        known = self.build(chunk.get("choices") or [], streamed=True)
        usage = chunk.get("usage")
        return {**known, "usage": usage} if usage else known


def build_usage(usage: Usage) -> dict[str, int]:
    """Return counts as OpenAI names them."""
    return usage.model_dump()


def encode_chunk(chunk: dict[str, Any]) -> bytes:
    """Return the server-sent event for a chunk."""
    return b"data: " + json.dumps(chunk, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def assemble(envelope: Envelope, chunks: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Put streamed chunks together into the reply that they are the pieces of."""
    choices: dict[int, dict[str, Any]] = {}
    usages: dict[tuple[int, ...], dict[str, Any]] = {}
    extras: dict[str, Any] = {}
    for chunk in chunks:
        extras |= {name: value for name, value in chunk.items() if name not in _STANDARD}
        pieces = chunk.get("choices") or []
        if chunk.get("usage"):
            usages[tuple(piece.get("index", 0) for piece in pieces)] = chunk["usage"]
        for piece in pieces:
            index = piece.get("index", 0)
            choice = choices.setdefault(index, _build_empty_choice(envelope.kind, index))
            _add_piece(envelope.kind, choice, piece)
    return envelope.build(
        [choices[index] for index in sorted(choices)], streamed=False, usage=_sum_usages(usages), **extras
    )


def _sum_usages(usages: Mapping[tuple[int, ...], dict[str, Any]]) -> dict[str, Any] | None:
    """Return the counts of the whole reply: told without a choice, or else summed."""
    if () in usages or len(usages) < 2:
        return usages.get((), next(iter(usages.values()), None))
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    return {name: sum(int(usage.get(name) or 0) for usage in usages.values()) for name in names}


def _build_empty_choice(kind: ReplyKind, index: int) -> dict[str, Any]:
    content: dict[str, Any] = (
        {"text": ""} if kind == "text" else {"message": {"role": "assistant", "content": ""}}
    )
    return {"index": index, **content, "logprobs": None, "finish_reason": None}


def _add_piece(kind: ReplyKind, choice: dict[str, Any], piece: dict[str, Any]) -> None:
    choice["finish_reason"] = piece.get("finish_reason") or choice["finish_reason"]
    if piece.get("logprobs"):
        choice["logprobs"] = _join(choice["logprobs"], piece["logprobs"])
    if kind == "text":
        choice["text"] += piece.get("text") or ""
        if "citations" in piece:
            choice["citations"] = piece["citations"]
        return
    message = choice["message"]
    for name, value in (piece.get("delta") or {}).items():
        if name == "tool_calls":
            _add_tool_calls(message.setdefault("tool_calls", []), value or [])
        elif name != "role" and value is not None:
            message[name] = _join(message.get(name), value)
    if message.get("tool_calls") and not message["content"]:
        message["content"] = None


def _add_tool_calls(calls: list[dict[str, Any]], pieces: Sequence[dict[str, Any]]) -> None:
    for piece in pieces:
        index = piece.get("index", len(calls))
        while len(calls) <= index:
            calls.append({"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
        call = calls[index]
        call["id"] = piece.get("id") or call["id"]
        function = piece.get("function") or {}
        call["function"]["name"] += function.get("name") or ""
        call["function"]["arguments"] += function.get("arguments") or ""


def _join(old: Any, new: Any) -> Any:
    """Add a streamed piece to what came before: texts and lists grow, objects grow field by field."""
    if isinstance(old, str) and isinstance(new, str):
        return old + new
    if isinstance(old, list) and isinstance(new, list):
        return [*old, *new]
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{name: _join(old.get(name), value) for name, value in new.items()}}
    return new
