"""The external check that every tool's accepted samples go through afterwards, the same for all.

Two measures, because the strict one is our own and would favour whoever is built around it:

- **true** (strict): question and answer are there, the sample is no duplicate of an earlier one, each
  sentence of the answer is supported by one passage of the document (``ondol.evidence.support``, asked of the
  passage whole, its sentences and pairs of them), and at least 60 % of the weight of the question's content
  words stand in that passage or above it in its headings.
- **plain**: no duplicate, and at least 80 % of the answer's words, every number among them, stand in one
  passage. No code of ours, nothing asked of the question.

A passage is a window of about 1,200 characters of the document, every window starting at a block; the four
that share most with question and answer (BM25) are tried, and one is enough. Duplicates: the same question in
other case and punctuation, word triples of two questions with a Jaccard of 0.8, or the same answer to
questions that share 60 % of their words.
"""

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from ondol.evidence.support import check_support
from ondol.evidence.terms import TermBag, is_weak, simple_terms
from ondol.evidence.units import split_units
from ondol.text.sentences import split_sentences

WINDOW_CHARS = 1200
NUM_TRIED = 4
NUM_QUOTES = 4
MIN_QUESTION = 0.6
MIN_WORDS = 0.8
_WORD = re.compile(r"\w+")
_YES_NO = re.compile(r"(?:yes|no)[.,!]?", re.IGNORECASE)
_HEADING = re.compile(r"(#{1,6})\s+(.*)")


@dataclass(eq=False)
class Window:
    """A passage of the document with the headings above it."""

    text: str
    headings: str
    words: Counter

    @cached_property
    def quotes(self):
        """The window whole, its sentences and pairs of neighbours; each with its words.

        Not the whole alone: what one sentence denies, another one may well assert.
        """
        spans = [(unit.start, unit.end) for unit in split_units(self.text)]
        pairs = [(first[0], second[1]) for first, second in pairwise(spans)]
        texts = [self.text, *(self.text[start:end] for start, end in (*spans, *pairs))]
        return [(text, set(_words(text))) for text in texts]


@dataclass(frozen=True)
class Outcome:
    """What became of a sample; ``why`` says what it failed, empty when it is true by the strict measure."""

    is_true: bool
    is_plain: bool
    why: str


class Checker:
    """Checks samples against one document."""

    def __init__(self, document):
        self._windows = make_windows(document)
        self._in = Counter(word for window in self._windows for word in window.words)
        self._length = sum(window.words.total() for window in self._windows) / len(self._windows)

    def check(self, samples):
        """Return an outcome for each sample, in order; duplicates are found among those before."""
        seen, outcomes = [], []
        for sample in samples:
            question, answer = (str(sample.get(key) or "").strip() for key in ("question", "answer"))
            if not question or not answer:
                outcomes.append(Outcome(False, False, "empty"))
                continue
            known = _fingerprint(question, answer)
            if any(_is_duplicate(known, other) for other in seen):
                outcomes.append(Outcome(False, False, "duplicate"))
                continue
            seen.append(known)
            outcomes.append(self._check_one(question, answer))
        return outcomes

    def find(self, text, count=NUM_TRIED):
        """Return the windows that share most with ``text`` (BM25)."""
        wanted = set(_words(text))
        return sorted(self._windows, key=lambda window: -self._score(window, wanted))[:count]

    def _score(self, window, wanted):
        size = 0.25 + 0.75 * window.words.total() / self._length
        score = 0.0
        for word in wanted & window.words.keys():
            rarity = math.log(1 + (len(self._windows) - self._in[word] + 0.5) / (self._in[word] + 0.5))
            times = window.words[word]
            score += rarity * times * 2.2 / (times + 1.2 * size)
        return score

    def _check_one(self, question, answer):
        windows = self.find(f"{question} {answer}")
        is_plain = any(_is_contained(answer, window) for window in windows)
        failures = [_find_fault(question, answer, window) for window in windows]
        is_true = "" in failures
        return Outcome(is_true, is_plain, "" if is_true else failures[0])


def make_windows(document):
    """Return overlapping windows: one from each block, as long as it stays below ``WINDOW_CHARS``."""
    blocks, path = [], {}
    for block in re.split(r"\n\s*\n", document):
        if match := _HEADING.match(block):
            level = len(match[1])
            path = {n: title for n, title in path.items() if n < level} | {level: match[2]}
        blocks.append((block.strip(), " > ".join(path.values())))
    windows = []
    for first, (_, headings) in enumerate(blocks):
        text = ""
        for block, _ in blocks[first:]:
            if text and len(text) + len(block) > WINDOW_CHARS:
                break
            text += block + "\n\n"
        windows.append(Window(text.strip(), headings, Counter(_words(text))))
    return windows


def _find_fault(question, answer, window):
    """Return why the window does not prove the pair, or an empty string."""
    context = f"{window.headings}\n{question}"
    for start, end in split_sentences(answer):
        sentence = answer[start:end]
        if _YES_NO.fullmatch(sentence) and end < len(answer):
            continue  # what it affirms is said in the sentence after it
        wanted = set(_words(sentence))
        near = sorted(window.quotes, key=lambda quote: -len(wanted & quote[1]))[:NUM_QUOTES]
        tried = [check_support(sentence, [text], context=context) for text, _ in near]
        if not any(support.supported for support in tried):
            return f"answer: {', '.join(tried[0].failed)}"
    bag = TermBag((*simple_terms(window.text), *simple_terms(window.headings)))
    terms = dict.fromkeys(simple_terms(question))
    weights = {term: 0.35 if is_weak(term) else 1.0 for term in terms}
    held = sum(weight for term, weight in weights.items() if bag.match(term))
    if not weights or held < MIN_QUESTION * sum(weights.values()):
        return "question"
    return ""


def _is_contained(answer, window):
    words = _words(answer)
    if any(word not in window.words for word in words if word[0].isdigit()):
        return False
    return bool(words) and sum(word in window.words for word in words) >= MIN_WORDS * len(words)


def _words(text):
    return [word.lower() for word in _WORD.findall(text)]


def _fingerprint(question, answer):
    words = _words(question)
    triples = {tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2))}
    return " ".join(words), triples, " ".join(_words(answer)), set(words)


def _is_duplicate(one, other):
    if one[0] == other[0] or _jaccard(one[1], other[1]) >= 0.8:
        return True
    return one[2] == other[2] and _jaccard(one[3], other[3]) >= 0.6


def _jaccard(one, other):
    return len(one & other) / len(one | other)
