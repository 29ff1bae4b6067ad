"""Files of the search index: written whole, synced, then named; read by memory map."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ondol.core.errors import DiskFullError, SearchIndexError

Array = NDArray[Any]

_NO_SPACE = 28


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_file(path: Path, data: bytes) -> None:
    """Write ``path`` so that it holds the old bytes or the new ones, whatever happens.

    Raises:
        DiskFullError: no space is left.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise _storage_error(error, path) from error


def write_array(path: Path, array: Array) -> None:
    """Write an array as ``.npy``, synced; raises ``DiskFullError``."""
    try:
        with path.open("wb") as file:
            np.save(file, np.ascontiguousarray(array), allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _storage_error(error, path) from error


def map_array(path: Path) -> Array:
    """Return the array in ``path``, mapped, read-only; raises ``SearchIndexError`` if it is damaged."""
    try:
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise _damaged(path) from error
    return array


def read_json(path: Path) -> Any:
    """Return the JSON value in ``path``; raises ``SearchIndexError`` when it is missing or damaged."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _damaged(path) from error


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON, atomically."""
    write_file(path, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def link_folder(source: Path, target: Path, *, copied: frozenset[str]) -> None:
    """Make ``target`` hold hard links to the files of ``source``; locks are left out.

    Args:
        source: folder of files.
        target: new folder.
        copied: names of files that are copied, because their owner rewrites them.

    Raises:
        DiskFullError: no space is left.
    """
    target.mkdir(parents=True)
    for file in source.iterdir():
        if file.name.endswith(".lock") or not file.is_file():
            continue
        try:
            if file.name in copied:
                shutil.copyfile(file, target / file.name)
            else:
                _link(file, target / file.name)
        except OSError as error:
            raise _storage_error(error, target) from error


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:
        # Some file systems know no hard links.
        shutil.copyfile(source, target)


def remove_folder(folder: Path) -> None:
    """Remove ``folder`` and what is in it; what another process holds open stays readable to it."""
    shutil.rmtree(folder, ignore_errors=True)


def _storage_error(error: OSError, path: Path) -> Exception:
    if error.errno == _NO_SPACE:
        return DiskFullError(
            f"No space is left to write the search index at {path}.",
            remedy="Free some space, then try again.",
        )
    return SearchIndexError(
        f"The search index could not be written at {path}: {error.strerror}.",
        remedy="Check the folder's permissions, then try again.",
    )


def _damaged(path: Path) -> SearchIndexError:
    return SearchIndexError(
        f"The search index is damaged: {path} is missing or unreadable.",
        remedy="It is rebuilt from the database by the next ingest, or by searching again.",
    )
