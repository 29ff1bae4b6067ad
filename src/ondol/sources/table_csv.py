"""Delimited text (RFC 4180 and its relatives): the delimiter and the header row are found by looking."""

import csv
import io
import re
from itertools import islice

from ondol.core.documents import DocumentKind, ParsedDocument
from ondol.core.errors import CorruptFileError
from ondol.sources.build import PageBuilder, TextBudget, join_cells
from ondol.sources.encoding import decode
from ondol.sources.limits import Limits

_DELIMITERS = (",", "\t", ";", "|")
_SAMPLE_ROWS = 50
_SAMPLE_CHARS = 64 * 1024
_MAX_FIELD_CHARS = 2**20
_VALUE = re.compile(r"[-+(]?[\d.,:/\s%₩$€£-]*\d[\d.,:/\s%₩$€£)-]*\Z")
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_MAX_NAME_CHARS = 80


def read(data: bytes, *, name: str, limits: Limits) -> ParsedDocument:
    """Read a table; one page without number, a block for each row, rows counted from 1 with the header.

    Raises:
        CorruptFileError: quotes that never close over more than a megabyte.
        FileLimitError: more text than allowed.
    """
    text, _ = decode(data)
    delimiter, text = _find_delimiter(text)
    page = PageBuilder(TextBudget(name, limits))
    previous = csv.field_size_limit(_MAX_FIELD_CHARS)
    try:
        _add_rows(page, text, delimiter)
    except csv.Error as error:
        raise CorruptFileError(
            f"{name} is not a readable table ({error}).",
            remedy="Check its quotation marks, or save it again.",
        ) from error
    finally:
        csv.field_size_limit(previous)
    media_type = "text/tab-separated-values" if delimiter == "\t" else "text/csv"
    return ParsedDocument(kind=DocumentKind.CSV, media_type=media_type, pages=(page.build(),))


def _add_rows(page: PageBuilder, text: str, delimiter: str) -> None:
    rows = csv.reader(io.StringIO(text.replace("\x00", ""), newline=""), delimiter=delimiter)
    head = list(islice(rows, _SAMPLE_ROWS))
    first = next((index for index, row in enumerate(head) if _count(row) > 1), 0)
    header = ""
    if first < len(head) and _is_header(head[first], head[first + 1 :]):
        header = join_cells(head[first])
    for number, row in enumerate(head, start=1):
        if number - 1 < first:  # a title or remark above the table
            page.add("paragraph", " ".join(cell for cell in row if cell.strip()), row=number)
        else:
            page.add_row(row, header=header if number - 1 > first else "", row=number)
    for number, row in enumerate(rows, start=len(head) + 1):
        page.add_row(row, header=header, row=number)


def _find_delimiter(text: str) -> tuple[str, str]:
    """Return the delimiter that cuts most rows into the same, greatest number of cells.

    And the text to read.
    """
    if text[:4].lower() == "sep=" and len(text) > 4:  # Excel's own way to say it
        return text[4], text.partition("\n")[2]
    sample = text[:_SAMPLE_CHARS]
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        try:
            reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
            rows = [row for row in islice(reader, _SAMPLE_ROWS) if row]
        except csv.Error:
            continue
        if len(rows) > 1 and len(sample) == _SAMPLE_CHARS:
            rows.pop()  # cut in the middle
        widths = [len(row) for row in rows]
        if not widths or max(widths) < 2:
            continue
        usual = max(set(widths), key=lambda width: (widths.count(width), width))
        score = widths.count(usual) / len(widths) * (1 + min(usual, 20) / 100) if usual > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    return best, text


def _is_header(row: list[str], below: list[list[str]]) -> bool:
    """Whether a row names columns: distinct short words, and rows below it."""
    names = [cell.strip() for cell in row]
    filled = [name for name in names if name]
    if not below or len(filled) < len(names) - 1 or len(set(filled)) < len(filled):
        return False
    values = [name for name in filled if _VALUE.match(name)]
    if len(values) == len(filled):  # numbers name columns only where no number stands below
        return not any(_VALUE.match(cell.strip()) for line in below for cell in line)
    return all(_YEAR.match(name) for name in values) and all(len(name) <= _MAX_NAME_CHARS for name in filled)


def _count(row: list[str]) -> int:
    return sum(1 for cell in row if cell.strip())
