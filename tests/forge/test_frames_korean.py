"""Korean frames: real sentences in, natural questions out; nothing from what is not certain."""

import pytest
from frame_facts import build_fact, build_passage
from hypothesis import given, settings
from hypothesis import strategies as st

from ondol.evidence.support import check_support
from ondol.evidence.terms import build_terms
from ondol.forge.frames.korean import alternate, frame
from ondol.forge.frames.korean_grammar import (
    attach,
    find_final,
    intend,
    make_polite,
    modify,
    read_predicate,
    read_words,
)
from ondol.forge.frames.wording import Wording
from ondol.text.morphemes import Analyser

ANALYSER = Analyser(num_workers=1)


def ask(text, *, context="비행 화면", title="비행 화면", unit="sentence"):
    passage = build_passage(text, context=context, title=title)
    return frame(build_fact(passage, unit=unit), passage, analyser=ANALYSER)


ASKED = [
    ("진동 페이지는 현재 진동 수준과 클립 수를 표시합니다.", "진동 페이지는 무엇을 표시하나요?"),
    (
        "비행 경로의 녹색 번호 원은 스캔 진입 지점을 나타냅니다.",
        "비행 경로의 녹색 번호 원의 의미는 무엇인가요?",
    ),
    (
        "전압 분배기 설정은 배터리 전압을 측정하는 데 사용됩니다.",
        "전압 분배기 설정은 무엇을 하는 데 사용되나요?",
    ),
    ("전압 분배기 설정은 배터리 전압을 측정하는 데 사용됩니다.", "전압 분배기 설정의 용도는 무엇인가요?"),
    (
        "전압 분배기 설정은 배터리 전압을 측정하는 데 사용됩니다.",
        "배터리 전압을 측정하는 데 무엇이 사용되나요?",
    ),
    ("최대 원격 거리는 계획된 홈과 가장 먼 웨이포인트의 거리입니다.", "최대 원격 거리는 무엇인가요?"),
    ("임무 시작 패널은 임무 명령 목록에 나타나는 첫 번째 항목입니다.", "임무 시작 패널이란 무엇을 말하나요?"),
    (
        "새 오프라인 지도 세트를 생성하려면 추가 버튼을 클릭하십시오.",
        "새 오프라인 지도 세트를 생성하려면 어떻게 해야 하나요?",
    ),
    (
        "새 오프라인 지도 세트를 생성하려면 추가 버튼을 클릭하십시오.",
        "새 오프라인 지도 세트를 생성하는 방법은 무엇인가요?",
    ),
    (
        "새 오프라인 지도 세트를 생성하려면 추가 버튼을 클릭하십시오.",
        "어떻게 하면 새 오프라인 지도 세트를 생성할 수 있나요?",
    ),
    ("명령의 전체 목록을 보려면 도움말 버튼을 누르세요.", "명령의 전체 목록을 보는 방법을 알려 주세요."),
    (
        "계기판을 다중 기체 목록으로 바꾸려면 라디오 버튼을 클릭합니다.",
        "계기판을 다중 기체 목록으로 바꾸는 방법은 무엇인가요?",
    ),
    ("통계 섹션에는 조사 영역과 계획된 사진 수가 표시됩니다.", "통계 섹션에는 무엇이 표시되나요?"),
    ("통계 섹션에는 조사 영역과 계획된 사진 수가 표시됩니다.", "통계 섹션에서 무엇을 확인할 수 있나요?"),
    (
        "센서 설정 섹션에서는 나침반과 가속도계를 보정할 수 있습니다.",
        "센서 설정 섹션에서는 무엇을 할 수 있나요?",
    ),
    (
        "센서 설정 섹션에서는 나침반과 가속도계를 보정할 수 있습니다.",
        "어디에서 나침반과 가속도계를 보정할 수 있나요?",
    ),
    (
        "MAVLink Inspector를 사용하여 원격 측정 로그를 검사할 수 있습니다.",
        "무엇을 사용하여 원격 측정 로그를 검사할 수 있나요?",
    ),
    (
        "고급 카메라 설정은 톱니바퀴 아이콘을 사용하여 변경할 수 있습니다.",
        "고급 카메라 설정은 어떻게 변경할 수 있나요?",
    ),
    (
        "보정 중에 기체를 움직이면 QGroundControl이 보정을 다시 시작합니다.",
        "보정 중에 기체를 움직이면 어떻게 되나요?",
    ),
    (
        "배터리 잔량이 부족하면 기체는 출발지로 자동 복귀합니다.",
        "기체는 어떤 경우에 출발지로 자동 복귀하나요?",
    ),
    (
        "기체가 연결되지 않은 경우 케이블 상태를 확인하십시오.",
        "비행 화면에서 기체가 연결되지 않은 경우에는 어떻게 해야 하나요?",
    ),
    ("비행 로그 파일은 애플리케이션 저장 경로에 저장됩니다.", "비행 로그 파일은 어디에 저장되나요?"),
    ("카메라 트리거 동작은 카메라 설정에 따라 변경됩니다.", "카메라 트리거 동작은 무엇에 따라 변경되나요?"),
    ("구조물 스캔 파일은 이전 버전과 호환되지 않습니다.", "구조물 스캔 파일은 무엇과 호환되지 않나요?"),
    (
        "ArduPilot에서는 최대 6개의 비행 모드를 할당할 수 있습니다.",
        "ArduPilot에서는 최대 몇 개의 비행 모드를 할당할 수 있나요?",
    ),
    ("자동 착륙 기능은 바람이 강하기 때문에 제한됩니다.", "자동 착륙 기능은 왜 제한되나요?"),
    # Regulations and reports are written in the plain style.
    ("신규 직원은 매년 15일의 휴가를 사용할 수 있다.", "신규 직원은 매년 며칠의 휴가를 사용할 수 있나요?"),
    ("직원은 휴가를 사용하려면 신청서를 제출하여야 한다.", "직원이 휴가를 사용하는 방법은 무엇인가요?"),
    ("하자보수 보증기간은 준공일부터 2년이다.", "하자보수 보증기간은 얼마인가요?"),
    (
        "상담 센터의 운영 시간은 오전 9시부터 오후 6시까지입니다.",
        "상담 센터의 운영 시간은 언제부터 언제까지인가요?",
    ),
    ("정기 서버 점검은 매주 일요일 새벽 2시에 진행됩니다.", "정기 서버 점검은 언제 진행되나요?"),
    ("네트워크 방화벽은 무단 접속을 차단하기 위해 사용됩니다.", "네트워크 방화벽은 무엇을 위해 사용되나요?"),
    (
        "계약 기간이 만료되면 임차인은 건물을 복구하여야 한다.",
        "계약 기간이 만료되면 임차인은 무엇을 해야 하나요?",
    ),
    (
        "조사 지역의 고도 변화가 심한 경우 지형 추적을 활성화하는 것이 좋습니다.",
        "조사 지역의 고도 변화가 심한 경우에는 어떻게 하는 것이 좋은가요?",
    ),
    ("온라인 본인 확인을 위해 신분증이 필요합니다.", "온라인 본인 확인을 위해 무엇이 필요한가요?"),
    ("보안 담당자는 출입 기록을 관리한다.", "보안 담당자는 무엇을 관리하나요?"),
]


@pytest.mark.parametrize(("text", "question"), ASKED)
def test_a_plain_sentence_gives_the_question_a_korean_would_ask(text, question):
    assert question in [w.question for w in ask(text)]


def test_what_a_question_does_not_ask_for_is_kept_in_it():
    questions = [w.question for w in ask("리튬 배터리 셀은 높은 스로틀에서 더 낮은 전압을 기록합니다.")]
    assert "리튬 배터리 셀은 높은 스로틀에서 무엇을 기록하나요?" in questions


def test_who_does_it_is_not_made_what_is_done():
    questions = [w.question for w in ask("비디오 스트림 녹화는 비디오 도구 페이지에서 제어합니다.")]
    assert "비디오 스트림 녹화는 어디에서 제어하나요?" in questions
    assert not any("녹화가 제어하는" in q for q in questions)


def test_a_short_question_names_its_place():
    questions = [
        w.question
        for w in ask("보정을 시작하려면 확인 버튼을 클릭합니다.", context="센서 설정", title="센서 설정")
    ]
    assert questions
    assert all(q.startswith("센서 설정에서 ") for q in questions)


def test_a_rate_is_no_place_and_a_problem_no_thing():
    assert not any("어디" in w.question for w in ask("오버레이 값은 1Hz에서 업데이트됩니다."))
    found = ask("듀얼 어댑터가 있는 Ubuntu 시스템에는 동영상 스트리밍 문제가 있습니다.")
    assert found[0].question == "듀얼 어댑터가 있는 Ubuntu 시스템에는 어떤 문제가 있나요?"


REFUSED = [
    "이것은 기체의 현재 상태를 표시합니다.",
    "해당 화면에는 로그 목록이 나타납니다.",
    "위의 스크린샷은 비행 화면의 주요 요소를 나타냅니다.",
    "그런 다음 확인 버튼을 클릭하여 보정을 시작합니다.",
    "설정 옵션은 다음과 같습니다.",
    "자세한 내용은 비행 모드 설정을 참고하십시오.",
    "지도에서 기체를 클릭합니다.",
    "아래 그림은 센서의 방향을 보여줍니다.",
    "이러한 문제를 디버그하려면 로그 파일을 제공하십시오.",
    "자세히 보려면 클릭합니다.",
    "다운로드는 https://example.org/file 에서 받습니다.",
    "안정성이 크게 개선되었습니다.",
    "관계자는 사고로 4명이 다쳤다고 밝혔다.",
    "통계에 따르면 안전사고가 크게 늘었습니다.",
    "고마키는 딸 노리코와 함께 집을 나온다.",
    "신약의 마가복음은 24일 인터넷에 게재됐다.",
    "문제가 버그로 인해 발생할 가능성은 매우 적습니다.",
    "비행 전에는 아무것도 하지 않아도 될까요?",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_leans_on_its_page_or_names_nothing_is_not_asked(text):
    assert ask(text) == ()


def test_half_of_a_procedure_is_not_an_answer():
    first = "새 오프라인 지도 세트를 생성하려면 추가 버튼을 클릭하십시오."
    passage = build_passage(f"{first} 그런 다음 이름을 입력하고 저장합니다.")
    assert frame(build_fact(passage, first), passage, analyser=ANALYSER) == ()


def test_a_vague_topic_gets_its_place_from_the_headings():
    questions = [
        w.question for w in ask("기본값은 25Hz입니다.", context="조이스틱 > 고급 설정", title="조이스틱")
    ]
    assert "고급 설정에서 기본값은 몇 Hz인가요?" in questions


def test_a_vague_topic_without_a_place_is_dropped():
    assert ask("기본값은 25Hz입니다.", context="배포 요약", title="배포 요약") == ()


TERMS = [
    (
        "스캔 거리: 구조물에서 비행 경로까지의 거리입니다.",
        "무엇인가요?",
        "스캔 거리는 구조물에서 비행 경로까지의 거리입니다.",
    ),
    (
        "CSV 로깅 - 원격 측정 데이터를 CSV 파일에 기록합니다.",
        "어떤 기능을 하나요?",
        "CSV 로깅은 원격 측정 데이터를 CSV 파일에 기록합니다.",
    ),
    (
        "실외 이미지: 야외 배색에 사용되는 브랜드 이미지",
        "무엇인가요?",
        "실외 이미지는 야외 배색에 사용되는 브랜드 이미지입니다.",
    ),
    (
        "건조 시 논리 - 낮음, 높음 중 하나를 선택합니다.",
        "무엇이 있나요?",
        "건조 시 논리: 낮음, 높음 중 하나를 선택합니다.",
    ),
]


@pytest.mark.parametrize(("text", "ending", "answer"), TERMS)
def test_a_described_term_is_asked_for_at_its_place(text, ending, answer):
    found = ask(text, context="일반 설정", title="일반 설정", unit="item")
    assert any(w.question.startswith("일반 설정에서 '") and w.question.endswith(ending) for w in found)
    assert {w.answer for w in found} == {answer}


@pytest.mark.parametrize(
    "text",
    [
        "추가 피드백: (선택 사항).",
        "멀티콥터: 고도 모드에서 조종기를 사용하여 이륙합니다.",
        "GCS 비상안전장치 - GCS 비상안전장치를 활성화합니다.",
        "참고: 아래 그림",
        "jstest-gtk 설치: sudo apt install jstest-gtk",
    ],
)
def test_a_description_that_says_nothing_is_not_asked(text):
    assert ask(text, context="일반 설정", title="일반 설정", unit="item") == ()


def test_answers_are_whole_polite_and_supported():
    for text, _ in ASKED:
        for wording in ask(text):
            assert wording.answer.endswith("."), wording
            assert "다." in wording.answer or "십시오." in wording.answer or "세요." in wording.answer
            assert check_support(wording.answer, [text], terms=build_terms(ANALYSER)).supported


def test_admonitions_and_joining_words_are_not_part_of_the_answer():
    found = ask("Note: 또한 통계 섹션에는 조사 영역과 사진 수가 표시됩니다.")
    assert {w.answer for w in found} == {"통계 섹션에는 조사 영역과 사진 수가 표시됩니다."}


def test_neighbouring_wordings_come_from_different_frames():
    ordered = alternate([Wording(q, "a", f, 0.9) for q, f in (("1", "x"), ("2", "x"), ("3", "y"))])
    assert [w.question for w in ordered] == ["1", "3", "2"]


def test_most_facts_have_two_wordings():
    counts = [len(ask(text)) for text, _ in ASKED]
    assert sum(count > 1 for count in counts) / len(counts) > 0.9


@pytest.mark.parametrize(
    ("noun", "particle", "attached"),
    [
        ("지도", "은", "지도는"),
        ("화면", "은", "화면은"),
        ("화면", "으로", "화면으로"),
        ("파일", "으로", "파일로"),
        ("일반 설정(화면)", "이", "일반 설정(화면)이"),
        ("'속도'", "을", "'속도'를"),
        ("GPS", "은", "GPS는"),
        ("RTL", "이", "RTL이"),
        ("QGroundControl", "은", "QGroundControl은"),
        ("controller", "을", "controller를"),
        ("버전 3", "은", "버전 3은"),
        ("버전 2", "은", "버전 2는"),
        ("Bot", "은", "Bot은(는)"),
        ("지도", "이란", "지도란"),
    ],
)
def test_particles_follow_the_last_sound(noun, particle, attached):
    assert attach(noun, particle) == attached


def test_the_particle_that_was_written_decides():
    assert attach("Bot", "은", final="?") == "Bot은"
    assert attach("Bot", "은", final="") == "Bot는"


@pytest.mark.parametrize(
    ("stem", "adjective", "attributive"),
    [
        ("표시하", False, "표시하는"),
        ("만들", False, "만드는"),
        ("읽", False, "읽는"),
        ("필요하", True, "필요한"),
        ("좋", True, "좋은"),
        ("저장했", False, "저장했던"),
        ("볼 수 있", False, "볼 수 있는"),
    ],
)
def test_stems_before_a_noun(stem, adjective, attributive):
    assert modify(stem, adjective=adjective) == attributive


@pytest.mark.parametrize(("stem", "future"), [("하", "할"), ("읽", "읽을"), ("만들", "만들"), ("보", "볼")])
def test_stems_before_su(stem, future):
    assert intend(stem) == future


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("값을 저장합니다.", "저장하나요?"),
        ("배터리가 필요합니다.", "필요한가요?"),
        ("값이 표시되어야 합니다.", "표시되어야 하나요?"),
        ("목록을 만듭니다.", "만드나요?"),
        ("기록을 볼 수 있습니다.", "볼 수 있나요?"),
        ("비행은 금지된다.", "금지되나요?"),
        ("위치는 서울이다.", "서울인가요?"),
        ("보고서를 보여 줍니다.", "보여 주나요?"),
        ("값은 저장되지 않습니다.", "저장되지 않나요?"),
        ("값이 저장되었습니다.", "저장되었나요?"),
    ],
)
def test_endings_turn_into_questions(text, question):
    predicate = read_predicate(text, read_words(text, ANALYSER))
    assert predicate is not None
    assert predicate.ask() == question


@pytest.mark.parametrize(
    ("plain", "polite"),
    [
        ("직원은 휴가를 신청한다.", "직원은 휴가를 신청합니다."),
        ("허가를 받아야 한다.", "허가를 받아야 합니다."),
        ("기간은 30일이다.", "기간은 30일입니다."),
        ("사용할 수 있다.", "사용할 수 있습니다."),
        ("이미 표시됩니다.", "이미 표시됩니다."),
    ],
)
def test_plain_style_becomes_polite(plain, polite):
    assert make_polite(plain, read_words(plain, ANALYSER)) == polite


@given(st.text(alphabet="가각간갈감강나날ABLRabl0159 ()'\"", min_size=1, max_size=12))
def test_any_noun_takes_a_particle(noun):
    for particle in ("은", "이", "을", "과", "으로"):
        assert attach(noun, particle).startswith(noun)
    assert find_final(noun) in {None, "", "?", "ㄹ", "ㄱ", "ㄴ", "ㅁ", "ㅇ"}


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="지도를화면에서는표시합니다설정하려면 .:()'-1aA", max_size=60))
def test_no_text_breaks_it(text):
    if text.strip():
        passage = build_passage(text)
        for unit in ("sentence", "item"):
            frame(build_fact(passage, unit=unit), passage, analyser=ANALYSER)


@pytest.mark.parametrize(
    "text",
    [
        # a noun that was a picture, a goal that is its own answer, a window to close, nothing said of what
        "설문 조사를 한 번 수행하려면 지정된 위치를 선택하고 을 누르십시오.",
        "비행 모드를 설정하려면 비행 모드를 설정하기 위해 무전기를 구성해야 합니다.",
        "대화 상자를 닫으려면 확인 버튼을 클릭합니다.",
        "1Hz로 채워지며 원격 분석 로그만큼 상세하지 않습니다.",
        "선택한 값은 화면 활용을 최적화하기 위해 3개의 열에 배치됩니다.",
        "QGroundControl32.apk에서 일일 빌드 파일을 찾을 수 있습니다.",
    ],
)
def test_korean_that_says_nothing_whole_is_not_asked(text):
    assert ask(text, title="안내", context="안내") == ()


def test_a_condition_names_its_subject_or_object():
    asked = ask("연결된 차량에서 지원하지 않는 경우에는 QGroundControl은 펜스 옵션을 표시하지 않습니다.")
    assert not any(w.frame.startswith("if.then") for w in asked)


def test_a_bare_screen_is_told_its_page_and_heading():
    (first, *_) = ask(
        "화면 왼쪽에는 사용 가능한 옵션 세트가 있습니다.", title="설정 보기", context="설정 보기"
    )
    assert first.question == "설정 보기의 화면 왼쪽에는 무엇이 있나요?"
    asked = ask(
        "보정을 시작하려면 확인 버튼을 클릭합니다.",
        title="센서 설정 (PX4)",
        context="센서 설정 (PX4) > 나침반",
    )
    assert asked[0].question.startswith("센서 설정 (PX4)의 나침반에서 보정을 시작하려면")
