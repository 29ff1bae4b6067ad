"""Tables of any format: spread merged cells over a grid, find the header rows, add one block a row."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ondol.sources.build import PageBuilder, join_cells

_MAX_CELLS = 2_000_000
_MAX_SPAN = 1000
_MAX_NAME_CHARS = 40
_NUMBER = re.compile(r"[\s\d.,%+\-–/:()₩$€£]*\d[\s\d.,%+\-–/:()₩$€£]*")


class Cell(NamedTuple):
    """A cell as it is written in the file; spans count columns and rows, from 1."""

    text: str
    col_span: int = 1
    row_span: int = 1
    is_header: bool = False


class Grid(NamedTuple):
    """A table with its merged cells spread out.

    Attributes:
        rows: for reading: a cell that spans rows is said in each of them, one that spans columns once.
        names: for headers: a cell is said in each column that it spans.
        num_header_rows: rows at the top that name the columns.
    """

    rows: list[list[str]]
    names: list[list[str]]
    num_header_rows: int


def build_grid(rows: Sequence[Sequence[Cell]], *, num_header_rows: int | None = None) -> Grid:
    """Spread merged cells over a grid.

    Args:
        rows: cells in the order of the file; those covered by a cell from above or left are not listed.
        num_header_rows: if the file says so; otherwise leading rows of header cells, or else the first row
            when it names columns: every cell filled, none of them a number.
    """
    texts: list[list[str]] = [[] for _ in rows]
    names: list[list[str]] = [[] for _ in rows]
    taken: list[set[int]] = [set() for _ in rows]
    left = _MAX_CELLS
    for top, row in enumerate(rows):
        column = 0
        for cell in row:
            while column in taken[top]:
                column += 1
            width = min(max(cell.col_span, 1), _MAX_SPAN)
            height = min(max(cell.row_span, 1), len(rows) - top)
            left -= width * height
            if left < 0:
                break
            # A cell alone in its row is a title over the table, not the name of a column.
            name = cell.text if len(row) > 1 else ""
            for line in range(top, top + height):
                _put(texts[line], column, [cell.text] + [""] * (width - 1))
                _put(names[line], column, [name] * width)
                taken[line].update(range(column, column + width))
            column += width
    if num_header_rows is None:
        num_header_rows = _count_header_rows(rows, names)
    return Grid(texts, names, num_header_rows)


def add_table(page: PageBuilder, grid: Grid) -> None:
    """Append a table; a row's number is its place in the table, from 1.

    A single row or a single column is layout, not data: it has no header.
    """
    is_data = len(grid.rows) > 1 and max(len(row) for row in grid.rows) > 1
    num_header_rows = grid.num_header_rows if is_data else 0
    header = join_cells(_stack(grid.names[:num_header_rows]))
    for number, row in enumerate(grid.rows, start=1):
        page.add_row(list(row), header=header if number > num_header_rows else "", row=number)


def _put(line: list[str], column: int, texts: list[str]) -> None:
    missing = column + len(texts) - len(line)
    line.extend([""] * max(missing, 0))
    line[column : column + len(texts)] = texts


def _count_header_rows(rows: Sequence[Sequence[Cell]], names: Sequence[Sequence[str]]) -> int:
    count = 0
    while count < len(rows) and rows[count] and all(cell.is_header for cell in rows[count]):
        count += 1
    if count:
        return count if count < len(rows) else 1
    while count < len(rows) and len(rows[count]) == 1:
        count += 1
    first = names[count] if count < len(rows) else []
    # The corner above a column of names is often left empty.
    labels = first[1:] if first and not first[0].strip() else first
    if len(set(first)) < 2 or not all(_is_name(text) for text in labels):
        return 0
    # A name that spans columns is spelt out by the row below it; one that spans rows reaches down to it.
    has_groups = any(cell.col_span > 1 for cell in rows[count])
    below = max(cell.row_span for cell in rows[count])
    deeper = min(max(below, 2), 4) if has_groups and below > 1 else 1
    return min(count + deeper, len(rows) - 1)


def _is_name(text: str) -> bool:
    return 0 < len(text.strip()) <= _MAX_NAME_CHARS and not _NUMBER.fullmatch(text)


def _stack(rows: Sequence[Sequence[str]]) -> list[str]:
    """Join header rows column by column, each name once: ``Price`` above ``2024`` gives ``Price 2024``."""
    columns = []
    for index in range(max((len(row) for row in rows), default=0)):
        found = [row[index] for row in rows if index < len(row) and row[index].strip()]
        columns.append(" ".join(dict.fromkeys(found)))
    return columns
