"""The in-process encoder against a second implementation, written the slow way in float64."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from ondol.core.errors import ModelFileError, SettingsError
from ondol.engines.embed.bert import BertEmbedder, BertOptions
from ondol.engines.open import open_embedder
from ondol.engines.settings import ModelChoice, ModelSettings

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "drone", "home", "fly", "##ing", "비행", "##기", "the", "radio"]
CONFIG = {
    "model_type": "bert",
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 48,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 16,
}


def write_encoder(folder, **changes):
    """A tiny encoder with random weights."""
    config = CONFIG | changes
    random = np.random.default_rng(7)
    width, inner = config["hidden_size"], config["intermediate_size"]

    def draw(*shape):
        return random.normal(0, 0.4, shape).astype(np.float32)

    tensors = {
        "embeddings.word_embeddings.weight": draw(len(WORDS), width),
        "embeddings.position_embeddings.weight": draw(config["max_position_embeddings"], width),
        "embeddings.token_type_embeddings.weight": draw(2, width),
        "embeddings.LayerNorm.weight": draw(width) + 1,
        "embeddings.LayerNorm.bias": draw(width),
    }
    shapes = {
        "attention.self.query": (width, width),
        "attention.self.key": (width, width),
        "attention.self.value": (width, width),
        "attention.output.dense": (width, width),
        "intermediate.dense": (inner, width),
        "output.dense": (width, inner),
    }
    for i in range(config["num_hidden_layers"]):
        for name, shape in shapes.items():
            tensors[f"encoder.layer.{i}.{name}.weight"] = draw(*shape)
            tensors[f"encoder.layer.{i}.{name}.bias"] = draw(shape[0])
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            tensors[f"encoder.layer.{i}.{name}.weight"] = draw(width) + 1
            tensors[f"encoder.layer.{i}.{name}.bias"] = draw(width)
    tokenizer = Tokenizer(models.WordPiece({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", None, [("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_padding(length=12)  # as some published files have it; must not matter
    tokenizer.save(str(folder / "tokenizer.json"))
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def embed_slowly(folder, ids, *, pooling="mean", first=0):
    """The same in float64, one text at a time, straight from the definition."""
    t = {k: v.astype(np.float64) for k, v in load_file(folder / "model.safetensors").items()}
    config = json.loads((folder / "config.json").read_text())
    heads, width = config["num_attention_heads"], config["hidden_size"]

    def norm(x, name):
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + config["layer_norm_eps"])
        return x * t[f"{name}.weight"] + t[f"{name}.bias"]

    def dense(x, name):
        return x @ t[f"{name}.weight"].T + t[f"{name}.bias"]

    places = t["embeddings.position_embeddings.weight"][first : first + len(ids)]
    x = t["embeddings.word_embeddings.weight"][ids] + places + t["embeddings.token_type_embeddings.weight"][0]
    x = norm(x, "embeddings.LayerNorm")
    for i in range(config["num_hidden_layers"]):
        at = f"encoder.layer.{i}."
        q, k, v = (dense(x, f"{at}attention.self.{n}") for n in ("query", "key", "value"))
        mixed = np.zeros_like(x)
        for h in range(heads):
            part = slice(h * width // heads, (h + 1) * width // heads)
            weights = np.exp(q[:, part] @ k[:, part].T / math.sqrt(width // heads))
            mixed[:, part] = weights / weights.sum(-1, keepdims=True) @ v[:, part]
        x = norm(x + dense(mixed, f"{at}attention.output.dense"), f"{at}attention.output.LayerNorm")
        inner = dense(x, f"{at}intermediate.dense")
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        x = norm(x + dense(inner, f"{at}output.dense"), f"{at}output.LayerNorm")
    pooled = x[0] if pooling == "cls" else x.mean(axis=0)
    return pooled / np.linalg.norm(pooled)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_encoder(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def encoder(folder):
    return BertEmbedder(folder, name="tiny", sha256="0" * 64)


@given(st.lists(st.lists(st.sampled_from(WORDS[4:]), max_size=10), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_vectors_are_those_of_the_slow_implementation(folder, encoder, texts):
    rows = encoder.embed([" ".join(words) for words in texts], kind="passage")
    for row, words in zip(rows, texts, strict=True):
        ids = [2, *(WORDS.index(w) if not w.startswith("##") else None for w in words), 3]
        if None in ids:
            continue  # a rest of a word on its own is split otherwise
        assert np.allclose(row, embed_slowly(folder, ids), atol=1e-5)


@pytest.mark.parametrize(("model_type", "first"), [("bert", 0), ("xlm-roberta", 2)])
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_kinds_of_encoder_and_pooling(tmp_path, model_type, first, pooling):
    folder = write_encoder(tmp_path, model_type=model_type)
    encoder = BertEmbedder(folder, name="t", sha256="0" * 64, options=BertOptions(pooling=pooling))
    [row] = encoder.embed(["the drone"], kind="query")
    assert np.allclose(row, embed_slowly(folder, [2, 10, 4, 3], pooling=pooling, first=first), atol=1e-5)


def test_long_texts_are_cut_to_the_models_places(encoder, folder):
    [row] = encoder.embed(["drone " * 100], kind="passage")
    assert np.allclose(row, embed_slowly(folder, [2, *[4] * 14, 3]), atol=1e-5)


def test_prefixes_are_put_before_texts(folder):
    options = BertOptions(query_prefix="the ", passage_prefix="radio ")
    encoder = BertEmbedder(folder, name="t", sha256="0" * 64, options=options)
    assert np.allclose(encoder.embed(["drone"], kind="query"), embed_slowly(folder, [2, 10, 4, 3]), atol=1e-5)
    assert np.allclose(
        encoder.embed(["drone"], kind="passage"), embed_slowly(folder, [2, 11, 4, 3]), atol=1e-5
    )
    assert encoder.fingerprint != BertEmbedder(folder, name="t", sha256="0" * 64).fingerprint


def test_many_texts_are_batched_and_stay_in_order(encoder, folder):
    texts = ["drone", "home fly", "the radio drone home"] * 200
    rows = encoder.embed(texts, kind="passage")
    assert np.allclose(rows.reshape(200, 3, -1), rows[:3], atol=1e-5)


def test_memory_given_back_is_taken_again(encoder):
    before = encoder.embed(["drone"], kind="query")
    encoder.close()
    assert np.array_equal(encoder.embed(["drone"], kind="query"), before)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_damaged_files_are_told(tmp_path, name):
    folder = write_encoder(tmp_path)
    (folder / name).write_bytes(b"damaged")
    with pytest.raises(ModelFileError, match="could not be loaded") as caught:
        BertEmbedder(folder, name="t", sha256="0" * 64).embed(["x"], kind="query")
    assert "ondol models pull" in caught.value.remedy


def test_other_architectures_are_refused_with_a_way_out(tmp_path):
    folder = write_encoder(tmp_path, model_type="t5")
    with pytest.raises(ModelFileError, match="'t5'") as caught:
        BertEmbedder(folder, name="t", sha256="0" * 64)
    assert "ONDOL_EMBED_BASE_URL" in caught.value.remedy


@pytest.mark.model
def test_the_default_embedder_is_opened_and_right(models_dir):
    encoder = open_embedder(ModelSettings(), models_dir)
    assert isinstance(encoder, BertEmbedder)
    assert (encoder.name, encoder.dimensions) == ("all-minilm-l6-v2", 384)
    tokenizer = Tokenizer.from_file(str(models_dir / "all-minilm-l6-v2" / "tokenizer.json"))
    tokenizer.no_padding()
    text = "If the signal is lost the aircraft returns; 신호가 끊기면 돌아옵니다."
    [row] = encoder.embed([text], kind="passage")
    slow = embed_slowly(models_dir / "all-minilm-l6-v2", tokenizer.encode(text).ids)
    assert row @ slow > 0.999999


@pytest.mark.model
def test_a_wrong_profile_is_told(models_dir):
    with pytest.raises(SettingsError, match="pooling"):
        open_embedder(ModelSettings(embed=ModelChoice(profile={"pooling": "max"})), models_dir)
