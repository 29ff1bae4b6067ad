"""The gateway over the two default models, in their real engines."""

import openai
import pytest
from serve_harness import listening

from ondol.serve.flows import Ondol
from ondol.serve.settings import Settings

pytestmark = pytest.mark.model

CHAT = "smollm2-135m-instruct"
EMBED = "all-minilm-l6-v2"
MESSAGES = [{"role": "user", "content": "Say hello."}]


@pytest.fixture(scope="module")
def url(models_dir, tmp_path_factory):
    home = tmp_path_factory.mktemp("models") / "home"
    home.mkdir()
    (home / "models").symlink_to(models_dir.resolve())
    with Ondol(Settings(home=home)) as ondol, listening(ondol) as address:
        yield address


@pytest.fixture
def client(url):
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=120) as client:
        yield client


def test_the_catalogue_is_listed(client):
    assert [model.id for model in client.models.list()] == ["ondol", EMBED, CHAT]


def test_chat_whole_and_streamed_say_the_same(client):
    options = {"model": CHAT, "messages": MESSAGES, "max_tokens": 12, "temperature": 0, "seed": 1}
    whole = client.chat.completions.create(**options)
    text = whole.choices[0].message.content
    assert text
    assert whole.model == CHAT
    assert 0 < whole.usage.completion_tokens <= 12
    chunks = list(client.chat.completions.create(**options, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == text


def test_text_completion(client):
    reply = client.completions.create(
        model=CHAT, prompt="The capital of France is", max_tokens=4, temperature=0
    )
    assert "Paris" in reply.choices[0].text


def test_a_prompt_that_does_not_fit_is_a_context_length_error(client):
    long = [{"role": "user", "content": "word " * 20_000}]
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=CHAT, messages=long)
    assert caught.value.code == "context_length_exceeded"


def test_embeddings_are_near_where_meanings_are(client):
    texts = ["The battery is empty.", "There is no charge left.", "The court met on Monday."]
    reply = client.embeddings.create(model=EMBED, input=texts)
    first, near, far = (entry.embedding for entry in reply.data)
    assert len(first) == 384
    assert sum(a * b for a, b in zip(first, near, strict=True)) > sum(
        a * b for a, b in zip(first, far, strict=True)
    )


def test_ondol_without_documents_abstains(client):
    reply = client.chat.completions.create(model="ondol", messages=MESSAGES)
    assert reply.model_extra["abstained"] is True
    assert reply.choices[0].message.model_extra["citations"] == []


def test_who_leaves_frees_the_engine(client):
    long = {"model": CHAT, "messages": MESSAGES, "temperature": 1.0, "max_tokens": 3000}
    streams = [client.chat.completions.create(**long, stream=True) for _ in range(8)]
    for stream in streams:
        next(iter(stream))
    for stream in streams:
        stream.close()
    # Each of the eight would take minutes to its end; the engine has four slots.
    quick = client.with_options(timeout=30)
    assert quick.chat.completions.create(model=CHAT, messages=MESSAGES, max_tokens=4).choices
