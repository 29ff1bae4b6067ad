"""Reads plain text: paragraphs between blank lines, headings by how they read or are underlined, lists."""

import re
from collections.abc import Sequence
from itertools import pairwise

from ondol.core.documents import DocumentKind, ParsedDocument
from ondol.sources.build import PageBuilder, TextBudget
from ondol.sources.encoding import decode
from ondol.sources.limits import Limits
from ondol.sources.outline import find_levels, guess_title
from ondol.text.normalise import nfc

_ITEM = re.compile(r"[ \t]*(?:[-*+•·▪◦○●■□◆▶※ㅇ]|\(?\d{1,3}[.)]|[가-하][.)]|\(?[a-z][.)]|[①-⑳])[ \t]+\S")
_UNDERLINE = re.compile(r"[ \t]*(?:={3,}|-{3,}|~{3,}|\^{3,})[ \t]*\Z")
_ARTICLE = re.compile(r"[ \t]*제\s?\d{1,4}\s?조(?:의\s?\d{1,3})?\s?\(")
_RULE = re.compile(r"[\W_]+\Z")
_CAPITALS = re.compile(r"[A-Z][A-Z0-9 '&/:,()-]{3,58}[A-Z0-9)]\Z")
_LOG = re.compile(r"(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\b")
_MAX_LINES = 40


def read(data: bytes, *, name: str, limits: Limits) -> ParsedDocument:
    """Read a text file of any encoding.

    Args:
        data: the file.
        name: for messages.
        limits: bounds on the text.

    Raises:
        FileLimitError: more text than ``limits`` allows.
    """
    text, _ = decode(data)
    page = PageBuilder(TextBudget(name, limits))
    write_plain(page, nfc(text))
    written = page.build()
    return ParsedDocument(
        kind=DocumentKind.TEXT, media_type="text/plain", title=guess_title(written), pages=(written,)
    )


def write_plain(page: PageBuilder, text: str) -> None:
    """Append the blocks of ``text``, already normalised, to ``page``."""
    for paragraph in _split_paragraphs(text):
        _write_paragraph(page, paragraph)


def _split_paragraphs(text: str) -> list[list[str]]:
    """Return runs of lines between blank ones; endless runs (logs) are cut."""
    paragraphs: list[list[str]] = [[]]
    for line in text.replace("\f", "\n\n").split("\n"):
        if not line.strip():
            paragraphs.append([])
        elif len(paragraphs[-1]) >= _MAX_LINES:
            paragraphs.append([line])
        else:
            paragraphs[-1].append(line)
    return [paragraph for paragraph in paragraphs if paragraph]


def _write_paragraph(page: PageBuilder, lines: Sequence[str]) -> None:
    stripped = [line.strip() for line in lines]
    levels = find_levels(stripped)
    body: list[str] = []
    index = 0
    while index < len(lines):
        underlined = index + 1 < len(lines) and _UNDERLINE.match(lines[index + 1])
        is_rule = _RULE.match(stripped[index]) is not None
        if underlined and not is_rule and len(stripped[index]) <= 100:
            _write_body(page, body)
            page.add("heading", stripped[index], level=1 if "=" in lines[index + 1] else 2)
            index += 1
        elif levels[index] or (len(lines) == 1 and _is_shouted(stripped[0])):
            _write_body(page, body)
            page.add("heading", stripped[index], level=levels[index] or 2)
        elif is_rule and len(lines) > 1:
            _write_body(page, body)
        else:
            body.append(lines[index])
        index += 1
    _write_body(page, body)


def _write_body(page: PageBuilder, lines: list[str]) -> None:
    """Write lines as items and articles, one each, and paragraphs between them; empties ``lines``."""
    kept = [line.rstrip() for line in lines]
    lines.clear()
    starts = [i for i, line in enumerate(kept) if i == 0 or _ITEM.match(line) or _ARTICLE.match(line)]
    for first, last in pairwise([*starts, len(kept)]):
        page.add("list_item" if _ITEM.match(kept[first]) else "paragraph", "\n".join(kept[first:last]))


def _is_shouted(line: str) -> bool:
    return (
        _CAPITALS.match(line) is not None and _LOG.match(line) is None and sum(c.isalpha() for c in line) > 3
    )
