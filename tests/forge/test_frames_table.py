"""Table rows and lists: what a header says of a cell, what a lead says of its items; both languages."""

import pytest
from frame_facts import build_fact, build_passage
from hypothesis import given, settings
from hypothesis import strategies as st

from ondol.evidence.support import check_support
from ondol.evidence.terms import build_terms
from ondol.forge.frames import lists, table
from ondol.forge.frames.lists_english import ask_english
from ondol.forge.frames.lists_korean import ask_korean
from ondol.forge.frames.place import name_place
from ondol.text.morphemes import Analyser

ANALYSER = Analyser(num_workers=1)


def ask_row(row, header, *, title="Parts", language="en"):
    passage = build_passage(f"{header}\n{row}", context=f"{title} > {header}", title=title, language=language)
    return table.frame(build_fact(passage, row, unit="row"), passage, analyser=ANALYSER)


def ask_list(text, *, context="Manual > Compass", title="Manual", language="en", rest=""):
    passage = build_passage(text + rest, context=context, title=title, language=language)
    return lists.frame(build_fact(passage, text, unit="list"), passage, analyser=ANALYSER)


ROWS = [
    (
        "Battery | 300 g | 2 years",
        "Part | Weight | Warranty",
        "What is the weight of Battery in Parts?",
        "The weight of Battery is 300 g.",
    ),
    (
        "Battery | 300 g | 2 years",
        "Part | Weight | Warranty",
        "What is the warranty of Battery in Parts?",
        "Battery: 2 years.",
    ),
    (
        "Survey | Create a grid over an area.",
        "Pattern | Description | Vehicles",
        "What does the Survey pattern do in Parts?",
        "The Survey pattern is used to create a grid over an area.",
    ),
    (
        "FirmwareUpgradeLog | Debug firmware flash issues.",
        "Option(s) | Description",
        "What does the FirmwareUpgradeLog option do?",
        "The FirmwareUpgradeLog option is used to debug firmware flash issues.",
    ),
    (
        "Front camera module | Anna Berg | A-12",
        "Part | Responsible | Shelf",
        "What is the shelf of Front camera module?",
        "The shelf of Front camera module is A-12.",
    ),
]


@pytest.mark.parametrize(("row", "header", "question", "answer"), ROWS)
def test_a_cell_is_asked_for_by_its_column(row, header, question, answer):
    found = {w.question: w.answer for w in ask_row(row, header)}
    assert found.get(question) == answer


KOREAN_ROWS = [
    (
        "배터리 | 300g | 2년",
        "부품 | 무게 | 보증 기간",
        "부품 목록에서 배터리의 무게는 얼마인가요?",
        "배터리의 무게는 300g입니다.",
    ),
    (
        "배터리 | 300g | 김민수",
        "부품 | 무게 | 담당자",
        "부품 목록에서 배터리의 담당자는 누구인가요?",
        "배터리의 담당자는 김민수입니다.",
    ),
    (
        "탐사 | 다각형 영역에 비행 패턴을 작성합니다.",
        "패턴 | 설명",
        "부품 목록에서 '탐사' 패턴은 어떤 기능을 하나요?",
        "'탐사' 패턴은 다각형 영역에 비행 패턴을 작성합니다.",
    ),
]


@pytest.mark.parametrize(("row", "header", "question", "answer"), KOREAN_ROWS)
def test_korean_rows(row, header, question, answer):
    found = {w.question: w.answer for w in ask_row(row, header, title="부품 목록", language="ko")}
    assert found.get(question) == answer


@pytest.mark.parametrize(
    ("row", "header"),
    [
        ("Part | Weight", "Part | Weight"),
        ("Battery | 300 g | 2 years | extra", "Part | Weight | Warranty"),
        ("Battery | - | n/a", "Part | Weight | Warranty"),
        ("2019 | 300", "Year | Sales"),
        ("Revenue | 300 | 400", "Item | 2019 | 2020"),
        ("Battery", "Part | Weight"),
        ("Battery | 300 g", "no header here"),
    ],
)
def test_rows_that_do_not_fit_their_header_are_left_out(row, header):
    assert ask_row(row, header) == ()


def test_wordings_of_one_cell_stand_together():
    answers = [w.answer for w in ask_row("Battery | 300 g | 2 years", "Part | Weight | Warranty")]
    assert answers == sorted(answers, key=answers.index)
    assert len(set(answers[:3])) == 1


STEPS = (
    "To calibrate the compass:\n\n1. Place the vehicle on the ground.\n2. Press Calibrate.\n3. Turn it once."
)


def test_steps_are_asked_for_and_given_in_order():
    found = ask_list(STEPS)
    assert "How do I calibrate the compass?" in [w.question for w in found]
    assert "What are the steps to calibrate the compass?" in [w.question for w in found]
    assert found[0].answer == (
        "To calibrate the compass:\n1. Place the vehicle on the ground.\n2. Press Calibrate.\n"
        "3. Turn it once."
    )


KOREAN_STEPS = (
    "랠리 포인트를 생성하려면:\n\n1. 계획 뷰로 이동합니다.\n2. 랠리 버튼을 선택합니다.\n3. 지도를 클릭합니다."
)


def test_korean_steps():
    found = ask_list(KOREAN_STEPS, context="계획 뷰", title="계획 뷰", language="ko")
    assert [w.question for w in found] == [
        "랠리 포인트를 생성하려면 어떻게 해야 하나요?",
        "랠리 포인트를 생성하는 방법은 무엇인가요?",
        "랠리 포인트를 생성하는 절차를 단계별로 알려 주세요.",
    ]
    assert found[0].answer.endswith("2. 랠리 버튼을 선택합니다.\n3. 지도를 클릭합니다.")


def test_a_procedure_that_goes_on_is_not_whole():
    assert ask_list(STEPS, rest="\n\nA picture.\n\n4. Land.") == ()


def test_a_passage_that_ends_full_may_have_cut_its_list():
    long = "To calibrate the compass:\n\n" + "\n".join(
        f"{n}. {'Turn the vehicle slowly. ' * 6}" for n in range(1, 7)
    )
    assert ask_list(long.strip()) == ()


@pytest.mark.parametrize(
    "text",
    [
        "To calibrate the compass:\n\n1. Place it.\n2. Press it.\n1. Start again.",
        "To calibrate the compass:\n\n7. Place it.\n8. Press it.",
        "You can use it to:\n\n- Fly.\n- Land.",
        "Supports:\n\n- Takeoff\n- Land",
        "To calibrate the compass:\n\n1. Place it.\n- Press it.",
        "These can be downloaded from:\n\n- Windows\n- OS X",
        "To calibrate:\n\n1. Open https://example.org\n2. Press it.",
    ],
)
def test_broken_or_vague_lists_are_left_out(text):
    assert ask_list(text) == ()


def test_options_name_their_place():
    text = "The configurable options are:\n\n- Altitude - Loiter altitude.\n- Radius - Loiter radius."
    found = ask_list(text, context="Landing Pattern > Settings > Loiter Point", title="Landing Pattern")
    assert found[0].question == "What are the configurable options under Loiter Point in Landing Pattern?"
    assert found[0].answer.splitlines()[1:] == ["- Altitude - Loiter altitude.", "- Radius - Loiter radius."]


def test_remarks_and_captions_between_steps_are_not_steps():
    text = (
        "To calibrate the compass:\n\n1. Press Calibrate.\nCompass calibration PX4\n2. Turn the vehicle.\n"
        "Warning: Do not drop it.\n3. Wait."
    )
    assert ask_list(text)[0].answer.splitlines()[1:] == [
        "1. Press Calibrate.",
        "2. Turn the vehicle.",
        "3. Wait.",
    ]


@pytest.mark.parametrize(
    ("lead", "question"),
    [
        ("The following camera actions are available", "Which camera actions are available in Manual?"),
        ("The widget provides the following tools", "Which tools does the widget provide?"),
        ("You can use the Sensor view to", "What can I use the Sensor view for?"),
        ("The user documentation includes", "What does the user documentation include?"),
        ("The steps to create a mission are", "How do I create a mission?"),
        ("To set up your vehicle, do the following", "How do I set up my vehicle?"),
        ("The bundled tools are", "What are the bundled tools in Manual?"),
    ],
)
def test_english_leads(lead, question):
    assert question in [q for q, _, _ in ask_english(lead, "in Manual", is_steps=False)]


@pytest.mark.parametrize(
    ("lead", "question"),
    [
        ("보정 절차는 다음과 같습니다", "센서 설정에서 보정 절차는 어떻게 되나요?"),
        ("설정 옵션은 다음과 같습니다", "센서 설정에서 설정 옵션에는 무엇이 있나요?"),
        ("단계는 다음과 같습니다", "센서 설정 단계는 어떻게 되나요?"),
        ("분석 화면에서는 다음 도구를 제공합니다", "분석 화면에서는 어떤 도구를 제공하나요?"),
        ("파일을 읽으려면", "센서 설정에서 파일을 읽는 방법은 무엇인가요?"),
        ("카메라를 열려면", "센서 설정에서 카메라를 여는 방법은 무엇인가요?"),
    ],
)
def test_korean_leads(lead, question):
    assert question in [q for q, _, _ in ask_korean(lead, "센서 설정", is_steps=False, analyser=ANALYSER)]


@pytest.mark.parametrize("lead", ["이것은 다음과 같습니다", "아래의 옵션", "지원", "그러면 다음과 같습니다"])
def test_korean_leads_that_name_nothing(lead):
    assert ask_korean(lead, "", is_steps=False, analyser=ANALYSER) == ()


def test_an_aside_of_one_name_tells_a_place_from_its_like():
    assert name_place("Tuning (PX4)", "Tuning (PX4)", language="en") == "in Tuning (PX4)"
    assert name_place("Survey (Plan Pattern)", "Survey (Plan Pattern)", language="en") == "in Survey"
    assert name_place("튜닝 (PX4) > 절차도", "튜닝 (PX4)", language="ko") == "튜닝 (PX4)의 절차도"


@pytest.mark.parametrize(
    "quote",
    [
        # a picture's caption, an item cut off, an item that points at another part of the page
        "To set it up:\n\n1. Click the sensor button Select Compass calibration\n2. Press OK.",
        "To set it up:\n\n1. Open the sidebar.\n2. Set the channel to ...",
        "To set it up:\n\n1. Do the tests described above.\n2. Press OK.",
        "설정하려면:\n\n1. 위의 시험을 수행합니다.\n2. 확인 버튼을 클릭합니다.",
    ],
)
def test_items_that_are_not_whole_make_no_list(quote):
    assert lists.read_listing(quote) is None


def test_a_note_beside_a_step_is_left_out_to_its_end():
    step = "버튼을 누릅니다. Select it 참고 기본값입니다. 값을 바꿀 수 있습니다."
    quote = f"설정하려면:\n\n1. {step}\n2. 저장합니다."
    found = lists.read_listing(quote)
    assert found is not None
    assert found.items == ("버튼을 누릅니다.", "저장합니다.")


def test_options_of_one_row_are_named_as_several():
    row = "LinkManagerLog, MultiVehicleManagerLog | Debug connection problems."
    found = {w.question: w.answer for w in ask_row(row, "Option(s) | Description")}
    assert found["What do the LinkManagerLog and MultiVehicleManagerLog options do?"] == (
        "The LinkManagerLog and MultiVehicleManagerLog options are used to debug connection problems."
    )


def test_places_leave_out_what_names_nothing():
    assert name_place("Guide > Settings > Loiter", "Guide", language="en") == "under Loiter in Guide"
    assert name_place("Guide > Overview", "Guide", language="en") == "in Guide"
    assert name_place("Guide > Plane > Failsafe", "Guide", language="en") == "under Plane > Failsafe in Guide"
    assert (
        name_place("안전 설정 (모두) > 출발지 복귀", "안전 설정 (모두)", language="ko")
        == "안전 설정의 출발지 복귀"
    )
    assert name_place("", "README", language="en") == ""


def test_every_answer_is_supported_by_its_quote():
    for row, header, _, _ in ROWS:
        for wording in ask_row(row, header):
            assert check_support(
                wording.answer, [row], context=header, terms=build_terms(ANALYSER)
            ).supported, wording
    for text in (STEPS, KOREAN_STEPS):
        for wording in ask_list(text):
            assert check_support(wording.answer, [text], terms=build_terms(ANALYSER)).supported


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab |-1.\n:*가다", min_size=1, max_size=60))
def test_no_text_breaks_it(text):
    if text.strip():
        for unit, framer in (("row", table), ("list", lists)):
            passage = build_passage(text, context="T > a | b")
            framer.frame(build_fact(passage, unit=unit), passage, analyser=ANALYSER)
