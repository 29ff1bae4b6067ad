"""Finds out what a judge is worth on this corpus before it is asked about any draft.

The items are questions that code wrote from sentences whose structure is certain and that passed every check,
and the same items with an error planted by code. They come from the training side of the split. What experts
said of examples that the same judge had let through into earlier datasets is counted in.
"""

from collections.abc import Iterator, Sequence

from ondol.core.access import Principal
from ondol.core.errors import AccessDeniedError
from ondol.core.examples import Draft
from ondol.evidence.judge import Calibration, Item, Judge, calibrate
from ondol.evidence.plant import KINDS, plant
from ondol.forge.order import Order
from ondol.forge.publish import CALIBRATION_FILE
from ondol.forge.review import ReviewDesk
from ondol.forge.verify.verifier import Verifier, is_accepted
from ondol.forge.write.frames import FrameWriter
from ondol.store.forging import PlannedPassage, RunLedger
from ondol.store.home import Store

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


def read_verdicts(store: Store, model: str, *, principal: Principal) -> list[tuple[float, bool]]:
    """Return the judge's score of each example that experts reviewed, and whether they found it right.

    Args:
        store: of the home.
        model: the judge's; verdicts on what another one had scored say nothing of it.
        principal: datasets that it may not read whole are left out.
    """
    verdicts: list[tuple[float, bool]] = []
    for manifest in store.datasets.list_datasets(principal=principal):
        name = manifest.name
        if CALIBRATION_FILE not in manifest.files or not store.reviews.counts(name, principal=principal):
            continue
        try:
            folder = store.datasets.locate(name, principal=principal)
        except AccessDeniedError:
            continue
        kept = Calibration.model_validate_json((folder / CALIBRATION_FILE).read_text("utf-8"))
        if kept.model == model:
            desk = ReviewDesk(store.datasets, store.reviews, name, principal=principal)
            verdicts.extend(desk.read_judge_verdicts())
    return verdicts


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
