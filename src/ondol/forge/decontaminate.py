"""Decontaminate: refuse an example that gives away a question of an evaluation set.

Four ways to meet an item, cheap ones first:

* ``ngram``: at least ``share`` of the item's words stand in runs of ``ngram`` words that the example has too
  (8 words, half of them: Tülu 3, Lambert et al. 2024, arXiv 2411.15124; GPT-3 took 13-grams, Brown et al.
  2020). For Korean the runs are of syllables, half as many again, for spacing is free. An item shorter than a
  run must be met whole.
* ``substring``: a common run of ``substring`` letters, spaces and marks left out.
* ``meaning``: the same question in other words. Neither runs of words nor nearness of vectors can tell this
  alone (Yang et al. 2023, "Rethinking Benchmark and Contamination", arXiv 2311.04850: rewordings pass the
  first and drown in the second), so what is near must also have the same numbers and names and share content
  words or the answer; a chat model may confirm, as they propose.
* ``translation``: an item in the other language, by numbers and names so rare that they hardly meet by
  chance, or by a multilingual embedder.

What many items share ("which of the following statements is …") is a phrase and gives no item away. Only
questions and answers are looked at, not the passages that an open-book question shows.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondol.core.examples import Example, Verdict
from ondol.core.models import ChatRequest, Message
from ondol.core.protocols import ChatModel, Embedder, FloatMatrix
from ondol.evidence.facts import read_facts
from ondol.evidence.question import find_names
from ondol.evidence.terms import TermFunction, build_terms, is_weak, simple_terms
from ondol.forge.benchmarks import BenchmarkItem, load_items
from ondol.forge.recipe import Decontamination
from ondol.forge.select import read_turns
from ondol.text.language import detect_language
from ondol.text.lexemes import STOP_WORDS
from ondol.text.morphemes import Analyser
from ondol.text.normalise import fold
from ondol.text.shingles import Hashes, Tokens, hash_runs, hash_windows, tokenise

__all__ = ["BenchmarkItem", "Decontaminator", "ask_model", "load_items"]

Confirm = Callable[[str, str], bool]
"""Whether two questions ask the same."""

_PHRASE = 5  # items that share a run of words; more of them is a phrase
_OWN = 0.2  # share of an item's runs that must be its own, else it is met whole or not at all
_QUOTED = 0.8  # share of an item that an answer must hold
_MIN_WORDS = 4  # of a contained short item; a shorter one must be the whole question
_MIN_SYLLABLES = 8
# Shared content, 0 to 1, that is enough: alone, with a near vector, with one that is very near; and the sum
# of both that is enough below ``similarity``. Set on 32 paraphrases written by hand and on clean questions.
_SAME_OVERLAP, _NEAR_OVERLAP, _LEAST_OVERLAP, _SUM = 0.72, 0.4, 0.3, 1.34
_MIN_CONTENT = 3
_VERY_NEAR = 0.93
_CHANCE = 100.0  # a meeting by chance must be less likely than one in so many examples
_KEPT = 0.75  # share of the telling facts, by weight, that a translation keeps in both directions
_MIN_GAP = 0.15
_NEAREST = 20
_BATCH = 64  # of them the cosines are kept: 4 bytes for each item
_STEM = 6
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9+#-]*[A-Za-z0-9]")
# English, the same in other words, Korean, the same in other words.
_PROBES = (
    (
        "The cat sleeps on the sofa.",
        "A cat is lying asleep on the couch.",
        "고양이가 소파에서 잔다.",
        "소파 위에서 고양이가 자고 있다.",
    ),
    (
        "How do I renew my passport?",
        "What must I do to extend a passport?",
        "여권은 어떻게 갱신하나요?",
        "여권을 연장하려면 무엇을 해야 합니까?",
    ),
    (
        "Prices rose sharply last winter.",
        "Last winter brought a steep increase in prices.",
        "지난겨울 물가가 크게 올랐다.",
        "작년 겨울에는 물가가 많이 상승했다.",
    ),
    (
        "The engine stops when it gets too hot.",
        "If it overheats, the motor switches off.",
        "엔진은 너무 뜨거워지면 멈춘다.",
        "모터가 과열되면 작동이 중단된다.",
    ),
)


def ask_model(chat: ChatModel) -> Confirm:
    """Return a function that lets a chat model decide; it raises ``EngineError``."""

    def confirm(one: str, other: str) -> bool:
        text = (
            "Do these two questions ask for the same thing, so that knowing the answer to one gives away the "
            f"other? Answer yes or no.\n\nFirst: {one}\n\nSecond: {other}"
        )
        reply = chat.complete(ChatRequest(messages=(Message(role="user", content=text),), max_tokens=8))
        return reply.text.strip().lower().startswith(("yes", "네", "예"))

    return confirm


class _Found(NamedTuple):
    leg: str
    item: int
    score: float
    words: str


class _Likeness(NamedTuple):
    overlap: float
    cosine: float
    num_terms: int


@dataclass
class _Runs:
    """Where each run of tokens stands: three arrays in the order of the hashes."""

    length: int
    hashes: Hashes = field(default_factory=lambda: np.empty(0, np.uint64))
    items: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    places: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))

    @classmethod
    def build(cls, length: int, runs: Sequence[tuple[int, Hashes]]) -> "_Runs":
        """Sort the runs of all items and leave out phrases."""
        if not any(len(found) for _, found in runs):
            return cls(length)
        hashes = np.concatenate([found for _, found in runs])
        items = np.concatenate([np.full(len(found), n, np.int32) for n, found in runs])
        places = np.concatenate([np.arange(len(found), dtype=np.int32) for _, found in runs])
        order = np.lexsort((items, hashes))
        hashes, items, places = hashes[order], items[order], places[order]
        new_hash = np.concatenate(([True], hashes[1:] != hashes[:-1]))
        new_pair = new_hash | np.concatenate(([True], items[1:] != items[:-1]))
        group = np.cumsum(new_hash) - 1
        is_rare = np.bincount(group, weights=new_pair)[group] <= _PHRASE
        return cls(length, hashes[is_rare], items[is_rare], places[is_rare])

    def find(self, tokens: Tokens) -> dict[int, set[int]]:
        """Return the items met, each with the places of its runs."""
        runs = np.unique(hash_runs(tokens.hashes, self.length))
        first = np.searchsorted(self.hashes, runs, side="left")
        last = np.searchsorted(self.hashes, runs, side="right")
        found: dict[int, set[int]] = defaultdict(set)
        for start, end in zip(first[first < last].tolist(), last[first < last].tolist(), strict=True):
            for item, place in zip(
                self.items[start:end].tolist(), self.places[start:end].tolist(), strict=True
            ):
                found[item].add(place)
        return found

    def count(self, num_items: int) -> NDArray[np.int64]:
        """Return how many words of each item lie in runs of its own."""
        covered = np.zeros(num_items, np.int64)
        order = np.lexsort((self.places, self.items))
        items, places = self.items[order], self.places[order]
        if len(items):
            gap = np.diff(places)
            same = items[1:] == items[:-1]
            step = np.concatenate(([self.length], np.where(same, np.minimum(gap, self.length), self.length)))
            np.add.at(covered, items, step)
        return covered


class Decontaminator:
    """Judges each example against all items; safe to call from several threads."""

    def __init__(
        self,
        items: Iterable[BenchmarkItem],
        *,
        settings: Decontamination,
        embedder: Embedder | None,
        analyser: Analyser | None,
        confirm: Confirm | None = None,
    ) -> None:
        """Index the items: some 2 KB each, most of it for its vector.

        Args:
            items: an item that repeats an earlier one is left out.
            settings: the recipe's thresholds.
            embedder: without one, rewordings are found by their content words alone.
            analyser: cuts Korean into morphemes; without one, into pairs of syllables.
            confirm: asked about what is near in meaning; its no lets the example pass.

        Raises:
            EngineError: the embedder failed.
        """
        self._settings = settings
        self._terms: TermFunction = build_terms(analyser) if analyser is not None else simple_terms
        self._confirm = confirm
        self._items: list[BenchmarkItem] = []
        self.num_items: Counter[str] = Counter()
        """Items of each file, repeats left out."""
        seen: set[str] = set()
        for item in items:
            text = fold(item.question)
            if text not in seen:
                seen.add(text)
                self._items.append(item)
                self.num_items[item.file] += 1
        self._index_words()
        self._content = _Content([self._find_content(item.question) for item in self._items])
        self._facts = _Content([_find_telling(item.question) for item in self._items])
        self._languages = np.array([detect_language(item.question) for item in self._items])
        self._masks = {language: self._languages == language for language in ("en", "ko", "")}
        self._embedder = embedder
        self._prepared: dict[str, NDArray[np.float32]] = {}
        self._vectors: FloatMatrix = np.empty((0, 0), dtype=np.float32)
        self._competence: frozenset[tuple[str, str]] = frozenset()
        if embedder is not None and self._items:
            self._vectors = _embed(embedder, [item.question for item in self._items])
            self._competence = _find_competence(embedder)

    def __len__(self) -> int:
        return len(self._items)

    def prepare(self, examples: Sequence[Example]) -> None:
        """Embed a batch and compare it at once: it only saves time. Forgets the batch before."""
        self._prepared = {}
        if self._embedder is not None and self._competence:
            questions = list(dict.fromkeys(_join_questions(example) for example in examples))[:_BATCH]
            cosines = self._vectors @ _embed(self._embedder, questions).T if questions else np.empty((0, 0))
            self._prepared = dict(zip(questions, np.ascontiguousarray(cosines.T), strict=True))

    def judge(self, example: Example) -> Verdict:
        """Return whether ``example`` gives away an item; the verdict is named after the way it was met."""
        return self.judge_text(_join_questions(example), "\n".join(a for _, a in read_turns(example)))

    def judge_text(self, question: str, answer: str = "") -> Verdict:
        """Judge a question and its answer: a prompt for retention has none yet."""
        if not self._items:
            return Verdict(check="contamination", passed=True)
        found = self._find_words(question, answer) or self._find_meaning(question, answer)
        if found is None:
            return Verdict(check="contamination", passed=True)
        item = self._items[found.item]
        return Verdict(
            check=f"contamination_{found.leg}",
            passed=False,
            score=round(min(1.0, found.score), 4),
            detail=f"{found.words} {item.name}.",
        )

    # -- words and letters ---------------------------------------------------------------------------------

    def _index_words(self) -> None:
        settings = self._settings
        self._english_run, self._korean_run = settings.ngram, settings.ngram * 3 // 2
        self._stride = max(1, settings.substring // 5)
        self._window = settings.substring - self._stride + 1
        runs: dict[int, list[tuple[int, Hashes]]] = {self._english_run: [], self._korean_run: []}
        windows: list[tuple[int, Hashes]] = []
        lengths = np.zeros(len(self._items), np.int64)
        wholes: dict[int, dict[int, int]] = defaultdict(dict)
        for n, item in enumerate(self._items):
            tokens = tokenise(item.question)
            length = self._korean_run if tokens.is_korean else self._english_run
            lengths[n] = len(tokens)
            if len(tokens):
                wholes[len(tokens)].setdefault(int(hash_runs(tokens.hashes, len(tokens))[0]), n)
            if len(tokens) >= length:
                runs[length].append((n, hash_runs(tokens.hashes, length)))
            windows.append((n, hash_windows(tokens.letters, self._window)[:: self._stride]))
        self._runs = [_Runs.build(length, found) for length, found in runs.items()]
        self._windows = _Runs.build(self._window, windows)
        self._covered = sum(
            (r.count(len(self._items)) for r in self._runs), np.zeros(len(self._items), np.int64)
        )
        # What has hardly a word of its own, or is shorter than a run, must be met whole.
        is_whole = self._covered < np.maximum(1, _OWN * lengths)
        self._wholes = {
            length: {key: n for key, n in found.items() if is_whole[n]} for length, found in wholes.items()
        }
        self._wholes = {length: found for length, found in self._wholes.items() if found}
        self._is_whole = is_whole

    def _find_words(self, question: str, answer: str) -> _Found | None:
        asked, share = tokenise(question), self._settings.share
        found = (
            self._find_runs(asked, share) or self._find_whole(asked, asked) or self._find_letters(asked, 0.0)
        )
        if found or not answer:
            return found
        # Answers quote documents, and an item about the same document may quote it too.
        share = max(share, _QUOTED)
        both = tokenise(f"{question}\n{answer}")
        return (
            self._find_runs(both, share) or self._find_whole(asked, both) or self._find_letters(both, share)
        )

    def _find_runs(self, tokens: Tokens, least: float) -> _Found | None:
        best: _Found | None = None
        for runs in self._runs:
            for item, places in runs.find(tokens).items():
                if self._is_whole[item]:
                    continue
                met = _count_covered(places, runs.length)
                share = met / int(self._covered[item])
                if share >= least and (best is None or share > best.score):
                    best = _Found("ngram", item, share, f"{share:.0%} of the words of")
        return best

    def _find_whole(self, asked: Tokens, both: Tokens) -> _Found | None:
        for length, known in self._wholes.items():
            if length > len(both):
                continue
            for key in hash_runs(both.hashes, length).tolist():
                item = known.get(key)
                if item is not None and self._is_given_away(item, length, key, asked, both):
                    return _Found("ngram", item, 1.0, "All words of")
        return None

    def _is_given_away(self, item: int, length: int, key: int, asked: Tokens, both: Tokens) -> bool:
        """Tell whether a short item that was met whole is the question, or comes with its answer."""
        is_asked = key in hash_runs(asked.hashes, length).tolist()
        if is_asked and length == len(asked):
            return True
        is_short = length < (_MIN_SYLLABLES if both.is_korean else _MIN_WORDS)
        if is_asked and not is_short and 2 * length >= len(asked):
            return True
        held = self._count_held(item, both)
        run = self._korean_run if both.is_korean else self._english_run
        return held > 0 and (not is_short or length + held >= run)

    def _count_held(self, item: int, both: Tokens) -> int:
        """Return how many words of an item's answer and choices are there, each as a whole."""
        count = 0
        for text in {self._items[item].answer, *self._items[item].choices}:
            tokens = tokenise(text)
            if (
                1 < len(tokens) <= len(both)
                and np.isin(hash_runs(tokens.hashes, len(tokens)), hash_runs(both.hashes, len(tokens))).any()
            ):
                count += len(tokens)
        return count

    def _find_letters(self, tokens: Tokens, least: float) -> _Found | None:
        """Find a long enough common run of letters that is at least a share of the item."""
        windows = hash_windows(tokens.letters, self._window)
        if not len(self._windows.hashes) or not len(windows):
            return None
        at = np.searchsorted(self._windows.hashes, windows)
        at[at == len(self._windows.hashes)] = 0
        hits = np.flatnonzero(self._windows.hashes[at] == windows)
        letters = tokens.letters
        for here in hits.tolist():
            place = int(at[here])
            while place < len(self._windows.hashes) and self._windows.hashes[place] == windows[here]:
                item = int(self._windows.items[place])
                theirs = tokenise(self._items[item].question).letters
                length = _extend(letters, here, theirs, int(self._windows.places[place]) * self._stride)
                if length >= max(self._settings.substring, least * len(theirs)):
                    return _Found("substring", item, length / len(theirs), f"{length} letters in a row of")
                place += 1
        return None

    # -- meaning -------------------------------------------------------------------------------------------

    def _find_content(self, text: str) -> frozenset[str]:
        return frozenset(term for term in self._terms(text) if not is_weak(term))

    def _find_meaning(self, question: str, answer: str) -> _Found | None:
        language = detect_language(question)
        terms = self._find_content(question)
        overlaps = self._content.compare(terms)
        cosines = self._compare_vectors(question, language)
        near = set(np.flatnonzero(overlaps >= _SAME_OVERLAP).tolist())
        near |= set(np.flatnonzero(cosines >= self._settings.similarity).tolist())
        near |= set(np.flatnonzero((cosines > 0) & (cosines + overlaps >= _SUM)).tolist())
        for item in sorted(near, key=lambda n: (-float(cosines[n]) - float(overlaps[n]), n))[:_NEAREST]:
            if language and self._languages[item] not in {language, ""}:
                continue
            likeness = _Likeness(float(overlaps[item]), float(cosines[item]), len(terms))
            if self._is_reworded(self._items[item], question, answer, likeness):
                return _Found("meaning", item, max(likeness[:2]), "In other words it asks what is asked by")
        return self._find_translation(question, language, cosines)

    def _is_reworded(self, item: BenchmarkItem, question: str, answer: str, likeness: "_Likeness") -> bool:
        if not self._is_near(item, answer, likeness) or _differ(question, item.question):
            return False
        return self._confirm is None or self._confirm(question, item.question)

    def _is_near(self, item: BenchmarkItem, answer: str, likeness: "_Likeness") -> bool:
        if self._confirm is not None and likeness.cosine >= self._settings.similarity:
            return True
        if likeness.overlap >= _SAME_OVERLAP and likeness.num_terms >= _MIN_CONTENT:
            return True
        if likeness.cosine > 0 and likeness.cosine + likeness.overlap >= _SUM:
            return True
        if likeness.cosine < self._settings.similarity:
            return False
        least = _LEAST_OVERLAP if likeness.cosine >= _VERY_NEAR else _NEAR_OVERLAP
        return likeness.overlap >= least or self._answers_alike(item.answer, answer)

    def _answers_alike(self, right: str, answer: str) -> bool:
        mine, theirs = self._find_content(answer), self._find_content(right)
        return len(theirs) > 1 and len(mine & theirs) >= 0.6 * len(theirs) and not _differ(right, answer)

    def _compare_vectors(self, question: str, language: str) -> NDArray[np.float32]:
        """Return the cosine of each item's question, 0 where the embedder knows nothing of the language."""
        if self._embedder is None or not any(language in {*pair, ""} for pair in self._competence):
            return np.zeros(len(self._items), np.float32)
        cosines = self._prepared.get(question)
        if cosines is None:
            cosines = self._vectors @ _embed(self._embedder, [question])[0]
        for theirs, mask in self._masks.items():
            if not any({language, theirs} - {""} <= set(pair) for pair in self._competence):
                cosines = np.where(mask, np.float32(0), cosines)
        return cosines

    def _find_translation(self, question: str, language: str, cosines: NDArray[np.float32]) -> _Found | None:
        other = (self._languages != language) & (self._languages != "") & (language != "")
        if not other.any():
            return None
        if ("en", "ko") in self._competence:
            for item in np.flatnonzero(other & (cosines >= self._settings.similarity)).tolist():
                if read_numbers(question) == read_numbers(self._items[item].question):
                    return _Found("translation", item, float(cosines[item]), "It translates")
        telling = _find_telling(question)
        shared = np.where(other, self._facts.share(telling), 0.0)
        least = math.log(len(self._items) * _CHANCE)
        for item in np.argsort(-shared, kind="stable")[:5].tolist():
            if shared[item] < least:
                break
            kept = self._facts.compare_kept(telling, _find_telling(self._items[item].question))
            if kept >= _KEPT:
                return _Found("translation", item, kept, "Its numbers and names are those of")
        return None


def _join_questions(example: Example) -> str:
    return "\n".join(question for question, _ in read_turns(example))


class _Content:
    """What each item consists of, weighed by rarity among the items."""

    def __init__(self, bags: Sequence[frozenset[str]]) -> None:
        self._bags = bags
        self._postings: dict[str, NDArray[np.int32]] = {}
        collected: dict[str, list[int]] = defaultdict(list)
        for n, bag in enumerate(bags):
            for term in bag:
                collected[term].append(n)
        self._postings = {term: np.array(numbers, np.int32) for term, numbers in collected.items()}
        self._totals = np.array([sum(map(self.weight, bag)) for bag in bags])

    def weight(self, term: str) -> float:
        """Return minus the logarithm of the chance that an item holds ``term``."""
        return -math.log((len(self._postings.get(term, ())) + 0.5) / (len(self._bags) + 1))

    def share(self, terms: frozenset[str]) -> NDArray[np.float64]:
        """Return the shared weight: how unlikely it is to share so much by chance, as minus a logarithm."""
        shared = np.zeros(len(self._bags))
        for term in sorted(terms):
            if term in self._postings:
                shared[self._postings[term]] += self.weight(term)
        return shared

    def compare(self, terms: frozenset[str]) -> NDArray[np.float64]:
        """Return for each item the shared weight, as a share of the heavier of the two."""
        total = sum(self.weight(term) for term in terms)
        compared: NDArray[np.float64] = self.share(terms) / np.maximum(np.maximum(self._totals, total), 1e-9)
        return compared

    def compare_kept(self, a: frozenset[str], b: frozenset[str]) -> float:
        """Return the share of the weight that a translation kept; a name may go, written by its sound."""
        numbers = {term for term in a ^ b if any(c.isdigit() for c in term)}
        kept = sum(self.weight(term) for term in a & b)
        lost = max(sum(self.weight(term) for term in numbers & each) for each in (a, b))
        return kept / (kept + lost) if kept else 0.0


@lru_cache(maxsize=4096)
def read_numbers(text: str) -> frozenset[str]:
    """Return the numbers of a text in canonical form, those of dates and codes among them; not 1."""
    facts = read_facts(text)
    values = {q.value for q in facts.quantities} | facts.codes
    values |= {str(part) for d in facts.dates for part in (d.year, d.month, d.day) if part is not None}
    return frozenset(values - {"1"})


def _find_telling(text: str) -> frozenset[str]:
    """Return what a translation keeps: numbers, codes, and names in Latin script."""
    if detect_language(text) == "ko":
        names = {word.lower() for word in _LATIN.findall(text)}
    else:
        names = {word.lower() for name in find_names(text) for word in _LATIN.findall(name)} - STOP_WORDS
    return read_numbers(text) | names


def _differ(a: str, b: str) -> bool:
    """Tell whether two texts differ in a number, or each has a name that the other has not."""
    return read_numbers(a) != read_numbers(b) or (_lacks_name(a, b) and _lacks_name(b, a))


def _lacks_name(text: str, other: str) -> bool:
    known = {word[:_STEM] for word in _LATIN.findall(fold(other))}
    names = (word for name in find_names(text) for word in _LATIN.findall(fold(name)))
    # "Australians" are known where "Australia" is.
    return any(word[:_STEM] not in known for word in names if word not in STOP_WORDS)


def _count_covered(places: set[int], length: int) -> int:
    covered, end = 0, -1
    for place in sorted(places):
        covered += place + length - max(place, end)
        end = place + length
    return covered


def _extend(a: NDArray[np.uint32], at: int, b: NDArray[np.uint32], place: int) -> int:
    """Return the length of the common run around ``a[at]`` and ``b[place]``."""
    before, after = min(at, place), min(len(a) - at, len(b) - place)
    back = a[at - before : at][::-1] != b[place - before : place][::-1]
    forth = a[at : at + after] != b[place : place + after]
    return int(np.argmax(np.append(back, True))) + int(np.argmax(np.append(forth, True)))


def _embed(embedder: Embedder, texts: Sequence[str]) -> FloatMatrix:
    batches = [embedder.embed(texts[at : at + 256], kind="query") for at in range(0, len(texts), 256)]
    return np.concatenate(batches)


def _find_competence(embedder: Embedder) -> frozenset[tuple[str, str]]:
    """Return the pairs of languages in which sentences are nearer to their like than to any other, by far.

    An English model gives all Korean sentences much the same vector; nothing may be concluded from it.
    """
    first, second, third, fourth = (_embed(embedder, texts) for texts in zip(*_PROBES, strict=True))
    pairs = {("en", "en"): (first, second), ("ko", "ko"): (third, fourth), ("en", "ko"): (first, third)}
    return frozenset(languages for languages, (a, b) in pairs.items() if _separates(a @ b.T))


def _separates(cosines: FloatMatrix) -> bool:
    right = float(np.diag(cosines).min())
    wrong = float(cosines[~np.eye(len(cosines), dtype=bool)].max())
    return right - wrong > _MIN_GAP
