"""From a question to an answer whose every citation is true, or to a plain abstention."""

from collections.abc import Iterator, Sequence
from time import perf_counter

from ondol.ask.extract import CitedSentence, extract
from ondol.ask.phrases import not_found
from ondol.core.access import Principal
from ondol.core.answers import Answer, AnswerDelta, AnswerDone, AnswerEvent, AnswerSources, Turn
from ondol.core.documents import Filter
from ondol.core.frozen import Frozen
from ondol.core.protocols import ChatModel, Searcher


class AskOptions(Frozen):
    """How answers are made; the defaults come from ``bench/answer.py``."""

    max_sentences: int = 3
    num_nearest: int = 3


class Asker:
    """Answers questions over the passages that a searcher finds."""

    def __init__(
        self, searcher: Searcher, chat: ChatModel | None = None, options: AskOptions | None = None
    ) -> None:
        self._searcher = searcher
        self._chat = chat
        self._options = options or AskOptions()

    def ask(
        self,
        question: str,
        *,
        principal: Principal,
        k: int = 8,
        narrow: Filter | None = None,
        history: Sequence[Turn] = (),
        think: bool | None = None,
    ) -> Answer:
        """Return a cited answer or an abstention."""
        *_, last = self.stream(
            question, principal=principal, k=k, narrow=narrow, history=history, think=think
        )
        if not isinstance(last, AnswerDone):
            raise AssertionError("a stream of answer events ends with AnswerDone")
        return last.answer

    def stream(
        self,
        question: str,
        *,
        principal: Principal,
        k: int = 8,
        narrow: Filter | None = None,
        history: Sequence[Turn] = (),
        think: bool | None = None,
    ) -> Iterator[AnswerEvent]:
        """Yield the sources, then verified sentences, then the whole answer."""
        began = perf_counter()
        result = self._searcher.search(question, principal=principal, k=k, narrow=narrow)
        yield AnswerSources(hits=result.hits)
        sentences: list[CitedSentence] = extract(
            question, result.hits, max_sentences=self._options.max_sentences
        )
        language = "ko" if any("가" <= c <= "힣" for c in question) else "en"
        text = ""
        for sentence in sentences:
            piece = sentence.text if not text else " " + sentence.text
            text += piece
            yield AnswerDelta(text=piece, citations=sentence.citations)
        abstained = not sentences
        if abstained:
            text = not_found(language)
            yield AnswerDelta(text=text)
        yield AnswerDone(
            answer=Answer(
                question=question,
                answer=text,
                abstained=abstained,
                reason="not_found" if abstained else "",
                mode="none" if abstained else "extractive",
                language=language,
                citations=tuple(c for s in sentences for c in s.citations),
                nearest=result.hits[: self._options.num_nearest] if abstained else (),
                model="extractive",
                timings_ms={**result.timings_ms, "total": (perf_counter() - began) * 1000},
            )
        )
