"""A quotation is found as the document writes it, whatever the typography of the one who quotes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondol.evidence.quote import find_quote

TEXT = "Café “Zum Löwen”\nopened — at last — in\u00a01999… 한글과 영어가 함께 있다."


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("opened — at last", "opened — at last"),
        ("opened - at last - in 1999...", "opened — at last — in\u00a01999…"),
        ('"Zum Löwen" opened', "“Zum Löwen”\nopened"),
        ("CAFÉ", "Café"),
        (unicodedata.normalize("NFD", "Café"), "Café"),
        (unicodedata.normalize("NFD", "한글과 영어가"), "한글과 영어가"),
        ("  opened  ", "opened"),
        ("opened at last", None),
        ("한글과 수학이", None),
        ("in", None),
        ("", None),
        ("   ", None),
    ],
)
def test_the_span_is_the_documents_own_text(quote, found):
    span = find_quote(quote, TEXT)
    assert (TEXT[slice(*span)] if span else None) == found


def test_decomposed_text_is_cut_between_letters():
    text = unicodedata.normalize("NFD", "가각간")
    span = find_quote("각간", text, min_chars=2)
    assert unicodedata.normalize("NFC", text[slice(*span)]) == "각간"


def test_case_can_matter():
    assert find_quote("opened", "It OPENED late") == (3, 9)
    assert find_quote("opened", "It OPENED late", ignore_case=False) is None


def test_the_first_of_several_is_returned():
    assert find_quote("again", "again and again") == (0, 5)


@given(text=st.text(max_size=80), data=st.data())
def test_every_slice_is_found_and_means_the_same(text, data):
    a = data.draw(st.integers(0, len(text)))
    b = data.draw(st.integers(a, len(text)))
    quote = text[a:b]
    span = find_quote(quote, text, min_chars=1)
    if span is not None:
        start, end = span
        assert 0 <= start < end <= len(text)
        assert find_quote(quote, text[start:end], min_chars=1) is not None


@given(st.text(alphabet="ab c\n", min_size=1, max_size=40), st.integers(0, 20))
def test_plain_slices_are_always_found(text, start):
    quote = " ".join(text[start : start + 12].split())
    if quote:
        assert find_quote(quote, text, min_chars=1) is not None
