"""Takes one file into the corpus: original, parse, chunks, save; what is inside an archive or mail likewise.

Everything about a document is saved in one transaction, and a container is marked as done after all it
holds, so that a run killed anywhere is finished by the next one. Failures are collected; only a full disk
ends the run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ondol.core.access import Label
from ondol.core.documents import Document, DocumentKind, ParsedDocument
from ondol.core.errors import (
    DiskFullError,
    EmptyFileError,
    FileLimitError,
    OndolError,
    ParseError,
    StorageError,
    UnsupportedFileError,
)
from ondol.core.ids import build_document_id, sha256_hex
from ondol.ingest.chunk import build_chunks
from ondol.ingest.fingerprint import build_fingerprint, is_current
from ondol.ingest.original import HEAD_BYTES, check_size, hash_file, refuse_unread, refused
from ondol.ingest.report import IngestFailure, IngestOptions, build_failure
from ondol.ingest.scan import FoundFile, is_document_name
from ondol.ingest.uris import is_within, member_uri, show_name
from ondol.sources.archive import MEMBER_SEPARATOR
from ondol.sources.pool import ParserPool
from ondol.sources.sniff import detect_kind
from ondol.store.home import Store
from ondol.store.records import SourceState

UNFINISHED = -1
"""Stands for the time of a source whose members are not all in: no file has it, so it is looked at again."""

_CONTAINERS = frozenset({DocumentKind.ARCHIVE, DocumentKind.EMAIL})
_MAX_TITLE_CHARS = 300

Status = Literal["added", "changed", "removed"]


@dataclass(slots=True)
class Outcome:
    """What became of one file and of what it holds."""

    documents: list[tuple[Status, str]] = field(default_factory=list)
    failures: list[IngestFailure] = field(default_factory=list)
    unchanged: int = 0
    skipped: int = 0
    chunks: int = 0
    bytes: int = 0
    fatal: OndolError | None = None
    members: list[tuple[str, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Source:
    """A document's bytes, kept as an original, and where they came from."""

    uri: str
    blob_sha256: str
    size: int
    mtime_ns: int
    modified_at: datetime | None
    label: Label
    licence: str


class StoppedError(Exception):
    """The run was asked to stop while a container was being read."""


class FileProcessor:
    """Processes files; safe to use from several threads.

    Args:
        states: what the corpus holds, by URI; read only.
    """

    def __init__(
        self,
        store: Store,
        pool: ParserPool,
        options: IngestOptions,
        states: Mapping[str, SourceState],
        is_stopping: Callable[[], bool],
    ) -> None:
        self._store = store
        self._pool = pool
        self._options = options
        self._states = states
        self._is_stopping = is_stopping
        self._members: dict[str, list[str]] = {}
        for uri in states:
            container, separator, _ = uri.partition(MEMBER_SEPARATOR)
            if separator:
                self._members.setdefault(container, []).append(uri)

    def count_unchanged(self, found: FoundFile) -> int:
        """Return how many documents of this file are as stored, by size and time alone; 0: look at it."""
        own = self._states.get(found.uri)
        members = [self._states[uri] for uri in self._members.get(found.uri, ())]
        if own is not None:
            is_same = (own.size_bytes, own.mtime_ns) == (found.size, found.mtime_ns)
        else:
            is_same = bool(members) and all(state.mtime_ns == _stamp(found) for state in members)
        known = [*([own] if own else []), *members]
        is_kept = all(
            is_current(s.parser_fingerprint, self._options.chunks) and self._keeps_marks(s) for s in known
        )
        return len(known) if is_same and is_kept else 0

    def process(self, found: FoundFile) -> Outcome:
        """Bring the corpus up to the file; what goes wrong is in the outcome."""
        outcome = Outcome()
        try:
            self._file(found, outcome)
            outcome.bytes += found.size
        except StoppedError:
            raise
        except UnsupportedFileError as error:
            if found.is_named or "." in show_name(found.uri):
                self._fail(found.uri, error, outcome)
            else:
                outcome.skipped += 1
        except OndolError as error:
            self._fail(found.uri, error, outcome)
        except Exception as error:  # noqa: BLE001 - whatever one file does must not stop the others
            self._fail(found.uri, _unexpected(found.uri, error), outcome)
        return outcome

    def _file(self, found: FoundFile, outcome: Outcome) -> None:
        check_size(found, self._pool.limits.max_bytes)
        state = self._states.get(found.uri)
        sha256, head = hash_file(found.path)
        label, licence = self._marks(state, None)
        mtime = datetime.fromtimestamp(found.mtime_ns / 1e9, tz=UTC) if found.mtime_ns > 0 else None
        source = _Source(found.uri, sha256, found.size, found.mtime_ns, mtime, label, licence)
        if self._is_stored(state, sha256) and state is not None and not _is_mail(state):
            self._refresh(source, state, outcome)
            return
        refuse_unread(found, head)
        sha256 = self._keep(found.path)
        self._document(_with(source, blob_sha256=sha256), outcome, depth=1)

    def _document(self, source: _Source, outcome: Outcome, *, depth: int) -> None:
        """Save a document whose original is kept, and what it holds."""
        path = self._store.blobs.path(source.blob_sha256)
        if self._link_by_name(source, path, outcome):
            return
        name = show_name(source.uri)
        parsed = self._pool.parse(path, name=name)
        if parsed.kind in _CONTAINERS:
            is_complete = self._container(source, path, outcome, depth=depth)
            if parsed.kind is DocumentKind.ARCHIVE:
                return
            if not is_complete:
                source = _with(source, mtime_ns=UNFINISHED)
        chunks = build_chunks(parsed, blob_sha256=source.blob_sha256, options=self._options.chunks)
        self._store.corpus.save_document(
            self._describe(source, parsed),
            parsed,
            chunks,
            parser_fingerprint=build_fingerprint(parsed.kind, self._options.chunks),
            mtime_ns=source.mtime_ns,
        )
        self._note_saved(source, outcome)
        outcome.chunks += len(chunks)

    def _link_by_name(self, source: _Source, path: Path, outcome: Outcome) -> bool:
        """Save without parsing when these bytes were parsed before, under whatever name."""
        try:
            with path.open("rb") as stream:
                kind = detect_kind(show_name(source.uri), stream.read(HEAD_BYTES))
        except (OSError, OndolError):
            return False
        if kind in _CONTAINERS or not self._link(source, build_fingerprint(kind, self._options.chunks), kind):
            return False
        self._note_saved(source, outcome)
        return True

    def _link(self, source: _Source, fingerprint: str, kind: DocumentKind) -> bool:
        document = self._describe(source, ParsedDocument(kind=kind, media_type="", pages=()), has_own=False)
        saved = self._store.corpus.link_document(
            document,
            parser_fingerprint=fingerprint,
            mtime_ns=source.mtime_ns,
            fallback_title=_title(source.uri),
            fallback_date=source.modified_at,
        )
        return saved is not None

    def _refresh(self, source: _Source, state: SourceState, outcome: Outcome) -> None:
        """The bytes are those stored: note time and marks, nothing else."""
        corpus = self._store.corpus
        corpus.clear_failure(source.uri)
        if self._keeps_marks(state):
            document_id = build_document_id(source.uri)
            corpus.touch_document(document_id, mtime_ns=source.mtime_ns, size_bytes=source.size)
            outcome.unchanged += 1
            return
        kind = DocumentKind(state.parser_fingerprint.partition("-")[0])
        if self._link(source, state.parser_fingerprint, kind):
            outcome.documents.append(("changed", source.uri))

    def _container(self, source: _Source, path: Path, outcome: Outcome, *, depth: int) -> bool:
        """Process the members; return whether all of them are in."""
        limits = self._pool.limits
        if depth > limits.max_archive_depth:
            raise FileLimitError(
                f"{show_name(source.uri)} is nested more than {limits.max_archive_depth} deep.",
                remedy="Unpack the outer archive and add what is inside.",
            )
        name = show_name(source.uri)
        num_failures = len(outcome.failures)
        kept: list[str] = []
        for member in self._pool.list_members(path, name=name):
            if self._is_stopping():
                raise StoppedError
            uri = member_uri(source.uri, member.name)
            if not is_document_name(show_name(uri)):
                outcome.skipped += 1
                continue
            kept.append(uri)
            try:
                data = self._pool.read_member(path, member.name, name=name)
                self._member(source, uri, data, outcome, depth=depth)
                outcome.members.append((uri, len(data)))
            except (DiskFullError, StoppedError):
                raise
            except OndolError as error:
                self._fail(uri, error, outcome)
        self._drop_members(source.uri, kept, outcome)
        is_complete = len(outcome.failures) == num_failures
        if is_complete and depth == 1:
            for uri, size in outcome.members:
                self._store.corpus.touch_document(
                    build_document_id(uri), mtime_ns=source.mtime_ns + source.size, size_bytes=size
                )
        return is_complete

    def _member(self, container: _Source, uri: str, data: bytes, outcome: Outcome, *, depth: int) -> None:
        if not data:
            raise EmptyFileError(f"{show_name(uri)} is empty.", remedy="Leave it out of the archive.")
        state = self._states.get(uri)
        label, licence = self._marks(state, container)
        sha256 = sha256_hex(data)
        source = _Source(uri, sha256, len(data), UNFINISHED, container.modified_at, label, licence)
        if self._is_stored(state, sha256) and state is not None and not _is_mail(state):
            self._refresh(source, state, outcome)
            return
        self._store.blobs.put(data)
        self._document(source, outcome, depth=depth + 1)

    def _drop_members(self, container: str, kept: list[str], outcome: Outcome) -> None:
        """Remove what the container no longer holds; what failed keeps its older version."""
        gone = [
            uri
            for uri in self._members.get(container.partition(MEMBER_SEPARATOR)[0], ())
            if uri != container and is_within(uri, container) and not any(is_within(uri, k) for k in kept)
        ]
        self._store.corpus.remove_documents([build_document_id(uri) for uri in gone])
        outcome.documents.extend(("removed", uri) for uri in gone)

    def _describe(self, source: _Source, parsed: ParsedDocument, *, has_own: bool = True) -> Document:
        """Build the document; with ``has_own`` the file's name and time fill what the content leaves open."""
        is_dated = parsed.created_at or parsed.modified_at
        return Document(
            id=build_document_id(source.uri),
            uri=source.uri,
            title=parsed.title[:_MAX_TITLE_CHARS] or (_title(source.uri) if has_own else ""),
            kind=parsed.kind,
            media_type=parsed.media_type,
            blob_sha256=source.blob_sha256,
            size_bytes=source.size,
            label=source.label,
            licence=source.licence,
            language=parsed.language,
            author=parsed.author,
            created_at=parsed.created_at,
            modified_at=source.modified_at if has_own and not is_dated else parsed.modified_at,
            ingested_at=self._store.clock(),
            warnings=parsed.warnings,
        )

    def _marks(self, state: SourceState | None, container: _Source | None) -> tuple[Label, str]:
        """Return label and licence: as asked for, else as it had, else its container's, else the defaults."""
        options = self._options
        label = state.label if state else container.label if container else options.default_label
        licence = state.licence if state else container.licence if container else options.default_licence
        return options.label or label, options.licence or licence

    def _keeps_marks(self, state: SourceState) -> bool:
        return (self._options.label or state.label, self._options.licence or state.licence) == (
            state.label,
            state.licence,
        )

    def _is_stored(self, state: SourceState | None, sha256: str) -> bool:
        return (
            state is not None
            and state.blob_sha256 == sha256
            and is_current(state.parser_fingerprint, self._options.chunks)
        )

    def _note_saved(self, source: _Source, outcome: Outcome) -> None:
        self._store.corpus.clear_failure(source.uri)
        state = self._states.get(source.uri)
        if state and self._is_stored(state, source.blob_sha256) and self._keeps_marks(state):
            outcome.unchanged += 1  # a mail, read again for what is attached to it
        else:
            outcome.documents.append(("changed" if state else "added", source.uri))

    def _keep(self, path: Path) -> str:
        try:
            return self._store.blobs.put(path)
        except StorageError as error:
            if isinstance(error.__cause__, FileNotFoundError | PermissionError):
                raise refused(path, error.__cause__) from error
            raise

    def _fail(self, uri: str, error: OndolError, outcome: Outcome) -> None:
        has_older = uri in self._states or any(is_within(m, uri) for m in self._members.get(uri, ()))
        outcome.failures.append(build_failure(uri, error, has_older=has_older))
        if isinstance(error, DiskFullError):
            outcome.fatal = error
        elif isinstance(error, ParseError):
            self._store.corpus.save_failure(uri, error, label=self._marks(self._states.get(uri), None)[0])


def _stamp(found: FoundFile) -> int:
    """What the members of an archive carry for its time and size."""
    return found.mtime_ns + found.size


def _with(source: _Source, *, blob_sha256: str | None = None, mtime_ns: int | None = None) -> _Source:
    return _Source(
        source.uri,
        blob_sha256 or source.blob_sha256,
        source.size,
        source.mtime_ns if mtime_ns is None else mtime_ns,
        source.modified_at,
        source.label,
        source.licence,
    )


def _is_mail(state: SourceState) -> bool:
    return state.parser_fingerprint.startswith(DocumentKind.EMAIL.value)


def _title(uri: str) -> str:
    name = show_name(uri)
    stem = name.rpartition(".")[0] or name
    return " ".join(stem.split())[:_MAX_TITLE_CHARS]


def _unexpected(uri: str, error: Exception) -> OndolError:
    return ParseError(
        f"{show_name(uri)} could not be taken in ({type(error).__name__}: {str(error)[:200]}).",
        remedy="Please report this, with the file if you may share it.",
    )
