"""From a parsed document to passages: follow its structure, keep every passage an exact slice.

Blocks are packed in order, section by section, up to a target size; a block that is too large is cut between
sentences, a sentence that is too large between words. The heading path and the table header that give a
passage its meaning go into ``Chunk.context``. A heading itself is in the text only where it says something on
its own: it has no body on its page, it reads like a statement, or it stands between two small sections that
were merged.

Invariants: ``chunk.text == page.text[start:end]``; chunks of a page are in order and do not overlap; no chunk
crosses a page or a worksheet; the text of every block is in a chunk, or (headings) in the context of a chunk.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pydantic import Field

from ondol.core.documents import Block, Chunk, Locator, Page, ParsedDocument
from ondol.core.frozen import Frozen
from ondol.core.ids import build_chunk_id
from ondol.text.sentences import split_sentences

VERSION = "1"
"""Raise when the same document would be cut differently: stored chunks are then built anew."""

_WIDE_CHARACTER = re.compile(r"[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
_WIDE = re.compile(_WIDE_CHARACTER.pattern + "+")
_STATEMENT = re.compile(r"\S+\s+\S+\s.*[.。!][\"'”’)\]]*\Z|:\s*\S.*\d", re.DOTALL)
# An article of a law is heading and body at once: "제12조(목적) 이 규정은 …".
_ARTICLE = re.compile(r"제\s?\d{1,4}\s?조(?:의\s?\d{1,3})?\s?\([^()\n]{1,60}\)")
_MAX_HEADING = 100
_LINE = re.compile(r"[^\n]*\S[^\n]*")
_PARAGRAPH = re.compile(r"\S(?:.|\n(?![ \t]*\n))*")


class ChunkOptions(Frozen):
    """How large passages are, in units: a character is 1, a Hangul syllable or ideograph ``wide_weight``.

    Attributes:
        target: a chunk is closed when the next block would take it over this.
        maximum: never exceeded, except by one character that weighs more.
        minimum: a smaller piece joins its neighbour in the same section (within ``maximum``) or in a sibling
            section (within ``target``).
        wide_weight: a Korean sentence says in 450 characters what an English one says in 900.
    """

    target: int = Field(default=900, ge=8)
    maximum: int = Field(default=1300, ge=8)
    minimum: int = Field(default=240, ge=0)
    wide_weight: float = Field(default=2.0, ge=1.0)

    @property
    def fingerprint(self) -> str:
        """Changes when chunks would."""
        return f"chunk-{VERSION}-{self.target}-{self.maximum}-{self.minimum}-{self.wide_weight:g}"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A slice of a page that will be a chunk; ``heading_start`` is where its section's heading begins."""

    start: int
    end: int
    path: tuple[str, ...]
    header: str = ""
    sheet: str | None = None
    row: int | None = None
    heading_start: int | None = None
    kind: str = "paragraph"


def build_chunks(
    parsed: ParsedDocument, *, blob_sha256: str, options: ChunkOptions | None = None
) -> list[Chunk]:
    """Cut ``parsed`` into passages.

    Args:
        parsed: what a reader returned.
        blob_sha256: SHA-256 of the original bytes; part of every chunk's id.
        options: sizes; the defaults were chosen by measurement (``bench/retrieval.py``).

    Returns:
        The chunks in reading order; empty for a document without text. Same input, same ids.
    """
    options = options or ChunkOptions()
    chunks: list[Chunk] = []
    packer = _Packer(options)
    first_heading = _find_first_heading(parsed)
    for page in parsed.pages:
        pieces = _merge_small(packer.pack(page), page.text, options)
        seen: Counter[str] = Counter()
        for piece in pieces:
            text = page.text[piece.start : piece.end]
            chunks.append(
                Chunk(
                    id=build_chunk_id(blob_sha256, page.number, text, seen[text]),
                    blob_sha256=blob_sha256,
                    ordinal=len(chunks),
                    text=text,
                    context=_describe(parsed.title, first_heading, piece),
                    locator=Locator(
                        page=page.number, start=piece.start, end=piece.end, sheet=piece.sheet, row=piece.row
                    ),
                )
            )
            seen[text] += 1
    return chunks


def _find_first_heading(parsed: ParsedDocument) -> str:
    for page in parsed.pages:
        for block in page.blocks:
            if block.kind == "heading":
                return " ".join(page.text[block.start : block.end].split())
    return ""


def _describe(title: str, first_heading: str, piece: _Piece) -> str:
    """Join document title, sheet, heading path and table header, each said once."""
    parts: list[str] = []
    # A title taken from the first of several main headings does not stand above the others.
    above = "" if title == first_heading and piece.path and piece.path[0] != title else title
    for part in (above, piece.sheet or "", *piece.path, piece.header):
        flat = " ".join(part.split())
        if flat and flat not in parts:
            parts.append(flat)
    return " > ".join(parts)


def _size(text: str, options: ChunkOptions) -> float:
    wide = sum(len(match) for match in _WIDE.findall(text))
    return len(text) + (options.wide_weight - 1.0) * wide


def _blocks_of(page: Page) -> Sequence[Block]:
    """Return the page's blocks; paragraphs between blank lines for a reader that gave none."""
    if page.blocks or not page.text.strip():
        return page.blocks
    return [Block(kind="paragraph", start=m.start(), end=m.end()) for m in _PARAGRAPH.finditer(page.text)]


class _Packer:
    """Fills pieces with blocks in order; the heading stack is carried from page to page."""

    def __init__(self, options: ChunkOptions) -> None:
        self._options = options
        self._path: list[tuple[int, str]] = []
        self._text = ""
        self._current: _Piece | None = None
        self._waiting: _Piece | None = None  # headings that have no body yet

    def pack(self, page: Page) -> Iterator[_Piece]:
        """Yield the pieces of a page."""
        self._text = page.text
        for block in _blocks_of(page):
            start, end = _trim(page.text, block.start, block.end)
            if start >= end:
                continue
            if block.kind == "heading":
                yield from self._enter(block, start, end)
                if self._waiting:
                    continue
            elif article := _ARTICLE.match(page.text, start, end):
                yield from self._close()
                _push(self._path, 5, article[0])
                first = self._waiting.start if self._waiting else start
                self._waiting = self._piece(first, start)
            yield from self._fill(block, start, end)
        yield from self._close()
        yield from self._give_up_waiting()

    def _enter(self, block: Block, start: int, end: int) -> Iterator[_Piece]:
        yield from self._close()
        if self._waiting and not _is_below(self._path, block):
            yield from self._give_up_waiting()
        heading = " ".join(self._text[start:end].split())
        _push(self._path, block.level or 1, heading)
        first = self._waiting.start if self._waiting else start
        self._waiting = None
        if not _is_statement(heading):
            self._waiting = replace(self._piece(first, end), heading_start=first)
        elif first < start:
            yield from _split(self._piece(first, start), self._text, self._options)

    def _fill(self, block: Block, start: int, end: int) -> Iterator[_Piece]:
        whole = replace(
            self._piece(start, end), header=block.header, sheet=block.sheet, row=block.row, kind=block.kind
        )
        for piece in _split(whole, self._text, self._options):
            if self._waiting:
                begins, self._waiting = replace(piece, heading_start=self._waiting.start), None
            else:
                begins = piece
            current = self._current
            if current and _fits(current, begins, self._text, self._options):
                self._current = replace(current, end=piece.end, header=current.header or piece.header)
            else:
                yield from self._close()
                self._current = begins

    def _piece(self, start: int, end: int) -> _Piece:
        return _Piece(start, end, tuple(text for _, text in self._path))

    def _close(self) -> Iterator[_Piece]:
        if self._current:
            yield self._current
        self._current = None

    def _give_up_waiting(self) -> Iterator[_Piece]:
        if self._waiting:
            yield from _split(self._waiting, self._text, self._options)
        self._waiting = None


def _is_below(path: Sequence[tuple[int, str]], block: Block) -> bool:
    return bool(path) and path[-1][0] < (block.level or 1)


def _push(path: list[tuple[int, str]], level: int, text: str) -> None:
    while path and path[-1][0] >= level:
        path.pop()
    path.append((level, text[:_MAX_HEADING]))


def _is_statement(heading: str) -> bool:
    """Whether a heading is body too: readers mistake bold sentences and "Deadline: 5 May" for headings."""
    return len(heading) > _MAX_HEADING or _STATEMENT.search(heading) is not None


def _fits(piece: _Piece, following: _Piece, text: str, options: ChunkOptions) -> bool:
    if piece.sheet != following.sheet or (piece.header and piece.header != following.header):
        return False
    joined = _size(text[piece.start : following.end], options)
    if joined <= options.target:
        return True
    return _size(text[piece.start : piece.end], options) < options.minimum and joined <= options.maximum


def _merge_small(pieces: Iterator[_Piece], text: str, options: ChunkOptions) -> list[_Piece]:
    """Join a piece below the minimum with its neighbour in the same or a sibling section."""
    merged: list[_Piece] = []
    for piece in pieces:
        joined = _join(merged[-1], piece, text, options) if merged else None
        if joined:
            merged[-1] = joined
        else:
            merged.append(piece)
    return merged


def _join(left: _Piece, right: _Piece, text: str, options: ChunkOptions) -> _Piece | None:
    small = min(_size(text[p.start : p.end], options) for p in (left, right)) < options.minimum
    if not small or left.sheet != right.sheet or left.header != right.header:
        return None
    if left.path == right.path:
        limit, path, start = options.maximum, left.path, left.start
    elif _are_kin(left, right):
        # Their own headings then stand inside the text; only what they share stays context.
        limit, path = options.target, _common(left.path, right.path)
        start = left.start if left.path == path or left.heading_start is None else left.heading_start
    else:
        return None
    if _size(text[start : right.end], options) > limit:
        return None
    return replace(left, start=start, end=right.end, path=path)


def _are_kin(left: _Piece, right: _Piece) -> bool:
    """A section's text and its first subsection, or two sections under one heading, ``left`` being whole."""
    shared = len(_common(left.path, right.path))
    if len(right.path) - shared != 1 or right.heading_start is None:
        return False
    return len(left.path) == shared or (len(left.path) - shared == 1 and left.heading_start is not None)


def _common(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    shared = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        shared += 1
    return left[:shared]


def _split(piece: _Piece, text: str, options: ChunkOptions) -> Iterator[_Piece]:
    """Yield the piece whole, or its sentences (lines of code), or parts of them, each within the maximum."""
    if _size(text[piece.start : piece.end], options) <= options.target:
        yield piece
        return
    spans = _lines if piece.kind == "code" else _sentences
    for start, end in spans(text, piece.start, piece.end):
        if _size(text[start:end], options) <= options.maximum:
            yield replace(piece, start=start, end=end)
        else:
            for first, last in _cut_words(text, start, end, options):
                yield replace(piece, start=first, end=last)


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield sentence spans; what the splitter leaves between them goes with the sentence before."""
    starts = [start, *(start + first for first, _ in split_sentences(text[start:end])[1:]), end]
    for first, last in pairwise(starts):
        yield _trim(text, first, last)


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for match in _LINE.finditer(text, start, end):
        yield _trim(text, *match.span())


def _cut_words(text: str, start: int, end: int, options: ChunkOptions) -> Iterator[tuple[int, int]]:
    """Cut at white space, or anywhere in a run without any (base64, a log line without spaces)."""
    while start < end:
        stop = _reach(text, start, end, options)
        if stop < end:
            space = max(text.rfind(" ", start + 1, stop + 1), text.rfind("\n", start + 1, stop + 1))
            if space > start + (stop - start) // 2:
                stop = space
        yield _trim(text, start, stop)
        while stop < end and text[stop].isspace():
            stop += 1
        start = stop


def _reach(text: str, start: int, end: int, options: ChunkOptions) -> int:
    """Return the largest stop such that the slice stays within the target; at least one character."""
    size = 0.0
    for stop in range(start, end):
        size += options.wide_weight if _WIDE_CHARACTER.match(text, stop) else 1.0
        if size > options.target:
            return max(stop, start + 1)
    return end


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
