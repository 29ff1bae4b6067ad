"""Runs leased jobs in threads of the server.

A job's work starts from the beginning each time and does nothing twice, because what it makes is named by
content. So a job whose server was killed is simply leased again, by the next server or by this one after a
restart, and a server that shuts down gives its jobs back.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ondol.core.access import LOCAL_PRINCIPAL, Label, Principal
from ondol.core.errors import AccessDeniedError, ConflictError, OndolError, WrongUseError
from ondol.ingest.pipeline import IngestOptions, IngestProgress, Upload, ingest_upload
from ondol.store.jobs import Job

if TYPE_CHECKING:
    from ondol.serve.flows import Ondol

log = logging.getLogger(__name__)

LEASE_S = 15.0
HEARTBEAT_S = 3.0
POLL_S = 2.0
PROGRESS_S = 0.5

INGEST_UPLOAD = "ingest_upload"
INGEST_PATHS = "ingest_paths"
REINDEX = "reindex"

Work = Callable[["JobRun"], dict[str, Any]]


class JobStopped(Exception):  # noqa: N818 - a signal, not an error
    """The work stopped because it was asked to."""


class FileFailed(Exception):  # noqa: N818 - as above: the failure was noted by the ingest
    """All that a job was to read could not be read; ``failure`` is the entry of the ingest's report."""

    def __init__(self, failure: dict[str, Any]) -> None:
        super().__init__(failure["message"])
        self.failure = failure


class JobRun:
    """One attempt at a job, as its work sees it.

    Attributes:
        principal: who asked, with the rights they have now.
    """

    def __init__(self, ondol: "Ondol", job: Job, *, worker: str, closing: threading.Event) -> None:
        self.ondol, self.job, self.principal = ondol, job, _find_principal(ondol, job)
        self._worker = worker
        self._closing = closing
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._reported_at = float("-inf")

    def should_stop(self) -> bool:
        """Tell whether the job was cancelled or lost, or the server shuts down."""
        return self._stop.is_set() or self._closing.is_set()

    def report(self, progress: dict[str, Any]) -> None:
        """Note how far it is; more often than readers look is not written."""
        now = time.monotonic()
        if now - self._reported_at < PROGRESS_S:
            return
        self._reported_at = now
        try:
            self.ondol.store.jobs.progress(self.job.id, progress, worker=self._worker)
        except ConflictError:
            self._stop.set()

    def keep_lease(self) -> None:
        """Renew the lease until the attempt has ended; learns here that the job was cancelled."""
        while not self._ended.wait(HEARTBEAT_S):
            try:
                job = self.ondol.store.jobs.heartbeat(self.job.id, self._worker, LEASE_S)
            except ConflictError:
                self._stop.set()
                return
            except OndolError as error:
                log.warning("lease of %s could not be renewed: %s", self.job.id, error)
                continue
            if job.is_cancelling:
                self._stop.set()

    def end(self) -> None:
        """Stop renewing."""
        self._ended.set()


def _find_principal(ondol: "Ondol", job: Job) -> Principal:
    principal = ondol.store.principals.find_principal(job.principal, principal=LOCAL_PRINCIPAL)
    if principal is None:
        raise AccessDeniedError(f"{job.principal}, who asked for this job, is no longer known.")
    return principal


class JobRunner:
    """Executes jobs, one at a time per thread, until closed.

    Args:
        threads: jobs worked on at once; each uses the parser processes of the whole home.
    """

    def __init__(self, ondol: "Ondol", *, threads: int = 1, poll_s: float = POLL_S) -> None:
        self._ondol = ondol
        self._worker = f"serve-{secrets.token_hex(6)}"
        self._poll_s = poll_s
        self._num_threads = threads
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()
        self._work = threading.Condition()
        self._is_woken = False

    def start(self) -> None:
        """Begin to look for jobs; safe to call twice."""
        if self._threads:
            return
        for number in range(self._num_threads):
            thread = threading.Thread(target=self._loop, name=f"ondol-jobs-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def wake(self) -> None:
        """Look for work now."""
        with self._work:
            self._is_woken = True
            self._work.notify()

    def close(self, timeout_s: float = 10.0) -> None:
        """Ask running jobs to stop, give them back, and wait for that at most ``timeout_s``."""
        self._closing.set()
        self.wake()
        for thread in self._threads:
            thread.join(timeout_s)

    def _loop(self) -> None:
        while not self._closing.is_set():
            try:
                job = self._ondol.store.jobs.lease(self._worker, LEASE_S)
            except Exception:
                log.exception("looking for jobs failed")
                job = None
            if job is None:
                self._wait()
            else:
                self._execute(job)

    def _wait(self) -> None:
        with self._work:
            if not self._is_woken and not self._closing.is_set():
                self._work.wait(self._poll_s)
            self._is_woken = False

    def _execute(self, job: Job) -> None:
        jobs = self._ondol.store.jobs
        with suppress(ConflictError):  # the lease was lost: whoever holds it now says how the job ends
            try:
                run = JobRun(self._ondol, job, worker=self._worker, closing=self._closing)
                result = self._attempt(run)
            except JobStopped:
                if self._closing.is_set():
                    jobs.release(job.id, worker=self._worker)
                else:
                    jobs.finish_cancel(job.id, worker=self._worker)
            except FileFailed as error:
                failure = error.failure
                jobs.fail(
                    job.id, failure["code"], failure["message"], remedy=failure["remedy"], worker=self._worker
                )
            except OndolError as error:
                self._fail(job, error)
            except Exception:
                log.exception("job %s failed unexpectedly", job.id)
                self._fail(
                    job, OndolError("The job met an error that nobody expected.", remedy="See the log.")
                )
            else:
                jobs.finish(job.id, result, worker=self._worker)

    def _attempt(self, run: JobRun) -> dict[str, Any]:
        work = WORKS.get(run.job.kind)
        if work is None:
            raise WrongUseError(f"This version of Ondol knows no jobs of the kind {run.job.kind!r}.")
        keeper = threading.Thread(target=run.keep_lease, name=f"ondol-lease-{run.job.id}", daemon=True)
        keeper.start()
        try:
            return work(run)
        finally:
            run.end()

    def _fail(self, job: Job, error: OndolError) -> None:
        self._ondol.store.jobs.fail(
            job.id,
            error.code,
            error.message,
            remedy=error.remedy,
            worker=self._worker,
            retryable=error.transient,
        )


def _build_progress(run: JobRun) -> Callable[[IngestProgress], None]:
    return lambda progress: run.report(progress.to_json())


def _build_options(run: JobRun) -> IngestOptions:
    settings, payload = run.ondol.settings, run.job.payload
    return IngestOptions(
        label=Label.parse(payload["label"]) if payload.get("label") is not None else None,
        licence=payload.get("licence"),
        default_label=settings.default_label,
        default_licence=settings.default_licence,
    )


def _ingest_upload(run: JobRun) -> dict[str, Any]:
    """Read one uploaded file, whose bytes are among the originals already."""
    payload, ondol = run.job.payload, run.ondol
    report = ingest_upload(
        Upload(blob_sha256=payload["blob_sha256"], name=payload["name"]),
        store=ondol.store,
        pool=ondol.pool,
        indexer=ondol.indexer,
        principal=run.principal,
        options=_build_options(run),
        progress=_build_progress(run),
        should_stop=run.should_stop,
    )
    return _check_report(run, report.to_json())


def _ingest_paths(run: JobRun) -> dict[str, Any]:
    """Bring files and folders of this machine into the corpus."""
    report = run.ondol.ingest(
        run.job.payload["paths"],
        principal=run.principal,
        options=_build_options(run),
        progress=_build_progress(run),
        should_stop=run.should_stop,
    )
    return _check_report(run, report.to_json())


def _check_report(run: JobRun, report: dict[str, Any]) -> dict[str, Any]:
    """Return the report; raise where the job stopped, or where nothing but a failure came of it."""
    if run.should_stop():
        raise JobStopped
    failures = report.get("failures", [])
    if (
        len(failures) == 1
        and not report.get("added")
        and not report.get("changed")
        and not report.get("unchanged")
    ):
        raise FileFailed(failures[0])
    return report


def _reindex(run: JobRun) -> dict[str, Any]:
    """Build the search index anew."""
    run.ondol.indexer.rebuild()
    if run.should_stop():
        raise JobStopped
    return {}


WORKS: dict[str, Work] = {INGEST_UPLOAD: _ingest_upload, INGEST_PATHS: _ingest_paths, REINDEX: _reindex}
