"""Extractive answers: the best supporting sentences themselves, in order, each with its citation."""

from collections.abc import Sequence
from dataclasses import dataclass

from ondol.ask.cite import build_citation
from ondol.core.answers import Citation
from ondol.core.documents import Hit
from ondol.evidence.select import rank_sentences
from ondol.evidence.terms import TermFunction, simple_terms


@dataclass(frozen=True)
class CitedSentence:
    """A sentence as it is shown, with its marks, and what they stand for."""

    text: str
    citations: tuple[Citation, ...]


def extract(
    question: str, hits: Sequence[Hit], *, max_sentences: int = 3, terms: TermFunction = simple_terms
) -> list[CitedSentence]:
    """Return the sentences that answer ``question`` best; empty when none does."""
    ranked = rank_sentences(question, [hit.text for hit in hits], terms=terms)
    if not ranked or ranked[0].coverage < 0.3:
        return []
    chosen = [c for c in ranked[:max_sentences] if c.score >= 0.6 * ranked[0].score]
    out = []
    for number, candidate in enumerate(chosen, 1):
        citation = build_citation(hits[candidate.passage], candidate.start, candidate.end, number=number)
        out.append(CitedSentence(f"{' '.join(citation.quote.split())} [{number}]", (citation,)))
    return out
