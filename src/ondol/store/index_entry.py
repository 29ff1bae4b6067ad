"""What the search index is told about one content: its chunks and who holds it.

``store.corpus.content_entries`` makes these from the database; ``store.index`` takes them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ondol.core.access import Label
from ondol.core.documents import Chunk, DocumentKind


class Holder(NamedTuple):
    """A document that has this content now, as far as filters go.

    Attributes:
        dated_at: when it was modified, else created; ``None`` when the file does not say.
    """

    document: str
    uri: str
    title: str
    label: Label
    kind: DocumentKind
    dated_at: datetime | None


class ContentEntry(NamedTuple):
    """One content; without holders (or chunks) it is to be removed from the index."""

    blob_sha256: str
    chunks: Sequence[Chunk]
    holders: Sequence[Holder]
