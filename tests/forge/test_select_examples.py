"""Selection over the whole set: repeats and conflicts fall, wordings of a fact and near neighbours stay."""

import random

import numpy as np
import pytest

from ondol.core.examples import Book, Example, ExampleKind, Provenance
from ondol.core.models import Message
from ondol.engines.embed.fake import FakeEmbedder
from ondol.evidence.terms import build_terms
from ondol.forge.recipe import Recipe
from ondol.forge.select import Selector, read_turns
from ondol.text.morphemes import Analyser

RECIPE = Recipe(name="test")
ANALYSER = Analyser()


class NearEmbedder:
    """Places every text at the same point: only what is said can tell two questions apart."""

    name = fingerprint = "near"
    dimensions = 4

    def __init__(self, cosine: float = 1.0) -> None:
        self._cosine = cosine
        self.num_texts = 0

    def embed(self, texts, *, kind):
        self.num_texts += len(texts)
        return np.tile(np.array([[1.0, 0, 0, 0]], np.float32), (len(texts), 1))


def make(
    question: str,
    answer: str,
    *,
    group: str = "a fact",
    kind: ExampleKind = "qa",
    book: Book = "closed",
    topic: str = "topic",
) -> Example:
    return Example(
        id=f"exm_{abs(hash((question, answer, group, book, kind))):x}",
        messages=(Message(role="user", content=question), Message(role="assistant", content=answer)),
        kind=kind,
        book=book,
        language="en",
        topic=topic,
        group=group,
        label="open",
        licences=(),
        provenance=Provenance(evidence=(), writer="frames"),
        verdicts=(),
    )


def judge_second(first: Example, second: Example, embedder=None) -> str:
    selector = Selector(embedder, recipe=RECIPE, terms=build_terms(ANALYSER))
    assert selector.judge(first).passed
    selector.add(first)
    return selector.judge(second).check


WEIGHT = make("What is the maximum weight of the X500?", "The maximum weight is 5 kg.")


@pytest.mark.parametrize(
    ("second", "check"),
    [
        (
            make("what is the maximum  weight of the X500", "The maximum weight is 5 kg", group="b"),
            "duplicate",
        ),
        (make("What is the maximum weight of the X500?", "It is 7 kg.", group="b"), "conflict"),
        (make("What is the maximum weight of the X500?", "5 kg, at the most."), "conflict"),
        (make("What is the maximum weight of an X500?", "The maximum weight is 5 kg."), "near_duplicate"),
        (make("How heavy may the X500 be at most?", "The maximum weight is 5 kg."), "selection"),
        (make("What's the X500's maximum weight?", "The maximum weight is 5 kg.", group="b"), "same_meaning"),
        (
            make("What is the maximum weight of the X600?", "The maximum weight is 5 kg.", group="b"),
            "selection",
        ),
        (make("What is the minimum weight of the X500?", "It is 1 kg.", group="b"), "selection"),
        (make("Where is the battery of the X500?", "Under the frame.", group="b"), "selection"),
    ],
)
def test_what_joins_one_example(second, check):
    assert judge_second(WEIGHT, second) == check
    assert judge_second(WEIGHT, second, FakeEmbedder()) == check


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("What does Mode A do?", "What does Mode B do?"),
        ("What is Terminal A used for?", "What is Terminal O used for?"),
        ("What does the front camera do?", "What does the rear camera do?"),
        ("How long may flight 1 last?", "How long may flight 2 last?"),
        ("What does 'Return' mean?", "What does 'Land' mean?"),
        ("When was the ship built?", "Where was the ship built?"),
        ("전면 카메라의 해상도는 얼마인가요?", "후면 카메라의 해상도는 얼마인가요?"),
        ("3조의 벌금은 얼마인가요?", "4조의 벌금은 얼마인가요?"),
        ("‘설정’ 메뉴는 무엇을 하나요?", "‘지도’ 메뉴는 무엇을 하나요?"),
    ],
)
def test_questions_that_differ_in_what_they_ask_for_are_not_duplicates(first, second):
    one, other = make(first, "It is the first.", group="a"), make(second, "It is another.", group="b")
    assert judge_second(one, other, NearEmbedder()) == "selection"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("How do I open the settings page?", "How can I open the settings page?"),
        ("전면 카메라의 해상도는 얼마인가요?", "전면 카메라의 해상도가 얼마입니까?"),
    ],
)
def test_the_same_content_in_other_grammar_is_the_same_question(first, second):
    one, other = make(first, "It is the first.", group="a"), make(second, "It is another.", group="b")
    assert judge_second(one, other) == "same_meaning"
    same_fact = make(second, "It is the first.", group="a")
    assert judge_second(one, same_fact) in {"selection", "near_duplicate"}


def test_near_vectors_and_the_same_long_answer_are_one_fact():
    answer = "Open the side panel, press Reset and wait until the green lamp stops blinking."
    one = make("How is the controller restored?", answer, group="a")
    other = make("How does one bring back the unit's defaults?", answer, group="b")
    assert judge_second(one, other, NearEmbedder()) == "same_meaning"
    assert judge_second(one, other) == "selection"


def test_a_text_with_small_changes_is_a_near_duplicate():
    answer = " ".join(f"word{n}" for n in range(40))
    one = make("Explain the safety procedure of the plant.", f"It says: {answer}.", group="a")
    other = make("Explain the safety procedures of the plant.", f"It states: {answer}.", group="b")
    assert judge_second(one, other) in {"near_duplicate", "same_meaning"}


def test_the_same_example_may_be_asked_with_and_without_documents():
    opened = make(
        "[Document 1] Manual\nIt is 5 kg.\n\nQuestion: What is the maximum weight of the X500?",
        "The maximum weight is 5 kg.",
        book="open",
    )
    assert read_turns(opened) == read_turns(WEIGHT)
    assert judge_second(WEIGHT, opened) == "selection"
    # Of another fact it would carry what is tested into what is taught.
    assert judge_second(WEIGHT, opened.model_copy(update={"group": "b"})) == "duplicate"


def test_a_question_that_other_documents_answer_stands_beside_its_answered_twin():
    refusal = make(
        "Question: What is the maximum weight of the X500?",
        "The documents do not say.",
        group="b",
        kind="not_in_documents",
        book="open",
    )
    assert judge_second(WEIGHT, refusal, NearEmbedder()) == "selection"


def test_one_frame_does_not_flood_a_topic():
    selector = Selector(None, recipe=RECIPE, cell_floor=5, cell_share=0.5)
    checks = []
    for n in range(12):
        example = make(f"What is part{n}x of the thing{n}y?", f"A detail{n}z.", group=str(n))
        checks.append(selector.judge(example).check)
        if checks[-1] == "selection":
            selector.add(example)
    assert checks[:5] == ["selection"] * 5
    assert set(checks[5:]) == {"spread"}
    other_form = make("Why does the lamp blink?", "The cell is empty.", group="why")
    other_topic = make("What is the range of a radio?", "Two miles.", group="radio", topic="radio")
    assert selector.judge(other_form).passed
    assert selector.judge(other_topic).passed


def make_many(count: int) -> list[Example]:
    chance = random.Random(4)
    words = ["lamp", "motor", "wing", "cable", "screen", "radio", "frame", "sensor", "valve", "pump"]
    asked = ("What is the {} of the {}?", "Where is the {} beside the {}?", "How is a {} put on the {}?")
    return [
        make(
            chance.choice(asked).format(chance.choice(words), chance.choice(words)),
            f"It is {chance.choice(words)} {chance.randrange(3)}.",
            group=str(chance.randrange(count // 2)),
            topic=chance.choice("ab"),
        )
        for _ in range(count)
    ]


def decide(selector: Selector, examples: list[Example], batch: int) -> list[str]:
    checks = []
    for at in range(0, len(examples), batch):
        some = examples[at : at + batch]
        selector.prepare(some)
        for example in some:
            checks.append(selector.judge(example).check)
            if checks[-1] == "selection":
                selector.add(example)
    return checks


@pytest.mark.parametrize("embedder", [None, FakeEmbedder()])
def test_decisions_after_a_restart_are_those_of_an_unbroken_run(embedder):
    examples = make_many(240)
    whole = decide(Selector(embedder, recipe=RECIPE), examples, 8)
    assert {"selection", "duplicate", "conflict", "same_meaning", "spread"} <= set(whole)
    accepted = [e for e, check in zip(examples[:120], whole[:120], strict=True) if check == "selection"]
    resumed = Selector(embedder, recipe=RECIPE)
    resumed.restore(iter(accepted))
    assert len(resumed) == len(accepted)
    assert decide(resumed, examples[120:], 5) == whole[120:]


def test_preparing_saves_calls_and_changes_nothing():
    examples = make_many(60)
    single, batched = NearEmbedder(), NearEmbedder()
    one = [decide(Selector(single, recipe=RECIPE), examples, 1)]
    assert decide(Selector(batched, recipe=RECIPE), examples, 60) == one[0]
    assert batched.num_texts <= single.num_texts


def test_a_dialogue_is_compared_as_a_whole():
    turns = [("What is the range?", "Two miles."), ("And its weight?", "Five pounds.")]
    messages = tuple(
        Message(role=role, content=text)
        for turn in turns
        for role, text in zip(("user", "assistant"), turn, strict=True)
    )
    dialogue = make("x", "y", kind="dialogue", group="d").model_copy(update={"messages": messages})
    assert judge_second(make("What is the range?", "Two miles.", group="q"), dialogue) == "selection"
    assert judge_second(dialogue, dialogue.model_copy(update={"group": "e"})) == "duplicate"
