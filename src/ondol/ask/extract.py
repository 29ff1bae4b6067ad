"""Extractive answers: the best supporting sentences themselves, readable, each with its citation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ondol.ask.cite import CitedSentence, build_citation
from ondol.ask.plain import is_instruction, render_plain
from ondol.core.documents import Hit
from ondol.core.frozen import Frozen
from ondol.evidence.answerable import score_answerable
from ondol.evidence.parts import split_question
from ondol.evidence.question import read_question
from ondol.evidence.select import Candidate, Passage, Selection, select
from ondol.evidence.terms import TermFunction, simple_terms
from ondol.evidence.units import Unit
from ondol.text.normalise import fold


class ExtractOptions(Frozen):
    """How much is shown and when nothing is; chosen with ``bench/answer.py``.

    Attributes:
        min_answerable: below this score a question is not answered.
        max_sentences: of one part of the question; list items count as one with their lead.
        min_share: a further sentence must score at least this share of the best one.
    """

    min_answerable: float = 0.35
    max_sentences: int = 3
    min_share: float = 0.75
    max_items: int = 10


@dataclass(frozen=True)
class Extraction:
    """Sentences to show, and whether every part of the question found one."""

    sentences: tuple[CitedSentence, ...]
    complete: bool
    score: float


@dataclass(frozen=True)
class _Choice:
    """What is shown with one citation: consecutive units of one passage."""

    passage: int
    units: tuple[Unit, ...]
    indexes: range


_ANAPHOR = re.compile(
    r"(?:It|This|That|These|Those|They|He|She|His|Her|Its|Their|Such|However|But|Also|Then|Instead|Therefore|Thus|In this)\b"
    r"|(?:이는|이를|이것|그것|이러한|그러한|이런|그런|그는|그녀는|이 경우|그러나|하지만|또한|따라서|그리고|그래서|이때)"
)
_MAX_ANTECEDENT_CHARS = 240


def extract(
    question: str,
    hits: Sequence[Hit],
    *,
    options: ExtractOptions,
    terms: TermFunction = simple_terms,
    first_number: int = 1,
) -> Extraction:
    """Return the sentences of ``hits`` that answer ``question``, best first; none when nothing answers it.

    A question of several parts gets sentences for each part. ``first_number`` is the first citation's.
    """
    passages = [Passage(h.text, context=h.context, title=h.title, score=h.score) for h in hits]
    parts = split_question(question)
    shown: list[_Choice] = []
    num_found, best_score = 0, 0.0
    for part in parts:
        selection = select(read_question(part, terms=terms), passages, terms=terms)
        score = score_answerable(selection).score
        best_score = max(best_score, score)
        if score >= options.min_answerable:
            num_found += 1
            limit = options.max_sentences if len(parts) == 1 else 1
            shown.extend(_choose(selection, passages, shown, options=options, limit=limit))
    numbered = enumerate(shown, first_number)
    sentences = tuple(_render(choice, hits[choice.passage], number) for number, choice in numbered)
    return Extraction(sentences, complete=num_found == len(parts), score=best_score)


def _choose(
    selection: Selection,
    passages: Sequence[Passage],
    taken: Sequence[_Choice],
    *,
    options: ExtractOptions,
    limit: int,
) -> list[_Choice]:
    chosen: list[_Choice] = []
    seen = {fold(_text(passages, c)) for c in taken}
    used = {(c.passage, i) for c in taken for i in c.indexes}
    asked_by_ai = is_instruction(selection.question.text)
    best = 0.0
    for candidate in selection.ranked:
        if len(chosen) == limit:
            break
        unit = candidate.unit
        text = passages[candidate.passage].text[unit.start : unit.end]
        if unit.kind == "heading" or (candidate.passage, candidate.index) in used:
            continue
        if not asked_by_ai and is_instruction(text):
            continue
        if chosen and (candidate.score < options.min_share * best or not candidate.matched):
            break
        choice = _widen(candidate, selection, passages, options)
        key = fold(_text(passages, choice))
        if any(key in other or other in key for other in seen):
            continue
        best = best or candidate.score
        seen.add(key)
        used.update((choice.passage, i) for i in choice.indexes)
        chosen.append(choice)
    return chosen


def _widen(
    candidate: Candidate, selection: Selection, passages: Sequence[Passage], options: ExtractOptions
) -> _Choice:
    """Take the list that a sentence announces or an item belongs to, and what a pronoun stands for."""
    units = selection.units[candidate.passage]
    first = last = candidate.index
    wants_list = selection.question.kind == "steps"
    if candidate.unit.kind == "lead" or (wants_list and candidate.unit.kind in {"item", "sentence"}):
        if candidate.unit.kind == "item":
            while first > 0 and units[first - 1].kind == "item":
                first -= 1
            if first > 0 and units[first - 1].kind == "lead":
                first -= 1
        if candidate.unit.kind != "sentence" or _starts_list(units, last + 1):
            while (
                last + 1 < len(units) and units[last + 1].kind == "item" and last - first < options.max_items
            ):
                last += 1
        last = max(last, candidate.index)
        first = max(first, candidate.index - options.max_items)
    elif candidate.unit.kind == "sentence" and first > 0 and units[first - 1].kind == "sentence":
        text = passages[candidate.passage].text
        before, this = units[first - 1], units[first]
        short = before.end - before.start <= _MAX_ANTECEDENT_CHARS
        if short and candidate.features["window"] > 0.05 and _ANAPHOR.match(text, this.start):
            first -= 1
    return _Choice(candidate.passage, units[first : last + 1], range(first, last + 1))


def _starts_list(units: Sequence[Unit], index: int) -> bool:
    return index < len(units) and units[index].kind == "item"


def _text(passages: Sequence[Passage], choice: _Choice) -> str:
    return passages[choice.passage].text[choice.units[0].start : choice.units[-1].end]


def _render(choice: _Choice, hit: Hit, number: int) -> CitedSentence:
    citation = build_citation(hit, choice.units[0].start, choice.units[-1].end, number=number)
    lines = []
    for unit in choice.units:
        text = hit.text[unit.start : unit.end]
        if unit.kind == "row":
            text = label_cells(text, hit.context)
        elif unit.kind == "item" and len(choice.units) > 1:
            text = f"{unit.marker} {text}"
        lines.append((unit.kind, f"{render_plain(text)} [{number}]"))
    is_block = any(kind in {"item", "lead"} for kind, _ in lines) and len(lines) > 1
    separator = "\n" if is_block else " "
    return CitedSentence(separator.join(line for _, line in lines), (citation,), is_block=is_block)


def label_cells(row: str, context: str) -> str:
    """Return ``Part: A | Price: 3`` for the row ``A | 3`` under the header ``Part | Price`` that ends ``context``.

    The row comes back as it is when the header is unknown or has another number of cells.
    """
    header = context.rsplit(" > ", 1)[-1].split(" | ")
    cells = row.split(" | ")
    if len(header) < 2 or len(header) != len(cells):
        return row
    pairs = zip(header, cells, strict=True)
    return " | ".join(
        f"{name.strip()}: {cell.strip()}" if name.strip() else cell for name, cell in pairs if cell.strip()
    )
