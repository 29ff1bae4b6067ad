"""Select: what may join the accepted examples, looking at the whole set, one example after the other.

In order: the same question and answer again; the same question answered otherwise; nearly the same text
(MinHash, Broder 1997); another wording of a question about another fact that asks for the same (cosine of the
questions' vectors: the diversity filter of DEITA, Liu et al. 2023, arXiv 2312.15685); too many of one form
and length on one topic. Several wordings of one fact are wanted, so within a group only near-identical ones
fall. Two questions that differ in a number, a name, an option or any content word ask for different things,
however near their vectors are: small models place "front camera" and "rear camera" side by side.

Scores that need a model of their own (IFD, Li et al. 2023, arXiv 2308.12032) are not used.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondol.core.examples import Example, Verdict
from ondol.core.protocols import Embedder, FloatMatrix
from ondol.evidence.facts import read_facts
from ondol.evidence.question import find_names, read_question
from ondol.evidence.terms import STOPWORDS, TermFunction, is_weak, simple_terms
from ondol.forge.recipe import Recipe
from ondol.text.normalise import fold
from ondol.text.shingles import Hashes, KeyIndex, MinHasher, jaccard, shingle, tokenise

NEAR_DUPLICATE = 0.8
"""Jaccard index of question and answer from which two texts are compared closely."""
SAME_WORDING = 1
"""Words changed, added or left out, up to which two questions of one fact are the same wording."""

_QUOTED = re.compile(r"[\"“‘「『`]([^\"”’」』`\n]{1,80})[\"”’」』`]|(?<![\w'])'([^'\n]{1,80})'(?!\w)")
_ASKED = re.compile(r"^(?:Question|질문):\s*")
_WORD = re.compile(r"[가-힣]+|[^\W_가-힣]+")
_DIGITS = re.compile(r"\d+")
_END = re.compile(r"[\s.?!。？！]+$")
_BUCKETS = (8, 20, 50, 120)
_SAME_ANSWER = 0.8
_MIN_ANSWER_TERMS = 4
_ROUNDING = 0.004  # what batching, and halves instead of floats, may change of a cosine
_BLOCK = 8192
_BATCH = 256
_UNSPREAD = frozenset({"not_in_documents", "dialogue"})  # made to a pattern; their shares bound them
_KOREAN_FORM = re.compile(r"무엇|무슨|어떤|어떻|어디|어느|언제|누가|누구|왜|몇|얼마|뭐")
_ANY_KIND = frozenset({"thing", "definition"})


def read_turns(example: Example) -> list[tuple[str, str]]:
    """Return questions and answers without the passages shown before the first question."""
    asked = [message.content for message in example.messages if message.role == "user"]
    said = [message.content for message in example.messages if message.role == "assistant"]
    if example.book == "open" and asked:
        asked[0] = _ASKED.sub("", asked[0].rpartition("\n\n")[2])
    return list(zip(asked, said, strict=True))


class _Entry(NamedTuple):
    id: str
    group: str
    kind: str
    book: str
    num_turns: int
    question: str
    answer: str


class Selector:
    """Judges each verified example against all accepted ones.

    Call ``prepare`` with a batch (it only saves time), then for each of them ``judge`` and, if it passed,
    ``add``, in the order of the work. What an example costs: its text, 320 bytes of keys, two bytes for each
    dimension of a vector.
    """

    def __init__(
        self,
        embedder: Embedder | None,
        *,
        recipe: Recipe,
        near_duplicate: float = NEAR_DUPLICATE,
        cell_share: float = 0.5,
        cell_floor: int = 12,
        terms: TermFunction = simple_terms,
    ) -> None:
        """Take what meaning is compared with, and how much likeness is too much.

        Args:
            embedder: without one, meaning is not compared.
            recipe: says from which cosine on two questions are compared closely.
            near_duplicate: Jaccard index likewise.
            cell_share: what one form of question with one length of answer may take of a topic, 0 to 1.
            cell_floor: as many are always taken.
            terms: how text is cut into content terms.
        """
        self._embedder = embedder
        self._gap = recipe.min_similarity_gap
        self._near = near_duplicate
        self._cell_share = cell_share
        self._cell_floor = cell_floor
        self._terms = terms
        self._hasher = MinHasher(num_permutations=80, bands=16)
        self._entries: list[_Entry] = []
        self._by_question: dict[bytes, list[int]] = {}
        self._by_group: dict[str, list[int]] = {}
        self._by_terms: dict[bytes, list[int]] = {}
        self._by_text = KeyIndex()
        self._vectors = _Vectors(embedder.dimensions if embedder is not None else 0)
        self._prepared: dict[str, tuple[NDArray[np.float16], int, tuple[int, ...]]] = {}
        self._cells: Counter[tuple[str, int, str]] = Counter()
        self._topics: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._entries)

    def prepare(self, examples: Sequence[Example]) -> None:
        """Embed the questions of a batch at once; forgets the batch before."""
        self._prepared = {}
        if self._embedder is None:
            return
        entries = [_read_entry(example) for example in examples]
        questions = list(dict.fromkeys(e.question for e in entries if e.num_turns == 1))
        for at in range(0, len(questions), _BATCH):
            some = questions[at : at + _BATCH]
            vectors = self._embedder.embed(some, kind="query").astype(np.float16)
            near = self._vectors.find(vectors, self._gap - _ROUNDING)
            for question, vector, rows in zip(some, vectors, near, strict=True):
                self._prepared[question] = (vector, len(self._vectors), rows)

    def judge(self, example: Example) -> Verdict:
        """Return whether ``example`` may join; the verdict's name is the reason when it may not."""
        entry = _read_entry(example)
        return (
            self._find_repeated(entry)
            or self._find_same_wording(entry)
            or self._find_near_text(entry)
            or self._find_same_content(entry)
            or self._find_same_meaning(entry)
            or self._find_crowded(example, entry)
            or Verdict(check="selection", passed=True)
        )

    def add(self, example: Example) -> None:
        """Remember an accepted example."""
        entry = _read_entry(example)
        number = len(self._entries)
        self._entries.append(entry)
        self._by_question.setdefault(_key(entry.question), []).append(number)
        self._by_group.setdefault(entry.group, []).append(number)
        if content := self._content_key(entry.question):
            self._by_terms.setdefault(content, []).append(number)
        self._by_text.add(self._text_keys(entry)[1], number)
        if self._embedder is not None and entry.num_turns == 1:
            self._vectors.add(self._embed(entry.question)[0], number)
        if example.kind not in _UNSPREAD:
            self._cells[_cell(example, entry)] += 1
            self._topics[example.topic] += 1

    def restore(self, examples: Iterable[Example]) -> None:
        """Remember the accepted examples of an interrupted run, in their order; decisions go on alike."""
        rest = iter(examples)
        while some := list(islice(rest, _BATCH)):
            self.prepare(some)
            for example in some:
                self.add(example)

    def _find_repeated(self, entry: _Entry) -> Verdict | None:
        for number in self._by_question.get(_key(entry.question), ()):
            other = self._entries[number]
            if other.group == entry.group and other.book != entry.book:
                continue
            if _normalise(other.answer) == _normalise(entry.answer):
                return _refuse("duplicate", f"Question and answer are those of {other.id}.")
            if entry.book == other.book == "closed":
                return _refuse("conflict", f"{other.id} answers the same question otherwise.")
        return None

    def _find_same_wording(self, entry: _Entry) -> Verdict | None:
        asked = _words(_normalise(entry.question))
        for number in self._by_group.get(entry.group, ()):
            other = self._entries[number]
            if other.book != entry.book or other.kind != entry.kind:
                continue
            if _count_changes(asked, _words(_normalise(other.question))) <= SAME_WORDING:
                return _refuse("near_duplicate", f"{other.id} words the question almost alike.")
        return None

    def _find_near_text(self, entry: _Entry) -> Verdict | None:
        hashes, keys = self._text_keys(entry)
        for number in self._by_text.find(keys):
            other = self._entries[number]
            # Most of what a corpus of forms brings together differs in its numbers: no need to look closer.
            if not _competes(entry, other) or _digits(entry.question) != _digits(other.question):
                continue
            score = jaccard(hashes, _shingle(other))
            if score >= self._near and self._asks_the_same(entry, other):
                return _refuse("near_duplicate", f"{other.id} says almost the same.", score=score)
        return None

    def _find_same_content(self, entry: _Entry) -> Verdict | None:
        """Find a question of the same content words, whatever the grammar: this needs no embedder."""
        for number in self._by_terms.get(self._content_key(entry.question), ()):
            other = self._entries[number]
            if _competes(entry, other) and not _has_other_facts(entry.question, other.question):
                return _refuse("same_meaning", f"{other.id} asks the same in other words.")
        return None

    def _find_same_meaning(self, entry: _Entry) -> Verdict | None:
        if self._embedder is None or entry.num_turns != 1:
            return None
        vector, seen, rows = self._embed(entry.question)
        later = self._vectors.find(vector[None, :], self._gap - _ROUNDING, start=seen)[0]
        for row in (*rows, *later):
            other = self._entries[self._vectors.owner(row)]
            if not _competes(entry, other):
                continue
            score = self._vectors.cosine(vector, row)
            if score < self._gap + _ROUNDING:
                # So near the threshold the batch could decide; alone, a text always has the same vector.
                mine, theirs = (self._embedder.embed([e.question], kind="query")[0] for e in (entry, other))
                score = float(mine @ theirs)
            if score >= self._gap and self._asks_the_same(entry, other):
                return _refuse("same_meaning", f"{other.id} asks the same in other words.", score=score)
        return None

    def _find_crowded(self, example: Example, entry: _Entry) -> Verdict | None:
        if example.kind in _UNSPREAD:
            return None
        cell = _cell(example, entry)
        allowed = max(self._cell_floor, int(self._cell_share * self._topics[example.topic]))
        if self._cells[cell] < allowed:
            return None
        return _refuse(
            "spread",
            f'"{example.topic}" has {allowed} questions of the form "{cell[2]}" answered at this length.',
        )

    def _asks_the_same(self, a: _Entry, b: _Entry) -> bool:
        if _has_other_facts(a.question, b.question):
            return False
        mine, theirs = (frozenset(self._terms(e.question)) for e in (a, b))
        if not any(not is_weak(term) for term in mine ^ theirs):
            return True
        return self._answers_the_same(a.answer, b.answer)

    def _answers_the_same(self, a: str, b: str) -> bool:
        """Tell whether one answer holds the other; a short one ("yes", "5 V") tells nothing."""
        mine, theirs = frozenset(self._terms(a)), frozenset(self._terms(b))
        if min(len(mine), len(theirs)) < _MIN_ANSWER_TERMS or not (mine <= theirs or theirs <= mine):
            return False
        return len(mine & theirs) >= _SAME_ANSWER * len(mine | theirs) and not _has_other_facts(a, b)

    def _content_key(self, question: str) -> bytes:
        content = sorted({term for term in self._terms(question) if not is_weak(term)})
        return _key(" ".join(content)) if len(content) > 1 else b""

    def _embed(self, question: str) -> tuple[NDArray[np.float16], int, tuple[int, ...]]:
        if question not in self._prepared and self._embedder is not None:
            if len(self._prepared) > _BATCH:
                self._prepared = {}
            vector = self._embedder.embed([question], kind="query")[0].astype(np.float16)
            rows = self._vectors.find(vector[None, :], self._gap - _ROUNDING)[0]
            self._prepared[question] = (vector, len(self._vectors), rows)
        return self._prepared[question]

    def _text_keys(self, entry: _Entry) -> tuple[Hashes, Hashes]:
        hashes = _shingle(entry)
        return hashes, self._hasher.keys(self._hasher.sign(hashes))


class _Vectors:
    """Half-precision rows in an array that doubles, each with the number of the example it belongs to."""

    def __init__(self, dimensions: int) -> None:
        self._rows: NDArray[np.float16] = np.empty((0, dimensions), dtype=np.float16)
        self._owners: list[int] = []

    def __len__(self) -> int:
        return len(self._owners)

    def owner(self, row: int) -> int:
        return self._owners[row]

    def add(self, vector: NDArray[np.float16], owner: int) -> None:
        if len(self._owners) == len(self._rows):
            grown = np.empty((max(1024, 2 * len(self._rows)), self._rows.shape[1]), dtype=np.float16)
            grown[: len(self._rows)] = self._rows
            self._rows = grown
        self._rows[len(self._owners)] = vector
        self._owners.append(owner)

    def cosine(self, vector: NDArray[np.float16], row: int) -> float:
        return float(vector.astype(np.float32) @ self._rows[row].astype(np.float32))

    def find(self, vectors: NDArray[np.float16], least: float, *, start: int = 0) -> list[tuple[int, ...]]:
        """Return for each vector the rows from ``start`` of at least this cosine, in order."""
        found: list[list[int]] = [[] for _ in vectors]
        queries: FloatMatrix = vectors.astype(np.float32)
        for at in range(start, len(self), _BLOCK):
            block = self._rows[at : min(at + _BLOCK, len(self))].astype(np.float32)
            for query, row in zip(*np.nonzero(queries @ block.T >= least), strict=True):
                found[query].append(at + int(row))
        return [tuple(rows) for rows in found]


def _read_entry(example: Example) -> _Entry:
    turns = read_turns(example)
    return _Entry(
        id=example.id,
        group=example.group,
        kind=example.kind,
        book=example.book,
        num_turns=len(turns),
        question="\n".join(question for question, _ in turns),
        answer="\n".join(answer for _, answer in turns),
    )


def _shingle(entry: _Entry) -> Hashes:
    return shingle(f"{entry.question}\n{entry.answer}")


def _digits(text: str) -> list[str]:
    return sorted(_DIGITS.findall(text.replace(",", "")))


def _competes(a: _Entry, b: _Entry) -> bool:
    """Tell whether two examples may be too much alike at all: wordings of one fact may, and should, be."""
    if a.group == b.group or a.num_turns != b.num_turns:
        return False
    # A question that these documents do not answer is meant to stand beside one that others do.
    return (a.kind == "not_in_documents") == (b.kind == "not_in_documents") or a.book == b.book == "closed"


def _has_other_facts(a: str, b: str) -> bool:
    """Tell whether two texts differ in a number, date, code, name, quoted word or kind of answer."""
    mine, theirs = read_facts(a), read_facts(b)
    if mine.codes != theirs.codes or {d.text for d in mine.dates} != {d.text for d in theirs.dates}:
        return True
    if {(q.value, q.unit) for q in mine.quantities} != {(q.value, q.unit) for q in theirs.quantities}:
        return True
    kinds = {read_question(text).kind for text in (a, b)} - _ANY_KIND
    return len(kinds) > 1 or _lacks_name(a, b) or _lacks_name(b, a)


def _lacks_name(text: str, other: str) -> bool:
    known = _words(fold(other))
    named = [*find_names(text), *("".join(groups) for groups in _QUOTED.findall(text))]
    # "What's the X500's" is read as a name; only words that carry content tell.
    words = {fold(word) for name in named for word in _words(name) if _tells(word)} - set(known)
    # A particle may hang on a Hangul word.
    return any(word.isascii() or not any(w.startswith(word) for w in known) for word in words)


def _tells(word: str) -> bool:
    # "Mode A" is not "Mode B"; "I" is the asker.
    return fold(word) not in STOPWORDS or (word.isupper() and word != "I")


def _cell(example: Example, entry: _Entry) -> tuple[str, int, str]:
    length = len(tokenise(entry.answer))
    return example.topic, sum(length >= bound for bound in _BUCKETS), _find_form(entry.question)


def _find_form(question: str) -> str:
    """Return the frame of a question: its first two words, or Korean's question word and ending."""
    asked = _normalise(question)
    if korean := _KOREAN_FORM.findall(asked):
        return f"{korean[-1]} … {asked[-3:]}"
    return " ".join(_words(asked)[:2]) if asked.isascii() else asked[-3:]


def _count_changes(a: Sequence[str], b: Sequence[str]) -> int:
    if abs(len(a) - len(b)) > SAME_WORDING:
        return abs(len(a) - len(b))
    changes = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in changes if tag != "equal")


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _normalise(text: str) -> str:
    return _END.sub("", fold(text))


def _key(question: str) -> bytes:
    return hashlib.blake2b(_normalise(question).encode(), digest_size=12).digest()


def _refuse(check: str, detail: str, *, score: float = 1.0) -> Verdict:
    return Verdict(check=check, passed=False, score=round(min(1.0, score), 4), detail=detail)
