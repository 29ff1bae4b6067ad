"""One page of a PDF as text, with the glyph behind each character. A pure function of the page."""

import ctypes
import math
import re
from dataclasses import dataclass
from typing import Any

from ondol.sources.build import CELL_SEPARATOR
from ondol.sources.pdf_layout import (
    Glyph,
    Part,
    breaks_inside_words,
    build_lines,
    build_parts,
    join_lines,
    order_lines,
)

Box = tuple[float, float, float, float]

_MAX_GLYPHS = 500_000
_SCANNED_MAX_CHARS = 16
_SCANNED_MIN_AREA = 0.3
_FORCE_BOLD = 1 << 18  # ISO 32000-1, table 123
# "CMBX10" and the like are the bold faces of Computer Modern.
_BOLD = re.compile(r"bold|black|heavy|demi|(?:cm|sf|lm|ec)\w*bx|medi\b|견고|헤드라인|headline", re.IGNORECASE)


@dataclass(slots=True)
class PageText:
    """The text of one page and where each part of it came from."""

    text: str
    origins: list[int]
    parts: list[tuple[Part, int, int]]
    glyphs: list[Glyph | None]
    width: float
    height: float


def read_page(page: Any) -> PageText:
    """Read a pypdfium2 page."""
    text_page = page.get_textpage()
    try:
        glyphs, width, height = _read_glyphs(page, text_page.raw)
        lines = build_lines(glyphs)
        for line in lines:  # a bold word at the start of running text does not make a bold line
            line.is_bold = _is_bold(text_page.raw, line.first_glyph) and _is_bold(
                text_page.raw, line.last_glyph
            )
    finally:
        text_page.close()
    splits_words = breaks_inside_words(lines)
    chunks: list[str] = []
    origins: list[int] = []
    parts: list[tuple[Part, int, int]] = []
    is_after_row = False
    for part in (part for region in order_lines(lines) for part in build_parts(region)):
        text, part_origins = _build_part(part, splits_words=splits_words)
        if not text:
            continue
        if origins:
            gap = "\n" if is_after_row and part.is_row and not part.starts_table else "\n\n"
            chunks.append(gap)
            origins.extend([-1] * len(gap))
        start = len(origins)
        chunks.append(text)
        origins.extend(part_origins)
        parts.append((part, start, len(origins)))
        is_after_row = part.is_row
    return PageText("".join(chunks), origins, parts, glyphs, width, height)


def _build_part(part: Part, *, splits_words: bool) -> tuple[str, list[int]]:
    if not part.is_row:
        return join_lines(part.lines, splits_words=splits_words)
    text, origins = "", []
    cells = list(part.cells)
    while cells and not cells[-1]:
        cells.pop()
    for index, cell in enumerate(cells):
        if index:
            text += CELL_SEPARATOR
            origins.extend([-1] * len(CELL_SEPARATOR))
        cell_text, cell_origins = join_lines(cell, splits_words=splits_words)
        text += cell_text
        origins.extend(cell_origins)
    indent = len(text) - len(text.lstrip())
    return text[indent:], origins[indent:]


def _read_glyphs(page: Any, text_page: Any) -> tuple[list[Glyph | None], float, float]:
    """Return glyphs in the order of the file, in display coordinates, and the page's size as displayed."""
    import pypdfium2.raw as raw

    bounds = page.get_bbox()
    rotation = page.get_rotation()
    glyphs: list[Glyph | None] = []
    rect, matrix = raw.FS_RECTF(), raw.FS_MATRIX()
    rect_pointer, matrix_pointer = ctypes.byref(rect), ctypes.byref(matrix)
    for index in range(min(raw.FPDFText_CountChars(text_page), _MAX_GLYPHS)):
        code = raw.FPDFText_GetUnicode(text_page, index)
        if code in {0x0A, 0x0D}:
            glyphs.append(None)
            continue
        is_placed = raw.FPDFText_GetLooseCharBox(text_page, index, rect_pointer)
        if not is_placed or code in {0, 0xFFFE, 0xFFFF} or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
            code = 0x20
        box = _turn((rect.left, rect.bottom, rect.right, rect.top), bounds, rotation)
        # The font size alone says nothing: many writers set 1 and scale by the text matrix.
        raw.FPDFText_GetMatrix(text_page, index, matrix_pointer)
        size = raw.FPDFText_GetFontSize(text_page, index) * math.hypot(matrix.c, matrix.d) or box[3] - box[1]
        glyphs.append(Glyph(chr(code), *box, round(size * 4) / 4))
    width, height = bounds[2] - bounds[0], bounds[3] - bounds[1]
    return glyphs, *((height, width) if rotation in {90, 270} else (width, height))


def _turn(box: Box, page: Box, rotation: int) -> Box:
    """Turn a box in PDF coordinates (left, bottom, right, top) into displayed left, top, right, bottom."""
    left, bottom, right, top = box
    if rotation == 90:
        return bottom - page[1], left - page[0], top - page[1], right - page[0]
    if rotation == 180:
        return page[2] - right, bottom - page[1], page[2] - left, top - page[1]
    if rotation == 270:
        return page[3] - top, page[2] - right, page[3] - bottom, page[2] - left
    return left - page[0], page[3] - top, right - page[0], page[3] - bottom


def _is_bold(text_page: Any, glyph: int) -> bool:
    import pypdfium2.raw as raw

    buffer = ctypes.create_string_buffer(256)
    flags = ctypes.c_int()
    length = raw.FPDFText_GetFontInfo(text_page, glyph, buffer, len(buffer), flags)
    name = buffer.raw[: min(max(length - 1, 0), len(buffer))].decode("utf-8", "replace")
    is_forced = bool(flags.value & _FORCE_BOLD)
    return is_forced or bool(_BOLD.search(name)) or raw.FPDFText_GetFontWeight(text_page, glyph) >= 600


def is_poor(text: str) -> bool:
    """Whether a page offers next to no readable text: none, or characters without a meaning."""
    solid = [char for char in text if not char.isspace()]
    private = sum(1 for char in solid if "\ue000" <= char <= "\uf8ff" or char == "\ufffd")
    return len(solid) - private < _SCANNED_MAX_CHARS and len(solid) < _SCANNED_MAX_CHARS + 2 * private


def has_large_picture(page: Any) -> bool:
    """Tell whether pictures cover a good part of a page."""
    import pypdfium2.raw as raw

    width, height = page.get_size()
    area = 0.0
    for index, item in enumerate(page.get_objects(filter=(raw.FPDF_PAGEOBJ_IMAGE,), max_depth=4)):
        left, bottom, right, top = item.get_bounds()
        area += max(right - left, 0.0) * max(top - bottom, 0.0)
        if index > 2_000:
            break
    return bool(area >= _SCANNED_MIN_AREA * width * height)
