"""What is asked on a visit: questions on its facts, and at their turn the kinds that only a model writes."""

import json
import math
from collections.abc import Callable, Iterator, Sequence

from ondol.core.examples import ExampleKind, Fact, Passage, Split
from ondol.forge.order import Order
from ondol.forge.produce import Round, Visit
from ondol.forge.recipe import Recipe
from ondol.forge.settle import COMPOSED_KINDS, FACT_KINDS, Settler
from ondol.store.forging import PlannedPassage, RunLedger

_PAGE = 64
_DISTRACTORS = 3
_HOP_FACTS = 4

# Examples that one order of a kind gives; 1 for the others.
_YIELD: dict[ExampleKind, float] = {"paraphrase": 4.0, "translation": 4.0}


class VisitPlanner:
    """Turns the passages of the ledger into visits, in the ledger's order.

    Args:
        find_facts: for the second passage of a question that spans two.
    """

    def __init__(
        self, recipe: Recipe, ledger: RunLedger, *, find_facts: Callable[[Passage], tuple[Fact, ...]]
    ) -> None:
        self._recipe = recipe
        self._ledger = ledger
        self._find_facts = find_facts

    def visits(self, each: Round, split: Split, settler: Settler) -> Iterator[Visit]:
        """Yield the visits of a split that this round has not settled yet."""
        place = json.loads(self._ledger.get(each.place(split)) or "null")
        number = place["number"] if place else 0
        after = (place["round"], place["position"]) if place else None
        while rows := self._ledger.passages(split, after=after, limit=_PAGE):
            for planned in rows:
                after = planned.cursor
                number += 1
                orders = tuple(self._orders(each, planned, number, settler))
                if orders:
                    yield Visit(number, planned, orders)

    def _orders(self, each: Round, planned: PlannedPassage, number: int, settler: Settler) -> Iterator[Order]:
        # A fact is visited once in a round, so what this sees does not depend on how far ahead it looks.
        split = planned.split
        facts = tuple(fact for fact in planned.facts if settler.wants_fact(fact.id, split))
        if not facts:
            return
        others = self._find_others(planned)
        for kind in FACT_KINDS:
            asked = _choose(facts, kind)
            if asked and self._recipe.share_of(kind):
                yield self._order(each, planned, kind, asked, others)
        for kind in self._recipe.kinds:
            if kind in FACT_KINDS or kind in COMPOSED_KINDS or not each.workshop.can_write(kind):
                continue
            if self._is_due(kind, number, len(facts), split):
                hop = self._find_facts(others[0])[:_HOP_FACTS] if kind == "multi_hop" and others else ()
                yield self._order(each, planned, kind, (*facts, *hop), others)

    def _order(
        self,
        each: Round,
        planned: PlannedPassage,
        kind: ExampleKind,
        facts: tuple[Fact, ...],
        others: tuple[Passage, ...],
    ) -> Order:
        split = planned.split
        return Order(
            id=f"{planned.passage.chunk_id}:{planned.round}:{kind}",
            kind=kind,
            language=planned.passage.language,
            split=split,
            passage=planned.passage,
            facts=facts,
            others=others,
            wordings=self._recipe.wordings if split == "train" else 1,
            use_case=self._recipe.use_case,
            attempt=each.attempt,
        )

    def _find_others(self, planned: PlannedPassage) -> tuple[Passage, ...]:
        near = self._ledger.passages_near(
            planned.position, _DISTRACTORS, other_than=planned.passage.document, split=planned.split
        )
        return tuple(other.passage for other in near)

    def _is_due(self, kind: ExampleKind, number: int, num_facts: int, split: Split) -> bool:
        """Tell whether this visit's turn has come for a kind, at the rate that its share asks for."""
        base = sum(self._recipe.share_of(k) for k in FACT_KINDS) or 1.0
        wordings = self._recipe.wordings if split == "train" else 1
        rate = self._recipe.share_of(kind) / base * num_facts * wordings / _YIELD.get(kind, 1.0)
        return math.floor(number * rate) > math.floor((number - 1) * rate)


def _choose(facts: Sequence[Fact], kind: ExampleKind) -> tuple[Fact, ...]:
    units = {"qa": {"sentence", "item"}, "list": {"list"}, "table": {"row"}}[kind]
    return tuple(fact for fact in facts if fact.unit in units)
