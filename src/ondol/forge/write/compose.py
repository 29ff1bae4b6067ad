"""Composes examples out of accepted ones: dialogues, questions without an answer, answers in a given form."""

from ondol.core.examples import ExampleKind
from ondol.forge.order import Order, Written
from ondol.text.morphemes import Analyser

_KINDS: frozenset[ExampleKind] = frozenset({"dialogue", "not_in_documents", "instruction"})


class Composer:
    """Writes by code alone, from ``order.seeds`` and ``order.others``."""

    def __init__(self, analyser: Analyser) -> None:
        """Keep the analyser that cuts text into terms."""
        self._analyser = analyser

    @property
    def kinds(self) -> frozenset[ExampleKind]:
        """What it can write."""
        return _KINDS

    def write(self, order: Order) -> Written:
        """Return the drafts that ``order`` allows."""
        del order
        return Written()
