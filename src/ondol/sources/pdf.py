"""PDF by pdfium. Not thread-safe: pdfium allows one call at a time in a process."""

from pathlib import Path

from ondol.core.documents import DocumentKind, ParsedDocument
from ondol.sources.build import PageBuilder, TextBudget
from ondol.sources.limits import Limits

Box = tuple[float, float, float, float]


def read(data: bytes, *, name: str, limits: Limits) -> ParsedDocument:
    """Read a PDF."""
    import pypdfium2

    budget = TextBudget(name, limits)
    pages = []
    with pypdfium2.PdfDocument(data) as document:
        for number, page in enumerate(document, 1):
            builder = PageBuilder(budget)
            for line in page.get_textpage().get_text_range().split("\r\n\r\n"):
                builder.add("paragraph", line)
            pages.append(builder.build(number))
    return ParsedDocument(kind=DocumentKind.PDF, media_type="application/pdf", pages=tuple(pages))


def render_page(source: Path | bytes, page: int, *, scale: float = 1.5) -> bytes:
    """Return a PNG of a page."""
    raise NotImplementedError


def find_boxes(source: Path | bytes, page: int, start: int, end: int) -> list[Box]:
    """Return the boxes of a span."""
    raise NotImplementedError
