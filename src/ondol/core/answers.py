"""Answers, their citations, and abstention."""

from typing import Literal

from pydantic import Field

from ondol.core.documents import Hit, Locator
from ondol.core.frozen import Frozen


class Citation(Frozen):
    """A quotation that was found letter for letter in the passage named.

    Attributes:
        number: as written in the answer's ``[n]`` marks, from 1 in order of appearance.
        quote: equals the stored text at ``locator``.
    """

    number: int
    document: str
    uri: str
    title: str
    locator: Locator
    quote: str
    chunk_id: str


class Usage(Frozen):
    """Tokens spent on an answer; zero when no model was asked."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class Withheld(Frozen):
    """What was written or found but not shown, counted."""

    unverified_citations: int = 0
    unsupported_sentences: int = 0


AnswerMode = Literal["generated", "extractive", "none"]


class Answer(Frozen):
    """A reply whose every citation is true.

    Attributes:
        answer: readable text; each sentence ends with its ``[n]`` marks. When ``abstained``, one plain
            sentence that says so.
        reason: why it abstained or fell back to extraction (a stable code); empty otherwise.
        nearest: when ``abstained``, the nearest passages.
        model: the chat model's name; ``extractive`` when sentences of the documents are the answer.
    """

    question: str
    answer: str
    abstained: bool
    reason: str = ""
    mode: AnswerMode
    language: str
    citations: tuple[Citation, ...] = ()
    nearest: tuple[Hit, ...] = ()
    withheld: Withheld = Withheld()
    model: str
    usage: Usage = Usage()
    timings_ms: dict[str, float] = Field(default_factory=dict)
    conversation_id: str | None = None
    message_id: str | None = None


class Turn(Frozen):
    """One earlier exchange of a conversation, oldest first when in a sequence."""

    question: str
    answer: str


class AnswerSources(Frozen):
    """First event of a streamed answer: the passages that will be read."""

    event: Literal["sources"] = "sources"
    hits: tuple[Hit, ...]


class AnswerDelta(Frozen):
    """A verified sentence with its marks; the concatenation of all deltas is ``Answer.answer``."""

    event: Literal["delta"] = "delta"
    text: str
    citations: tuple[Citation, ...] = ()


class AnswerDone(Frozen):
    """Last event: the whole answer."""

    event: Literal["done"] = "done"
    answer: Answer


AnswerEvent = AnswerSources | AnswerDelta | AnswerDone
