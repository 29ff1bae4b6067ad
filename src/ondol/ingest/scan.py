"""Finds the files that were asked for: files, folders with all below them, globs.

Left out without a word: hidden files and folders, what word processors and archivers leave behind, links that
lead back into a folder already walked. In a folder, files that are no documents by their name are counted as
skipped; a file that was named is always tried.
"""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ondol.core.errors import OndolError, UnreadableFileError
from ondol.ingest.uris import is_within, to_uri
from ondol.sources.sniff import EXTENSIONS

# Documents that no reader takes: in a folder they are reported with what to convert them to, not passed over.
_KNOWN_BUT_UNREAD = frozenset({
    "doc", "xls", "ppt", "msg", "rtf", "odt", "ods", "odp", "epub", "pages", "numbers", "key", "hml", "show",
    "cell", "xlsb", "7z", "rar", "gz", "tgz", "tar",
})  # fmt: skip
_LEFT_OVERS = re.compile(r"~\$|__MACOSX\Z|Thumbs\.db\Z|desktop\.ini\Z|.*~\Z", re.IGNORECASE)
_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to ingest, as it was when found; ``is_named``: asked for by its own name."""

    path: Path
    uri: str
    size: int
    mtime_ns: int
    is_named: bool = False


@dataclass(slots=True)
class Scan:
    """What was found.

    Attributes:
        files: by URI, in order.
        scopes: URI prefixes under which everything that is there was seen; what is stored there and was not
            seen has vanished.
        patterns: the same for globs: a prefix and what the rest must match.
        unseen: URI prefixes that could not be looked into; nothing there is known to have vanished.
        failures: what was found and could not be looked at.
        missing: what was named and is not there: a failure unless something stored has vanished with it.
    """

    files: list[FoundFile] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    patterns: list[tuple[str, re.Pattern[str]]] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    failures: list[tuple[str, OndolError]] = field(default_factory=list)
    missing: list[tuple[str, OndolError]] = field(default_factory=list)
    skipped: int = 0

    @property
    def prefixes(self) -> list[str]:
        """URI prefixes that hold everything this scan may be about, none inside another."""
        found: list[str] = []
        for prefix in sorted({*self.scopes, *(p for p, _ in self.patterns), *(f.uri for f in self.files)}):
            if not found or not is_within(prefix, found[-1]):
                found.append(prefix)
        return found

    def has_vanished(self, uri: str) -> bool:
        """Whether a stored address that was not seen lies where everything was seen."""
        if any(is_within(uri, prefix) for prefix in self.unseen):
            return False
        if any(is_within(uri, prefix) for prefix in self.scopes):
            return True
        file_uri = uri.partition("!/")[0]
        return any(
            is_within(uri, prefix) and pattern.fullmatch(unquote(file_uri[len(prefix) :].lstrip("/")))
            for prefix, pattern in self.patterns
        )


def scan(paths: Sequence[str]) -> Scan:
    """Look for everything that ``paths`` name; nothing is opened, errors are collected."""
    return _Scanner().scan(paths)


class _Scanner:
    def __init__(self) -> None:
        self._found = Scan()
        self._seen: set[str] = set()
        self._walked: set[tuple[int, int]] = set()

    def scan(self, paths: Sequence[str]) -> Scan:
        for text in paths:
            path = to_path(text)
            try:
                status = path.stat()
            except OSError as error:
                if _GLOB.search(text):
                    self._glob(path)
                else:
                    self._missing(path, error)
                continue
            if stat.S_ISDIR(status.st_mode):
                self._found.scopes.append(to_uri(path))
                self._walk(path)
            else:
                self._file(path, status)
        self._found.files.sort(key=lambda file: file.uri)
        return self._found

    def _file(self, path: Path, status: os.stat_result) -> None:
        uri = to_uri(path)
        self._found.scopes.append(uri)
        self._keep(path, uri, status, is_named=True)

    def _keep(self, path: Path, uri: str, status: os.stat_result, *, is_named: bool = False) -> None:
        if uri not in self._seen:
            self._seen.add(uri)
            found = FoundFile(path, uri, status.st_size, status.st_mtime_ns, is_named)
            self._found.files.append(found)

    def _missing(self, path: Path, error: OSError) -> None:
        """A path that was named and is gone: what was read from it has vanished, if its folder is there."""
        uri = to_uri(path)
        if isinstance(error, FileNotFoundError) and path.parent.is_dir():
            self._found.scopes.append(uri)
            self._found.missing.append((uri, _refused(path, error)))
        else:
            self._found.unseen.append(uri)
            self._found.failures.append((uri, _refused(path, error)))

    def _walk(self, folder: Path) -> None:
        """Walk a folder without recursion: trees may be deep."""
        waiting = [folder]
        while waiting:
            current = waiting.pop()
            try:
                status = current.stat()
                if (status.st_dev, status.st_ino) in self._walked:
                    continue
                self._walked.add((status.st_dev, status.st_ino))
                with os.scandir(current) as entries:
                    children = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                self._found.unseen.append(to_uri(current))
                self._found.failures.append((to_uri(current), _refused(current, error)))
                continue
            for entry in children:
                if not is_hidden(entry.name):
                    waiting.extend(self._entry(entry))

    def _entry(self, entry: os.DirEntry[str]) -> Iterator[Path]:
        path = Path(entry.path)
        try:
            if entry.is_dir():
                yield path
            elif not is_document_name(entry.name):
                self._found.skipped += 1
            else:
                status = entry.stat()
                if stat.S_ISREG(status.st_mode):
                    self._keep(path, to_uri(path), status)
        except OSError as error:
            if not entry.is_symlink():  # a link that leads nowhere is no document
                self._found.unseen.append(to_uri(path))
                self._found.failures.append((to_uri(path), _refused(path, error)))

    def _glob(self, pattern: Path) -> None:
        parts = pattern.parts
        first = next(i for i, part in enumerate(parts) if _GLOB.search(part))
        base, rest = Path(*parts[:first]), parts[first:]
        before = len(self._found.files)
        for path in sorted(base.glob("/".join(rest))):
            if any(is_hidden(part) for part in path.relative_to(base).parts):
                continue
            try:
                status = path.stat()
            except OSError as error:
                self._found.failures.append((to_uri(path), _refused(path, error)))
                continue
            if stat.S_ISREG(status.st_mode):
                self._keep(path, to_uri(path), status)
        self._found.patterns.append((to_uri(base), _compile_glob(rest)))
        if len(self._found.files) == before:
            nothing = UnreadableFileError(
                f"No file matches {pattern}.", remedy="Check the pattern, and quote it in a shell."
            )
            self._found.missing.append((to_uri(base), nothing))


def to_path(text: str) -> Path:
    """Return the path that a person or an address names: absolute, ``~`` and ``..`` resolved."""
    if text.startswith("file://"):
        text = unquote(urlsplit(text).path)
    return Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 - resolve would follow links


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is left out without a word."""
    return name.startswith(".") or _LEFT_OVERS.match(name) is not None


def is_document_name(name: str) -> bool:
    """Whether a folder's file is to be tried: a known extension, or none at all (README)."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    return not extension or extension in EXTENSIONS or extension in _KNOWN_BUT_UNREAD


def _compile_glob(parts: Sequence[str]) -> re.Pattern[str]:
    """Translate the parts of a glob below its base; ``**`` stands for any number of folders."""
    out = []
    for index, part in enumerate(parts):
        is_last = index == len(parts) - 1
        if part == "**":
            out.append("(?:.*)" if is_last else "(?:[^/]+/)*")
            continue
        text = re.escape(part).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
        text = re.sub(r"\\\[(!?)(.*?)\\\]", lambda m: f"[{'^' if m[1] else ''}{m[2]}]", text)
        out.append(text + ("" if is_last else "/"))
    return re.compile("".join(out))


def _refused(path: Path, error: OSError) -> UnreadableFileError:
    return UnreadableFileError(
        f"{path} cannot be read: {error.strerror or error}.",
        remedy="Check that it is there and that this user may read it.",
    )
