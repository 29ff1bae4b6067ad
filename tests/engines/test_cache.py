"""Calls that are kept: the same question once, errors never, the whole question in the key."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondol.core.access import LOCAL_PRINCIPAL, Grade, Principal
from ondol.core.errors import EngineUnavailableError
from ondol.core.models import ChatReply, ChatRequest, Message, ModelProfile
from ondol.core.protocols import ChatModel
from ondol.engines.cache import CachedChat, build_call_key
from ondol.engines.chat.fake import FakeChat
from ondol.engines.chat.openai import OpenAIChat
from ondol.store import open_store

ME = LOCAL_PRINCIPAL
LEE = Principal(name="lee")


class Notebook:
    """A store of calls in memory."""

    def __init__(self):
        self.kept = {}

    def find_reply(self, key, *, principal):
        return self.kept[key][0] if key in self.kept else None

    def save_reply(self, key, reply, *, sources, label):
        first, known, _ = self.kept.setdefault(key, (reply, set(), label))
        known.update(sources)
        return first


def ask(text="What?", **fields):
    return ChatRequest(messages=(Message(role="user", content=text),), **fields)


def wrap(chat, calls, **fields):
    return CachedChat(chat, calls, fingerprint="f", principal=ME, **fields)


def test_it_is_a_chat_model():
    chat = wrap(FakeChat(), Notebook())
    assert isinstance(chat, ChatModel)
    assert (chat.profile.name, chat.fingerprint) == ("fake-chat", "f")
    assert "".join(delta.text for delta in chat.stream(ask())) == "OK."


def test_a_question_is_asked_once():
    engine, told = FakeChat(["one", "two"]), []
    chat = wrap(engine, Notebook(), on_call=told.append)
    first = chat.complete_keyed(ask(), sources=["doc_1"], label="open")
    second = chat.complete_keyed(ask(), sources=["doc_1"], label="open")
    assert (first.reply.text, first.replayed, second.replayed) == ("one", False, True)
    assert (first.reply, first.key) == (second.reply, second.key)
    assert told == [first, second]
    assert len(engine.requests) == 1
    assert chat.complete(ask("Else?")).text == "two"


def test_a_replayed_call_learns_of_another_document():
    calls = Notebook()
    chat = wrap(FakeChat(), calls)
    key = chat.complete_keyed(ask(), sources=["doc_1"], label="open").key
    chat.complete_keyed(ask(), sources=["doc_2"], label="open")
    assert calls.kept[key][1] == {"doc_1", "doc_2"}


@pytest.mark.parametrize(
    "other",
    [
        {"max_tokens": 7},
        {"temperature": 0.5},
        {"top_p": 0.5},
        {"seed": 1},
        {"seed": None},
        {"stop": ("x",)},
        {"think": True},
        {"json_schema": {"type": "object"}},
        {"text": "What? "},
    ],
)
def test_whatever_changes_the_reply_changes_the_key(other):
    assert build_call_key("f", ask(), label="open") != build_call_key("f", ask(**other), label="open")


def test_model_and_label_are_in_the_key_and_patience_is_not():
    key = build_call_key("f", ask(), label="open")
    assert key != build_call_key("g", ask(), label="open")
    assert key != build_call_key("f", ask(), label="open+hr")
    assert key == build_call_key("f", ask(timeout_s=1.0), label="open")
    chat = wrap(FakeChat(), Notebook())
    assert (
        chat.complete_keyed(ask(), sources=(), label="hr+open").key
        == chat.complete_keyed(ask(), sources=(), label="open+hr").key
    ), "one label has one key, however it is written"


@given(st.text(), st.text())
def test_different_texts_have_different_keys(one, other):
    same = build_call_key("f", ask(one), label="open") == build_call_key("f", ask(other), label="open")
    assert same == (one == other)


def test_a_call_without_known_sources_is_as_strict_as_its_caller():
    calls = Notebook()
    kim = Principal(name="kim", grade=Grade.SENSITIVE, groups=frozenset({"hr"}))
    CachedChat(FakeChat(), calls, fingerprint="f", principal=kim).complete(ask())
    assert [label for _, _, label in calls.kept.values()] == ["sensitive+hr"]
    wrap(FakeChat(), calls, label="open", sources=["doc_1"]).complete(ask())
    assert list(calls.kept.values())[1][1:] == ({"doc_1"}, "open")


def test_failures_and_broken_replies_are_not_kept():
    calls = Notebook()
    chat = wrap(FakeChat([EngineUnavailableError("down"), "up"]), calls)
    with pytest.raises(EngineUnavailableError, match="down"):
        chat.complete(ask())
    assert not calls.kept
    assert chat.complete(ask()).text == "up"

    class Broken(FakeChat):
        def complete(self, request):
            self.requests.append(request)
            return ChatReply(text="half", finish_reason="error", model="m")

    broken = Broken()
    chat = wrap(broken, calls)
    assert [chat.complete(ask("B")).text, chat.complete(ask("B")).text] == ["half", "half"]
    assert len(broken.requests) == 2
    assert len(calls.kept) == 1


def test_a_reply_cut_off_by_its_limit_is_kept_so_that_a_second_run_is_like_the_first():
    engine = FakeChat("a b c d")
    chat = wrap(engine, Notebook())
    assert chat.complete(ask(max_tokens=2)).finish_reason == "length"
    assert chat.complete(ask(max_tokens=2)).text == "a b"
    assert len(engine.requests) == 1


def test_half_a_character_does_no_harm(tmp_path):
    with open_store(tmp_path / "home") as store:
        chat = wrap(FakeChat("cut \ud83d", thinking="\udc00"), store.calls)
        first = chat.complete(ask("\ud800"))
        assert (first.text, first.thinking) == ("cut ?", "?")
        assert chat.complete(ask("\ud800")) == first


def test_the_same_question_at_once_is_asked_once():
    begun, go = threading.Event(), threading.Event()

    def script(request):
        begun.set()
        assert go.wait(10)
        return "slow"

    engine = FakeChat(script)
    calls = Notebook()
    chat = wrap(engine, calls)
    with ThreadPoolExecutor(8) as pool:
        futures = [
            pool.submit(chat.complete_keyed, ask(), sources=[f"doc_{n}"], label="open") for n in range(8)
        ]
        assert begun.wait(10)
        time.sleep(0.05)
        go.set()
        replies = [future.result(10) for future in futures]
    assert len(engine.requests) == 1
    assert sorted(reply.replayed for reply in replies) == [False, *[True] * 7]
    assert next(iter(calls.kept.values()))[1] == {f"doc_{n}" for n in range(8)}
    assert not chat._in_flight


def test_who_waits_for_a_call_that_fails_is_told_and_may_ask_again():
    begun, go = threading.Event(), threading.Event()

    def script(request):
        if begun.is_set():
            return "now"
        begun.set()
        assert go.wait(10)
        return EngineUnavailableError("gone")

    chat = wrap(FakeChat(script), Notebook())
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(chat.complete, ask())
        assert begun.wait(10)
        second = pool.submit(chat.complete, ask())
        time.sleep(0.05)
        go.set()
        for future in (first, second):
            with pytest.raises(EngineUnavailableError, match="gone"):
                future.result(10)
    assert chat.complete(ask()).text == "now"


def test_many_threads_over_a_store(tmp_path):
    engine = FakeChat(lambda request: request.messages[0].content.upper())
    with open_store(tmp_path / "home") as store:
        chat = wrap(engine, store.calls)
        with ThreadPoolExecutor(8) as pool:
            texts = list(pool.map(lambda n: chat.complete(ask(f"q{n % 20}")).text, range(100)))
        assert texts == [f"Q{n % 20}" for n in range(100)]
        assert len(engine.requests) == 20
        assert store.calls.count() == 20


def test_a_model_is_known_by_what_changes_its_replies():
    small = FakeChat(profile=ModelProfile(name="small"))
    assert small.fingerprint != FakeChat().fingerprint
    here = OpenAIChat("http://127.0.0.1:9/v1", "m")
    assert here.fingerprint == OpenAIChat("http://127.0.0.1:9/v1/", "m").fingerprint
    assert here.fingerprint != OpenAIChat("http://127.0.0.1:9/v1", "n").fingerprint
    assert here.fingerprint != OpenAIChat("http://127.0.0.1:8/v1", "m").fingerprint
    thinking = OpenAIChat("http://127.0.0.1:9/v1", "m", profile={"reasoning": "always"})
    assert here.fingerprint != thinking.fingerprint
    wide = OpenAIChat("http://127.0.0.1:9/v1", "m", profile={"context_tokens": 99_999})
    assert here.fingerprint == wide.fingerprint, "what fits changes no reply"
