"""From spans of passages to citations that are true: each quote is cut from the hit it names.

The invariant: ``hit.text`` is an exact slice of the stored text that begins at ``hit.locator.start``, hence a span of
it is a span of the stored text. Nothing is ever quoted from ``hit.context``.
"""

from dataclasses import dataclass

from ondol.core.answers import Citation
from ondol.core.documents import Hit


@dataclass(frozen=True)
class CitedSentence:
    """A sentence as it is shown, with its marks, and what they stand for.

    Attributes:
        is_block: stands on lines of its own (a list).
    """

    text: str
    citations: tuple[Citation, ...]
    is_block: bool = False


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
