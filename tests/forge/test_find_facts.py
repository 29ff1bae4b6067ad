"""Facts: what of a passage is a claim, its exact span, and what is dropped."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondol.core.examples import Passage
from ondol.forge.facts import find_facts, find_topic, strip_mark
from ondol.forge.noise import is_noise
from ondol.text.morphemes import Analyser

ANALYSER = Analyser()


def build_passage(
    text: str, *, title: str = "Fly View", context: str = "Fly View", language: str = "en"
) -> Passage:
    return Passage(
        document="doc_1",
        uri="file:///handbook/FlyView.md",
        title=title,
        chunk_id="chk_1",
        ordinal=0,
        start=50,
        text=text,
        context=context,
        language=language,
    )


def quotes(text: str, *, context: str = "Fly View", language: str = "en") -> list[tuple[str, str]]:
    passage = build_passage(text, context=context, language=language)
    return [(fact.unit, fact.evidence.quote) for fact in find_facts(passage, analyser=ANALYSER)]


def test_spans_are_exact_and_count_from_the_page() -> None:
    text = "Instrument panel\n\nThe panel shows telemetry of the vehicle. It can be moved to the right side."
    passage = build_passage(text)
    facts = find_facts(passage, analyser=ANALYSER)
    assert [f.evidence.quote for f in facts] == [
        "The panel shows telemetry of the vehicle.",
        "It can be moved to the right side.",
    ]
    for fact in facts:
        assert text[fact.evidence.start - 50 : fact.evidence.end - 50] == fact.evidence.quote
    assert [fact.standalone for fact in facts] == [True, False]


def test_ids_are_stable_and_differ() -> None:
    text = "The panel shows telemetry of the vehicle. The map shows the position of each vehicle."
    first, again = (find_facts(build_passage(text), analyser=ANALYSER) for _ in range(2))
    assert first == again
    ids = [fact.id for fact in first]
    assert len(set(ids)) == 2
    assert all(len(i) == 28 and i.startswith("fct_") for i in ids)


def test_a_list_is_one_fact_from_its_lead_to_its_last_item() -> None:
    text = (
        "To create Rally Points:\n\n1. Navigate to the Plan View.\n2. Select the Rally radio button.\n"
        "3. Click the map wherever you want rally points.\n\nThe map shows every rally point as a marker."
    )
    found = quotes(text)
    lists = [quote for unit, quote in found if unit == "list"]
    assert lists == [text[: text.index("\n\nThe map")]]
    assert ("sentence", "The map shows every rally point as a marker.") in found


def test_the_lead_of_a_list_may_point_at_its_items() -> None:
    text = (
        "The following levels are available:\n\n- Error: only failures.\n- Debug: every step that is taken."
    )
    assert ("list", text) in quotes(text)
    assert not [u for u, _ in quotes(text.replace("every step", "see the next section")) if u == "list"]


def test_a_lead_without_items_is_no_fact() -> None:
    assert quotes("The main elements of the view are:\n\nThe map shows every vehicle on the ground.") == [
        ("sentence", "The map shows every vehicle on the ground.")
    ]


def test_rows_need_a_header_and_are_not_the_header() -> None:
    text = "Part | Price\nGreen propeller | 12 euros\nSpare battery pack | 80 euros"
    found = quotes(text, context="Shop > Part | Price")
    assert found == [("row", "Green propeller | 12 euros"), ("row", "Spare battery pack | 80 euros")]
    assert quotes(text, context="Shop") == []


NOISE = [
    "Column { id: root }",
    "git clone --recursive the repository to your computer",
    "export PATH=$PATH:/opt/bin",
    "See the next section for an overview of the settings.",
    "For more information see the Video README.",
    "This section describes the settings of the vehicle.",
    "The screenshot above shows the main elements of the view.",
    "The main tools are described below in detail.",
    "The configuration is further described in the Developers Guide.",
    "Visit https://example.org for the list of vehicles.",
    "Additional information can be found in the PX4 Guide.",
    "자세한 내용은 다음 절을 참조하세요.",
    "아래 그림은 설정 화면을 보여줍니다.",
]


@pytest.mark.parametrize("text", NOISE)
def test_noise_is_no_fact(text: str) -> None:
    assert is_noise(text)
    assert quotes(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Do you know which vehicles are supported by this software?",
        "Ready to fly",
        "the currently active marker has a different colour",
        "OK.",
    ],
)
def test_questions_and_fragments_are_no_facts(text: str) -> None:
    assert quotes(f"Intro\n\n{text}") == []


def test_what_is_said_of_the_matter_is_kept() -> None:
    for text in (
        "The Plan View is used to plan autonomous missions.",
        "You can return to the home position at any time.",
        "If the battery is low, the vehicle lands at its current position.",
        "Log files are listed in the table by date.",
    ):
        assert quotes(text) == [("sentence", text)]


def test_korean_claims_are_found() -> None:
    text = "비행 화면은 기체를 모니터링하고 제어하는 데 사용됩니다. 이것은 선택 사항입니다."
    passage = build_passage(text, language="ko")
    facts = find_facts(passage, analyser=ANALYSER)
    assert [f.language for f in facts] == ["ko"] * len(facts)
    assert facts[0].evidence.quote == "비행 화면은 기체를 모니터링하고 제어하는 데 사용됩니다."
    assert facts[0].standalone
    assert not any(f.standalone for f in facts[1:])


def test_a_korean_noun_phrase_in_a_list_is_no_claim() -> None:
    text = (
        "- 낮은 임무 항목 고도 표시의 지형 고도 표시\n"
        "- 간격 - 인접한 선 사이의 거리입니다.\n- 송신기의 전원을 먼저 켭니다."
    )
    found = [quote for _, quote in quotes(text, language="ko")]
    assert found == ["간격 - 인접한 선 사이의 거리입니다.", "송신기의 전원을 먼저 켭니다."]


def test_what_was_new_once_is_worth_less() -> None:
    text = "You can adjust heading and flight speed for each waypoint."
    new, lasting = (
        find_facts(build_passage(text, title=title), analyser=ANALYSER)[0].worth
        for title in ("v3.2 Release Notes", "Plan View")
    )
    assert new < lasting


def test_what_held_at_the_time_of_a_change_log_only_is_no_fact() -> None:
    text = "Support for rally points is temporarily disabled until the code is reworked."
    assert find_facts(build_passage(text, title="v3.3 Release Notes"), analyser=ANALYSER) == ()
    assert find_facts(build_passage(text, title="Plan View"), analyser=ANALYSER)


def test_names_numbers_conditions_and_purposes_are_worth_more() -> None:
    def worth(text: str) -> float:
        return find_facts(build_passage(text), analyser=ANALYSER)[0].worth

    plain = worth("Some vehicles generally have various useful features.")
    telling = worth("If the altitude exceeds 120 m, ArduPilot triggers RTL to bring the vehicle home.")
    assert 0 <= plain < 0.4 < telling <= 1


def test_topic_is_the_title_unless_it_is_the_name_of_a_file() -> None:
    assert find_topic(build_passage("x", title="Fly View", context="Flying > Map")) == "Fly View"
    assert find_topic(build_passage("x", title="README", context="Flying > Map")) == "Flying"
    assert find_topic(build_passage("x", title="notes.md", context="Flying")) == "Flying"
    assert find_topic(build_passage("x", title="", context="")) == "FlyView.md"


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Note: The vehicle lands.", "The vehicle lands."),
        ("Tip The vehicle lands.", "The vehicle lands."),
        ("Warning - The vehicle lands.", "The vehicle lands."),
        ("Information about the vehicle is sent.", "Information about the vehicle is sent."),
        ("참고: 기체가 착륙합니다.", "기체가 착륙합니다."),
    ],
)
def test_a_mark_before_a_claim_is_stripped(text: str, bare: str) -> None:
    assert strip_mark(text) == bare


@settings(max_examples=50)
@given(st.text(alphabet="Ab 1.|:-\n?()가나다", max_size=120))
def test_any_text_gives_facts_inside_it(text: str) -> None:
    passage = build_passage(text)
    for fact in find_facts(passage, analyser=ANALYSER):
        start, end = fact.evidence.start - passage.start, fact.evidence.end - passage.start
        assert 0 <= start < end <= len(text)
        assert text[start:end] == fact.evidence.quote
        assert 0 <= fact.worth <= 1
