"""The words of a text that need no dictionary: Latin words, numbers, article and part numbers, Hangul runs.

Pure and fast: English and numbers never wait for the Korean analyser.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

import Stemmer

_STOP_LIST = """
a an and are as at be been but by can could did do does doing for from had has have having he her hers
him his how i if in into is it its itself may me might must my no nor of off on or our ours shall she
should so some such than that the their theirs them then there these they this those to too was we were
what when where which while who whom whose why will with would you your yours about also am any being
both each few more most other over own same until very because before after between during under again
once here all only just not
"""
STOP_WORDS = frozenset(_STOP_LIST.split())
"""English words that carry grammar rather than content."""


class Term(NamedTuple):
    """An index term and the span of the text (code points, half-open) it was read from."""

    text: str
    start: int
    end: int


_ARTICLE = r"(?:제\s?)?(?P<article>\d{1,4})\s?(?P<unit>[조항호장절편관목])(?:의\s?(?P<sub>\d{1,3}))?"
_CODE = r"(?P<code>(?=[A-Za-z0-9./_+-]*\d)(?=[0-9./_+-]*[A-Za-z])[A-Za-z0-9]+(?:[-./_+][A-Za-z0-9]+)+)"
_NUMBER = r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)*)"
_WORD = r"(?P<word>[A-Za-zÀ-ɏḀ-ỿ]+(?:['’][A-Za-z]{1,2}(?![A-Za-z]))?)"
_HANGUL = r"(?P<hangul>[가-힣ㄱ-ㆎ]+)"
_HAN = r"(?P<han>[㐀-䶿一-鿿豈-﫿぀-ヿ]+)"
_OTHER = r"(?P<other>[^\W\d_]+|\d+)"
_LEXEME = re.compile(f"{_ARTICLE}|{_CODE}|{_NUMBER}|{_WORD}|{_HANGUL}|{_HAN}|{_OTHER}")
_PIECE = re.compile(r"[A-Za-z]+|\d+")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_MAX_TERM_CHARS = 64

_local = threading.local()


def stem(word: str) -> str:
    """Return the English stem (Porter2) of a lower-case word."""
    stemmer = getattr(_local, "stemmer", None)
    if stemmer is None:
        # A Stemmer object must not be shared between threads; its cache makes it quick.
        stemmer = _local.stemmer = Stemmer.Stemmer("english")
    return str(stemmer.stemWord(word))


def fold_letters(word: str) -> str:
    """Return ``word`` in lower case without accents."""
    lowered = word.lower()
    if lowered.isascii():
        return lowered
    return "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))


def read_number(text: str) -> str:
    """Return a number without separators and idle zeros: ``1,234.50`` is ``1234.5``."""
    plain = text.replace(",", "")
    if plain.count(".") == 1:
        plain = plain.rstrip("0").rstrip(".")
    return plain


def lex(text: str) -> Iterator[Term]:
    """Yield the terms of everything but Hangul runs, in order of their place.

    A code such as ``AB-1234/5`` is one term (``=ab12345``) and its pieces; ``제12조의2`` is one term and its
    numbers; a number loses its separators; a Latin word is stemmed; ``QGroundControl`` is whole and parts.
    """
    for match in _LEXEME.finditer(text):
        kind = match.lastgroup
        start, end = match.span()
        if match["article"] is not None:
            yield from _article_terms(match)
        elif kind == "word":
            yield from _word_terms(match[0], start, end)
        elif kind == "number":
            yield Term(read_number(match[0])[:_MAX_TERM_CHARS], start, end)
        elif kind == "code":
            yield from _code_terms(match[0], start)
        elif kind == "han":
            for i in range(start, end):
                yield Term(text[i], i, i + 1)
            for i in range(start, end - 1):
                yield Term(text[i : i + 2], i, i + 2)
        elif kind == "other":
            yield Term(fold_letters(match[0])[:_MAX_TERM_CHARS], start, end)


def hangul_runs(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of the maximal runs of Hangul."""
    for match in _LEXEME.finditer(text):
        if match["hangul"] is not None:
            yield match.span()


def _article_terms(match: re.Match[str]) -> Iterator[Term]:
    start, end = match.span()
    number, unit, sub = match["article"], match["unit"], match["sub"]
    yield Term(f"제{int(number)}{unit}" + (f"의{int(sub)}" if sub else ""), start, end)
    yield Term(str(int(number)), *match.span("article"))
    if sub:
        yield Term(str(int(sub)), *match.span("sub"))


def _word_terms(word: str, start: int, end: int) -> Iterator[Term]:
    base = re.sub(r"['’].*", "", word)
    folded = fold_letters(base)[:_MAX_TERM_CHARS]
    yield Term(stem(folded), start, end)
    if len(base) > 3 and not base[1:].islower() and not base.isupper():
        parts = [m for m in _CAMEL.finditer(base) if m.end() - m.start() > 1]
        if len(parts) > 1:
            for part in parts:
                yield Term(stem(fold_letters(part[0])), start + part.start(), start + part.end())


def _code_terms(code: str, start: int) -> Iterator[Term]:
    pieces = list(_PIECE.finditer(code))
    yield Term(("=" + re.sub(r"[^A-Za-z0-9]", "", code).lower())[:_MAX_TERM_CHARS], start, start + len(code))
    for piece in pieces:
        value = piece[0]
        term = value if value[0].isdigit() else stem(value.lower())
        yield Term(term[:_MAX_TERM_CHARS], start + piece.start(), start + piece.end())
