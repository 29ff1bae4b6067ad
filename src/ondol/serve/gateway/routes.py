"""OpenAI-compatible routes; they work with the unmodified ``openai`` client."""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import JSONResponse

from ondol.core.access import Principal
from ondol.core.clock import utc_now
from ondol.core.protocols import ChatModel
from ondol.engines.embed.openai import OpenAIEmbedder
from ondol.serve.bridge import Pump
from ondol.serve.context import Context, ServeContext, Who, get_principal
from ondol.serve.gateway.chat import reply_with_model, send_reply
from ondol.serve.gateway.chunks import Envelope, ReplyKind
from ondol.serve.gateway.corpus import build_answer_chunks, read_question
from ondol.serve.gateway.embeddings import embed, pass_on
from ondol.serve.gateway.errors import ModelNotFoundError
from ondol.serve.gateway.models import ONDOL, list_names, open_chat_model, open_embedder
from ondol.serve.gateway.schema import (
    ChatCompletionRequest,
    CompletionRequest,
    EmbeddingRequest,
    ModelEntries,
    ModelEntry,
    OpenAIErrorBody,
)

router = APIRouter(tags=["openai"], dependencies=[Depends(get_principal)])

_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": OpenAIErrorBody, "description": "The request is malformed, or too long for the model."},
    401: {"model": OpenAIErrorBody, "description": "No valid API key (`invalid_api_key`)."},
    404: {"model": OpenAIErrorBody, "description": "No such model (`model_not_found`)."},
    429: {"model": OpenAIErrorBody, "description": "Too many requests at once (`rate_limit_exceeded`)."},
    503: {"model": OpenAIErrorBody, "description": "The engine is not available."},
}


def _describe(what: str) -> dict[int | str, dict[str, Any]]:
    schema = {"type": "object", "description": f"As OpenAI's API reference describes {what}."}
    return {200: {"description": what, "content": {"application/json": {"schema": schema}}}, **_ERRORS}


@router.get("/models", operation_id="openaiListModels", summary="Models", responses=_ERRORS)
async def list_models(context: Context) -> ModelEntries:
    """List the models that can be asked for by name."""
    names = await context.workers.run(lambda: list_names(context))
    return ModelEntries(data=[ModelEntry(id=name) for name in names])


@router.get("/models/{model:path}", operation_id="openaiGetModel", summary="A model", responses=_ERRORS)
async def get_model(context: Context, model: str) -> ModelEntry:
    """Tell whether a model is there."""
    names = await context.workers.run(lambda: list_names(context))
    if model not in names:
        raise ModelNotFoundError(
            f"The model {model!r} does not exist here.", remedy=f"There are: {', '.join(names)}."
        )
    return ModelEntry(id=model)


@router.post(
    "/chat/completions",
    operation_id="openaiChat",
    summary="Chat; the model `ondol` answers from the corpus, with `citations`",
    response_class=Response,
    responses=_describe("a chat completion, or its chunks as server-sent events"),
)
async def chat(context: Context, http: Request, principal: Who, body: ChatCompletionRequest) -> Response:
    """Reply to a chat."""
    return await _complete(context, http, principal, body, "chat")


@router.post(
    "/completions",
    operation_id="openaiComplete",
    summary="Text completion",
    response_class=Response,
    responses=_describe("a text completion, or its chunks as server-sent events"),
)
async def complete(context: Context, http: Request, principal: Who, body: CompletionRequest) -> Response:
    """Go on with a text."""
    return await _complete(context, http, principal, body, "text")


async def _complete(
    context: ServeContext,
    http: Request,
    principal: Principal,
    body: ChatCompletionRequest | CompletionRequest,
    kind: ReplyKind,
) -> Response:
    envelope = Envelope(kind, model=body.model, created=int(utc_now().timestamp()))
    if body.model != ONDOL:
        model = await context.workers.run(lambda: _open_for(context, principal, body.model))
        return await reply_with_model(context, http, body, model, envelope)
    question = read_question(context, body)
    pump = Pump(context.streams, lambda: build_answer_chunks(context, envelope, question, principal))
    await pump.prime()
    return await send_reply(http, body, pump, envelope)


def _open_for(context: ServeContext, principal: Principal, name: str) -> ChatModel:
    model = open_chat_model(context, name)
    context.trail.write_behind(principal, "chat", resource=name)
    return model


@router.post(
    "/embeddings",
    operation_id="openaiEmbed",
    summary="Vectors of texts",
    response_class=Response,
    responses=_describe("a list of embeddings"),
)
async def embeddings(context: Context, body: EmbeddingRequest) -> Response:
    """Place texts in the vector space of an embedder."""
    embedder = await context.workers.run(lambda: open_embedder(context, body.model))
    if isinstance(embedder, OpenAIEmbedder):
        return JSONResponse(await pass_on(body, embedder, context.upstream))
    return JSONResponse(await context.workers.run(lambda: embed(body, embedder)))
