"""Questions about table rows: what a column says of the thing that the row is about, in English and Korean.

The header names the columns; the first cell names the row. One column of a row is asked about first, chosen
by the fact's id so that a table's columns share the questions; its wordings stand together.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from ondol.core.examples import Fact, Passage
from ondol.evidence.support import check_support
from ondol.evidence.terms import build_terms
from ondol.forge.frames.korean_grammar import attach, read_predicate, read_words
from ondol.forge.frames.korean_reading import is_person
from ondol.forge.frames.lexicon import base_of_third_person, is_base
from ondol.forge.frames.place import name_place
from ondol.forge.frames.wording import Wording
from ondol.text.language import detect_language
from ondol.text.morphemes import Analyser

_MAX_NAME, _MAX_CELL, _MAX_COLUMN = 60, 300, 40
_EMPTY = re.compile(
    r"\A(?:[-–—/.·*]*|n/?a|none|null|nan|tbd|해당 ?없음|없음|미정|[oxv○×✓✗✔✘●])\Z", re.IGNORECASE
)
# An identifier is known wherever it stands.
_CODE = re.compile(r"\A(?=.{8,})[A-Za-z]+(?:[A-Z_0-9-][A-Za-z0-9]*)+(?:, [A-Za-z0-9_]+)*\Z")
_NUMBER = re.compile(r"\A[-+]?[\d.,]+\Z")
_AMOUNT = re.compile(r"\A(?:[-+~약]?\s?[₩$€£]?\s?\d[\d.,]*\s?(?:[a-zA-Z%℃°/]{0,6}|[가-힣]{1,4}))\Z")
_SAYS = re.compile(
    r"\A(?:description|purpose|function|meaning|details?|explanation|use|usage|설명|용도|기능|"
    r"목적|의미|내용|역할|비고|해설)\Z",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\A(?:(?:Enable|Disable|Set|Show|Display|Create|Add|Remove|Debug|Print|Log|Start|Stop|"
    r"Define|Control|Specif|Configure|Allow|Provide"
    r"|Return|Send|Save|Load|Select|Open|Close|Toggle|Adjust|Measure|Store|Run|Clear|Delete|"
    r"List|Change|Limit|Reset|Convert|Calculate"
    r"|Update|Upload|Download|Use|Turn|Switch|Move|Copy|Check|Record|Report|Make|Get|Write|"
    r"Read)(?:e|y|ies|es|s)?)\b"
)


class Cell(NamedTuple):
    """One value of a row under its column."""

    column: str
    value: str


class Row(NamedTuple):
    """A row: what it is about, under which heading, and what is said of it."""

    kind: str
    name: str
    cells: tuple[Cell, ...]


def frame(fact: Fact, passage: Passage, *, analyser: Analyser) -> tuple[Wording, ...]:
    """Return the wordings of a row, one column after the other; none where header and cells do not agree."""
    context = fact.evidence.context or passage.context
    row = read_row(fact.evidence.quote, context)
    if fact.unit != "row" or row is None:
        return ()
    language = detect_language(f"{row.kind} {' '.join(c.column for c in row.cells)}") or fact.language
    place = name_place(context, passage.title, language=language, known=f"{row.name} {row.kind}")
    if _CODE.match(row.name):
        place = ""
    ask = _ask_korean if language == "ko" else _ask_english
    turn = int.from_bytes(hashlib.sha256(fact.id.encode()).digest()[:4]) % len(row.cells)
    cells = [*row.cells[turn:], *row.cells[:turn]]
    terms = build_terms(analyser)
    found: list[Wording] = []
    for cell in cells:
        for wording in ask(row, cell, place, analyser):
            # The header is no part of the quotation; where it would carry the answer, the cell alone does.
            sure = check_support(
                wording.answer, [fact.evidence.quote], context=context, terms=terms
            ).supported
            short = f"{row.name}: {cell.value.rstrip('.')}."
            found.append(wording if sure else replace(wording, answer=short))
    return tuple(found)


def read_row(quote: str, context: str) -> Row | None:
    """Return the row that a quotation holds, read with the table header that ends ``context``."""
    header = [" ".join(c.split()) for c in context.rsplit(" > ", 1)[-1].split(" | ")]
    cells = [" ".join(c.split()) for c in re.split(r" \| |\t", quote.strip())]
    # Trailing empty cells are not written; a gap in the middle would be.
    if len(header) < 2 or not 2 <= len(cells) <= len(header) or cells == header[: len(cells)]:
        return None
    if any(_NUMBER.match(c) or len(c) > _MAX_COLUMN for c in header) or len(set(header)) != len(header):
        return None
    name = cells[0]
    if not name or len(name) > _MAX_NAME or _NUMBER.match(name) or _EMPTY.match(name) or "http" in quote:
        return None
    said = tuple(
        Cell(column, value)
        for column, value in zip(header[1:], cells[1:], strict=False)
        if column and value and not _EMPTY.match(value) and len(value) <= _MAX_CELL and value != name
    )
    return Row(header[0], name, said) if said else None


def _ask_english(row: Row, cell: Cell, place: str, _: Analyser) -> Iterator[Wording]:
    name, value = row.name, cell.value.rstrip(".")
    where = f" {place}" if place and len(name.split()) < 3 else ""
    kind = _soften(row.kind)
    column = _soften(cell.column)
    if _SAYS.match(cell.column):
        named, answer, is_many = _describe(name, kind, value)
        if is_many:
            yield Wording(f"What do {named} do{where}?", answer, "row.does", 0.88)
            yield Wording(f"What are {named} for{where}?", answer, "row.for", 0.82)
            return
        does = _VERB.match(value) is not None
        yield Wording(
            f"What {'does' if does else 'is'} {named}{' do' if does else ''}{where}?",
            answer,
            "row.does",
            0.88,
        )
        yield Wording(
            f"What is {named} for{where}?" if does else f"How is {named} described{where}?",
            answer,
            "row.for",
            0.82,
        )
        yield Wording(f"Explain what {named} {'does' if does else 'is'}{where}.", answer, "row.explain", 0.8)
        return
    verb = "are" if column.endswith("s") and not column.endswith("ss") else "is"
    answer = f"The {column} of {name} {verb} {value}."
    yield Wording(f"What {verb} the {column} of {name}{where}?", answer, "row.what", 0.9)
    yield Wording(
        f"Which {column} {'are' if verb == 'are' else 'is'} given for {name}{where}?",
        answer,
        "row.given",
        0.82,
    )
    yield Wording(f"For {name}, what {verb} the {column}{where}?", answer, "row.for", 0.8)


def _describe(name: str, kind: str, value: str) -> tuple[str, str, bool]:
    """Return how a row is named, a whole sentence that says it, and whether it names several things."""
    is_kind = len(kind.split()) == 1 and kind.isalpha()
    parts = name.split(", ")
    if is_kind and len(parts) > 1 and all(_CODE.match(part) for part in parts):
        named = f"the {', '.join(parts[:-1])} and {parts[-1]} {kind}s"
    else:
        named = f"the {name} {kind}" if is_kind else name
    is_many = named.endswith(f"{parts[-1]} {kind}s") and len(parts) > 1
    first, _, rest = value.partition(" ")
    subject = f"{named[:1].upper()}{named[1:]}"
    low = f"{first.lower()} {rest}"
    if is_kind and rest and _VERB.match(value) and is_base(first):
        return named, f"{subject} {'are' if is_many else 'is'} used to {low}.", is_many
    if is_kind and rest and _VERB.match(value) and base_of_third_person(first) and not is_many:
        return named, f"{subject} {low}.", is_many
    return named, f"{name}: {value}.", is_many


def _ask_korean(row: Row, cell: Cell, place: str, analyser: Analyser) -> Iterator[Wording]:
    name, value = row.name, cell.value.rstrip(".")
    where = f"{place}에서 " if place and len(name.split()) < 3 else ""
    words = read_words(re.sub(r"\s*\([^()]*\)\Z", "", value), analyser)
    is_sentence = any(w.has("EF") for w in words)
    if _SAYS.match(cell.column):
        does = (
            is_sentence
            and (predicate := read_predicate(re.sub(r"\s*\([^()]*\)\Z", "", value), words)) is not None
            and not predicate.copula
        )
        thing = (
            f"'{name}' {row.kind}"
            if row.kind and len(row.kind) <= 8 and row.kind not in name
            else f"'{name}'"
        )
        is_said = does and not any(w.tag == "JX" or w.particle in {"이", "가"} for w in words)
        answer = f"{attach(thing, '은')} {value}." if is_said else f"{name}: {value}."
        asks = "어떤 기능을 하나요?" if does else "무엇인가요?"
        yield Wording(f"{where}{attach(thing, '은')} {asks}", answer, "row.does", 0.88)
        yield Wording(f"{where}{thing}에 대해 설명해 주세요.", answer, "row.explain", 0.82)
        if does:
            yield Wording(f"{where}{thing}의 용도는 무엇인가요?", answer, "row.what", 0.8)
        return
    column = cell.column
    answer = f"{name}의 {attach(column, '은')} {value}{'.' if is_sentence else '입니다.'}"
    if is_sentence:
        answer = f"{name}의 {column}: {value}."
    much = _ask_for(column, value)
    yield Wording(f"{where}{name}의 {attach(column, '은')} {much}", answer, "row.what", 0.9)
    yield Wording(f"{where}{name}의 {attach(column, '을')} 알려 주세요.", answer, "row.tell", 0.84)
    yield Wording(
        f"{where}{attach(name, '은')} {attach(column, '이')} 어떻게 되나요?", answer, "row.how", 0.8
    )


def _ask_for(column: str, value: str) -> str:
    if is_person(column):
        return "누구인가요?"
    if re.search(r"(?:일자|날짜|일시|기한|시각|마감일|만료일|시행일)\Z", column):
        return "언제인가요?"
    if re.search(r"(?:장소|위치|주소|소재지)\Z", column):
        return "어디인가요?"
    return (
        "얼마인가요?" if _AMOUNT.match(value) and not re.search(r"[년월일차호번]\Z", value) else "무엇인가요?"
    )


def _soften(column: str) -> str:
    """Return a column name inside a sentence: small letters but for acronyms, without ``(s)``."""
    words = re.sub(r"\(s\)", "", column).split()
    return " ".join(w if w[1:] != w[1:].lower() or len(w) == 1 else w.lower() for w in words)
