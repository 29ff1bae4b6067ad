"""Adds a table to a page: one block a row, the header row's cells beside each row below it."""

from collections.abc import Sequence

from ondol.sources.build import PageBuilder, join_cells


def add_table(page: PageBuilder, rows: Sequence[Sequence[str]], *, num_header_rows: int = 1) -> None:
    """Append a table; a row's number is its place in the table, from 1.

    Args:
        page: where to append.
        rows: cells, merged ones filled in by the caller.
        num_header_rows: rows that name the columns. A single row, or a single column, is layout: it has no header.
    """
    is_grid = len(rows) > 1 and max(len(row) for row in rows) > 1
    num_header_rows = num_header_rows if is_grid else 0
    header = join_cells(_stack(rows[:num_header_rows]))
    for number, row in enumerate(rows, start=1):
        page.add_row(list(row), header=header if number > num_header_rows else "", row=number)


def _stack(rows: Sequence[Sequence[str]]) -> list[str]:
    """Join header rows column by column, each name once: ``Price`` above ``2024`` gives ``Price 2024``."""
    columns = []
    for index in range(max((len(row) for row in rows), default=0)):
        names = [row[index] for row in rows if index < len(row) and row[index].strip()]
        columns.append(" ".join(dict.fromkeys(names)))
    return columns
