"""Sources to corpus: find, remove what vanished, read what changed, keep the index up to date.

Files are read by several parser processes at once; what waits is bounded, so memory does not grow with their
number. The calling thread counts, reports and decides when to stop; the index is brought up to date beside it
every now and then, and at the end.
"""

import hashlib
import os
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack

from ondol.core.access import EVERY_GROUP, Grade, Principal
from ondol.core.errors import AccessDeniedError, ConflictError, OndolError
from ondol.core.ids import build_document_id
from ondol.ingest.keeper import IndexKeeper, StoppedIndexingError
from ondol.ingest.process import FileProcessor, Outcome, StoppedError
from ondol.ingest.report import (
    IngestOptions,
    IngestProgress,
    IngestReport,
    Progress,
    ShouldStop,
    Upload,
)
from ondol.ingest.scan import FoundFile, Scan, scan
from ondol.ingest.tally import Tally
from ondol.ingest.uris import is_within, show_name, upload_uri
from ondol.ingest.watch import watch
from ondol.search.indexer import Indexer
from ondol.sources.archive import MEMBER_SEPARATOR
from ondol.sources.pool import ParserPool
from ondol.store.home import Store
from ondol.store.records import SourceState

__all__ = ["IngestOptions", "IngestProgress", "IngestReport", "Upload", "ingest", "ingest_upload", "watch"]

_WAITING_PER_WORKER = 3
_POLL_S = 0.2


def ingest(
    paths: Sequence[str],
    *,
    store: Store,
    pool: ParserPool,
    indexer: Indexer,
    principal: Principal,
    options: IngestOptions,
    progress: Progress | None = None,
    should_stop: ShouldStop = lambda: False,
) -> IngestReport:
    """Bring the corpus up to the files, folders and globs named.

    Only what changed is read: size and time are compared first, then the bytes, then reader and chunking.
    What vanished from a folder that was named is removed at once. One bad file never stops the rest; a full
    disk does.

    Args:
        paths: files, folders (with all below), globs, ``file:///`` addresses.
        store: where to.
        pool: reads the files.
        indexer: makes them searchable.
        principal: documents that it may not read are neither replaced nor removed.
        options: labels, licences, chunking.
        progress: told now and then, from this thread.
        should_stop: asked often; once true, work under way is saved and the rest left for the next run.

    Returns:
        What was done and what failed.

    Raises:
        ConflictError: another ingest into the same home went on for longer than ``options.lock_timeout_s``.
    """
    with ExitStack() as held:
        if not _take_turn(held, store, options, progress or _ignore, should_stop):
            return IngestReport(interrupted=True)
        run = _Run(store, pool, indexer, principal, options, progress=progress, should_stop=should_stop)
        return run.execute(scan(paths))


def ingest_upload(
    upload: Upload,
    *,
    store: Store,
    pool: ParserPool,
    indexer: Indexer,
    principal: Principal,
    options: IngestOptions,
    progress: Progress | None = None,
    should_stop: ShouldStop = lambda: False,
) -> IngestReport:
    """Take in one uploaded file; its address is ``upload:///<start of its hash>/<name>``.

    Where a document of others is there already that ``principal`` may not read, or may not change as
    ``options`` say, the file gets an address of its own: nobody learns what others have, or relabels it.

    Arguments, result and errors are those of ``ingest``; ``NotFoundError`` when the bytes are not there.
    """
    path = store.blobs.path(upload.blob_sha256)
    uri = upload_uri(upload.blob_sha256, upload.name)
    with ExitStack() as held:
        if not _take_turn(held, store, options, progress or _ignore, should_stop):
            return IngestReport(interrupted=True)
        run = _Run(store, pool, indexer, principal, options, progress=progress, should_stop=should_stop)
        if not run.may_replace(uri):
            own = hashlib.sha256(f"{upload.blob_sha256} {principal.name}".encode()).hexdigest()
            uri = upload_uri(own, upload.name)
        found = FoundFile(path, uri, path.stat().st_size, mtime_ns=0, is_named=True)
        return run.execute(Scan(files=[found]))


def _take_turn(
    held: ExitStack, store: Store, options: IngestOptions, progress: Progress, should_stop: ShouldStop
) -> bool:
    """Wait until no other ingest is under way; return whether our turn came before the wish to stop."""
    deadline = time.monotonic() + options.lock_timeout_s
    while True:
        left_s = max(deadline - time.monotonic(), 0.0)
        try:
            held.enter_context(store.writer_lock(timeout_s=min(left_s, _POLL_S)))
        except ConflictError:
            if should_stop():
                return False
            if not left_s:
                raise
            progress(IngestProgress(stage="waiting"))
        else:
            return True


class _Run:
    """One ingest."""

    def __init__(
        self,
        store: Store,
        pool: ParserPool,
        indexer: Indexer,
        principal: Principal,
        options: IngestOptions,
        *,
        progress: Progress | None,
        should_stop: ShouldStop,
    ) -> None:
        self._store = store
        self._pool = pool
        self._principal = principal
        self._options = options
        self._should_stop = should_stop
        self._stopping = threading.Event()
        self._tally = Tally(progress or _ignore)
        self._index = IndexKeeper(indexer)

    def may_replace(self, uri: str) -> bool:
        """Whether the asker may do to the documents at ``uri`` what the options say."""
        states, hidden = self._load_states(Scan(scopes=[uri]))
        label, licence = self._options.label, self._options.licence
        return not hidden and (
            self._principal.is_admin
            or all(
                label in {None, state.label} and licence in {None, state.licence} for state in states.values()
            )
        )

    def execute(self, found: Scan) -> IngestReport:
        tally = self._tally
        tally.skipped = found.skipped
        states, hidden = self._load_states(found)
        self._settle_missing(found, states, hidden)
        try:
            tally.start(found.files)
            self._process_all(found.files, states, hidden)
            if not self._must_stop():
                self._finish_index()
        except (KeyboardInterrupt, StoppedIndexingError):
            tally.is_interrupted = True
        finally:
            self._index.stop()
        self._clean_up()
        tally.show("done", is_forced=True)
        return tally.build_report()

    def _load_states(self, found: Scan) -> tuple[dict[str, SourceState], frozenset[str]]:
        """Return what the corpus holds there, and those addresses that ``principal`` may not know of."""
        everyone = Principal(
            name=self._principal.name, grade=Grade.CLASSIFIED, groups=frozenset({EVERY_GROUP})
        )
        states: dict[str, SourceState] = {}
        readable: set[str] = set()
        for prefix in found.prefixes:
            states.update(self._store.corpus.source_states(prefix, principal=everyone))
            readable.update(self._store.corpus.source_states(prefix, principal=self._principal))
        return states, frozenset(states.keys() - readable)

    def _settle_missing(self, found: Scan, states: Mapping[str, SourceState], hidden: frozenset[str]) -> None:
        """Remove what vanished; report what could not be looked at, and what was named and never there."""
        present = {file.uri for file in found.files}
        gone = [
            uri
            for uri in states
            if uri.partition(MEMBER_SEPARATOR)[0] not in present
            and uri not in hidden
            and found.has_vanished(uri)
        ]
        self._store.corpus.remove_documents([build_document_id(uri) for uri in gone])
        self._store.corpus.clear_failure(*gone)
        self._tally.remove(gone)
        for uri, error in found.failures:
            self._tally.fail(uri, error, has_older=any(is_within(known, uri) for known in states))
        for uri, error in found.missing:
            if not any(is_within(removed, uri) for removed in gone):
                self._tally.fail(uri, error)

    def _process_all(
        self, files: Sequence[FoundFile], states: Mapping[str, SourceState], hidden: frozenset[str]
    ) -> None:
        num_workers = self._options.workers or os.cpu_count() or 1
        processor = FileProcessor(self._store, self._pool, self._options, states, self._stopping.is_set)
        guarded = {uri.partition(MEMBER_SEPARATOR)[0] for uri in hidden}
        waiting: dict[Future[Outcome], FoundFile] = {}
        executor = ThreadPoolExecutor(num_workers, thread_name_prefix="ingest")
        try:
            for file in files:
                while len(waiting) >= num_workers * _WAITING_PER_WORKER and not self._must_stop():
                    self._collect(waiting)
                if self._must_stop():
                    break
                if file.uri in guarded:
                    self._tally.refuse(file, _denied(file, self._principal))
                elif num_unchanged := processor.count_unchanged(file):
                    self._tally.skip_unchanged(file, num_unchanged)
                else:
                    waiting[executor.submit(processor.process, file)] = file
            while waiting and not self._must_stop():
                self._collect(waiting)
        finally:
            self._stopping.set()
            executor.shutdown(wait=True, cancel_futures=True)
            self._collect({done: file for done, file in waiting.items() if not done.cancelled()})

    def _collect(self, waiting: dict[Future[Outcome], FoundFile]) -> None:
        """Count what has finished; waits a moment for the first."""
        finished, _ = wait(waiting, timeout=_POLL_S, return_when=FIRST_COMPLETED)
        for future in finished:
            file = waiting.pop(future)
            try:
                outcome = future.result()
            except StoppedError:
                self._tally.is_interrupted = True
                continue
            self._tally.add(file, outcome)
            self._index.note(outcome.chunks)

    def _must_stop(self) -> bool:
        if self._should_stop():
            self._tally.is_interrupted = True
        is_stopping = self._tally.is_interrupted or self._tally.fatal is not None
        if is_stopping:
            self._stopping.set()
        return is_stopping

    def _finish_index(self) -> None:
        def on_progress() -> None:
            self._tally.show("indexing")
            if self._should_stop():
                raise StoppedIndexingError

        self._tally.show("indexing", is_forced=True)
        error = self._index.finish(on_progress)
        if error is not None:
            self._tally.fail(self._store.index_dir.as_uri(), error)

    def _clean_up(self) -> None:
        """Note in the audit log what was done; delete originals that nothing needs any more."""
        tally = self._tally
        report = tally.build_report()
        if not tally.has_changes and not report.failed:
            return
        try:
            self._store.audit.append(
                actor=self._principal.name,
                action="corpus.ingest",
                outcome="failure" if tally.fatal else "success",
                detail={"added": report.added, "changed": report.changed, "removed": report.removed}
                | {"failed": report.failed, "interrupted": report.interrupted},
            )
            if tally.fatal is None and not tally.is_interrupted:
                self._store.sweep_blobs()
        except OndolError as error:
            tally.fail(self._store.home.as_uri(), error)


def _denied(file: FoundFile, principal: Principal) -> OndolError:
    return AccessDeniedError(
        f"{principal.name} may not replace {show_name(file.uri)}.",
        remedy="Ask someone who may read the document that is stored under this address.",
    )


def _ignore(progress: IngestProgress) -> None:  # noqa: ARG001 - the signature of a listener
    return
