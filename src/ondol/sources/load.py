"""Brings a file's bytes into memory, after asking its size and nature."""

import stat
from pathlib import Path

from ondol.core.errors import EmptyFileError, FileLimitError, UnreadableFileError
from ondol.sources.limits import Limits


def load_bytes(source: Path | bytes, *, name: str, limits: Limits) -> bytes:
    """Return the bytes of a regular file, or ``source`` itself.

    Raises:
        UnreadableFileError: missing, a folder, a device or pipe, or the operating system refused.
        FileLimitError: larger than ``limits.max_bytes``; found out before reading.
        EmptyFileError: no bytes.
    """
    if isinstance(source, bytes):
        _check_size(len(source), name, limits)
        return source
    try:
        found = source.stat()
        if not stat.S_ISREG(found.st_mode):
            what = "a folder" if stat.S_ISDIR(found.st_mode) else "not a regular file"
            raise UnreadableFileError(f"{name} is {what}.", remedy="Name a file, or add the folder's files.")
        _check_size(found.st_size, name, limits)
        data = source.read_bytes()
    except OSError as error:
        raise UnreadableFileError(
            f"{name} cannot be read: {error.strerror or error}.",
            remedy="Check that the file is there and that this user may read it.",
        ) from error
    _check_size(len(data), name, limits)
    return data


def _check_size(size: int, name: str, limits: Limits) -> None:
    if size == 0:
        raise EmptyFileError(f"{name} is empty.", remedy="Save the file again, or leave it out.")
    if size > limits.max_bytes:
        raise FileLimitError(
            f"{name} has {size:,} bytes; at most {limits.max_bytes:,} are read.",
            remedy="Split the file, or raise the limit on file size.",
        )
