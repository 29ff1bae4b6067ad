"""Each engine kind, as every adapter offers it; `model` marks those that need the default models."""

import hashlib

import pytest
from minilm_gguf import write_minilm
from pydantic import SecretStr

from ondol.core.access import LOCAL_PRINCIPAL
from ondol.core.models import ModelProfile
from ondol.engines.cache import CachedChat
from ondol.engines.catalogue import Catalogue
from ondol.engines.chat.embedded import EmbeddedChat
from ondol.engines.chat.fake import FakeChat
from ondol.engines.chat.openai import OpenAIChat
from ondol.engines.embed.bert import BertEmbedder
from ondol.engines.embed.embedded import EmbeddedEmbedder
from ondol.engines.embed.fake import FakeEmbedder
from ondol.engines.embed.openai import OpenAIEmbedder
from ondol.engines.open import open_chat
from ondol.engines.rerank.embedded import EmbeddedReranker
from ondol.engines.rerank.fake import FakeReranker
from ondol.engines.rerank.openai import OpenAIReranker
from ondol.engines.settings import ModelSettings
from ondol.store import open_store

NEEDS_MODEL = [pytest.param(name, marks=pytest.mark.model) for name in ("embedded", "openai")]


@pytest.fixture(scope="session")
def engine_home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def embedded_chat(models_dir, engine_home):
    chat = open_chat(ModelSettings(), models_dir, "smollm2-135m-instruct", home=engine_home)
    assert isinstance(chat, EmbeddedChat)
    yield chat
    chat.close()


def _script(request):
    """What a very obedient model says: the constant it is made to say, or a long text."""
    if request.json_schema and "const" in request.json_schema:
        return f'"{request.json_schema["const"]}"'
    return "One two three four five six seven eight nine ten " * 20


@pytest.fixture(params=["fake", "cached", *NEEDS_MODEL])
def chat(request, tmp_path):
    fake = FakeChat(_script, profile=ModelProfile(name="fake-chat", context_tokens=4096, json_schema=True))
    if request.param == "fake":
        yield fake
        return
    if request.param == "cached":
        with open_store(tmp_path / "home") as store:
            yield CachedChat(fake, store.calls, fingerprint=fake.fingerprint, principal=LOCAL_PRINCIPAL)
        return
    embedded = request.getfixturevalue("embedded_chat")
    if request.param == "embedded":
        yield embedded
        return
    endpoint = embedded.endpoint()
    key = endpoint.headers["Authorization"].removeprefix("Bearer ")
    adapter = OpenAIChat(endpoint.base_url, endpoint.model, api_key=SecretStr(key))
    yield adapter
    adapter.close()


@pytest.fixture(scope="session")
def minilm(models_dir):
    return models_dir / "all-minilm-l6-v2"


@pytest.fixture(scope="session")
def bert(minilm):
    sha256 = Catalogue(minilm.parent).find_model("all-minilm-l6-v2").sha256
    return BertEmbedder(minilm, name="all-minilm-l6-v2", sha256=sha256)


@pytest.fixture(scope="session")
def embedded_embedder(minilm, engine_home, tmp_path_factory):
    path = write_minilm(minilm, tmp_path_factory.mktemp("gguf") / "minilm.gguf")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    embedder = EmbeddedEmbedder(path, home=engine_home, name="minilm-gguf", sha256=sha256)
    yield embedder
    embedder.close()


@pytest.fixture(params=["fake", pytest.param("bert", marks=pytest.mark.model), *NEEDS_MODEL])
def embedder(request):
    match request.param:
        case "fake":
            return FakeEmbedder()
        case "bert":
            return request.getfixturevalue("bert")
    embedded = request.getfixturevalue("embedded_embedder")
    if request.param == "embedded":
        return embedded
    endpoint = embedded.endpoint()
    key = endpoint.headers["Authorization"].removeprefix("Bearer ")
    return OpenAIEmbedder(endpoint.base_url, endpoint.model, api_key=SecretStr(key))


@pytest.fixture(scope="session")
def embedded_reranker(minilm, engine_home, tmp_path_factory):
    path = write_minilm(minilm, tmp_path_factory.mktemp("gguf") / "reranker.gguf", reranker=True)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    reranker = EmbeddedReranker(path, home=engine_home, name="reranker-in-form", sha256=sha256)
    yield reranker
    reranker.close()


@pytest.fixture(params=["fake", *NEEDS_MODEL])
def reranker(request):
    if request.param == "fake":
        return FakeReranker()
    embedded = request.getfixturevalue("embedded_reranker")
    if request.param == "embedded":
        return embedded
    endpoint = embedded.endpoint()
    key = endpoint.headers["Authorization"].removeprefix("Bearer ")
    return OpenAIReranker(endpoint.base_url, endpoint.model, api_key=SecretStr(key))
