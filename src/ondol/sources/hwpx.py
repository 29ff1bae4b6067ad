"""Reads HWPX (OWPML, KS X 6101): a ZIP of XML parts; sections in the order of the spine.

Deleted text of tracked changes, comments and memos are left out; inserted text, foot- and endnotes, captions,
text boxes, equations (their script) and form fields are read. Elements are known by their local names, since
every edition of the format has namespaces of its own.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from zipfile import ZipFile

from lxml import etree

from ondol.core.documents import DocumentKind, ParsedDocument
from ondol.core.errors import CorruptFileError, EncryptedFileError
from ondol.sources.archive import open_zip, read_entry
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
from ondol.sources.html import parse_date
from ondol.sources.limits import Limits
from ondol.sources.outline import guess_title
from ondol.text.normalise import nfc

Element = etree._Element  # noqa: SLF001 - lxml has no public name for the type

MEDIA_TYPE = "application/hwp+zip"

_SECTION = re.compile(r"Contents/section(\d+)\.xml\Z", re.IGNORECASE)
_CHARACTERS = {"tab": "\t", "lineBreak": "\n", "nbSpace": " ", "fwSpace": " ", "hyphen": "-"}
_SHAPES = frozenset({
    "pic",
    "ole",
    "container",
    "line",
    "rect",
    "ellipse",
    "arc",
    "polygon",
    "curve",
    "connectLine",
    "video",
    "chart",
})
_WORDED = frozenset({"textart", "compose", "dutmal", "edit"})
_HEAD_KINDS: dict[str, HeadKind] = {"OUTLINE": "outline", "NUMBER": "number", "BULLET": "bullet"}
_COUNTED = frozenset({"PICTURE", "TABLE", "EQUATION"})
_MAX_DEPTH = 60


def read(data: bytes, *, name: str, limits: Limits) -> ParsedDocument:
    """Read an HWPX document.

    Args:
        data: the file.
        name: for messages.
        limits: bounds on unpacking and on the text.

    Raises:
        EncryptedFileError: protected by a password.
        CorruptFileError: not a ZIP, or a part is missing or is not XML.
        FileLimitError: a decompression bomb, or more text than ``limits`` allows.
    """
    with open_zip(data, name=name, limits=limits) as archive:
        parts = _Parts(archive, name)
        if b"encryption-data" in parts.read("META-INF/manifest.xml"):
            raise EncryptedFileError(
                f"{name} is protected by a password.", remedy="Save it without a password and add it again."
            )
        package = parts.find_package()
        header = parts.parse("Contents/header.xml")
        styles = _Styles(header)
        sections = [
            _read_section(parts.parse_required(part), styles) for part in parts.find_sections(package)
        ]
    page = PageBuilder(TextBudget(name, limits))
    write_sections(page, sections, styles.numberings)
    written = page.build()
    meta = _read_meta(package)
    return ParsedDocument(
        kind=DocumentKind.HWPX,
        media_type=MEDIA_TYPE,
        title=" ".join(nfc(meta.get("title", "")).split()) or guess_title(written),
        author=nfc(meta.get("creator", "")).strip(),
        created_at=_date(meta, "createddate"),
        modified_at=_date(meta, "modifieddate"),
        pages=(written,),
    )


class _Parts:
    """The parts of the package, by name without regard to case."""

    def __init__(self, archive: ZipFile, name: str) -> None:
        self._archive = archive
        self._name = name
        self._entries = {info.filename.replace("\\", "/").lower(): info for info in archive.infolist()}

    def read(self, part: str) -> bytes:
        entry = self._entries.get(part.lower().lstrip("/"))
        return b"" if entry is None else read_entry(self._archive, entry, name=self._name)

    def parse(self, part: str) -> Element | None:
        data = self.read(part)
        if not data:
            return None
        # Entities stay unexpanded and nothing is fetched: an XML bomb stays as small as it is on disk.
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            return etree.fromstring(data, parser)
        except etree.XMLSyntaxError as error:
            raise CorruptFileError(
                f"{part} in {self._name} is damaged ({error}).",
                remedy="Open it in Hangul and save it again.",
            ) from error

    def parse_required(self, part: str) -> Element:
        root = self.parse(part)
        if root is None:
            raise CorruptFileError(
                f"{part} is missing in {self._name}.", remedy="Get an intact copy of the file."
            )
        return root

    def find_package(self) -> Element | None:
        container = self.parse("META-INF/container.xml")
        paths = [] if container is None else [e.get("full-path", "") for e in _iter(container, "rootfile")]
        return self.parse(next((p for p in paths if p.endswith(".hpf")), "Contents/content.hpf"))

    def find_sections(self, package: Element | None) -> list[str]:
        """Return the section parts in the order of the spine; by number where there is no spine."""
        found: list[str] = []
        if package is not None:
            hrefs = {item.get("id"): item.get("href", "") for item in _iter(package, "item")}
            ordered = [hrefs.get(item.get("idref"), "") for item in _iter(package, "itemref")]
            found = [
                self._resolve(href)
                for href in ordered
                if re.search(r"section\d+\.xml\Z", href, re.IGNORECASE)
            ]
            found = [part for part in found if part]
        if not found:
            numbered = {int(m[1]): part for part in self._entries if (m := _SECTION.search(part))}
            found = [part for _, part in sorted(numbered.items())]
        if not found:
            raise CorruptFileError(
                f"{self._name} has no section.", remedy="Open it in Hangul and save it again."
            )
        return found

    def _resolve(self, href: str) -> str:
        """Some writers name parts from the root, some from the folder of the package file."""
        return next((p for p in (href, f"Contents/{href}") if p.lower().lstrip("/") in self._entries), "")


class _Styles:
    """What ``header.xml`` says of paragraphs: their numbering and style names."""

    def __init__(self, header: Element | None) -> None:
        self.heads: dict[str, Head] = {}
        self.names: dict[str, str] = {}
        self.numberings: dict[int, list[NumberLevel]] = {}
        if header is None:
            return
        for shape in _iter(header, "paraPr"):
            heading = next(_iter(shape, "heading"), None)
            if heading is not None and (kind := _HEAD_KINDS.get(heading.get("type", ""))):
                level, numbering = _int(heading.get("level")) + 1, _int(heading.get("idRef"))
                self.heads[shape.get("id", "")] = Head(kind, level, numbering)
        for style in _iter(header, "style"):
            self.names[style.get("id", "")] = style.get("name", "")
        for defined in _iter(header, "numbering"):
            levels = sorted(_iter(defined, "paraHead"), key=lambda head: _int(head.get("level")))
            self.numberings[_int(defined.get("id"))] = [
                NumberLevel(
                    "".join(head.itertext()), head.get("numFormat", "DIGIT"), _int(head.get("start"), 1)
                )
                for head in levels
            ]


def _read_section(root: Element, styles: _Styles) -> Section:
    section = Section([])
    for properties in _iter(root, "secPr"):
        section.outline = _int(properties.get("outlineShapeIDRef"))
        break
    section.paragraphs = _Reader(styles, section).read_list(root, 0)
    return section


class _Reader:
    """Turns elements into paragraphs; remembers whether a deletion is open across runs."""

    def __init__(self, styles: _Styles, section: Section) -> None:
        self._styles = styles
        self._section = section
        self._deleting = 0

    def read_list(self, parent: Element | None, depth: int) -> list[Paragraph]:
        if parent is None or depth > _MAX_DEPTH:
            return []
        return [self._paragraph(child, depth) for child in parent if _local(child) == "p"]

    def _paragraph(self, element: Element, depth: int) -> Paragraph:
        paragraph = Paragraph(
            head=self._styles.heads.get(element.get("paraPrIDRef", "")),
            style=self._styles.names.get(element.get("styleIDRef", ""), ""),
        )
        for run in element:
            if _local(run) == "run":
                for child in run:
                    self._item(child, paragraph, depth + 1)
        return paragraph

    def _item(self, element: Element, paragraph: Paragraph, depth: int) -> None:
        tag, items = _local(element), paragraph.items
        if tag == "t":
            items.extend(self._text(element))
        elif tag == "ctrl":
            for child in element:
                self._control(child, paragraph, depth)
        elif self._deleting:
            return
        elif tag == "tbl":
            items.append(self._table(element, depth))
        elif tag in _SHAPES:
            items.extend(Box(paragraphs) for paragraphs in self._shape(element, depth))
        elif tag == "equation":
            items.append(f" {_read_words(element)} ")
            items.extend(Box(self.read_list(sub, depth + 1)) for sub in _lists(element, "caption"))
        elif tag in _WORDED:
            items.append(_read_words(element))
        elif tag == "switch":
            chosen = next(_children(element, "case"), None) or next(_children(element, "default"), None)
            for child in chosen if chosen is not None else ():
                self._item(child, paragraph, depth)

    def _text(self, element: Element) -> Iterator[str]:
        if element.text and not self._deleting:
            yield element.text
        for child in element:
            tag = _local(child)
            if tag in {"deleteBegin", "deleteEnd"}:
                self._deleting = 1 if tag == "deleteBegin" else 0
            elif tag in _CHARACTERS and not self._deleting:
                yield _CHARACTERS[tag]
            if child.tail and not self._deleting:
                yield child.tail

    def _control(self, element: Element, paragraph: Paragraph, depth: int) -> None:
        tag = _local(element)
        if tag in {"header", "footer"}:
            for sub in _children(element, "subList"):
                self._section.margins.extend(self.read_list(sub, depth + 1))
        elif self._deleting:
            return
        elif tag in {"footNote", "endNote"}:
            for sub in _children(element, "subList"):
                paragraph.items.append(Box(self.read_list(sub, depth + 1)))
        elif tag == "autoNum" and element.get("numType") in _COUNTED:
            paragraph.items.append(element.get("num", ""))

    def _table(self, element: Element, depth: int) -> Table:
        table = Table([], [p for sub in _lists(element, "caption") for p in self.read_list(sub, depth + 1)])
        for index, row in enumerate(_children(element, "tr")):
            for cell in _children(row, "tc"):
                span = next(_children(cell, "cellSpan"), None)
                table.cells.append(
                    TableCell(
                        [p for sub in _children(cell, "subList") for p in self.read_list(sub, depth + 1)],
                        row=index,
                        col_span=1 if span is None else _int(span.get("colSpan"), 1),
                        row_span=1 if span is None else _int(span.get("rowSpan"), 1),
                        is_header=cell.get("header") == "1",
                    )
                )
        return table

    def _shape(self, element: Element, depth: int) -> Iterator[list[Paragraph]]:
        for sub in _lists(element, "caption"):
            yield self.read_list(sub, depth + 1)
        for sub in _lists(element, "drawText"):
            yield self.read_list(sub, depth + 1)
        for child in element:
            if _local(child) in _SHAPES and depth < _MAX_DEPTH:
                yield from self._shape(child, depth + 1)
            elif _local(child) in {"tbl", "textart", "equation"}:
                inner = Paragraph()
                self._item(child, inner, depth + 1)
                yield [inner]


def _read_words(element: Element) -> str:
    """Return the words of an object that is not made of paragraphs."""
    match _local(element):
        case "textart":
            return element.get("text", "")
        case "compose":
            return element.get("composeText", "")
        case "dutmal":
            main, above = ("".join(_texts(element, part)) for part in ("mainText", "subText"))
            return f"{main}({above})" if above else main
        case "edit":
            return "".join(_texts(element, "text"))
        case _:
            return "".join(_texts(element, "script"))


def _local(element: Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _iter(root: Element, name: str) -> Iterator[Element]:
    return root.iter("{*}" + name)


def _children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if _local(child) == name)


def _lists(element: Element, name: str) -> Iterator[Element]:
    return (sub for child in _children(element, name) for sub in _children(child, "subList"))


def _texts(element: Element, name: str) -> Iterator[str]:
    return (str(text) for child in _children(element, name) for text in child.itertext())


def _int(value: str | None, default: int = 0) -> int:
    return int(value) if value and re.fullmatch(r"\d{1,9}", value) else default


def _read_meta(package: Element | None) -> dict[str, str]:
    meta: dict[str, str] = {}
    for element in () if package is None else package.iter():
        tag = _local(element)
        if tag in {"title", "creator"} and element.text:
            meta.setdefault(tag, element.text)
        elif tag == "meta" and element.text and element.get("name"):
            meta.setdefault(element.get("name", "").lower(), element.text)
    return meta


def _date(meta: dict[str, str], key: str) -> datetime | None:
    return parse_date(meta.get(key, ""))
