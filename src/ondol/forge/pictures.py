"""Pictures of a dataset, as SVG: what of the corpus is covered, what was rejected, what it holds, its cost.

Each stands alone: no script, no font and no address from outside; a title and a description for those who do
not see it; its own ground, light or dark as the reader's system has it. Colour never says anything that a
number or a length beside it does not say as well.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape as _escape_html

WIDTH = 760
_MARGIN = 28
_INNER = WIDTH - 2 * _MARGIN
_HEAD = 74
_FONT = (
    "system-ui,-apple-system,'Segoe UI','Noto Sans KR','Noto Sans CJK KR','Apple SD Gothic Neo',"
    "'Malgun Gothic',sans-serif"
)
_STYLE = f"""
svg{{--ground:#fbfaf7;--ink:#23211d;--quiet:#67625a;--rail:#e8e4db;--line:#dcd6ca;--main:#b4532a;--deep:#7c3517}}
@media (prefers-color-scheme:dark){{svg{{--ground:#1c1a17;--ink:#f0ece4;--quiet:#b0a99d;--rail:#35312b;
--line:#443f37;--main:#e08a5f;--deep:#f2b394}}}}
text{{font-family:{_FONT};fill:var(--ink);font-size:13px}}
.title{{font-size:18px;font-weight:650}}.quiet{{fill:var(--quiet)}}.small{{font-size:11px}}
.number{{font-variant-numeric:tabular-nums}}.big{{font-size:30px;font-weight:650}}
.end{{text-anchor:end}}.middle{{text-anchor:middle}}
.ground{{fill:var(--ground)}}.rail{{fill:var(--rail)}}.main{{fill:var(--main)}}.line{{stroke:var(--line)}}
.tile{{fill:var(--ground);stroke:var(--line)}}
.on{{fill:var(--ground);font-weight:600}}
"""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MAX_BARS = 30
_MAX_TILES = 150


@dataclass(frozen=True)
class Bar:
    """One bar of a chart.

    Attributes:
        value: length of the filled part.
        whole: length of the rail behind it; 0 draws none.
        note: written at its end; the value without it.
    """

    label: str
    value: float
    whole: float = 0.0
    note: str = ""


@dataclass(frozen=True)
class _Box:
    """A rectangle, in pixels."""

    x: float
    y: float
    width: float
    height: float

    def shrink(self, by: float) -> "_Box":
        return _Box(self.x + by, self.y + by, max(0.5, self.width - 2 * by), max(0.5, self.height - 2 * by))


def draw_coverage(topics: Sequence[tuple[str, int, int]]) -> str:
    """Draw how much of each topic is taught: bars for up to 30 topics, else a map of areas.

    Args:
        topics: name, facts that can be taught and how many of them are.
    """
    ranked = sorted((t for t in topics if t[1] > 0), key=lambda t: (-t[1], t[0]))
    facts, taught = sum(t[1] for t in ranked), sum(t[2] for t in ranked)
    title = "Coverage · 범위"
    met = sum(1 for t in ranked if t[2])
    said = (
        f"{taught:,} of {facts:,} facts taught ({_percent(taught, facts)}), in {met} of {len(ranked)} topics"
    )
    if len(ranked) <= _MAX_BARS:
        bars = [Bar(name, have, whole=count, note=f"{have:,} of {count:,}") for name, count, have in ranked]
        return draw_bars(title, said, bars)
    if len(ranked) > _MAX_TILES:
        ranked = [*ranked[: _MAX_TILES - 1], _merge(ranked[_MAX_TILES - 1 :])]
        ranked.sort(key=lambda t: -t[1])
    return _draw_map(title, said, ranked)


def draw_rejections(reasons: Mapping[str, int], drafts: int) -> str:
    """Draw how many drafts each reason rejected."""
    ranked = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    total = sum(reasons.values())
    said = f"{total:,} of {drafts:,} drafts rejected ({_percent(total, drafts)})"
    bars = [
        Bar(_spell(reason), count, note=f"{count:,} · {_percent(count, total)}") for reason, count in ranked
    ]
    return draw_bars("Rejections by reason · 탈락 사유", said, bars)


def draw_kinds(splits: Mapping[str, Mapping[str, int]]) -> str:
    """Draw how many examples of each kind each split holds, as a table of tinted cells.

    Args:
        splits: counts by split, then kind; the order of splits is kept.
    """
    totals: dict[str, int] = {}
    for counts in splits.values():
        for kind, count in counts.items():
            totals[kind] = totals.get(kind, 0) + count
    kinds = sorted(totals, key=lambda kind: (-totals[kind], kind))
    total = sum(totals.values())
    label_width, row = 190, 34
    columns = [*splits, "all"]
    step = (_INNER - label_width) / max(1, len(columns))
    peak = max((c for counts in splits.values() for c in counts.values()), default=1)
    body: list[str] = []
    for at, column in enumerate(columns):
        x = _MARGIN + label_width + (at + 0.5) * step
        body.append(_text(x, _HEAD + 14, column, "quiet middle"))
    for line, kind in enumerate([*kinds, "all"]):
        top = _HEAD + 26 + line * row
        body.append(_text(_MARGIN, top + 21, _fit(_spell(kind), label_width - 12, 13)))
        for at, column in enumerate(columns):
            count = _cell_count(splits, totals, kind, column)
            cell = _Box(_MARGIN + label_width + at * step, top, step, row).shrink(2)
            body.append(_draw_cell(cell, count, 0.0 if "all" in {kind, column} else count / peak))
    height = _HEAD + 26 + (len(kinds) + 1) * row + _MARGIN
    said = f"{total:,} examples: {len(kinds)} kinds in {len(splits)} splits"
    return _frame("Kinds and splits · 유형과 분할", said, height, body)


def draw_costs(
    requests: int, prompt_tokens: int, completion_tokens: int, seconds: float, accepted: int
) -> str:
    """Draw what an accepted example cost: requests, tokens and seconds."""
    tokens = prompt_tokens + completion_tokens
    each = max(1, accepted)
    tiles = [
        (_short(requests / each), "requests", f"{requests:,} in all"),
        (_short(prompt_tokens / each), "prompt tokens", f"{prompt_tokens:,} in all"),
        (_short(completion_tokens / each), "completion tokens", f"{completion_tokens:,} in all"),
        (_short(seconds / each), "seconds", f"{_duration(seconds)} in all"),
    ]
    gap = 14
    step = (_INNER + gap) / len(tiles)
    body = []
    for at, (number, what, whole) in enumerate(tiles):
        x = _MARGIN + at * step
        body += [
            f'<rect class="tile" x="{x:.1f}" y="{_HEAD}" width="{step - gap:.1f}" height="104" rx="10"/>',
            _text(x + 16, _HEAD + 44, number, "big number"),
            _text(x + 16, _HEAD + 66, what),
            _text(x + 16, _HEAD + 86, whole, "quiet small number"),
        ]
    said = f"{accepted:,} examples accepted; {requests:,} requests, {tokens:,} tokens, {_duration(seconds)}"
    return _frame("Cost of an accepted example · 채택 1건당 비용", said, _HEAD + 104 + _MARGIN, body)


def draw_bars(title: str, said: str, bars: Sequence[Bar]) -> str:
    """Draw labelled bars, longest scale shared; an empty chart says that there is nothing."""
    label_width = min(330.0, max((_measure(bar.label, 13) for bar in bars), default=0.0) + 14)
    note_width = max((_measure(bar.note, 13) for bar in bars), default=0.0) + 12
    room = _INNER - label_width - note_width
    scale = room / max((max(bar.value, bar.whole) for bar in bars), default=1.0) if bars else 0.0
    row, thick = 27, 15
    body = []
    for at, bar in enumerate(bars):
        top = _HEAD + at * row
        x = _MARGIN + label_width
        label = _fit(bar.label, label_width - 14, 13)
        tip = f"<title>{_escape(bar.label)}: {_escape(bar.note)}</title>"
        body.append(f"<g>{tip}{_text(_MARGIN, top + 17, label)}")
        if bar.whole:
            body.append(_rect("rail", _Box(x, top + 5, bar.whole * scale, thick)))
        if bar.value:
            body.append(_rect("main", _Box(x, top + 5, max(2.0, bar.value * scale), thick)))
        end = x + max(bar.value, bar.whole) * scale + 8
        body.append(f"{_text(end, top + 17, bar.note, 'quiet number')}</g>")
    if not bars:
        body.append(_text(_MARGIN, _HEAD + 17, "Nothing to show · 없음", "quiet"))
    return _frame(title, said, _HEAD + max(1, len(bars)) * row + _MARGIN - 8, body)


def _draw_map(title: str, said: str, topics: Sequence[tuple[str, int, int]]) -> str:
    """Draw a squarified treemap: area is facts, the filled part of a tile is what is taught of them."""
    height = 420.0 if len(topics) <= 80 else 560.0
    body = []
    ground = _Box(_MARGIN, _HEAD, _INNER, height)
    for (name, count, have), place in zip(topics, _tile([t[1] for t in topics], ground), strict=True):
        box = place.shrink(1)
        filled = min(box.height, max(3.0, box.height * have / count))  # what is met at all is seen
        body.append(f"<g><title>{_escape(name)}: {have:,} of {count:,}</title>{_rect('rail', box)}")
        if have:
            part = _Box(box.x, box.y + box.height - filled, box.width, filled)
            body.append(_rect("main", part, opacity=0.38))
        body.extend(_label_tile(name, f"{have:,} of {count:,}", box))
        body.append("</g>")
    key = _HEAD + height + 24
    body += [
        _rect("rail", _Box(_MARGIN, key - 10, 16, 12)),
        _rect("main", _Box(_MARGIN, key - 5, 16, 7), opacity=0.38),
        _text(_MARGIN + 24, key, "area: facts of a topic; filled part: taught", "quiet small"),
    ]
    return _frame(title, said, key + _MARGIN - 8, body)


def _label_tile(name: str, note: str, box: _Box) -> Iterator[str]:
    """Write into a tile what fits, smaller in small ones; at least five letters or nothing."""
    size = 12 if box.width > 90 and box.height > 34 else 10
    step = size + 3
    lines = _wrap(name, box.width - 9, size, int((box.height - 6) // step))
    for at, line in enumerate(lines):
        yield _text(box.x + 5, box.y + step * (at + 1), line, size=size)
    below = box.y + step * (len(lines) + 1)
    if lines and below < box.y + box.height - 2 and _measure(note, size) < box.width - 9:
        yield _text(box.x + 5, below, note, "number", size=size)


def _tile(values: Sequence[float], ground: _Box) -> list[_Box]:
    """Lay rectangles of the given areas, near square (Bruls, Huizing, van Wijk 2000); values fall."""
    scale = ground.width * ground.height / sum(values)
    left = [value * scale for value in values]
    placed: list[_Box] = []
    while left:
        wide = ground.width >= ground.height
        side = min(ground.width, ground.height)
        taken = 1
        while taken < len(left) and _worst(left[: taken + 1], side) <= _worst(left[:taken], side):
            taken += 1
        row, left = left[:taken], left[taken:]
        depth = sum(row) / side if side else 0.0
        at = 0.0
        for area in row:
            length = area / depth if depth else 0.0
            placed.append(
                _Box(ground.x, ground.y + at, depth, length)
                if wide
                else _Box(ground.x + at, ground.y, length, depth)
            )
            at += length
        x, y = (depth, 0.0) if wide else (0.0, depth)
        ground = _Box(ground.x + x, ground.y + y, max(0.0, ground.width - x), max(0.0, ground.height - y))
    return placed


def _worst(row: Sequence[float], side: float) -> float:
    """Return the worst aspect ratio of a row of areas along ``side``."""
    total = sum(row)
    if not total or not side:
        return float("inf")
    return max(side * side * max(row) / total**2, total**2 / (side * side * min(row)))


def _merge(rest: Sequence[tuple[str, int, int]]) -> tuple[str, int, int]:
    return f"{len(rest)} others · 기타", sum(t[1] for t in rest), sum(t[2] for t in rest)


def _cell_count(
    splits: Mapping[str, Mapping[str, int]], totals: Mapping[str, int], kind: str, column: str
) -> int:
    if column == "all":
        return sum(totals.values()) if kind == "all" else totals[kind]
    return sum(splits[column].values()) if kind == "all" else splits[column].get(kind, 0)


def _draw_cell(box: _Box, count: int, share: float) -> str:
    ground = _rect("main", box, opacity=0.12 + 0.5 * share) if share else ""
    style = "middle number" if count else "middle quiet"
    return ground + _text(box.x + box.width / 2, box.y + 19, f"{count:,}" if count else "–", style)


def _frame(title: str, said: str, height: float, body: Sequence[str]) -> str:
    inside = "\n".join(body)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}"'
        f' height="{height:.0f}" role="img" aria-labelledby="title desc">\n'
        f'<title id="title">{_escape(title)}</title>\n<desc id="desc">{_escape(said)}</desc>\n'
        f"<style>{_STYLE}</style>\n"
        f'<rect class="ground" width="{WIDTH}" height="{height:.0f}" rx="12"/>\n'
        f"{_text(_MARGIN, 34, title, 'title')}\n{_text(_MARGIN, 56, _fit(said, _INNER, 13), 'quiet')}\n"
        f"{inside}\n</svg>\n"
    )


def _escape(words: str) -> str:
    """Return the words as XML text; characters that XML has no place for are left out."""
    return _escape_html(_NOT_XML.sub("", words))


def _text(x: float, y: float, words: str, style: str = "", *, size: int = 0) -> str:
    named = f' class="{style}"' if style else ""
    sized = f' style="font-size:{size}px"' if size else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{named}{sized}>{_escape(words)}</text>'


def _rect(style: str, box: _Box, *, opacity: float = 1.0) -> str:
    faint = "" if opacity == 1.0 else f' opacity="{opacity:.2f}"'
    return (
        f'<rect class="{style}"{faint} x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}"'
        f' height="{box.height:.1f}" rx="3"/>'
    )


def _measure(words: str, size: float) -> float:
    """Return about how wide the text is set, in pixels, on the wide side."""
    return sum(_advance(char) for char in words) * size


def _advance(char: str) -> float:
    if unicodedata.east_asian_width(char) in {"W", "F"}:
        return 0.97
    if char in "ijl.,:;'|!()[] ·":
        return 0.36
    return 0.78 if char.isupper() or char in "mwMW%@…" else 0.62


def _fit(words: str, room: float, size: float) -> str:
    """Return the words, cut with an ellipsis where the room is too small."""
    if _measure(words, size) <= room:
        return words
    while words and _measure(words + "…", size) > room:
        words = words[:-1]
    return words.rstrip() + "…" if words else ""


def _wrap(words: str, room: float, size: float, max_lines: int) -> list[str]:
    """Break the words into lines that fit; nothing if not even five letters do."""
    if max_lines < 1 or room < 5 * 0.62 * size:
        return []
    lines: list[str] = []
    line = ""
    for word in words.split():
        longer = f"{line} {word}".strip()
        if line and _measure(longer, size) > room:
            lines.append(line)
            line = word
        else:
            line = longer
    lines.append(line)
    if len(lines) > max_lines:
        lines = [*lines[: max_lines - 1], " ".join(lines[max_lines - 1 :])]
    return [_fit(line, room, size) for line in lines]


def _spell(name: str) -> str:
    return name.replace("_", " ")


def _percent(part: float, whole: float) -> str:
    if not whole:
        return "0 %"
    share = 100 * part / whole
    return f"{share:.1f} %" if 0 < share < 10 else f"{share:.0f} %"


def _short(number: float) -> str:
    """Return a number with two or three digits that count."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}" if number else "0"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"
