"""Automatic numbers of paragraphs (WordprocessingML, ECMA-376 part 1, 17.9): ``1.``, ``(a)``, ``제3조``.

Word stores only how to count; what a reader of the page sees, and quotes, has to be counted again.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from ondol.sources.ooxml import Element, W

_PLACE = re.compile(r"%([1-9])")
_GANADA = "가나다라마바사아자차카타파하"
_CHOSUNG = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"
_HANJA = "一二三四五六七八九十"
_KOREAN_COUNTING = ("", "하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟", "아홉", "열")
_KOREAN_DIGITS = "영일이삼사오육칠팔구"
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
    (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_NUM_LEVELS = 9


class Level(NamedTuple):
    """How one level of a list counts."""

    form: str
    text: str
    start: int


class Mark(NamedTuple):
    """What stands before a paragraph: ``label`` is part of its text, empty for a bullet."""

    label: str
    depth: int


class Numbering:
    """Counts the lists of one document; paragraphs must be asked about in order."""

    def __init__(self, root: Element | None) -> None:
        self._levels: dict[str, dict[int, Level]] = {}
        self._own_levels: dict[str, dict[int, Level]] = {}
        self._list_of: dict[str, str] = {}
        self._restarts: dict[str, dict[int, int]] = {}
        self._counters: dict[str, list[int | None]] = {}
        self._seen: set[str] = set()
        if root is None:
            return
        for abstract in root.iterfind(f"{W}abstractNum"):
            self._levels[abstract.get(f"{W}abstractNumId") or ""] = _read_levels(abstract)
        for number in root.iterfind(f"{W}num"):
            self._add_list(number)

    def count(self, list_id: str, depth: int) -> Mark | None:
        """Advance a list and return the mark of its next paragraph; ``None`` if there is no such list."""
        abstract = self._list_of.get(list_id)
        if abstract is None:
            return None
        levels = self._own_levels.get(list_id) or self._levels.get(abstract) or {}
        level = levels.get(depth)
        if level is None:
            return None
        counters = self._counters.setdefault(abstract, [None] * _NUM_LEVELS)
        if list_id not in self._seen:
            self._seen.add(list_id)
            for at, start in self._restarts.get(list_id, {}).items():
                counters[at] = start - 1
        current = counters[depth]
        counters[depth] = level.start if current is None else current + 1
        for deeper in range(depth + 1, _NUM_LEVELS):
            counters[deeper] = None
        if level.form in {"bullet", "none"} or not level.text.strip():
            return Mark(level.text.strip() if level.form == "none" else "", depth)
        return Mark(
            _PLACE.sub(lambda place: _show(int(place[1]) - 1, counters, levels), level.text).strip(), depth
        )

    def _add_list(self, number: Element) -> None:
        list_id = number.get(f"{W}numId") or ""
        link = number.find(f"{W}abstractNumId")
        abstract = (link.get(f"{W}val") if link is not None else None) or ""
        self._list_of[list_id] = abstract
        for override in number.iterfind(f"{W}lvlOverride"):
            depth = _read_int(override.get(f"{W}ilvl"), 0)
            start = override.find(f"{W}startOverride")
            if start is not None and 0 <= depth < _NUM_LEVELS:
                self._restarts.setdefault(list_id, {})[depth] = _read_int(start.get(f"{W}val"), 1)
            if override.find(f"{W}lvl") is not None:
                self._own_levels[list_id] = {**self._levels.get(abstract, {}), **_read_levels(override)}


def _read_levels(parent: Element) -> dict[int, Level]:
    found = {}
    for level in parent.iterfind(f"{W}lvl"):
        depth = _read_int(level.get(f"{W}ilvl"), 0)
        if 0 <= depth < _NUM_LEVELS:
            form = _read_value(level, "numFmt", "decimal")
            start = _read_int(_read_value(level, "start", "1"), 1)
            found[depth] = Level(form, _read_value(level, "lvlText", ""), start)
    return found


def _read_value(parent: Element, tag: str, default: str) -> str:
    child = parent.find(f"{W}{tag}")
    value = child.get(f"{W}val") if child is not None else None
    return default if value is None else value


def _read_int(text: str | None, default: int) -> int:
    try:
        return int(text or "")
    except ValueError:
        return default


def _show(depth: int, counters: list[int | None], levels: dict[int, Level]) -> str:
    level = levels.get(depth, Level("decimal", "", 1))
    value = counters[depth]
    if value is None:
        value = level.start
    return _FORMS.get(level.form, str)(value) if value > 0 else str(value)


def _letters(value: int) -> str:
    return chr(97 + (value - 1) % 26) * min((value - 1) // 26 + 1, 5)


def _roman(value: int) -> str:
    parts = []
    for size, numeral in _ROMAN:
        count, value = divmod(value, size)
        parts.append(numeral * min(count, 10))
    return "".join(parts)


def _cycle(signs: str) -> Callable[[int], str]:
    return lambda value: signs[(value - 1) % len(signs)]


def _circled(value: int) -> str:
    return chr(0x2460 + value - 1) if value <= 20 else f"({value})"


def _korean_counting(value: int) -> str:
    return _KOREAN_COUNTING[value] if value < len(_KOREAN_COUNTING) else str(value)


def _korean_digits(value: int) -> str:
    return "".join(_KOREAN_DIGITS[int(digit)] for digit in str(value))


_FORMS: dict[str, Callable[[int], str]] = {
    "lowerLetter": _letters,
    "upperLetter": lambda value: _letters(value).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda value: _roman(value).upper(),
    "decimalZero": lambda value: f"{value:02d}",
    "decimalEnclosedCircle": _circled,
    "ganada": _cycle(_GANADA),
    "chosung": _cycle(_CHOSUNG),
    "koreanCounting": _korean_counting,
    "koreanDigital": _korean_digits,
    "ideographDigital": _cycle(_HANJA),
    "chineseCounting": _cycle(_HANJA),
    "japaneseCounting": _cycle(_HANJA),
}
