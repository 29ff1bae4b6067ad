"""Choose the sentences of passages that answer a question.

A linear model over a few readable features scores each sentence. Most weights are rounded from a softmax
regression on XQuAD, the rest were set by hand (``docs/decisions/0006-answers.md`` says which, with figures).
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ondol.evidence.answer_type import has_focus, match_answer_kind
from ondol.evidence.polarity import find_denied
from ondol.evidence.question import Question, read_question
from ondol.evidence.terms import TermBag, TermFunction, find_written, simple_terms
from ondol.evidence.units import Unit, split_units
from ondol.text.language import detect_language


@dataclass(frozen=True)
class Passage:
    """What the choice needs of a hit.

    Attributes:
        text: the exact slice.
        context: heading path and table header.
        title: of the document.
        score: of the search, comparable within one query; best first.
        similarity: cosine of question and passage, from a model that ``answerable`` is calibrated for.
    """

    text: str
    context: str = ""
    title: str = ""
    score: float = 0.0
    similarity: float | None = None


WEIGHTS: dict[str, float] = {
    "coverage": 1.0,  # share of the question's weight in the sentence
    "window": 0.35,  # … in the sentences beside it, and not in it
    "passage": 0.3,  # … in its passage
    "context": 0.4,  # … in headings, table header and title, and not in the sentence
    "bigrams": 0.3,  # neighbours in the question that are neighbours here
    "kind": 0.3,  # a number where one is asked for, a name for "who", …
    "focus": 0.12,  # "how many points": a number beside "points"
    "rank": 0.25,
    "search": 0.3,
    "numbers": -0.1,  # a number of the question is missing
    "bare": -0.3,  # holds no term of the question itself
    "language": 0.3,  # written in the question's language
    "step": 0.4,  # a step of a procedure, where one is asked for
    "denial": 0.15,  # question and sentence both deny something
    "question": -0.3,  # the sentence is a question itself
    "heading": -0.4,
    "lead": -0.1,
    "short": -0.1,
    "long": 0.05,
    "nothing_new": -0.1,  # repeats the question and says no more
}


@dataclass(frozen=True)
class Candidate:
    """A unit of a passage with its worth as an answer.

    Attributes:
        passage: index of the passage it was taken from.
        index: of the unit in its passage.
        score: higher is better; comparable within one question.
        features: what the score is made of, by name.
        matched: terms of the question that the unit itself holds.
    """

    passage: int
    index: int
    unit: Unit
    score: float
    features: dict[str, float] = field(default_factory=dict)
    matched: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Selection:
    """All units of all passages, scored.

    Attributes:
        ranked: best first, headings among them.
        units: of each passage, in order.
        weights: of each term of the question; the sum is 1.
        bodies: the terms of each passage with its context.
        similarities: of each passage to the question, where known.
    """

    question: Question
    ranked: tuple[Candidate, ...]
    units: tuple[tuple[Unit, ...], ...]
    weights: dict[str, float]
    bodies: tuple[TermBag, ...]
    similarities: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class _Sentence:
    passage: int
    index: int
    unit: Unit
    text: str
    terms: tuple[str, ...]
    bag: TermBag


def select(
    question: Question | str, passages: Sequence[Passage], *, terms: TermFunction = simple_terms
) -> Selection:
    """Score every unit of ``passages`` (best passage first) as an answer to ``question``."""
    asked = read_question(question, terms=terms) if isinstance(question, str) else question
    by_passage = [_cut(n, passage.text, terms, asked) for n, passage in enumerate(passages)]
    weights = _weigh(asked, [s for found in by_passage for s in found])
    best = max((p.score for p in passages), default=0.0) or 1.0
    ranked: list[Candidate] = []
    bodies: list[TermBag] = []
    for n, (passage, found) in enumerate(zip(passages, by_passage, strict=True)):
        context = TermBag(terms(f"{passage.title}\n{passage.context}"))
        bodies.append(TermBag([*(t for s in found for t in s.terms), *context.terms]))
        shared = {
            "passage": _cover(weights, bodies[n]),
            "rank": 1.0 / (1 + n),
            "search": max(0.0, passage.score / best),
            "language": float(detect_language(passage.text) in {asked.language, ""}),
        }
        for sentence in found:
            features = _score_unit(asked, weights, sentence, found, context) | shared
            score = sum(WEIGHTS[name] * value for name, value in features.items())
            matched = frozenset(t for t in asked.terms if sentence.bag.match(t) >= 0.5)
            ranked.append(Candidate(n, sentence.index, sentence.unit, score, features, matched))
    ranked.sort(key=lambda c: (-c.score, c.passage, c.index))
    units = tuple(tuple(s.unit for s in found) for found in by_passage)
    similarities = tuple(p.similarity for p in passages)
    return Selection(asked, tuple(ranked), units, weights, tuple(bodies), similarities)


def _cut(passage: int, text: str, terms: TermFunction, question: Question) -> list[_Sentence]:
    cut = []
    for index, unit in enumerate(split_units(text)):
        piece = text[unit.start : unit.end]
        found = tuple(terms(piece))
        bag = TermBag((*found, *find_written(question.wholes, piece)))
        cut.append(_Sentence(passage, index, unit, piece, found, bag))
    return cut


def _weigh(question: Question, sentences: Sequence[_Sentence]) -> dict[str, float]:
    """Weigh each term by what kind of word it is and by how rare it is among the sentences found."""
    frequency = Counter(t for s in sentences for t in s.bag.terms)
    count = len(sentences)
    raw = {t: w * math.log(1 + (count + 1) / (frequency[t] + 0.5)) for t, w in question.weights.items()}
    total = sum(raw.values()) or 1.0
    return {t: w / total for t, w in raw.items()}


def _cover(weights: dict[str, float], bag: TermBag) -> float:
    return sum(w * bag.match(t) for t, w in weights.items())


def _score_unit(
    question: Question,
    weights: dict[str, float],
    sentence: _Sentence,
    found: Sequence[_Sentence],
    context: TermBag,
) -> dict[str, float]:
    i, kind = sentence.index, sentence.unit.kind
    covered = {t: w * sentence.bag.match(t) for t, w in weights.items()}
    beside = [s.bag for s in (*found[max(0, i - 1) : i], *found[i + 1 : i + 2])]
    above = [context]
    if sentence.unit.heading >= 0:
        above.append(found[sentence.unit.heading].bag)
    new = sentence.bag.terms - set(question.terms)
    return {
        "coverage": sum(covered.values()),
        "window": _beyond(weights, covered, beside),
        "context": _beyond(weights, covered, above),
        "bigrams": _share_of_pairs(question.terms, sentence.terms),
        "kind": match_answer_kind(question, sentence.text),
        "focus": float(has_focus(question, sentence.text)),
        "numbers": float(any(n not in sentence.bag for n in question.numbers)),
        "bare": float(not any(covered.values())),
        "step": float(question.kind == "steps" and _is_step(sentence, found)),
        "denial": float(question.denies and bool(find_denied(sentence.text, _no_terms))),
        "question": float(sentence.text.rstrip().endswith("?")),
        "heading": float(kind == "heading"),
        "lead": float(kind == "lead"),
        "short": float(len(sentence.terms) < 4),
        "long": max(0.0, math.log(max(1, len(sentence.terms)) / 20)),
        "nothing_new": float(len(new) < 2),
    }


def _is_step(sentence: _Sentence, found: Sequence[_Sentence]) -> bool:
    unit = sentence.unit
    if unit.kind == "lead":
        following = found[sentence.index + 1 : sentence.index + 2]
        return any(s.unit.marker[:1].isdigit() for s in following)
    return unit.kind == "item" and unit.marker[:1].isdigit()


def _no_terms(text: str) -> list[str]:
    return [text] if text.strip() else []


def _beyond(weights: dict[str, float], covered: dict[str, float], bags: Sequence[TermBag]) -> float:
    """Return the weight that ``bags`` cover and the sentence itself does not."""
    return sum(
        max(0.0, w * max((b.match(t) for b in bags), default=0.0) - covered[t]) for t, w in weights.items()
    )


def _share_of_pairs(asked: Sequence[str], terms: Sequence[str]) -> float:
    places: dict[str, list[int]] = {}
    for position, term in enumerate(terms):
        places.setdefault(term, []).append(position)
    pairs = list(pairwise(asked))
    close = sum(any(abs(a - b) <= 2 for a in places.get(x, ()) for b in places.get(y, ())) for x, y in pairs)
    return close / len(pairs) if pairs else 0.0
