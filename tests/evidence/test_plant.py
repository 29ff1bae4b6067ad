"""A planted error is one error of its kind, the same for the same seed, in both languages."""

import pytest

from ondol.evidence.judge import Item
from ondol.evidence.plant import KINDS, plant

ENGLISH = Item(
    question="How long does the battery of the Falcon last?",
    answer="The battery of the Falcon lasts 24 months from 3 May 2021 and must not be frozen.",
    source="The battery of the Falcon lasts 24 months from 3 May 2021 and must not be frozen. Keep it dry.",
)
KOREAN = Item(
    question="배터리 보증 기간은 얼마인가요?",
    answer="배터리는 2021년 5월 3일부터 24개월 동안 보증됩니다.",
    source="배터리는 2021년 5월 3일부터 24개월 동안 보증됩니다. 건조하게 보관하십시오.",
)
OTHERS = (
    Item(
        question="Who builds the door of the Heron?",
        answer="Boeing builds the door of the Heron in Busan.",
        source="Boeing builds the door of the Heron in Busan.",
    ),
    Item(
        question="조이스틱은 어디에 연결하나요?",
        answer="조이스틱은 컴퓨터의 USB 포트에 연결합니다.",
        source="조이스틱은 컴퓨터의 USB 포트에 연결합니다.",
    ),
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("item", [ENGLISH, KOREAN], ids=["en", "ko"])
def test_every_kind_is_planted_in_both_languages(item, kind):
    planted = plant(item, kind, others=OTHERS, seed=1)
    assert planted is not None
    assert planted.kind == kind
    assert planted.changed
    assert planted == plant(item, kind, others=OTHERS, seed=1)
    changed = {
        name
        for name in ("question", "answer", "source")
        if getattr(item, name) != getattr(planted.item, name)
    }
    assert changed == {{"wrong_passage": "source", "unanswerable": "question"}.get(kind, "answer")}


def test_another_seed_plants_another_error():
    assert len({plant(ENGLISH, "number", seed=seed).item.answer for seed in range(12)}) > 3


@pytest.mark.parametrize("kind", ["number", "date", "unit"])
def test_an_item_without_a_place_gives_nothing(kind):
    plain = Item(
        question="Where is the door?", answer="The door is on the left.", source="The door is on the left."
    )
    assert plant(plain, kind) is None


def test_without_others_nothing_is_borrowed():
    assert plant(ENGLISH, "entity") is None
    assert plant(ENGLISH, "unanswerable", others=(KOREAN,)) is None


def test_list_numbers_are_no_numbers_to_swap():
    steps = Item(question="How do I start?", answer="1. Open the lid.\n2. Press Start.", source="")
    assert plant(steps, "number") is None


@pytest.mark.parametrize(
    ("answer", "denied"),
    [
        ("Press the green button.", "Do not press the green button."),
        ("The panel shows the altitude.", "The panel does not show the altitude."),
        ("Do not use a hub.", "Use a hub."),
        ("전원을 켜십시오.", None),
        ("값을 변경할 수 있습니다.", None),
    ],
)
def test_a_denial_is_grammatical(answer, denied):
    planted = plant(Item(question="?", answer=answer, source=answer), "negation")
    if denied is None:
        assert planted is None or planted.item.answer != answer
    else:
        assert planted.item.answer == denied
