"""Waits for changes of files, so that they can be ingested as they come."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import watchfiles

from ondol.ingest.scan import Scan, is_document_name, is_hidden, scan, to_path
from ondol.ingest.uris import is_within, to_uri

_DEBOUNCE_MS = 1_600
_STEP_MS = 200


def watch(paths: Sequence[str], *, stop: threading.Event | None = None) -> Iterator[set[Path]]:
    """Yield sets of paths to ingest again: files that came, changed or went, folders that came.

    Bursts are gathered: nothing is yielded before the files have been quiet for a moment (at most 1.6 s).

    Args:
        paths: as given to ``ingest``.
        stop: ends the watching when set.
    """
    asked = scan(paths)
    roots = _find_roots(paths)
    changes = watchfiles.watch(
        *roots,
        watch_filter=None,
        debounce=_DEBOUNCE_MS,
        step=_STEP_MS,
        stop_event=stop,
        raise_interrupt=True,
    )
    for batch in changes:
        found = {
            _topmost_missing(Path(text), roots) for change, text in batch if _matters(change, Path(text))
        }
        wanted = {path for path in found if _is_asked(path, asked) and not _is_hidden_below(path, roots)}
        if wanted:
            yield wanted


def _find_roots(paths: Sequence[str]) -> list[Path]:
    """Return the folders to watch: those named, and those of the files named."""
    roots = []
    for text in paths:
        path = to_path(text)
        while not path.is_dir():
            path = path.parent
        roots.append(path)
    return roots


def _matters(change: watchfiles.Change, path: Path) -> bool:
    if path.is_dir():
        return change is watchfiles.Change.added
    # What is gone cannot be asked whether it was a folder.
    return not path.exists() or is_document_name(path.name)


def _topmost_missing(path: Path, roots: Sequence[Path]) -> Path:
    """Return the highest folder that went with ``path``: removed as one, found missing as one."""
    while not path.exists() and path not in roots and not path.parent.exists():
        path = path.parent
    return path


def _is_asked(path: Path, asked: Scan) -> bool:
    uri = to_uri(path)
    return asked.has_vanished(uri) or any(is_within(uri, missing) for missing, _ in asked.missing)


def _is_hidden_below(path: Path, roots: Sequence[Path]) -> bool:
    for root in roots:
        if path.is_relative_to(root):
            return any(is_hidden(part) for part in path.relative_to(root).parts)
    return True
