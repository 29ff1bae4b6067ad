"""What experts said of a judge's earlier work decides whether the next run may use it."""

import json

import pytest
from forging import build_home, build_recipe, read_rows

from ondol.core.access import LOCAL_PRINCIPAL, Principal
from ondol.core.examples import Example
from ondol.engines.chat.fake import FakeChat
from ondol.forge.apply import apply_reviews
from ondol.forge.calibration import read_verdicts
from ondol.forge.foundry import Engines, Workplace, run_forge
from ondol.store import open_store
from ondol.store.reviews import Review
from ondol.text.morphemes import Analyser

MOST_PLANTED = 80


class Judging(FakeChat):
    """Tells planted items by their questions, which true ones had before them; lets most drafts through."""

    def __init__(self):
        super().__init__(self._say)
        self._questions = set()
        self._refusals = 0

    def _say(self, request):
        question = request.messages[-1].content.rpartition("\nQuestion: ")[2].partition("\nAnswer: ")[0]
        is_planted = question in self._questions and self._refusals < MOST_PLANTED
        self._questions.add(question)
        self._refusals += is_planted
        aspects = dict.fromkeys(("supported", "complete", "answers"), not is_planted)
        return json.dumps({"reason": "So it is.", **aspects})


def forge(store, name, *, should_stop=lambda: False):
    judge = Judging()
    engines = Engines(judge=judge, fingerprint="judged")
    place = Workplace(store, Analyser(), engines, progress=lambda _: None, should_stop=should_stop)
    report = run_forge(build_recipe(name=name, target=60), place, principal=LOCAL_PRINCIPAL)
    return report, len(judge.requests)


def read_calibration(home, name):
    return json.loads((home / "datasets" / name / "calibration.json").read_text("utf-8"))


def load(home, name):
    return [Example(**row) for row in read_rows(home, name, "train")]


def count_judged(home, name):
    return sum(v.check == "judge" for example in load(home, name) for v in example.verdicts)


def review(store, example, verdict):
    said = Review(dataset="first", example_id=example.id, reviewer="local", verdict=verdict, reason="wrong")
    store.reviews.save_review(said, documents=example.documents, principal=LOCAL_PRINCIPAL)


@pytest.fixture(scope="module")
def judged(tmp_path_factory, handbook):
    """A home with one dataset that a judge had a part in, reviewed."""
    home = build_home(tmp_path_factory.mktemp("judged") / "home", handbook)
    with open_store(home) as store:
        report, _ = forge(store, "first")
        assert report.accepted > 50
        assert read_calibration(home, "first")["usable"]
        assert count_judged(home, "first") == len(load(home, "first"))
        for number, example in enumerate(load(home, "first")[:40]):
            review(store, example, "reject" if number % 4 else "accept")
        yield home, store


def test_the_verdicts_are_those_on_what_the_same_judge_had_scored(judged):
    _, store = judged
    verdicts = read_verdicts(store, "fake-chat", principal=LOCAL_PRINCIPAL)
    assert sorted(verdicts) == [(1.0, False)] * 30 + [(1.0, True)] * 10
    assert read_verdicts(store, "another", principal=LOCAL_PRINCIPAL) == []
    assert read_verdicts(store, "fake-chat", principal=Principal(name="stranger")) == verdicts


def test_a_judge_that_experts_contradict_is_not_used_and_a_resumed_run_decides_the_same(judged):
    home, store = judged
    asked = 0

    def stops():
        nonlocal asked
        asked += 1
        return asked > 20

    report, requests = forge(store, "second", should_stop=stops)
    assert report.interrupted
    shown = read_calibration(home, "first")["scores"]
    assert requests == len(shown) > 100
    for example in load(home, "first")[:40]:
        review(store, example, "accept")
    report, requests = forge(store, "second")
    assert requests == 0
    assert report.accepted > 50
    calibration = read_calibration(home, "second")
    assert calibration["scores"][: len(shown)] == shown
    assert len(calibration["scores"]) == len(shown) + 40
    assert not calibration["usable"]
    assert count_judged(home, "second") == 0
    card = (home / "datasets" / "second" / "README.md").read_text("utf-8")
    assert (
        f"shown {len(shown)} planted errors and true answers beforehand, and 40 verdicts of experts" in card
    )
    # Begun now, a run hears what they say now.
    forge(store, "third")
    assert read_calibration(home, "third")["usable"]


def test_what_left_the_dataset_still_counts_against_the_judge(judged):
    home, store = judged
    examples = load(home, "first")[:20]
    for example in examples:
        review(store, example, "reject")
    before = sorted(read_verdicts(store, "fake-chat", principal=LOCAL_PRINCIPAL))
    applied = apply_reviews(store, "first", principal=LOCAL_PRINCIPAL)
    assert {example.id for example in examples} <= set(applied.rejected)
    assert sorted(read_verdicts(store, "fake-chat", principal=LOCAL_PRINCIPAL)) == before
    fixed = load(home, "first")[0]
    said = Review(
        dataset="first", example_id=fixed.id, reviewer="local", verdict="fix", messages=fixed.messages
    )
    store.reviews.save_review(said, documents=fixed.documents, principal=LOCAL_PRINCIPAL)
    apply_reviews(store, "first", principal=LOCAL_PRINCIPAL)
    review(store, fixed, "accept")
    after = read_verdicts(store, "fake-chat", principal=LOCAL_PRINCIPAL)
    assert after.count((1.0, False)) == before.count((1.0, False)) + 1, "it let the former words through"
