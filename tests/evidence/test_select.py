"""The right sentence is chosen, and it is known when there is none."""

import pytest

from ondol.evidence.answerable import score_answerable
from ondol.evidence.parts import split_question
from ondol.evidence.question import find_names, read_question
from ondol.evidence.select import Passage, select
from ondol.evidence.terms import build_terms
from ondol.evidence.units import split_units
from ondol.text.morphemes import Analyser

TERMS = build_terms(Analyser(num_workers=1))
BRIDGE = Passage(
    "The Old Bridge was built by Hans Meyer in 1788. It is 200 metres long. It stands in Heidelberg on the "
    "Neckar. "
    "It was rebuilt because a flood destroyed it. About 9,000 people cross it every day.",
    title="The Old Bridge",
)
PASSES = Passage(
    "사내 식당은 본관 지하 1층에 있습니다. 점심 시간은 12시부터 1시까지입니다. 식권은 한 장에 6천원입니다."
)


def best(question, *passages):
    selection = select(read_question(question, terms=TERMS), passages, terms=TERMS)
    top = selection.ranked[0]
    return passages[top.passage].text[top.unit.start : top.unit.end]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who built the bridge?", "Hans Meyer"),
        ("When was the bridge built?", "1788"),
        ("How long is the bridge?", "200 metres"),
        ("Where does the bridge stand?", "Heidelberg"),
        ("Why was the bridge rebuilt?", "flood"),
        ("How many people cross the bridge?", "9,000"),
        ("식당은 어디에 있나요?", "지하 1층"),
        ("점심 시간은 언제인가요?", "12시"),
        ("식권은 얼마인가요?", "6천원"),
    ],
)
def test_the_answer_stands_in_the_best_sentence(question, answer):
    assert answer in best(question, BRIDGE, PASSES)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How do I delete a geofence?", "steps"),
        ("지오펜스를 지우려면 어떻게 하나요?", "steps"),
        ("값이 너무 높으면 어떻게 되나요?", "thing"),
        ("How many motors are there?", "number"),
        ("식권은 얼마예요?", "number"),
        ("몇 월에 열리나요?", "time"),
        ("When does it open?", "time"),
        ("누가 승인하나요?", "person"),
        ("Where is it?", "place"),
        ("왜 실패했나요?", "reason"),
        ("What is a geofence?", "definition"),
        ("지오펜스란 무엇인가요?", "definition"),
        ("Is the battery covered?", "yes_no"),
        ("비행 중에 바꿀 수 있나요?", "yes_no"),
        ("어떤 운영체제에서 작동하나요?", "thing"),
        ("일시 중지하면 고정익은 어떻게 움직이나요?", "thing"),
        ("랠리 포인트는 어디에 쓰는 것인가요?", "definition"),
    ],
)
def test_what_a_question_asks_for(question, kind):
    assert read_question(question, terms=TERMS).kind == kind


@pytest.mark.parametrize("question", ["Who invented the telephone?", "환율은 얼마인가요?", "???", ""])
def test_a_question_about_something_else_scores_low(question):
    selection = select(read_question(question, terms=TERMS), [BRIDGE, PASSES], terms=TERMS)
    assert score_answerable(selection).score < 0.3


def test_a_question_that_is_answered_scores_high():
    selection = select(read_question("Who built the Old Bridge?", terms=TERMS), [BRIDGE, PASSES], terms=TERMS)
    assert score_answerable(selection).score > 0.8
    assert score_answerable(select("Who?", [])).score == 0.0


def test_what_is_missing_is_told():
    selection = select(read_question("Who painted the Old Bridge?", terms=TERMS), [BRIDGE], terms=TERMS)
    assert "paint" in score_answerable(selection).missing


def test_units_of_a_passage():
    text = "설정하려면:\n\n1. 메뉴를 엽니다.\n2. 저장을 누릅니다.\n\n가격표\n\n"
    text += "부품 | 값\n모터 | 3\n\n끝났습니다."
    kinds = [(u.kind, text[u.start : u.end], u.marker) for u in split_units(text)]
    assert kinds == [
        ("lead", "설정하려면:", ""),
        ("item", "메뉴를 엽니다.", "1."),
        ("item", "저장을 누릅니다.", "2."),
        ("heading", "가격표", ""),
        ("row", "부품 | 값", ""),
        ("row", "모터 | 3", ""),
        ("sentence", "끝났습니다.", ""),
    ]


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Who built it and when was it opened?", ["Who built it", "when was it opened?"]),
        ("What is it? Where is it?", ["What is it?", "Where is it?"]),
        ("연차는 며칠이고 누가 승인하나요?", ["연차는 며칠이고", "누가 승인하나요?"]),
        ("What do salt and pepper cost?", ["What do salt and pepper cost?"]),
        ("Where is the bread and butter kept?", ["Where is the bread and butter kept?"]),
    ],
)
def test_questions_that_ask_twice(question, parts):
    assert split_question(question) == parts


def test_names_are_told_from_first_words():
    assert find_names("The bridge of Hans Meyer is in Heidelberg.") == ["Hans Meyer", "Heidelberg"]
    assert find_names("Bridges are long.") == []


def test_a_korean_particle_is_no_part_of_a_name():
    assert find_names("이 기능은 Copter에서는 지원됩니다.") == ["Copter"]
    assert find_names("It was Lech Wałęsa who spoke.") == ["Lech Wałęsa"]
    assert read_question("QGroundControl의 구독료는?", terms=TERMS).terms == ("qgroundcontrol", "구독료")


@pytest.mark.parametrize("sentence", ["고정익은 선회합니다.", "고정 익은 선회합니다."])
def test_a_compound_is_found_however_it_is_cut(sentence):
    selection = select(
        read_question("고정익은 무엇을 합니까?", terms=TERMS), [Passage(sentence)], terms=TERMS
    )
    assert selection.ranked[0].features["coverage"] == pytest.approx(1.0)


def test_a_definition_is_chosen_before_a_mention():
    passage = Passage("랠리 포인트를 지도에서 클릭합니다. 랠리 포인트는 대체 착륙 장소입니다.")
    assert "장소입니다" in best("랠리 포인트란 무엇인가요?", passage)
    assert "장소입니다" in best("랠리 포인트는 어디에 쓰는 것인가요?", passage)


def test_a_passage_that_is_near_in_meaning_answers_more_likely():
    def score(*similarities):
        passages = [
            Passage(p.text, title=p.title, similarity=s)
            for p, s in zip((BRIDGE, PASSES), similarities, strict=True)
        ]
        asked = read_question("Who rebuilt the crossing?", terms=TERMS)
        return score_answerable(select(asked, passages, terms=TERMS)).score

    assert score(0.1, 0.0) < score(0.5, 0.0) < score(0.9, 0.0)
    assert score(None, 0.1) == score(0.1, 0.1), "not found by dense search: as far as the farthest"
    assert (
        score(None, None)
        == score_answerable(
            select(read_question("Who rebuilt the crossing?", terms=TERMS), [BRIDGE, PASSES], terms=TERMS)
        ).score
    )
