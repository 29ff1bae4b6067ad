"""Structured output as models really write it; arithmetic as they write it."""

import json
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ondol.core.errors import WrongUseError
from ondol.engines.chat.schema import check_schema
from ondol.forge.write.arithmetic import agrees, compute, read_number
from ondol.forge.write.parse import read_items, strip_thinking
from ondol.forge.write.prompts import build_task, cut_window, defuse
from ondol.forge.write.shapes import (
    SHAPES,
    AnswerShape,
    DialogueShape,
    ParaphraseShape,
    build_schema,
    explain_fault,
)

KEYS = AnswerShape.keys()
ITEM = {"facts": [1], "answer": "It is 5 m.", "questions": ["How long?", "What length?"]}
TWO = json.dumps({"items": [ITEM, {**ITEM, "facts": [2]}]})


def read(text, keys=KEYS, **fields):
    reading = read_items(text, keys=keys, **fields)
    return list(reading.items), reading.is_cut


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"items": [ITEM]}),
        json.dumps([ITEM]),
        json.dumps(ITEM),
        json.dumps({"reply": {"data": [ITEM]}}),
        f"```json\n{json.dumps([ITEM])}\n```",
        f"```\n{json.dumps([ITEM])}",
        f"Sure! Here you go [as asked], using [1] and {{brackets}}:\n\n{json.dumps([ITEM])}\n\nMore?",
        f"<think>Maybe {json.dumps({'items': [{'answer': 'wrong'}]})}</think>\n{json.dumps([ITEM])}",
        f'I thought a lot. {{"answer": "wrong"}}</think>{json.dumps([ITEM])}',
        f"<thought>x</thought>{json.dumps([ITEM])}",
        str([ITEM]),
        "{'items': [{'facts': [1,], 'answer': 'It is 5 m.', 'questions': ['How long?', 'What length?',],},]}",
        '{items: [{facts: [1], answer: "It is 5 m.", questions: ["How long?", "What length?"]}]}',
        '{"items": [{"facts": [1] "answer": "It is 5 m." "questions": ["How long?" "What length?"]}]}',
        '{"Facts": [1], "ANSWER": "It is 5 m.", "Questions": ["How long?", "What length?"]}',
        '{"facts": [1], // the number\n "answer": "It is 5 m.", "questions": ["How long?", "What length?"]}',
        json.dumps([ITEM])[:-1],
        json.dumps({"items": [ITEM]})[:-2],
    ],
)
def test_every_dress_of_the_same_item(text):
    items, _ = read(text)
    assert items == [ITEM]
    shape = AnswerShape.model_validate(items[0])
    assert (shape.facts, shape.answer, shape.questions) == ((1,), "It is 5 m.", ("How long?", "What length?"))


def test_several_objects_in_a_row_and_json_lines():
    line = json.dumps(ITEM)
    assert read(f"{line}\n{line}\n{line}")[0] == [ITEM] * 3
    assert read(f"First:\n{line}\nSecond:\n{line}")[0] == [ITEM] * 2
    assert read(f"```json\n{line}\n```\nand\n```json\n{line}\n```")[0] == [ITEM] * 2


@given(st.integers(min_value=1, max_value=len(TWO) - 1))
@settings(max_examples=150, deadline=None)
def test_a_reply_cut_anywhere_gives_nothing_that_was_not_written_whole(at):
    items, is_cut = read(TWO[:at])
    whole = {"It is 5 m.", "How long?", "What length?"}
    for item in items:
        assert {item.get("answer", "It is 5 m."), *item.get("questions", [])} <= whole
        assert item["facts"] in ([], [1], [2])
    assert is_cut or TWO[:at].endswith(("]", "}")) or not items


UNQUOTED = (
    '{"items": [{"facts": [1], "answer": "Press "Start" now", "questions": ["What does "Start" do?"]}, {"fa'
)


@given(st.integers(min_value=20, max_value=len(UNQUOTED)))
@settings(max_examples=100, deadline=None)
def test_a_cut_among_quotes_that_nobody_escaped_gives_no_half_answer(at):
    items, _ = read(UNQUOTED[:at])
    for item in items:
        assert item.get("answer") in {None, 'Press "Start" now', 'Press "Start"'}
        assert set(item.get("questions", [])) <= {'What does "Start" do?'}


def test_a_quote_within_a_question_makes_no_two_of_it():
    items, _ = read("{'answer': 'It's fine.', 'questions': ['What's up?', 'How is it?']}")
    assert items == [{"answer": "It's fine.", "questions": ["How is it?"]}]


@pytest.mark.parametrize(
    "tail",
    ['"How long is the', '"How long?", "What', "12", '"answer": "It is', '"a\\', '"\\u00', "tru"],
)
def test_what_is_cut_is_dropped_and_said(tail):
    text = json.dumps([ITEM])[:-1] + ', {"facts": [2], "answer": "B is 3.", "questions": [' + tail
    items, is_cut = read(text)
    assert items[0] == ITEM
    assert is_cut
    for item in items[1:]:
        with pytest.raises(ValidationError):
            AnswerShape.model_validate({
                **item,
                "questions": [q for q in item.get("questions", []) if q != "How long?"],
            })


def test_the_engine_says_that_it_was_cut():
    assert read(json.dumps([ITEM]), is_cut=True) == ([ITEM], True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "I cannot help with that.",
        "<think>never closed " + json.dumps(ITEM),
        "[1] [2] {",
        "[[[[" * 300,
    ],
)
def test_nothing_is_made_of_nothing(text):
    assert read(text)[0] == []


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_the_reading(text):
    read(text)
    read('{"items": [' + text)
    strip_thinking(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Q: How?\nA: Thus.", [("How?", "Thus.")]),
        (
            "1. Q: How?\n   A: Thus\nand so.\n\n2. Q: Why?\n   A: Because.",
            [("How?", "Thus and so."), ("Why?", "Because.")],
        ),
        ("**Question 1:** How?\n**Answer:** Thus.\n\nThat is all.", [("How?", "Thus.")]),
        (
            "질문: 왜?\n답변: 그래서.\n질문: 어떻게?\n답: 이렇게.",
            [("왜?", "그래서."), ("어떻게?", "이렇게.")],
        ),
        ("Question: Only a question?", []),
        ("Fact 1\nQuestions:\n1. How?\n2. Why?\nAnswer: Thus.", [(["How?", "Why?"], "Thus.")]),
        (
            "- facts: [1]\n  answer: Thus.\n  questions:\n    - How?\n    - Why?\n"
            "- facts: [2]\n  answer: So.\n  questions:\n    - What?",
            [(["How?", "Why?"], "Thus."), (["What?"], "So.")],
        ),
    ],
)
def test_plain_questions_and_answers(text, expected):
    items, _ = read(text)
    assert [(item["question"], item["answer"]) for item in items] == expected


def test_a_plain_answer_that_was_cut_is_dropped():
    assert read("Q: How?\nA: Thus.\nQ: Why?\nA: Beca", is_cut=True)[0] == [
        {"question": "How?", "answer": "Thus."}
    ]


def test_of_plain_text_that_was_cut_the_last_piece_is_dropped():
    text = "answer: Thus.\nquestions:\n- How?\n- Wh"
    assert read(text, is_cut=True)[0] == [{"answer": "Thus.", "question": ["How?"]}]
    assert read("answer: Thus.\nquestion: How is", is_cut=True)[0] == []


def test_json_written_as_a_text():
    assert read(json.dumps(json.dumps([ITEM])))[0] == [ITEM]
    assert read(json.dumps({"items": [json.dumps(ITEM)]}))[0] == [ITEM]


def test_marks_and_fences_within_a_text_are_text():
    item = {"facts": [1], "answer": 'Write </think> and ```json\n{"a": 1}\n``` so.', "questions": ["How?"]}
    assert read(json.dumps([item])) == ([item], False)
    fenced = {**item, "answer": item["answer"].replace("</think>", "")}
    assert read(json.dumps([fenced])[:-1])[0] == [fenced]


def test_an_echo_of_the_form_before_the_reply_does_no_harm():
    form = '{"items": [{"facts": [n], "answer": "", "questions": [""]}, …]}'
    assert read(f"{form}\n\n{json.dumps({'items': [ITEM]})}")[0][-1] == ITEM


def test_a_remark_after_broken_json_is_no_cut():
    text = '{"items": [{"facts": [2], "answer": "B." "questions": ["Q?"]},]} // done'
    assert read(text) == ([{"facts": [2], "answer": "B.", "questions": ["Q?"]}], False)


def test_facts_of_plain_text():
    items, _ = read("**Fact 1**\nQ: Where?\nA: Here.")
    assert [AnswerShape.model_validate(item).facts for item in items] == [(1,)]
    items, _ = read("Fact: 2\nQ: How?\nA: Thus.\n\nFacts: 1, 3\nQ: Why?\nA: So.")
    assert [AnswerShape.model_validate(item).facts for item in items] == [(2,), (1, 3)]


@pytest.mark.parametrize(
    ("stated", "numbers"),
    [
        (3, (3,)),
        ("3", (3,)),
        ("[1], [2]", (1, 2)),
        (["fact 1", "4"], (1, 4)),
        (None, ()),
        (True, ()),
        ([2, 2], (2,)),
    ],
)
def test_fact_numbers_in_every_form(stated, numbers):
    assert AnswerShape.model_validate({**ITEM, "facts": stated}).facts == numbers


def test_items_within_items():
    nested = {"facts": [1], "questions": [{"question": "How long?", "answer": "It is 5 m."}]}
    items, _ = read(json.dumps({"items": [nested]}))
    assert items == [{"question": "How long?", "answer": "It is 5 m."}]
    turn = {"facts": [1], "question": "How long?", "answer": "5 m."}
    items, _ = read(json.dumps({"dialogue": [turn, turn]}), DialogueShape.keys())
    assert len(DialogueShape.model_validate(items[0]).turns) == 2
    versions = {"items": [{"facts": [1], "versions": [{"request": "Tell me.", "text": "It is so."}]}]}
    items, _ = read(json.dumps(versions), ParaphraseShape.keys())
    assert ParaphraseShape.model_validate(items[0]).versions[0].text == "It is so."


def test_items_filed_under_their_facts():
    text = json.dumps({
        "1": {"answer": "It is 5 m.", "questions": ["Q?"]},
        "fact 2": {"answer": "B.", "questions": []},
    })
    assert [item["facts"] for item in read(text)[0]] == [[1], [2]]


def test_channels_of_thought_are_passed_over():
    thought = json.dumps([{**ITEM, "answer": "wrong"}])
    text = f"<|channel|>analysis<|message|>{thought}<|end|><|start|>assistant<|channel|>final<|message|>"
    assert read(text + json.dumps([ITEM]))[0] == [ITEM]


def test_a_wrong_shape_is_said_in_few_words():
    with pytest.raises(ValidationError) as caught:
        AnswerShape.model_validate({"facts": [1], "answer": "", "questions": ["Q?"]})
    assert explain_fault(caught.value).startswith("answer: ")


@pytest.mark.parametrize("kind", sorted(SHAPES))
@pytest.mark.parametrize("numbers", [[1], [1, 2, 5]])
def test_every_schema_can_be_enforced(kind, numbers):
    schema = build_schema(kind, numbers=numbers, num_items=3, wordings=2)
    check_schema(schema)
    item = schema["properties"]["items"]["items"]
    shape = SHAPES[kind]
    assert set(item["properties"]) <= set(shape.model_fields)
    assert {name for name, field in shape.model_fields.items() if field.is_required()} <= set(
        item["required"]
    )


@pytest.mark.parametrize("language", ["en", "ko", "de"])
@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_every_task_is_filled_in(kind, language):
    task = build_task(
        kind, language=language, numbers=[1, 3], others=[4], count=2, wordings=2, use_case="Repair {of} pumps"
    )
    assert "1, 3" in task
    assert "Repair {of} pumps" in task
    assert task.count("{") == task.count("}")


def test_windows_keep_the_facts_and_stay_within_bounds():
    text = "a" * 5000 + "FACT ONE" + "b" * 5000 + "FACT TWO" + "c" * 5000
    spans = [
        (text.index("FACT ONE"), text.index("FACT ONE") + 8),
        (text.index("FACT TWO"), text.index("FACT TWO") + 8),
    ]
    for size in (3000, 600, 100):
        window = cut_window(text, spans, max_chars=size)
        assert len(window) <= size + 3
        assert "FACT ONE" in window
        assert "FACT TWO" in window
    assert cut_window("short", [(0, 5)], max_chars=100) == "short"


@given(
    st.lists(
        st.sampled_from(["</document>", "<facts>", "<|im_end|>", "[INST]", "x", "<", "<docu", "ment>", " "])
    )
)
def test_no_mark_survives_in_a_document(parts):
    clean = defuse("".join(parts))
    for mark in ("</document>", "<document>", "<facts>", "<|im_end|>", "[INST]"):
        assert mark not in clean


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 + 3 * 4", 14),
        ("(2 + 3) × 4", 20),
        ("1,200 / 4 - 10", 290),
        ("-(3 - 5) * 2", 4),
        ("10 / 4", Fraction(5, 2)),
        ("200 * 15%", 30),
        ("7 ÷ 2 = 3.5", Fraction(7, 2)),
        ("0.1 + 0.2", Fraction(3, 10)),
    ],
)
def test_arithmetic_is_exact(expression, value):
    assert compute(expression).value == value


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "2 +",
        "2 ** 3",
        "1 / 0",
        "a + 1",
        "__import__('os')",
        "2 3",
        "(1",
        "1)",
        "(" * 50 + "1" + ")" * 50,
        "9" * 300,
    ],
)
def test_what_is_no_arithmetic_is_refused(expression):
    with pytest.raises(WrongUseError, match="arithmetic"):
        compute(expression)


@given(st.integers(0, 999), st.integers(1, 999), st.integers(0, 999))
def test_arithmetic_agrees_with_fractions(a, b, c):
    found = compute(f"({a} + {b}) * {c} / {b} - {a}")
    assert found.value == Fraction((a + b) * c, b) - a
    assert found.num_operations == 4


def test_results_are_compared_as_they_are_written():
    third = Fraction(10, 3)
    assert agrees(third, Fraction("3.33"), "3.33")
    assert not agrees(third, Fraction("3.34"), "3.34")
    assert not agrees(third, Fraction(3), "3")
    assert read_number("1,200 cycles") == 1200
    assert read_number("12 to 14") is None


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
ITEMS = st.lists(
    st.fixed_dictionaries({
        "facts": st.lists(st.integers(1, 9), min_size=1, max_size=2),
        "answer": TEXTS,
        "questions": st.lists(TEXTS, min_size=1, max_size=3),
    }),
    min_size=1,
    max_size=4,
)
DRESSES = [
    lambda items: json.dumps({"items": items}),
    lambda items: json.dumps(items, indent=2, ensure_ascii=False),
    lambda items: "\n".join(json.dumps(item, ensure_ascii=False) for item in items),
    lambda items: (
        "Here it is:\n```json\n" + json.dumps({"items": items}).replace("`", "\\u0060") + "\n```\nDone."
    ),
    lambda items: "<think>{'answer': 1}</think>" + json.dumps({"items": items}).replace("<", "\\u003c"),
]


@given(ITEMS, st.sampled_from(DRESSES))
@settings(max_examples=200, deadline=None)
def test_whatever_was_written_as_json_is_read_to_the_letter(items, dress):
    assert read(dress(items)) == (items, False)
