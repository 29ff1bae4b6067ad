"""A follow-up leans on what was said; a question that stands alone is left alone."""

import pytest

from ondol.ask.converse import needs_history, rewrite_question
from ondol.core.answers import Turn
from ondol.core.errors import EngineBusyError
from ondol.engines.chat.fake import FakeChat
from ondol.evidence.terms import build_terms
from ondol.text.morphemes import Analyser

TERMS = build_terms(Analyser(num_workers=1))
DRONE = (Turn(question="What is the maximum speed of the Falcon drone?", answer="It flies 72 km/h. [1]"),)
LEAVE = (
    Turn(question="보증 연장 서비스가 있나요?", answer="네, 보증 연장 서비스를 신청할 수 있습니다. [1]"),
)


@pytest.mark.parametrize(
    ("question", "history", "carried"),
    [
        ("And its range?", DRONE, {"Falcon", "drone"}),
        ("How much does it cost?", DRONE, {"Falcon"}),
        ("What about the battery?", DRONE, {"Falcon"}),
        ("Why?", DRONE, {"Falcon", "speed"}),
        ("그럼 그건 얼마예요?", LEAVE, {"보증", "연장", "서비스"}),
        ("신청 기한은요?", LEAVE, {"보증"}),
        ("얼마예요?", LEAVE, {"보증"}),
        ("그건 어디서 신청하나요?", LEAVE, {"서비스"}),
    ],
)
def test_what_is_missing_is_carried_over(question, history, carried):
    rewritten = rewrite_question(question, history, terms=TERMS)
    assert rewritten.startswith(question)
    assert all(word in rewritten for word in carried)


@pytest.mark.parametrize(
    "question",
    [
        "How do I calibrate the compass of a Pixhawk flight controller?",
        "What is the licence of QGroundControl?",
        "When the battery of the vehicle is low, what happens to it?",
        "지오펜스를 삭제하려면 어떻게 하나요?",
        "배터리 전압이 낮으면 어떤 경고가 나오나요?",
        "로그 파일은 어디에 저장되나요?",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question):
    assert rewrite_question(question, DRONE + LEAVE, terms=TERMS) == question


def test_without_history_nothing_is_added():
    assert rewrite_question("And its range?", (), terms=TERMS) == "And its range?"


def test_a_chain_of_follow_ups_reaches_back_to_the_subject():
    history = (*DRONE, Turn(question="And its range?", answer="12 km. [1]"))
    assert "Falcon" in rewrite_question("And its weight?", history, terms=TERMS)


def test_a_person_is_taken_from_the_answer():
    history = (Turn(question="Who leads the sales team?", answer="The team is led by Maria Lopez. [1]"),)
    assert "Maria Lopez" in rewrite_question("How old is she?", history, terms=TERMS)


def test_a_model_that_fails_or_chatters_leaves_the_words():
    for script in ([EngineBusyError("full")], "Sure!\nHere it is:\nWhat is the range?", ""):
        rewritten = rewrite_question("And its range?", DRONE, terms=TERMS, chat=FakeChat(script))
        assert "Falcon" in rewritten


def test_needs_history():
    assert needs_history("그건요?", TERMS)
    assert not needs_history("What is QGroundControl?", TERMS)
