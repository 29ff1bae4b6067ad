"""Identities: derived from content or address, never from chance, so that a second run names things alike.

See ``docs/decisions/0001-identity.md``.
"""

import hashlib
import re

DocumentId = str
ContentId = str
ChunkId = str

_ID_CHARS = 24


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def build_document_id(uri: str) -> DocumentId:
    """Name a document by its address: the id survives a change of content."""
    return "doc_" + sha256_hex(uri.encode())[:_ID_CHARS]


def build_chunk_id(blob_sha256: str, page: int | None, text: str, occurrence: int) -> ChunkId:
    """Name a chunk by what it says and where: stable while a newer parser yields the same text.

    Args:
        blob_sha256: SHA-256 of the original bytes.
        page: 1-based page, or ``None`` for documents without pages.
        text: the exact slice.
        occurrence: 0 for the first chunk with this text on this page, 1 for the next, …
    """
    key = f"{blob_sha256}\x00{page or 0}\x00{occurrence}\x00{text}"
    return "chk_" + sha256_hex(key.encode())[:_ID_CHARS]


_ID_PATTERN = re.compile(r"[a-z]{3}_[0-9a-f]{24}\Z")


def is_id(value: str) -> bool:
    """Tell whether ``value`` has the shape of an id made here."""
    return _ID_PATTERN.match(value) is not None
