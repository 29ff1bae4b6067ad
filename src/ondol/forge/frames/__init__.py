"""Frames: code that turns a fact into questions and answers where its structure is certain.

Many questions are made and the surest kept: overgenerate and rank, after Heilman & Smith (2010), "Good
Question! Statistical Ranking for Question Generation". Whatever is not certain is not asked.
"""

from ondol.core.examples import Fact, Passage
from ondol.evidence.support import check_support
from ondol.evidence.terms import build_terms
from ondol.forge.frames import english, korean, lists, table
from ondol.forge.frames.wording import Wording
from ondol.text.morphemes import Analyser

__all__ = ["Wording", "ask_about"]


def ask_about(fact: Fact, passage: Passage, *, analyser: Analyser) -> tuple[Wording, ...]:
    """Return the wordings of ``fact``, neighbours clearly different, each answer supported by its quote."""
    if fact.unit == "list":
        found = lists.frame(fact, passage, analyser=analyser)
    elif fact.unit == "row":
        found = table.frame(fact, passage, analyser=analyser)
    elif fact.language == "ko":
        found = korean.frame(fact, passage, analyser=analyser)
    else:
        found = english.frame(fact, passage, analyser=analyser)
    terms = build_terms(analyser)
    # A row does not say what its columns are called, nor a sentence about *the screen* which screen.
    header = fact.evidence.context if fact.unit == "row" else ""
    if fact.language == "en" and fact.unit in {"sentence", "item"}:
        header = f"{passage.title}\n{fact.evidence.context}"
    kept: dict[str, Wording] = {}
    for wording in found:
        key = wording.question.casefold()
        if key in kept:
            continue
        if check_support(wording.answer, [fact.evidence.quote], context=header, terms=terms).supported:
            kept[key] = wording
    return tuple(kept.values())
