"""From glyphs on a page to lines, reading order, paragraphs and table rows.

Pure: no PDF library, no state of a document.

Coordinates are points with the text upright, origin at the top left. Everything is decided from one page
alone, so that the text of a page can be rebuilt at any time, glyph by glyph, to highlight a quotation.

Reading order: a gutter (a vertical strip that few lines cross, with running text on both sides) splits a
region into bands at the lines that cross it; in each band the left column comes before the right one,
recursively (the idea of the recursive X-Y cut, Nagy and Seth 1984, with the test for running text to keep
the columns of tables together). Without a gutter, lines are read row by row.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from ondol.text.normalise import nfc

_CELL_GAP_EM = 1.2
_SUPERSCRIPT_EM = 0.45
_TOUCHING_EM = 0.6
_SPACE_EM = 0.15
_MIN_COLUMN_LINES = 4
_MIN_COLUMN_CHARS = 14
_MAX_CROSSING_SHARE = 0.4
_LEVEL_POINTS = 1.5
_MAX_COLUMN_DEPTH = 3
_MIN_TABLE_ROWS = 3
_MAX_TABLE_ROWS = 300
_PARAGRAPH_PITCH = 1.3
_BULLET = re.compile(r"[•◦▪■□◆◇○●▶►‣⁃∙·ㆍ※❖➢✓\-–—*]\s+(?=\S)")
_NUMBERED = re.compile(r"(?:\(?\d{1,2}[.)]|\(?[a-zA-Z가-하][.)]|[①-⑳]|제\s?\d+\s?[조항장절관])\s")
_SENTENCE_END = re.compile(r"[.!?。:…][\"'”’)\]]*\Z")
_LIGATURES = {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
HYPHEN = "\x02"
"""What pdfium writes for a hyphen that splits a word at the end of a line."""


class Glyph:
    """A character and where it stands, turned upright by ``angle`` degrees clockwise."""

    __slots__ = ("angle", "bottom", "char", "left", "right", "size", "top")

    def __init__(
        self, char: str, box: tuple[float, float, float, float], size: float, *, angle: int = 0
    ) -> None:
        left, top, right, bottom = box
        self.char = char
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
        self.size = size
        self.angle = angle


@dataclass(slots=True)
class Line:
    """Glyphs side by side without a wide gap: a line of a column, or a cell.

    Attributes:
        text: normalised; ``origins[i]`` is the number of the glyph that ``text[i]`` came from, -1 for none.
        has_trailing_space: a space was written after the last word: the line broke between words.
    """

    text: str
    origins: list[int]
    left: float
    top: float
    right: float
    bottom: float
    size: float
    first_glyph: int
    last_glyph: int
    has_trailing_space: bool
    is_bold: bool = False

    @property
    def middle(self) -> float:
        """Height of the middle of the line."""
        return (self.top + self.bottom) / 2


@dataclass(slots=True)
class Part:
    """A paragraph or a table row of a page: lines, or the cells of each column."""

    lines: list[Line]
    is_row: bool = False
    cells: list[list[Line]] = field(default_factory=list)
    starts_table: bool = False

    @property
    def size(self) -> float:
        """Font size, that of most characters."""
        sizes: Counter[float] = Counter()
        for line in self.lines:
            sizes[line.size] += len(line.text)
        return sizes.most_common(1)[0][0]


def build_lines(glyphs: Sequence[Glyph | None]) -> list[Line]:
    """Collect glyphs, in the order of the file, into lines; ``None`` ends a line."""
    lines: list[Line] = []
    current: list[int] = []
    previous: Glyph | None = None
    for number, glyph in enumerate(glyphs):
        if glyph is None:
            _flush(current, glyphs, lines)
            previous = None
            continue
        if previous is not None and not glyph.char.isspace() and _is_apart(previous, glyph):
            _flush(current, glyphs, lines)
        current.append(number)
        if not glyph.char.isspace():
            previous = glyph
    _flush(current, glyphs, lines)
    return lines


def _is_apart(previous: Glyph, glyph: Glyph) -> bool:
    size = max(previous.size, glyph.size, 1.0)
    if glyph.left - previous.right > _CELL_GAP_EM * size or previous.left - glyph.right > _CELL_GAP_EM * size:
        return True
    overlap = min(previous.bottom, glyph.bottom) - max(previous.top, glyph.top)
    return overlap < -_SUPERSCRIPT_EM * size or (previous.char == HYPHEN and overlap <= 0)


def _flush(current: list[int], glyphs: Sequence[Glyph | None], lines: list[Line]) -> None:
    found = [(number, glyph) for number in current if (glyph := glyphs[number]) is not None]
    current.clear()
    inked = [glyph for _, glyph in found if not glyph.char.isspace()]
    if not inked:
        return
    text, origins = _build_text(found)
    if not text:
        return
    sizes = Counter(glyph.size for glyph in inked)
    lines.append(
        Line(
            text=text,
            origins=origins,
            left=min(glyph.left for glyph in inked),
            top=min(glyph.top for glyph in inked),
            right=max(glyph.right for glyph in inked),
            bottom=max(glyph.bottom for glyph in inked),
            size=sizes.most_common(1)[0][0],
            first_glyph=next(number for number, glyph in found if not glyph.char.isspace()),
            last_glyph=next(number for number, glyph in reversed(found) if not glyph.char.isspace()),
            has_trailing_space=found[-1][1].char.isspace(),
        )
    )


def _build_text(found: Iterable[tuple[int, Glyph]]) -> tuple[str, list[int]]:
    """Normalise a line's characters, keeping for each the glyph it came from; runs of blanks become one."""
    chars: list[str] = []
    origins: list[int] = []
    clusters: list[tuple[str, int]] = []
    for number, glyph in found:
        char = _LIGATURES.get(glyph.char, glyph.char)
        if char.isspace():
            char = " "
        if clusters and clusters[-1][0] != " " and not char.isascii() and _joins(char):
            clusters[-1] = (clusters[-1][0] + char, clusters[-1][1])
        else:
            clusters.append((char, number))
    for cluster, number in clusters:
        is_plain = cluster == HYPHEN or (cluster.isascii() and cluster.isprintable())
        clean = cluster if is_plain else nfc(cluster)
        if clean == " " and (not chars or chars[-1] == " "):
            continue
        chars.extend(clean)
        origins.extend([number] * len(clean))
    if chars and chars[-1] == " ":
        chars.pop()
        origins.pop()
    return "".join(chars), origins


def _joins(char: str) -> bool:
    """Whether a character may compose with the one before it.

    Combining marks, conjoining vowels and finals.
    """
    return "\u1160" <= char <= "\u11ff" or unicodedata.category(char) in {"Mn", "Mc"}


def order_lines(lines: list[Line], depth: int = 0) -> list[list[Line]]:
    """Return regions in reading order, each a list of lines sorted row by row."""
    if not lines:
        return []
    gutter = _find_gutter(lines) if depth < _MAX_COLUMN_DEPTH else None
    if gutter is None:
        return [sorted(lines, key=lambda line: (line.middle, line.left))]
    crossing = sorted(
        (line for line in lines if line.left < gutter < line.right), key=lambda line: line.middle
    )
    rest = [line for line in lines if not line.left < gutter < line.right]
    regions: list[list[Line]] = []
    top = float("-inf")
    for bound in [*crossing, None]:
        end = bound.middle if bound is not None else float("inf")
        band = [line for line in rest if top <= line.middle < end]
        for column in (
            [line for line in band if line.right <= gutter],
            [line for line in band if line.left >= gutter],
        ):
            regions.extend(order_lines(column, depth + 1))
        if bound is not None:
            if regions and regions[-1] and regions[-1][-1].left < gutter < regions[-1][-1].right and not band:
                regions[-1].append(bound)
            else:
                regions.append([bound])
        top = end
    return regions


def _find_gutter(lines: list[Line]) -> float | None:
    """Return the x of the strip that parts two columns of running text, or ``None``."""
    if len(lines) < 2 * _MIN_COLUMN_LINES:
        return None
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    best, best_score = None, 0.0
    margin = 0.15 * (right - left)
    for x in sorted({line.left // 3 * 3 - 0.5 for line in lines if left + margin < line.left < right}):
        before = [line for line in lines if line.right <= x]
        after = [line for line in lines if line.left >= x]
        num_crossing = len(lines) - len(before) - len(after)
        if num_crossing > _MAX_CROSSING_SHARE * len(lines):
            continue
        if min(len(before), len(after)) < _MIN_COLUMN_LINES or not _stand_side_by_side(before, after):
            continue
        is_text = _is_running_text(before) and _is_running_text(after)
        if not is_text and not (num_crossing == 0 and _are_unrelated(before, after)):
            continue
        score = min(len(before), len(after)) - num_crossing
        if score > best_score:
            best, best_score = x, score
    return best


def _is_running_text(lines: list[Line]) -> bool:
    """Whether lines fill a column, as text does and the cells of a table do not."""
    width = max(line.right for line in lines) - min(line.left for line in lines)
    mean_width = sum(line.right - line.left for line in lines) / len(lines)
    mean_chars = sum(len(line.text) for line in lines) / len(lines)
    return mean_chars >= _MIN_COLUMN_CHARS and mean_width >= 0.45 * width


def _are_unrelated(before: list[Line], after: list[Line]) -> bool:
    """Whether two sides are far apart, with text on both, and not level as the rows of a table are."""
    gap = min(line.left for line in after) - max(line.right for line in before)
    if gap < 2 * max(before[0].size, after[0].size):
        return False
    if any(
        sum(len(line.text) >= 2 * _MIN_COLUMN_CHARS for line in side) < _MIN_COLUMN_LINES
        for side in (before, after)
    ):
        return False
    heights = sorted(line.middle for line in after)
    level = 0
    for line in before:
        at = bisect_left(heights, line.middle - _LEVEL_POINTS)
        level += at < len(heights) and heights[at] <= line.middle + _LEVEL_POINTS
    return level < 0.5 * len(before)


def _stand_side_by_side(before: list[Line], after: list[Line]) -> bool:
    top = max(min(line.top for line in before), min(line.top for line in after))
    bottom = min(max(line.bottom for line in before), max(line.bottom for line in after))
    height = median(line.bottom - line.top for line in before)
    return bottom - top >= _MIN_COLUMN_LINES / 2 * height


def build_parts(region: list[Line]) -> list[Part]:
    """Cut a region into paragraphs and table rows, in order."""
    rows = _group_rows(region)
    parts: list[Part] = []
    at = 0
    while at < len(rows):
        end = _find_table_end(rows, at)
        if end > at:
            parts.extend(_build_table(rows[at:end]))
            at = end
            continue
        start = at
        while at < len(rows) and _find_table_end(rows, at) == at:
            at += 1
        parts.extend(_build_paragraphs(rows[start:at]))
    return parts


def _group_rows(region: list[Line]) -> list[list[Line]]:
    """Group lines that stand side by side, each row from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(region, key=lambda line: line.middle):
        if rows:
            anchor = rows[-1][0]
            overlap = min(anchor.bottom, line.bottom) - max(anchor.top, line.top)
            slack = 0.3 * line.size
            is_beside = all(
                line.left >= other.right - slack or line.right <= other.left + slack for other in rows[-1]
            )
            if overlap > 0.5 * min(anchor.bottom - anchor.top, line.bottom - line.top) and is_beside:
                rows[-1].append(line)
                continue
        rows.append([line])
    return [_merge_touching(sorted(row, key=lambda line: line.left)) for row in rows]


def _merge_touching(row: list[Line]) -> list[Line]:
    """Join lines of a row with no gap between them.

    The file ended one at a raised figure or a change of font.
    """
    merged = row[:1]
    for line in row[1:]:
        last = merged[-1]
        gap = (line.left - last.right) / max(last.size, 1.0)
        if gap > _TOUCHING_EM:
            merged.append(line)
            continue
        space = gap > _SPACE_EM or last.has_trailing_space
        merged[-1] = replace(
            last,
            text=f"{last.text}{' ' if space else ''}{line.text}",
            origins=[*last.origins, *([-1] if space else []), *line.origins],
            top=min(last.top, line.top),
            right=max(last.right, line.right),
            bottom=max(last.bottom, line.bottom),
            has_trailing_space=line.has_trailing_space,
            is_bold=last.is_bold and line.is_bold,
        )
    return merged


def _find_table_end(rows: list[list[Line]], at: int) -> int:
    """Return where the table that starts at row ``at`` ends; ``at`` itself if none starts there."""
    if len(rows[at]) < 2:
        return at
    end, num_rows = at, 0
    while end < min(len(rows), at + _MAX_TABLE_ROWS):
        row = rows[end]
        if end > at:
            gap = min(line.top for line in row) - max(line.bottom for line in rows[end - 1])
            if gap > 2.0 * max(line.size for line in row):
                break
        if len(row) >= 2:
            num_rows += 1
        elif end + 1 >= len(rows) or len(rows[end + 1]) < 2 or _is_wide(row[0], rows[at:end]):
            break
        end += 1
    return end if num_rows >= _MIN_TABLE_ROWS and _has_columns(rows[at:end]) else at


def _is_wide(line: Line, rows: list[list[Line]]) -> bool:
    left, right = min(row[0].left for row in rows), max(row[-1].right for row in rows)
    return line.right - line.left > 0.6 * (right - left)


def _has_columns(rows: list[list[Line]]) -> bool:
    """Whether the cells of most rows start, end or are centred where others do."""
    full = [row for row in rows if len(row) >= 2]
    places: Counter[int] = Counter()
    for row in full:
        for cell in row[1:]:
            keys = {
                round(cell.left / 6),
                round(cell.right / 6) + 10_000,
                round((cell.left + cell.right) / 12) + 20_000,
            }
            places.update(keys)
    return bool(places) and places.most_common(1)[0][1] >= 0.5 * len(full)


def _build_table(rows: list[list[Line]]) -> list[Part]:
    columns = _find_columns(rows)
    spread = [_spread(row, columns) for row in rows]
    tight = _find_row_pitch(rows, spread)
    parts: list[Part] = []
    for at, (row, cells) in enumerate(zip(rows, spread, strict=True)):
        step = row[0].middle - rows[at - 1][0].middle if at else 0.0
        if parts and not cells[0] and step < 0.85 * tight:  # the next line of cells that wrap
            parts[-1].lines.extend(row)
            for cell, more in zip(parts[-1].cells, cells, strict=True):
                cell.extend(more)
        else:
            parts.append(Part(lines=list(row), is_row=True, cells=cells, starts_table=not parts))
    return parts


def _spread(row: list[Line], columns: list[tuple[float, float]]) -> list[list[Line]]:
    cells: list[list[Line]] = [[] for _ in columns]
    for line in row:
        shared = [min(line.right, right) - max(line.left, left) for left, right in columns]
        cells[shared.index(max(shared))].append(line)
    return cells


def _find_row_pitch(rows: list[list[Line]], spread: list[list[list[Line]]]) -> float:
    """Return the least usual distance between rows that both have a first cell; 0 if there are none."""
    steps = [
        rows[at][0].middle - rows[at - 1][0].middle
        for at in range(1, len(rows))
        if spread[at][0] and spread[at - 1][0]
    ]
    return median(steps) if steps else 0.0


def _find_columns(rows: list[list[Line]]) -> list[tuple[float, float]]:
    """Return the x-ranges of the columns: what lies between the strips that hardly any row crosses."""
    events = sorted(
        [(line.left, 1) for row in rows for line in row] + [(line.right, -1) for row in rows for line in row]
    )
    tolerated = 0.15 * len(rows)
    columns: list[tuple[float, float]] = []
    start: float | None = None
    covering = 0
    for x, step in events:
        covering += step
        if start is None and covering > tolerated:
            start = x
        elif start is not None and covering <= tolerated:
            columns.append((start, x))
            start = None
    return columns or [(rows[0][0].left, rows[0][-1].right)]


def _build_paragraphs(rows: list[list[Line]]) -> list[Part]:
    parts: list[Part] = []
    pitch = _find_pitch(rows)
    for at, row in enumerate(rows):
        if at == 0 or _starts_paragraph(rows, at, pitch):
            parts.append(Part(lines=list(row)))
        else:
            parts[-1].lines.extend(row)
    return parts


def _find_pitch(rows: list[list[Line]]) -> float:
    """Return the usual distance from a line to the next, in units of its size.

    Small for a region without text.
    """
    steps = [
        (below[0].middle - above[0].middle) / max(above[0].size, 1.0)
        for above, below in pairwise(rows)
        if abs(above[0].size - below[0].size) < 0.08 * above[0].size and below[0].middle > above[0].middle
    ]
    near = [step for step in steps if step < 3.0]
    return min(median(near), 2.2) if near else 1.3


def _starts_paragraph(rows: list[list[Line]], at: int, pitch: float) -> bool:
    above, first, line = rows[at - 1], rows[at - 1][0], rows[at][0]
    size = max(first.size, 1.0)
    if abs(first.size - line.size) > 0.08 * size or first.is_bold != line.is_bold:
        return True
    if (line.middle - first.middle) / size > _PARAGRAPH_PITCH * pitch or line.middle <= first.middle:
        return True
    if _BULLET.match(line.text) or (_NUMBERED.match(line.text) and line.left <= first.left + 0.5 * size):
        return True
    left, right, num_rows = _find_margins(rows, at)
    if num_rows < 3:
        return False
    is_indented = line.left > first.left + 0.8 * size
    if is_indented and first.left < left + 2 * size and _SENTENCE_END.search(above[-1].text):
        return True
    # A line ended early, though the word that follows would have fitted in it.
    word = line.text.split(" ", 1)[0]
    word_width = (line.right - line.left) * len(word) / len(line.text)
    is_centred = abs((first.left - left) - (right - above[-1].right)) < size and first.left > left + size
    return right - above[-1].right > word_width + 1.5 * size and not is_centred


def _find_margins(rows: list[list[Line]], at: int) -> tuple[float, float, int]:
    """Return left and right edge of the lines of the same size around row ``at``, and how many there are."""
    size = rows[at][0].size
    near = [row for row in rows[max(at - 6, 0) : at + 6] if abs(row[0].size - size) < 0.08 * size]
    return min(row[0].left for row in near), max(row[-1].right for row in near), len(near)


def find_marker(text: str) -> int:
    """Return the length of the bullet that opens a list item, 0 if there is none."""
    match = _BULLET.match(text)
    return match.end() if match else 0


def is_numbered(text: str) -> bool:
    """Whether a paragraph opens with a number or letter as list items do."""
    return _NUMBERED.match(text) is not None


def join_lines(lines: Sequence[Line], *, splits_words: bool) -> tuple[str, list[int]]:
    """Join the lines of a paragraph into running text.

    Args:
        lines: from first to last.
        splits_words: lines of Hangul break inside words too; a written space shows a break between words.
    """
    text = ""
    origins: list[int] = []
    if not lines:
        return text, origins
    previous = lines[0]
    right = max(line.right for line in lines)
    for line in lines:
        if text:
            is_cut = (
                splits_words
                and not previous.has_trailing_space
                and previous.right > right - 2 * previous.size
            )
            gap = _find_gap(text, line.text, splits_words=is_cut)
            if gap is None:
                text, origins = text[:-1], origins[:-1]
            elif gap:
                text += gap
                origins.append(-1)
        text += line.text
        origins.extend(line.origins)
        previous = line
    if HYPHEN in text:
        text = text.replace(HYPHEN, "-")
    return text, origins


def _find_gap(before: str, after: str, *, splits_words: bool) -> str | None:
    """Return what stands between two lines: a space, nothing, or ``None`` if a hyphen is to be taken away."""
    last, first = before[-1], after[0]
    if last in {HYPHEN, "-"} and len(before) > 1 and before[-2].isalpha() and first.islower():
        return None if last == HYPHEN or before[-2].islower() else ""
    if last == HYPHEN:
        return ""
    if _is_hangul(last) and _is_hangul(first):
        return "" if splits_words else " "
    return "" if _is_unspaced(last) and _is_unspaced(first) else " "


def breaks_inside_words(lines: Iterable[Line]) -> bool:
    """Whether a page's Hangul lines break inside words: some end with a written space and others do not."""
    ends = [line.has_trailing_space for line in lines if line.text and _is_hangul(line.text[-1])]
    return len(ends) >= 4 and 0.1 * len(ends) <= sum(ends) <= 0.9 * len(ends)


def _is_hangul(char: str) -> bool:
    return "가" <= char <= "힣"


def _is_unspaced(char: str) -> bool:
    """Chinese characters, kana and their punctuation are written without spaces."""
    return "\u3000" <= char <= "\u30ff" or "\u3400" <= char <= "\u9fff" or "\uff00" <= char <= "\uff60"
