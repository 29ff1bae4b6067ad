"""Choose the sentences of passages that answer a question."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ondol.evidence.terms import TermFunction, simple_terms

_BOUNDARY = re.compile(r"(?<=[.!?。])\s+(?=[\"“(\[]?[A-Z0-9가-힣])|\n+")


@dataclass(frozen=True)
class Candidate:
    """A sentence of a passage with its worth as an answer.

    Attributes:
        passage: index of the passage it was taken from.
        start: offset in the passage's text.
        end: half-open.
        score: higher is better; comparable within one question.
        coverage: share of the question's weight that the sentence and its surroundings cover, 0 to 1.
    """

    passage: int
    start: int
    end: int
    score: float
    coverage: float


def _sentences(text: str) -> list[tuple[int, int]]:
    spans, start = [], 0
    for match in [*_BOUNDARY.finditer(text), None]:
        end = match.start() if match else len(text)
        piece = text[start:end]
        if piece.strip():
            lead = len(piece) - len(piece.lstrip())
            spans.append((start + lead, start + len(piece.rstrip())))
        start = match.end() if match else end
    return spans


def rank_sentences(
    question: str, passages: Sequence[str], *, terms: TermFunction = simple_terms
) -> list[Candidate]:
    """Return the sentences of ``passages`` (best passage first), best first."""
    wanted = list(dict.fromkeys(terms(question)))
    sentences = [
        (n, s, e, set(terms(text[s:e]))) for n, text in enumerate(passages) for s, e in _sentences(text)
    ]
    frequency = Counter(t for *_, found in sentences for t in found)
    weight = {t: math.log(1 + (len(sentences) + 1) / (frequency[t] + 0.5)) for t in wanted}
    total = sum(weight.values()) or 1.0
    ranked = [
        Candidate(n, s, e, cover - 0.02 * n, cover)
        for n, s, e, found in sentences
        for cover in [sum(w for t, w in weight.items() if t in found) / total]
    ]
    return sorted(ranked, key=lambda c: -c.score)
