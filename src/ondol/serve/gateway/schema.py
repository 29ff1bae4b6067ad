"""OpenAI's requests, as far as Ondol reads them; what it does not know is ignored, as clients expect."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

ModelName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_MAX_MESSAGES = 4096
_MAX_INPUTS = 2048


class OpenAIRequest(BaseModel):
    """A request; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())


class StreamOptions(OpenAIRequest):
    """Options of a streamed reply."""

    include_usage: bool = False


class ContentPart(BaseModel):
    """A part of a message: text, or a picture as a ``data:`` URL."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str
    text: str | None = None
    image_url: Any = None


class ChatMessage(BaseModel):
    """A message; fields for tools travel on untouched."""

    model_config = ConfigDict(extra="allow", frozen=True)

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None

    def text(self) -> str:
        """Return what is written in the message."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.text)
        return self.content or ""


class Sampling(OpenAIRequest):
    """What chat and text completions have in common; these fields, and no others, reach an engine."""

    model: ModelName
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2, allow_inf_nan=False)
    top_p: float | None = Field(default=None, gt=0, le=1, allow_inf_nan=False)
    top_k: int | None = Field(default=None, ge=0)
    min_p: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    seed: int | None = Field(default=None, ge=-(2**31), lt=2**32)
    stop: str | list[str] | None = None
    n: int | None = Field(default=None, ge=1, le=8)
    presence_penalty: float | None = Field(default=None, ge=-2, le=2, allow_inf_nan=False)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2, allow_inf_nan=False)
    logit_bias: dict[str, float] | None = None

    def stops(self) -> tuple[str, ...]:
        """Return the stop texts as a tuple."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())


class ChatCompletionRequest(Sampling):
    """``POST /v1/chat/completions``."""

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=_MAX_MESSAGES)]
    max_completion_tokens: int | None = Field(default=None, ge=1)
    logprobs: bool | None = None
    top_logprobs: int | None = Field(default=None, ge=0, le=20)
    response_format: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None

    def think(self) -> bool | None:
        """Tell whether the caller wants the model to reason first; ``None``: nothing said."""
        if self.reasoning_effort is None:
            return None
        return self.reasoning_effort not in {"none", "minimal"}


class CompletionRequest(Sampling):
    """``POST /v1/completions``."""

    prompt: str | list[str] | list[int] | list[list[int]]
    logprobs: int | None = Field(default=None, ge=0, le=5)
    echo: bool | None = None
    suffix: str | None = None


class EmbeddingRequest(OpenAIRequest):
    """``POST /v1/embeddings``.

    Attributes:
        input_type: ``query`` where a model distinguishes questions from passages.
    """

    model: ModelName
    input: (
        str | Annotated[list[str] | list[int] | list[list[int]], Field(min_length=1, max_length=_MAX_INPUTS)]
    )
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(default=None, ge=1)
    input_type: Literal["query", "passage"] = "passage"


class OpenAIErrorDetail(OpenAIRequest):
    """What went wrong."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class OpenAIErrorBody(OpenAIRequest):
    """Every error of the gateway."""

    error: OpenAIErrorDetail


class ModelEntry(OpenAIRequest):
    """A model that can be asked for by name."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "ondol"


class ModelEntries(OpenAIRequest):
    """The models there are."""

    object: Literal["list"] = "list"
    data: list[ModelEntry]
