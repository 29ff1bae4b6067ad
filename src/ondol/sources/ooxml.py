"""The package under DOCX, PPTX and XLSX (ECMA-376 part 2): parts, relationships, core properties.

Strict packages (ISO/IEC 29500 Strict) use other namespaces for the same things; they are renamed to the
transitional ones on the way in, so that readers know one vocabulary. XML is read without entities, DTDs or
network.
"""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO
from urllib.parse import unquote

from lxml import etree

from ondol.core.errors import CorruptFileError
from ondol.sources.archive import open_zip, read_entry
from ondol.sources.limits import Limits
from ondol.text.normalise import nfc

Element = etree._Element  # noqa: SLF001 - lxml has no public name for the type

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"

_STRICT = (
    (
        b"http://purl.oclc.org/ooxml/officeDocument/",
        b"http://schemas.openxmlformats.org/officeDocument/2006/",
    ),
    (
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    ),
    (
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    ),
    (
        b"http://purl.oclc.org/ooxml/presentationml/main",
        b"http://schemas.openxmlformats.org/presentationml/2006/main",
    ),
    (b"http://purl.oclc.org/ooxml/drawingml/", b"http://schemas.openxmlformats.org/drawingml/2006/"),
)
_DC = "{http://purl.org/dc/elements/1.1/}"
_DCTERMS = "{http://purl.org/dc/terms/}"
_STREAM_BYTES = 1 << 18
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


class Relation:
    """One relationship of a part: its type's last word and the part it points to."""

    __slots__ = ("is_external", "kind", "target")

    def __init__(self, kind: str, target: str, *, is_external: bool) -> None:
        self.kind = kind
        self.target = target
        self.is_external = is_external


class Package:
    """An open OOXML package; a context manager."""

    def __init__(self, data: bytes, *, name: str, limits: Limits) -> None:
        self._name = name
        self._archive = open_zip(data, name=name, limits=limits)
        # Part names compare without regard to case (ECMA-376 part 2, 6.2.2.3).
        self._entries = {info.filename.replace("\\", "/").lower(): info for info in self._archive.infolist()}

    def __enter__(self) -> "Package":
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def read_xml(self, part: str) -> Element | None:
        """Return the root of a part, or ``None`` if the package has no such part.

        Raises ``CorruptFileError``.
        """
        info = self._entries.get(part.lower())
        if info is None:
            return None
        content = read_entry(self._archive, info, name=self._name)
        if b"purl.oclc.org/ooxml" in content:
            for strict, transitional in _STRICT:
                content = content.replace(strict, transitional)
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True,
            remove_pis=True,
        )  # fmt: skip
        try:
            return etree.fromstring(content, parser)
        except etree.XMLSyntaxError as error:
            raise self._corrupt(part, error) from error

    def stream_xml(self, part: str, tag: str) -> Iterator[Element]:
        """Yield the elements named ``tag`` of a large part one by one.

        Each is emptied when the next is asked for.
        """
        info = self._entries.get(part.lower())
        if info is None:
            return
        try:
            with self._archive.open(info) as stream:
                yield from _stream(stream, tag)
        except (etree.XMLSyntaxError, *_DAMAGE) as error:
            raise self._corrupt(part, error) from error

    def find_all(
        self, part: str, pattern: re.Pattern[bytes], *, max_match_bytes: int = 256
    ) -> Iterator[re.Match[bytes]]:
        """Yield the matches of ``pattern`` in a part's bytes, without holding the part.

        None may exceed the bound.
        """
        info = self._entries.get(part.lower())
        if info is None:
            return
        try:
            with self._archive.open(info) as stream:
                rest = b""
                while block := stream.read(_STREAM_BYTES):
                    block = rest + block
                    end = 0
                    for match in pattern.finditer(block):
                        yield match
                        end = match.end()
                    rest = block[max(end, len(block) - max_match_bytes) :]
        except _DAMAGE as error:
            raise self._corrupt(part, error) from error

    def read_relations(self, part: str) -> dict[str, Relation]:
        """Return a part's relationships by id; ``""`` means the package's own."""
        folder, file = posixpath.split(part)
        root = self.read_xml(posixpath.join(folder, "_rels", f"{file}.rels"))
        found = {}
        for element in root if root is not None else ():
            is_external = element.get("TargetMode") == "External"
            target = unquote(element.get("Target") or "")
            if not is_external:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            kind = (element.get("Type") or "").rsplit("/", 1)[-1]
            found[element.get("Id") or ""] = Relation(kind, target, is_external=is_external)
        return found

    def find_main_part(self, default: str) -> str:
        """Return the name of the part that is the document."""
        relations = self.read_relations("").values()
        return next((r.target for r in relations if r.kind == "officeDocument"), default)

    def read_properties(self) -> "Properties":
        """Return title, author and dates; empty where the package has none or they are damaged."""
        try:
            relations = self.read_relations("").values()
            part = next((r.target for r in relations if r.kind == "core-properties"), "docProps/core.xml")
            root = self.read_xml(part)
        except CorruptFileError:
            root = None
        if root is None:
            return Properties("", "", None, None)
        return Properties(
            title=" ".join(nfc(root.findtext(f"{_DC}title") or "").split()),
            author=" ".join(nfc(root.findtext(f"{_DC}creator") or "").split()),
            created_at=parse_w3cdtf(root.findtext(f"{_DCTERMS}created")),
            modified_at=parse_w3cdtf(root.findtext(f"{_DCTERMS}modified")),
        )

    def _corrupt(self, part: str, error: Exception) -> CorruptFileError:
        return CorruptFileError(
            f"{part} in {self._name} is damaged ({error}).",
            remedy="Open it in its own program and save it again.",
        )


class Properties:
    """What ``docProps/core.xml`` says."""

    __slots__ = ("author", "created_at", "modified_at", "title")

    def __init__(
        self, title: str, author: str, created_at: datetime | None, modified_at: datetime | None
    ) -> None:
        self.title = title
        self.author = author
        self.created_at = created_at
        self.modified_at = modified_at


def parse_w3cdtf(text: str | None) -> datetime | None:
    """Read a date in W3C's profile of ISO 8601, in UTC; ``None`` when it is none."""
    try:
        found = datetime.fromisoformat((text or "").strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_on(element: Element | None, attribute: str) -> bool:
    """Read a boolean property: absent is false, present without a value is true."""
    return element is not None and element.get(attribute, "1") not in {"0", "false", "off", "none"}


def _stream(stream: IO[bytes], tag: str) -> Iterator[Element]:
    parser = etree.XMLPullParser(
        ("end",), tag=tag, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    is_strict: bool | None = None
    while block := stream.read(_STREAM_BYTES):
        if is_strict is None:
            is_strict = b"purl.oclc.org/ooxml" in block
            if is_strict:  # the namespace stands in the root element, within the first block
                for strict, transitional in _STRICT:
                    block = block.replace(strict, transitional)
        parser.feed(block)
        for _, element in parser.read_events():
            yield element
            element.clear()
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
    parser.close()
