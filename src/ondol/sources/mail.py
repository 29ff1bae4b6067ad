"""Mail (RFC 5322, MIME)."""

from ondol.core.documents import ParsedDocument
from ondol.sources.limits import Limits


def list_attachments(data: bytes) -> list[tuple[str, bytes]]:
    """Return the attachments."""
    return []


def read(data: bytes, *, name: str, limits: Limits) -> ParsedDocument:
    """Read a mail."""
    raise NotImplementedError
