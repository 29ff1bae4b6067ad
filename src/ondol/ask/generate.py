"""Generated answers: what a chat model writes, shown as far as the passages support it."""

import re
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field

from ondol.ask.cite import CitedSentence, Numbering, Verifier, read_marks
from ondol.ask.plain import render_plain
from ondol.ask.prompt import NOT_FOUND
from ondol.core.answers import Usage
from ondol.core.errors import EngineError
from ondol.core.models import ChatDelta, ChatRequest
from ondol.core.protocols import ChatModel
from ondol.text.sentences import split_sentences

_MARK_AFTER_STOP = re.compile(r"([.!?。])((?:\s*[\[【]\s*\^?\d{1,3}(?:\s*,\s*\d{1,3})*\s*[\]】])+)")
_BULLET = re.compile(r"\s*(?:(?P<number>\d{1,2}[.)])|[-*•])\s+")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`)(?=\S)(.+?)(?<=\S)\1")
_DECLINES = re.compile(
    r"\A\W*(?:the |your )?(?:provided |given )?(?:passages?|documents?|context"
    r"|texts?)\b[^.]{0,40}\b(?:do(?:es)? not|don't|doesn't"
    r"|no)\b|\bnot (?:mentioned|found|provided|stated|specified|contained|included|available)\b[^.]{0,40}"
    r"\b(?:passages?|documents?|context|texts?)\b|\bI (?:cannot|can't|could not|do not|don't) (?:find|know"
    r"|answer)\b"
    r"|(?:단락|문서|자료|본문|제공된)[^.]{0,30}(?:없습니다|않습니다|찾을 수 없|나와 있지|언급)"
    r"|답을 찾을 수 없",
    re.IGNORECASE,
)


@dataclass
class Outcome:
    """What a run of the model left behind; filled while its sentences are drawn.

    Attributes:
        declined: the model said that the passages hold no answer.
        error: code of the engine's error that ended the run, or empty.
    """

    num_shown: int = 0
    unsupported: int = 0
    unverified: int = 0
    declined: bool = False
    error: str = ""
    usage: Usage = field(default_factory=Usage)


def generate(
    chat: ChatModel, request: ChatRequest, *, verifier: Verifier, numbering: Numbering, outcome: Outcome
) -> Iterator[CitedSentence]:
    """Yield the sentences that are supported, as they come; an engine's error ends them, see ``outcome``."""
    sentences = SentenceStream(chat.profile.think_open, chat.profile.think_close)
    try:
        # Closing this generator closes the model's stream, and with that cancels the work.
        with closing(_as_generator(chat, request)) as deltas:
            for delta in deltas:
                for sentence in sentences.feed(delta.text):
                    yield from _show(sentence, verifier, numbering, outcome)
                _count(delta, outcome)
                if outcome.declined and not outcome.num_shown:
                    return
                if delta.finish_reason == "length":
                    return  # the sentence that was cut off is not shown
    except EngineError as error:
        outcome.error = error.code
        return
    for sentence in sentences.flush():
        yield from _show(sentence, verifier, numbering, outcome)


def _as_generator(chat: ChatModel, request: ChatRequest) -> Generator[ChatDelta, None, None]:
    stream = chat.stream(request)
    try:
        yield from stream
    finally:
        close = getattr(stream, "close", None)
        if callable(close):
            close()


def _count(delta: ChatDelta, outcome: Outcome) -> None:
    if delta.prompt_tokens or delta.completion_tokens:
        outcome.usage = Usage(
            prompt_tokens=delta.prompt_tokens,
            completion_tokens=delta.completion_tokens,
            total_tokens=delta.prompt_tokens + delta.completion_tokens,
        )


def _show(
    sentence: str, verifier: Verifier, numbering: Numbering, outcome: Outcome
) -> Iterator[CitedSentence]:
    if NOT_FOUND in sentence.replace("\\", ""):
        outcome.declined = True
        return
    bullet = _BULLET.match(sentence)
    prefix = (f"{bullet['number']} " if bullet["number"] else "- ") if bullet else ""
    claim, marks = read_marks(sentence[bullet.end() :] if bullet else sentence)
    claim = render_plain(_EMPHASIS.sub(r"\2", claim))
    if not re.search(r"\w{2}|\d", claim):
        return
    verified = verifier.verify(claim, marks)
    outcome.unverified += verified.num_dropped
    if not verified.spans:
        outcome.declined = outcome.declined or bool(_DECLINES.search(claim))
        outcome.unsupported += not _DECLINES.search(claim)
        return
    citations = numbering.cite(verified.spans)
    numbers = "".join(f"[{c.number}]" for c in citations)
    outcome.num_shown += 1
    yield CitedSentence(f"{prefix}{claim} {numbers}", citations, is_block=bool(prefix))


class SentenceStream:
    """Cuts text that arrives in pieces into whole sentences with their marks; leaves thoughts out."""

    def __init__(self, think_open: str = "<think>", think_close: str = "</think>") -> None:
        self._buffer = ""
        self._before = ""
        self._open, self._close = think_open, think_close
        self._thinking = False

    def feed(self, piece: str) -> list[str]:
        """Take ``piece`` and return the sentences that are complete now."""
        self._buffer += piece
        self._drop_thinking()
        return [] if self._thinking else self._take_complete()

    def flush(self) -> list[str]:
        """Return what is left; thinking that was never closed is not part of it."""
        text = _move_marks(self._before if self._thinking else self._buffer)
        self._buffer = self._before = ""
        return _cut(text)

    def _drop_thinking(self) -> None:
        while True:
            if self._thinking:
                _, closed, rest = self._buffer.partition(self._close)
                if not closed:
                    return
                self._buffer, self._thinking = self._before + rest, False
            before, opened, rest = self._buffer.partition(self._open)
            if not opened:
                # A template may open the thought itself, so that only its end is seen.
                self._buffer = self._buffer.rpartition(self._close)[2]
                return
            self._before, self._buffer, self._thinking = before, rest, True

    def _take_complete(self) -> list[str]:
        text = _move_marks(self._buffer)
        whole, newline, tail = text.rpartition("\n")
        complete = _cut(whole) if newline else []
        spans = split_sentences(tail)
        # What follows the last full stop may still be its mark.
        if len(spans) > 1 and tail[spans[-1][0]] not in "[【<":
            complete.extend(tail[start:end] for start, end in spans[:-1])
            tail = tail[spans[-1][0] :]
        self._buffer = tail
        return complete


def _move_marks(text: str) -> str:
    """Put marks that follow a full stop before it, where they belong to the sentence that they end."""
    return _MARK_AFTER_STOP.sub(lambda m: f" {m[2].strip()}{m[1]}", text)


def _cut(text: str) -> list[str]:
    return [line[start:end] for line in text.split("\n") for start, end in split_sentences(line)]
