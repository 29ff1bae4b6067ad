"""The frame writer: drafts in order, one wording more than ordered, rewordings where code can check."""

from collections.abc import Iterable

import pytest

from ondol.core.examples import Evidence, Example, ExampleKind, Passage, Provenance
from ondol.core.models import ChatRequest, Message
from ondol.engines.cache import KeyedReply
from ondol.engines.chat.fake import FakeChat
from ondol.forge.facts import find_facts
from ondol.forge.order import Order
from ondol.forge.write.frames import FrameWriter
from ondol.text.morphemes import Analyser

ANALYSER = Analyser()
TEXT = (
    "The Plan View is used to plan autonomous missions for your vehicle.\n\n"
    "Missions may contain many items.\n\n"
    "If the battery is low, the vehicle lands at its current position."
)


def build_order(*, kind: ExampleKind = "qa", wordings: int = 1, seeds: tuple[Example, ...] = ()) -> Order:
    passage = Passage(
        document="doc_1",
        uri="file:///PlanView.md",
        title="Plan View",
        chunk_id="chk_1",
        ordinal=0,
        start=10,
        text=TEXT,
        context="Plan View",
        language="en",
        label="restricted",
    )
    facts = find_facts(passage, analyser=ANALYSER)
    return Order(
        id="order",
        kind=kind,
        language="en",
        split="train",
        passage=passage,
        facts=facts,
        wordings=wordings,
        seeds=seeds,
    )


def test_one_wording_more_than_ordered_for_each_fact() -> None:
    order = build_order(wordings=1)
    written = FrameWriter(ANALYSER).write(order)
    asked = [(d.facts[0], d.wording, d.turns[0].question) for d in written.drafts]
    assert asked == [
        (order.facts[0].id, 0, "What is the Plan View used for?"),
        (order.facts[0].id, 1, "Why would someone use the Plan View?"),
        (order.facts[2].id, 0, "In the Plan View, what happens if the battery is low?"),
        (order.facts[2].id, 1, "In the Plan View, what can you expect if the battery is low?"),
    ]
    assert written.requests == 0
    for draft in written.drafts:
        turn = draft.turns[0]
        assert draft.writer == "frames"
        assert draft.topic == "Plan View"
        assert turn.answer == turn.evidence[0].quote


def test_the_same_order_gives_the_same_drafts() -> None:
    writer = FrameWriter(ANALYSER)
    assert writer.write(build_order(wordings=2)) == writer.write(build_order(wordings=2))


def test_a_kind_takes_only_its_units() -> None:
    writer = FrameWriter(ANALYSER)
    assert writer.kinds == {"qa", "list", "table", "paraphrase"}
    assert writer.write(build_order(kind="table")).drafts == ()
    assert writer.write(build_order(kind="list")).drafts == ()
    assert writer.write(build_order(kind="summary")).drafts == ()


def build_seed(order: Order, question: str, wording: int) -> Example:
    evidence: Evidence = order.facts[0].evidence
    return Example(
        id="exm_1",
        messages=(
            Message(role="user", content=question),
            Message(role="assistant", content=evidence.quote),
        ),
        kind="qa",
        book="closed",
        language="en",
        topic="Plan View",
        group=order.facts[0].id,
        label="restricted",
        licences=("unknown",),
        provenance=Provenance(
            evidence=(evidence,), facts=(order.facts[0].id,), writer="frames", wording=wording
        ),
        verdicts=(),
    )


def test_a_paraphrase_leaves_out_what_its_seeds_ask() -> None:
    seed = build_seed(build_order(), "What is the Plan View used for?", 0)
    order = build_order(kind="paraphrase", seeds=(seed,))
    drafts = [d for d in FrameWriter(ANALYSER).write(order).drafts if d.facts == (order.facts[0].id,)]
    assert [d.turns[0].question for d in drafts] == [
        "Why would someone use the Plan View?",
        "What is the purpose of the Plan View?",
    ]
    assert [d.wording for d in drafts] == [1, 2]


def reword(reply: str) -> tuple[list[str], list[str]]:
    """Return the questions of the second fact and the faults, with a model that says ``reply``."""
    order = build_order(wordings=3)
    order = order.model_copy(update={"facts": order.facts[2:]})
    written = FrameWriter(ANALYSER, FakeChat(reply)).write(order)
    asked = [d.turns[0].question for d in written.drafts if d.facts == (order.facts[0].id,)]
    return asked[3:], [r.detail for r in written.spoiled]


def test_a_rewording_that_can_be_checked_is_taken() -> None:
    good = "In the Plan View, what occurs if the battery is low?"
    asked, faults = reword(good)
    assert asked == [good]
    assert faults == []


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        ("In the Plan View, what happens if the battery is low?", "repeats"),
        ("The vehicle lands.", "is no question"),
        ("In the Plan View, who is responsible if the battery is low?", "asks for another kind"),
        ("What is the consequence in the Plan View if 3 times the battery is low?", "has other numbers"),
        ("In the Plan View, what is the consequence if the Toyota battery is low?", "has other names"),
        (
            "In the Plan View, what is the consequence if the engine is low on battery?",
            "has words of its own",
        ),
        ("In the Plan View, what is the consequence if it is low?", "has lost words that matter"),
        ("In the Plan View, what is not the consequence if the battery is low?", "denies otherwise"),
        ("배터리가 부족하면 어떻게 되나요?", "is no question"),
        ("", "is no question"),
    ],
)
def test_a_rewording_that_strays_is_refused_with_its_reason(reply: str, fault: str) -> None:
    asked, faults = reword(reply)
    assert asked == []
    assert len(faults) == 1
    assert fault in faults[0]


class KeyedFake(FakeChat):
    """A model whose calls are kept under keys."""

    def complete_keyed(self, request: ChatRequest, *, sources: Iterable[str], label: str) -> KeyedReply:
        assert list(sources) == ["doc_1"]
        assert label == "restricted"
        return KeyedReply(reply=self.complete(request), key="call_1", replayed=False)


def test_a_kept_call_is_named_in_its_draft() -> None:
    chat = KeyedFake("In the Plan View, what occurs if the battery is low?")
    written = FrameWriter(ANALYSER, chat).write(build_order(wordings=3))
    assert [(d.calls, d.model) for d in written.drafts][-1] == (("call_1",), "fake-chat")
    assert [d.calls for d in written.drafts[:-1]] == [()] * (len(written.drafts) - 1)
    assert written.requests == len(chat.requests) == 2


def test_what_the_model_is_shown_cannot_leak_unnoticed() -> None:
    asked, faults = reword("What purpose does the pressure gauge serve?")
    assert asked == []
    assert faults
