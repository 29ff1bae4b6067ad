"""What a reader may take: bytes, pages, text, archive members, time and memory."""

from pydantic import Field

from ondol.core.frozen import Frozen


class Limits(Frozen):
    """Bounds on one file; over any of them it is reported with ``file_limit`` and nothing of it is kept.

    Attributes:
        max_bytes: of the file as it lies on disk, checked before a byte is read.
        max_pages: pages, slides or worksheets.
        max_text_chars: code points of text drawn from one file.
        max_archive_ratio: uncompressed to compressed size of a ZIP (checked above one megabyte).
        max_archive_members: entries of a ZIP, those of nested archives included.
        max_archive_bytes: uncompressed size of a ZIP, nested archives included.
        max_archive_depth: archives inside archives; 1 means none.
        timeout_s: wall clock for one request to the parser's process.
        memory_bytes: address space of the parser's process.
    """

    max_bytes: int = Field(default=512 * 2**20, gt=0)
    max_pages: int = Field(default=20_000, gt=0)
    max_text_chars: int = Field(default=50_000_000, gt=0)
    max_archive_ratio: float = Field(default=200.0, gt=1)
    max_archive_members: int = Field(default=20_000, gt=0)
    max_archive_bytes: int = Field(default=2 * 2**30, gt=0)
    max_archive_depth: int = Field(default=3, ge=1)
    timeout_s: float = Field(default=120.0, gt=0)
    memory_bytes: int = Field(default=2 * 2**30, gt=0)
