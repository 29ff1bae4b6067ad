"""Finds headings by how a line reads, in files that do not mark them: numbered chapters, articles, sections.

Levels follow Korean legal and administrative usage: part (편) 1, chapter (장) 2, section (절) 3, subsection
(관) 4, article (조) 5; Roman numbers 1, ``1.`` 2, ``1.1`` 3, ``1.1.1`` 4.
"""

import re
from collections.abc import Sequence

from ondol.core.documents import Page

_MAX_CHARS = 60
_UNITS = {"편": 1, "부": 1, "장": 2, "절": 3, "관": 4}
_UNIT = re.compile(
    r"제\s?(?:\d{1,3}|[一二三四五六七八九十]{1,3})\s?(?P<unit>[편부장절관])(?:의\s?\d+)?(?:[\s.:]\s*\S|\Z)"
)
_ARTICLE = re.compile(r"제\s?\d{1,4}\s?조(?:의\s?\d{1,3})?\s?(?:\([^()]{1,40}\)|【[^】]{1,40}】)?\Z")
_APPENDIX = re.compile(
    r"부\s?칙(?:\s?[<(].{0,40}[>)])?\Z|\[?(?:별표|별지|붙임|첨부)\s?(?:제?\s?\d{1,3}\s?호?)?(?:\s?서식)?\]?\Z"
)
_ROMAN = re.compile(r"(?:[Ⅰ-Ⅻ]{1,3}|[IVX]{1,4}\.)[.\s]?\s*\S")
_CHAPTER = re.compile(
    r"(?:chapter|part|appendix|section|article)\s+(?:\d{1,3}|[IVXA-H]{1,4})(?:[.:\s].*)?\Z", re.IGNORECASE
)
_NUMBERED = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,3})(?P<stop>\.?)\s+(?=[^\W\d_])")
_SENTENCE = re.compile(r"[.。!;,]['\"”’)]?\Z|(?:니|[한된이있없않았했])다\Z")


def find_levels(lines: Sequence[str]) -> list[int]:
    """Return for each line the level of the heading that it is, or 0.

    ``1. Scope`` is a heading only if the next line is not ``2. …``: a run of numbered lines is a list.

    Args:
        lines: non-empty lines or paragraphs, trimmed, in order.
    """
    levels = []
    for index, line in enumerate(lines):
        level = find_level(line)
        if not level and (found := _NUMBERED.match(line)) and _is_title(line):
            following = lines[index + 1] if index + 1 < len(lines) else ""
            depth = found["number"].count(".")
            if (depth or found["stop"]) and following and not _is_same_kind(following, depth):
                level = min(2 + depth, 6)
        levels.append(level)
    return levels


def find_level(line: str) -> int:
    """Return the level of a line that is a heading beyond doubt, or 0."""
    if not line or len(line) > _MAX_CHARS or "\n" in line:
        return 0
    if (unit := _UNIT.match(line)) and _is_title(line):
        return _UNITS[unit["unit"]]
    if _ARTICLE.match(line):
        return 5
    if _APPENDIX.match(line):
        return 1
    if (_ROMAN.match(line) or _CHAPTER.match(line)) and _is_title(line):
        return 1
    return 0


def guess_title(page: Page) -> str:
    """Return the first block when it reads like a title: short, no sentence, not "Chapter 1"; else ``""``."""
    if not page.blocks or page.blocks[0].kind not in {"heading", "paragraph"}:
        return ""
    text = " ".join(page.text[page.blocks[0].start : page.blocks[0].end].split())
    is_numbered = find_level(text) or _NUMBERED.match(text)
    return "" if is_numbered or len(page.blocks) < 2 or not _is_title(text) else text


def _is_title(line: str) -> bool:
    return len(line) <= _MAX_CHARS and _SENTENCE.search(line) is None


def _is_same_kind(line: str, depth: int) -> bool:
    found = _NUMBERED.match(line)
    return found is not None and found["number"].count(".") == depth
