"""Answer again from the passages alone, without seeing the answer: does the quotation come up?"""

import re
from collections.abc import Sequence

from ondol.core.examples import Draft, Evidence, ExampleKind, Passage, Verdict
from ondol.evidence import select as selecting
from ondol.evidence.answerable import score_answerable
from ondol.evidence.question import read_question
from ondol.evidence.terms import TermBag, TermFunction, is_weak
from ondol.forge.verify.nearness import Nearness
from ondol.forge.verify.verdict import accept, refuse

MIN_ANSWERABLE = 0.2
"""Lower than where ``ask`` begins to answer (0.5): here the right passage is known to be among them."""

MAX_ABSENT = 0.5
"""From here on ``ask`` would answer: then the documents are not silent."""

_MAX_RANK = 4
# Tasks name a text or a form, not what its sentences say.
_NOT_ASKED: frozenset[ExampleKind] = frozenset({
    "summary",
    "translation",
    "paraphrase",
    "instruction",
    "list",
    "reasoning",
    "multi_hop",
})


class AnswerableCheck:
    """The sentences that a search by words ranks highest for the question lie in the quotations.

    Cannot see whether the answer is complete, nor do justice to a question in words of its own: a true
    sample is then lost. Left out for tasks that name no content, and where languages differ.
    """

    name = "answerable"

    def __init__(self, terms: TermFunction, *, nearness: Nearness | None = None) -> None:
        """``nearness`` adds meaning to words."""
        self._terms = terms
        self._nearness = nearness or Nearness(None)
        self._by_words = Nearness(None)

    def judge(self, draft: Draft, passages: Sequence[Passage]) -> Verdict:
        """Answer each question from ``passages`` and those of the draft; the lowest score counts."""
        if draft.kind in _NOT_ASKED:
            return accept(self.name)
        lowest = 1.0
        for before, turn in zip(("", *(t.question for t in draft.turns)), draft.turns, strict=False):
            if not turn.evidence or _differs(draft, passages):
                continue
            shown = order(passages, turn.evidence, draft.passages)
            score, fault = self._answer(turn.question, shown, turn.evidence)
            if fault and before and self._knows(turn.question, shown):
                # A later question may lean on the one before.
                score, fault = self._answer(f"{before} {turn.question}", shown, turn.evidence)
            lowest = min(lowest, score)
            if fault:
                return refuse(self.name, fault, score=score)
        return accept(self.name, score=lowest)

    def _knows(self, question: str, shown: Sequence[Passage]) -> bool:
        """Tell whether most of what a question says stands in ``shown``."""
        bag = TermBag(t for p in shown for t in self._terms(f"{p.title}\n{p.context}\n{p.text}"))
        terms = [t for t in dict.fromkeys(self._terms(question)) if not is_weak(t)]
        return sum(bool(bag.match(t)) for t in terms) * 2 >= len(terms)

    def _answer(
        self, question: str, shown: Sequence[Passage], evidence: Sequence[Evidence]
    ) -> tuple[float, str]:
        """Return the score of an answer, and what is wrong with it: by words, and by meaning if they fail."""
        score, fault = self._answer_with(question, shown, evidence, self._by_words)
        if fault and self._nearness.is_known:
            score, fault = self._answer_with(question, shown, evidence, self._nearness)
        return score, fault

    def _answer_with(
        self, question: str, shown: Sequence[Passage], evidence: Sequence[Evidence], nearness: Nearness
    ) -> tuple[float, str]:
        selection = choose(question, shown, self._terms, nearness)
        answerable = score_answerable(selection)
        # A short question whose every word is there scores low for being short.
        if answerable.score < MIN_ANSWERABLE and answerable.missing:
            return answerable.score, "The passage does not seem to answer the question."
        if not _is_found(selection, shown, evidence):
            return answerable.score, "Other sentences answer the question better."
        return answerable.score, ""


class AbsenceCheck:
    """Where the answer is that the documents do not say, the passages known do not answer the question.

    Cannot see the rest of the corpus: the writer hands over the passages that a search found.
    """

    name = "absence"

    def __init__(self, terms: TermFunction, *, nearness: Nearness | None = None) -> None:
        """``nearness`` adds meaning to words."""
        self._terms = terms
        self._nearness = nearness or Nearness(None)

    def judge(self, draft: Draft, passages: Sequence[Passage]) -> Verdict:
        """Judge the turns without a quotation; a quotation under ``not_in_documents`` is an error."""
        highest = 0.0
        for turn in draft.turns:
            if draft.kind == "not_in_documents" and turn.evidence:
                return refuse(self.name, "It says that the documents are silent, and quotes them.")
            if turn.evidence:
                continue
            if not is_abstention(turn.answer):
                return refuse(
                    self.name, "It has no quotation, and does not say that the documents are silent."
                )
            shown = order(passages, (), draft.passages)
            score = score_answerable(choose(turn.question, shown, self._terms, self._nearness)).score
            highest = max(highest, score)
            if score >= MAX_ABSENT:
                return refuse(self.name, "The documents seem to answer the question.", score=1 - score)
        return accept(self.name, score=1 - highest)


def is_abstention(answer: str) -> bool:
    """Tell whether an answer says that the documents are silent."""
    return _ABSTENTION.search(answer) is not None


def order(
    passages: Sequence[Passage], evidence: Sequence[Evidence], shown: Sequence[Passage]
) -> tuple[Passage, ...]:
    """Return all passages, each once, those quoted first."""
    every = {p.chunk_id: p for p in (*passages, *shown)}
    quoted = {e.chunk_id for e in evidence}
    return tuple(sorted(every.values(), key=lambda p: p.chunk_id not in quoted))


def choose(
    question: str, passages: Sequence[Passage], terms: TermFunction, nearness: Nearness
) -> selecting.Selection:
    """Rank the sentences of ``passages`` as answers to ``question``."""
    cosines = nearness.measure(question, passages)
    wanted = [
        selecting.Passage(p.text, context=p.context, title=p.title, score=1.0, similarity=cosine)
        for p, cosine in zip(passages, cosines, strict=True)
    ]
    return selecting.select(read_question(question, terms=terms), wanted, terms=terms)


def _is_found(
    selection: selecting.Selection, passages: Sequence[Passage], evidence: Sequence[Evidence]
) -> bool:
    """Tell whether one of the best sentences lies in a quotation, or says the same elsewhere."""
    said = "\n".join(e.quote for e in evidence)
    # Each further passage brings sentences of its own on the matter.
    limit = _MAX_RANK + len(passages) - len({e.chunk_id for e in evidence})
    best = [c for c in selection.ranked if c.unit.kind != "heading"][:limit]
    for candidate in best:
        passage = passages[candidate.passage]
        start, end = passage.start + candidate.unit.start, passage.start + candidate.unit.end
        if passage.text[candidate.unit.start : candidate.unit.end] in said:
            return True
        if any(e.chunk_id == passage.chunk_id and e.start < end and start < e.end for e in evidence):
            return True
    return False


def _differs(draft: Draft, passages: Sequence[Passage]) -> bool:
    """Tell whether the draft is in another language than its passages: words cannot be searched for."""
    return bool(passages) and all(p.language not in {"", draft.language} for p in passages)


_ABSTENTION = re.compile(
    r"\b(?:do|does|did) not (?:say|state|mention|contain|include|cover|specify|describe|provide"
    r"|answer|give|tell|explain|hold)\b"
    r"|\b(?:don't|doesn't) (?:say|state|mention|contain|include|cover|specify|describe|provide|answer"
    r"|give|tell|explain)\b"
    r"|\bno (?:information|mention|answer|statement|details?)\b|\bnot (?:mentioned|stated|specified"
    r"|covered|described|found"
    r"|contained|given|answered|included|in the)\b|\b(?:cannot|can't|could not|couldn't) (?:find|be "
    r"(?:found|answered))\b"
    r"|\b(?:silent|nothing) (?:on|about)\b|\bis not there\b"
    r"|(?:찾을 수 없|찾지 못|나와 있지 않|나오지 않|언급되지 않|언급이 없|언급하지 않|적혀 있지 않"
    r"|포함되(?:어 있)?지 않"
    r"|다루지 않|다루고 있지 않|설명되(?:어 있)?지 않|설명하지 않|알 수 없|답이 없|내용이 없"
    r"|정보가 없|내용은 없|정보는 없|실려 있지 않|기재되(?:어 있)?지 않"
    r"|명시되(?:어 있)?지 않|제공하지 않|담고 있지 않|들어 있지 않|없습니다)",
    re.IGNORECASE,
)
