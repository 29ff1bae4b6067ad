"""The retention set: what is asked, what is kept of the answers, and that it comes out the same again."""

import itertools
import json
import re
from importlib.resources import files

import pytest

from ondol.core.errors import NoModelError
from ondol.core.models import ModelProfile
from ondol.engines.chat.fake import FakeChat
from ondol.forge.retain import (
    PoolPrompt,
    Rehearsal,
    build_retention,
    find_fault,
    is_looping,
    is_sensible,
    load_pool,
)
from ondol.text.language import detect_language
from ondol.text.normalise import fold, nfc
from ondol.text.shingles import jaccard, shingle

THOUGHT = {
    "en": """1. Why do cats purr at night?
2. {n} What is the best way to store {n} apples?
3. Summarise the text above.
4. Half a""",
    "ko": """1. 감자를 오래 보관하는 방법 {n}가지를 알려 주세요.
2. 다음 글을 요약해 주세요.
3. What is this?""",
}


def answer(request):
    """Think up tasks when asked for them, else answer."""
    text = request.messages[0].content
    language = detect_language(text)
    if "further tasks" in text or "번호를 붙여 한 줄에" in text:
        return THOUGHT[language].format(n=request.seed % 97)
    return f"{request.seed}번째 대답입니다." if language == "ko" else f"This is answer number {request.seed}."


def test_the_pool_is_whole_varied_and_in_its_language():
    pool = load_pool()
    assert len(pool) == len({prompt.id for prompt in pool}) == len({fold(prompt.prompt) for prompt in pool})
    for language in ("en", "ko"):
        mine = [prompt for prompt in pool if prompt.language == language]
        assert len(mine) >= 220
        assert len({prompt.category for prompt in mine}) == 15
        for prompt in mine:
            assert prompt.prompt == nfc(prompt.prompt).strip()
            assert detect_language(prompt.prompt) == language or prompt.category == "translation"
        shingles = [shingle(prompt.prompt) for prompt in mine]
        assert all(jaccard(a, b) < 0.6 for a, b in itertools.combinations(shingles, 2))


def test_the_pool_ships_with_its_licence():
    folder = files("ondol.forge.prompts")
    assert "CC0-1.0" in (folder / "LICENSE").read_text(encoding="utf-8")
    for language in ("en", "ko"):
        lines = (folder / f"retention_{language}.jsonl").read_text(encoding="utf-8").splitlines()
        assert all(set(json.loads(line)) == {"id", "category", "prompt"} for line in lines)


def test_pool_and_own_prompts_in_both_languages_answered_by_the_trainee():
    chat = FakeChat(answer)
    found = list(build_retention(24, chat=chat, seed=3))
    assert len(found) == 24
    assert {example.language for example in found} == {"en", "ko"}
    assert {example.source for example in found} == {"pool", "model"}
    assert len({example.id for example in found}) == 24
    prompts = [example.messages[0].content for example in found]
    assert len(set(prompts)) == 24
    assert not any("text above" in prompt or prompt == "다음 글을 요약해 주세요." for prompt in prompts)
    assert [m.role for m in found[0].messages] == ["user", "assistant"]
    assert {example.model for example in found} == {"fake-chat"}


def test_the_same_seed_gives_the_same_set_and_another_another():
    runs = [list(build_retention(12, chat=FakeChat(answer), seed=seed)) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_asking_for_several_at_once_changes_nothing():
    def script(request):
        if detect_language(request.messages[0].content) == "ko":
            return "No Korean here."
        return answer(request)

    runs = [list(build_retention(30, chat=FakeChat(script), concurrency=n)) for n in (1, 7)]
    assert runs[0] == runs[1]


def test_it_is_a_stream():
    chat = FakeChat(answer)
    stream = build_retention(10_000, chat=chat)
    next(stream)
    assert len(chat.requests) == 1


def test_what_must_not_be_there_is_not():
    secret = load_pool(("en",))
    banned = {prompt.prompt for prompt in secret[:200]}
    found = list(
        build_retention(
            30,
            chat=FakeChat(answer),
            languages=("en",),
            is_contaminated=lambda text: text in banned or "cats purr" in text,
        )
    )
    assert len(found) == 30
    assert not banned & {example.messages[0].content for example in found}


def test_it_ends_when_there_is_nothing_new_to_ask():
    pool = load_pool(("en",))[:5]
    chat = FakeChat(lambda r: "Nothing." if "further tasks" in r.messages[0].content else "A fine answer.")
    rehearsal = Rehearsal(chat, pool, languages=("en",), seed=0, max_tokens=64, temperature=0.8)
    assert len(list(rehearsal.run(50))) == 5
    assert list(build_retention(5, chat=chat, languages=("de",))) == []


def test_a_language_that_the_trainee_does_not_master_is_given_up():
    def script(request):
        return (
            answer(request)
            if detect_language(request.messages[0].content) == "en"
            else "I only know English."
        )

    chat = FakeChat(script)
    rehearsal = Rehearsal(chat, load_pool(), languages=("en", "ko"), seed=0, max_tokens=64, temperature=0.8)
    found = list(rehearsal.run(40))
    assert len(found) == 40
    assert rehearsal.dropped["language given up"] == 1
    assert rehearsal.dropped["language"] >= 20


def test_a_trainee_that_always_says_too_much_is_given_up_late_but_is():
    class Talker(FakeChat):
        def complete(self, request):
            reply = super().complete(request)
            cut = "further tasks" not in request.messages[0].content
            return reply.model_copy(update={"finish_reason": "length" if cut else "stop"})

    def script(request):
        if "further tasks" in request.messages[0].content:
            return answer(request)
        return f"One thing leads to {request.seed} and"

    rehearsal = Rehearsal(
        Talker(script), load_pool(), languages=("en",), seed=0, max_tokens=9, temperature=0.8
    )
    assert list(rehearsal.run(3)) == []
    assert rehearsal.dropped["language given up"] == 1
    assert 100 <= rehearsal.dropped["cut"] <= 220


def test_thinking_is_switched_off_and_a_missing_model_told():
    chat = FakeChat(answer, profile=ModelProfile(name="thinker", reasoning="switch"))
    next(build_retention(1, chat=chat))
    assert chat.requests[0].think is False
    with pytest.raises(NoModelError, match="none"):
        next(build_retention(1, chat=FakeChat([NoModelError("none")])))


def prompt(text="Why is the sky blue?", category="", language="en"):
    return PoolPrompt(id="x", category=category, prompt=text, language=language)


LOOP = "The sea is blue and wide. " * 8


@pytest.mark.parametrize(
    ("asked", "said", "is_cut", "fault"),
    [
        (prompt(), "Air scatters blue light most.", False, ""),
        (prompt(), "Air scatters blue light most.", True, ""),
        (prompt(), "Air scatters blue light most, and", True, "cut"),
        (prompt(), "Here are some tips:", True, "cut"),
        (prompt(), "```python\nprint(1)", True, "cut"),
        (prompt(), "```python\nprint(1)", False, "marks"),
        (prompt(), "  \n", False, "empty"),
        (prompt(), "...", False, "empty"),
        (prompt(), "Why is the sky blue?", False, "empty"),
        (prompt(), LOOP, False, "looping"),
        (prompt("주석은 언제 다나요?", "code", "ko"), "Whenever you like it.", False, "language"),
        (prompt("합을 구하는 코드를 써 주세요.", "code", "ko"), "```python\nsum(values)\n```", False, ""),
        (
            prompt("숫자만 답하세요. 일주일은 몇 시간인가요?", language="ko"),
            "답하세요. 일주일이 몇 시간인가요?",
            False,
            "echo",
        ),
        (
            prompt("You face north and turn right. Which way?"),
            "You face north and turn right.",
            False,
            "echo",
        ),
        (prompt("Turn into a question: 'It is late.'", "rewriting"), "Is it late?", False, ""),
        (prompt("Which is heavier, a kilo of iron or of hay?", "reasoning"), "A kilo of iron.", False, ""),
        (prompt(), "Blue.<|im_end|>", False, "marks"),
        (prompt(), "하늘은 파랗습니다.", False, "language"),
        (prompt("Translate into Korean: 'Hi'"), "안녕하세요.", False, ""),
        (prompt("What is 7 times 6?", "maths"), "42", False, ""),
        (prompt("하늘은 왜 파란가요?", language="ko"), "The sky is blue.", False, "language"),
        (prompt("하늘은 왜 파란가요?", language="ko"), "파란빛이 더 많이 흩어지기 때문입니다", True, ""),
    ],
)
def test_answers_of_no_use_are_told_apart(asked, said, is_cut, fault):
    assert find_fault(asked, said, is_cut=is_cut) == fault


@pytest.mark.parametrize(
    "text",
    [
        "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22",
        "- one thing\n- another thing\n- a third thing that is longer\n- a fourth",
        "He said that it was late. She said that it was not. They said that it was time to go home now.",
    ],
)
def test_lists_and_counting_are_no_loops(text):
    assert not is_looping(text)


@pytest.mark.parametrize("text", [LOOP, "ha" * 40, "I like the old town.\n" * 3, "아주 " * 30])
def test_loops_are_seen(text):
    assert is_looping(text)


@pytest.mark.parametrize(
    ("text", "language", "sensible"),
    [
        ("Why do cats purr at night?", "en", True),
        ("Summarise the following text.", "en", False),
        ('Summarise the following text: "The ferry is late again today."', "en", True),
        ("Write about [insert topic] now.", "en", False),
        ("why not", "en", False),
        ("Name three things that you would take to", "en", False),
        ("감자를 오래 보관하는 방법을 알려 주세요.", "en", False),
        ("감자를 오래 보관하는 방법을 알려 주세요.", "ko", True),
        ("다음 글을 한 문장으로 줄여 주세요.", "ko", False),
    ],
)
def test_own_prompts_must_make_sense(text, language, sensible):
    assert is_sensible(text, language) is sensible


def test_no_prompt_of_the_pool_asks_for_what_is_not_there():
    missing = re.compile(r"\b(?:text|article|code|image) (?:above|below)\b|위 글|첨부")
    assert not [prompt.id for prompt in load_pool() if missing.search(prompt.prompt)]
