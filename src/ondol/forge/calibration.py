"""Finds out what a judge is worth on this corpus before it is asked about any draft.

The items are questions that code wrote from sentences whose structure is certain and that passed every check,
and the same items with an error planted by code. They come from the training side of the split.
"""

from collections.abc import Iterator, Sequence

from ondol.core.examples import Draft
from ondol.evidence.judge import Calibration, Item, Judge, calibrate
from ondol.evidence.plant import KINDS, plant
from ondol.forge.order import Order
from ondol.forge.verify.verifier import Verifier, is_accepted
from ondol.forge.write.frames import FrameWriter
from ondol.store.forging import PlannedPassage, RunLedger

_ITEMS = 80
_PAGE = 100


def calibrate_judge(
    judge: Judge, ledger: RunLedger, *, writer: FrameWriter, verifier: Verifier, seed: int
) -> Calibration:
    """Return how well ``judge`` tells true items from planted errors; raises ``EngineError``."""
    true_items = list(_take(_build_items(ledger, writer, verifier), _ITEMS))
    planted = []
    for number, item in enumerate(true_items):
        others = [other for other in true_items if other.source != item.source]
        kinds = [KINDS[(number + step) % len(KINDS)] for step in range(len(KINDS))]
        found = (plant(item, kind, others=others, seed=seed) for kind in kinds)
        first = next((each for each in found if each is not None), None)
        if first is not None:
            planted.append(first.item)
    return calibrate(judge, true_items, planted)


def _take(items: Iterator[Item], count: int) -> Iterator[Item]:
    for _, item in zip(range(count), items, strict=False):
        yield item


def _build_items(ledger: RunLedger, writer: FrameWriter, verifier: Verifier) -> Iterator[Item]:
    after: tuple[int, int] | None = None
    while rows := ledger.passages("train", after=after, limit=_PAGE):
        for planned in rows:
            after = planned.cursor
            for draft in _write(planned, writer)[:1]:
                if is_accepted(verifier.verify(draft, (planned.passage,))):
                    turn = draft.turns[0]
                    yield Item(question=turn.question, answer=turn.answer, source=planned.passage.text)


def _write(planned: PlannedPassage, writer: FrameWriter) -> Sequence[Draft]:
    order = Order(
        id=f"calibration:{planned.passage.chunk_id}:{planned.round}",
        kind="qa",
        language=planned.passage.language,
        split="train",
        passage=planned.passage,
        facts=planned.facts,
    )
    return writer.write(order).drafts
