"""Reads HTML and XHTML: title, dates, and the text a person would read."""

import re
from datetime import UTC, datetime

from lxml.html import HtmlElement

from ondol.core.documents import DocumentKind, ParsedDocument
from ondol.core.errors import EmptyFileError
from ondol.sources.build import PageBuilder, TextBudget
from ondol.sources.encoding import decode_as
from ondol.sources.limits import Limits
from ondol.sources.markup import find_content, parse_markup, write_markup
from ondol.text.normalise import nfc

_CHARSET = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE
)
_HEAD_BYTES = 4096
_CREATED = (
    "article:published_time",
    "dcterms.created",
    "dc.date",
    "dcterms.date",
    "date",
    "datepublished",
    "pubdate",
)
_MODIFIED = ("article:modified_time", "og:updated_time", "dcterms.modified", "last-modified", "datemodified")


def read(data: bytes, *, name: str, limits: Limits) -> ParsedDocument:
    """Read an HTML document.

    Args:
        data: the file.
        name: for messages.
        limits: bounds on the text.

    Raises:
        EmptyFileError: no element in it.
        FileLimitError: more text than ``limits`` allows.
    """
    declared = _CHARSET.search(data[:_HEAD_BYTES])
    markup, _ = decode_as(data, declared[1].decode("ascii") if declared else "")
    root = parse_markup(markup)
    if root is None:
        raise EmptyFileError(f"{name} holds no HTML.", remedy="Check the file in a browser.")
    page = PageBuilder(TextBudget(name, limits))
    content = find_content(root)
    write_markup(page, content)
    if not len(page) and content.tag != "body" and (body := root.find(".//body")) is not None:
        write_markup(page, body)
    meta = _read_meta(root)
    return ParsedDocument(
        kind=DocumentKind.HTML,
        media_type="text/html",
        title=_find_title(root, meta, page),
        author=nfc(meta.get("author", "")).strip(),
        language=_find_language(root),
        created_at=_first_date(meta, _CREATED),
        modified_at=_first_date(meta, _MODIFIED),
        pages=(page.build(),),
    )


def parse_date(text: str) -> datetime | None:
    """Read an ISO 8601 date, aware, UTC where it names no zone; ``None`` for anything else."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _read_meta(root: HtmlElement) -> dict[str, str]:
    meta: dict[str, str] = {}
    for element in root.iter("meta"):
        key = (
            element.get("property")
            or element.get("name")
            or element.get("itemprop")
            or element.get("http-equiv")
        )
        value = element.get("content")
        if key and value:
            meta.setdefault(key.lower(), value)
    return meta


def _find_title(root: HtmlElement, meta: dict[str, str], page: PageBuilder) -> str:
    element = root.find(".//title")
    titled = "" if element is None else "".join(str(text) for text in element.itertext())
    title = titled.strip() or meta.get("og:title", "").strip() or page.first_heading
    return " ".join(nfc(title).split())


def _find_language(root: HtmlElement) -> str:
    language = (root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or "").lower()[:2]
    # Declared English is often a template's default: only what is not English is believed unseen.
    return language if language == "ko" else ""


def _first_date(meta: dict[str, str], keys: tuple[str, ...]) -> datetime | None:
    return next((date for key in keys if (date := parse_date(meta.get(key, "")))), None)
