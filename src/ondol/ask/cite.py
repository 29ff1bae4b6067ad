"""From sentences and spans to citations that are true; what cannot be verified is never shown.

The invariant: ``hit.text`` is an exact slice of the stored text that begins at ``hit.locator.start``, hence a
span of it is a span of the stored text. Nothing is ever quoted from ``hit.context``. A citation's quote is
chosen here, among the sentences of the passage that support the claim; a model's word for it is never taken.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ondol.ask.translate import Translator
from ondol.core.answers import Citation
from ondol.core.documents import Hit
from ondol.evidence.facts import read_facts
from ondol.evidence.quote import find_quote
from ondol.evidence.support import check_support
from ondol.evidence.terms import TermBag, TermFunction
from ondol.evidence.translation import check_across, crosses_language
from ondol.evidence.units import Unit, split_units
from ondol.policy.injection import is_instruction
from ondol.text.language import detect_language

# The prompt teaches [1] and [1][2]; models also write [1, 2], 【1】, [^1], [passage 1] and [1: "quote"].
_MARK = re.compile(
    r"\s*[\[【(]\s*(?:\^|#|passages?|sources?|refs?\.?|문서|출처|자료|근거)?\s*"
    r"(?P<numbers>\d{1,3}(?:\s*(?:,|and|및|·)\s*\d{1,3})*)\s*(?:번)?"
    r"(?:\s*:\s*[\"“'‘](?P<quote>[^\"”\n]*)[\"”'’])?\s*[\]】)]",
    re.IGNORECASE,
)
_MAX_UNITS = 3
_MAX_CITATIONS = 3
_NUM_BEFORE = 2
_MAX_ACROSS = 8
_MAX_TRANSLATED_CHARS = 600
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")


@dataclass(frozen=True)
class CitedSentence:
    """A sentence as it is shown, with its marks, and what they stand for.

    Attributes:
        is_block: stands on lines of its own (a list).
    """

    text: str
    citations: tuple[Citation, ...]
    is_block: bool = False


@dataclass(frozen=True)
class Mark:
    """What a model wrote to name its source: a passage's number and, sometimes, words of it."""

    number: int
    quote: str = ""


@dataclass(frozen=True)
class Span:
    """A place in one of the passages."""

    passage: int
    start: int
    end: int


@dataclass(frozen=True)
class Verified:
    """What became of a claim.

    Attributes:
        spans: that support it; empty when nothing does.
        num_dropped: marks that named no passage, or one that does not support the claim.
    """

    spans: tuple[Span, ...]
    num_dropped: int = 0


def build_citation(hit: Hit, start: int, end: int, *, number: int) -> Citation:
    """Cite ``hit.text[start:end]`` as ``[number]``; raises ``ValueError`` for a span outside the passage."""
    if not 0 <= start < end <= len(hit.text):
        raise ValueError(f"span {start}:{end} is not within the {len(hit.text)} characters of {hit.chunk_id}")
    origin = hit.locator.start
    return Citation(
        number=number,
        document=hit.document,
        uri=hit.uri,
        title=hit.title,
        locator=hit.locator.model_copy(update={"start": origin + start, "end": origin + end}),
        quote=hit.text[start:end],
        chunk_id=hit.chunk_id,
    )


def read_marks(sentence: str) -> tuple[str, tuple[Mark, ...]]:
    """Return ``sentence`` without its marks, and the marks in order, each passage once.

    A number in round brackets is a mark only at the end of the sentence: elsewhere it is text.
    """
    marks: dict[int, Mark] = {}

    def take(match: re.Match[str]) -> str:
        if match[0].lstrip()[0] == "(" and sentence[match.end() :].strip(" .!?。"):
            return match[0]
        for number in re.findall(r"\d+", match["numbers"]):
            marks.setdefault(int(number), Mark(int(number), match["quote"] or ""))
        return ""

    text = _MARK.sub(take, sentence)
    return " ".join(text.split()), tuple(marks.values())


class Verifier:
    """Finds the sentences of the passages that support a claim. Cheap to make; one for each answer.

    Args:
        hits: the passages, numbered from 1.
        question: what was asked; it may explain a pronoun of a claim.
        terms: how text is cut into content terms.
        translator: into the answer's language; without it no passage in another language supports a claim.
    """

    def __init__(
        self,
        hits: Sequence[Hit],
        *,
        question: str,
        terms: TermFunction,
        translator: Translator | None = None,
    ) -> None:
        self._terms = terms
        self._translator = translator
        self._question = question
        self._passages = [_Passage(hit, terms) for hit in hits]

    def verify(self, claim: str, marks: Sequence[Mark]) -> Verified:
        """Return the spans that support ``claim``.

        Passages that its marks name are read first, and only when those do not support it the others. A
        passage in another language supports a claim only when it is named, with the help of a translation.
        """
        named = [m for m in marks if 1 <= m.number <= len(self._passages)]
        dropped = len(marks) - len(named)
        spans: list[Span] = []
        for mark in named[:_MAX_CITATIONS]:
            index = mark.number - 1
            found = self._support(claim, index, mark.quote) or self._support_across(claim, index)
            spans.extend(found)
            dropped += not found
        if not spans:
            tried = {m.number - 1 for m in named}
            for index in self._likely(claim, excluding=tried):
                spans = self._support(claim, index, "")
                if spans:
                    break
        return Verified(tuple(spans), dropped)

    def _likely(self, claim: str, *, excluding: set[int]) -> list[int]:
        """Return the passages that share most words with ``claim``, best first."""
        wanted = self._terms(claim)
        scored = [
            (sum(p.bag.match(t) for t in wanted), -i)
            for i, p in enumerate(self._passages)
            if i not in excluding
        ]
        return [-i for score, i in sorted(scored, reverse=True) if score > 0][:3]

    def _support(self, claim: str, index: int, quote: str) -> list[Span]:
        """Return the fewest sentences of a passage that support ``claim``, at most three; else nothing."""
        passage = self._passages[index]
        text = passage.hit.text
        quoted = find_quote(quote, text, min_chars=12) if quote else None
        if quoted and not is_instruction(text[slice(*quoted)]) and self._holds(claim, passage, [quoted]):
            return [Span(index, *quoted)]
        order = passage.rank(self._terms(claim))
        for size in range(1, min(_MAX_UNITS, len(order)) + 1):
            tries = [sorted(order[:size])] if size > 1 else [[i] for i in order[:_MAX_UNITS]]
            for chosen in tries:
                spans = _join_neighbours([passage.units[i] for i in chosen], text)
                if self._holds(claim, passage, spans, first=min(chosen)):
                    return [Span(index, start, end) for start, end in spans]
        return []

    def _holds(
        self,
        claim: str,
        passage: "_Passage",
        spans: Sequence[tuple[int, int]],
        *,
        first: int | None = None,
    ) -> bool:
        text = passage.hit.text
        before = passage.units[max(0, first - _NUM_BEFORE) : first] if first is not None else []
        heading = passage.heading_of(first)
        context = "\n".join([
            passage.hit.title,
            passage.hit.context,
            heading,
            *(text[u.start : u.end] for u in before),
        ])
        quotes = [text[start:end] for start, end in spans]
        verdict = check_support(claim, quotes, context=f"{context}\n{self._question}", terms=self._terms)
        return verdict.supported and not verdict.cross_lingual

    def _support_across(self, claim: str, index: int) -> list[Span]:
        """Return the fewest sentences of a passage in another language that support ``claim``."""
        passage, translator = self._passages[index], self._translator
        if translator is None or detect_language(claim) != translator.language:
            return []  # a model that answered in another language than it was told is not followed there
        said: dict[int, str] = {}
        for i in passage.rank_across(claim):
            said[i] = translator.translate(passage.text_of(i))
            if said[i] and self._holds_across(claim, passage, {i: said[i]}):
                return passage.spans_of(index, [i])
        wanted = set(self._terms(claim))
        scores = {i: sum(TermBag(self._terms(t)).match(w) for w in wanted) for i, t in said.items() if t}
        order = sorted((i for i, score in scores.items() if score), key=lambda i: (-scores[i], i))
        for size in range(2, min(_MAX_UNITS, len(order)) + 1):
            chosen = sorted(order[:size])
            if self._holds_across(claim, passage, {i: said[i] for i in chosen}):
                return passage.spans_of(index, chosen)
        return []

    def _holds_across(self, claim: str, passage: "_Passage", said: dict[int, str]) -> bool:
        """Tell whether units, given with their translations, support ``claim``."""
        assert self._translator is not None  # noqa: S101 - narrows the type; the caller has one
        first = min(said)
        before = [
            self._translator.find(passage.text_of(i)) for i in range(max(0, first - _NUM_BEFORE), first)
        ]
        context = "\n".join((passage.hit.title, passage.hit.context, *before, self._question))
        quotes = [passage.text_of(i) for i in said]
        return check_across(claim, quotes, [*said.values()], context=context, terms=self._terms).supported


@dataclass
class _Passage:
    """A hit, cut once for all claims."""

    hit: Hit
    terms: TermFunction
    units: list[Unit] = field(init=False)
    bags: list[TermBag] = field(init=False)
    bag: TermBag = field(init=False)
    _orders: list[bool] = field(init=False)

    def __post_init__(self) -> None:
        text = self.hit.text
        self.units = split_units(text)
        self.bags = [TermBag(self.terms(text[u.start : u.end])) for u in self.units]
        self._orders = [is_instruction(text[u.start : u.end]) for u in self.units]
        self.bag = TermBag(t for bag in self.bags for t in bag.terms)

    def rank(self, wanted: Sequence[str]) -> list[int]:
        """Return the indexes of units that share words with ``wanted``, best first.

        A sentence that gives orders to an AI supports nothing: a model may have obeyed it.
        """
        scores = [sum(bag.match(t) for t in set(wanted)) for bag in self.bags]
        order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
        return [i for i in order if scores[i] > 0 and not self._orders[i]]

    def rank_across(self, claim: str) -> list[int]:
        """Return the indexes of units to translate: those first that share a number or a Latin word."""
        wanted = _anchors(claim)
        able = [
            i
            for i, unit in enumerate(self.units)
            if unit.kind != "heading"
            and unit.end - unit.start <= _MAX_TRANSLATED_CHARS
            and not self._orders[i]
            and crosses_language(claim, self.text_of(i))
        ]
        return sorted(able, key=lambda i: (-len(wanted & _anchors(self.text_of(i))), i))[:_MAX_ACROSS]

    def text_of(self, index: int) -> str:
        """Return a unit as it stands in the passage."""
        return self.hit.text[self.units[index].start : self.units[index].end]

    def spans_of(self, passage: int, chosen: Sequence[int]) -> list[Span]:
        """Return the places of units, neighbours as one."""
        found = _join_neighbours([self.units[i] for i in chosen], self.hit.text)
        return [Span(passage, start, end) for start, end in found]

    def heading_of(self, index: int | None) -> str:
        """Return the heading above a unit, inside the passage."""
        above = self.units[index].heading if index is not None else -1
        return self.hit.text[self.units[above].start : self.units[above].end] if above >= 0 else ""


def _anchors(text: str) -> set[str]:
    """Return what is written alike in every language: numbers and Latin words, folded."""
    facts = read_facts(text)
    dates = {str(part) for d in facts.dates for part in (d.year, d.month, d.day) if part}
    words = {word.lower() for word in _LATIN_WORD.findall(text)}
    return {q.value for q in facts.quantities} | dates | words | facts.codes


def _join_neighbours(units: Sequence[Unit], text: str) -> list[tuple[int, int]]:
    """Return the spans of ``units``, those with nothing but white space between them as one."""
    spans: list[tuple[int, int]] = []
    for unit in units:
        if spans and not text[spans[-1][1] : unit.start].strip():
            spans[-1] = (spans[-1][0], unit.end)
        else:
            spans.append((unit.start, unit.end))
    return spans


class Numbering:
    """Gives each cited place its number, from 1 in order of appearance; the same place keeps its number."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        self._hits = hits
        self._numbers: dict[Span, int] = {}

    def cite(self, spans: Sequence[Span]) -> tuple[Citation, ...]:
        """Return one citation for each of ``spans``."""
        citations = []
        for span in spans:
            number = self._numbers.setdefault(span, len(self._numbers) + 1)
            citations.append(build_citation(self._hits[span.passage], span.start, span.end, number=number))
        return tuple(citations)
