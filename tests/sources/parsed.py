"""What tests say about parsed documents."""

from pathlib import Path

from ondol.core.documents import Block, ParsedDocument
from ondol.core.ids import sha256_hex
from ondol.text.normalise import nfc

DATA = Path(__file__).parents[1] / "data"


def texts(parsed: ParsedDocument, kind: str | None = None) -> list[str]:
    """Return the text of each block, of one kind if asked."""
    return [
        page.text[block.start : block.end]
        for page in parsed.pages
        for block in page.blocks
        if kind in {None, block.kind}
    ]


def outline(parsed: ParsedDocument) -> list[tuple[int, str]]:
    """Return level and text of each heading."""
    return [
        (block.level, page.text[block.start : block.end])
        for page in parsed.pages
        for block in page.blocks
        if block.kind == "heading"
    ]


def rows(parsed: ParsedDocument) -> list[tuple[str, str]]:
    """Return text and header of each table row."""
    return [
        (page.text[block.start : block.end], block.header)
        for page in parsed.pages
        for block in page.blocks
        if block.kind == "table_row"
    ]


def check_invariants(parsed: ParsedDocument) -> None:
    """Check what every reader promises.

    NFC, blocks in order, apart, trimmed and not empty, pages counted from 1.
    """
    numbers = [page.number for page in parsed.pages]
    assert numbers == ([None] if numbers == [None] else list(range(1, len(numbers) + 1)))
    for page in parsed.pages:
        assert page.text == nfc(page.text)
        at = 0
        for block in page.blocks:
            assert at <= block.start < block.end <= len(page.text), (at, block)
            assert _is_trimmed(page.text, block), page.text[block.start : block.end]
            at = block.end


def _is_trimmed(text: str, block: Block) -> bool:
    found = text[block.start : block.end]
    return found == found.rstrip() and (block.kind == "code" or found == found.lstrip())


def fingerprint(parsed: ParsedDocument) -> str:
    """Return a short name for all that was read."""
    return sha256_hex(parsed.model_dump_json().encode())
