"""Builds a page: text and the blocks that are exact slices of it, in step, within the limits."""

from typing import Literal

from ondol.core.documents import Block, BlockKind, Page
from ondol.core.errors import FileLimitError
from ondol.sources.limits import Limits
from ondol.text.normalise import nfc

CELL_SEPARATOR = " | "

Gap = Literal["\n", "\n\n"]

_TIGHT: frozenset[BlockKind] = frozenset({"table_row", "list_item"})


class TextBudget:
    """Counts the text drawn from one file; raises ``FileLimitError`` when there is too much."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limit = limits.max_text_chars
        self._left = limits.max_text_chars

    def spend(self, num_chars: int) -> None:
        """Take ``num_chars`` from the budget."""
        self._left -= num_chars
        if self._left < 0:
            raise FileLimitError(
                f"{self._name} holds more than {self._limit:,} characters of text.",
                remedy="Split the file, or raise the limit on text.",
            )


class PageBuilder:
    """Collects blocks in order; their text is normalised on the way in."""

    def __init__(self, budget: TextBudget) -> None:
        self._budget = budget
        self._parts: list[str] = []
        self._blocks: list[Block] = []
        self._length = 0
        self._last: BlockKind | None = None

    def __len__(self) -> int:
        return self._length

    @property
    def num_blocks(self) -> int:
        """Blocks added so far."""
        return len(self._blocks)

    @property
    def first_heading(self) -> str:
        """Text of the first heading, or an empty string."""
        text = "".join(self._parts)
        return next((text[b.start : b.end] for b in self._blocks if b.kind == "heading"), "")

    def add(
        self,
        kind: BlockKind,
        text: str,
        *,
        prefix: str = "",
        level: int = 0,
        header: str = "",
        sheet: str | None = None,
        row: int | None = None,
        indent: bool = False,
    ) -> None:
        """Append a block; white space alone is left out.

        Args:
            kind: see ``Block``.
            text: its text; normalised and trimmed here.
            prefix: decoration before it that is never quoted, such as ``"- "``.
            level: of a heading, from 1; deeper than 6 counts as 6.
            header: header cells of a table row.
            sheet: worksheet.
            row: 1-based row.
            indent: keep leading blanks (code).
        """
        clean = text if text.isascii() and text.isprintable() else nfc(text)
        clean = clean.strip("\n").rstrip() if indent else clean.strip()
        if not clean:
            return
        self._append_gap("\n" if kind in _TIGHT and self._last == kind else "\n\n")
        self._append(prefix)
        start = self._length
        self._append(clean)
        self._blocks.append(
            Block(
                kind=kind,
                start=start,
                end=self._length,
                level=min(level, 6),
                header=header and nfc(header).strip(),
                sheet=sheet,
                row=row,
            )
        )
        self._last = kind

    def add_row(
        self, cells: list[str], *, header: str = "", sheet: str | None = None, row: int | None = None
    ) -> None:
        """Append a table row, its cells joined as ``cell | cell | cell``."""
        text = join_cells(cells)
        if text:
            self.add("table_row", text, header=header, sheet=sheet, row=row)

    def build(self, number: int | None = None, *, scanned: bool = False) -> Page:
        """Return the page."""
        return Page(number=number, text="".join(self._parts), blocks=tuple(self._blocks), scanned=scanned)

    def _append_gap(self, gap: Gap) -> None:
        if self._length:
            self._append(gap)

    def _append(self, text: str) -> None:
        if text:
            self._budget.spend(len(text))
            self._parts.append(text)
            self._length += len(text)


def join_cells(cells: list[str]) -> str:
    """Join cells into one line; empty cells keep their place, except at the end; all empty gives ``""``."""
    flat = [cell if cell.isalnum() else " ".join(cell.split()) for cell in cells]
    while flat and not flat[-1]:
        flat.pop()
    return CELL_SEPARATOR.join(flat)
