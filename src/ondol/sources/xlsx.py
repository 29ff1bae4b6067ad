"""XLSX (SpreadsheetML, ECMA-376 part 1, 18): each row a block that knows its sheet, row and column names.

Sheets are streamed, so that memory does not grow with a sheet. Values are those the spreadsheet shows:
results of formulas as last computed, dates and percentages by their number format. The layout is recovered
from the cells: a table begins where a row of words stands above rows of at least two cells; a lone cell
above a table is its title.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from ondol.core.documents import DocumentKind, ParsedDocument
from ondol.core.errors import CorruptFileError, FileLimitError
from ondol.sources.build import PageBuilder, TextBudget, join_cells
from ondol.sources.limits import Limits
from ondol.sources.ooxml import Element, Package, R, Relation, S

_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MAX_COLUMNS = 16_384  # ECMA-376's own bound; a file may lie
_DEFAULT_SHEET_NAME = re.compile(r"(?:sheet|시트|tabelle|feuil|hoja)\s*\d*\Z", re.IGNORECASE)
_NUMBER = re.compile(r"[-+(]?[\d.,\s]+(?:e[-+]?\d+)?[)%]?\Z", re.IGNORECASE)
_DATE_CODE = re.compile(r'"[^"]*"|\\.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
_BUILT_IN_DATES = {
    **dict.fromkeys((14, 15, 16, 17, *range(27, 32), 36, *range(50, 59)), "yyyy-mm-dd"),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47), "h:mm:ss"),
    22: "yyyy-mm-dd h:mm",
}
_BUILT_IN_PERCENT = {9: 0, 10: 2}

_CELL = f"{S}c"
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3}\d{1,7}):([A-Z]{1,3}\d{1,7})"')
_MAX_MERGES = 100_000
_MAX_TITLE_CHARS = 120
_MAX_HEADER_CHARS = 80
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")

Row = tuple[int, list[str]]


def read(data: bytes, *, name: str, limits: Limits) -> ParsedDocument:
    """Read a workbook; one page without number, sheet names as headings.

    Raises:
        CorruptFileError: damaged, or no workbook inside.
        FileLimitError: more sheets or text than allowed.
    """
    with Package(data, name=name, limits=limits) as package:
        main = package.find_main_part("xl/workbook.xml")
        workbook = package.read_xml(main)
        if workbook is None:
            raise CorruptFileError(
                f"{name} has no workbook inside.", remedy="Get an intact copy of the file."
            )
        relations = package.read_relations(main)
        sheets = _list_sheets(workbook, relations)
        if len(sheets) > limits.max_pages:
            raise FileLimitError(
                f"{name} has {len(sheets):,} sheets; at most {limits.max_pages:,} are read.",
                remedy="Split the workbook, or raise the limit on pages.",
            )
        values = _Values(package, main, workbook, relations)
        page = PageBuilder(TextBudget(name, limits))
        for title, part in sheets:
            _add_sheet(page, package, title, part, values, has_siblings=len(sheets) > 1)
        properties = package.read_properties()
    return ParsedDocument(
        kind=DocumentKind.XLSX,
        media_type=_MEDIA_TYPE,
        title=properties.title,
        author=properties.author,
        created_at=properties.created_at,
        modified_at=properties.modified_at,
        pages=(page.build(),),
    )


def _list_sheets(workbook: Element, relations: dict[str, Relation]) -> list[tuple[str, str]]:
    """Return title and part of each visible worksheet, in order."""
    found = []
    for sheet in workbook.iterfind(f"{S}sheets/{S}sheet"):
        relation = relations.get(sheet.get(f"{R}id") or "")
        is_hidden = sheet.get("state") == "veryHidden"
        if relation is not None and relation.kind == "worksheet" and not is_hidden:
            found.append((sheet.get("name") or "", relation.target))
    return found


class _Values:
    """Turns cells into the text the spreadsheet shows."""

    def __init__(
        self, package: Package, main: str, workbook: Element, relations: dict[str, Relation]
    ) -> None:
        folder = main.rpartition("/")[0]
        parts = {relation.kind: relation.target for relation in relations.values()}
        shared = parts.get("sharedStrings", f"{folder}/sharedStrings.xml")
        self._shared = [_read_rich_text(item) for item in package.stream_xml(shared, f"{S}si")]
        styles = package.read_xml(parts.get("styles", f"{folder}/styles.xml"))
        self._formats = _read_formats(styles)
        settings = workbook.find(f"{S}workbookPr")
        is_1904 = settings is not None and settings.get("date1904") in {"1", "true", "on"}
        # Day 60 is 29 February 1900, which never was: the epoch lies a day early for all later dates.
        self._epoch = datetime(1904, 1, 1, tzinfo=UTC) if is_1904 else datetime(1899, 12, 30, tzinfo=UTC)

    def read(self, cell: Element) -> str:
        kind = cell.get("t")
        if kind == "inlineStr":
            inline = cell.find(f"{S}is")
            return _read_rich_text(inline) if inline is not None else ""
        raw = ""
        for child in cell:
            if child.tag == f"{S}v":
                raw = child.text or ""
        if not raw:
            return ""
        if kind == "s":
            index = int(raw)
            return self._shared[index] if 0 <= index < len(self._shared) else ""
        if kind == "b":
            return "TRUE" if raw == "1" else "FALSE"
        if kind in {"str", "e"}:
            return raw
        if kind == "d":
            return raw.replace("T", " ")
        return self._show_number(raw, cell.get("s"))

    def _show_number(self, raw: str, style: str | None) -> str:
        form = self._formats.get(style or "0", "")
        try:
            if form == "":
                return _show_plain(raw)
            if form.endswith("%"):
                return f"{float(raw) * 100:.{form[:-1]}f}%"
            return self._show_date(float(raw), form)
        except (ValueError, OverflowError):
            return raw

    def _show_date(self, days: float, form: str) -> str:
        moment = self._epoch + timedelta(seconds=round(days * 86_400))
        if form == "time":
            hours, rest = divmod(round(days * 86_400), 3_600)
            return f"{hours:d}:{rest // 60:02d}" + (f":{rest % 60:02d}" if rest % 60 else "")
        has_time = form == "datetime" and (moment.hour or moment.minute or moment.second)
        return f"{moment:%Y-%m-%d %H:%M}" if has_time else f"{moment:%Y-%m-%d}"


def _show_plain(raw: str) -> str:
    """Show a number as a spreadsheet does.

    Up to 15 significant digits, no binary dust, no exponent if avoidable.
    """
    if len(raw) <= 15 and "E" not in raw and "e" not in raw:
        return raw.removesuffix(".0")
    shown = f"{float(raw):.15g}"
    if "e" in shown and 1e-7 < abs(float(raw)) < 1e21:
        shown = f"{float(raw):.10f}".rstrip("0").rstrip(".")
    return shown


def _read_formats(styles: Element | None) -> dict[str, str]:
    """Map a cell's style number to ``date``, ``time``, ``datetime`` or digits and ``%``.

    Others are left out.
    """
    if styles is None:
        return {}
    codes = {
        int(form.get("numFmtId") or 0): form.get("formatCode") or ""
        for form in styles.iterfind(f"{S}numFmts/{S}numFmt")
    }
    found = {}
    for index, style in enumerate(styles.iterfind(f"{S}cellXfs/{S}xf")):
        number = int(style.get("numFmtId") or 0)
        if number in codes:
            form = _classify_format(codes[number])
        elif number in _BUILT_IN_PERCENT:
            form = f"{_BUILT_IN_PERCENT[number]}%"
        else:
            form = _classify_format(_BUILT_IN_DATES.get(number, ""))
        if form:
            found[str(index)] = form
    return found


def _classify_format(code: str) -> str:
    plain = _DATE_CODE.sub("", code.split(";", maxsplit=1)[0]).lower()
    has_date = bool(re.search(r"[yd년일]", plain)) or ("m" in plain and not re.search(r"[hs0#]", plain))
    has_time = bool(re.search(r"[hs]", plain))
    if "general" in plain or "@" in plain:
        return ""
    if has_date or has_time:
        return "datetime" if has_date and has_time else "date" if has_date else "time"
    if "%" in plain:
        decimals = re.search(r"\.(0+)", plain)
        return f"{len(decimals.group(1)) if decimals else 0}%"
    return ""


def _read_rich_text(item: Element) -> str:
    """Join the runs of a string; phonetic guides are left out."""
    first = item[0] if len(item) else None
    if first is not None and len(item) == 1 and first.tag == f"{S}t":
        return first.text or ""
    parts = []
    for child in item:
        if child.tag == f"{S}t":
            parts.append(child.text or "")
        elif child.tag == f"{S}r":
            parts.append(child.findtext(f"{S}t") or "")
    return "".join(parts)


def _add_sheet(
    page: PageBuilder, package: Package, title: str, part: str, values: _Values, *, has_siblings: bool
) -> None:
    is_named = has_siblings or not _DEFAULT_SHEET_NAME.match(title)
    merges = _read_merges(package, part)
    layout = _Layout(page, title, merges, title_level=2 if is_named else 1)
    is_announced = not is_named
    for number, cells in _read_rows(package, part, values, merges):
        if not is_announced:  # a sheet without content gets no heading
            page.add("heading", title, level=1, sheet=title)
            is_announced = True
        layout.add(number, cells)
    layout.finish()
    _add_comments(page, package, title, part)


class _Merges:
    """Merged areas of a sheet, by the cell in their upper left corner.

    (row, column) → last row, last column.
    """

    def __init__(self) -> None:
        self.areas: dict[tuple[int, int], tuple[int, int]] = {}
        self.wide_rows: set[int] = set()

    def add(self, first: str, last: str) -> None:
        row, column = _find_row(first), _find_column(first)
        last_row, last_column = _find_row(last), _find_column(last)
        self.areas[row, column] = (last_row, last_column)
        if last_column > column:
            self.wide_rows.add(row)


def _read_merges(package: Package, part: str) -> _Merges:
    """Read them before the cells: they stand behind the cells in the file, which is streamed."""
    merges = _Merges()
    for match in package.find_all(part, _MERGE):
        if len(merges.areas) >= _MAX_MERGES:
            break
        merges.add(match.group(1).decode(), match.group(2).decode())
    return merges


def _read_rows(package: Package, part: str, values: _Values, merges: _Merges) -> Iterator[Row]:
    """Yield number and cells of each row with content.

    A cell merged over rows is repeated in each of them.
    """
    number = 0
    tall: dict[int, tuple[int, str]] = {}
    for element in package.stream_xml(part, f"{S}row"):
        given = element.get("r")
        number = int(given) if given else number + 1
        cells: list[str] = []
        for cell in element:
            if cell.tag != _CELL:
                continue
            place = cell.get("r")
            column = _find_column(place) if place else len(cells)
            text = values.read(cell)
            if text and len(cells) <= column < _MAX_COLUMNS:
                if column > len(cells):
                    cells.extend([""] * (column - len(cells)))
                cells.append(" ".join(text.split()) if "\n" in text or "\r" in text else text)
                if (number, column) in merges.areas and merges.areas[number, column][0] > number:
                    tall[column] = (merges.areas[number, column][0], text)
        if cells:
            yield number, _fill(cells, tall, number) if tall else cells


def _fill(cells: list[str], tall: dict[int, tuple[int, str]], number: int) -> list[str]:
    for column in [column for column, (last, _) in tall.items() if last < number]:
        del tall[column]
    for column, (_, text) in tall.items():
        if column >= len(cells):
            cells.extend([""] * (column - len(cells) + 1))
        cells[column] = cells[column] or " ".join(text.split())
    return cells


def _find_column(place: str) -> int:
    """Return the 0-based column of ``BC12``."""
    column = 0
    for char in place:
        if not "A" <= char <= "Z":
            break
        column = column * 26 + ord(char) - 64
    return column - 1


def _find_row(place: str) -> int:
    return int(place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


class _Layout:
    """Recognises titles, header rows and tables while rows go by; holds back a few rows only."""

    _MAX_HEADER_ROWS = 3

    def __init__(self, page: PageBuilder, sheet: str, merges: _Merges, *, title_level: int) -> None:
        self._page = page
        self._sheet = sheet
        self._merges = merges
        self._title_level = title_level
        self._held: list[Row] = []
        self._header: str | None = None
        self._first_column = 0
        self._last = 0

    def add(self, number: int, cells: list[str]) -> None:
        if number != self._last + 1:  # an empty row ends a table
            self.finish()
            self._header = None
            self._first_column = 0
        self._last = number
        if self._header is not None:
            self._add_row(number, cells)
        elif _is_header_like(cells) and len(self._held) < self._MAX_HEADER_ROWS:
            self._held.append((number, cells))
        elif not self._held and sum(1 for cell in cells if cell) == 1:
            self._add_lone(number, cells)
        else:
            self._start_table()
            self._add_row(number, cells)

    def finish(self) -> None:
        """End the table: rows of words alone are a table named by the first, if there are several."""
        if len(self._held) > 1:
            self._start_table()
        for number, cells in self._held:
            self._add_row(number, cells)
        self._held.clear()

    def _add_lone(self, number: int, cells: list[str]) -> None:
        text = next(cell for cell in cells if cell)
        if _NUMBER.match(text) or len(text) > _MAX_TITLE_CHARS:
            self._page.add("paragraph", text, sheet=self._sheet, row=number)
        else:
            self._page.add("heading", text, level=self._title_level, sheet=self._sheet, row=number)

    def _start_table(self) -> None:
        """The held rows name the columns.

        The first, and each below one whose cells are merged over columns.
        """
        if not self._held:
            return
        num_header = 1
        while num_header < len(self._held) and self._held[num_header - 1][0] in self._merges.wide_rows:
            num_header += 1
        names = [self._spread(number, cells) for number, cells in self._held[:num_header]]
        columns = _stack(names)
        self._first_column = next((i for i, name in enumerate(columns) if name), 0)
        header = join_cells(columns[self._first_column :])
        for index, (number, cells) in enumerate(self._held):
            self._header = header if index >= num_header else None
            self._add_row(number, cells)
        self._held.clear()
        self._header = header

    def _spread(self, number: int, cells: list[str]) -> list[str]:
        """Let a merged header cell name every column it covers."""
        spread = list(cells)
        for column, cell in enumerate(cells):
            _, last = self._merges.areas.get((number, column), (number, column))
            if cell and last > column:
                last = min(last, _MAX_COLUMNS)
                spread.extend([""] * (last + 1 - len(spread)))
                spread[column : last + 1] = [cell] * (last + 1 - column)
        return spread

    def _add_row(self, number: int, cells: list[str]) -> None:
        skip = 0
        while skip < self._first_column and skip < len(cells) and not cells[skip]:
            skip += 1
        self._page.add_row(cells[skip:], header=self._header or "", sheet=self._sheet, row=number)


def _is_header_like(cells: list[str]) -> bool:
    """At least two cells, all of them short words or years, not all years."""
    filled = [cell for cell in cells if cell]
    if len(filled) < 2 or any(len(cell) > _MAX_HEADER_CHARS for cell in filled):
        return False
    values = [cell for cell in filled if _NUMBER.match(cell) or _DATE.match(cell)]
    return len(values) < len(filled) and all(_YEAR.match(cell) for cell in values)


def _stack(rows: list[list[str]]) -> list[str]:
    """Join header rows column by column, each name once."""
    columns = []
    for index in range(max((len(row) for row in rows), default=0)):
        names = [row[index] for row in rows if index < len(row) and row[index]]
        columns.append(" ".join(dict.fromkeys(names)))
    return columns


def _add_comments(page: PageBuilder, package: Package, title: str, part: str) -> None:
    for relation in package.read_relations(part).values():
        if relation.kind != "comments" or relation.is_external:
            continue
        for comment in package.stream_xml(relation.target, f"{S}comment"):
            text = comment.find(f"{S}text")
            if text is not None:
                place = comment.get("ref") or ""
                page.add("paragraph", f"{place}: {' '.join(_read_rich_text(text).split())}", sheet=title)
