"""Which language a text is in, as far as the two supported ones go: told by the share of Hangul."""

import re
from typing import Literal

Language = Literal["ko", "en", ""]

_HANGUL = re.compile(r"[가-힣ㄱ-ㆎᄀ-ᇿ]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_OTHER = re.compile(r"[^\W\d_A-Za-zÀ-ɏ가-힣ㄱ-ㆎᄀ-ᇿ]")
_SAMPLE_CHARS = 20_000
# A Korean manual full of product names is still Korean: one syllable block carries about 2.5 Latin letters.
_MIN_HANGUL_SHARE = 0.15


def has_hangul(text: str) -> bool:
    """Tell whether there is any Hangul in ``text``."""
    return _HANGUL.search(text) is not None


def detect_language(text: str) -> Language:
    """Return ``ko``, ``en``, or ``""`` for a text in neither (or without letters)."""
    sample = text[:_SAMPLE_CHARS]
    hangul = len(_HANGUL.findall(sample))
    latin = len(_LATIN.findall(sample))
    other = len(_OTHER.findall(sample))
    total = hangul + latin + other
    if total == 0:
        return ""
    if hangul and hangul / total >= _MIN_HANGUL_SHARE and hangul >= other:
        return "ko"
    return "en" if latin / total > 0.5 else ""
