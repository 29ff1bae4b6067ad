"""A chunk's terms as numbers in reading order, so that ranking need not analyse its text again."""

import zlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ondol.store.index_segment import ForwardStream
from ondol.text.lexemes import Term
from ondol.text.morphemes import BIGRAM_MARK

SENTENCE_END = 0
CONTEXT_END = 1

_FARTHEST = 0xFFFF


def hash_term(term: str) -> int:
    """Return the 32-bit number of a term; 0 and 1 are kept for marks."""
    return max(2, zlib.crc32(term.encode()))


def hash_terms(terms: Iterable[str]) -> NDArray[np.uint32]:
    """Return the numbers of terms."""
    return np.array([hash_term(term) for term in terms], dtype=np.uint32)


def build_stream(
    context: Iterable[Term], terms: Iterable[Term], sentences: Sequence[tuple[int, int]]
) -> ForwardStream:
    """Return the stream of a chunk, bigrams left out.

    Args:
        context: terms of the headings and the title.
        terms: terms of the text.
        sentences: spans of the text's sentences.
    """
    rows = [(hash_term(term.text), 0, 0) for term in _ordered(context)]
    rows.append((CONTEXT_END, 0, 0))
    ends = iter(end for _, end in sentences)
    end = next(ends, _FARTHEST + 1)
    for term in _ordered(terms):
        while term.start >= end:
            rows.append((SENTENCE_END, 0, 0))
            end = next(ends, 1 << 62)
        rows.append((hash_term(term.text), min(term.start, _FARTHEST), min(term.end, _FARTHEST)))
    table = np.array(rows, dtype=np.uint32).reshape(-1, 3)
    return ForwardStream(table[:, 0], table[:, 1].astype(np.uint16), table[:, 2].astype(np.uint16))


def _ordered(terms: Iterable[Term]) -> list[Term]:
    words = (term for term in terms if not term.text.startswith(BIGRAM_MARK))
    return sorted(words, key=lambda term: (term.start, -term.end))
