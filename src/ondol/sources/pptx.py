"""PPTX (PresentationML, ECMA-376 part 1, 19): slides as pages, read straight from the package's XML.

Shapes come in the order of the file, which is the reading order that the presentation program shows and
edits; the title comes first. Speaker's notes and comments close a slide.
"""

from ondol.core.documents import DocumentKind, Page, ParsedDocument
from ondol.core.errors import CorruptFileError, FileLimitError
from ondol.sources.build import PageBuilder, TextBudget
from ondol.sources.drawing import add_graphic
from ondol.sources.limits import Limits
from ondol.sources.ooxml import MC, A, Element, P, Package, R, Relation
from ondol.sources.table import Cell, add_table, build_grid

_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_TITLES = frozenset({"title", "ctrTitle"})
_FURNITURE = frozenset({"dt", "ftr", "sldNum", "hdr", "sldImg"})
_BULLETED = frozenset({"body", "obj", ""})
_MAX_DEPTH = 30
_MAX_TITLE_CHARS = 80


def read(data: bytes, *, name: str, limits: Limits) -> ParsedDocument:
    """Read a presentation, one page a slide.

    Raises:
        CorruptFileError: damaged, or no presentation inside.
        FileLimitError: more slides or text than allowed.
    """
    with Package(data, name=name, limits=limits) as package:
        main = package.find_main_part("ppt/presentation.xml")
        root = package.read_xml(main)
        if root is None:
            raise CorruptFileError(
                f"{name} has no presentation inside.", remedy="Get an intact copy of the file."
            )
        slides = _list_slides(root, package.read_relations(main))
        if len(slides) > limits.max_pages:
            raise FileLimitError(
                f"{name} has {len(slides):,} slides; at most {limits.max_pages:,} are read.",
                remedy="Split the presentation, or raise the limit on pages.",
            )
        budget = TextBudget(name, limits)
        pages: list[Page] = []
        title = ""
        for number, part in enumerate(slides, start=1):
            page = PageBuilder(budget)
            _Slide(package, part, page).add()
            title = title or page.first_heading
            pages.append(page.build(number))
        properties = package.read_properties()
    is_default = properties.title.lower() in {"", "powerpoint presentation", "powerpoint 프레젠테이션"}
    return ParsedDocument(
        kind=DocumentKind.PPTX,
        media_type=_MEDIA_TYPE,
        title=title if is_default else properties.title,
        author=properties.author,
        created_at=properties.created_at,
        modified_at=properties.modified_at,
        pages=tuple(pages),
    )


def _list_slides(root: Element, relations: dict[str, Relation]) -> list[str]:
    found = []
    for slide in root.iterfind(f"{P}sldIdLst/{P}sldId"):
        relation = relations.get(slide.get(f"{R}id") or "")
        if relation is not None and not relation.is_external:
            found.append(relation.target)
    return found


class _Slide:
    """Adds one slide to its page."""

    def __init__(self, package: Package, part: str, page: PageBuilder) -> None:
        self._package = package
        self._page = page
        self._root = package.read_xml(part)
        self._relations = package.read_relations(part)

    def add(self) -> None:
        tree = self._root.find(f"{P}cSld/{P}spTree") if self._root is not None else None
        if tree is None:
            return
        shapes = list(_walk(tree, 0))
        for shape in (shape for shape in shapes if _find_placeholder(shape) in _TITLES):
            text = " ".join(_read_paragraph(paragraph).strip() for paragraph in shape.iter(f"{A}p"))
            self._page.add("heading", " ".join(text.split()), level=1)
        if not len(self._page):
            shapes = self._add_untagged_title(shapes)
        for shape in shapes:
            self._add_shape(shape)
        self._add_notes()
        self._add_comments()

    def _add_untagged_title(self, shapes: list[Element]) -> list[Element]:
        """Take a short line in the first shape for the title, where no shape is marked as such.

        Return the rest.
        """
        for index, shape in enumerate(shapes):
            lines = [
                text for paragraph in shape.iter(f"{A}p") if (text := _read_paragraph(paragraph).strip())
            ]
            if not lines:
                continue
            is_line = shape.tag == f"{P}sp" and len(lines) == 1 and len(lines[0]) <= _MAX_TITLE_CHARS
            if is_line and _find_placeholder(shape) not in _FURNITURE:
                self._page.add("heading", " ".join(lines[0].split()), level=1)
                return shapes[index + 1 :]
            break
        return shapes

    def _add_shape(self, shape: Element) -> None:
        placeholder = _find_placeholder(shape)
        if placeholder in _TITLES or placeholder in _FURNITURE:
            return
        if shape.tag == f"{P}graphicFrame":
            for table in shape.iter(f"{A}tbl"):
                _add_table(self._page, table)
            add_graphic(self._page, shape, self._package, self._relations)
            return
        for body in shape.iterfind(f"{P}txBody"):
            _add_body(self._page, body, has_bullets=placeholder in _BULLETED)

    def _add_notes(self) -> None:
        root = self._read_related("notesSlide")
        tree = root.find(f"{P}cSld/{P}spTree") if root is not None else None
        for shape in _walk(tree, 0) if tree is not None else ():
            if _find_placeholder(shape) not in _FURNITURE:
                for body in shape.iterfind(f"{P}txBody"):
                    _add_body(self._page, body, has_bullets=False)

    def _add_comments(self) -> None:
        root = self._read_related("comments")
        for comment in root.iter() if root is not None else ():
            if str(comment.tag) == f"{P}text":
                self._page.add("paragraph", comment.text or "")
            elif str(comment.tag).endswith("}txBody"):  # threaded comments, a later extension
                _add_body(self._page, comment, has_bullets=False)

    def _read_related(self, kind: str) -> Element | None:
        found = next((r for r in self._relations.values() if r.kind == kind and not r.is_external), None)
        return self._package.read_xml(found.target) if found is not None else None


def _walk(tree: Element, depth: int) -> list[Element]:
    """List shapes in order, groups and the preferred of alternatives opened."""
    found: list[Element] = []
    if depth > _MAX_DEPTH:
        return found
    for child in tree:
        if child.tag in {f"{P}sp", f"{P}graphicFrame"}:
            found.append(child)
        elif child.tag in {f"{P}grpSp", f"{MC}AlternateContent", f"{MC}Choice"}:
            found += _walk(child, depth + 1)
    return found


def _find_placeholder(shape: Element) -> str | None:
    """Return the type of placeholder a shape is, ``""`` for one without type, ``None`` for a plain shape."""
    placeholder = next(shape.iter(f"{P}ph"), None)
    return None if placeholder is None else placeholder.get("type") or ""


def _add_body(page: PageBuilder, body: Element, *, has_bullets: bool) -> None:
    counters: dict[int, int] = {}
    for paragraph in body.iterfind(f"{A}p"):
        text = _read_paragraph(paragraph).strip()
        if not text:
            continue
        properties = paragraph.find(f"{A}pPr")
        depth = int((properties.get("lvl") if properties is not None else None) or 0)
        is_numbered = properties is not None and properties.find(f"{A}buAutoNum") is not None
        if is_numbered:
            counters = {at: count for at, count in counters.items() if at <= depth}
            counters[depth] = counters.get(depth, 0) + 1
            page.add("list_item", f"{counters[depth]}. {text}", prefix="  " * depth)
        elif _is_bulleted(properties, has_bullets=has_bullets):
            page.add("list_item", text, prefix="  " * depth + "- ")
        else:
            page.add("paragraph", text)


def _is_bulleted(properties: Element | None, *, has_bullets: bool) -> bool:
    if properties is not None:
        if properties.find(f"{A}buNone") is not None:
            return False
        if properties.find(f"{A}buChar") is not None or properties.find(f"{A}buBlip") is not None:
            return True
    return has_bullets


def _add_table(page: PageBuilder, table: Element) -> None:
    rows = []
    for row in table.iterfind(f"{A}tr"):
        cells = []
        for cell in row.iterfind(f"{A}tc"):
            if cell.get("hMerge") in {"1", "true"} or cell.get("vMerge") in {"1", "true"}:
                continue  # covered by the cell to the left or above, which carries the span
            text = "\n".join(_read_paragraph(paragraph).strip() for paragraph in cell.iter(f"{A}p")).strip()
            cells.append(Cell(text, int(cell.get("gridSpan") or 1), int(cell.get("rowSpan") or 1)))
        rows.append(cells)
    properties = table.find(f"{A}tblPr")
    is_headed = properties is not None and properties.get("firstRow") in {"1", "true"}
    has_groups = bool(rows) and any(cell.col_span > 1 for cell in rows[0])
    add_table(page, build_grid(rows, num_header_rows=1 if is_headed and not has_groups else None))


def _read_paragraph(paragraph: Element) -> str:
    signs = {f"{A}br": "\n", f"{A}tab": "\t"}
    return "".join(signs.get(str(child.tag)) or child.text or "" for child in paragraph.iter(f"{A}t", *signs))
