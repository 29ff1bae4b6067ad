"""What every chat model must do."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from ondol.core.errors import ContextLengthError, WrongUseError
from ondol.core.models import ChatDelta, ChatReply, ChatRequest, Message
from ondol.core.protocols import ChatModel

KOREAN = "서울의 겨울 날씨는 춥고 건조하다 🙂"


def ask(text="Count from one to ten.", **fields):
    fields.setdefault("max_tokens", 24)
    return ChatRequest(messages=(Message(role="user", content=text),), **fields)


def test_it_is_a_chat_model_with_a_profile(chat):
    assert isinstance(chat, ChatModel)
    assert chat.profile.name
    assert chat.profile.context_tokens >= 256


def test_a_reply_is_whole_and_counted(chat):
    reply = chat.complete(ask())
    assert isinstance(reply, ChatReply)
    assert reply.text.strip()
    assert reply.prompt_tokens > 0
    assert 0 < reply.completion_tokens <= 24
    assert reply.model == chat.profile.name


def test_a_stream_ends_with_its_reason_and_counts(chat):
    *pieces, last = chat.stream(ask())
    assert all(isinstance(p, ChatDelta) and p.finish_reason is None for p in pieces)
    assert "".join(p.text for p in pieces).strip()
    assert last.finish_reason in {"stop", "length"}
    assert last.prompt_tokens > 0
    assert last.completion_tokens > 0


def test_running_out_of_tokens_is_said(chat):
    reply = chat.complete(ask("Tell a long story about a drone.", max_tokens=3))
    assert reply.finish_reason == "length"
    assert reply.completion_tokens == 3


def test_the_same_question_and_seed_give_the_same_reply(chat):
    assert chat.complete(ask(seed=7)).text == chat.complete(ask(seed=7)).text


def test_a_stop_text_ends_the_reply_and_is_not_shown(chat):
    reply = chat.complete(ask(json_schema={"const": "one STOP two"}, stop=("STOP",)))
    assert reply.text == '"one '
    assert reply.finish_reason == "stop"


def test_korean_and_emoji_arrive_whole_in_every_piece(chat):
    pieces = list(chat.stream(ask("x", json_schema={"const": KOREAN}, max_tokens=200)))
    assert "".join(p.text for p in pieces) == f'"{KOREAN}"'
    assert not any("\ufffd" in p.text for p in pieces)


def test_a_closed_stream_leaves_the_model_usable(chat):
    stream = chat.stream(ask("Tell a long story.", max_tokens=400))
    next(stream)
    stream.close()
    assert chat.complete(ask()).text.strip()


def test_several_threads_are_served_at_once(chat):
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda i: chat.complete(ask(f"Say {i}.", max_tokens=8)), range(6)))
    assert all(r.text for r in replies)


def test_a_prompt_that_does_not_fit_is_refused(chat):
    with pytest.raises(ContextLengthError) as caught:
        chat.complete(ask("drone " * (chat.profile.context_tokens + 100)))
    assert caught.value.remedy


@pytest.mark.parametrize(
    "schema",
    [{"type": "nonsense"}, {"enum": []}, {"not": {"type": "string"}}, {"$ref": "#/definitions/missing"}],
    ids=["unknown type", "empty enum", "unknown keyword", "dangling reference"],
)
def test_a_schema_that_cannot_be_enforced_is_refused_before_asking(chat, schema):
    with pytest.raises(WrongUseError, match="JSON schema"):
        chat.complete(ask(json_schema=schema))


def test_a_lone_surrogate_does_no_harm(chat):
    assert chat.complete(ask("Hello \ud800 there.")).text
