"""Composes examples out of accepted ones, by code alone: dialogues, silent documents, answers in a form.

An accepted example has passed every check, so what is built of it needs new checks only for what is new: that
a shortened question still means the same, that other passages do not hold the answer, that a form was kept.
"""

from collections.abc import Sequence

from ondol.core.examples import Draft, ExampleKind
from ondol.evidence.terms import build_terms
from ondol.forge.order import Order, Written
from ondol.forge.write.compose_absent import compose_absent
from ondol.forge.write.compose_dialogue import compose_dialogue
from ondol.forge.write.compose_form import compose_forms
from ondol.forge.write.openbook import Pair, build_rng, read_pair
from ondol.text.morphemes import Analyser

_KINDS: frozenset[ExampleKind] = frozenset({"dialogue", "not_in_documents", "instruction"})
_MAX_FORMS = 3


class Composer:
    """Writes ``dialogue``, ``not_in_documents`` and ``instruction`` from seeds and further passages."""

    def __init__(self, analyser: Analyser) -> None:
        """Take the analyser that cuts text into terms."""
        self._terms = build_terms(analyser)

    @property
    def kinds(self) -> frozenset[ExampleKind]:
        """What it can write."""
        return _KINDS

    def write(self, order: Order) -> Written:
        """Return the drafts that the seeds allow; none where nothing is sure. The order's id is the seed."""
        pairs = _read_pairs(order)
        rng = build_rng(order.id, order.kind, order.attempt)
        drafts: Sequence[Draft] = ()
        if order.kind == "dialogue":
            found = compose_dialogue(pairs, language=order.language, rng=rng)
            drafts = (found,) if found else ()
        elif order.kind == "not_in_documents":
            found = compose_absent(
                pairs, order.others, known=order.passage, language=order.language, terms=self._terms, rng=rng
            )
            drafts = (found,) if found else ()
        elif order.kind == "instruction":
            drafts = compose_forms(pairs, language=order.language, rng=rng)[:_MAX_FORMS]
        return Written(drafts=tuple(drafts))


def _read_pairs(order: Order) -> tuple[Pair, ...]:
    """Return question, answer and evidence of each seed of the order's language, in the order of the text."""
    pairs = [read_pair(seed) for seed in order.seeds if seed.language == order.language]
    found = [pair for pair in pairs if pair is not None]
    if order.kind != "not_in_documents":
        # What it rests on is looked up again, so the passage has to be at hand.
        at_hand = {passage.chunk_id for passage in (order.passage, *order.others)}
        found = [pair for pair in found if all(e.chunk_id in at_hand for e in pair.evidence)]
    return tuple(
        sorted(found, key=lambda p: (p.evidence[0].document, p.evidence[0].page, p.evidence[0].start))
    )
