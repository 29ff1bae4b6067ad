"""The second look at the best candidates: does one sentence say it, and are the words together?

Three numbers in [0, 1] for each passage, comparable between passages of one question: the BM25 score as a
share of the highest possible, the share of the question's words that its best sentence holds, and the share
of the question's neighbouring words that stand side by side there. Their weights were fitted by listwise
logistic regression on English and Korean questions (``docs/decisions/0004-search.md``).
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondol.search.stream import CONTEXT_END, hash_term
from ondol.store.index_segment import ForwardStream
from ondol.text.morphemes import QueryTerm

_K1 = 1.2
# Neighbours in the question may have one word between them in the passage.
_REACH = 2
_CONTEXT_SHARE = 0.5
#  Between counting words (0) and BM25's own weights (1): a sentence should hold many of the words, not just
#  the rarest.
_DAMPING = 0.75
_PAIR_BASE = 1 << 16


class WordWeights(NamedTuple):
    """The words of a question as ranking needs them.

    Attributes:
        number: hashes of the distinct words, ascending, shape (words,).
        weight: how much each counts; the sum is 1.
        pairs: places in ``number`` of neighbouring words, first and second, shape (pairs, 2).
        pair_weight: the sum is 1.
    """

    number: NDArray[np.uint32]
    weight: NDArray[np.float64]
    pairs: NDArray[np.int64]
    pair_weight: NDArray[np.float64]


def inverse_frequencies(doc_freqs: NDArray[np.float64], num_docs: int) -> NDArray[np.float64]:
    """Return the BM25 weights of terms that occur in so many of ``num_docs`` chunks."""
    return np.log1p((num_docs - doc_freqs + 0.5) / (doc_freqs + 0.5)).clip(min=0.0)


def highest_score(terms: Sequence[QueryTerm], idf: NDArray[np.float64]) -> float:
    """Return what a passage of nothing but the question's terms would score in BM25."""
    weights = np.array([term.weight for term in terms])
    return float((weights * idf).sum()) * (_K1 + 1)


def weigh_words(terms: Sequence[QueryTerm], idf: NDArray[np.float64]) -> WordWeights:
    """Return the words of a question with weights; bigrams are left out.

    Args:
        terms: in order.
        idf: of each term.
    """
    sequence = [(hash_term(t.text), float(v)) for t, v in zip(terms, idf, strict=True) if not t.is_bigram]
    number = np.array(sorted({n for n, _ in sequence}), dtype=np.uint32)
    place = {int(n): at for at, n in enumerate(number)}
    value = np.zeros(len(number))
    for n, v in sequence:
        value[place[n]] = v
    order = [place[n] for n, _ in sequence]
    pairs = np.array(sorted({(a, b) for a, b in pairwise(order) if a != b}), np.int64)
    pairs = pairs.reshape(-1, 2)
    # Two words together say no more than the commoner of them allows: "can be" is found anywhere.
    pair_value = value[pairs].min(axis=1) if len(pairs) else np.empty(0)
    return WordWeights(number, _share(value**_DAMPING), pairs, _share(pair_value))


def read_sentences(words: WordWeights, streams: Sequence[ForwardStream]) -> NDArray[np.float64]:
    """Return the best sentence's share of words and of neighbouring words, shape (streams, 2).

    Headings stand over every sentence: a word that is only there counts half.
    """
    found = np.zeros((len(streams), 2))
    hits = _find_words(words, streams)
    if not len(hits.place):
        return found
    above = np.zeros((len(streams), len(words.number)), dtype=bool)
    above[hits.owner[hits.is_context], hits.place[hits.is_context]] = True
    known = above[hits.owner, hits.place]
    value = words.weight[hits.place] * np.where(known, 1 - _CONTEXT_SHARE, 1.0)
    value[hits.is_context] = 0.0
    owner, best = _sum_sentences(hits.place, hits, value)
    np.maximum.at(found[:, 0], owner, best)
    found[:, 0] += _CONTEXT_SHARE * (above @ words.weight)
    place, at = _find_pairs(hits, words.pairs)
    if len(at):
        owner, best = _sum_sentences(place, hits.take(at), words.pair_weight[place])
        np.maximum.at(found[:, 1], owner, best)
    return found


class _Hits(NamedTuple):
    """Where the question's words stand in the streams, laid end to end."""

    place: NDArray[np.int64]
    order: NDArray[np.int64]
    sentence: NDArray[np.int64]
    owner: NDArray[np.int64]
    is_context: NDArray[np.bool_]

    def take(self, at: NDArray[np.int64]) -> "_Hits":
        """Return those at the places given."""
        return _Hits(self.place[at], self.order[at], self.sentence[at], self.owner[at], self.is_context[at])


def _find_words(words: WordWeights, streams: Sequence[ForwardStream]) -> _Hits:
    if not len(words.number) or not streams:
        none = np.empty(0, np.int64)
        return _Hits(none, none, none, none, np.empty(0, np.bool_))
    lengths = np.array([len(stream.term) for stream in streams])
    terms = np.concatenate([stream.term for stream in streams])
    owner = np.repeat(np.arange(len(streams)), lengths)
    is_mark = terms <= CONTEXT_END
    # A stream begins a new sentence too; its first one is the context.
    sentence = np.cumsum(is_mark) + owner
    context = sentence[np.cumsum(lengths) - lengths] - is_mark[np.cumsum(lengths) - lengths]
    at = np.flatnonzero(~is_mark)
    place = np.searchsorted(words.number, terms[at]).clip(max=len(words.number) - 1)
    is_hit = words.number[place] == terms[at]
    order = np.flatnonzero(is_hit)
    place, sentence, owner = place[is_hit], sentence[at][is_hit], owner[at][is_hit]
    return _Hits(place, order, sentence, owner, sentence == context[owner])


def _sum_sentences(
    place: NDArray[np.int64], hits: _Hits, value: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return owner and sum of the values of the distinct places in each sentence."""
    size = int(place.max()) + 1
    keys, first = np.unique(hits.sentence * size + place, return_index=True)
    numbers, inverse = np.unique(keys // size, return_inverse=True)
    sums = np.zeros(len(numbers))
    np.add.at(sums, inverse, value[first])
    owners = np.zeros(len(numbers), dtype=np.int64)
    owners[inverse] = hits.owner[first]
    return owners, sums


def _find_pairs(hits: _Hits, pairs: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which pairs of neighbours stand together, and at which of the hits each begins."""
    codes = pairs[:, 0] * _PAIR_BASE + pairs[:, 1]
    place, order, sentence = hits.place, hits.order, hits.sentence
    found, starts = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for step in range(1, _REACH + 1):
        if len(place) <= step or not len(codes):
            break
        near = (order[step:] - order[:-step] <= _REACH) & (sentence[step:] == sentence[:-step])
        at = np.flatnonzero(near)
        wanted = place[at] * _PAIR_BASE + place[at + step]
        slot = np.searchsorted(codes, wanted).clip(max=len(codes) - 1)
        is_pair = codes[slot] == wanted
        found.append(slot[is_pair])
        starts.append(at[is_pair])
    return np.concatenate(found), np.concatenate(starts)


def _share(values: NDArray[np.float64]) -> NDArray[np.float64]:
    total = float(values.sum())
    return values / total if total > 0 else np.zeros(len(values))
