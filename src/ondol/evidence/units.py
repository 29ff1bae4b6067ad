"""Cut a passage into what can be an answer: sentences, list items, table rows; headings are told apart."""

import re
from dataclasses import dataclass
from typing import Literal

from ondol.text.sentences import split_sentences

UnitKind = Literal["sentence", "item", "row", "heading", "lead"]

_MARKER = re.compile(r"[ \t]*(?:[-*+•·▪◦○●■□◆▶※]|\(?\d{1,3}[.)]|\(?[a-z가-하][.)]|[①-⑳])[ \t]+(?=\S)")
_ROW = re.compile(r" \| |\t")
_CLOSED = re.compile(r"(?:[.!?。！？:：;]|[다요까오함음됨임])[\"'”’)\]]*\Z")
_MAX_HEADING_CHARS = 80


@dataclass(frozen=True)
class Unit:
    """A span of a passage's text, without list markers, trimmed.

    Attributes:
        kind: ``lead`` is a sentence that announces a list (it ends with a colon).
        marker: the list marker before ``start``, without white space (``1.``); empty for other kinds.
        depth: how far an item is indented, in characters.
        heading: index of the nearest heading above it in the passage, -1 if none.
    """

    start: int
    end: int
    kind: UnitKind
    marker: str = ""
    depth: int = 0
    heading: int = -1


def split_units(text: str) -> list[Unit]:
    """Return the units of ``text`` in order; every character of a unit lies in exactly one of them."""
    units: list[Unit] = []
    heading = -1
    for start, end in split_sentences(text):
        for line_start, line_end in _split_rows(text, start, end):
            unit = _build_unit(text, line_start, line_end, heading)
            if unit.kind == "heading":
                heading = len(units)
            units.append(unit)
    return units


def _split_rows(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut a span into its lines if any of them is a table row."""
    piece = text[start:end]
    if "\n" not in piece or not _ROW.search(piece):
        return [(start, end)]
    lines, at = [], start
    for line in piece.split("\n"):
        lead = len(line) - len(line.lstrip())
        if line.strip():
            lines.append((at + lead, at + len(line.rstrip())))
        at += len(line) + 1
    return lines


def _build_unit(text: str, start: int, end: int, heading: int) -> Unit:
    line_start = text.rfind("\n", 0, start) + 1
    at_line_start = not text[line_start:start].strip()
    marker = _MARKER.match(text, start, end) if at_line_start else None
    if marker:
        depth = start - line_start
        return Unit(marker.end(), end, "item", text[start : marker.end()].strip(), depth, heading)
    piece = text[start:end]
    if _ROW.search(piece):
        return Unit(start, end, "row", heading=heading)
    if piece.endswith((":", "：")):
        return Unit(start, end, "lead", heading=heading)
    alone = at_line_start and (end == len(text) or text[end] == "\n")
    if (
        alone
        and end < len(text)
        and len(piece) <= _MAX_HEADING_CHARS
        and "\n" not in piece
        and not _CLOSED.search(piece)
    ):
        return Unit(start, end, "heading", heading=heading)
    return Unit(start, end, "sentence", heading=heading)
