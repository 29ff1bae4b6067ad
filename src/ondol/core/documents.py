"""Documents as they are read, stored and found.

Offsets everywhere are half-open and count Unicode code points of the stored (NFC) text: of the page where
there are pages, of the whole document otherwise.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field, field_validator

from ondol.core.access import Label
from ondol.core.frozen import Frozen


class DocumentKind(StrEnum):
    """What a document is, for filters; not its MIME type."""

    PDF = "pdf"
    DOCX = "docx"
    PPTX = "pptx"
    XLSX = "xlsx"
    CSV = "csv"
    HTML = "html"
    MARKDOWN = "markdown"
    TEXT = "text"
    EMAIL = "email"
    HWPX = "hwpx"
    HWP = "hwp"
    ARCHIVE = "archive"


BlockKind = Literal["heading", "paragraph", "list_item", "table_row", "code"]


class Block(Frozen):
    """A structural unit of a page: ``page.text[start:end]`` is its text, exactly.

    Blocks are in order and do not overlap; text between them is white space or decoration, never quoted.

    Attributes:
        level: 1–6 for headings, otherwise 0.
        header: for a table row, the header cells that give it meaning (``"Part | Price"``); never quoted.
        sheet: name of the worksheet.
        row: 1-based row in its sheet or table.
    """

    kind: BlockKind
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    level: int = Field(default=0, ge=0, le=6)
    header: str = ""
    sheet: str | None = None
    row: int | None = None


class Page(Frozen):
    """One page, slide or, with ``number`` ``None``, the whole of a document without pages.

    Attributes:
        scanned: the page is a picture of text; ``text`` holds what little the file offers.
    """

    number: int | None = Field(default=None, ge=1)
    text: str
    blocks: tuple[Block, ...] = ()
    scanned: bool = False


class ParsedDocument(Frozen):
    """What a reader returns: title, dates and pages, in NFC.

    Attributes:
        title: from metadata or the first heading; empty when the file says nothing.
        language: ``ko``, ``en`` or ``""`` (unknown).
        warnings: what could not be read although the rest could, one sentence each.
    """

    kind: DocumentKind
    media_type: str
    title: str = ""
    author: str = ""
    language: str = ""
    created_at: datetime | None = None
    modified_at: datetime | None = None
    pages: tuple[Page, ...]
    warnings: tuple[str, ...] = ()

    @property
    def is_paged(self) -> bool:
        """Whether locators carry a page number."""
        return bool(self.pages) and self.pages[0].number is not None


class Locator(Frozen):
    """Where in the original: the stored text of that place cut at ``start:end`` equals the quote."""

    page: int | None = None
    start: int
    end: int
    sheet: str | None = None
    row: int | None = None
    start_s: float | None = None
    end_s: float | None = None
    bbox: tuple[float, float, float, float] | None = None


class Chunk(Frozen):
    """An indexed passage: ``text`` is an exact slice; ``context`` gives it meaning and is never quoted.

    Attributes:
        blob_sha256: the original bytes this was cut from; documents with the same bytes share chunks.
        ordinal: position among the chunks of its document, from 0.
        context: heading path and table header, ``" > "``-joined.
    """

    id: str
    blob_sha256: str
    ordinal: int
    text: str
    context: str = ""
    locator: Locator


class Document(Frozen):
    """A document in the corpus, as its readers see it."""

    id: str
    uri: str
    title: str
    kind: DocumentKind
    media_type: str
    blob_sha256: str
    size_bytes: int
    label: Label
    licence: str
    language: str = ""
    author: str = ""
    num_pages: int | None = None
    num_chunks: int = 0
    created_at: datetime | None = None
    modified_at: datetime | None = None
    ingested_at: datetime
    warnings: tuple[str, ...] = ()


class Filter(Frozen):
    """Narrows a query; an empty field does not. Fields are combined with AND, values in a field with OR.

    Attributes:
        documents: document ids.
        sources: URI prefixes, at a path boundary.
        after: keep documents dated (modified, else created) at or after this instant; in UTC without a zone.
        before: keep documents dated before this instant; in UTC without a zone.
    """

    documents: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    kinds: tuple[DocumentKind, ...] = ()
    after: datetime | None = None
    before: datetime | None = None

    @field_validator("after", "before")
    @classmethod
    def _place(cls, instant: datetime | None) -> datetime | None:
        return instant.replace(tzinfo=UTC) if instant is not None and instant.tzinfo is None else instant


class Hit(Frozen):
    """A found passage, best first.

    Attributes:
        rank: from 1.
        score: fused and comparable within one query only.
        document: id of a document that the asker may read and that holds the passage.
        highlights: spans of ``text`` (start, end) that matched the query: why this was found.
        lexical_rank: rank in the lexical leg alone, ``None`` if not found there.
        dense_rank: rank in the dense leg alone, ``None`` if not found there.
    """

    rank: int
    score: float
    chunk_id: str
    document: str
    uri: str
    title: str
    locator: Locator
    text: str
    context: str = ""
    highlights: tuple[tuple[int, int], ...] = ()
    lexical_rank: int | None = None
    dense_rank: int | None = None
    dense_score: float | None = None


class SearchResult(Frozen):
    """What a search returns."""

    hits: tuple[Hit, ...]
    timings_ms: dict[str, float] = Field(default_factory=dict)
