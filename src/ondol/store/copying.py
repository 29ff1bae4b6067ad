"""Two ways to write a backup, a folder and a tar file, each hashing what passes through."""

import hashlib
import os
import shutil
import tarfile
from abc import ABC, abstractmethod
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from ondol.core.frozen import Frozen
from ondol.store.blobs import sync_folder

_BLOCK = 1 << 20


class FileRecord(Frozen):
    """What the manifest says of a file."""

    sha256: str
    size_bytes: int


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class HashingReader:
    """A stream that hashes what is read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self._size = 0

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        data = self._stream.read(size)
        self._digest.update(data)
        self._size += len(data)
        return data

    def record(self) -> FileRecord:
        """Return what was read so far."""
        return FileRecord(sha256=self._digest.hexdigest(), size_bytes=self._size)


class Copy(ABC):
    """Collects files under names; ``files`` is what was copied so far."""

    def __init__(self) -> None:
        self.files: dict[str, FileRecord] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add_file(self, source: Path, name: str) -> None:
        """Copy one file."""
        with source.open("rb") as stream:
            self.files[name] = self._write(stream, name, source.stat().st_size)

    def add_bytes(self, data: bytes, name: str) -> None:
        """Write ``data``, which is not listed among ``files``."""
        self._write(BytesIO(data), name, len(data))

    def add_tree(self, folder: Path, name: str) -> None:
        """Copy what is in a folder, if it is there; hidden files (locks) are left out."""
        for file in sorted(folder.rglob("*")):
            inside = file.relative_to(folder)
            if file.is_file() and not any(part.startswith(".") for part in inside.parts):
                self.add_file(file, f"{name}/{inside.as_posix()}")

    @abstractmethod
    def close(self) -> None:
        """Finish; what was copied survives a power cut."""

    @abstractmethod
    def _write(self, stream: BinaryIO, name: str, size: int) -> FileRecord:
        """Copy ``stream``, ``size`` bytes long, to ``name``."""


class FolderCopy(Copy):
    """Copies into a new folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        folder.mkdir(mode=0o700)

    def close(self) -> None:
        """Sync the folders; each file was synced when written."""
        for folder in [self._folder, *(entry for entry in self._folder.rglob("*") if entry.is_dir())]:
            sync_folder(folder)

    def _write(self, stream: BinaryIO, name: str, size: int) -> FileRecord:  # noqa: ARG002 - tar needs the size
        target = self._folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        reader = HashingReader(stream)
        with target.open("xb") as file:
            shutil.copyfileobj(reader, file, _BLOCK)
            file.flush()
            os.fsync(file.fileno())
        return reader.record()


class TarCopy(Copy):
    """Copies into a new tar file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("xb")
        path.chmod(0o600)
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed below

    def close(self) -> None:
        """Write the end of the archive and sync it."""
        try:
            self._tar.close()
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()

    def _write(self, stream: BinaryIO, name: str, size: int) -> FileRecord:
        member = tarfile.TarInfo(name)
        member.size = size
        member.mode = 0o600
        reader = HashingReader(stream)
        self._tar.addfile(member, reader)
        return reader.record()
