"""The seams: one small protocol per kind of engine, and the few that stages hand to one another."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ondol.core.access import Principal
from ondol.core.answers import Answer, Turn
from ondol.core.documents import Filter, SearchResult
from ondol.core.models import ChatDelta, ChatReply, ChatRequest, ModelProfile

FloatMatrix = NDArray[np.float32]


@runtime_checkable
class ChatModel(Protocol):
    """A model that answers a chat. Safe to call from several threads."""

    @property
    def profile(self) -> ModelProfile:
        """What the model can do."""

    def complete(self, request: ChatRequest) -> ChatReply:
        """Return the whole reply; raises ``EngineError``."""

    def stream(self, request: ChatRequest) -> Iterator[ChatDelta]:
        """Yield the reply piece by piece; closing the iterator cancels the work at the engine."""


class CallStore(Protocol):
    """Where finished model calls are kept. Safe to call from several threads."""

    def find_reply(self, key: str, *, principal: Principal) -> ChatReply | None:
        """Return the reply kept under ``key``, if ``principal`` may read it."""

    def save_reply(self, key: str, reply: ChatReply, *, sources: Iterable[str], label: str) -> ChatReply:
        """Keep a reply and return the one that is kept: the first under its key stays.

        Args:
            key: names the question.
            reply: a whole one.
            sources: ids of the documents in the prompt.
            label: text form of the strictest label of the prompt.
        """


@runtime_checkable
class Embedder(Protocol):
    """A model that places text in a vector space. Safe to call from several threads."""

    @property
    def name(self) -> str:
        """Catalogue name."""

    @property
    def fingerprint(self) -> str:
        """Changes when vectors would: model hash, pooling, precision."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    def embed(self, texts: Sequence[str], *, kind: Literal["query", "passage"]) -> FloatMatrix:
        """Return unit-length rows, shape (len(texts), dimensions); long texts are cut."""


@runtime_checkable
class Reranker(Protocol):
    """A model that scores passages against a question."""

    @property
    def name(self) -> str:
        """Catalogue name."""

    def rerank(self, query: str, passages: Sequence[str]) -> list[float]:
        """Return one score per passage, higher is better; raises ``EngineError``."""


class Searcher(Protocol):
    """From a question and a principal to ranked passages."""

    def search(
        self, query: str, *, principal: Principal, k: int = 10, narrow: Filter | None = None
    ) -> SearchResult:
        """Return at most ``k`` hits that ``principal`` may read, best first."""


class Answerer(Protocol):
    """Anything that answers a question with citations; what ``evaluate`` judges."""

    def ask(
        self,
        question: str,
        *,
        principal: Principal,
        k: int = 8,
        narrow: Filter | None = None,
        history: Sequence[Turn] = (),
    ) -> Answer:
        """Return a cited answer or an abstention."""
