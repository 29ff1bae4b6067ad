"""Search, and questions with cited answers, whole or streamed."""

from typing import Any

from fastapi import APIRouter, Request, Response

from ondol.ask.answer import EXTRACTIVE
from ondol.core.access import Principal
from ondol.core.answers import Answer, AnswerDone, AnswerEvent
from ondol.core.documents import SearchResult
from ondol.core.errors import EngineUnavailableError, NotFoundError, TooLargeError
from ondol.serve.api.errors import describe_errors, encode_stream_error
from ondol.serve.api.routes.route import build_router
from ondol.serve.api.schema import AskRequest, SearchRequest
from ondol.serve.bridge import EventStream, Pump, collect, encode_event
from ondol.serve.context import Context, ServeContext, Who
from ondol.serve.exchange import Question, run_exchange
from ondol.serve.gateway.models import ONDOL, list_names

router: APIRouter = build_router("ask")

_STREAM_DOCS: dict[int | str, dict[str, Any]] = {
    200: {
        "model": Answer,
        "description": (
            "The answer. With `stream: true`, server-sent events instead: `sources` (SourcesEvent), any "
            "number of `delta` (DeltaEvent), then `done` (DoneEvent) or `error` (ErrorBody); comment lines "
            "keep it alive."
        ),
        "content": {
            "text/event-stream": {
                "schema": {
                    "description": "Data of an event.",
                    "oneOf": [
                        {"$ref": f"#/components/schemas/{name}"}
                        for name in ("SourcesEvent", "DeltaEvent", "DoneEvent", "ErrorBody")
                    ],
                }
            }
        },
    },
}


def check_question(context: ServeContext, text: str) -> None:
    """Raise ``TooLargeError`` for a question over the limit."""
    limit = context.ondol.settings.max_question_chars
    if len(text) > limit:
        raise TooLargeError(
            f"The question has {len(text)} characters; at most {limit} are taken.",
            remedy="Shorten it, or put long material into a document.",
        )


@router.post("/search", operation_id="search", summary="Ranked passages", responses=describe_errors(413, 503))
async def search(context: Context, principal: Who, body: SearchRequest) -> SearchResult:
    """Find passages that the asker may read, best first."""
    check_question(context, body.query)

    def work() -> SearchResult:
        result = context.ondol.search(body.query, principal=principal, k=body.k, narrow=body.filter)
        context.trail.write_behind(principal, "search", detail={"hits": len(result.hits)})
        return result

    return await context.workers.run(work)


@router.post(
    "/ask",
    operation_id="ask",
    summary="A cited answer",
    response_model=Answer,
    responses=_STREAM_DOCS | describe_errors(404, 413, 503),
)
async def ask(context: Context, request: Request, principal: Who, body: AskRequest) -> Response | Answer:
    """Answer from the documents that the asker may read, or say that they do not tell."""
    check_question(context, body.question)
    question = Question(
        text=body.question,
        k=body.k,
        model=None if body.model == ONDOL else body.model,
        think=body.think,
        narrow=body.filter,
        conversation_id=body.conversation_id,
    )
    events = await open_answer(context, question, principal)
    if body.stream:
        return EventStream(events, encode_answer_event, encode_error=encode_stream_error)
    for event in await collect(events, request.receive):
        if isinstance(event, AnswerDone):
            return event.answer
    raise EngineUnavailableError("The answer was not finished.", remedy="Ask again.")


async def open_answer(context: ServeContext, question: Question, principal: Principal) -> Pump[AnswerEvent]:
    """Start an exchange and wait for its first event, so that early failures keep their HTTP status."""
    if question.model is not None:
        await context.workers.run(lambda: check_chat_model(context, question.model or ""))
    pump = Pump(context.streams, lambda: run_exchange(context, question, principal=principal))
    try:
        await pump.prime()
    except BaseException:
        pump.close()
        raise
    return pump


def check_chat_model(context: ServeContext, name: str) -> None:
    """Raise ``NotFoundError``, which lists those there are, for a model that cannot write answers."""
    names = [*list_names(context, "chat"), EXTRACTIVE]
    if name not in names:
        raise NotFoundError(
            f"There is no model {name!r} that could answer.", remedy=f"There are: {', '.join(names)}."
        )


def encode_answer_event(event: AnswerEvent) -> bytes:
    """Return the server-sent event for one event of an answer; its name is not repeated in the data."""
    data = event.model_dump(mode="json", exclude_none=True)
    return encode_event(data.pop("event"), data)
