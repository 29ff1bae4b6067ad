"""From settings to engines."""

import pytest
from pydantic import SecretStr

from ondol.core.errors import AccessDeniedError, NotFoundError, SettingsError
from ondol.engines.chat.openai import OpenAIChat
from ondol.engines.chat.profiles import build_profile
from ondol.engines.embed.openai import OpenAIEmbedder
from ondol.engines.endpoint import Endpoint
from ondol.engines.http import HttpClient
from ondol.engines.open import open_chat, open_embedder, open_reranker
from ondol.engines.rerank.openai import OpenAIReranker
from ondol.engines.settings import ModelChoice, ModelSettings

SERVER = ModelChoice(base_url="http://10.1.2.3:8000/v1/", model="EXAONE-4.0-32B", api_key=SecretStr("sk-1"))


def test_without_any_model_there_is_none(tmp_path):
    assert open_chat(ModelSettings(), tmp_path) is None
    assert open_embedder(ModelSettings(), tmp_path) is None
    assert open_reranker(ModelSettings(), tmp_path) is None


def test_a_name_that_is_not_installed_is_told(tmp_path):
    with pytest.raises(NotFoundError, match="'nothing'"):
        open_chat(ModelSettings(), tmp_path, "nothing")
    with pytest.raises(NotFoundError, match="'nothing'"):
        open_chat(ModelSettings(chat=SERVER), tmp_path, "nothing")


def test_servers_of_the_settings_are_opened_without_being_called(tmp_path):
    settings = ModelSettings(chat=SERVER, embed=SERVER, rerank=SERVER)
    chat, embedder = open_chat(settings, tmp_path), open_embedder(settings, tmp_path)
    reranker = open_reranker(settings, tmp_path)
    assert isinstance(chat, OpenAIChat)
    assert isinstance(embedder, OpenAIEmbedder)
    assert isinstance(reranker, OpenAIReranker)
    assert embedder.name == "EXAONE-4.0-32B"
    assert chat.endpoint().base_url == "http://10.1.2.3:8000/v1"
    assert chat.endpoint().headers == {"Authorization": "Bearer sk-1"}


def test_keys_are_not_shown():
    assert "sk-1" not in repr(ModelSettings(chat=SERVER))
    assert "sk-1" not in ModelSettings(chat=SERVER).model_dump_json()


def test_an_address_without_scheme_is_refused():
    with pytest.raises(SettingsError, match="models:8000"):
        ModelChoice(base_url="models:8000/v1")


def test_an_address_that_the_settings_do_not_name_is_not_called():
    with pytest.raises(AccessDeniedError):
        HttpClient(
            Endpoint(base_url="http://10.1.2.4:8000/v1"), allowed=ModelSettings(chat=SERVER).base_urls()
        )


@pytest.mark.parametrize(
    ("name", "reasoning", "can_cite"),
    [
        ("LGAI-EXAONE/EXAONE-3.5-7.8B-Instruct", "none", True),
        ("LGAI-EXAONE/EXAONE-4.0.1-32B", "switch", True),
        ("LGAI-EXAONE/EXAONE-4.5-33B", "switch", True),
        ("LGAI-EXAONE/K-EXAONE-236B-A23B", "switch", True),
        ("LGAI-EXAONE/EXAONE-Deep-2.4B", "always", True),
        ("furiosa-ai/EXAONE-4.0-32B-FP8", "switch", True),
        ("smollm2-135m-instruct", "none", False),
        ("Qwen/Qwen3-8B", "switch", True),
        ("Qwen/Qwen3-4B-Instruct-2507", "none", True),
        ("Qwen/Qwen3-4B-Thinking-2507", "always", True),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "always", True),
        ("openai/gpt-oss-20b", "always", True),
        ("something-of-your-own", "none", True),
    ],
)
def test_families_are_known_by_their_names(name, reasoning, can_cite):
    profile = build_profile(name)
    assert (profile.name, profile.reasoning, profile.can_cite) == (name, reasoning, can_cite)


def test_exaone_deep_marks_its_thoughts_in_its_own_way():
    assert build_profile("exaone-deep-7.8b").think_open == "<thought>"
