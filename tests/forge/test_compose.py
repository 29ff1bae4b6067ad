"""What is composed of accepted examples: dialogues that lean only where sure, silence, forms that hold."""

import json
import random

import pytest
from frame_facts import build_passage, build_seed

from ondol.evidence.terms import build_terms
from ondol.forge.order import Order
from ondol.forge.verify.verifier import build_verifier, is_accepted
from ondol.forge.write.compose import Composer
from ondol.forge.write.compose_absent import say_absent
from ondol.forge.write.compose_dialogue import lean
from ondol.forge.write.compose_form import build_forms
from ondol.forge.write.openbook import read_pair
from ondol.text.morphemes import Analyser

ANALYSER = Analyser(num_workers=1)
TERMS = build_terms(ANALYSER)

TEXT = (
    "The vibration page shows the current vibration levels. The battery must be replaced after 300 charging "
    "cycles. To calibrate the compass, press the Calibrate button. Backups are stored in the "
    "folder /var/backup."
)
PAIRS = [
    ("What does the vibration page show?", "The vibration page shows the current vibration levels."),
    (
        "After how many charging cycles must the battery be replaced?",
        "The battery must be replaced after 300 charging cycles.",
    ),
    ("How do I calibrate the compass?", "To calibrate the compass, press the Calibrate button."),
    ("Where are backups stored?", "Backups are stored in the folder /var/backup."),
]
PASSAGE = build_passage(TEXT, chunk="chk_1", title="Manual", language="en")
SEEDS = tuple(build_seed(q, a, start=TEXT.index(a)) for q, a in PAIRS)
FAR = tuple(
    build_passage(text, chunk=f"chk_f{n}", document=f"doc_{n}", title=title, language="en")
    for n, (title, text) in enumerate((
        ("Weather", "The weather station measures wind and rain. It sends a report every hour."),
        ("Radio", "The radio link uses two antennas. Turn the knob to choose a channel."),
        ("Camera", "The camera records video. Its lens is cleaned with a soft cloth."),
    ))
)


def build_order(kind, *, seeds=SEEDS, others=(), passage=PASSAGE, language="en", attempt=0, name="order"):
    return Order(
        id=name,
        kind=kind,
        language=language,
        split="train",
        passage=passage,
        facts=(),
        others=others,
        seeds=seeds,
        attempt=attempt,
    )


def write(order):
    return Composer(ANALYSER).write(order).drafts


def test_a_dialogue_has_turns_of_different_facts_in_the_order_of_the_text():
    for n in range(12):
        (draft,) = write(build_order("dialogue", name=f"o{n}"))
        starts = [turn.evidence[0].start for turn in draft.turns]
        assert 2 <= len(draft.turns) <= 4
        assert starts == sorted(set(starts))
        assert len(set(draft.facts)) == len(draft.turns)
        assert draft.writer == "composer"


def test_the_same_order_gives_the_same_drafts():
    for kind in ("dialogue", "not_in_documents", "instruction"):
        order = build_order(kind, others=FAR)
        assert Composer(ANALYSER).write(order) == Composer(ANALYSER).write(order)


def test_one_fact_makes_no_dialogue():
    twice = (SEEDS[0], build_seed("What is on the vibration page?", PAIRS[0][1], start=0))
    assert write(build_order("dialogue", seeds=twice)) == ()


def test_what_rests_on_a_passage_not_at_hand_is_left_out():
    away = tuple(build_seed(q, a, chunk="chk_away") for q, a in PAIRS)
    assert write(build_order("dialogue", seeds=away)) == ()
    assert write(build_order("instruction", seeds=away)) == ()


SHOWS = ("What does the vibration page show?", "The vibration page shows the vibration levels.")
SHOWS_KO = ("진동 페이지는 무엇을 표시하나요?", "진동 페이지는 진동 수준을 표시합니다.")


@pytest.mark.parametrize(
    ("before", "question", "leaning"),
    [
        (SHOWS, "How can the vibration page be opened?", "How can it be opened?"),
        (SHOWS, "When is the vibration page updated?", "When is it updated?"),
        (SHOWS_KO, "진동 페이지는 어디에 있나요?", "그럼 어디에 있나요?"),
        (
            ('In the Setup View, what does "Modes" do?', '"Modes" sets the modes.'),
            'In the Setup View, what is "Radio" for?',
            'And what is "Radio" for?',
        ),
        (
            ('What is "Width" in Corridor Scan?', '"Width" is the width.'),
            'What is "Angle" in Corridor Scan?',
            'And what is "Angle"?',
        ),
        (
            ("What can I do with Offline Maps?", "You can cache tiles."),
            "Regarding Offline Maps, how do I cache the tiles?",
            "How do I cache the tiles?",
        ),
        # Another thing, several of them, the verb taken along, or another thing named beside it.
        (SHOWS, "When is the radio page updated?", ""),
        (SHOWS, "What does the vibration page show first?", ""),
        (
            ("What does the view settings show?", "The view settings show it."),
            "When is the view settings updated?",
            "",
        ),
        (
            ("How does the vibration page change the report?", "The vibration page adds a line."),
            "When is the vibration page updated?",
            "",
        ),
        (SHOWS_KO, "비행 화면은 어디에 있나요?", ""),
        (("How do I open the view?", "Press it."), "How do I close the view?", ""),
    ],
)
def test_a_question_leans_only_where_its_subject_is_sure(before, question, leaning):
    assert lean(*before, question) == (leaning or question)


def test_a_question_is_put_to_passages_that_are_silent():
    away = tuple(build_seed(q, a, chunk="chk_away", document="doc_9") for q, a in PAIRS)
    (draft,) = write(build_order("not_in_documents", seeds=away, others=FAR, passage=FAR[0]))
    assert draft.book == "open"
    assert draft.system
    assert 2 <= len(draft.passages) <= 4
    assert draft.turns[0].evidence == ()
    assert draft.turns[0].question in [q for q, _ in PAIRS]
    assert is_accepted(build_verifier(analyser=ANALYSER).verify(draft, FAR))


def test_a_question_that_they_answer_is_not_put():
    order = build_order("not_in_documents", seeds=SEEDS[:1], others=(PASSAGE, *FAR[:1]), passage=FAR[1])
    assert write(order) == ()


def test_a_passage_that_says_it_in_other_words_is_not_shown():
    near = build_passage(
        "Vibration levels: the vibration page shows the current levels.", chunk="chk_n", language="en"
    )
    away = (build_seed(*PAIRS[0], chunk="chk_away"),)
    assert write(build_order("not_in_documents", seeds=away, others=(near, FAR[0]), passage=FAR[1])) == ()


@pytest.mark.parametrize(
    ("question", "language", "part"),
    [
        ("How do I calibrate my compass?", "en", "how to calibrate your compass"),
        ("What does the Center Tool allow you to do?", "en", "what the Center Tool allows you to do"),
        ("What do Offline Maps let users do?", "en", "what Offline Maps let users do"),
        ("What is the Setup View used for?", "en", "what the Setup View is used for"),
        ("오버레이 값은 몇 Hz에서 업데이트되나요?", "ko", "오버레이 값이 몇 Hz에서 업데이트되는지"),
        ("What is the default speed?", "en", "what the default speed is"),
        ("What does the Land button do?", "en", "what the Land button does"),
        ("Where are backups stored?", "en", "“Where are backups stored?”"),
        ("What is the field used for?", "en", "what the field is used for"),
        ("나침반을 보정하는 방법은 무엇인가요?", "ko", "나침반을 보정하는 방법"),
        ("진동 페이지는 무엇을 표시하나요?", "ko", "진동 페이지가 무엇을 표시하는지"),
        ("비행 화면에서는 무엇을 할 수 있나요?", "ko", "비행 화면에서는 무엇을 할 수 있는지"),
        ("최대 속도는 얼마인가요?", "ko", "최대 속도가 얼마인지"),
        ("설정 옵션을 나열해 주세요.", "ko", "설정 옵션"),
    ],
)
def test_the_silence_names_what_was_asked_in_several_ways(question, language, part):
    said = {say_absent(question, language=language, rng=random.Random(n)) for n in range(40)}
    assert len(said) >= 4
    assert all(part in text for text in said)
    assert all(text.rstrip("”").endswith((".", "?")) for text in said)


def test_forms_hold_and_pass_the_checks():
    verifier = build_verifier(analyser=ANALYSER)
    names = set()
    for n in range(10):
        for draft in write(build_order("instruction", name=f"f{n}")):
            verdicts = verifier.verify(draft, [PASSAGE])
            assert is_accepted(verdicts), (draft.turns[0], verdicts[-1])
            names.add(draft.turns[0].answer[:1] == '"')
    assert names == {True, False}


LIST = "To calibrate the compass:\n1. Press Calibrate.\n2. Turn the vehicle."


def forms_of(question, answer, *, language="en", kind="qa"):
    pair = read_pair(build_seed(question, answer, language=language, kind=kind))
    return {f.name: f for f in build_forms(pair, language=language, rng=random.Random(0))}


def test_lists_become_numbered_lines_and_json():
    forms = forms_of("How do I calibrate the compass?", LIST, kind="list")
    assert forms["numbered"].answer == "1. Press Calibrate.\n2. Turn the vehicle."
    assert json.loads(forms["json_array"].answer) == ["Press Calibrate.", "Turn the vehicle."]
    assert not forms["json_array"].holds('["Press Calibrate."]')
    assert not forms["numbered"].holds("Press Calibrate.")


def test_a_number_alone_is_asked_for_where_there_is_one():
    forms = forms_of("How long does it take?", "It takes 40 seconds.")
    assert forms["number_only"].answer == "40 seconds"
    assert "number_only" not in forms_of("How long does it take?", "It takes 40 to 60 seconds.")
    assert "number_only" not in forms_of("What is shown?", "It shows 40 seconds.")
    assert (
        forms_of("기본값은 몇 Hz인가요?", "기본값은 25Hz입니다.", language="ko")["number_only"].answer
        == "25Hz"
    )


def test_limits_are_kept_and_can_be_broken():
    form = forms_of("What does the page show?", "The page shows the current vibration levels.")["limit"]
    assert form.holds(form.answer)
    assert not form.holds(" ".join(["word"] * 30))


def test_two_sentences_are_not_one():
    forms = forms_of("What is it?", "It is a page. It shows levels.")
    assert "one_sentence" not in forms
    assert "limit" not in forms


def test_korean_requests_follow_the_question():
    text = "진동 페이지는 진동 수준을 표시합니다. 배터리는 300회 충전 후 교체합니다."
    passage = build_passage(text)
    seed = build_seed(
        "진동 페이지는 무엇을 표시하나요?", "진동 페이지는 진동 수준을 표시합니다.", language="ko"
    )
    drafts = write(build_order("instruction", seeds=(seed,), passage=passage, language="ko"))
    assert len(drafts) == 1
    assert drafts[0].turns[0].question.startswith("진동 페이지는 무엇을 표시하나요? ")


def test_a_kind_that_is_not_its_own_gives_nothing():
    composer = Composer(ANALYSER)
    assert composer.kinds == {"dialogue", "not_in_documents", "instruction"}
    assert composer.write(build_order("qa")).drafts == ()
