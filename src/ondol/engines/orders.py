"""What passes between the process that starts an engine, the engine's own, and others that attach to it."""

from typing import Literal

from ondol.core.frozen import Frozen

EngineKind = Literal["chat", "embed", "rerank"]


class Orders(Frozen):
    """What an engine process is told, on standard input; the key is in no argument list.

    Attributes:
        context_tokens: of each slot.
    """

    kind: EngineKind
    model: str
    model_path: str
    sha256: str
    endpoint_path: str
    api_key: str
    slots: int
    context_tokens: int
    threads: int
    cache_mib: int


class EndpointRecord(Frozen):
    """What an engine process leaves for others, readable by the owner of the home alone."""

    address: str
    api_key: str
    sha256: str
    model: str
    pid: int
