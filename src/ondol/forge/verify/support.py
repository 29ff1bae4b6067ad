"""Do the quotations say what the answer says?"""

import re
from collections.abc import Callable, Mapping, Sequence

from ondol.core.examples import Draft, Evidence, Passage, Turn, Verdict
from ondol.evidence.polarity import find_denied
from ondol.evidence.support import Support, check_support
from ondol.evidence.terms import TermFunction, word_set
from ondol.evidence.translation import check_across, crosses_language, find_flaws
from ondol.evidence.units import split_units
from ondol.forge.verify.reasoning import derive
from ondol.forge.verify.verdict import accept, refuse
from ondol.text.normalise import fold

Translate = Callable[[str, str], str]
"""From a text and the language wanted (``ko``, ``en``) to its translation; empty when there is none."""

_CONTEXT_CHARS = 240
# The words of a calculation ("in total", "so that leaves") are the writer's own.
_MIN_WORDS_REASONING = 0.4
_WORD = re.compile(r"\w+")
# Words of grammar that can be a whole answer.
_TELLING = word_set(
    "on off once twice all none both neither up down above below before after inside outside out over under"
)
_OPENING = re.compile(r"^(?:yes|no|네|예|아니요|아니오|아닙니다|그렇습니다)\s*[,.!]\s*", re.IGNORECASE)


class SupportCheck:
    """Each sentence of an answer against its quotations: numbers, units, dates, names, denials, words.

    Title, headings and the text just before a quotation may explain a pronoun or a name, never carry a claim.
    Cannot see who did what to whom when all words are the same, nor a paraphrase without a common word: the
    latter is refused, though true.
    """

    name = "support"

    def __init__(self, terms: TermFunction, *, translate: Translate | None = None) -> None:
        """``translate`` lets an answer in another language be compared word by word."""
        self._terms = terms
        self._translate = translate

    def judge(self, draft: Draft, passages: Sequence[Passage]) -> Verdict:
        """Judge every sentence; the lowest share of words found is the score."""
        known = {p.chunk_id: p for p in passages}
        lowest = 1.0
        for turn in draft.turns:
            if not turn.evidence:
                continue
            context = _build_context(turn.evidence, known)
            said = {fold(claim) for e in turn.evidence for claim in (*split_claims(e.quote), e.quote)}
            for claim in split_claims(turn.answer):
                if fold(claim) in said:
                    continue
                verdict = self._compare(claim, turn, context, draft)
                lowest = min(lowest, verdict.score)
                if not verdict.supported:
                    missing = ", ".join(verdict.missing[:5])
                    detail = f"Not in the quotation ({', '.join(verdict.failed)}): {missing or claim}"
                    return refuse(self.name, detail, score=verdict.score)
        return accept(self.name, score=lowest)

    def _compare(self, claim: str, turn: Turn, context: str, draft: Draft) -> Support:
        quotes = [e.quote for e in turn.evidence]
        if draft.kind == "reasoning":
            return check_support(
                claim,
                [*quotes, *derive(turn).values],
                context=f"{context}\n{turn.question}",
                terms=self._terms,
                min_words=_MIN_WORDS_REASONING,
            )
        if crosses_language(claim, "\n".join(quotes)) and self._translate is not None:
            translations = [self._translate(quote, draft.language) for quote in quotes]
            usable = [
                "" if find_flaws(t, q, language=draft.language, terms=self._terms) else t
                for t, q in zip(translations, quotes, strict=True)
            ]
            return check_across(claim, quotes, usable, context=context, terms=self._terms)
        if not self._terms(claim) and any(_stands_in(claim, quote) for quote in quotes):
            return Support(supported=True, score=1.0)
        verdict = check_support(claim, quotes, context=context, terms=self._terms)
        # "What must not be frozen?" "The battery": the denial is in the question, and the answer a piece.
        if verdict.failed == ("negation",) and _is_piece(claim, quotes) and self._denies(turn.question):
            return Support(supported=True, score=verdict.score)
        return verdict

    def _denies(self, question: str) -> bool:
        return bool(find_denied(question, self._terms))


def _stands_in(claim: str, quote: str) -> bool:
    """Tell whether an answer made of words of grammar alone ("Off", "only once") stands in ``quote``."""
    words, known = _WORD.findall(fold(claim)), set(_WORD.findall(fold(quote)))
    return bool(_TELLING & set(words)) and known.issuperset(words)


def _is_piece(claim: str, quotes: Sequence[str]) -> bool:
    return any(fold(claim).strip(" .") in fold(quote) and len(claim) < len(quote) / 2 for quote in quotes)


def split_claims(answer: str) -> list[str]:
    """Return the sentences, items and rows of an answer, without a "Yes," that cannot be looked up."""
    claims = []
    for unit in split_units(answer):
        text = answer[unit.start : unit.end].strip()
        bare = _OPENING.sub("", text)
        if bare and unit.kind != "heading" and any(c.isalnum() for c in bare):
            claims.append(bare)
    return claims or [answer]


def _build_context(evidence: Sequence[Evidence], known: Mapping[str, Passage]) -> str:
    """Return what a reader of the quotations has before his eyes: title, headings, the text before."""
    parts: list[str] = []
    for e in evidence:
        parts += [e.title, e.context]
        if passage := known.get(e.chunk_id):
            start = e.start - passage.start
            parts.append(passage.text[max(0, start - _CONTEXT_CHARS) : start])
    return "\n".join(dict.fromkeys(p for p in parts if p))
