"""Index and query terms: Korean morphemes and character bigrams, English stems, numbers, codes.

Korean words are analysed by Kiwi (Lee 2024, "Kiwi: Developing a Korean Morphological Analyzer Based on
Statistical Language Models and Skip-Bigram"); character bigrams beside them catch what it does not know.
Kiwi is loaded at the first Hangul and never for text without any.
"""

import threading
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

from kiwipiepy import Kiwi

from ondol.text.language import has_hangul
from ondol.text.lexemes import Term, hangul_runs, lex

_VERSION = 1
_BATCH = 256

# Nouns, verbs, adjectives, adverbs, determiners and roots; particles, endings and affixes carry no content.
_CONTENT_TAGS = frozenset({"NNG", "NNP", "NNB", "NR", "NP", "VV", "VA", "MAG", "MM", "XR", "VCN"})
_NOUN_TAGS = frozenset({"NNG", "NNP", "XR"})

BIGRAM_MARK = "#"
"""Prefix of a character bigram, so that it never equals a word."""


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


def _bigrams(text: str) -> list[Term]:
    terms = []
    for start, end in hangul_runs(text):
        if end - start == 1:
            terms.append(Term(BIGRAM_MARK + text[start:end], start, end))
        terms.extend(Term(BIGRAM_MARK + text[i : i + 2], i, i + 2) for i in range(start, end - 1))
    return terms
