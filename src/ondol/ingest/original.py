"""Looks at a source file before it is taken in: size, kind, hash."""

import hashlib
from pathlib import Path

from ondol.core.errors import (
    EmptyFileError,
    FileLimitError,
    ParseError,
    UnreadableFileError,
    UnsupportedFileError,
)
from ondol.ingest.scan import FoundFile
from ondol.ingest.uris import show_name
from ondol.sources.sniff import detect_kind

HEAD_BYTES = 1 << 16
"""So much of a file's beginning tells its kind."""

_BLOCK_BYTES = 1 << 20


def check_size(found: FoundFile, max_bytes: int) -> None:
    """Raise for a file without bytes or with too many, before a byte is read."""
    name = show_name(found.uri)
    if found.size == 0:
        raise EmptyFileError(f"{name} is empty.", remedy="Save the file again, or leave it out.")
    if found.size > max_bytes:
        raise FileLimitError(
            f"{name} has {found.size:,} bytes; at most {max_bytes:,} are read.",
            remedy="Split the file, or raise the limit on file size.",
        )


def refuse_unread(found: FoundFile, head: bytes) -> None:
    """Raise for what no reader takes before its bytes are kept: a folder may hold films."""
    try:
        detect_kind(show_name(found.uri), head)
    except (UnsupportedFileError, EmptyFileError):
        raise
    except ParseError:
        return  # with all its bytes the reader can tell better what is wrong


def hash_file(path: Path) -> tuple[str, bytes]:
    """Return the SHA-256 of a file and its first bytes."""
    digest, head = hashlib.sha256(), b""
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                head = head or block[:HEAD_BYTES]
                digest.update(block)
    except OSError as error:
        raise refused(path, error) from error
    return digest.hexdigest(), head


def refused(path: Path, error: OSError) -> UnreadableFileError:
    """Say that the operating system refused to read a file."""
    return UnreadableFileError(
        f"{path.name} cannot be read: {error.strerror or error}.",
        remedy="Check that it is there and that this user may read it.",
    )
