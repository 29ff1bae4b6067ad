"""What HWP and HWPX share: paragraphs with tables, boxes and notes in them, and how they are written.

Both formats hold the same model (HWP 5.0 revision 1.3 by Hancom; KS X 6101 for HWPX), so their readers build
these values and one writer turns them into a page: the same document gives the same text in either format.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ondol.sources.build import PageBuilder
from ondol.sources.outline import find_level, find_levels
from ondol.sources.table import Cell, add_table, build_grid
from ondol.text.normalise import nfc

HeadKind = Literal["outline", "number", "bullet"]

_MAX_DEPTH = 20
_MAX_HEADING_CHARS = 80
_HEADING_STYLE = re.compile(r"(?:heading|outline|제목|개요|대제목|중제목|소제목)\s?(\d)?\Z", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t]+")  # used to set words apart on the page
_PLACE = re.compile(r"\^(\d+|[nN])")
_SYLLABLES = "가나다라마바사아자차카타파하"
_JAMO = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"
_DIGITS_KO = "일이삼사오육칠팔구십"
_DIGITS_HAN = "一二三四五六七八九十"
_STEMS = "갑을병정무기경신임계"
_STEMS_HAN = "甲乙丙丁戊己庚辛壬癸"


@dataclass(frozen=True, slots=True)
class Head:
    """How a paragraph is numbered: level from 1, and the numbering definition it uses."""

    kind: HeadKind
    level: int
    numbering: int


@dataclass(slots=True)
class Paragraph:
    """A paragraph: text with the tables and boxes that are anchored in it, in order."""

    items: "list[str | Table | Box]" = field(default_factory=list)
    head: Head | None = None
    style: str = ""


@dataclass(slots=True)
class Box:
    """Paragraphs apart from the text: a text box, a caption, a footnote."""

    paragraphs: list[Paragraph]


@dataclass(slots=True)
class TableCell:
    """A cell and its place; ``row`` from 0."""

    paragraphs: list[Paragraph]
    row: int
    col_span: int = 1
    row_span: int = 1
    is_header: bool = False


@dataclass(slots=True)
class Table:
    """A table: cells in reading order, those covered by a merged one left out."""

    cells: list[TableCell]
    caption: list[Paragraph] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NumberLevel:
    """One level of a numbering: ``^1.`` shown in digits, from ``start``."""

    pattern: str
    shape: str
    start: int = 1


@dataclass(slots=True)
class Section:
    """A section of the body; ``outline`` is the numbering of its outline levels."""

    paragraphs: list[Paragraph]
    outline: int = 0
    margins: list[Paragraph] = field(default_factory=list)


def write_sections(
    page: PageBuilder, sections: Sequence[Section], numberings: dict[int, list[NumberLevel]]
) -> None:
    """Write the sections in order; page headers and footers follow at the end, each said once."""
    writer = _Writer(page, numberings)
    for section in sections:
        writer.outline = section.outline
        writer.write(section.paragraphs, 0)
    body = set()
    for section in sections:
        for paragraph in section.margins:
            text = nfc(paragraph_text(paragraph)).strip()
            if len(re.findall(r"[^\W\d_]", text)) > 1 and text not in body:
                body.add(text)
                page.add("paragraph", text)


def paragraph_text(paragraph: Paragraph, depth: int = 0) -> str:
    """Return all text of a paragraph on its own, that of its tables and boxes included."""
    parts: list[str] = []
    for item in paragraph.items:
        if isinstance(item, str):
            parts.append(item)
        elif depth < _MAX_DEPTH:
            inner = item.paragraphs if isinstance(item, Box) else [*item.caption, *_cell_paragraphs(item)]
            parts.extend(f" {paragraph_text(each, depth + 1)} " for each in inner)
    return "".join(parts)


def format_number(number: int, shape: str) -> str:
    """Show a number as a list does: ``DIGIT``, ``HANGUL_SYLLABLE``, … (names of KS X 6101)."""
    index = number - 1
    series = {
        "HANGUL_SYLLABLE": _SYLLABLES,
        "HANGUL_JAMO": _JAMO,
        "HANGUL_PHONETIC": _DIGITS_KO,
        "IDEOGRAPH": _DIGITS_HAN,
        "DECAGON_CIRCLE": _STEMS,
        "DECAGON_CIRCLE_HANJA": _STEMS_HAN,
        "LATIN_CAPITAL": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "LATIN_SMALL": "abcdefghijklmnopqrstuvwxyz",
        "CIRCLED_DIGIT": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳",
        "CIRCLED_LATIN_SMALL": "ⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩ",
        "CIRCLED_LATIN_CAPITAL": "ⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏ",
        "CIRCLED_HANGUL_SYLLABLE": "㉮㉯㉰㉱㉲㉳㉴㉵㉶㉷㉸㉹㉺㉻",
        "CIRCLED_HANGUL_JAMO": "㉠㉡㉢㉣㉤㉥㉦㉧㉨㉩㉪㉫㉬㉭",
        "CIRCLED_IDEOGRAPH": "㊀㊁㊂㊃㊄㊅㊆㊇㊈㊉",
        "ROMAN_CAPITAL": "ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ",
        "ROMAN_SMALL": "ⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻ",
    }.get(shape, "")
    return series[index] if 0 <= index < len(series) else str(number)


class _Writer:
    """Writes paragraphs as blocks; counts the numbers that the files leave to the word processor."""

    def __init__(self, page: PageBuilder, numberings: dict[int, list[NumberLevel]]) -> None:
        self._page = page
        self._numberings = numberings
        self._counts: dict[tuple[str, int], list[int]] = {}
        self.outline = 0

    def write(self, paragraphs: Sequence[Paragraph], depth: int) -> None:
        texts = [nfc(_own_text(paragraph)).strip() for paragraph in paragraphs]
        filled = [text for text in texts if text]
        levels = iter(find_levels(filled))
        for paragraph, text in zip(paragraphs, texts, strict=True):
            self._paragraph(paragraph, next(levels) if text else 0, depth)

    def _paragraph(self, paragraph: Paragraph, level: int, depth: int) -> None:
        """Write the text; a table parts it, boxes and notes follow it, so that no note tears a sentence."""
        number = self._next_number(paragraph.head)
        text: list[str] = []
        boxes: list[Box] = []
        for item in [*paragraph.items, None]:
            if isinstance(item, str):
                text.append(item)
            elif isinstance(item, Box):
                boxes.append(item)
            else:
                number = self._text(paragraph, "".join(text), number, level)
                for box in boxes if depth < _MAX_DEPTH else ():
                    self.write(box.paragraphs, depth + 1)
                text, boxes = [], []
                if item and depth < _MAX_DEPTH:
                    self._table(item, depth + 1)

    def _text(self, paragraph: Paragraph, text: str, number: str, level: int) -> str:
        """Add the text before a table or the end; return the number if it is still to be shown."""
        text = _BLANKS.sub(" ", text).strip()
        if not text:
            return number
        level = _styled_level(paragraph, text) or (level if len(text) <= _MAX_HEADING_CHARS else 0)
        shown = f"{number} {text}" if number else text
        if level:
            self._page.add("heading", shown, level=level)
        elif paragraph.head and paragraph.head.kind == "bullet":
            self._page.add("list_item", text, prefix="- ")
        else:
            self._page.add("list_item" if number else "paragraph", shown)
        return ""

    def _table(self, table: Table, depth: int) -> None:
        self.write(table.caption, depth)
        rows = _grid_rows(table)
        if max((len(row) for row in rows), default=0) < 2:
            for cell in table.cells:  # a frame around text
                self.write(cell.paragraphs, depth)
            return
        filled = [row for row in rows if row]
        banner = " ".join(cell.text for cell in filled[0]).strip() if len(filled) == 1 else ""
        if level := find_level(" ".join(banner.split())):
            self._page.add("heading", " ".join(banner.split()), level=level)
        else:
            add_table(self._page, build_grid(rows))

    def _next_number(self, head: Head | None) -> str:
        if head is None or head.kind == "bullet":
            return ""
        numbering = self.outline if head.kind == "outline" else head.numbering
        levels = self._numberings.get(numbering)
        if not levels or not 1 <= head.level <= len(levels):
            return ""
        counts = self._counts.setdefault((head.kind, numbering), [each.start - 1 for each in levels])
        counts[head.level - 1] += 1
        for deeper in range(head.level, len(levels)):
            counts[deeper] = levels[deeper].start - 1

        def show(place: re.Match[str]) -> str:
            index = head.level - 1 if place[1] in "nN" else int(place[1]) - 1
            if not 0 <= index < len(levels):
                return ""
            return format_number(max(counts[index], levels[index].start), levels[index].shape)

        return _PLACE.sub(show, levels[head.level - 1].pattern).strip()


def _styled_level(paragraph: Paragraph, text: str) -> int:
    """Return the heading level that outline or style give; long text and sentences are body all the same."""
    if len(text) > _MAX_HEADING_CHARS or text.endswith((".", "。", ";", ",")):
        return 0
    if paragraph.head and paragraph.head.kind == "outline":
        return min(paragraph.head.level, 6)
    named = _HEADING_STYLE.match(paragraph.style.strip())
    return int(named[1] or 1) if named else 0


def _own_text(paragraph: Paragraph) -> str:
    return "".join(item for item in paragraph.items if isinstance(item, str))


def _cell_paragraphs(table: Table) -> Iterator[Paragraph]:
    for cell in table.cells:
        yield from cell.paragraphs


def _grid_rows(table: Table) -> list[list[Cell]]:
    rows: list[list[Cell]] = [[] for _ in range(max((cell.row for cell in table.cells), default=-1) + 1)]
    for cell in table.cells:
        text = " ".join(filter(None, (paragraph_text(each).strip() for each in cell.paragraphs)))
        rows[cell.row].append(Cell(text, cell.col_span, cell.row_span, cell.is_header))
    return rows
