"""Is the arithmetic of an answer right, and does it start from numbers of the quotations?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ondol.core.errors import WrongUseError
from ondol.core.examples import Draft, Passage, Turn, Verdict
from ondol.evidence.facts import read_facts
from ondol.forge.verify.verdict import accept, refuse
from ondol.forge.write.arithmetic import agrees, compute, read_number
from ondol.text.normalise import fold

_UNIT = re.compile(r"(?<=\d)\s?(?:[A-Za-z°℃²³/]{1,10}|[가-힣]{1,4})(?=\s*[-+*/×÷−=)])")
_EQUATION = re.compile(
    r"(?P<left>[\d(][\d\s.,()%]*(?:[-+*/×÷−][\d\s.,()%]+)+)=\s*(?P<right>[-−]?\d[\d,]*(?:\.\d+)?)"
)
# Seconds, hours, days, months, per cent, metric steps.
_CONVERSIONS = frozenset(map(Fraction, (2, 7, 10, 12, 24, 30, 60, 100, 365, 1000, 3600)))


@dataclass(frozen=True)
class Derivation:
    """What an answer computes.

    Attributes:
        values: results of its equations, as written.
        fault: what is wrong, or empty.
    """

    values: tuple[str, ...] = ()
    fault: str = ""


class ReasoningCheck:
    """Every equation is computed again, from numbers that the quotations or the question hold.

    Cannot see whether the right operation was chosen.
    """

    name = "reasoning"

    def judge(self, draft: Draft, passages: Sequence[Passage]) -> Verdict:  # noqa: ARG002 - protocol
        """Recompute; the result of a reasoning task must come of it or stand in a quotation."""
        for turn in draft.turns:
            if draft.kind != "reasoning" and not _EQUATION.search(turn.answer):
                continue
            derived = derive(turn)
            if derived.fault:
                return refuse(self.name, derived.fault)
            if turn.result and (fault := _find_fault(turn, derived)):
                return refuse(self.name, fault)
        return accept(self.name)


def derive(turn: Turn) -> Derivation:
    """Recompute the equations of an answer, in order; a result may be used further on."""
    quotes = "\n".join(e.quote for e in turn.evidence)
    known = {*_numbers(quotes), *_numbers(turn.question)}
    values: list[str] = []
    for match in _EQUATION.finditer(_UNIT.sub("", turn.answer)):
        left, right = match["left"].strip(), match["right"]
        if left in quotes:
            known.update(_numbers(right))
            continue  # the documents' own formula
        try:
            computed = compute(left)
        except WrongUseError:
            return Derivation(fault=f"The calculation {left!r} cannot be read.")
        stated = read_number(right)
        if stated is None or not agrees(computed.value, stated, right):
            return Derivation(fault=f"{left} is not {right}.")
        strange = [n for n in computed.numbers if n not in known and n not in _CONVERSIONS]
        if strange:
            return Derivation(fault=f"The calculation takes {float(strange[0]):g} from nowhere.")
        known.add(stated)
        values.append(right.replace(",", ""))
    return Derivation(tuple(values))


def _find_fault(turn: Turn, derived: Derivation) -> str:
    if fold(turn.result) not in fold(turn.answer):
        return "The result is not in the answer."
    stated = read_number(turn.result)
    quotes = "\n".join(e.quote for e in turn.evidence)
    if stated is None:
        return "" if fold(turn.result) in fold(quotes) else "The result is not in the quotations."
    if derived.values:
        return (
            ""
            if Fraction(derived.values[-1].replace("−", "-")) == stated
            else "The result is not what is computed."
        )
    return "" if stated in _numbers(quotes) else "The result is neither computed nor quoted."


def _numbers(text: str) -> set[Fraction]:
    return {Fraction(q.value) for q in read_facts(text).quantities if q.value.count(".") < 2}
