"""DOCX (WordprocessingML, ECMA-376 part 1, 17), read straight from the package's XML.

The text is that of the page with all tracked changes accepted. Footnotes, endnotes and text boxes follow
the paragraph they hang on; page headers and footers (each wording once) and comments come last.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from ondol.core.documents import DocumentKind, ParsedDocument
from ondol.core.errors import CorruptFileError
from ondol.sources.build import PageBuilder, TextBudget
from ondol.sources.drawing import add_graphic
from ondol.sources.limits import Limits
from ondol.sources.numbering import Mark, Numbering
from ondol.sources.ooxml import MC, A, Element, M, Package, W, is_on
from ondol.sources.table import Cell, add_table, build_grid

_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# "heading 1" in every language's Word; a localised or Hancom-made file may say "제목 1", "개요 1" or
# "Überschrift 1".
_HEADING_NAME = re.compile(
    r"(?:heading|header|제목|개요|見出し|标题|標題|überschrift|titre|título|titolo)\s*([1-9])\Z",
    re.IGNORECASE,
)
_TITLE_NAMES = frozenset({"title", "제목", "표제", "문서 제목"})
_SUBTITLE_NAMES = frozenset({"subtitle", "부제", "부제목"})
_CODE_NAME = re.compile(r"(?:source ?code|code|html preformatted|macro|plain text|코드)\b", re.IGNORECASE)
_BODY_OUTLINE_LEVEL = 9
_MAX_DEPTH = 40
_LAYOUT_CELL_CHARS = 2_000

_SKIPPED = frozenset(
    f"{W}{tag}"
    for tag in (
        "pPr", "rPr", "sdtPr", "sdtEndPr", "del", "moveFrom", "instrText", "delText", "delInstrText",
        "fldData", "annotationRef", "tblPr", "tblGrid", "trPr", "tcPr", "rt",
    )
) | {f"{MC}Fallback"}  # fmt: skip
_NOTE_KINDS = {f"{W}footnoteReference": "footnote", f"{W}endnoteReference": "endnote"}
_SIGNS = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "-",
}


class _Style(NamedTuple):
    level: int
    list_id: str
    depth: int
    is_code: bool


def read(data: bytes, *, name: str, limits: Limits) -> ParsedDocument:
    """Read a document; one page without number.

    Raises:
        CorruptFileError: damaged, or no document inside.
        FileLimitError: more text than allowed.
    """
    with Package(data, name=name, limits=limits) as package:
        main = package.find_main_part("word/document.xml")
        root = package.read_xml(main)
        body = root.find(f"{W}body") if root is not None else None
        if body is None:
            raise CorruptFileError(
                f"{name} has no document inside.", remedy="Get an intact copy of the file."
            )
        page = PageBuilder(TextBudget(name, limits))
        reader = _Reader(package, main, page)
        reader.add_blocks(body)
        reader.add_margins()
        reader.add_comments()
        properties = package.read_properties()
    return ParsedDocument(
        kind=DocumentKind.DOCX,
        media_type=_MEDIA_TYPE,
        title=properties.title or reader.title or page.first_heading,
        author=properties.author,
        created_at=properties.created_at,
        modified_at=properties.modified_at,
        pages=(page.build(),),
    )


class _Reader:
    """Walks the document in reading order."""

    def __init__(self, package: Package, main: str, page: PageBuilder) -> None:
        self._package = package
        self._page = page
        self._relations = package.read_relations(main)
        self._parts = {relation.kind: relation.target for relation in self._relations.values()}
        self._numbering = Numbering(self._read_part("numbering"))
        self._styles = _read_styles(self._read_part("styles"))
        self._notes = {kind: self._read_notes(kind) for kind in ("footnote", "endnote")}
        self._hanging: list[Element] = []
        self._graphics: list[Element] = []
        self._depth = 0
        self.title = ""

    def add_blocks(self, parent: Element) -> None:
        """Append the paragraphs and tables below an element."""
        self._depth += 1
        if self._depth <= _MAX_DEPTH:
            for child in parent:
                if child.tag == f"{W}p":
                    self._add_paragraph(child)
                elif child.tag == f"{W}tbl":
                    self._add_table(child)
                elif child.tag not in _SKIPPED:
                    self.add_blocks(child)
        self._depth -= 1

    def add_margins(self) -> None:
        """Append the wording of page headers and footers, each once."""
        seen = set()
        for relation in self._relations.values():
            if relation.kind not in {"header", "footer"} or relation.is_external:
                continue
            root = self._package.read_xml(relation.target)
            for paragraph in root.iter(f"{W}p") if root is not None else ():
                text = self._read_text(paragraph).strip()
                if len(text) > 3 and text not in seen:
                    seen.add(text)
                    self._page.add("paragraph", text)
        self._forget_hanging()

    def add_comments(self) -> None:
        """Append reviewers' comments, with their authors."""
        root = self._read_part("comments")
        for comment in root if root is not None else ():
            text = " ".join(self._read_text(paragraph).strip() for paragraph in comment.iter(f"{W}p")).strip()
            if text:
                author = comment.get(f"{W}author") or ""
                self._page.add("paragraph", f"{author}: {text}" if author else text)

    def _add_paragraph(self, paragraph: Element) -> None:
        style, style_name = self._find_style(paragraph)
        text = self._read_text(paragraph)
        if text.strip():
            mark = self._count(paragraph, style)
            if style_name == "title" and not self.title:
                self.title = " ".join(text.split())
            self._add_text(text, style, mark)
        self._add_hanging()

    def _add_text(self, text: str, style: _Style, mark: Mark | None) -> None:
        label = f"{mark.label} " if mark and mark.label else ""
        if style.level:
            self._page.add("heading", label + " ".join(text.split()), level=style.level)
        elif style.is_code:
            self._page.add("code", text, indent=True)
        elif mark is not None:
            prefix = "  " * mark.depth + ("" if mark.label else "- ")
            self._page.add("list_item", label + text.strip(), prefix=prefix)
        else:
            self._page.add("paragraph", text)

    def _add_hanging(self) -> None:
        """Append what hangs on the paragraph just added: charts, text boxes and notes."""
        graphics, self._graphics = self._graphics, []
        for graphic in graphics:
            add_graphic(self._page, graphic, self._package, self._relations)
        hanging, self._hanging = self._hanging, []
        for element in hanging:
            self.add_blocks(element)

    def _forget_hanging(self) -> None:
        self._hanging, self._graphics = [], []

    def _find_style(self, paragraph: Element) -> tuple[_Style, str]:
        properties = paragraph.find(f"{W}pPr")
        reference = properties.find(f"{W}pStyle") if properties is not None else None
        style, style_name = self._styles.get(
            (reference.get(f"{W}val") if reference is not None else None) or "", (_NO_STYLE, "")
        )
        outline = properties.find(f"{W}outlineLvl") if properties is not None else None
        if outline is not None:
            style = style._replace(level=_read_outline(outline))
        return style, style_name

    def _count(self, paragraph: Element, style: _Style) -> Mark | None:
        list_id, depth = style.list_id, style.depth
        direct = paragraph.find(f"{W}pPr/{W}numPr")
        if direct is not None:
            list_id, depth = _read_list(direct, list_id, depth)
        return self._numbering.count(list_id, depth) if list_id not in {"", "0"} else None

    def _add_table(self, table: Element) -> None:
        rows = [_list_cells(row) for row in _find_below(table, f"{W}tr")]
        texts = [[self._read_cell(cell) for cell in row] for row in rows]
        if _is_layout(texts):
            self._forget_hanging()  # met again below
            for row in rows:
                for cell in row:
                    self.add_blocks(cell)
            return
        num_header = 0
        for line in _find_below(table, f"{W}tr"):
            if not is_on(line.find(f"{W}trPr/{W}tblHeader"), f"{W}val"):
                break
            num_header += 1
        grid = build_grid(_merge(rows, texts), num_header_rows=min(num_header, len(rows) - 1) or None)
        add_table(self._page, grid)
        self._add_hanging()

    def _read_cell(self, cell: Element) -> str:
        parts = [self._read_text(paragraph).strip() for paragraph in cell.iter(f"{W}p")]
        return "\n".join(part for part in parts if part)

    def _read_text(self, paragraph: Element) -> str:
        parts: list[str] = []
        self._collect(paragraph, parts, 0)
        return "".join(parts)

    def _collect(self, element: Element, parts: list[str], depth: int) -> None:
        if depth > _MAX_DEPTH:
            return
        for child in element:
            tag = child.tag
            if tag == f"{W}t":
                parts.append(child.text or "")
            elif tag in _SIGNS:
                parts.append(_SIGNS[tag])
            elif tag == f"{M}oMath":
                parts.append(read_math(child))
            elif tag == f"{W}txbxContent":
                self._hanging.append(child)
            elif tag in _NOTE_KINDS:
                note = self._notes[_NOTE_KINDS[tag]].get(child.get(f"{W}id") or "")
                self._hanging.extend([note] if note is not None else [])
            elif tag not in _SKIPPED:
                if tag == f"{A}graphic":
                    self._graphics.append(child)
                self._collect(child, parts, depth + 1)

    def _read_part(self, kind: str) -> Element | None:
        return self._package.read_xml(self._parts[kind]) if kind in self._parts else None

    def _read_notes(self, kind: str) -> dict[str, Element]:
        root = self._read_part(f"{kind}s")
        if root is None:
            return {}
        notes = root.iterfind(f"{W}{kind}")
        return {note.get(f"{W}id") or "": note for note in notes if note.get(f"{W}type") in {None, "normal"}}


_NO_STYLE = _Style(0, "", 0, is_code=False)


def _read_styles(root: Element | None) -> dict[str, tuple[_Style, str]]:
    """Map a paragraph style's id to what it means, its bases included, and its lower-case name."""
    elements = {
        style.get(f"{W}styleId") or "": style
        for style in (root.iterfind(f"{W}style") if root is not None else ())
    }
    found: dict[str, tuple[_Style, str]] = {}
    for style_id in elements:
        _resolve_style(style_id, elements, found, 0)
    return found


def _resolve_style(
    style_id: str, elements: dict[str, Element], found: dict[str, tuple[_Style, str]], depth: int
) -> tuple[_Style, str]:
    if style_id in found:
        return found[style_id]
    element = elements.get(style_id)
    if element is None or depth > _MAX_DEPTH:
        return _NO_STYLE, ""
    base = element.find(f"{W}basedOn")
    style, _ = (
        _resolve_style(base.get(f"{W}val") or "", elements, found, depth + 1)
        if base is not None
        else (_NO_STYLE, "")
    )
    name_element = element.find(f"{W}name")
    name = ((name_element.get(f"{W}val") if name_element is not None else None) or style_id).strip().lower()
    outline = element.find(f"{W}pPr/{W}outlineLvl")
    heading = _HEADING_NAME.match(name) or _HEADING_NAME.match(style_id)
    if outline is not None:
        style = style._replace(level=_read_outline(outline))
    elif heading:
        style = style._replace(level=int(heading[1]))
    elif name in _TITLE_NAMES:
        style, name = style._replace(level=1), "title"
    elif name in _SUBTITLE_NAMES:
        style = style._replace(level=2)
    numbering = element.find(f"{W}pPr/{W}numPr")
    if numbering is not None:
        list_id, list_depth = _read_list(numbering, style.list_id, max(style.level - 1, 0))
        style = style._replace(list_id=list_id, depth=list_depth)
    style = style._replace(is_code=style.is_code or bool(_CODE_NAME.match(name)))
    found[style_id] = (style, name)
    return found[style_id]


def _read_outline(element: Element) -> int:
    value = element.get(f"{W}val") or ""
    level = int(value) if value.isdigit() else _BODY_OUTLINE_LEVEL
    return level + 1 if level < _BODY_OUTLINE_LEVEL else 0


def _read_list(numbering: Element, list_id: str, depth: int) -> tuple[str, int]:
    number, level = numbering.find(f"{W}numId"), numbering.find(f"{W}ilvl")
    if number is not None:
        list_id = number.get(f"{W}val") or ""
    if level is not None and (level.get(f"{W}val") or "").isdigit():
        depth = min(int(level.get(f"{W}val") or "0"), 8)
    return list_id, depth


def _find_below(parent: Element, tag: str) -> Iterator[Element]:
    """Yield the nearest descendants named ``tag``, through content controls and accepted insertions."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in {f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}moveTo", f"{W}customXml"}:
            yield from _find_below(child, tag)


def _list_cells(row: Element) -> list[Element]:
    if row.find(f"{W}trPr/{W}del") is not None:
        return []
    return list(_find_below(row, f"{W}tc"))


def _is_layout(texts: list[list[str]]) -> bool:
    """A frame around running text: one column, or a cell far longer than data would be."""
    if all(len(row) <= 1 for row in texts):
        return True
    return len(texts) <= 2 and any(len(cell) > _LAYOUT_CELL_CHARS for row in texts for cell in row)


def _merge(rows: list[list[Element]], texts: list[list[str]]) -> list[list[Cell]]:
    """Turn Word's vertically merged cells (start, continue, continue …) into cells that span rows."""
    merged: list[list[Cell]] = []
    open_cells: dict[int, tuple[int, int]] = {}
    for top, (row, row_texts) in enumerate(zip(rows, texts, strict=True)):
        line: list[Cell] = []
        column = 0
        for cell, text in zip(row, row_texts, strict=True):
            properties = cell.find(f"{W}tcPr")
            span = properties.find(f"{W}gridSpan") if properties is not None else None
            width = int((span.get(f"{W}val") if span is not None else None) or "1")
            vertical = properties.find(f"{W}vMerge") if properties is not None else None
            if vertical is not None and vertical.get(f"{W}val") != "restart" and column in open_cells:
                above, index = open_cells[column]
                first = merged[above][index]
                joined = f"{first.text}\n{text}" if text else first.text
                merged[above][index] = first._replace(text=joined, row_span=top - above + 1)
            else:
                if vertical is not None:
                    open_cells[column] = (top, len(line))
                else:
                    open_cells.pop(column, None)
                line.append(Cell(text, col_span=width))
            column += width
        merged.append(line)
    return merged


def read_math(element: Element) -> str:
    """Write a formula (OMML) in one line: ``(a+b)/c``, ``x^2``, ``a_1``, ``√(x)``."""
    tag = element.tag
    if tag == f"{M}t":
        return element.text or ""
    if tag == f"{M}f":
        return f"{_read_group(element, 'num')}/{_read_group(element, 'den')}"
    if tag == f"{M}rad":
        degree = "".join(read_math(child) for child in element.iterfind(f"{M}deg"))
        return f"{degree}√({''.join(read_math(child) for child in element.iterfind(f'{M}e'))})"
    if tag == f"{M}sup":
        return f"^{_wrap(''.join(read_math(child) for child in element))}" if len(element) else ""
    if tag == f"{M}sub":
        return f"_{_wrap(''.join(read_math(child) for child in element))}" if len(element) else ""
    if tag == f"{M}d":
        return f"({', '.join(read_math(child) for child in element.iterfind(f'{M}e'))})"
    if tag == f"{M}nary":
        sign = element.find(f"{M}naryPr/{M}chr")
        shown = (sign.get(f"{M}val") if sign is not None else None) or "∫"
        return shown + "".join(read_math(child) for child in element if child.tag != f"{M}naryPr")
    return "".join(read_math(child) for child in element if not str(child.tag).endswith("Pr"))


def _read_group(element: Element, tag: str) -> str:
    return _wrap("".join(read_math(child) for child in element.iterfind(f"{M}{tag}")))


def _wrap(text: str) -> str:
    return text if len(text) <= 1 or text.isalnum() else f"({text})"
