"""Sentence boundaries: cases in both languages and the covering property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondol.text.sentences import split_sentences

CASES = [
    ("", []),
    ("One. Two! Three?", ["One.", "Two!", "Three?"]),
    ("Dr. Smith paid $3.50. He left.", ["Dr. Smith paid $3.50.", "He left."]),
    ("See Fig. 3 and e.g. Table 2. Done.", ["See Fig. 3 and e.g. Table 2.", "Done."]),
    ("J. R. R. Tolkien wrote it. Then he slept.", ["J. R. R. Tolkien wrote it.", "Then he slept."]),
    ("Version 4.2.1 is out. Get it.", ["Version 4.2.1 is out.", "Get it."]),
    ("1. First item.\n2. Second item.", ["1. First item.", "2. Second item."]),
    ('He said "Go." Then he went.', ['He said "Go."', "Then he went."]),
    ("Heading\n\nBody text here", ["Heading", "Body text here"]),
    ("the U.S. economy grew. It did.", ["the U.S. economy grew.", "It did."]),
    ("In the U.S. It is so.", ["In the U.S.", "It is so."]),
    ("It is cited.[3] Next one.", ["It is cited.[3]", "Next one."]),
    (
        "대한민국의 수도는 서울이다. 인구는 9.4백만 명이다.",
        ["대한민국의 수도는 서울이다.", "인구는 9.4백만 명이다."],
    ),
    ("기체를 연결합니다\n그 다음 전원을 켭니다", ["기체를 연결합니다", "그 다음 전원을 켭니다"]),
    ("그는 떠났다.그녀는 남았다.", ["그는 떠났다.", "그녀는 남았다."]),
    ("- 첫째 항목\n- 둘째 항목", ["- 첫째 항목", "- 둘째 항목"]),
    ("가. 목적\n나. 적용 범위", ["가. 목적", "나. 적용 범위"]),
    ("a line that was\nwrapped goes on. Next.", ["a line that was\nwrapped goes on.", "Next."]),
    ("これはペンです。それは本です。", ["これはペンです。", "それは本です。"]),
    ("2019. 3. 1. 시행한다.", ["2019. 3. 1. 시행한다."]),
    ("회의는 3시 30분에 열렸다(끝). 모두 왔다.", ["회의는 3시 30분에 열렸다(끝).", "모두 왔다."]),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[c[0][:20] for c in CASES])
def test_known_cases(text, expected):
    assert [text[a:b] for a, b in split_sentences(text)] == expected


@given(st.text(alphabet=st.sampled_from(" \n.!?ab12A가다나-*\"'()#。"), max_size=80))
def test_spans_are_ordered_trimmed_and_cover_all_visible_text(text):
    spans = split_sentences(text)
    position = 0
    for start, end in spans:
        assert position <= start < end <= len(text)
        assert not text[position:start].strip()
        assert text[start:end] == text[start:end].strip()
        position = end
    assert not text[position:].strip()


@pytest.mark.parametrize(
    "text",
    [
        "명령의 전체 목록을 보려면 ? 입력 후 Enter 키를 누르십시오.",
        "Type ? and press Enter.",
        "Press ` ? ` Then wait for the list.",
        "Mark it with a ! Then go on.",
    ],
)
def test_a_mark_that_stands_alone_ends_nothing(text):
    assert split_sentences(text) == [(0, len(text))]


def test_a_question_still_ends():
    text = "무엇인가요? 값입니다. Really?! Yes."
    assert [text[a:b] for a, b in split_sentences(text)] == ["무엇인가요?", "값입니다.", "Really?!", "Yes."]
