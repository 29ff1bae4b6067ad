"""What DOCX and PPTX share inside drawings (DrawingML, ECMA-376 part 1, 20 and 21): charts and diagrams."""

from ondol.sources.build import PageBuilder
from ondol.sources.ooxml import DGM, A, C, Element, Package, R, Relation
from ondol.sources.table import Cell, add_table, build_grid

_MAX_POINTS = 10_000


def add_graphic(
    page: PageBuilder, graphic: Element, package: Package, relations: dict[str, Relation]
) -> None:
    """Append the charts and diagrams that a drawing refers to; a missing part is passed over."""
    for element in graphic.iter(f"{C}chart", f"{DGM}relIds"):
        is_chart = element.tag == f"{C}chart"
        relation = relations.get(element.get(f"{R}id" if is_chart else f"{R}dm") or "")
        root = (
            package.read_xml(relation.target) if relation is not None and not relation.is_external else None
        )
        if root is not None and is_chart:
            _add_chart(page, root)
        elif root is not None:
            _add_diagram(page, root)


def _add_diagram(page: PageBuilder, root: Element) -> None:
    """Append the text of each node of a SmartArt diagram."""
    for node in root.iter(f"{DGM}t"):
        for paragraph in node.iter(f"{A}p"):
            page.add("list_item", "".join(run.text or "" for run in paragraph.iter(f"{A}t")), prefix="- ")


def _add_chart(page: PageBuilder, root: Element) -> None:
    """Append a chart as the table it was drawn from: categories down, series across."""
    title = root.find(f"{C}chart/{C}title")
    if title is not None:
        page.add("paragraph", "".join(run.text or "" for run in title.iter(f"{A}t")))
    names: list[str] = []
    columns: list[dict[int, str]] = []
    categories: dict[int, str] = {}
    for series in root.iter(f"{C}ser"):
        names.append(" ".join(value.text or "" for value in series.iterfind(f"{C}tx//{C}v")))
        for tag in ("cat", "xVal"):
            categories = categories or _read_points(series.find(f"{C}{tag}"))
        values = series.find(f"{C}val")
        columns.append(_read_points(values if values is not None else series.find(f"{C}yVal")))
    places = sorted(set(categories).union(*columns))[:_MAX_POINTS]
    if not places:
        return
    rows = [["", *names]]
    rows += [[categories.get(place, ""), *(column.get(place, "") for column in columns)] for place in places]
    add_table(page, build_grid([[Cell(text) for text in row] for row in rows], num_header_rows=1))


def _read_points(parent: Element | None) -> dict[int, str]:
    found: dict[int, str] = {}
    for point in parent.iter(f"{C}pt") if parent is not None else ():
        place, value = point.get("idx") or "", point.findtext(f"{C}v") or ""
        if place.isdigit() and value:
            found[int(place)] = value
    return found
