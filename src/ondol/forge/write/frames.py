"""Write questions by frames: code asks where a sentence's structure is certain; a small model may reword."""

from ondol.core.examples import Draft, ExampleKind, Fact, FactUnit, Turn
from ondol.core.protocols import ChatModel
from ondol.forge.frames import Wording, ask_about
from ondol.forge.order import Order, Written
from ondol.text.morphemes import Analyser

_UNITS: dict[ExampleKind, frozenset[FactUnit]] = {
    "qa": frozenset({"sentence", "item"}),
    "list": frozenset({"list"}),
    "table": frozenset({"row"}),
    "paraphrase": frozenset({"sentence", "item", "list", "row"}),
}


class FrameWriter:
    """Writes ``qa``, ``list``, ``table`` and ``paraphrase`` drafts, one more wording than ordered."""

    def __init__(self, analyser: Analyser, chat: ChatModel | None = None) -> None:
        """Take the analyser and, to reword what code wrote, a chat model."""
        self._analyser = analyser
        self._chat = chat

    @property
    def kinds(self) -> frozenset[ExampleKind]:
        """What it can write."""
        return frozenset(_UNITS)

    def write(self, order: Order) -> Written:
        """Return drafts in the order of facts and wordings; one wording more than asked, to be withheld."""
        drafts: list[Draft] = []
        for fact in order.facts:
            if fact.unit in _UNITS.get(order.kind, frozenset()):
                found = ask_about(fact, order.passage, analyser=self._analyser)
                drafts.extend(_draft(order, fact, n, w) for n, w in enumerate(found[: order.wordings + 1]))
        return Written(drafts=tuple(drafts))


def _draft(order: Order, fact: Fact, number: int, wording: Wording) -> Draft:
    return Draft(
        kind=order.kind,
        language=fact.language,
        turns=(Turn(question=wording.question, answer=wording.answer, evidence=(fact.evidence,)),),
        facts=(fact.id,),
        topic=fact.topic,
        wording=number,
        writer="frames",
    )
