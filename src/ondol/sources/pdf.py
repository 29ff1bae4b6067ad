"""PDF by pdfium: text in reading order with structure, pictures of pages, places of quotations.

pdfium allows one call at a time in a process: use ``pool`` from a program with threads. The text of a page
is a pure function of that page, so offsets into it can be traced back to glyphs whenever a highlight is
asked for. Running heads, feet and page numbers stay in the text but belong to no block, so they are never
quoted.
"""

import contextlib
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ondol.core.documents import DocumentKind, ParsedDocument
from ondol.core.errors import (
    CorruptFileError,
    EncryptedFileError,
    FileLimitError,
    NotFoundError,
    UnsupportedFileError,
)
from ondol.sources.build import TextBudget
from ondol.sources.limits import Limits
from ondol.sources.load import load_bytes
from ondol.sources.pdf_layout import Glyph
from ondol.sources.pdf_page import Box, has_large_picture, is_poor, read_page
from ondol.sources.pdf_structure import Outline, Passage, build_pages, find_title
from ondol.text.normalise import nfc

_PASSWORD_ERROR = 4  # fpdfview.h, FPDF_ERR_PASSWORD
_SECURITY_ERROR = 5
_MAX_PIXELS = 40_000_000
_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([+-])(\d\d)'?(\d\d)?|Z)?")


def read(data: bytes, *, name: str, limits: Limits) -> ParsedDocument:
    """Read a PDF, page by page.

    Raises:
        EncryptedFileError: a password is needed.
        CorruptFileError: damaged beyond pdfium's repair.
        FileLimitError: more pages or text than allowed.
    """
    budget = TextBudget(name, limits)
    warnings: list[str] = []
    outlines: list[Outline] = []
    with _open(data, name) as document:
        if len(document) > limits.max_pages:
            raise FileLimitError(
                f"{name} has {len(document):,} pages; at most {limits.max_pages:,} are read.",
                remedy="Split the file, or raise the limit on pages.",
            )
        for number in range(1, len(document) + 1):
            outline = _read_outline(document, number)
            budget.spend(len(outline.text))
            outlines.append(outline)
        metadata = document.get_metadata_dict()
    pages = build_pages(outlines)
    if any(outline.is_broken for outline in outlines):
        warnings.append(
            f"Pages that could not be read: {_list_numbers(o.number for o in outlines if o.is_broken)}."
        )
    if any(page.scanned for page in pages):
        warnings.append(
            f"Pages that are pictures of text: {_list_numbers(p.number for p in pages if p.scanned)}."
        )
    return ParsedDocument(
        kind=DocumentKind.PDF,
        media_type="application/pdf",
        title=find_title(metadata.get("Title", ""), outlines),
        author=" ".join(nfc(metadata.get("Author", "")).split()),
        created_at=_read_date(metadata.get("CreationDate", "")),
        modified_at=_read_date(metadata.get("ModDate", "")),
        pages=tuple(pages),
        warnings=tuple(warnings),
    )


def render_page(
    source: Path | bytes, page: int, *, scale: float = 1.5, limits: Limits | None = None
) -> bytes:
    """Return a picture of a page as PNG.

    Args:
        source: the PDF.
        page: from 1.
        scale: pixels per point; made smaller where the picture would pass 40 megapixels.
        limits: bounds; the defaults if ``None``.
    """
    name = source.name if isinstance(source, Path) else "the file"
    with (
        _open(load_bytes(source, name=name, limits=limits or Limits()), name) as document,
        _load_page(document, page, name) as loaded,
    ):
        width, height = loaded.get_size()
        scale = min(max(scale, 0.05), 10.0, (_MAX_PIXELS / max(width * height, 1.0)) ** 0.5)
        bitmap = loaded.render(scale=scale, rev_byteorder=True, prefer_bgrx=False)
        try:
            pixels = bytes(bitmap.buffer)
            return _encode_png(pixels, bitmap.width, bitmap.height, bitmap.stride, bitmap.n_channels)
        finally:
            bitmap.close()


def _encode_png(pixels: bytes, width: int, height: int, stride: int, channels: int) -> bytes:
    """Write grey, RGB or RGBA rows as PNG (ISO/IEC 15948).

    Unfiltered, which suits the flat colours of pages.
    """
    used = width * channels
    body = b"".join(b"\x00" + pixels[start : start + used] for start in range(0, height * stride, stride))
    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in ((b"IHDR", header), (b"IDAT", zlib.compress(body, 3)), (b"IEND", b""))
    )


def find_boxes(
    source: Path | bytes, page: int, start: int, end: int, *, limits: Limits | None = None
) -> list[Box]:
    """Return where ``page.text[start:end]`` of the stored text stands, one box a line.

    Returns:
        Left, top, right, bottom as shares of the page (0 to 1), origin at the top left.
    """
    name = source.name if isinstance(source, Path) else "the file"
    with (
        _open(load_bytes(source, name=name, limits=limits or Limits()), name) as document,
        _load_page(document, page, name) as loaded,
    ):
        found = read_page(loaded)
    boxes: list[Box] = []
    previous: Glyph | None = None
    for number in found.origins[max(start, 0) : max(end, 0)]:
        glyph = found.glyphs[number] if number >= 0 else None
        if glyph is None or glyph.char.isspace():
            continue
        box = found.find_box(glyph)
        if previous is not None and _continues(previous, glyph):
            last = boxes[-1]
            box = min(last[0], box[0]), min(last[1], box[1]), max(last[2], box[2]), max(last[3], box[3])
            boxes[-1] = box
        else:
            boxes.append(box)
        previous = glyph
    return boxes


def _continues(previous: Glyph, glyph: Glyph) -> bool:
    height = min(previous.bottom - previous.top, glyph.bottom - glyph.top)
    overlap = min(previous.bottom, glyph.bottom) - max(previous.top, glyph.top)
    return overlap > 0.3 * height and -0.5 * glyph.size < glyph.left - previous.right < 1.5 * glyph.size


@contextlib.contextmanager
def _open(data: bytes, name: str) -> Iterator[Any]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code == _PASSWORD_ERROR:
            raise EncryptedFileError(
                f"{name} is protected by a password.", remedy="Save it without a password and add it again."
            ) from error
        if code == _SECURITY_ERROR:
            raise UnsupportedFileError(
                f"{name} is protected by a scheme that is not supported.",
                remedy="Save it without protection.",
            ) from error
        raise CorruptFileError(
            f"{name} is a damaged or truncated PDF.", remedy="Get an intact copy, or print it to a new PDF."
        ) from error
    try:
        yield document
    finally:
        document.close()


@contextlib.contextmanager
def _load_page(document: Any, number: int, name: str) -> Iterator[Any]:
    import pypdfium2

    if not 1 <= number <= len(document):
        raise NotFoundError(f"{name} has no page {number}; it has {len(document)}.")
    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError as error:
        raise CorruptFileError(
            f"Page {number} of {name} is damaged.", remedy="Get an intact copy, or print it to a new PDF."
        ) from error
    try:
        yield page
    finally:
        page.close()


def _read_outline(document: Any, number: int) -> Outline:
    import pypdfium2

    outline = Outline(number)
    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError:
        outline.is_broken = True
        return outline
    try:
        found = read_page(page)
        outline.text, outline.height = found.text, found.height
        outline.parts = [Passage(part, start, end) for part, start, end in found.parts]
        if is_poor(found.text):
            outline.is_scanned = has_large_picture(page)
    except pypdfium2.PdfiumError:
        outline.is_broken = True
    finally:
        page.close()
    return outline


def _read_date(text: str) -> datetime | None:
    """Read ``D:YYYYMMDDHHmmSSOHH'mm`` (ISO 32000-1, 7.9.4), in UTC."""
    match = _DATE.match(text.strip())
    if match is None:
        return None
    defaults = (0, 1, 1, 0, 0, 0)
    year, month, day, hour, minute, second = (
        int(group) if group else default for group, default in zip(match.groups()[:6], defaults, strict=True)
    )
    offset = timedelta(hours=int(match[8] or 0), minutes=int(match[9] or 0))
    try:
        zone = timezone(-offset if match[7] == "-" else offset)
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _list_numbers(numbers: Iterable[int | None]) -> str:
    found = [str(number) for number in numbers]
    return ", ".join(found[:20]) + (f" and {len(found) - 20} more" if len(found) > 20 else "")
