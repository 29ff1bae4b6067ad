"""The checks run in order, stop at the first failure, and every verdict is kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondol.core.examples import Draft, Passage, Turn, Verdict
from ondol.core.models import ModelProfile
from ondol.engines.chat.fake import FakeChat
from ondol.evidence.answerable import CALIBRATED
from ondol.evidence.judge import Judge, weigh
from ondol.forge.verify.nearness import Nearness
from ondol.forge.verify.verifier import Verifier, build_verifier, is_accepted
from ondol.text.morphemes import Analyser

ANALYSER = Analyser(num_workers=1)
PASSAGE = Passage(
    document="doc_1",
    uri="manual.md",
    title="Falcon manual",
    chunk_id="chk_1",
    ordinal=0,
    start=7,
    text="The battery of the Falcon lasts 24 months. Keep the battery dry.",
    language="en",
)
GOOD = Draft(
    kind="qa",
    language="en",
    turns=(
        Turn(
            question="How long does the battery of the Falcon last?",
            answer="The battery lasts 24 months.",
            evidence=(PASSAGE.cite(0, 42),),
        ),
    ),
    writer="frames",
)
BAD = GOOD.model_copy(
    update={"turns": (GOOD.turns[0].model_copy(update={"answer": "The battery lasts 25 months."}),)}
)


class Counting:
    def __init__(self, name, *, passed):
        self.name, self.passed, self.calls = name, passed, 0

    def judge(self, draft, passages):
        self.calls += 1
        return Verdict(check=self.name, passed=self.passed)


@given(st.lists(st.booleans(), max_size=6))
@settings(max_examples=40)
def test_it_stops_after_the_first_failure(outcomes):
    checks = [Counting(f"c{n}", passed=outcome) for n, outcome in enumerate(outcomes)]
    verdicts = Verifier(checks).verify(GOOD, [PASSAGE])
    num_run = outcomes.index(False) + 1 if False in outcomes else len(outcomes)
    assert [v.check for v in verdicts] == [f"c{n}" for n in range(num_run)]
    assert [c.calls for c in checks] == [1] * num_run + [0] * (len(checks) - num_run)
    assert is_accepted(verdicts) == (bool(outcomes) and all(outcomes))


def test_cheap_checks_come_first_and_all_verdicts_of_a_good_draft_are_kept():
    verifier = build_verifier(analyser=ANALYSER)
    verdicts = verifier.verify(GOOD, [PASSAGE])
    assert is_accepted(verdicts)
    assert tuple(v.check for v in verdicts) == verifier.names
    assert verifier.names[:2] == ("shape", "quotation")
    assert verifier.names.index("support") < verifier.names.index("answerable")


def test_the_failing_check_is_the_last_verdict():
    verdicts = build_verifier(analyser=ANALYSER).verify(BAD, [PASSAGE])
    assert not is_accepted(verdicts)
    assert verdicts[-1].check == "support"
    assert "25" in verdicts[-1].detail


def test_verdicts_are_the_same_each_time():
    verifier = build_verifier(analyser=ANALYSER)
    assert verifier.verify(GOOD, [PASSAGE]) == verifier.verify(GOOD, [PASSAGE])


@pytest.mark.parametrize("says_yes", [True, False])
def test_a_judge_is_asked_only_when_its_calibration_allows(says_yes):
    chat = FakeChat("yes" if says_yes else "no", profile=ModelProfile(name="m", json_schema=False))
    good = weigh("m", [(1.0, True)] * 80 + [(0.0, False)] * 80)
    poor = weigh("m", [(1.0, True)] * 80 + [(1.0, False)] * 80)
    assert "judge" not in build_verifier(analyser=ANALYSER, judge=Judge(chat)).names
    assert "judge" not in build_verifier(analyser=ANALYSER, judge=Judge(chat), calibration=poor).names
    verifier = build_verifier(analyser=ANALYSER, judge=Judge(chat), calibration=good)
    assert verifier.names[-1] == "judge"
    assert is_accepted(verifier.verify(GOOD, [PASSAGE])) == says_yes


def test_the_judge_is_shown_the_whole_passage():
    chat = FakeChat("yes", profile=ModelProfile(name="m", json_schema=False))
    good = weigh("m", [(1.0, True)] * 80 + [(0.0, False)] * 80)
    build_verifier(analyser=ANALYSER, judge=Judge(chat), calibration=good).verify(GOOD, [PASSAGE])
    assert PASSAGE.text in chat.requests[0].messages[-1].content


class Counted:
    """An embedder of counted letters."""

    name, fingerprint, dimensions = CALIBRATED, "counted", 26

    def __init__(self):
        self.texts = []

    def embed(self, texts, *, kind):
        self.texts += texts
        rows = np.array([[text.lower().count(chr(97 + n)) for n in range(26)] for text in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_meaning_is_asked_for_only_where_words_do_not_do():
    embedder = Counted()
    verifier = build_verifier(analyser=ANALYSER, embedder=embedder)
    assert is_accepted(verifier.verify(GOOD, [PASSAGE]))
    assert embedder.texts == []


def test_a_passage_is_embedded_once_for_all_its_drafts():
    embedder = Counted()
    nearness = Nearness(embedder)
    for question in ("What is it?", "How long is it?", "What is it?"):
        (cosine,) = nearness.measure(question, [PASSAGE])
        assert 0 <= cosine <= 1
    assert sum(PASSAGE.text in text for text in embedder.texts) == 1


def test_an_embedder_of_another_scale_is_not_asked():
    embedder = Counted()
    embedder.name = "another"
    build_verifier(analyser=ANALYSER, embedder=embedder).verify(GOOD, [PASSAGE])
    assert embedder.texts == []
