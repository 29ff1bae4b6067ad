"""From a question to an answer whose every citation is true, or to a plain abstention.

With a chat model that can cite, the answer is generated and each sentence is checked against the passages
before it is shown; without one, the documents' own sentences are the answer. See
``docs/decisions/0006-answers.md``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from ondol.ask.cite import CitedSentence, Numbering, Verifier
from ondol.ask.converse import rewrite_question
from ondol.ask.extract import ExtractOptions, extract
from ondol.ask.generate import Outcome, generate
from ondol.ask.phrases import not_found
from ondol.ask.prompt import build_messages, estimate_tokens, fit_hits
from ondol.ask.translate import TranslateOptions, Translator
from ondol.core.access import Principal
from ondol.core.answers import (
    Answer,
    AnswerDelta,
    AnswerDone,
    AnswerEvent,
    AnswerMode,
    AnswerSources,
    Citation,
    Turn,
    Usage,
    Withheld,
)
from ondol.core.documents import Filter, Hit
from ondol.core.frozen import Frozen
from ondol.core.models import ChatRequest, ModelProfile
from ondol.core.protocols import ChatModel, Searcher
from ondol.evidence.answerable import CALIBRATED
from ondol.evidence.terms import TermSource, build_terms
from ondol.text.language import detect_language
from ondol.text.morphemes import Analyser

EXTRACTIVE = "extractive"
"""Name that stands in ``Answer.model`` when no model wrote the answer."""


class AskOptions(Frozen):
    """How answers are made; the defaults come from ``bench/answer.py``.

    Attributes:
        num_nearest: passages offered when nothing answers the question.
        max_tokens: of a generated answer.
        think_tokens: added where the model thinks first.
    """

    extract: ExtractOptions = ExtractOptions()
    translate: TranslateOptions = TranslateOptions()
    num_nearest: int = 3
    max_tokens: int = 640
    think_tokens: int = 4096
    timeout_s: float = 120.0


@dataclass(frozen=True)
class _Asked:
    """A question with what was found for it; ``alone`` is the question as it stands on its own."""

    question: str
    alone: str
    language: str
    hits: tuple[Hit, ...]
    history: tuple[Turn, ...]
    think: bool | None


@dataclass
class _Draft:
    """An answer while it is being made."""

    text: str = ""
    sentences: list[CitedSentence] = field(default_factory=list)
    mode: AnswerMode = "none"
    reason: str = ""
    usage: Usage = field(default_factory=Usage)
    withheld: Withheld = field(default_factory=Withheld)
    timings_ms: dict[str, float] = field(default_factory=dict)

    def add(self, sentence: CitedSentence) -> AnswerDelta:
        """Append a sentence; blocks stand on their own lines."""
        gap = ""
        if self.sentences:
            gap = "\n" if sentence.is_block or self.sentences[-1].is_block else " "
        self.text += gap + sentence.text
        self.sentences.append(sentence)
        return AnswerDelta(text=gap + sentence.text, citations=sentence.citations)


class Asker:
    """Answers questions over the passages that a searcher finds. Safe to use from several threads."""

    def __init__(
        self,
        searcher: Searcher,
        chat: ChatModel | None = None,
        options: AskOptions | None = None,
        *,
        analyser: TermSource | None = None,
        embedder: str = "",
    ) -> None:
        """Take the parts; nothing is loaded yet.

        Args:
            searcher: finds passages that the asker may read.
            chat: writes answers; ``None`` or one that cannot cite leaves them to the documents' own words.
            options: see ``AskOptions``.
            analyser: cuts Korean into morphemes; give the one that search uses, so that it is loaded once.
            embedder: name of the model behind the hits' dense scores; they count where it is a known one.
        """
        self._searcher = searcher
        self._chat = chat
        self._options = options or AskOptions()
        self._terms = build_terms(analyser or Analyser())
        self._with_similarity = embedder == CALIBRATED

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
        """Return a cited answer or an abstention; see ``stream``."""
        *_, last = self.stream(
            question, principal=principal, k=k, narrow=narrow, history=history, think=think
        )
        assert isinstance(last, AnswerDone)  # noqa: S101 - narrows the type; a stream ends with it
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
        """Yield the passages, then each verified sentence, then the whole answer.

        Args:
            question: in Korean or English.
            principal: who asks; search returns only what they may read.
            k: number of passages to read.
            narrow: keep to some documents, sources, kinds or dates.
            history: earlier turns of the conversation, oldest first.
            think: switch a reasoning model's thinking; ``None`` leaves its default.

        Closing the iterator cancels the model's work. An engine that fails leaves an extractive answer whose
        ``reason`` is the error's code; errors of the search are raised.
        """
        timer = _Timer()
        chat = self._chat if self._chat is not None and self._chat.profile.can_cite else None
        alone = rewrite_question(question, history, terms=self._terms, chat=chat)
        timer.mark("rewrite")
        result = self._searcher.search(alone, principal=principal, k=k, narrow=narrow)
        timer.mark("search")
        yield AnswerSources(hits=result.hits)
        language = detect_language(question) or "en"
        past = tuple(history) if alone != question else ()
        asked = _Asked(question, alone, language, result.hits, past, think)
        draft = _Draft()
        if chat is not None and result.hits:
            yield from self._generate(chat, asked, draft, timer)
            timer.mark("generate")
        if not draft.sentences and draft.reason != "not_found":
            yield from self._extract(asked, draft, timer)
            timer.mark("extract")
        if not draft.sentences:
            draft.text, draft.mode = not_found(language), "none"
            draft.reason = draft.reason or "not_found"
            yield AnswerDelta(text=draft.text)
        wrote = chat.profile.name if chat is not None and draft.mode == "generated" else EXTRACTIVE
        yield AnswerDone(
            answer=Answer(
                question=question,
                answer=draft.text,
                abstained=draft.mode == "none",
                reason=draft.reason,
                mode=draft.mode,
                language=language,
                citations=_unique(draft.sentences),
                nearest=result.hits[: self._options.num_nearest] if draft.mode == "none" else (),
                withheld=draft.withheld,
                model=wrote,
                usage=draft.usage,
                timings_ms=timer.finish(),
            )
        )

    def _generate(
        self, chat: ChatModel, asked: _Asked, draft: _Draft, timer: "_Timer"
    ) -> Iterator[AnswerEvent]:
        """Draw supported sentences from the model into ``draft``."""
        max_tokens = self._max_tokens(chat.profile, think=asked.think)
        rules = build_messages(asked.alone, (), language=asked.language, history=asked.history)
        room = chat.profile.context_tokens - max_tokens - sum(estimate_tokens(m.content) + 8 for m in rules)
        given = fit_hits(asked.hits, max_tokens=int(room))
        request = ChatRequest(
            messages=build_messages(asked.alone, given, language=asked.language, history=asked.history),
            max_tokens=max_tokens,
            think=asked.think,
            timeout_s=self._options.timeout_s,
        )
        outcome = Outcome()
        translator = Translator(
            chat, language=asked.language, terms=self._terms, options=self._options.translate
        )
        verifier = Verifier(given, question=asked.alone, terms=self._terms, translator=translator)
        for sentence in generate(
            chat, request, verifier=verifier, numbering=Numbering(given), outcome=outcome
        ):
            timer.mark_once("first_sentence")
            draft.mode = "generated"
            yield draft.add(sentence)
        draft.usage = _add(outcome.usage, translator.usage)
        draft.withheld = Withheld(
            unverified_citations=outcome.unverified, unsupported_sentences=outcome.unsupported
        )
        draft.reason = outcome.error
        if not outcome.num_shown and not outcome.error:
            draft.reason = "not_found" if outcome.declined and not outcome.unsupported else "unsupported"

    def _extract(self, asked: _Asked, draft: _Draft, timer: "_Timer") -> Iterator[AnswerEvent]:
        """Choose the documents' own sentences into ``draft``."""
        found = extract(
            asked.alone,
            asked.hits,
            options=self._options.extract,
            terms=self._terms,
            # The model behind it reads English; a Korean question has no dense scores that mean anything.
            with_similarity=self._with_similarity and asked.language == "en",
        )
        for sentence in found.sentences:
            timer.mark_once("first_sentence")
            draft.mode = "extractive"
            yield draft.add(sentence)
        if found.sentences and not found.complete and not draft.reason:
            draft.reason = "partly_found"

    def _max_tokens(self, profile: ModelProfile, *, think: bool | None) -> int:
        thinks = profile.reasoning == "always" or (profile.reasoning == "switch" and think is not False)
        wanted = self._options.max_tokens + (self._options.think_tokens if thinks else 0)
        return max(64, min(wanted, profile.context_tokens // 2))


def _add(one: Usage, other: Usage) -> Usage:
    return Usage(
        prompt_tokens=one.prompt_tokens + other.prompt_tokens,
        completion_tokens=one.completion_tokens + other.completion_tokens,
        total_tokens=one.total_tokens + other.total_tokens,
    )


def _unique(sentences: Sequence[CitedSentence]) -> tuple[Citation, ...]:
    """Return the citations by number, each once."""
    by_number = {c.number: c for sentence in sentences for c in sentence.citations}
    return tuple(by_number[number] for number in sorted(by_number))


class _Timer:
    """Milliseconds spent in each part, and until the first sentence."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._began = self._last = clock()
        self._times: dict[str, float] = {}

    def mark(self, name: str) -> None:
        """Close a part."""
        now = self._clock()
        self._times[name] = (now - self._last) * 1000
        self._last = now

    def mark_once(self, name: str) -> None:
        """Note the time since the beginning, the first time only."""
        self._times.setdefault(name, (self._clock() - self._began) * 1000)

    def finish(self) -> dict[str, float]:
        """Return all times with the total."""
        return self._times | {"total": (self._clock() - self._began) * 1000}
