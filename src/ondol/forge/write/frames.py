"""Write questions by frames: code asks where a sentence's structure is certain; a small model may reword.

The answer is always the document's own sentence, cleaned; the evidence is the whole fact.
"""

from collections.abc import Sequence

from ondol.core.examples import Draft, ExampleKind, Fact, FactUnit, Rejected, Turn
from ondol.core.ids import sha256_hex
from ondol.core.protocols import ChatModel
from ondol.forge.frames import Wording, ask_about
from ondol.forge.order import Order, Written
from ondol.forge.write.reword import Call, Reworder, Rewording
from ondol.text.morphemes import Analyser

_UNITS: dict[ExampleKind, frozenset[FactUnit]] = {
    "qa": frozenset({"sentence", "item"}),
    "list": frozenset({"list"}),
    "table": frozenset({"row"}),
    "paraphrase": frozenset({"sentence", "item", "list", "row"}),
}
_MAX_OTHERS = 3


class FrameWriter:
    """Writes ``qa``, ``list``, ``table`` and ``paraphrase`` drafts, one wording more than ordered.

    The wording too many is there to be withheld: it tests later whether a fact was learned or a sentence.
    For ``paraphrase``, wordings that an order's seeds already hold are left out.
    """

    def __init__(self, analyser: Analyser, chat: ChatModel | None = None) -> None:
        """Take the analyser and, to reword what code wrote, a chat model."""
        self._analyser = analyser
        self._reworder = Reworder(chat, analyser) if chat is not None else None

    @property
    def kinds(self) -> frozenset[ExampleKind]:
        """What it can write."""
        return frozenset(_UNITS)

    def write(self, order: Order) -> Written:
        """Return drafts in the order of facts and wordings; raises ``EngineError``."""
        drafts: list[Draft] = []
        spoiled: list[Rejected] = []
        calls: list[Rewording] = []
        asked = {m.content for seed in order.seeds for m in seed.messages if m.role == "user"}
        first = 1 + max((seed.provenance.wording for seed in order.seeds), default=-1)
        for fact in order.facts:
            if fact.unit not in _UNITS.get(order.kind, frozenset()):
                continue
            if fact.unit != "row" and fact.language != order.language:
                continue  # a sentence left untranslated
            every = ask_about(fact, order.passage, analyser=self._analyser)
            found = [w for w in every if w.question not in asked]
            wanted = order.wordings + 1
            reworded = self._reword(order, fact, every, wanted - len(found))
            calls.extend(reworded)
            spoiled.extend(_reject(order, r) for r in reworded if r.wording is None)
            mine = [_draft(order, fact, first + n, w) for n, w in enumerate(found[:wanted])]
            for rewording in reworded:
                if rewording.wording is not None:
                    mine.append(_draft(order, fact, first + len(mine), rewording.wording, rewording.call))
            drafts.extend(mine)
        return Written(
            drafts=tuple(drafts),
            spoiled=tuple(spoiled),
            requests=len(calls),
            prompt_tokens=sum(c.call.reply.prompt_tokens for c in calls),
            completion_tokens=sum(c.call.reply.completion_tokens for c in calls),
        )

    def _reword(self, order: Order, fact: Fact, known: Sequence[Wording], missing: int) -> list[Rewording]:
        """Return rewordings of the surest wordings, good or not, at most as many as are missing."""
        if self._reworder is None or missing <= 0 or not known:
            return []
        others = order.others[:_MAX_OTHERS]
        return list(
            self._reworder.reword(fact, order.passage, known[:missing], others=others, seed=order.attempt)
        )


def _draft(order: Order, fact: Fact, number: int, wording: Wording, call: Call | None = None) -> Draft:
    return Draft(
        kind=order.kind,
        language=fact.language,
        turns=(Turn(question=wording.question, answer=wording.answer, evidence=(fact.evidence,)),),
        facts=(fact.id,),
        topic=fact.topic,
        wording=number,
        writer="frames",
        model=call.reply.model if call else "",
        calls=(call.key,) if call and call.key else (),
    )


def _reject(order: Order, rewording: Rewording) -> Rejected:
    text = rewording.call.reply.text
    return Rejected(
        id="rej_" + sha256_hex(f"{order.id}\x00{rewording.fault}\x00{text}".encode("utf-8", "replace"))[:24],
        kind=order.kind,
        reason="rewording",
        detail=f"The reworded question {rewording.fault}.",
        text=text,
        documents=(order.passage.document,),
        writer="frames",
    )
