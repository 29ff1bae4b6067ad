"""A judge is believed as far as planted errors show that it may be."""

import json

import pytest

from ondol.core.models import ModelProfile
from ondol.engines.chat.fake import FakeChat
from ondol.evidence.judge import MIN_ITEMS, Item, Judge, calibrate, recalibrate, weigh, wilson

TRUE = [Item(question=f"What is {n}?", answer=f"It is {n}.", source=f"It is {n}.") for n in range(60)]
WRONG = [Item(question=f"What is {n}?", answer=f"It is {n + 1}.", source=f"It is {n}.") for n in range(60)]
BY_WORD = ModelProfile(name="small", json_schema=False)


def sees_source(request):
    text = request.messages[-1].content
    source, answer = text.split("Source:\n")[1].split("\n\n")[0], text.split("Answer: ")[1].split("\n")[0]
    return source == answer


def by_schema(request):
    right = sees_source(request)
    return json.dumps({"reason": "compared", "supported": right, "complete": True, "answers": right})


def test_a_good_judge_passes_its_calibration_and_an_error_is_seen():
    judge = Judge(FakeChat(by_schema))
    found = calibrate(judge, TRUE, WRONG)
    assert found.usable, found.reason
    assert (found.precision, found.recall, found.false_accepts, found.n) == (1.0, 1.0, 0, 120)
    assert judge.judge(WRONG[0]).score < found.threshold <= judge.judge(TRUE[0]).score
    assert judge.judge(TRUE[0]).reason == "compared"


def test_a_judge_that_says_yes_to_all_is_not_used():
    found = calibrate(Judge(FakeChat("yes", profile=BY_WORD)), TRUE, WRONG)
    assert not found.usable
    assert found.false_accepts == 60
    assert found.precision == pytest.approx(0.5)
    assert "50%" in found.reason


def test_a_judge_that_says_no_to_all_is_not_used():
    found = calibrate(Judge(FakeChat("no", profile=BY_WORD)), TRUE, WRONG)
    assert not found.usable
    assert found.recall == 0


def test_few_items_prove_nothing():
    found = calibrate(Judge(FakeChat(by_schema)), TRUE[:20], WRONG[:20])
    assert not found.usable
    assert str(MIN_ITEMS) in found.reason


def test_output_that_cannot_be_read_is_no_yes():
    judgement = Judge(FakeChat(lambda _: "I think so", profile=BY_WORD)).judge(TRUE[0])
    assert judgement.score == 0


def test_a_model_without_schemas_is_asked_three_short_questions_with_the_source_first():
    chat = FakeChat("Yes, it does.", profile=BY_WORD)
    assert Judge(chat).judge(TRUE[0]).score == 1
    assert len(chat.requests) == 3
    assert all(r.messages[-1].content.startswith("Source:\nIt is 0.") for r in chat.requests)


def test_a_model_that_has_schemas_may_still_be_asked_for_words():
    chat = FakeChat("No.")
    assert Judge(chat, by_schema=False).judge(TRUE[0]).score == 0
    assert all(request.json_schema is None for request in chat.requests)


def test_korean_items_are_asked_about_in_korean():
    chat = FakeChat("예", profile=BY_WORD)
    Judge(chat).judge(Item(question="무엇인가요?", answer="문입니다.", source="문입니다."))
    assert "예" in chat.requests[0].messages[-1].content


def test_people_can_take_the_judge_out_of_use():
    found = calibrate(Judge(FakeChat(by_schema)), TRUE, WRONG)
    corrected = recalibrate(found, [(1.0, False)] * 20)
    assert found.usable
    assert not corrected.usable
    assert corrected.n == 140


def test_people_can_bring_it_back():
    poor = weigh("m", [(1.0, True)] * 20 + [(0.0, False)] * 20)
    assert not poor.usable
    better = recalibrate(poor, [(1.0, True)] * 60 + [(0.0, False)] * 40)
    assert better.usable


def test_bounds_hold_the_share():
    low, high = wilson(45, 50)
    assert 0.8 < low < 0.9 < high < 0.97
    assert wilson(0, 0) == (0.0, 1.0)
