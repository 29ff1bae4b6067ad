"""The adapter for OpenAI-compatible servers, against a server that misbehaves."""

import socket

import pytest
from fault_server import USAGE, Reply, chat_reply, delta, json_reply, sse
from pydantic import SecretStr

from ondol.core.errors import (
    AccessDeniedError,
    ContextLengthError,
    EngineBusyError,
    EngineError,
    EngineProtocolError,
    EngineTimeoutError,
    EngineUnavailableError,
    NoModelError,
    SettingsError,
)
from ondol.core.models import ChatRequest, Message
from ondol.engines.chat.openai import OpenAIChat

KEY = "sk-very-secret-0123456789"


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def chat(server, pauses):
    return OpenAIChat(server.base_url, "served-model", api_key=SecretStr(KEY), sleep=pauses.append)


def ask(**fields):
    return ChatRequest(messages=(Message(role="user", content="question"),), **fields)


def test_a_reply_is_put_together_with_its_counts(server, chat):
    server.replies = [chat_reply("Hel", "lo.")]
    reply = chat.complete(ask())
    assert (reply.text, reply.finish_reason) == ("Hello.", "stop")
    assert (reply.prompt_tokens, reply.completion_tokens) == (11, 7)
    method, path, headers, body = server.requests[0]
    assert (method, path) == ("POST", "/v1/chat/completions")
    assert headers["authorization"] == f"Bearer {KEY}"
    assert body["messages"] == [{"role": "user", "content": "question"}]


def test_the_server_tells_the_context_and_the_only_model(server):
    chat = OpenAIChat(server.base_url)
    assert chat.profile.name == "served-model"
    assert chat.profile.context_tokens == 2048
    assert chat.complete(ask()).model == "served-model"
    assert server.requests[0][3]["model"] == "served-model"


def test_settings_replace_what_the_family_is_known_for(server):
    chat = OpenAIChat(server.base_url, "EXAONE-4.0-32B", profile={"context_tokens": 999, "can_cite": False})
    assert chat.profile.context_tokens == 999
    assert not chat.profile.can_cite
    assert chat.profile.reasoning == "switch"
    with pytest.raises(SettingsError, match="nonsense"):
        OpenAIChat(server.base_url, "m", profile={"nonsense": 1})


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"error": {"message": f"bad key {KEY}"}}, EngineError),
        (404, {"error": {"message": "no such model"}}, NoModelError),
        (400, {"error": {"message": "maximum context length is 4096 tokens"}}, ContextLengthError),
        (400, {"detail": "temperature must be positive"}, EngineProtocolError),
        (302, {}, EngineProtocolError),
    ],
)
def test_lasting_faults_are_told_once_with_a_remedy_and_no_key(server, chat, pauses, status, body, error):
    server.replies = [json_reply(body, status)]
    with pytest.raises(error) as caught:
        chat.complete(ask())
    assert caught.value.remedy
    assert KEY not in str(caught.value)
    assert "127.0.0.1" in caught.value.message
    assert len(server.requests) == 1
    assert pauses == []


@pytest.mark.parametrize(("status", "error"), [(429, EngineBusyError), (504, EngineTimeoutError)])
def test_passing_faults_are_tried_again_with_growing_pauses(server, chat, pauses, status, error):
    server.replies = [json_reply({}, status)]
    with pytest.raises(error):
        chat.complete(ask())
    assert len(server.requests) == 3
    assert pauses == sorted(pauses)


def test_a_server_that_recovers_is_answered_from(server, chat):
    server.replies = [json_reply({}, 500), json_reply({}, 503), chat_reply("Back.")]
    assert chat.complete(ask()).text == "Back."


def test_a_reply_that_breaks_off_is_asked_for_again(server, chat):
    server.replies = [Reply([sse(delta("Hal"), done=False)], end="cut"), chat_reply("Whole.")]
    assert chat.complete(ask()).text == "Whole."


@pytest.mark.parametrize("end", ["cut", "whole"])
def test_a_stream_that_breaks_off_is_never_taken_for_whole(server, chat, end):
    server.replies = [Reply([sse(delta("Hal"), done=False)], end=end)]
    seen = []
    with pytest.raises(EngineUnavailableError):
        seen.extend(d.text for d in chat.stream(ask()))
    assert len(server.requests) == 1  # what was handed on cannot be taken back


def test_a_server_that_hangs_is_not_waited_for(server, chat):
    server.replies = [Reply([sse(delta("Hal"), done=False)], end="hang")]
    with pytest.raises(EngineTimeoutError):
        chat.complete(ask(timeout_s=0.3))


def test_closing_the_stream_closes_the_connection(server, chat):
    server.replies = [Reply([sse(delta("Hal"), done=False)], end="hang")]
    stream = chat.stream(ask())
    assert next(stream).text == "Hal"
    stream.close()
    assert server.client_left.wait(5)


@pytest.mark.parametrize(
    "piece",
    [b"data: {not json}\n\n", b"data: [1, 2]\n\n", b'data: {"choices": 5}\n\n', b"data: 7\n\n"],
)
def test_garbage_in_a_stream_is_an_error_of_ours(server, chat, piece):
    server.replies = [Reply([piece])]
    with pytest.raises(EngineProtocolError):
        chat.complete(ask())


def test_a_page_instead_of_a_stream_is_an_error(server, chat):
    server.replies = [Reply([b"<html>nginx</html>"])]
    with pytest.raises(EngineError):
        chat.complete(ask())


def test_an_error_inside_the_stream_is_an_error(server, chat):
    event = {"error": {"message": "This model's maximum context length is 10 tokens", "code": 400}}
    server.replies = [Reply([sse(event, done=False)])]
    with pytest.raises(ContextLengthError):
        chat.complete(ask())


def test_nobody_listening_says_where_and_what_to_do(pauses):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    chat = OpenAIChat(f"http://127.0.0.1:{port}/v1", "m", sleep=pauses.append)
    assert chat.profile.name == "m"
    with pytest.raises(EngineUnavailableError, match=str(port)) as caught:
        chat.complete(ask())
    assert "base URL" in caught.value.remedy


def test_characters_cut_anywhere_arrive_whole(server, chat):
    data = sse(delta("안녕 🙂"), delta("하세요"), delta(finish="stop"), USAGE)
    server.replies = [Reply([data[i : i + 1] for i in range(len(data))])]
    texts = [d.text for d in chat.stream(ask())]
    assert "".join(texts) == "안녕 🙂하세요"


def test_comments_and_unknown_events_are_passed_over(server, chat):
    data = b": ping\n\nevent: message\n" + sse(delta("Hi."), delta(finish="length"), USAGE).replace(
        b"\n", b"\r\n"
    )
    server.replies = [Reply([data])]
    assert chat.complete(ask()).finish_reason == "length"


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thinking_that_the_server_parted_is_kept_apart(server, field):
    chat = OpenAIChat(server.base_url, "EXAONE-Deep-32B")
    server.replies = [Reply([sse(delta(**{field: "hm"}), delta("42"), delta(finish="stop"), USAGE)])]
    reply = chat.complete(ask())
    assert (reply.thinking, reply.text) == ("hm", "42")


@pytest.mark.parametrize(
    ("model", "think", "text", "thinking", "answer"),
    [
        ("EXAONE-Deep-7.8B", None, "<thought>hm</thought>\n\n42", "hm", "42"),
        ("EXAONE-4.0-1.2B", True, "because</think>\n\n42", "because", "42"),
        ("EXAONE-4.0-1.2B", True, "42", "", "42"),
        ("EXAONE-4.0-1.2B", None, "42 < 43", "", "42 < 43"),
        ("Qwen3-8B", None, "<think>\n\n</think>\n\n42", "", "42"),
        ("served-model", None, "<p>42</p>", "", "<p>42</p>"),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 100])
def test_thinking_left_in_the_text_is_parted_here(server, model, think, text, thinking, answer, size):
    chat = OpenAIChat(server.base_url, model)
    server.replies = [chat_reply(*(text[i : i + size] for i in range(0, len(text), size)))]
    reply = chat.complete(ask(think=think))
    assert (reply.thinking, reply.text) == (thinking, answer)


@pytest.mark.parametrize(("think", "sent"), [(True, True), (False, False), (None, False)])
def test_a_switchable_model_is_always_told_whether_to_think(server, think, sent):
    OpenAIChat(server.base_url, "EXAONE-4.0-32B").complete(ask(think=think))
    assert server.requests[0][3]["chat_template_kwargs"] == {"enable_thinking": sent}


def test_a_json_schema_is_sent_as_response_format(server, chat):
    chat.complete(ask(json_schema={"type": "integer"}))
    sent = server.requests[0][3]["response_format"]
    assert sent["type"] == "json_schema"
    assert sent["json_schema"]["schema"] == {"type": "integer"}


def test_only_hosts_of_the_settings_are_called():
    with pytest.raises(AccessDeniedError, match=r"example\.org"):
        OpenAIChat("https://example.org/v1", "m", allowed=["https://models.internal/v1"])
    OpenAIChat("https://models.internal/v1", "m", allowed=["https://models.internal/v1"])


def test_the_key_is_in_no_representation(chat):
    assert KEY not in repr(chat.endpoint())
    assert KEY in chat.endpoint().headers["Authorization"]
