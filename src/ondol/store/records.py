"""What the store hands out beside the artifacts of ``core``."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ondol.core.access import Label
from ondol.core.documents import Chunk, DocumentKind
from ondol.core.frozen import Frozen


class Change(Frozen):
    """The searchable state of a content changed: added, removed, relabelled, renamed.

    Attributes:
        seq: rises with every change; a content has only its newest.
    """

    seq: int
    blob_sha256: str


@dataclass(frozen=True, slots=True)
class Holder:
    """What the index needs to know of a document that holds a content; small, since an index holds them all.

    Attributes:
        label: its text form.
        dated_at: modified, else created; ``None`` when the document says nothing.
    """

    document: str
    uri: str
    title: str
    label: str
    kind: DocumentKind
    dated_at: datetime | None = None

    def to_json(self) -> dict[str, str]:
        """Return plain JSON types."""
        dated = {"dated_at": self.dated_at.isoformat()} if self.dated_at else {}
        return {
            "document": self.document,
            "uri": self.uri,
            "title": self.title,
            "label": self.label,
            "kind": self.kind.value,
            **dated,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, str]) -> "Holder":
        """Read what ``to_json`` wrote; raises ``LookupError``, ``ValueError`` or ``TypeError`` otherwise."""
        dated = value.get("dated_at")
        return cls(
            document=value["document"],
            uri=value["uri"],
            title=value["title"],
            label=sys.intern(value["label"]),  # few, and held many times
            kind=DocumentKind(value["kind"]),
            dated_at=datetime.fromisoformat(dated) if dated else None,
        )


class IndexedChunk(Frozen):
    """A chunk and the documents through which it may be found, by URI."""

    chunk: Chunk
    holders: tuple[Holder, ...]


class ContentEntry(Frozen):
    """The searchable state of the bytes named; no chunks: they must leave the index. Its chunk ids differ."""

    blob_sha256: str
    chunks: tuple[IndexedChunk, ...] = ()


class SourceState(Frozen):
    """What was ingested from an address: compared with the source, it tells whether there is work.

    Attributes:
        label: as the source gave it; a label set by hand since does not show here.
        licence: likewise.
    """

    size_bytes: int
    mtime_ns: int
    blob_sha256: str
    label: Label
    licence: str
    parser_fingerprint: str


class SourceFailure(Frozen):
    """A source that could not be ingested, and why; gone once it could."""

    uri: str
    code: str
    message: str
    remedy: str
    label: Label
    failed_at: datetime


class Counts(Frozen):
    """What of the corpus a principal may read; shared content counts once in ``chunks`` and in ``pages``."""

    documents: int
    chunks: int
    pages: int
    size_bytes: int
    kinds: dict[str, int]
