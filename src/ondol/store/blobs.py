"""Originals, named by the SHA-256 of their bytes: written once, never changed, shared."""

import errno
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from ondol.core.clock import Clock
from ondol.core.errors import ConflictError, DiskFullError, NotFoundError, StorageError, WrongUseError
from ondol.store.locks import FileLock

_NAME = re.compile(r"[0-9a-f]{64}\Z")
_BLOCK = 1 << 20


@contextmanager
def translate_os_errors(doing: str) -> Iterator[None]:
    """Turn an ``OSError`` into ``DiskFullError`` or ``StorageError`` that says what was being done."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFullError(
                f"No space is left while {doing}.", remedy="Free some space and run again."
            ) from error
        raise StorageError(
            f"The operating system refused while {doing}: {error.strerror} ({error.filename}).",
            remedy="Check the owner, the permissions and the health of the disk.",
        ) from error


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Blobs:
    """A folder of originals. Safe to use from several threads and processes."""

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self.lock = FileLock(folder / ".lock", purpose="sweeping or copying the originals")

    def put(self, source: Path | bytes) -> str:
        """Keep the bytes and return their SHA-256; on return they survive a power cut.

        Raises:
            DiskFullError: no space is left.
            StorageError: the operating system refused.
        """
        with translate_os_errors("storing an original"):
            if isinstance(source, bytes):
                return self._put_stream(BytesIO(source))
            with source.open("rb") as stream:
                return self._put_stream(stream)

    def path(self, sha256: str) -> Path:
        """Return where the bytes are; raises ``NotFoundError``."""
        path = self._path(sha256)
        if not path.is_file():
            raise NotFoundError(
                f"The original {sha256[:12]}… is not in {self._folder}.",
                remedy="Ingest its source again, or restore a backup.",
            )
        return path

    def has(self, sha256: str) -> bool:
        """Tell whether the bytes are here."""
        return self._path(sha256).is_file()

    def names(self) -> Iterator[str]:
        """Yield the SHA-256 of every original, in order."""
        for folder in sorted(self._folder.glob("[0-9a-f][0-9a-f]")):
            for file in sorted(folder.iterdir()):
                if _NAME.match(file.name):
                    yield file.name

    def delete_unreferenced(
        self, keep: Callable[[Collection[str]], Collection[str]], *, grace_s: float = 3600.0
    ) -> int:
        """Delete originals that nothing refers to, and what killed writers left; return how many originals.

        Args:
            keep: given some names, returns those still referred to.
            grace_s: originals stored within this many seconds stay: their document may be about to be saved.
        """
        before = self._clock() - timedelta(seconds=grace_s)
        deleted = 0
        try:
            with self.lock.hold(), translate_os_errors("deleting originals"):
                self._delete_left_overs(before)
                for folder in sorted(self._folder.glob("[0-9a-f][0-9a-f]")):
                    old = {f.name for f in folder.iterdir() if _NAME.match(f.name) and _is_older(f, before)}
                    for name in old.difference(keep(old)) if old else ():
                        (folder / name).unlink(missing_ok=True)
                        deleted += 1
        except ConflictError:
            return deleted  # a backup is copying them; the next sweep finds the same ones again
        return deleted

    def _path(self, sha256: str) -> Path:
        if not _NAME.match(sha256):
            raise WrongUseError(f"{sha256[:80]!r} is not a SHA-256.", remedy="Use 64 hexadecimal digits.")
        return self._folder / sha256[:2] / sha256

    def _put_stream(self, stream: BinaryIO) -> str:
        temporary = self._folder / "incoming" / secrets.token_hex(16)
        temporary.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        try:
            with temporary.open("xb") as target:
                while block := stream.read(_BLOCK):
                    digest.update(block)
                    target.write(block)
                sha256 = digest.hexdigest()
                path = self._path(sha256)
                if path.is_file():
                    os.utime(
                        path
                    )  # young again, so that a sweep leaves it to whoever is about to refer to it
                    return sha256
                target.flush()
                os.fsync(target.fileno())
            path.parent.mkdir(exist_ok=True)
            temporary.chmod(0o400)
            temporary.replace(path)
            sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
        return sha256

    def _delete_left_overs(self, before: datetime) -> None:
        for file in (self._folder / "incoming").glob("*"):
            if _is_older(file, before):
                file.unlink(missing_ok=True)


def _is_older(file: Path, instant: datetime) -> bool:
    try:
        return file.stat().st_mtime < instant.timestamp()
    except FileNotFoundError:
        return False
