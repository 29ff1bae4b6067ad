"""Replies of chat models: passed through from their engine, or made of our own protocol's pieces."""

from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ondol.core.models import ChatDelta, ChatRequest, ModelProfile
from ondol.core.protocols import ChatModel
from ondol.engines.chat.think import ThinkSplitter, build_splitter
from ondol.serve.bridge import EventStream, Pump, Source, collect, encode_event
from ondol.serve.context import ServeContext
from ondol.serve.gateway.chunks import DONE, Envelope, assemble, encode_chunk
from ondol.serve.gateway.errors import build_error
from ondol.serve.gateway.requests import build_chat_request, build_text_request, build_upstream_body
from ondol.serve.gateway.schema import ChatCompletionRequest, CompletionRequest
from ondol.serve.upstream import HasEndpoint

Chunk = dict[str, Any]
AnyRequest = ChatCompletionRequest | CompletionRequest
_PATHS = {"chat": "/chat/completions", "text": "/completions"}


async def reply_with_model(
    context: ServeContext, http: Request, request: AnyRequest, model: ChatModel, envelope: Envelope
) -> Response:
    """Return the model's reply, streamed or whole, as the request says."""
    source = await open_model_source(context, request, model, envelope)
    return await send_reply(http, request, source, envelope)


async def send_reply(
    http: Request, request: AnyRequest, source: Source[Chunk], envelope: Envelope
) -> Response:
    """Send chunks as they come, or put them together; a caller who leaves stops the work."""
    if not request.stream:
        return JSONResponse(assemble(envelope, await collect(source, http.receive)))
    wants_usage = request.stream_options is not None and request.stream_options.include_usage

    def encode(chunk: Chunk) -> bytes:
        if wants_usage:
            return encode_chunk(chunk)
        bare = {name: value for name, value in chunk.items() if name != "usage"}
        return encode_chunk(bare) if bare["choices"] else b""

    return EventStream(source, encode, encode_error=encode_stream_error, tail=DONE)


def encode_stream_error(error: Exception) -> bytes:
    """Return the last event of a stream that failed; OpenAI's client raises it."""
    return encode_event(None, build_error(error))


async def open_model_source(
    context: ServeContext, request: AnyRequest, model: ChatModel, envelope: Envelope
) -> Source[Chunk]:
    """Start the reply; a failure before its first piece is raised here, and becomes an HTTP status."""
    profile = await context.workers.run(lambda: model.profile)
    if isinstance(model, HasEndpoint):
        endpoint = await context.workers.run(model.endpoint)
        body = build_upstream_body(request, profile)
        reply = await context.upstream.open(endpoint, _PATHS[envelope.kind], body)
        return PassedThrough(reply, envelope, build_think_splitter(request, profile))
    ours = (
        build_chat_request(request)
        if isinstance(request, ChatCompletionRequest)
        else build_text_request(request)
    )
    pump = Pump(context.streams, lambda: build_chunks(envelope, model, ours))
    await pump.prime()
    return pump


def build_chunks(envelope: Envelope, model: ChatModel, request: ChatRequest) -> Iterator[Chunk]:
    """Yield the chunks of a reply in our own protocol."""
    is_first = True
    for delta in model.stream(request):
        if is_first:  # not before: a failure of the engine still becomes an HTTP status
            yield envelope.build_piece("", role=True)
            is_first = False
        more: dict[str, Any] = {}
        if delta.thinking and envelope.kind == "chat":
            more["reasoning_content"] = delta.thinking
        if delta.text or more:
            yield envelope.build_piece(delta.text, **more)
        if delta.finish_reason is not None:
            yield envelope.build_piece("", finish=delta.finish_reason)
            yield envelope.build_usage({
                "prompt_tokens": delta.prompt_tokens,
                "completion_tokens": delta.completion_tokens,
                "total_tokens": delta.prompt_tokens + delta.completion_tokens,
            })


def build_think_splitter(request: AnyRequest, profile: ModelProfile) -> ThinkSplitter | None:
    """Return what parts thinking from answer; ``None`` where there is no thinking, or several replies."""
    if (
        profile.reasoning == "none"
        or not isinstance(request, ChatCompletionRequest)
        or request.n not in {None, 1}
    ):
        return None
    return build_splitter(profile, think=bool(request.think()))


class PassedThrough:
    """An engine's chunks under our name, with thinking moved out of the text."""

    def __init__(self, reply: Source[Chunk], envelope: Envelope, splitter: ThinkSplitter | None) -> None:
        self._reply, self._envelope, self._splitter = reply, envelope, splitter

    async def next(self) -> Chunk:
        """Return the next chunk; raises ``StreamEnd`` after the last."""
        chunk = self._envelope.rename(await self._reply.next())
        if self._splitter is not None:
            for choice in chunk["choices"]:
                self._part(self._splitter, choice)
        return chunk

    def close(self) -> None:
        """Make the engine stop."""
        self._reply.close()

    def _part(self, splitter: ThinkSplitter, choice: dict[str, Any]) -> None:
        delta = choice.get("delta") or {}
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if thought:
            splitter.note_parted()
        deltas: list[ChatDelta] = list(splitter.feed(delta["content"])) if delta.get("content") else []
        if choice.get("finish_reason"):
            deltas += splitter.finish("length" if choice["finish_reason"] == "length" else "stop")
        if deltas or "content" in delta:
            delta["content"] = "".join(piece.text for piece in deltas)
            thinking = "".join(piece.thinking for piece in deltas)
            if thinking:
                delta["reasoning_content"] = thinking
            choice["delta"] = delta
