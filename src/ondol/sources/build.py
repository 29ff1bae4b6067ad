"""Builds a page: text and the blocks that are exact slices of it, in step, within the limits."""

from ondol.core.documents import Block, BlockKind, Page
from ondol.core.errors import FileLimitError
from ondol.sources.limits import Limits
from ondol.text.normalise import nfc

CELL_SEPARATOR = " | "

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
        self._header = ("", "")

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
        gap = "" if not self._length else "\n" if kind in _TIGHT and self._last == kind else "\n\n"
        start = self._length + len(gap) + len(prefix)
        end = start + len(clean)
        self._budget.spend(end - self._length)
        self._parts.append(f"{gap}{prefix}{clean}")
        self._length = end
        self._last = kind
        if header != self._header[0]:  # the rows of a table share theirs
            self._header = (header, nfc(header).strip())
        self._blocks.append(
            Block(
                kind=kind,
                start=start,
                end=end,
                level=min(level, 6),
                header=self._header[1],
                sheet=sheet,
                row=row,
            )
        )

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


def join_cells(cells: list[str]) -> str:
    """Join cells into one line; empty cells keep their place, except at the end; all empty gives ``""``."""
    joined = CELL_SEPARATOR.join(cells)
    if joined.isprintable() and "  " not in joined and joined[:1] != " " and joined[-1:] != " ":
        return joined
    flat = [" ".join(cell.split()) for cell in cells]
    while flat and not flat[-1]:
        flat.pop()
    return CELL_SEPARATOR.join(flat)
