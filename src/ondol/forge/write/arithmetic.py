"""Compute an arithmetic expression exactly, so that no model's own arithmetic is believed.

Digits, ``+ - * / ( )``, and the signs that models write for them (``×``, ``÷``, ``−``, a percent sign, commas
in thousands). A small recursive descent over tokens: nothing is evaluated as a program.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from ondol.core.errors import WrongUseError

_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_TOKEN = re.compile(rf"\s*(?:(?P<number>{_DIGITS})(?P<percent>\s?%)?|(?P<sign>[-+*/()]))")
_STATED = re.compile(rf"[-−]?(?:{_DIGITS})")
_SIGNS = str.maketrans({"×": "*", "·": "*", "∙": "*", "÷": "/", "−": "-", "–": "-", "[": "(", "]": ")"})
_MAX_CHARS = 200
_MAX_DEPTH = 20


@dataclass(frozen=True)
class Computation:
    """The value of an expression and the numbers in it, in their order; a percentage counts as written."""

    value: Fraction
    numbers: tuple[Fraction, ...]
    num_operations: int


def compute(expression: str) -> Computation:
    """Return the exact value; raises ``WrongUseError`` for anything but plain arithmetic."""
    return _Parser(expression).read()


def read_number(text: str) -> Fraction | None:
    """Return the one number in ``text`` (a unit may stand with it), or ``None``."""
    found = _STATED.findall(text)
    return Fraction(found[0].replace(",", "").replace("−", "-")) if len(found) == 1 else None


def agrees(value: Fraction, stated: Fraction, written: str) -> bool:
    """Tell whether ``stated``, as ``written``, is ``value``, exactly or rounded to its decimals."""
    decimals = re.search(r"\.(\d+)", written)
    places = len(decimals[1]) if decimals else 0
    if value == stated:
        return True
    # A whole number may not stand for a fraction: 3 is no answer to 10 / 3.
    return places > 0 and abs(value - stated) * 2 <= Fraction(1, 10**places)


class _Parser:
    def __init__(self, expression: str) -> None:
        text = expression.translate(_SIGNS).split("=")[0].strip()
        if not text or len(text) > _MAX_CHARS:
            raise _refuse(expression)
        self._expression = expression
        self._tokens: list[str | Fraction] = []
        self._numbers: list[Fraction] = []
        self._num_operations = 0
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise _refuse(expression)
            self._take(match)
            at = match.end()
            while at < len(text) and text[at].isspace():
                at += 1
        self._at = 0

    def read(self) -> Computation:
        value = self._sum(0)
        if self._at != len(self._tokens):
            raise _refuse(self._expression)
        return Computation(value, tuple(self._numbers), self._num_operations)

    def _take(self, match: re.Match[str]) -> None:
        if match["sign"]:
            self._tokens.append(match["sign"])
            return
        number = Fraction(match["number"].replace(",", ""))
        self._numbers.append(number)
        self._tokens.append(number / 100 if match["percent"] else number)

    def _sum(self, depth: int) -> Fraction:
        value = self._product(depth)
        while self._peek() in {"+", "-"}:
            sign = self._next()
            other = self._product(depth)
            value = value + other if sign == "+" else value - other
            self._num_operations += 1
        return value

    def _product(self, depth: int) -> Fraction:
        value = self._atom(depth)
        while self._peek() in {"*", "/"}:
            sign = self._next()
            other = self._atom(depth)
            if sign == "/" and not other:
                raise _refuse(self._expression)
            value = value * other if sign == "*" else value / other
            self._num_operations += 1
        return value

    def _atom(self, depth: int) -> Fraction:
        found = self._next()
        if isinstance(found, Fraction):
            return found
        if found == "-" and depth < _MAX_DEPTH:
            return -self._atom(depth + 1)
        if found == "(" and depth < _MAX_DEPTH:
            value = self._sum(depth + 1)
            if self._next() == ")":
                return value
        raise _refuse(self._expression)

    def _peek(self) -> str | Fraction | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> str | Fraction | None:
        found = self._peek()
        self._at += 1
        return found


def _refuse(expression: str) -> WrongUseError:
    return WrongUseError(f"{expression[:80]!r} is not plain arithmetic.")
