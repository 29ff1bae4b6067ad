"""The stored form and the compared form."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from ondol.text.normalise import fold, nfc


def test_stored_form_is_composed_and_free_of_controls():
    assert nfc(unicodedata.normalize("NFD", "한글 é")) == "한글 é"
    assert nfc("\ufeffa\r\nb\rc\u00a0d\x00e\u00adf\x0bg\th") == "a\nb\nc defg\th"


def test_halves_of_characters_are_replaced():
    assert nfc("a\ud800b\udcff") == "a\ufffdb\ufffd"
    nfc("".join(map(chr, range(0x11000)))).encode("utf-8")


def test_compared_form_makes_look_alikes_equal():
    assert fold("“ＡＢＣ” – Ｄ…") == fold('"abc" - d...')
    assert fold("  한글\n 공백 ") == "한글 공백"


@given(st.text())
def test_both_forms_are_stable_under_repetition(text):
    assert nfc(nfc(text)) == nfc(text)
    assert fold(fold(text)) == fold(text)
