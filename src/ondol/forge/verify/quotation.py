"""Is each quotation what its document says at that place, letter for letter?"""

from collections.abc import Mapping, Sequence

from ondol.core.examples import Draft, Evidence, Passage, Verdict
from ondol.forge.verify.verdict import accept, refuse


class QuotationCheck:
    """Every quotation stands in its passage at its offsets, and every claim has one.

    Cannot see whether the quotation has anything to do with the answer.
    """

    name = "quotation"

    def judge(self, draft: Draft, passages: Sequence[Passage]) -> Verdict:
        """Compare each quotation with the stored text of its place."""
        known = {p.chunk_id: p for p in passages}
        for turn in draft.turns:
            if not turn.evidence and draft.kind not in {"not_in_documents", "dialogue"}:
                return refuse(self.name, "An answer has no quotation.")
            for evidence in turn.evidence:
                if fault := _find_fault(evidence, known):
                    return refuse(self.name, fault)
        return accept(self.name)


def _find_fault(evidence: Evidence, known: Mapping[str, Passage]) -> str:
    passage = known.get(evidence.chunk_id)
    if passage is None:
        return f"The passage {evidence.chunk_id} of a quotation is not known."
    if (passage.document, passage.page) != (evidence.document, evidence.page):
        return f"A quotation names {evidence.document}, its passage is of {passage.document}."
    start, end = evidence.start - passage.start, evidence.end - passage.start
    if not 0 <= start < end <= len(passage.text) or not evidence.quote.strip():
        return f"A quotation at {evidence.start}:{evidence.end} lies outside its passage."
    if passage.text[start:end] != evidence.quote:
        return f"A quotation differs from the text at {evidence.start}:{evidence.end}."
    return ""
