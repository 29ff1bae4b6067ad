"""From OpenAI's requests to what engines are asked: known fields only, no address that could be fetched."""

from typing import Any

from ondol.core.models import ChatRequest, Message, ModelProfile
from ondol.engines.chat.schema import check_schema
from ondol.serve.gateway.errors import ParameterError
from ondol.serve.gateway.schema import ChatCompletionRequest, ChatMessage, CompletionRequest, Sampling

_OURS = {"model", "stream", "stream_options", "max_completion_tokens", "reasoning_effort"}
_DEFAULT_MAX_TOKENS = 1024
_ROLES = {"developer": "system", "function": "tool"}


def build_upstream_body(request: Sampling, profile: ModelProfile) -> dict[str, Any]:
    """Return the body for an engine that speaks the protocol; fields it could misuse were never read.

    Raises:
        ParameterError: a picture is given by an address: nothing is fetched.
    """
    body = request.model_dump(exclude_none=True, exclude=_OURS)
    body["stream_options"] = {"include_usage": True}
    if isinstance(request, ChatCompletionRequest):
        for index, message in enumerate(request.messages):
            _check_pictures(message, index)
        if request.max_completion_tokens is not None:
            body["max_tokens"] = request.max_completion_tokens
        if profile.reasoning == "switch":
            # Always said: servers choose how to read a reply by what the request says.
            body["chat_template_kwargs"] = {profile.think_argument: bool(request.think())}
        schema = _find_schema(request.response_format)
        if schema is not None:
            check_schema(schema)
    return body


def _check_pictures(message: ChatMessage, index: int) -> None:
    for part in message.content if isinstance(message.content, list) else ():
        url = part.image_url.get("url") if isinstance(part.image_url, dict) else part.image_url
        if url is not None and not str(url).startswith("data:"):
            raise ParameterError(
                "A picture must come as a data: URL; nothing is fetched from elsewhere.",
                param=f"messages.{index}.content",
            )


def build_chat_request(request: ChatCompletionRequest) -> ChatRequest:
    """Return the request for a chat model that only speaks our own protocol.

    Raises:
        ParameterError: something that such a model cannot do.
    """
    _check_plain(request, tools=bool(request.tools))
    return ChatRequest(
        messages=tuple(
            Message.model_validate({"role": _ROLES.get(m.role, m.role), "content": m.text()})
            for m in request.messages
        ),
        max_tokens=request.max_completion_tokens or request.max_tokens or _DEFAULT_MAX_TOKENS,
        temperature=request.temperature if request.temperature is not None else 1.0,
        top_p=request.top_p if request.top_p is not None else 1.0,
        seed=request.seed,
        stop=request.stops(),
        think=request.think(),
        json_schema=_find_schema(request.response_format),
    )


def build_text_request(request: CompletionRequest) -> ChatRequest:
    """Return a prompt as the one message of a chat, for a model without text completion."""
    _check_plain(request, tools=False)
    return ChatRequest(
        messages=(Message(role="user", content=read_prompt(request)),),
        max_tokens=request.max_tokens or 16,
        temperature=request.temperature if request.temperature is not None else 1.0,
        top_p=request.top_p if request.top_p is not None else 1.0,
        seed=request.seed,
        stop=request.stops(),
    )


def read_prompt(request: CompletionRequest) -> str:
    """Return the one prompt as text; raises ``ParameterError`` for several, or for token ids."""
    prompt = request.prompt
    if isinstance(prompt, list) and len(prompt) == 1 and isinstance(prompt[0], str):
        return prompt[0]
    if isinstance(prompt, str):
        return prompt
    raise ParameterError("This model takes one prompt, as text.", param="prompt")


def _check_plain(request: Sampling, *, tools: bool) -> None:
    if tools:
        raise ParameterError("This model does not call tools.", param="tools")
    if request.n not in {None, 1}:
        raise ParameterError("This model gives one reply at a time.", param="n")


def _find_schema(response_format: dict[str, Any] | None) -> dict[str, Any] | None:
    if not response_format or response_format.get("type") == "text":
        return None
    if response_format.get("type") == "json_object":
        return {"type": "object"}
    schema = response_format.get("json_schema")
    found = schema.get("schema") if isinstance(schema, dict) else None
    if not isinstance(found, dict):
        raise ParameterError("response_format.json_schema.schema is missing.", param="response_format")
    return found
