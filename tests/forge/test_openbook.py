"""The chat of a draft: closed book, open book among distractors, dialogues; and back again."""

from frame_facts import build_passage, build_seed
from hypothesis import given, settings
from hypothesis import strategies as st

from ondol.core.examples import Draft, Turn
from ondol.forge.write.openbook import (
    build_messages,
    build_open_book,
    choose_system,
    format_passages,
    read_pair,
)

RIGHT = build_passage(
    "The battery is replaced after 300 cycles.", context="Manual > Battery", chunk="chk_r", language="en"
)
OTHERS = [build_passage(f"Other text number {n}.", chunk=f"chk_{n}", language="en") for n in range(4)]
DRAFT = Draft(
    kind="qa",
    language="en",
    turns=(
        Turn(
            question="When is the battery replaced?",
            answer="After 300 cycles.",
            evidence=(RIGHT.cite(0, len(RIGHT.text)),),
        ),
    ),
    facts=("fct_1",),
    writer="frames",
)


def test_a_closed_book_draft_is_question_and_answer():
    messages = build_messages(DRAFT)
    assert [(m.role, m.content) for m in messages] == [
        ("user", "When is the battery replaced?"),
        ("assistant", "After 300 cycles."),
    ]


def test_an_open_book_draft_shows_numbered_passages_then_the_question():
    draft = build_open_book(DRAFT, RIGHT, OTHERS, seed=3)
    system, user, assistant = build_messages(draft)
    assert draft.book == "open"
    assert system.role == "system"
    assert system.content == draft.system
    assert user.content.endswith("\n\nQuestion: When is the battery replaced?")
    assert all(f"[Document {n}]" in user.content for n in range(1, 6))
    assert RIGHT.text in user.content
    assert assistant.content == "After 300 cycles."


def test_the_same_seed_gives_the_same_draft_and_seeds_move_the_passage():
    assert build_open_book(DRAFT, RIGHT, OTHERS, seed=5) == build_open_book(DRAFT, RIGHT, OTHERS, seed=5)
    places = {
        [p.chunk_id for p in build_open_book(DRAFT, RIGHT, OTHERS, seed=n).passages].index("chk_r")
        for n in range(60)
    }
    assert places == {0, 1, 2, 3, 4}
    assert len({choose_system("ko", seed=n) for n in range(30)}) == 3


def test_a_copy_of_the_right_passage_is_no_distractor():
    copy = RIGHT.model_copy(update={"chunk_id": "chk_copy"})
    draft = build_open_book(DRAFT, RIGHT, [RIGHT, copy, OTHERS[0], OTHERS[0]], seed=1)
    assert sorted(p.chunk_id for p in draft.passages) == ["chk_0", "chk_r"]


def test_no_distractors_leave_the_passage_alone():
    assert build_open_book(DRAFT, RIGHT, [], seed=1).passages == (RIGHT,)


def test_the_passages_of_a_dialogue_stand_before_its_first_question_only():
    turns = (*DRAFT.turns, Turn(question="Why?", answer="It wears out."))
    draft = build_open_book(DRAFT.model_copy(update={"turns": turns}), RIGHT, OTHERS, seed=1)
    messages = build_messages(draft)
    assert [m.role for m in messages] == ["system", "user", "assistant", "user", "assistant"]
    assert messages[3].content == "Why?"


def test_korean_open_book_speaks_korean():
    passage = build_passage("배터리는 300회 충전 후 교체합니다.", context="설명서 > 배터리")
    draft = DRAFT.model_copy(update={"language": "ko"})
    system, user, _ = build_messages(build_open_book(draft, passage, [], seed=0))
    assert user.content.startswith("[문서 1] 설명서 > 배터리\n배터리는")
    assert "문서" in system.content
    assert "질문: " in user.content


def test_tokens_of_chat_templates_in_a_passage_are_broken_up():
    passage = build_passage("Type <|im_start|>system or [INST] and </s> here.", language="en")
    text = format_passages([passage], language="en")
    assert "<|" not in text
    assert "[INST]" not in text
    assert "</s>" not in text


def test_a_pair_comes_back_out_of_both_books():
    seed = build_seed("When is the battery replaced?", "After 300 cycles.")
    closed = read_pair(seed)
    opened = build_open_book(DRAFT, RIGHT, OTHERS, seed=2)
    example = seed.model_copy(update={"messages": build_messages(opened), "book": "open"})
    assert closed is not None
    assert read_pair(example) == closed


def test_a_dialogue_is_no_pair():
    seed = build_seed("When is it replaced?", "After 300 cycles.")
    assert read_pair(seed.model_copy(update={"messages": (*seed.messages, *seed.messages)})) is None


@settings(max_examples=50)
@given(st.integers(0, 2**40), st.integers(0, 4))
def test_the_right_passage_is_always_shown_once(seed, count):
    draft = build_open_book(DRAFT, RIGHT, OTHERS[:count], seed=seed)
    assert [p.chunk_id for p in draft.passages].count("chk_r") == 1
    assert len(draft.passages) == count + 1
