"""From artifacts to rows and back."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import RowMapping

from ondol.core.access import Label
from ondol.core.documents import Block, Chunk, Document, DocumentKind, Locator, Page, ParsedDocument
from ondol.core.errors import WrongUseError

_BLOCKS = TypeAdapter(tuple[Block, ...])
_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


@lru_cache(maxsize=4096)
def parse_label(text: str) -> Label:
    """Return the label written as ``text`` in the database."""
    return Label.parse(text)


def fold_search_text(*parts: str) -> str:
    """Return the parts as the document list compares them: compatible form, folded case, escapes undone."""
    joined = _ESCAPED.sub(_unescape, "\n".join(parts))
    return unicodedata.normalize("NFKC", joined).casefold()


def _unescape(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "replace")


def build_content_row(
    parsed: ParsedDocument, *, blob_sha256: str, parser_fingerprint: str, num_chunks: int
) -> dict[str, Any]:
    """Return the ``content`` row."""
    return {
        "blob_sha256": blob_sha256,
        "parser_fingerprint": parser_fingerprint,
        "kind": parsed.kind.value,
        "media_type": parsed.media_type,
        "title": parsed.title,
        "author": parsed.author,
        "language": parsed.language,
        "created_at": parsed.created_at,
        "modified_at": parsed.modified_at,
        "warnings": list(parsed.warnings),
        "num_pages": len(parsed.pages) if parsed.is_paged else None,
        "num_chunks": num_chunks,
    }


def build_page_rows(content_id: int, pages: Sequence[Page]) -> Iterator[dict[str, Any]]:
    """Yield the ``page`` rows."""
    for ordinal, page in enumerate(pages):
        yield {
            "content_id": content_id,
            "ordinal": ordinal,
            "number": page.number,
            "text": page.text,
            "blocks": _BLOCKS.dump_json(page.blocks, exclude_defaults=True).decode(),
            "scanned": page.scanned,
        }


def build_chunk_rows(
    content_id: int, pages: Sequence[Page], chunks: Sequence[Chunk]
) -> Iterator[dict[str, Any]]:
    """Yield the ``chunk`` rows; raises ``WrongUseError`` for one that is not an exact slice of its page."""
    texts = {page.number: page.text for page in pages}
    for ordinal, chunk in enumerate(chunks):
        at = chunk.locator
        if texts.get(at.page, "")[at.start : at.end] != chunk.text:
            raise WrongUseError(
                f"Chunk {chunk.id} is not the text of page {at.page} at {at.start}:{at.end}.",
                remedy="Cut chunks from the pages that are stored with them.",
            )
        yield {
            "content_id": content_id,
            "ordinal": ordinal,
            "chunk_id": chunk.id,
            "text": chunk.text,
            "context": chunk.context,
            "page": at.page,
            "start": at.start,
            "end": at.end,
            "sheet": at.sheet,
            "row": at.row,
            "start_s": at.start_s,
            "end_s": at.end_s,
            "bbox": list(at.bbox) if at.bbox else None,
        }


def build_document_row(document: Document, *, content_id: int, mtime_ns: int) -> dict[str, Any]:
    """Return the ``document`` row as its source gives it."""
    return {
        "id": document.id,
        "uri": document.uri,
        "content_id": content_id,
        "title": document.title,
        "kind": document.kind.value,
        "media_type": document.media_type,
        "size_bytes": document.size_bytes,
        "mtime_ns": mtime_ns,
        "label": str(document.label),
        "licence": document.licence,
        "language": document.language,
        "author": document.author,
        "created_at": _aware(document.created_at),
        "modified_at": _aware(document.modified_at),
        "dated_at": _aware(document.modified_at or document.created_at),
        "ingested_at": _aware(document.ingested_at),
        "warnings": list(document.warnings),
        "given_label": str(document.label),
        "given_licence": document.licence,
        "given_title": document.title,
        "search_text": fold_search_text(document.title, document.uri),
    }


def _aware(instant: datetime | None) -> datetime | None:
    return instant if instant is None or instant.tzinfo else instant.replace(tzinfo=UTC)


def read_document_row(row: RowMapping) -> Document:
    """Return the document of a row of ``document`` joined with its ``content``."""
    return Document(
        id=row["id"],
        uri=row["uri"],
        title=row["title"],
        kind=DocumentKind(row["kind"]),
        media_type=row["media_type"],
        blob_sha256=row["blob_sha256"],
        size_bytes=row["size_bytes"],
        label=parse_label(row["label"]),
        licence=row["licence"],
        language=row["language"],
        author=row["author"],
        num_pages=row["num_pages"],
        num_chunks=row["num_chunks"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        ingested_at=row["ingested_at"],
        warnings=tuple(row["warnings"]),
    )


def read_page_row(row: RowMapping) -> Page:
    """Return the page of a row of ``page``."""
    return Page(
        number=row["number"],
        text=row["text"],
        blocks=_BLOCKS.validate_json(row["blocks"]),
        scanned=row["scanned"],
    )


def read_chunk_row(row: RowMapping) -> Chunk:
    """Return the chunk of a row that has ``chunk_*`` columns (see ``ondol.store.queries``)."""
    bbox = row["chunk_bbox"]
    return Chunk(
        id=row["chunk_chunk_id"],
        blob_sha256=row["blob_sha256"],
        ordinal=row["chunk_ordinal"],
        text=row["chunk_text"],
        context=row["chunk_context"],
        locator=Locator(
            page=row["chunk_page"],
            start=row["chunk_start"],
            end=row["chunk_end"],
            sheet=row["chunk_sheet"],
            row=row["chunk_row"],
            start_s=row["chunk_start_s"],
            end_s=row["chunk_end_s"],
            bbox=tuple(bbox) if bbox else None,
        ),
    )
