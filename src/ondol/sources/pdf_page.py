"""One page of a PDF as text, with the glyph behind each character. A pure function of the page."""

import ctypes
import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from ondol.sources.build import CELL_SEPARATOR
from ondol.sources.pdf_layout import (
    Glyph,
    Line,
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
    """The text of one page and where each part of it came from.

    Attributes:
        origins: for each character of ``text`` the number of its glyph, -1 for none.
        parts: passages with their start and end in ``text``.
        height: of the page with its text upright, in points.
        bounds: left, bottom, right, top of the visible page in PDF coordinates.
        rotation: of the page as displayed, degrees clockwise.
    """

    text: str
    origins: list[int]
    parts: list[tuple[Part, int, int]]
    glyphs: list[Glyph | None]
    height: float
    bounds: Box
    rotation: int

    def find_box(self, glyph: Glyph) -> Box:
        """Return a glyph's place on the displayed page as shares of its size: left, top, right, bottom."""
        left, bottom, right, top = self.bounds
        width, height = right - left, top - bottom
        if self.rotation in {90, 270}:
            width, height = height, width
        upright = (glyph.left, glyph.top, glyph.right, glyph.bottom)
        x0, y0, x1, y1 = _turn(_turn_back(upright, self.bounds, glyph.angle), self.bounds, self.rotation)
        return _share(x0, width), _share(y0, height), _share(x1, width), _share(y1, height)


def read_page(page: Any) -> PageText:
    """Read a pypdfium2 page."""
    bounds, rotation = page.get_bbox(), page.get_rotation()
    text_page = page.get_textpage()
    try:
        glyphs = _read_glyphs(text_page.raw, bounds)
        angles = Counter(glyph.angle for glyph in glyphs if glyph is not None and not glyph.char.isspace())
        # Most of the text first, then what is written in other directions: notes in the margin, stamps.
        lines = [build_lines(_select(glyphs, angle, len(angles))) for angle, _ in angles.most_common()]
        for line in (line for group in lines for line in group):
            # Both ends: a bold word at the start of running text does not make a bold line.
            line.is_bold = _is_bold(text_page.raw, line.first_glyph) and _is_bold(
                text_page.raw, line.last_glyph
            )
    finally:
        text_page.close()
    main = next(iter(angles.most_common(1)), (0, 0))[0]
    height = bounds[2] - bounds[0] if main in {90, 270} else bounds[3] - bounds[1]
    found = PageText("", [], [], glyphs, height, bounds, rotation)
    _add_parts(found, lines)
    return found


def _select(glyphs: list[Glyph | None], angle: int, num_angles: int) -> list[Glyph | None]:
    if num_angles == 1:
        return glyphs
    return [glyph if glyph is not None and glyph.angle == angle else None for glyph in glyphs]


def _add_parts(found: PageText, lines: list[list[Line]]) -> None:
    splits_words = breaks_inside_words(line for group in lines for line in group)
    regions = (region for group in lines for region in order_lines(group))
    chunks: list[str] = []
    is_after_row = False
    for part in (part for region in regions for part in build_parts(region)):
        text, origins = _build_part(part, splits_words=splits_words)
        if not text:
            continue
        if found.origins:
            gap = "\n" if is_after_row and part.is_row and not part.starts_table else "\n\n"
            chunks.append(gap)
            found.origins.extend([-1] * len(gap))
        start = len(found.origins)
        chunks.append(text)
        found.origins.extend(origins)
        found.parts.append((part, start, len(found.origins)))
        is_after_row = part.is_row
    found.text = "".join(chunks)


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


def _read_glyphs(text_page: Any, bounds: Box) -> list[Glyph | None]:
    """Return glyphs in the order of the file, each turned upright; ``None`` where pdfium sees a line end."""
    from pypdfium2 import raw

    glyphs: list[Glyph | None] = []
    rect, matrix = raw.FS_RECTF(), raw.FS_MATRIX()
    rect_pointer, matrix_pointer = ctypes.byref(rect), ctypes.byref(matrix)
    angle = 0
    for index in range(min(raw.FPDFText_CountChars(text_page), _MAX_GLYPHS)):
        code = raw.FPDFText_GetUnicode(text_page, index)
        if code in {0x0A, 0x0D}:
            glyphs.append(None)
            continue
        is_placed = raw.FPDFText_GetLooseCharBox(text_page, index, rect_pointer)
        if not is_placed or code in {0, 0xFFFE, 0xFFFF} or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
            code = 0x20
        # The font size alone says nothing: many writers set 1 and scale by the text matrix.
        scale = 0.0
        if raw.FPDFText_GetMatrix(text_page, index, matrix_pointer):
            scale = math.hypot(matrix.c, matrix.d)
            if matrix.b or matrix.a <= 0:
                angle = round(math.degrees(math.atan2(matrix.b, matrix.a)) / 90) % 4 * 90
            else:
                angle = 0
        box = _turn((rect.left, rect.bottom, rect.right, rect.top), bounds, angle)
        size = raw.FPDFText_GetFontSize(text_page, index) * scale or box[3] - box[1]
        glyphs.append(Glyph(chr(code), box, round(size * 4) / 4, angle=angle))
    return glyphs


def _turn(box: Box, page: Box, angle: int) -> Box:
    """Turn a box in PDF coordinates clockwise; return left, top, right, bottom from the upper left corner."""
    left, bottom, right, top = box
    if angle == 90:
        return bottom - page[1], left - page[0], top - page[1], right - page[0]
    if angle == 180:
        return page[2] - right, bottom - page[1], page[2] - left, top - page[1]
    if angle == 270:
        return page[3] - top, page[2] - right, page[3] - bottom, page[2] - left
    return left - page[0], page[3] - top, right - page[0], page[3] - bottom


def _turn_back(box: Box, page: Box, angle: int) -> Box:
    """Undo ``_turn``."""
    left, top, right, bottom = box
    if angle == 90:
        return top + page[0], left + page[1], bottom + page[0], right + page[1]
    if angle == 180:
        return page[2] - right, top + page[1], page[2] - left, bottom + page[1]
    if angle == 270:
        return page[2] - bottom, page[3] - right, page[2] - top, page[3] - left
    return left + page[0], page[3] - bottom, right + page[0], page[3] - top


def _share(value: float, whole: float) -> float:
    return round(min(max(value / whole, 0.0), 1.0), 5) if whole > 0 else 0.0


def _is_bold(text_page: Any, glyph: int) -> bool:
    from pypdfium2 import raw

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
    from pypdfium2 import raw

    width, height = page.get_size()
    area = 0.0
    for index, item in enumerate(page.get_objects(filter=(raw.FPDF_PAGEOBJ_IMAGE,), max_depth=4)):
        left, bottom, right, top = item.get_bounds()
        area += max(right - left, 0.0) * max(top - bottom, 0.0)
        if index > 2_000:
            break
    return bool(area >= _SCANNED_MIN_AREA * width * height)
