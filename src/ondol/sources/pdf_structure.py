"""From the pages of a PDF to blocks: which passages are headings, list items, table rows, running heads.

Fonts are compared over the whole document. Running heads, feet and page numbers get no block: they are
never quoted.
"""

import re
from collections import Counter
from itertools import groupby

from ondol.core.documents import Block, Page
from ondol.sources.build import CELL_SEPARATOR
from ondol.sources.pdf_layout import Part, find_marker, is_numbered
from ondol.text.normalise import nfc

_MARGIN_SHARE = 0.09
_NUMBER_MARGIN_SHARE = 0.16
_MIN_REPEATS = 3
_HEADING_RATIO = 1.12
_MAX_HEADING_CHARS = 160
_MAX_SIZE_LEVELS = 4
_NUMBERS = re.compile(r"\d+|\b[ivxlc]+\b")
_PAGE_NUMBER = re.compile(
    r"\W*(?:page|p\.|쪽|페이지)?\s*\d{1,5}\W*(?:(?:of|/)\s*\d{1,5})?\W*(?:쪽|페이지)?\Z", re.IGNORECASE
)
_SECTION = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+\S")
_KOREAN_SECTION = re.compile(r"제\s?\d+\s?[편장절관조]|[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ][.\s]|부\s?칙")
_NOT_A_TITLE = re.compile(
    r"(?:untitled|제목 ?없음|microsoft word - .*|.*\.(?:docx?|hwpx?|pptx?|xlsx?|pdf|indd|tex|dvi))\Z",
    re.IGNORECASE,
)


class Outline:
    """What the second pass needs of a page; glyphs are gone by then."""

    __slots__ = ("height", "is_broken", "is_scanned", "number", "parts", "text")

    def __init__(self, number: int) -> None:
        self.number = number
        self.text = ""
        self.height = 1.0
        self.parts: list[Passage] = []
        self.is_scanned = False
        self.is_broken = False


class Passage:
    """A part of a page with what tells a heading from a paragraph."""

    __slots__ = (
        "bottom",
        "cells",
        "end",
        "is_bold",
        "is_row",
        "num_lines",
        "size",
        "start",
        "starts_table",
        "top",
    )

    def __init__(self, part: Part, start: int, end: int) -> None:
        self.start = start
        self.end = end
        self.size = round(part.size * 2) / 2
        self.is_bold = all(line.is_bold for line in part.lines)
        self.is_row = part.is_row
        self.starts_table = part.starts_table
        self.num_lines = len(part.lines)
        self.top = min(line.top for line in part.lines)
        self.bottom = max(line.bottom for line in part.lines)
        self.cells = len([cell for cell in part.cells if cell])


def build_pages(outlines: list[Outline]) -> list[Page]:
    """Second pass over a document: give every passage its kind, and running heads no block."""
    sizes: Counter[float] = Counter()
    for outline in outlines:
        for passage in outline.parts:
            sizes[passage.size] += passage.end - passage.start
    body = sizes.most_common(1)[0][0] if sizes else 10.0
    levels = _rank_sizes(outlines, body)
    furniture = _find_furniture(outlines)
    pages = []
    for outline in outlines:
        blocks: list[Block] = []
        header = ""
        for is_row, passages in groupby(outline.parts, key=lambda passage: passage.is_row):
            for row, passage in enumerate(passages, start=1):
                text = outline.text[passage.start : passage.end]
                if is_row:
                    header = _name_columns(text, passage) if passage.starts_table else header
                    blocks.append(
                        Block(
                            kind="table_row", start=passage.start, end=passage.end, row=row,
                            header="" if passage.starts_table else header,
                        )
                    )  # fmt: skip
                elif not _is_furniture(text, passage, outline, furniture):
                    blocks.append(_build_block(text, passage, body, levels))
        pages.append(
            Page(number=outline.number, text=outline.text, blocks=tuple(blocks), scanned=outline.is_scanned)
        )
    return pages


def _build_block(text: str, passage: Passage, body: float, levels: dict[float, int]) -> Block:
    level = _find_level(text, passage, body, levels)
    if level:
        return Block(kind="heading", start=passage.start, end=passage.end, level=level)
    marker = find_marker(text)
    if marker or is_numbered(text):
        return Block(kind="list_item", start=passage.start + marker, end=passage.end)
    return Block(kind="paragraph", start=passage.start, end=passage.end)


def _rank_sizes(outlines: list[Outline], body: float) -> dict[float, int]:
    """Give each font size larger than the body's a level, sizes of nearly the same height the same.

    The largest is level 1; of the rest the most used count: the lettering of a cover takes no levels away.
    """
    uses: Counter[float] = Counter()
    for outline in outlines:
        uses.update(
            passage.size
            for passage in outline.parts
            if passage.size > _HEADING_RATIO * body and passage.end - passage.start <= _MAX_HEADING_CHARS
        )
    groups: list[list[float]] = []
    for size in sorted(uses, reverse=True):
        if groups and size > 0.94 * groups[-1][0]:
            groups[-1].append(size)
        else:
            groups.append([size])
    often = sorted(groups[1:], key=lambda group: -sum(uses[size] for size in group))[: _MAX_SIZE_LEVELS - 1]
    levels, level = {}, 1
    for group in groups:
        level += group in often
        levels.update(dict.fromkeys(group, level))
    return levels


def _find_level(text: str, passage: Passage, body: float, levels: dict[float, int]) -> int:
    """Return a heading's level, 0 for running text: by size, or by bold type no smaller than the body."""
    if len(text) > _MAX_HEADING_CHARS or passage.num_lines > 4 or not any(char.isalpha() for char in text):
        return 0
    is_large = passage.size in levels
    if text.endswith((".", ",", ";")) and not (is_large and len(text) < 60):
        return 0
    if not is_large and not (passage.is_bold and passage.size >= 0.95 * body and passage.num_lines <= 2):
        return 0
    section = _SECTION.match(text)
    if section and "." in section[1]:
        return min(section[1].count(".") + 2, 6)
    if is_large:
        return levels[passage.size]
    deepest = max(levels.values(), default=0)
    return max(deepest, 2) if section or _KOREAN_SECTION.match(text) else min(deepest + 1, 6)


def _name_columns(text: str, passage: Passage) -> str:
    cells = [cell.strip() for cell in text.split(CELL_SEPARATOR)]
    is_named = passage.cells >= 2 and all(cell and not cell[0].isdigit() for cell in cells)
    return text if is_named else ""


def _find_furniture(outlines: list[Outline]) -> set[tuple[str, float]]:
    """Return the running heads and feet.

    Lines at the edge of a page that come back, numbers aside, on others.
    """
    seen: Counter[tuple[str, float]] = Counter()
    for outline in outlines:
        seen.update({
            (_NUMBERS.sub("#", outline.text[passage.start : passage.end]), passage.size)
            for passage in outline.parts
            if not passage.is_row and _is_at_edge(passage, outline)
        })
    needed = max(2, min(_MIN_REPEATS, len(outlines) // 2), len(outlines) // 10)
    return {text for text, count in seen.items() if count >= needed}


def _is_furniture(text: str, passage: Passage, outline: Outline, furniture: set[tuple[str, float]]) -> bool:
    if _PAGE_NUMBER.match(text) and _is_at_edge(passage, outline, margin=_NUMBER_MARGIN_SHARE):
        return True
    return _is_at_edge(passage, outline) and (_NUMBERS.sub("#", text), passage.size) in furniture


def _is_at_edge(passage: Passage, outline: Outline, *, margin: float = _MARGIN_SHARE) -> bool:
    edge = margin * outline.height
    return passage.bottom <= edge or passage.top >= outline.height - edge


def find_title(metadata_title: str, outlines: list[Outline]) -> str:
    """Return the title in the metadata, or the largest type on the first page with text."""
    title = " ".join(nfc(metadata_title).split())
    if title and not _NOT_A_TITLE.match(title):
        return title
    for outline in outlines[:3]:
        passages = [
            passage
            for passage in outline.parts
            if not passage.is_row and 3 <= passage.end - passage.start <= _MAX_HEADING_CHARS
        ]
        if not passages:
            continue
        largest = max(passages, key=lambda passage: (passage.size, -passage.start))
        usual = Counter(passage.size for passage in passages).most_common(1)[0][0]
        if passages[0].size > 0.75 * largest.size and passages[0].size > usual:
            largest = passages[0]
        if largest.size > _HEADING_RATIO * usual or len(passages) == 1:
            return outline.text[largest.start : largest.end]
        return ""
    return ""
