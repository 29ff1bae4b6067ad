"""What made a stored content: reader and chunking. Where that is not today's, the source is read again."""

import re

from ondol.core.documents import DocumentKind
from ondol.ingest.chunk import ChunkOptions

READER_VERSIONS: dict[DocumentKind, int] = {
    DocumentKind.PDF: 1,
    DocumentKind.DOCX: 1,
    DocumentKind.PPTX: 1,
    DocumentKind.XLSX: 1,
    DocumentKind.CSV: 1,
    DocumentKind.HTML: 1,
    DocumentKind.MARKDOWN: 1,
    DocumentKind.TEXT: 1,
    DocumentKind.EMAIL: 1,
    DocumentKind.HWPX: 1,
    DocumentKind.HWP: 1,
    DocumentKind.ARCHIVE: 1,
}
"""Raise a reader's number when it would now read the same bytes differently."""

_FINGERPRINT = re.compile(r"(?P<kind>[a-z]+)-\d+ ")


def build_fingerprint(kind: DocumentKind, options: ChunkOptions) -> str:
    """Name the reader of a kind and the chunking."""
    return f"{kind.value}-{READER_VERSIONS[kind]} {options.fingerprint}"


def is_current(fingerprint: str, options: ChunkOptions) -> bool:
    """Whether a stored content is what today's reader and chunking would make of the same bytes."""
    found = _FINGERPRINT.match(fingerprint)
    if not found or found["kind"] not in {kind.value for kind in DocumentKind}:
        return False
    return fingerprint == build_fingerprint(DocumentKind(found["kind"]), options)
