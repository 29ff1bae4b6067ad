"""Sentence evidence from forward streams."""

import numpy as np

from ondol.search.rank import inverse_frequencies, read_sentences, weigh_words
from ondol.search.stream import build_stream
from ondol.text.lexemes import Term
from ondol.text.morphemes import QueryTerm


def stream(text):
    terms, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        terms.append(Term(word, start, at))
    ends = [i + 1 for i, c in enumerate(text) if c == "."]
    starts = [0, *ends[:-1]]
    return build_stream([], terms, list(zip(starts, ends, strict=True)))


def words(query):
    terms = [QueryTerm(word, 1.0, 0, 0) for word in query.split()]
    return weigh_words(terms, np.ones(len(terms)))


def test_one_sentence_with_everything_beats_words_scattered_over_two():
    together, scattered = stream("x red car y . z z ."), stream("x red . y car .")
    found = read_sentences(words("red car"), [together, scattered])
    assert found[0].tolist() == [1.0, 1.0]
    assert found[1].tolist() == [0.5, 0.0]


def test_neighbours_may_have_one_word_between_them_but_keep_their_order():
    close, far, turned = stream("red big car ."), stream("red a b car ."), stream("car red .")
    found = read_sentences(words("red car"), [close, far, turned])
    assert found[:, 1].tolist() == [1.0, 0.0, 0.0]
    assert found[:, 0].tolist() == [1.0, 1.0, 1.0]


def test_repetition_adds_nothing():
    found = read_sentences(words("red car"), [stream("red red red ."), stream("red .")])
    assert found[0, 0] == found[1, 0] == 0.5


def test_nothing_to_look_at():
    assert read_sentences(words(""), [stream("red .")]).tolist() == [[0.0, 0.0]]
    assert read_sentences(words("red"), []).shape == (0, 2)


def test_common_words_weigh_less():
    idf = inverse_frequencies(np.array([1.0, 90.0, 0.0]), 100)
    assert idf[2] > idf[0] > idf[1] > 0
