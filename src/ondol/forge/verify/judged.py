"""What a calibrated judge says, with the quotations and the text around them in view."""

from collections.abc import Sequence

from ondol.core.examples import Draft, Passage, Verdict
from ondol.evidence.judge import Item, Judge
from ondol.forge.verify.verdict import accept, refuse


class JudgeCheck:
    """A model is asked whether the source bears out the answer and the answer meets the question.

    Sees what the other checks cannot (half truths, the wrong passage), as well as its calibration says.
    """

    name = "judge"

    def __init__(self, judge: Judge, *, threshold: float) -> None:
        """``threshold`` is the score from which an answer passes."""
        self._judge = judge
        self._threshold = threshold

    def judge(self, draft: Draft, passages: Sequence[Passage]) -> Verdict:
        """Judge each turn that has quotations; the lowest score counts."""
        known = {p.chunk_id: p.text for p in passages}
        lowest = 1.0
        for turn in draft.turns:
            if not turn.evidence:
                continue
            source = "\n\n".join(dict.fromkeys(known.get(e.chunk_id, e.quote) for e in turn.evidence))
            item = Item(question=turn.question, answer=turn.answer, source=source)
            judgement = self._judge.judge(item)
            lowest = min(lowest, judgement.score)
            if judgement.score < self._threshold:
                return refuse(self.name, judgement.reason or "The judge says no.", score=judgement.score)
        return accept(self.name, score=lowest)
