"""Markdown whose words come from outside: cells, blocks and figures that cannot break out of their place."""

import re
from collections.abc import Iterable, Sequence


def fence(text: str, language: str = "text") -> str:
    """Return a fenced block that no run of backticks inside can end."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{language}\n{text}\n{marks}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; what comes from outside goes through ``cell`` first."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def cell(text: str) -> str:
    """Return text from outside for a cell: one line, no markup, no cell border."""
    return re.sub(r"\\*\|", r"\\|", plain(text)).replace("`", "ʼ")


def plain(text: str) -> str:
    """Return text from outside in one line, without HTML, pictures and links."""
    line = " ".join(text.split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("](", "] (")


def cut(text: str, room: int) -> str:
    """Return at most ``room`` characters, the last one an ellipsis where something is left out."""
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def shorten_hash(digest: str) -> str:
    """Return enough of a hash to recognise it by."""
    return f"`{digest[:16]}…`" if len(digest) > 16 else f"`{digest}`" if digest else "–"


def spell_figure(share: float | None) -> str:
    """Return a share in percent, or a dash where it was not measured."""
    return "–" if share is None else spell_share(share)


def spell_share(share: float) -> str:
    """Return a share in percent."""
    return f"{100 * share:.3g} %"


def spell_part(part: int, whole: int) -> str:
    """Return the share of a part in percent."""
    return spell_share(part / whole) if whole else "none"
