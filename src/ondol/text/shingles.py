"""Texts as sets of short runs of words, and what tells cheaply how much two of them share.

A text is cut into tokens (an English word, a number, one Hangul syllable: Korean spacing is too free to lean
on), its runs of ``n`` tokens are hashed, and the set of hashes is compared: Broder 1997, "On the resemblance
and containment of documents". Everything is vectorised over code points, so that a hash of any slice is one
subtraction of prefix sums; hashes, permutations and keys depend on nothing but the text.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ondol.text.normalise import fold

Hashes = NDArray[np.uint64]
Signature = NDArray[np.uint32]

ENGLISH_RUN = 3
"""Words of a shingle of mostly Latin text."""
KOREAN_RUN = 5
"""Tokens of a shingle of mostly Hangul text: a word and its neighbour."""

_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_SEED = 0x5EED_0F_0D01
_SPACE, _LETTER, _SYLLABLE = 0, 1, 2
_PLANE = 0x20000


@dataclass(frozen=True)
class Tokens:
    """A text, cut: ``hashes[i]`` names the token at ``starts[i]:ends[i]`` of the folded text.

    Attributes:
        letters: code points of the folded text without white space and punctuation.
        syllables: how many tokens are a Hangul syllable.
    """

    hashes: Hashes
    starts: NDArray[np.intp]
    ends: NDArray[np.intp]
    letters: NDArray[np.uint32]
    syllables: int

    def __len__(self) -> int:
        return len(self.hashes)

    @property
    def is_korean(self) -> bool:
        """Whether Hangul carries the text: a Latin word weighs as much as two syllables and a half."""
        return self.syllables > 0 and self.syllables >= 0.15 * 2.5 * (len(self) - self.syllables)


def tokenise(text: str) -> Tokens:
    """Fold ``text`` (width, case, marks) and cut it into words, numbers and single Hangul syllables."""
    points = np.frombuffer(fold(text).encode("utf-32-le"), dtype=np.uint32)
    kinds = _kinds()[np.minimum(points, _PLANE - 1)]
    before = np.concatenate(([_SPACE], kinds[:-1])) if len(kinds) else kinds
    after = np.concatenate((kinds[1:], [_SPACE])) if len(kinds) else kinds
    starts = np.flatnonzero((kinds == _SYLLABLE) | ((kinds == _LETTER) & (before != _LETTER)))
    ends = np.flatnonzero((kinds == _SYLLABLE) | ((kinds == _LETTER) & (after != _LETTER))) + 1
    return Tokens(
        hashes=_slices(points, starts, ends),
        starts=starts,
        ends=ends,
        letters=points[kinds != _SPACE],
        syllables=int(np.count_nonzero(kinds == _SYLLABLE)),
    )


def hash_runs(hashes: Hashes, length: int) -> Hashes:
    """Hash every run of ``length`` items, in order; empty when there are fewer."""
    num = len(hashes) - length + 1
    if num <= 0:
        return np.empty(0, dtype=np.uint64)
    total = np.zeros(num, dtype=np.uint64)
    for place in range(length):
        total += hashes[place : place + num] * np.uint64(pow(_BASE, place + 1, 1 << 64))
    return _mix(total)


def hash_windows(letters: NDArray[np.uint32], length: int) -> Hashes:
    """Hash every window of ``length`` code points; empty when there are fewer."""
    starts = np.arange(max(0, len(letters) - length + 1))
    return _slices(letters, starts, starts + length)


def shingle(text: str | Tokens, *, run: int = 0) -> Hashes:
    """Return the sorted set of hashes of a text's runs of tokens; a shorter text is one run.

    Args:
        text: as it is, or cut.
        run: tokens of a run; 0 takes the language's own.
    """
    tokens = tokenise(text) if isinstance(text, str) else text
    if not len(tokens):
        return np.empty(0, dtype=np.uint64)
    length = run or (KOREAN_RUN if tokens.is_korean else ENGLISH_RUN)
    return np.unique(hash_runs(tokens.hashes, min(length, len(tokens))))


def jaccard(a: Hashes, b: Hashes) -> float:
    """Return the share of the union that two sorted sets have in common; two empty sets share nothing."""
    common = len(np.intersect1d(a, b, assume_unique=True))
    return common / (len(a) + len(b) - common) if common else 0.0


def containment(a: Hashes, b: Hashes) -> float:
    """Return the share of ``a`` that is in ``b``."""
    return len(np.intersect1d(a, b, assume_unique=True)) / len(a) if len(a) else 0.0


class MinHasher:
    """Signatures whose share of equal places estimates the Jaccard index of two sets (Broder 1997).

    Permutations are multiply-add hashes (Dietzfelbinger et al. 1997) with fixed random constants, so that
    signatures of two processes agree. The standard error is ``sqrt(j (1 - j) / num_permutations)``.
    """

    def __init__(self, *, num_permutations: int = 128, bands: int = 32) -> None:
        """Choose the length of a signature and the bands (of equal rows) that make it findable.

        Two sets of Jaccard index ``j`` share a band key with probability ``1 - (1 - j ** rows) ** bands``.
        """
        random = np.random.Generator(np.random.PCG64(_SEED))
        self._multipliers = random.integers(0, 1 << 63, num_permutations, dtype=np.uint64) * np.uint64(2) + 1
        self._offsets = random.integers(0, 1 << 63, num_permutations, dtype=np.uint64)
        self.num_permutations = num_permutations
        self.bands = bands
        self.rows = num_permutations // bands

    def sign(self, hashes: Hashes) -> Signature:
        """Return the signature of a set of hashes; an empty set has the greatest values."""
        least = np.full(self.num_permutations, 0xFFFFFFFFFFFFFFFF, dtype=np.uint64)
        step = max(1, (1 << 18) // self.num_permutations)  # stays in the processor's cache
        for at in range(0, len(hashes), step):
            some = hashes[at : at + step, None] * self._multipliers
            some += self._offsets
            np.minimum(least, some.min(axis=0), out=least)
        return (least >> np.uint64(32)).astype(np.uint32)

    def keys(self, signature: Signature) -> Hashes:
        """Return the key of each band, eight bytes; sets that share one are candidates."""
        raw = signature[: self.bands * self.rows].astype(np.uint64).reshape(self.bands, self.rows)
        total = np.arange(1, self.bands + 1, dtype=np.uint64)
        for row in raw.T:
            total = _mix(total * np.uint64(_BASE) + row)
        return total


class KeyIndex:
    """From eight-byte keys to the numbers filed under them: 12 bytes an entry, in sorted arrays.

    New entries wait in a dictionary and are merged now and then.
    """

    def __init__(self, *, waiting: int = 1 << 15) -> None:
        """Choose how many new entries wait before they are merged."""
        self._keys: Hashes = np.empty(0, dtype=np.uint64)
        self._numbers: NDArray[np.int32] = np.empty(0, dtype=np.int32)
        self._waiting: dict[int, list[int]] = {}
        self._num_waiting = 0
        self._limit = waiting

    def add(self, keys: Hashes, number: int) -> None:
        """File ``number`` under each key."""
        for key in keys.tolist():
            self._waiting.setdefault(key, []).append(number)
        self._num_waiting += len(keys)
        if self._num_waiting >= max(self._limit, len(self._keys) // 8):
            self.merge()

    def find(self, keys: Hashes) -> list[int]:
        """Return what is filed under any of ``keys``, each number once, in order."""
        found: set[int] = set()
        first = np.searchsorted(self._keys, keys, side="left")
        last = np.searchsorted(self._keys, keys, side="right")
        for start, end, key in zip(first.tolist(), last.tolist(), keys.tolist(), strict=True):
            found.update(self._numbers[start:end].tolist())
            found.update(self._waiting.get(key, ()))
        return sorted(found)

    def merge(self) -> None:
        """Move what waits into the arrays."""
        new = [(key, number) for key, numbers in self._waiting.items() for number in numbers]
        keys = np.concatenate((self._keys, np.fromiter((k for k, _ in new), np.uint64, len(new))))
        numbers = np.concatenate((self._numbers, np.fromiter((n for _, n in new), np.int32, len(new))))
        order = np.argsort(keys, kind="stable")
        self._keys, self._numbers = keys[order], numbers[order]
        self._waiting, self._num_waiting = {}, 0


def estimate_jaccard(a: Signature, b: Signature) -> float:
    """Return the share of equal places."""
    return float(np.count_nonzero(a == b)) / len(a)


@dataclass(frozen=True)
class Sketch:
    """The least hashes of a large set: enough to estimate what it shares with another, of any size.

    Attributes:
        kept: sorted; all hashes of the set that are at most ``limit``.
        limit: the greatest hash that could be kept.
        size: of the whole set.
    """

    kept: Hashes
    limit: int
    size: int


def sketch(hashes: Hashes, *, least: int = 256, rate: int = 32) -> Sketch:
    """Keep one hash in ``rate``, and at least ``least`` of them (Broder 1997, section 4, both kinds)."""
    ordered = np.sort(hashes)
    num = max(min(least, len(ordered)), int(np.searchsorted(ordered, np.uint64((1 << 64) // rate))))
    if num >= len(ordered):
        return Sketch(kept=ordered, limit=(1 << 64) - 1, size=len(ordered))
    limit = max(int(ordered[num - 1]), (1 << 64) // rate)
    return Sketch(kept=ordered[:num].copy(), limit=limit, size=len(ordered))


def compare(a: Sketch, b: Sketch) -> tuple[float, float]:
    """Estimate the Jaccard index, and the containment of the smaller set in the larger."""
    limit = np.uint64(min(a.limit, b.limit))
    mine = a.kept[: np.searchsorted(a.kept, limit, side="right")]
    theirs = b.kept[: np.searchsorted(b.kept, limit, side="right")]
    smaller, larger = (mine, theirs) if a.size <= b.size else (theirs, mine)
    return jaccard(mine, theirs), containment(smaller, larger)


def _slices(points: NDArray[np.uint32], starts: NDArray[np.intp], ends: NDArray[np.intp]) -> Hashes:
    """Hash slices of code points: a polynomial of mixed values, by prefix sums, moved to the same power."""
    powers, inverses = _powers(1 << max(10, len(points).bit_length()))
    mixed = _mix(points.astype(np.uint64) + np.uint64(1))
    sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(mixed * powers[: len(points)], dtype=np.uint64)))
    return _mix((sums[ends] - sums[starts]) * inverses[starts])


@cache
def _powers(length: int) -> tuple[Hashes, Hashes]:
    powers, inverses = np.full(length, _BASE, np.uint64), np.full(length, _INVERSE, np.uint64)
    powers[0] = inverses[0] = 1
    return np.cumprod(powers, dtype=np.uint64), np.cumprod(inverses, dtype=np.uint64)


@cache
def _kinds() -> NDArray[np.uint8]:
    kinds = np.fromiter((_LETTER if chr(c).isalnum() else _SPACE for c in range(_PLANE)), np.uint8, _PLANE)
    kinds[0xAC00:0xD7A4] = _SYLLABLE
    return kinds


def _mix(values: Hashes) -> Hashes:
    """Spread the bits (the finaliser of splitmix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
