"""Reads binary HWP 5: an OLE file whose streams hold tagged records (HWP 5.0 revision 1.3, by Hancom).

A paragraph is a header record with its text and its controls as children; a control such as a table holds
lists of paragraphs.
"""

import io
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import olefile

from ondol.core.documents import DocumentKind, ParsedDocument
from ondol.core.errors import CorruptFileError, EncryptedFileError, FileLimitError, UnsupportedFileError
from ondol.sources.build import PageBuilder, TextBudget
from ondol.sources.hangul import (
    Box,
    Head,
    HeadKind,
    NumberLevel,
    Paragraph,
    Section,
    Table,
    TableCell,
    write_sections,
)
from ondol.sources.hwp_records import CTRL_HEADER, Record, parse_records, read_string, split_text, walk
from ondol.sources.limits import Limits
from ondol.sources.ole_summary import read_property_set
from ondol.sources.outline import guess_title
from ondol.text.normalise import nfc

MEDIA_TYPE = "application/x-hwp"

_NUMBERING, _PARA_SHAPE, _STYLE = 0x17, 0x19, 0x1A
_PARA_HEADER, _PARA_TEXT, _LIST_HEADER = 0x42, 0x43, 0x48
_TABLE, _SHAPE, _EQUATION, _TEXTART, _FORM = 0x4D, 0x4C, 0x58, 0x5A, 0x5B
_MAX_DEPTH = 60
_HEAD_KINDS: dict[int, HeadKind] = {1: "outline", 2: "number", 3: "bullet"}
_SHAPES = [
    "DIGIT",
    "CIRCLED_DIGIT",
    "ROMAN_CAPITAL",
    "ROMAN_SMALL",
    "LATIN_CAPITAL",
    "LATIN_SMALL",
    "CIRCLED_LATIN_CAPITAL",
    "CIRCLED_LATIN_SMALL",
    "HANGUL_SYLLABLE",
    "CIRCLED_HANGUL_SYLLABLE",
    "HANGUL_JAMO",
    "CIRCLED_HANGUL_JAMO",
    "HANGUL_PHONETIC",
    "IDEOGRAPH",
    "CIRCLED_IDEOGRAPH",
    "DECAGON_CIRCLE",
    "DECAGON_CIRCLE_HANJA",
]
_EDIT_FIELD = b"tde+"
_FORM_TEXT = re.compile(r"\bText:wstring:(\d{1,6}):")
_COUNTED_KINDS = frozenset({3, 4, 5})  # pictures, tables, equations


def read(data: bytes, *, name: str, limits: Limits) -> ParsedDocument:
    """Read an HWP 5 document.

    Args:
        data: the file.
        name: for messages.
        limits: bounds on unpacking and on the text.

    Raises:
        UnsupportedFileError: HWP 3 or older, or not HWP.
        EncryptedFileError: protected by a password or a certificate, or a distribution copy (배포용 문서).
        CorruptFileError: truncated or damaged.
        FileLimitError: a decompression bomb, or more text than ``limits`` allows.
    """
    if data.startswith(b"HWP Document File V"):
        raise UnsupportedFileError(
            f"{name} is of HWP version 3 or older.", remedy="Open it in Hangul and save it as HWPX or HWP 5."
        )
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            _check_sizes(ole, len(data), name)
            streams = _Streams(ole, name, limits)
            styles = _Styles(parse_records(streams.read("DocInfo"), name))
            sections = [_read_section(parse_records(body, name), styles) for body in streams.read_sections()]
            meta = _read_summary(ole)
    except (OSError, struct.error, IndexError, zlib.error) as error:
        raise CorruptFileError(
            f"{name} is damaged or truncated ({error}).", remedy="Open it in Hangul and save it again."
        ) from error
    page = PageBuilder(TextBudget(name, limits))
    write_sections(page, sections, styles.numberings)
    written = page.build()
    return ParsedDocument(
        kind=DocumentKind.HWP,
        media_type=MEDIA_TYPE,
        title=meta.title or guess_title(written),
        author=meta.author,
        created_at=meta.created_at,
        modified_at=meta.modified_at,
        pages=(written,),
    )


def _check_sizes(ole: olefile.OleFileIO, num_bytes: int, name: str) -> None:
    """Refuse streams said to be larger than the file: sectors chained in a circle would fill any size."""
    sizes = [entry.size for entry in ole.direntries if entry is not None]
    if max([*sizes, ole.num_mini_fat_sectors * ole.sector_size]) > num_bytes:
        raise CorruptFileError(
            f"{name} is damaged: it declares more than it holds.", remedy="Get an intact copy of the file."
        )


class _Streams:
    """Opens the streams of the file, after asking its header whether they can be read."""

    def __init__(self, ole: olefile.OleFileIO, name: str, limits: Limits) -> None:
        self._ole = ole
        self._name = name
        self._left = limits.max_archive_bytes
        if not ole.exists("FileHeader"):
            raise UnsupportedFileError(f"{name} is not an HWP file.", remedy="Save it as HWPX or HWP 5.")
        header = ole.openstream("FileHeader").read()
        if not header.startswith(b"HWP Document File") or len(header) < 40:
            raise CorruptFileError(f"{name} has a damaged header.", remedy="Get an intact copy of the file.")
        (flags,) = struct.unpack_from("<I", header, 36)
        self._is_packed = bool(flags & 0x1)
        if flags & (0x2 | 0x10 | 0x100 | 0x400):
            raise EncryptedFileError(
                f"{name} is protected by a password or certificate.",
                remedy="Save it without protection and add it again.",
            )
        if flags & 0x4 or (ole.exists("ViewText") and not ole.exists("BodyText")):
            raise EncryptedFileError(
                f"{name} is a distribution copy (배포용 문서), whose text is encrypted.",
                remedy="Ask its author for the original HWP or HWPX, or for a PDF.",
            )

    def read(self, path: str) -> bytes:
        """Return a stream unpacked; raises ``FileLimitError`` when it grows beyond what is left."""
        data: bytes = self._ole.openstream(path).read()
        if not self._is_packed:
            return data
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        unpacked = unpacker.decompress(data, self._left)
        if unpacker.unconsumed_tail:
            raise FileLimitError(
                f"{self._name} unpacks to more than it may; this looks like a decompression bomb.",
                remedy="If the file is trustworthy, raise the archive limits.",
            )
        self._left -= len(unpacked)
        if not unpacker.eof and path != "DocInfo":
            raise CorruptFileError(
                f"{path} in {self._name} is cut off.", remedy="Get an intact copy of the file."
            )
        return unpacked

    def read_sections(self) -> Iterator[bytes]:
        names = [path for path in self._ole.listdir() if len(path) == 2 and path[0] == "BodyText"]
        numbered = sorted(
            (int(m[1]), path) for path in names if (m := re.fullmatch(r"Section(\d+)", path[1]))
        )
        if not numbered:
            raise CorruptFileError(f"{self._name} has no section.", remedy="Get an intact copy of the file.")
        for _, path in numbered:
            yield self.read("/".join(path))


class _Styles:
    """What ``DocInfo`` says of paragraphs: their numbering and style names."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.heads: list[Head | None] = []
        self.names: list[str] = []
        self.numberings: dict[int, list[NumberLevel]] = {}
        for record in walk(records):
            if record.tag == _PARA_SHAPE:
                self.heads.append(_read_head(record.data))
            elif record.tag == _STYLE:
                self.names.append(read_string(record.data, 0)[0])
            elif record.tag == _NUMBERING:
                self.numberings[len(self.numberings) + 1] = _read_numbering(record.data)


def _read_head(data: bytes) -> Head | None:
    if len(data) < 32:
        return None
    (flags,) = struct.unpack_from("<I", data)
    kind = _HEAD_KINDS.get(flags >> 23 & 0x3)
    return Head(kind, (flags >> 25 & 0x7) + 1, struct.unpack_from("<H", data, 30)[0]) if kind else None


def _read_numbering(data: bytes) -> list[NumberLevel]:
    """Seven levels; newer files follow them with a first number for each (5.0.2.5) and three levels more."""
    levels, at = [], 0
    for _ in range(7):
        if at + 14 > len(data):
            break
        (flags,) = struct.unpack_from("<I", data, at)
        shape = flags >> 5 & 0xF
        pattern, at = read_string(data, at + 12)
        levels.append(NumberLevel(pattern, _SHAPES[shape]))
    starts = struct.unpack_from("<7I", data, at + 2) if len(data) >= at + 30 else (1,) * 7
    return [
        NumberLevel(level.pattern, level.shape, start if start < 10_000 else 1)
        for level, start in zip(levels, starts, strict=False)
    ]


def _read_section(records: Sequence[Record], styles: _Styles) -> Section:
    section = Section([])
    for record in records[:1]:
        for control in record.children:
            if control.control == "secd" and len(control.data) >= 20:
                (section.outline,) = struct.unpack_from("<H", control.data, 18)
    section.paragraphs = _Reader(styles, section).read_list(records, 0)
    return section


class _Reader:
    """Turns records into paragraphs."""

    def __init__(self, styles: _Styles, section: Section) -> None:
        self._styles = styles
        self._section = section

    def read_list(self, records: Sequence[Record], depth: int) -> list[Paragraph]:
        return [self._paragraph(r, depth) for r in records if r.tag == _PARA_HEADER and depth <= _MAX_DEPTH]

    def _paragraph(self, record: Record, depth: int) -> Paragraph:
        shape, style = struct.unpack_from("<HB", record.data, 8) if len(record.data) >= 11 else (0, 0)
        paragraph = Paragraph(
            head=self._styles.heads[shape] if shape < len(self._styles.heads) else None,
            style=self._styles.names[style] if style < len(self._styles.names) else "",
        )
        text = next((child.data for child in record.children if child.tag == _PARA_TEXT), b"")
        controls = iter([child for child in record.children if child.tag == CTRL_HEADER])
        for piece in split_text(text):
            if piece:
                paragraph.items.append(piece)
            elif (control := next(controls, None)) is not None:
                self._control(control, paragraph, depth + 1)
        for control in controls:
            self._control(control, paragraph, depth + 1)
        return paragraph

    def _control(self, control: Record, paragraph: Paragraph, depth: int) -> None:
        kind, items = control.control, paragraph.items
        if kind == "tbl ":
            items.append(self._table(control, depth))
        elif kind == "gso ":
            self._drawing(control, paragraph, depth)
        elif kind in {"fn  ", "en  "}:
            items.append(Box(self.read_list(control.children, depth)))
        elif kind in {"head", "foot"}:
            self._section.margins.extend(self.read_list(control.children, depth))
        elif kind == "eqed":
            items.append(f" {_equation(control)} ")
            if captions := self.read_list(control.children, depth):
                items.append(Box(captions))
        elif words := _read_words(control):
            items.append(words)

    def _drawing(self, control: Record, paragraph: Paragraph, depth: int) -> None:
        """A caption first, then what is written in the shape and in the shapes grouped in it."""
        if captions := self.read_list(control.children, depth):
            paragraph.items.append(Box(captions))
        for shape in (record for record in walk(control.children) if record.tag == _SHAPE):
            if inner := self.read_list(shape.children, depth):
                paragraph.items.append(Box(inner))
            for child in shape.children:
                if child.tag == _TEXTART and len(child.data) > 34:
                    paragraph.items.append(read_string(child.data, 32)[0])

    def _table(self, control: Record, depth: int) -> Table:
        table = Table([])
        target, is_body = table.caption, False
        for record in control.children:
            if record.tag == _TABLE:
                is_body = True
            elif record.tag == _LIST_HEADER and is_body:
                cell = _read_cell(record.data)
                table.cells.append(cell)
                target = cell.paragraphs
            elif record.tag == _PARA_HEADER:
                target.extend(self.read_list([record], depth))
        return table


def _read_cell(data: bytes) -> TableCell:
    (flags,) = struct.unpack_from("<I", data, 4)
    _, row, col_span, row_span = struct.unpack_from("<4H", data, 8)
    return TableCell([], row, max(col_span, 1), max(row_span, 1), is_header=bool(flags & 0x40000))


def _read_words(control: Record) -> str:
    """Return the words of a control that is not made of paragraphs; most have none."""
    data = control.data
    if control.control == "tdut":
        main, at = read_string(data, 4)
        above, _ = read_string(data, at)
        return f"{main}({above})" if above else main
    if control.control == "tcps":
        words, at = read_string(data, 4)
        # With a frame around it, the frame is the first character.
        return words[1:] if data[at : at + 1] not in {b"", b"\0"} else words
    if control.control == "atno" and len(data) >= 10:
        flags, number = struct.unpack_from("<IH", data, 4)
        return str(number) if flags & 0xF in _COUNTED_KINDS else ""
    if control.control == "form":
        form = next((child.data for child in control.children if child.tag == _FORM), b"")
        if form.startswith(_EDIT_FIELD) and (text := _FORM_TEXT.search(form.decode("utf-16-le", "replace"))):
            return text.string[text.end() : text.end() + int(text[1])]
    return ""


def _equation(control: Record) -> str:
    data = next((child.data for child in control.children if child.tag == _EQUATION), b"")
    return read_string(data, 4)[0] if len(data) >= 6 else ""


@dataclass(frozen=True, slots=True)
class _Summary:
    title: str = ""
    author: str = ""
    created_at: datetime | None = None
    modified_at: datetime | None = None


def _read_summary(ole: olefile.OleFileIO) -> _Summary:
    """Read the property set; a damaged one costs the title and dates, not the document."""
    stream = "\x05HwpSummaryInformation"
    if not ole.exists(stream):
        return _Summary()
    try:
        found = read_property_set(ole.openstream(stream).read())
    except (OSError, struct.error, IndexError, TypeError, ValueError, OverflowError):
        return _Summary()

    def text(key: int) -> str:
        value = found.get(key)
        return " ".join(nfc(value).split()) if isinstance(value, str) else ""

    def date(key: int) -> datetime | None:
        value = found.get(key)
        # A date of 1601 is how an unset one reads.
        return value if isinstance(value, datetime) and value.year > 1980 else None

    return _Summary(text(2), text(4), date(12), date(13))
