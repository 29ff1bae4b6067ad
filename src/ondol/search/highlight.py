"""Which places of a passage matched the question: shown to the reader as the reason why it was found."""

import re
from collections.abc import Sequence

import numpy as np

from ondol.search.rank import WordWeights
from ondol.store.index_segment import ForwardStream
from ondol.text.morphemes import QueryTerm

_HANGUL_RUN = re.compile(r"[가-힣]{2,}")
_GAP = re.compile(r"[\s·\-]{1,2}")


def find_highlights(
    text: str, stream: ForwardStream, words: WordWeights, query: str, terms: Sequence[QueryTerm]
) -> tuple[tuple[int, int], ...]:
    """Return spans of ``text`` in order, without overlap.

    Words are found through the passage's own analysis (so ``먹은`` lights up for ``먹었다``); stretches of
    Hangul that the analyser took for something else are found letter for letter.

    Args:
        text: of the passage.
        stream: its terms with their places.
        words: of the question.
        query: the question.
        terms: its terms; those that weigh something count.
    """
    at = np.flatnonzero(np.isin(stream.term, words.number) & (stream.end > stream.start))
    spans = [(int(stream.start[i]), int(stream.end[i])) for i in at if stream.end[i] <= len(text)]
    for run in _content_runs(query, terms):
        spans += [(m.start(), m.end()) for m in re.finditer(re.escape(run), text)]
    return tuple(_merge(sorted(spans), text))


def _content_runs(query: str, terms: Sequence[QueryTerm]) -> set[str]:
    """Return the stretches of Hangul of the question that bigrams of full weight cover."""
    highest = max((term.weight for term in terms if term.is_bigram), default=0.0)
    covered = [False] * len(query)
    for term in terms:
        if term.is_bigram and term.weight >= highest:
            covered[term.start : term.end] = [True] * (term.end - term.start)
    kept = "".join(c if is_in else " " for c, is_in in zip(query, covered, strict=True))
    return set(_HANGUL_RUN.findall(kept))


def _merge(spans: Sequence[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """Join spans that overlap, touch or are parted by white space alone."""
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and (start <= merged[-1][1] or _GAP.fullmatch(text, merged[-1][1], start)):
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
