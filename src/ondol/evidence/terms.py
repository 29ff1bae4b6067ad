"""The words of a text that carry its meaning, cut the same way in questions, sentences and claims."""

import re
from collections.abc import Callable
from functools import lru_cache

import Stemmer

TermFunction = Callable[[str], list[str]]
"""From a text to its content terms, in order, with repetitions."""

_WORD = re.compile(r"[A-Za-zÀ-ɏ]+|\d+(?:[.,]\d+)*|[가-힣]+")

STOPWORDS = frozenset(
    """a an and are as at be been being but by can could did do does doing done for from had has have having he her hers him
    his how i if in into is it its itself just may me might more most must my no nor not of off on once only or other our ours
    out over own same shall she should so some such than that the their theirs them then there these they this those through
    to too under until up upon us very was we were what when where which while who whom whose why will with would you your
    yours also about after again against all any because before below between both during each few further here s t d ll m o
    re ve tell please give show explain describe let say said many much""".split()
)


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    return str(Stemmer.Stemmer("english").stemWord(word))


def simple_terms(text: str) -> list[str]:
    """Return stemmed English content words, numbers without separators, and pairs of Hangul syllables."""
    terms: list[str] = []
    for match in _WORD.finditer(text):
        word = match.group()
        if word[0].isdigit():
            terms.append(word.replace(",", ""))
        elif "가" <= word[0] <= "힣":
            terms.extend(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        elif word.lower() not in STOPWORDS:
            terms.append(_stem(word.lower()))
    return terms
