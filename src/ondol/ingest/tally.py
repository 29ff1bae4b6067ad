"""Counts what an ingest does and tells how far it is."""

import time
from collections.abc import Sequence

from ondol.core.errors import DiskFullError, OndolError
from ondol.core.ids import build_document_id
from ondol.ingest.process import Outcome, Status
from ondol.ingest.report import (
    IngestedDocument,
    IngestFailure,
    IngestProgress,
    IngestReport,
    Progress,
    Stage,
    build_failure,
)
from ondol.ingest.scan import FoundFile
from ondol.ingest.uris import show_name

_REPORT_EVERY_S = 0.1


class Tally:
    """What was done so far; used by one thread."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._started_s = time.monotonic()
        self._shown_s = 0.0
        self._reading_s = 0.0
        self._documents: list[tuple[Status, str]] = []
        self._failures: list[IngestFailure] = []
        self._unchanged = 0
        self._bytes = 0
        self._total = 0
        self._total_bytes = 0
        self._done = 0
        self._done_bytes = 0
        self._current = ""
        self.chunks = 0
        self.skipped = 0
        self.is_interrupted = False
        self.fatal: OndolError | None = None

    @property
    def has_changes(self) -> bool:
        """Whether a document was added, changed or removed."""
        return bool(self._documents)

    def start(self, files: Sequence[FoundFile]) -> None:
        """Begin counting towards these files."""
        self._total = len(files)
        self._total_bytes = sum(file.size for file in files)
        self.show("reading", is_forced=True)

    def remove(self, uris: Sequence[str]) -> None:
        """Count documents that were removed."""
        self._documents.extend(("removed", uri) for uri in uris)

    def skip_unchanged(self, file: FoundFile, num_documents: int) -> None:
        """Count a file that needed no reading."""
        self._unchanged += num_documents
        self._finish(file)

    def add(self, file: FoundFile, outcome: Outcome) -> None:
        """Count a file that was processed."""
        self._documents.extend(outcome.documents)
        self._failures.extend(outcome.failures)
        self._unchanged += outcome.unchanged
        self.skipped += outcome.skipped
        self.chunks += outcome.chunks
        self._bytes += outcome.bytes
        self.fatal = self.fatal or outcome.fatal
        self._finish(file)

    def fail(self, uri: str, error: OndolError, *, has_older: bool = False) -> None:
        """Count a failure; a full disk ends the run."""
        self._failures.append(build_failure(uri, error, has_older=has_older))
        if isinstance(error, DiskFullError):
            self.fatal = error

    def refuse(self, file: FoundFile, error: OndolError) -> None:
        """Count a file that was not even tried."""
        self.fail(file.uri, error)
        self._finish(file)

    def show(self, stage: Stage, *, is_forced: bool = False) -> None:
        """Report progress, not more often than is useful."""
        now = time.monotonic()
        if not is_forced and now - self._shown_s < _REPORT_EVERY_S:
            return
        self._shown_s = now
        if self._done < self._total or not self._reading_s:
            self._reading_s = max(now - self._started_s, 1e-6)
        elapsed_s = self._reading_s
        self._progress(
            IngestProgress(
                stage=stage,
                done=self._done,
                total=self._total,
                failed=len(self._failures),
                bytes=self._done_bytes,
                total_bytes=self._total_bytes,
                chunks=self.chunks,
                files_per_s=self._done / elapsed_s,
                megabytes_per_s=self._done_bytes / elapsed_s / 1e6,
                eta_s=self._estimate_s(elapsed_s),
                current=self._current,
            )
        )

    def build_report(self) -> IngestReport:
        """Return the report of the whole run."""
        counts = dict.fromkeys(("added", "changed", "removed"), 0)
        for status, _ in self._documents:
            counts[status] += 1
        return IngestReport(
            **counts,
            unchanged=self._unchanged,
            failed=len(self._failures),
            skipped=self.skipped,
            documents=tuple(
                IngestedDocument(id=build_document_id(uri), uri=uri, status=status)
                for status, uri in sorted(self._documents, key=lambda pair: pair[1])
            ),
            failures=tuple(sorted(self._failures, key=lambda failure: failure.uri)),
            chunks=self.chunks,
            seconds=round(time.monotonic() - self._started_s, 3),
            bytes=self._bytes,
            interrupted=self.is_interrupted,
            stopped_by=self.fatal.code if self.fatal else "",
        )

    def _finish(self, file: FoundFile) -> None:
        self._done += 1
        self._done_bytes += file.size
        self._current = show_name(file.uri)
        self.show("reading", is_forced=self._done == self._total)

    def _estimate_s(self, elapsed_s: float) -> float | None:
        """Time left: bytes tell more than files, since files differ in size."""
        if not self._done_bytes:
            return None
        return round(elapsed_s * (self._total_bytes - self._done_bytes) / self._done_bytes, 1)
