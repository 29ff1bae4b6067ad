"""The OpenAI-compatible endpoints, with the unmodified `openai` client against a real server."""

import asyncio
import base64
import itertools
import json
import struct
import threading

import openai
import pytest
import uvicorn
from pydantic import SecretStr
from serve_harness import ServedOndol, add_key, listening, running, serving, wait_until
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from ondol.core.errors import EngineBusyError, EngineUnavailableError
from ondol.engines.chat.fake import FakeChat
from ondol.engines.chat.openai import OpenAIChat
from ondol.engines.embed.openai import OpenAIEmbedder

QUESTION = [{"role": "user", "content": "How much does the battery weigh?"}]

TOO_LONG = {"error": {"code": 400, "type": "exceed_context_size_error", "message": "too long"}}


class Engine:
    """An OpenAI-compatible engine on loopback that remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[dict] = []
        self.headers: list[dict] = []
        self.pieces = ["The ", "answer", "."]
        self.status = 200
        self.error: dict = {}
        self.hold = threading.Event()
        self.hold.set()
        self.left = threading.Event()
        self.app = Starlette(
            routes=[
                Route("/v1/chat/completions", self.complete, methods=["POST"]),
                Route("/v1/completions", self.complete, methods=["POST"]),
                Route("/v1/models", self.models),
                Route("/v1/embeddings", self.embed, methods=["POST"]),
            ]
        )

    async def models(self, _request: Request) -> JSONResponse:
        return JSONResponse({"data": [{"id": "real-name", "max_model_len": 4096}]})

    async def embed(self, request: Request) -> JSONResponse:
        body = await request.json()
        self.requests.append(body)
        inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
        data = [{"index": i, "embedding": [0.5, float(i)]} for i in range(len(inputs))]
        return JSONResponse({"data": data[::-1], "usage": {"prompt_tokens": 11}})

    async def complete(self, request: Request):
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        if self.status != 200:
            return JSONResponse(self.error, status_code=self.status)
        kind = "text" if "prompt" in body else "chat"
        return StreamingResponse(self.stream(kind, request), media_type="text/event-stream")

    async def stream(self, kind: str, request: Request):
        def event(choice: dict, **more) -> str:
            chunk = {
                "id": "x",
                "object": "o",
                "created": 1,
                "model": "real-name",
                "choices": [choice],
                **more,
            }
            return f"data: {json.dumps(chunk)}\n\n"

        try:
            for piece in self.pieces:
                content = {"text": piece} if kind == "text" else {"delta": {"content": piece}}
                yield event({"index": 0, **content, "finish_reason": None})
                await asyncio.to_thread(self.hold.wait, 20)
            last = {"text": ""} if kind == "text" else {"delta": {}}
            yield event({"index": 0, **last, "finish_reason": "stop"})
            usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
            yield f"data: {json.dumps({'id': 'x', 'choices': [], 'usage': usage})}\n\n"
            yield "data: [DONE]\n\n"
        finally:
            self.left.set()


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def engine_url(engine):
    with running(uvicorn.Config(engine.app, host="127.0.0.1", log_level="warning")) as url:
        yield f"{url}/v1"


@pytest.fixture
def through(open_home, engine_url):
    """A server whose chat model is behind the engine, under the name `real-name`."""
    chat = OpenAIChat(engine_url, "real-name", api_key=SecretStr("engine-key"))
    ondol = open_home(chat=chat, chat_base_url=engine_url)
    with listening(ondol) as url:
        yield url


@pytest.fixture
def fake_url(open_home):
    with listening(open_home(chat=FakeChat("Hello there, friend."), chat_base_url="http://unused")) as url:
        yield url


def client_of(url: str, **options) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key="anything", max_retries=0, **options)


# -- the model ondol


def test_ondol_answers_with_citations(fake_url, filled_home):
    with client_of(fake_url) as client:
        reply = client.chat.completions.create(model="ondol", messages=QUESTION)
    choice = reply.choices[0]
    assert "450 g" in choice.message.content
    assert choice.finish_reason == "stop"
    assert reply.model == "ondol"
    assert reply.object == "chat.completion"
    cited = choice.message.model_extra["citations"]
    assert cited == reply.model_extra["citations"]
    assert cited[0]["quote"]
    assert reply.usage is not None


def test_ondol_streams_and_the_last_chunk_has_the_citations(fake_url):
    with client_of(fake_url) as client:
        whole = client.chat.completions.create(model="ondol", messages=QUESTION)
        options = {"include_usage": True}
        with client.chat.completions.create(
            model="ondol", messages=QUESTION, stream=True, stream_options=options
        ) as stream:
            chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    last = [chunk for chunk in chunks if chunk.choices][-1]
    assert last.choices[0].finish_reason == "stop"
    assert last.choices[0].delta.model_extra["citations"] == last.model_extra["citations"]
    assert chunks[-1].usage is not None
    assert len({chunk.id for chunk in chunks}) == 1


def test_ondol_reads_the_conversation(open_home, monkeypatch):
    ondol = open_home()
    seen = {}
    real = ondol.ask_stream

    def spy(question, **options):
        seen.update(options, question=question)
        return real(question, **options)

    monkeypatch.setattr(ondol, "ask_stream", spy)
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "How much does the battery weigh?"},
        {"role": "assistant", "content": "450 g [1]"},
        {"role": "user", "content": [{"type": "text", "text": "How long does it last?"}]},
    ]
    with serving(ondol) as client:
        reply = client.post("/v1/chat/completions", json={"model": "ondol", "messages": messages})
        assert reply.status_code == 200
        assert client.get("/api/v1/conversations").json()["conversations"] == []
    assert seen["question"] == "How long does it last?"
    assert [(t.question, t.answer) for t in seen["history"]] == [
        ("How much does the battery weigh?", "450 g [1]")
    ]


def test_ondol_completes_text_too(fake_url):
    with client_of(fake_url) as client:
        reply = client.completions.create(model="ondol", prompt="How much does the battery weigh?")
    assert "450 g" in reply.choices[0].text
    assert reply.model_extra["citations"]


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "assistant", "content": "hello"}],
        [{"role": "user", "content": "  "}],
        [{"role": "system", "content": "x"}],
        [{"role": "user", "content": None}],
    ],
)
def test_ondol_needs_a_question(client, messages):
    reply = client.post("/v1/chat/completions", json={"model": "ondol", "messages": messages})
    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == "messages"
    assert reply.json()["error"]["type"] == "invalid_request_error"


def test_ondol_shows_nothing_above_the_asker(ondol):
    kim = add_key(ondol, "kim", "open")
    body = {"model": "ondol", "messages": [{"role": "user", "content": "성과급은 언제 지급하나?"}]}
    with serving(ondol) as client:
        reply = client.post("/v1/chat/completions", json=body, headers=kim).json()
    assert all("급여" not in citation["uri"] for citation in reply["citations"])
    assert "3월" not in reply["choices"][0]["message"]["content"]


# -- models of engines


def test_a_chat_passes_through_under_our_name_and_with_the_engines_key(through, engine):
    with client_of(through) as client:
        reply = client.chat.completions.create(
            model="real-name",
            messages=QUESTION,
            temperature=0.5,
            max_completion_tokens=9,
            user="kim",
            extra_body={"n_discard": -1, "id_slot": 3, "grammar": "x"},
        )
    assert reply.choices[0].message.content == "The answer."
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.total_tokens == 10
    assert reply.model == "real-name"
    asked = engine.requests[-1]
    assert asked["model"] == "real-name"
    assert (asked["temperature"], asked["max_tokens"]) == (0.5, 9)
    assert not {"n_discard", "id_slot", "grammar", "user", "max_completion_tokens"} & set(asked)
    assert asked["stream"] is True
    assert engine.headers[-1]["authorization"] == "Bearer engine-key"
    assert "anything" not in json.dumps(engine.headers[-1])


def test_a_streamed_chat_passes_through(through):
    with client_of(through) as client:
        chunks = list(client.chat.completions.create(model="real-name", messages=QUESTION, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "The answer."
    assert {chunk.model for chunk in chunks} == {"real-name"}


def test_a_text_completion_passes_through(through, engine):
    with client_of(through) as client:
        reply = client.completions.create(model="real-name", prompt="Once upon", max_tokens=5)
    assert reply.choices[0].text == "The answer."
    assert engine.requests[-1]["prompt"] == "Once upon"


@pytest.mark.parametrize("stream", [True, False])
def test_who_leaves_stops_the_engine(through, engine, stream):
    engine.pieces = itertools.repeat("word ")
    engine.hold.clear()
    with client_of(through, timeout=1.0) as client:
        if stream:
            with client.chat.completions.create(model="real-name", messages=QUESTION, stream=True) as chunks:
                next(iter(chunks))
        else:
            with pytest.raises(openai.APITimeoutError):
                client.chat.completions.create(model="real-name", messages=QUESTION)
    engine.hold.set()  # it goes on writing, and finds nobody there
    wait_until(engine.left.is_set)
    assert len(engine.requests) == 1


def test_thinking_is_parted_from_the_answer(open_home, engine, engine_url):
    engine.pieces = ["<thi", "nk>Let me", " see.</think>", "\n\n42"]
    chat = OpenAIChat(engine_url, "real-name", profile={"reasoning": "switch"})
    with listening(open_home(chat=chat, chat_base_url=engine_url)) as url, client_of(url) as client:
        reply = client.chat.completions.create(model="real-name", messages=QUESTION, reasoning_effort="high")
        assert reply.choices[0].message.content == "42"
        assert reply.choices[0].message.model_extra["reasoning_content"] == "Let me see."
        assert engine.requests[-1]["chat_template_kwargs"] == {"enable_thinking": True}
        client.chat.completions.create(model="real-name", messages=QUESTION)
        assert engine.requests[-1]["chat_template_kwargs"] == {"enable_thinking": False}


def test_tool_calls_are_put_together(through, engine, monkeypatch):
    calls = [
        {"index": 0, "id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a"'}},
        {"index": 0, "function": {"arguments": ": 1}"}},
    ]

    async def stream(_kind, _request):
        last = {"index": 0, "delta": {}, "finish_reason": "tool_calls"}
        for choice in [*({"index": 0, "delta": {"tool_calls": [call]}} for call in calls), last]:
            yield f"data: {json.dumps({'choices': [choice]})}\n\n"

    monkeypatch.setattr(engine, "stream", stream)
    tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
    with client_of(through) as client:
        reply = client.chat.completions.create(model="real-name", messages=QUESTION, tools=[tool])
    choice = reply.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    assert choice.message.tool_calls[0].function.arguments == '{"a": 1}'
    assert engine.requests[-1]["tools"] == [tool]


@pytest.mark.parametrize(
    ("status", "error", "kind", "code"),
    [
        (400, TOO_LONG, openai.BadRequestError, "context_length_exceeded"),
        (400, {"error": {"message": "bad stop"}}, openai.BadRequestError, "wrong_use"),
        (429, {}, openai.RateLimitError, "rate_limit_exceeded"),
        (503, {}, openai.InternalServerError, "engine_unavailable"),
        (401, {"error": {"message": "engine-key is wrong"}}, openai.InternalServerError, "engine_error"),
        (500, {}, openai.InternalServerError, "engine_error"),
    ],
)
def test_errors_of_the_engine_take_openais_shape(through, engine, status, error, kind, code):
    engine.status, engine.error = status, error
    with client_of(through) as client, pytest.raises(kind) as caught:
        client.chat.completions.create(model="real-name", messages=QUESTION)
    assert caught.value.code == code
    assert "engine-key" not in str(caught.value)


def test_an_engine_that_is_gone_is_unavailable(open_home):
    chat = OpenAIChat("http://127.0.0.1:9/v1", "real-name", profile={"context_tokens": 4096})
    with (
        listening(open_home(chat=chat, chat_base_url="http://127.0.0.1:9/v1")) as url,
        client_of(url) as client,
        pytest.raises(openai.InternalServerError) as caught,
    ):
        client.chat.completions.create(model="real-name", messages=QUESTION)
    assert caught.value.code == "engine_unavailable"


def test_pictures_are_not_fetched_from_elsewhere(through, engine):
    content = [{"type": "image_url", "image_url": {"url": "http://169.254.169.254/secret"}}]
    with client_of(through) as client, pytest.raises(openai.BadRequestError, match="data: URL"):
        client.chat.completions.create(model="real-name", messages=[{"role": "user", "content": content}])
    assert engine.requests == []


def test_a_schema_that_cannot_be_enforced_is_refused(through, engine):
    schema = {"type": "object", "minProperties": 3}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    with client_of(through) as client, pytest.raises(openai.BadRequestError, match="minProperties"):
        client.chat.completions.create(model="real-name", messages=QUESTION, response_format=form)
    assert engine.requests == []


# -- models that speak our own protocol


def test_a_model_of_our_own_protocol_replies(fake_url):
    with client_of(fake_url) as client:
        reply = client.chat.completions.create(model="fake-chat", messages=QUESTION)
        assert reply.choices[0].message.content == "Hello there, friend."
        assert reply.usage.completion_tokens == 3
        with client.chat.completions.create(model="fake-chat", messages=QUESTION, stream=True) as stream:
            assert "".join(c.choices[0].delta.content or "" for c in stream) == "Hello there, friend."
        assert (
            client.completions.create(model="fake-chat", prompt="Hi").choices[0].text
            == "Hello there, friend."
        )
        with pytest.raises(openai.BadRequestError, match="one reply"):
            client.chat.completions.create(model="fake-chat", messages=QUESTION, n=2)


def test_a_failure_in_mid_stream_is_raised_by_the_client(open_home):
    chat = FakeChat("one two three four", fail_after=2, failure=EngineUnavailableError("It died."))
    with listening(open_home(chat=chat, chat_base_url="http://unused")) as url, client_of(url) as client:
        chunks = client.chat.completions.create(model="fake-chat", messages=QUESTION, stream=True)
        with pytest.raises(openai.APIError, match="It died"):
            list(chunks)
        with pytest.raises(openai.InternalServerError):
            client.chat.completions.create(model="fake-chat", messages=QUESTION)


def test_a_busy_engine_is_a_rate_limit(open_home):
    chat = FakeChat([EngineBusyError("The queue is full.")])
    ondol = open_home(chat=chat, chat_base_url="http://unused")
    with (
        listening(ondol) as url,
        client_of(url) as client,
        pytest.raises(openai.RateLimitError) as caught,
    ):
        client.chat.completions.create(model="fake-chat", messages=QUESTION, stream=True)
    assert caught.value.response.headers["retry-after"]


def test_an_unknown_model_names_those_there_are(fake_url):
    with client_of(fake_url) as client:
        with pytest.raises(openai.NotFoundError, match="ondol, fake-chat") as caught:
            client.chat.completions.create(model="gpt-4", messages=QUESTION)
        assert caught.value.code == "model_not_found"
        assert caught.value.param == "model"
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("gpt-4")
        assert client.models.retrieve("ondol").id == "ondol"
        assert [model.id for model in client.models.list()][:1] == ["ondol"]


def test_a_wrong_key_is_an_authentication_error(fake_url):
    client = openai.OpenAI(base_url=f"{fake_url}/v1", api_key="ondol_wrong", max_retries=0)
    with client, pytest.raises(openai.AuthenticationError) as caught:
        client.models.list()
    assert caught.value.code == "invalid_api_key"


# -- embeddings


def test_embeddings_in_both_encodings(fake_url):
    with client_of(fake_url) as client:
        texts = ["the battery", "배터리"]
        packed = client.embeddings.create(model="fake-embedder", input=texts)  # the client asks for base64
        plain = client.embeddings.create(model="fake-embedder", input=texts, encoding_format="float")
    assert [entry.index for entry in plain.data] == [0, 1]
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
        assert sum(x * x for x in other.embedding) == pytest.approx(1.0, abs=1e-5)
    assert plain.usage.prompt_tokens == plain.usage.total_tokens > 0


def test_base64_is_little_endian_float32(client):
    body = {"model": "fake-embedder", "input": "x", "encoding_format": "base64"}
    packed = base64.b64decode(client.post("/v1/embeddings", json=body).json()["data"][0]["embedding"])
    plain = client.post("/v1/embeddings", json={**body, "encoding_format": "float"}).json()
    assert struct.unpack(f"<{len(packed) // 4}f", packed) == pytest.approx(plain["data"][0]["embedding"])


@pytest.mark.parametrize(
    ("change", "status", "param"),
    [
        ({"input": [[1, 2, 3]]}, 400, "input"),
        ({"input": [1, 2]}, 400, "input"),
        ({"input": ""}, 400, "input"),
        ({"input": []}, 400, None),
        ({"input": ["x"] * 3000}, 400, None),
        ({"input": "x" * 300_000}, 413, None),
        ({"dimensions": 7}, 400, "dimensions"),
        ({"model": "ondol"}, 404, "model"),
        ({"encoding_format": "hex"}, 400, "encoding_format"),
    ],
)
def test_embedding_requests_that_cannot_be_met(client, change, status, param):
    reply = client.post("/v1/embeddings", json={"model": "fake-embedder", "input": "x"} | change)
    assert reply.status_code == status
    error = reply.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    if param:
        assert error["param"] == param


def test_a_servers_embedder_is_passed_through_token_ids_too(open_home, engine, engine_url, monkeypatch):
    embedder = OpenAIEmbedder(engine_url, "real-name")
    monkeypatch.setattr(ServedOndol, "embedder", embedder)
    with serving(open_home(embed_base_url=engine_url)) as client:
        body = {"model": "real-name", "input": [[1, 2], [3]]}
        reply = client.post("/v1/embeddings", json=body).json()
    assert [row["embedding"] for row in reply["data"]] == [[0.5, 0.0], [0.5, 1.0]]
    assert reply["usage"] == {"prompt_tokens": 11, "total_tokens": 11}
    assert [[1, 2], [3]] in [asked["input"] for asked in engine.requests]


def test_several_prompts_are_several_choices_counted_together(through, engine, monkeypatch):
    """As llama.cpp streams them: an empty event first, then pieces in any order, each choice with counts."""

    async def stream(_kind, _request):
        counts = {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3}
        yield "data: null\n\n"
        for index, text in ((1, "b"), (0, "a")):
            yield f"data: {json.dumps({'choices': [{'index': index, 'text': text}]})}\n\n"
        for index in (0, 1):
            last = {"index": index, "text": "", "finish_reason": "stop"}
            yield f"data: {json.dumps({'choices': [last], 'usage': counts})}\n\n"
        yield "data: [DONE]\n\n"

    monkeypatch.setattr(engine, "stream", stream)
    with client_of(through) as client:
        reply = client.completions.create(model="real-name", prompt=["A", "B"])
    assert [choice.text for choice in reply.choices] == ["a", "b"]
    assert reply.usage.total_tokens == 6


def test_a_picture_for_a_model_that_sees_nothing_is_the_callers_error(through, engine):
    engine.status = 500
    engine.error = {"error": {"code": 500, "message": "image input is not supported - hint: mmproj"}}
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    with client_of(through) as client, pytest.raises(openai.BadRequestError, match="text only"):
        client.chat.completions.create(model="real-name", messages=[{"role": "user", "content": [picture]}])


def test_a_reply_that_breaks_off_is_an_error_and_no_short_answer(through, engine, monkeypatch):
    async def stream(_kind, _request):
        yield f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'content': 'The an'}}]})}\n\n"

    monkeypatch.setattr(engine, "stream", stream)
    with client_of(through) as client:
        with pytest.raises(openai.InternalServerError, match="broke off"):
            client.chat.completions.create(model="real-name", messages=QUESTION)
        with pytest.raises(openai.APIError, match="broke off"):
            list(client.chat.completions.create(model="real-name", messages=QUESTION, stream=True))
