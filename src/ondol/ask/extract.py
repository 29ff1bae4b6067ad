"""Extractive answers: the best supporting sentences themselves, readable, each with its citation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ondol.ask.cite import CitedSentence, build_citation
from ondol.ask.plain import render_plain
from ondol.core.documents import Hit
from ondol.core.frozen import Frozen
from ondol.evidence.answerable import score_answerable
from ondol.evidence.parts import split_question
from ondol.evidence.question import read_question
from ondol.evidence.select import Candidate, Passage, Selection, select
from ondol.evidence.terms import TermFunction, simple_terms
from ondol.evidence.units import Unit
from ondol.policy.injection import is_instruction
from ondol.text.normalise import fold


class ExtractOptions(Frozen):
    """How much is shown and when nothing is; chosen with ``bench/answer.py``.

    Attributes:
        min_answerable: below this score a question is not answered.
        max_sentences: of one part of the question; list items count as one with their lead.
        min_share: a further sentence must score at least this share of the best one.
        min_gain: … and hold at least this share of the question that those before it do not, …
        rival_share: … unless it scores as well as the best one, nearly.
    """

    min_answerable: float = 0.5
    max_sentences: int = 3
    min_share: float = 0.75
    min_gain: float = 0.05
    rival_share: float = 0.85
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
    r"(?:It|This|That|These|Those|They|He|She|His|Her|Its|Their|Such|However|But|Also|Then|Instead"
    r"|Therefore|Thus|In this)\b"
    r"|(?:이는|이를|이것|그것|이러한|그러한|이런|그런|그는|그녀는|이 경우|그러나|하지만|또한|따라서|그리고"
    r"|그래서|이때)"
)
_MAX_ANTECEDENT_CHARS = 240
_MIN_WINDOW = 0.05
_MAX_BULLETS = 7
_FIRST_STEPS = frozenset({"1.", "1)", "(1", "①"})
_IN_LIST = frozenset({"item", "sentence"})
_POOL = 24
_BONUS_NEW = 0.4


def extract(
    question: str,
    hits: Sequence[Hit],
    *,
    options: ExtractOptions,
    terms: TermFunction = simple_terms,
    first_number: int = 1,
    with_similarity: bool = False,
) -> Extraction:
    """Return the sentences of ``hits`` that answer ``question``, best first; none when nothing answers it.

    A question of several parts gets sentences for each part. ``first_number`` is the first citation's.
    ``with_similarity`` says that the dense scores come from the model that abstention is calibrated for.
    """
    passages = [
        Passage(
            h.text,
            context=h.context,
            title=h.title,
            score=h.score,
            similarity=h.dense_score if with_similarity else None,
        )
        for h in hits
    ]
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
    covered: set[str] = set()
    pool = [c for c in selection.ranked if _may_show(c, selection, passages)][:_POOL]
    best = pool[0].score if pool else 0.0
    while pool and len(chosen) < limit:
        # Speaking of what the sentences before left out is worth more than saying the same again.
        worth = {id(c): c.score + _BONUS_NEW * _gain(c, covered, selection) for c in pool}
        candidate = max(pool, key=lambda c: worth[id(c)])
        pool.remove(candidate)
        if (candidate.passage, candidate.index) in used:
            continue
        if chosen and worth[id(candidate)] < options.min_share * best:
            break
        is_rival = candidate.score >= options.rival_share * best
        if chosen and not is_rival and _gain(candidate, covered, selection) < options.min_gain:
            continue  # it says nothing that was asked for and not yet said
        choice = _widen(candidate, selection, passages, options)
        key = fold(_text(passages, choice))
        if any(key in other or other in key for other in seen):
            continue
        seen.add(key)
        used.update((choice.passage, i) for i in choice.indexes)
        covered.update(candidate.matched)
        chosen.append(choice)
        if selection.question.kind == "steps" and len(choice.units) > 2:
            break  # a procedure is a whole answer
    return chosen


def _may_show(candidate: Candidate, selection: Selection, passages: Sequence[Passage]) -> bool:
    """Tell whether a unit may be an answer: not a heading, nor an order to an AI unless asked about such."""
    if candidate.unit.kind == "heading":
        return False
    text = passages[candidate.passage].text[candidate.unit.start : candidate.unit.end]
    return is_instruction(selection.question.text) or not is_instruction(text)


def _gain(candidate: Candidate, covered: set[str], selection: Selection) -> float:
    """Return the weight of the question's terms that none chosen before holds; 0 for the first."""
    return sum(selection.weights[t] for t in candidate.matched - covered) if covered else 0.0


def _widen(
    candidate: Candidate, selection: Selection, passages: Sequence[Passage], options: ExtractOptions
) -> _Choice:
    """Take the list that a sentence announces or an item belongs to, and what a pronoun stands for."""
    units = selection.units[candidate.passage]
    at = candidate.index
    block = _find_list(units, at)
    if candidate.unit.kind == "lead" and len(block) > 1:
        block = range(at, min(block.stop, at + 1 + options.max_items))
    elif selection.question.kind == "steps" and _is_procedure(units, block):
        start = block.start if at - block.start <= options.max_items else at
        block = range(start, min(block.stop, start + 1 + options.max_items))
    else:
        block = range(at, at + 1)
        text = passages[candidate.passage].text
        if _needs_antecedent(units, at, text) and candidate.features["window"] > _MIN_WINDOW:
            block = range(at - 1, at + 1)
    return _Choice(candidate.passage, units[block.start : block.stop], block)


def _find_list(units: Sequence[Unit], at: int) -> range:
    """Return the indexes of the list at or right after ``at``, its lead first; else ``at`` alone."""
    first = last = at
    if units[at].kind == "item":
        while first > 0 and units[first - 1].kind in _IN_LIST:
            first -= 1
        while units[first].kind == "sentence":
            first += 1
        if first > 0 and units[first - 1].kind == "lead":
            first -= 1
    while last + 1 < len(units) and units[last + 1].kind in _IN_LIST:
        last += 1
    while last > at and units[last].kind != "item":
        last -= 1  # prose after the list is not part of it
    return range(first, last + 1) if last > first and units[first + 1].kind == "item" else range(at, at + 1)


def _is_procedure(units: Sequence[Unit], block: range) -> bool:
    """Tell whether a list gives steps from the first on: it is numbered, or short with a lead."""
    if len(block) < 2:
        return False
    opening = units[block.start]
    if any(units[i].marker[:1].isdigit() for i in block):
        return opening.kind == "lead" or opening.marker[:2] in _FIRST_STEPS
    return opening.kind == "lead" and len(block) <= _MAX_BULLETS


def _needs_antecedent(units: Sequence[Unit], at: int, text: str) -> bool:
    if at == 0 or units[at].kind != "sentence" or units[at - 1].kind not in {"sentence", "item"}:
        return False
    short = units[at - 1].end - units[at - 1].start <= _MAX_ANTECEDENT_CHARS
    return short and _ANAPHOR.match(text, units[at].start) is not None


def _text(passages: Sequence[Passage], choice: _Choice) -> str:
    return passages[choice.passage].text[choice.units[0].start : choice.units[-1].end]


def _render(choice: _Choice, hit: Hit, number: int) -> CitedSentence:
    citation = build_citation(hit, choice.units[0].start, choice.units[-1].end, number=number)
    lines: list[str] = []
    for position, unit in enumerate(choice.units):
        text = hit.text[unit.start : unit.end]
        shown = render_plain(label_cells(text, hit.context) if unit.kind == "row" else text)
        if position and "\n" not in hit.text[choice.units[position - 1].end : unit.start]:
            lines[-1] += f" {shown}"  # a further sentence of the same line
        elif unit.kind == "item" and len(choice.units) > 1:
            lines.append(f"{' ' * unit.depth}{unit.marker} {shown}")
        else:
            lines.append(shown)
    is_block = len(lines) > 1 and any(unit.kind in {"item", "lead"} for unit in choice.units)
    separator = "\n" if is_block else " "
    return CitedSentence(
        separator.join(f"{line} [{number}]" for line in lines), (citation,), is_block=is_block
    )


def label_cells(row: str, context: str) -> str:
    """Return ``Part: A | Price: 3`` for the row ``A | 3`` under the header ``Part | Price``.

    The header is the last part of ``context``.

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
