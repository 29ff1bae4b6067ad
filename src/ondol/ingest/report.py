"""What is asked of an ingest, how far it is, and what it did."""

from collections.abc import Callable
from typing import Literal

from pydantic import Field

from ondol.core.access import Label
from ondol.core.errors import OndolError
from ondol.core.frozen import Frozen
from ondol.ingest.chunk import ChunkOptions


class IngestOptions(Frozen):
    """How to ingest.

    Attributes:
        label: given to every document; ``None`` keeps what a document had, ``default_label`` for new ones.
        licence: likewise.
        chunks: how passages are cut.
        workers: files read at once; 0 for one a core.
        lock_timeout_s: wait so long for another ingest into the same home.
    """

    label: Label | None = None
    licence: str | None = None
    default_label: Label = Label()
    default_licence: str = "unknown"
    chunks: ChunkOptions = ChunkOptions()
    workers: int = Field(default=0, ge=0)
    lock_timeout_s: float = 600.0


class Upload(Frozen):
    """A file that someone sent: its bytes are kept by ``store.blobs.put``, ``name`` is the sender's."""

    blob_sha256: str
    name: str


Stage = Literal["waiting", "scanning", "reading", "indexing", "done"]


class IngestProgress(Frozen):
    """How far an ingest is.

    Attributes:
        stage: ``waiting`` is for another ingest into the same home to end.
        done: files finished, unchanged and failed ones included.
        total: files found.
        bytes: size of the files finished.
        eta_s: ``None`` while it cannot be told.
        current: name of the file finished last.
    """

    stage: Stage = "scanning"
    done: int = 0
    total: int = 0
    failed: int = 0
    bytes: int = 0
    total_bytes: int = 0
    chunks: int = 0
    files_per_s: float = 0.0
    megabytes_per_s: float = 0.0
    eta_s: float | None = None
    current: str = ""


class IngestFailure(Frozen):
    """A source that was not read, or not as it is now."""

    uri: str
    code: str
    message: str
    remedy: str


class IngestedDocument(Frozen):
    """A document that was added, changed or removed."""

    id: str
    uri: str
    status: Literal["added", "changed", "removed"]


class IngestReport(Frozen):
    """What an ingest did.

    Attributes:
        unchanged: documents that needed no reading.
        failed: length of ``failures``.
        skipped: files of folders that are no documents by their name (pictures, programs, …).
        chunks: passages cut.
        bytes: size of the files read.
        interrupted: it was stopped; what was done is kept.
        stopped_by: code of the error that ended it early (a full disk); empty otherwise.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: int = 0
    skipped: int = 0
    documents: tuple[IngestedDocument, ...] = ()
    failures: tuple[IngestFailure, ...] = ()
    chunks: int = 0
    seconds: float = 0.0
    bytes: int = 0
    interrupted: bool = False
    stopped_by: str = ""


Progress = Callable[[IngestProgress], None]
ShouldStop = Callable[[], bool]


def build_failure(uri: str, error: OndolError, *, has_older: bool) -> IngestFailure:
    """Describe a failure; where an older version stays in the corpus, say so."""
    message = error.message
    if has_older:
        message = f"{message} The version read before is kept."
    return IngestFailure(uri=uri, code=error.code, message=message, remedy=error.remedy)
