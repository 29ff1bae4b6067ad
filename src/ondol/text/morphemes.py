"""Index and query terms: Korean morphemes and character bigrams, English stems, numbers, codes.

Korean words are analysed by Kiwi (Lee 2024, "Kiwi: Developing a Korean Morphological Analyzer Based on
Statistical Language Models and Skip-Bigram"); character bigrams beside them catch what it does not know.
Kiwi is loaded at the first Hangul and never for text without any.
"""

import threading
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple

from kiwipiepy import Kiwi

from ondol.text.language import has_hangul
from ondol.text.lexemes import STOP_WORDS, Term, hangul_runs, lex, stem

_VERSION = 1
_BATCH = 256

# Nouns, verbs, adjectives, adverbs, determiners and roots; particles, endings and affixes carry no content.
_CONTENT_TAGS = frozenset({"NNG", "NNP", "NNB", "NR", "NP", "VV", "VA", "MAG", "MM", "XR", "VCN"})
# Particles, endings and suffixes (by first letter), the copula, auxiliaries and pronouns.
_FUNCTION_TAGS = frozenset({"VCP", "VX", "NP", "SF"})
_FUNCTION_INITIALS = "JEX"
_NOT_FUNCTION = frozenset({"XR", "XPN"})
_INTERROGATIVES = frozenset((
    "누구",
    "무엇",
    "무어",
    "뭐",
    "어디",
    "언제",
    "얼마",
    "몇",
    "어느",
    "어떤",
    "무슨",
    "어떻",
    "어떠",
    "왜",
))
_STOP_STEMS = frozenset(stem(word) for word in STOP_WORDS) | STOP_WORDS
# Bigrams repeat what the morphemes say; a little less weight for them was better on every Korean set tried.
_BIGRAM_WEIGHT = 0.8

BIGRAM_MARK = "#"
"""Prefix of a character bigram, so that it never equals a word."""


class QueryTerm(NamedTuple):
    """A term of a question: how much it counts, and the span it was read from."""

    text: str
    weight: float
    start: int
    end: int

    @property
    def is_bigram(self) -> bool:
        """Whether it is a pair of characters, not a word."""
        return self.text.startswith(BIGRAM_MARK)


class Morpheme(NamedTuple):
    """A Korean morpheme: its dictionary form, Sejong tag without irregularity, and the span it was read from.

    Spans of neighbours overlap where morphemes are contracted: ``된`` is ``되`` and ``ᆫ``.
    """

    form: str
    tag: str
    start: int
    end: int


class Analyser:
    """Turns text into terms; the same for indexing and asking. Safe to use from several threads."""

    def __init__(self, *, num_workers: int = -1) -> None:
        """Choose the threads for ``tokens_many`` (-1: one for each core). Nothing is loaded yet."""
        self._num_workers = num_workers
        self._kiwi: Kiwi | None = None
        self._lock = threading.Lock()

    @property
    def fingerprint(self) -> str:
        """Changes when terms would."""
        return f"ondol-{_VERSION}/kiwipiepy-{version('kiwipiepy')}/model-{version('kiwipiepy_model')}"

    @property
    def is_loaded(self) -> bool:
        """Whether the Korean model is in memory."""
        return self._kiwi is not None

    def tokens(self, text: str) -> list[str]:
        """Return the terms of ``text``, repeated as often as they occur."""
        return [term.text for term in self.terms(text)]

    def tokens_many(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the terms of each text; Korean analysis runs on Kiwi's own threads."""
        return [[term.text for term in terms] for terms in self.terms_many(texts)]

    def terms(self, text: str) -> list[Term]:
        """Return the terms with their places."""
        return self.terms_many([text])[0]

    def terms_many(self, texts: Sequence[str]) -> list[list[Term]]:
        """Return the terms of each text with their places."""
        found = [list(lex(text)) for text in texts]
        korean = [i for i, text in enumerate(texts) if has_hangul(text)]
        for at in range(0, len(korean), _BATCH):
            some = korean[at : at + _BATCH]
            for i, tokens in zip(some, self._analyse([texts[i] for i in some]), strict=True):
                found[i].extend(_morphemes(tokens))
                found[i].extend(_bigrams(texts[i]))
        return found

    def morphemes(self, text: str) -> list[Morpheme]:
        """Return every morpheme of a Korean text, particles and endings included, in order."""
        return [
            Morpheme(token.form, token.tag.split("-")[0], token.start, token.start + token.len)
            for token in self._load().tokenize(text)
        ]

    def query_terms(self, text: str) -> list[QueryTerm]:
        """Return the terms of a question, in order, those without content left out.

        Grammar is not looked for: English stop words and Korean interrogatives weigh nothing, a bigram
        weighs by the share of it that belongs to content morphemes (in ``수도는`` the pair ``도는`` says
        half of what ``수도`` says). A question of nothing but such words keeps them all.
        """
        words = [QueryTerm(term.text, 1.0, term.start, term.end) for term in lex(text)]
        shouted = text.isupper()
        kept = [term for term in words if not _is_stop_word(term, text, shouted=shouted)]
        every = list(words)
        if has_hangul(text):
            tokens = self._load().tokenize(text)
            content = _mark_content(len(text), tokens)
            for term in _morphemes(tokens):
                every.append(QueryTerm(term.text, 1.0, term.start, term.end))
                if term.text not in _INTERROGATIVES:
                    kept.append(every[-1])
            for term in _bigrams(text):
                share = sum(content[term.start : term.end]) / (term.end - term.start)
                every.append(QueryTerm(term.text, _BIGRAM_WEIGHT, term.start, term.end))
                if share:
                    kept.append(QueryTerm(term.text, _BIGRAM_WEIGHT * share, term.start, term.end))
        return sorted(kept or every, key=lambda term: (term.start, -term.end))

    def _analyse(self, texts: Sequence[str]) -> Iterable[list[Any]]:
        kiwi = self._load()
        # One text goes straight through; a batch is spread over Kiwi's threads.
        analysed: Iterable[list[Any]] = [kiwi.tokenize(texts[0])] if len(texts) == 1 else kiwi.tokenize(texts)
        return analysed

    def _load(self) -> Kiwi:
        with self._lock:
            if self._kiwi is None:
                self._kiwi = Kiwi(num_workers=self._num_workers)
            return self._kiwi


def _morphemes(tokens: Iterable[Any]) -> list[Term]:
    terms = []
    for token in tokens:
        tag = token.tag.split("-")[0]
        if tag in _CONTENT_TAGS:
            terms.append(Term(token.form, token.start, token.start + token.len))
    return terms


def _is_stop_word(term: QueryTerm, text: str, *, shouted: bool) -> bool:
    # "IT" and "US" in capitals are names, unless everything is in capitals.
    is_name = not shouted and term.end - term.start > 1 and text[term.start : term.end].isupper()
    return term.text in _STOP_STEMS and not is_name


def _mark_content(length: int, tokens: Sequence[Any]) -> list[bool]:
    """Return for each character whether a content morpheme has a part in it."""
    content = [True] * length
    for is_content in (False, True):
        for token in tokens:
            tag = token.tag.split("-")[0]
            is_function = tag in _FUNCTION_TAGS or (tag[0] in _FUNCTION_INITIALS and tag not in _NOT_FUNCTION)
            if (not is_function and token.form not in _INTERROGATIVES) == is_content:
                content[token.start : token.start + token.len] = [is_content] * token.len
    return content


def _bigrams(text: str) -> list[Term]:
    terms = []
    for start, end in hangul_runs(text):
        if end - start == 1:
            terms.append(Term(BIGRAM_MARK + text[start:end], start, end))
        terms.extend(Term(BIGRAM_MARK + text[i : i + 2], i, i + 2) for i in range(start, end - 1))
    return terms
