"""Shingles, signatures and sketches estimate what sets share; hashes depend on the text alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondol.text.shingles import (
    KeyIndex,
    MinHasher,
    compare,
    containment,
    estimate_jaccard,
    hash_runs,
    hash_windows,
    jaccard,
    shingle,
    sketch,
    tokenise,
)

TEXTS = st.text(alphabet="ab 가나.,1é\n", max_size=60)
NUMBERS = st.integers(0, 400)


def make_set(start: int, length: int) -> np.ndarray:
    """Hashes of the numbers from ``start``: two of these overlap by a known amount."""
    words = " ".join(f"w{n}" for n in range(start, start + length))
    return np.unique(tokenise(words).hashes)


@pytest.mark.parametrize(
    ("text", "num_tokens", "is_korean"),
    [
        ("", 0, False),
        (" .,!? ", 0, False),
        ("Don't press 3.5V!", 5, False),
        ("드론을 착륙시킨다", 8, True),
        ("QGroundControl을 다시 시작하세요", 9, True),
        ("The word 안녕 means hello to them all", 9, False),
    ],
)
def test_words_and_syllables_are_tokens(text, num_tokens, is_korean):
    tokens = tokenise(text)
    assert (len(tokens), tokens.is_korean) == (num_tokens, is_korean)


def test_width_case_marks_and_composition_make_no_difference():
    assert np.array_equal(shingle("Ｔhe “Battery” – is full"), shingle('the "battery" - IS  full!'))
    assert np.array_equal(shingle("배터리를 교체하세요"), shingle("배터리를교체 하세요."))
    assert np.array_equal(shingle("\u1103\u1173\u1105\u1169\u11ab 비행"), shingle("드론 비행"))


def test_a_short_text_is_one_shingle_and_an_empty_one_has_none():
    assert len(shingle("Hello there")) == 1
    assert len(shingle("...")) == 0


def test_the_order_of_words_and_the_place_in_the_text_matter_not_otherwise():
    assert jaccard(shingle("a b c d"), shingle("d c b a")) == 0.0
    one, other = tokenise("the red lamp"), tokenise("see: the red lamp blinks")
    assert hash_runs(one.hashes, 3)[0] in hash_runs(other.hashes, 3)


def test_windows_are_over_letters_only():
    one, other = tokenise("check-the, motor (now)"), tokenise("Please check the motor now and then")
    assert np.isin(hash_windows(one.letters, 16), hash_windows(other.letters, 16)).all()
    assert len(hash_windows(one.letters, 99)) == 0


@given(TEXTS)
def test_every_token_is_hashed_by_its_letters_alone(text):
    tokens = tokenise(text)
    whole = tokenise(f"lead {text} tail")
    assert np.array_equal(whole.hashes[1:-1], tokens.hashes)
    assert len(set(zip(tokens.starts, tokens.ends, strict=True))) == len(tokens)


@given(st.integers(20, 300), NUMBERS)
@settings(max_examples=40)
def test_a_signature_estimates_the_jaccard_index(length, shift):
    a, b = make_set(0, length), make_set(shift, length)
    hasher = MinHasher(num_permutations=256)
    exact = jaccard(a, b)
    estimate = estimate_jaccard(hasher.sign(a), hasher.sign(b))
    assert abs(estimate - exact) <= 5 * np.sqrt(exact * (1 - exact) / 256) + 0.01


@given(st.integers(50, 3000), st.integers(0, 3000), st.integers(50, 3000))
@settings(max_examples=40)
def test_a_sketch_estimates_resemblance_and_containment_of_sets_of_any_size(length, shift, other):
    a, b = make_set(0, length), make_set(shift, other)
    small, large = (a, b) if len(a) <= len(b) else (b, a)
    resemblance, contained = compare(sketch(a), sketch(b))
    assert abs(resemblance - jaccard(a, b)) < 0.25
    assert abs(contained - containment(small, large)) < 0.35


def test_a_small_extract_of_a_large_text_is_found_contained():
    book, chapter = make_set(0, 40_000), make_set(10_000, 600)
    assert len(sketch(book).kept) < 3000
    resemblance, contained = compare(sketch(book), sketch(chapter))
    assert resemblance < 0.1
    assert contained == 1.0


def test_like_sets_share_a_band_key_and_unlike_ones_do_not():
    hasher = MinHasher()
    keys = [set(hasher.keys(hasher.sign(make_set(n, 200))).tolist()) for n in (0, 10, 1000)]
    assert keys[0] & keys[1]
    assert not keys[0] & keys[2]


def test_an_empty_set_has_a_signature():
    hasher = MinHasher(num_permutations=8, bands=2)
    assert hasher.sign(np.empty(0, np.uint64)).tolist() == [0xFFFFFFFF] * 8


def test_hashes_are_the_same_in_every_process():
    hasher = MinHasher(num_permutations=4, bands=2)
    assert hasher.sign(shingle("The same text, always.")).tolist() == SIGNATURE


SIGNATURE = [2932832365, 3729761616, 3199550521, 922609077]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 9)), max_size=60), st.integers(1, 20))
def test_a_key_index_finds_what_was_filed_merged_or_not(entries, waiting):
    index = KeyIndex(waiting=waiting)
    for key, number in entries:
        index.add(np.array([key], np.uint64), number)
    for key in range(13):
        assert index.find(np.array([key], np.uint64)) == sorted({n for k, n in entries if k == key})
