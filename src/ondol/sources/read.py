"""Reads one document of any known kind, in this process; ``pool`` does the same in a guarded child."""

from collections.abc import Callable
from pathlib import Path

from ondol.core.documents import DocumentKind, ParsedDocument
from ondol.core.errors import CorruptFileError, EmptyFileError, OndolError, ScannedFileError
from ondol.sources import docx, html, hwp, hwpx, mail, markdown, pdf, plain, pptx, table_csv, xlsx
from ondol.sources.archive import open_zip
from ondol.sources.limits import Limits
from ondol.sources.load import load_bytes
from ondol.sources.sniff import detect_kind
from ondol.text.language import detect_language

Reader = Callable[..., ParsedDocument]
"""``read(data: bytes, *, name: str, limits: Limits) -> ParsedDocument``."""

_LANGUAGE_SAMPLE_CHARS = 20_000


def read_document(source: Path | bytes, *, name: str, limits: Limits | None = None) -> ParsedDocument:
    """Read a document; what it is, is decided by its content, then by its name.

    An archive comes back with no pages: its members (``archive.list_members``) are documents of their own.
    A mail comes back as its text; its attachments are members likewise.

    Args:
        source: a file, or its bytes.
        name: the file's name, for its extension and for messages.
        limits: bounds; the defaults if ``None``.

    Raises:
        ParseError: one of its subclasses; nothing else, except ``MemoryError``.
    """
    limits = limits or Limits()
    data = load_bytes(source, name=name, limits=limits)
    kind = detect_kind(name, data)
    try:
        parsed = _READERS[kind](data, name=name, limits=limits)
    except (OndolError, MemoryError):
        raise
    except RecursionError as error:
        raise CorruptFileError(
            f"{name} is nested too deeply to be read.", remedy="Open it in its own program and save it again."
        ) from error
    except Exception as error:
        raise CorruptFileError(
            f"{name} cannot be read as {kind.value} ({type(error).__name__}: {str(error)[:200]}).",
            remedy="Open it in its own program and save it again.",
        ) from error
    return _complete(parsed, name)


def _complete(parsed: ParsedDocument, name: str) -> ParsedDocument:
    """Refuse a document without text, and fill in the language where the reader left it open."""
    if parsed.kind is DocumentKind.ARCHIVE:
        return parsed
    has_text = any(page.text.strip() and not page.scanned for page in parsed.pages)
    if not has_text and any(page.scanned for page in parsed.pages):
        raise ScannedFileError(
            f"{name} holds pictures of text only.", remedy="Run it through OCR first, then add the result."
        )
    if not has_text:
        raise EmptyFileError(f"{name} holds no text.", remedy="Check the file in its own program.")
    if parsed.language:
        return parsed
    sample, missing = [], _LANGUAGE_SAMPLE_CHARS
    for page in parsed.pages:
        sample.append(page.text[:missing])
        missing -= len(sample[-1])
        if missing <= 0:
            break
    return parsed.model_copy(update={"language": detect_language("\n".join(sample))})


def _read_archive(data: bytes, *, name: str, limits: Limits) -> ParsedDocument:
    open_zip(data, name=name, limits=limits).close()
    return ParsedDocument(kind=DocumentKind.ARCHIVE, media_type="application/zip", pages=())


_READERS: dict[DocumentKind, Reader] = {
    DocumentKind.PDF: pdf.read,
    DocumentKind.DOCX: docx.read,
    DocumentKind.PPTX: pptx.read,
    DocumentKind.XLSX: xlsx.read,
    DocumentKind.CSV: table_csv.read,
    DocumentKind.HTML: html.read,
    DocumentKind.MARKDOWN: markdown.read,
    DocumentKind.TEXT: plain.read,
    DocumentKind.EMAIL: mail.read,
    DocumentKind.HWPX: hwpx.read,
    DocumentKind.HWP: hwp.read,
    DocumentKind.ARCHIVE: _read_archive,
}
