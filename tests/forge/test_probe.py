"""What the trainee knows already, told by code from its closed-book answer."""

import pytest

from ondol.core.errors import ContextLengthError, EngineUnavailableError
from ondol.core.examples import Draft, Evidence, Turn
from ondol.core.models import ModelProfile
from ondol.engines.chat.fake import FakeChat
from ondol.forge.probe import KNOWN, TraineeProbe, compare_answers, knows


def make_draft(question, answer, *, with_evidence=True):
    evidence = Evidence(
        document="doc_a", uri="file:///a", title="A", chunk_id="chk_a", start=0, end=len(answer), quote=answer
    )
    turn = Turn(question=question, answer=answer, evidence=(evidence,) if with_evidence else ())
    return Draft(kind="qa", language="en", turns=(turn,), writer="frames")


CASES = [
    # question, right answer, what the trainee says, known
    ("How long are logs kept?", "Logs are kept for 90 days.", "They are kept for 90 days.", True),
    ("How long are logs kept?", "Logs are kept for 90 days.", "Logs are kept for 30 days.", False),
    ("How long are logs kept?", "Logs are kept for 90 days.", "Logs are kept for a long time.", False),
    ("How long are logs kept?", "Logs are kept for 90 days.", "", False),
    ("How long are logs kept?", "Logs are kept for 90 days.", "How long are logs kept?", False),
    ("What is the capital of France?", "The capital of France is Paris.", "It is Paris.", True),
    ("What is the capital of France?", "The capital of France is Paris.", "It is Lyon.", False),
    ("May the cover be opened?", "The cover must not be opened hot.", "Yes, it may be opened.", False),
    ("기록은 며칠 동안 보관하나요?", "기록은 90일 동안 보관합니다.", "기록은 90일 동안 보관합니다.", True),
    ("기록은 며칠 동안 보관하나요?", "기록은 90일 동안 보관합니다.", "기록은 30일 동안 보관합니다.", False),
]  # fmt: skip


@pytest.mark.parametrize(("question", "answer", "said", "known"), CASES)
def test_the_reply_must_say_what_the_answer_says_beyond_the_question(question, answer, said, known):
    verdict = knows(FakeChat(said), make_draft(question, answer))
    assert verdict.check == KNOWN
    assert verdict.passed is not known
    assert (verdict.score == 0.0) is known
    assert bool(verdict.detail) is known
    assert 0.0 <= compare_answers(said, Turn(question=question, answer=answer)) <= 1.0


def test_it_is_asked_closed_book_greedily_and_without_thinking():
    chat = FakeChat("90 days.", profile=ModelProfile(name="t", reasoning="switch"))
    TraineeProbe(chat, max_tokens=40)(make_draft("How long are logs kept?", "For 90 days."))
    (request,) = chat.requests
    assert [m.content for m in request.messages] == ["How long are logs kept?"]
    assert (request.temperature, request.max_tokens, request.think) == (0.0, 40, False)


def test_a_trainee_that_always_thinks_gets_room_for_it():
    chat = FakeChat("90 days.", profile=ModelProfile(name="t", reasoning="always"))
    TraineeProbe(chat, max_tokens=40)(make_draft("How long are logs kept?", "For 90 days."))
    assert chat.requests[0].max_tokens > 1000


def test_a_refusal_is_never_known_and_costs_no_call():
    chat = FakeChat("The documents do not say.")
    assert knows(chat, make_draft("Who?", "The documents do not say.", with_evidence=False)).passed
    assert chat.requests == []


def test_a_question_that_does_not_fit_was_not_answered():
    draft = make_draft("How long?", "For 90 days.")
    assert knows(FakeChat([ContextLengthError("long")]), draft).passed
    with pytest.raises(EngineUnavailableError, match="gone"):
        knows(FakeChat([EngineUnavailableError("gone")]), draft)
