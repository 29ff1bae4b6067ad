"""Reads Markdown as it is rendered: links, emphasis and anchors leave their words behind, not their signs.

The text is rendered to HTML (CommonMark with tables and strike-through) and read by the walker for HTML,
so that HTML inside Markdown needs no second set of rules.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import yaml
from markdown_it import MarkdownIt

from ondol.core.documents import DocumentKind, ParsedDocument
from ondol.sources.build import PageBuilder, TextBudget
from ondol.sources.encoding import decode
from ondol.sources.html import parse_date
from ondol.sources.limits import Limits
from ondol.sources.markup import find_content, parse_markup, write_markup
from ondol.text.normalise import nfc

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.{0,20000}?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ANCHOR = re.compile(r"[ \t]*\{#[^{}\n]{1,80}\}[ \t]*$")
_TEMPLATE = re.compile(r"\{%\s*(youtube|embed|include|raw|endraw).*?%\}(?:.*?\{%\s*end\1\s*%\})?|\{%.*?%\}")
_CONTAINER = re.compile(r"[ \t]*:{3,}[ \t]*([\w-]*)[ \t]*(.*)$")
_PICTURE = re.compile(r"(?: {4,}|\t)\s*!\[[^\]]*\]\([^)]*\)\s*$")
_CONTENTS = re.compile(r"[ \t]*\[{1,2}toc\]{1,2}[ \t]*$|[ \t]*\[\[_TOC_\]\][ \t]*$", re.IGNORECASE)


def read(data: bytes, *, name: str, limits: Limits) -> ParsedDocument:
    """Read a Markdown document.

    Args:
        data: the file.
        name: for messages.
        limits: bounds on the text.

    Raises:
        FileLimitError: more text than ``limits`` allows.
    """
    text, _ = decode(data)
    text = nfc(text)
    meta, body = _split_front_matter(text)
    markup = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    page = PageBuilder(TextBudget(name, limits))
    root = parse_markup("<body>" + markup.render("\n".join(_plain_lines(body))) + "</body>")
    title = _text_of(meta, "title")
    if title and (root is None or root.find(".//h1") is None):
        page.add("heading", title, level=1)  # as site generators show it
    if root is not None:
        write_markup(page, find_content(root))
    return ParsedDocument(
        kind=DocumentKind.MARKDOWN,
        media_type="text/markdown",
        title=title or page.first_heading,
        author=_text_of(meta, "author"),
        created_at=_date_of(meta, "created") or _date_of(meta, "date"),
        modified_at=_date_of(meta, "updated") or _date_of(meta, "modified") or _date_of(meta, "lastmod"),
        pages=(page.build(),),
    )


def _split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    found = _FRONT_MATTER.match(text)
    if not found:
        return {}, text
    try:
        # Aliases are refused by their sign: they are the one way to make YAML grow (a "billion laughs").
        meta = {} if re.search(r"(?m)[:\-] +[*&]\w", found[1]) else yaml.safe_load(found[1])
    except yaml.YAMLError:
        return {}, text
    return (meta, text[found.end() :]) if isinstance(meta, dict) else ({}, text)


def _plain_lines(text: str) -> Iterator[str]:
    """Yield the lines without the signs that site generators add; lines of code stay as they are."""
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or (mark[1].startswith(fence) and not line.strip(" `~"))):
            fence = "" if fence else mark[1]
        if fence or mark:
            yield line
        elif container := _CONTAINER.match(line):
            yield ""
            if container[2]:
                yield container[2]
                yield ""
        elif _PICTURE.match(line):
            yield line.strip()  # indented it would count as code, which nobody means
        elif not _CONTENTS.match(line):
            yield _ANCHOR.sub("", _TEMPLATE.sub("", line) if "{%" in line else line)


def _text_of(meta: dict[str, Any], key: str) -> str:
    value = meta.get(key)
    return " ".join(value.split()) if isinstance(value, str) else ""


def _date_of(meta: dict[str, Any], key: str) -> datetime | None:
    value = meta.get(key)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return parse_date(value) if isinstance(value, str) else None
