"""Cut a question that asks two things into its parts."""

import re

_CUT_AND = re.compile(
    r"[,;]?\s+and\s+(?=(?:who|when|where|why|how|which|what)\b)|(?<=\?)\s+|[;]\s+(?=(?:who|when|where|why|how|which|what)\b)"
    r"|(?<=[고며])\s*,?\s+(?=[^?]*(?:누구|누가|언제|어디|왜|얼마|몇|며칠|무엇|뭐|어떻게))"
    r"|(?<=까),?\s+(?:그리고|또)\s+",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\b(?:who|whom|whose|when|where|why|how|which|what|is|are|was|were|do|does|did|can|should)\b"
    r"|누구|누가|언제|어디|왜|얼마|몇|며칠|무엇|뭐|무슨|어떤|어느|어떻게|까|나요|가요|어요|예요",
    re.IGNORECASE,
)
_MAX_PARTS = 3


def split_question(question: str) -> list[str]:
    """Return the parts of a question that asks several things, or the question alone.

    A part is kept only when it asks something itself; at most three.
    """
    pieces = [p.strip(" ,;") for p in _CUT_AND.split(question) if p and p.strip(" ,;")]
    if len(pieces) < 2 or not all(_ASKS.search(p) for p in pieces):
        return [question]
    return pieces[:_MAX_PARTS]
