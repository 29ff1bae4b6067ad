"""Adding models from files and folders."""

import json
import shutil

import gguf
import numpy as np
import pytest
from safetensors.numpy import save_file

from ondol.core.errors import ConflictError, ModelFileError, NotFoundError, WrongUseError
from ondol.engines.catalogue import Catalogue
from ondol.engines.manifest import load_manifest


def write_gguf(path, *, architecture="llama", name="EXAONE 4.0 1.2B", fields=()):
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(name)
    writer.add_license("exaone")
    writer.add_context_length(2048)
    for add in fields:
        add(writer)
    writer.add_tensor("token_embd.weight", np.zeros((4, 4), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def catalogue(tmp_path):
    return Catalogue(tmp_path / "models")


def test_a_gguf_file_tells_its_name_licence_and_context(catalogue, tmp_path):
    path = write_gguf(tmp_path / "x.gguf")
    record = catalogue.add(f"file:{path}")
    assert (record.name, record.licence, record.installed) == ("exaone-4.0-1.2b", "exaone", True)
    assert record.capabilities == ("chat", "json_schema")
    manifest = catalogue.find_manifest("exaone-4.0-1.2b", "chat")
    assert manifest.profile == {"context_tokens": 2048}
    path.unlink()
    assert catalogue.find_model(record.name).installed


@pytest.mark.parametrize(
    ("architecture", "add", "capabilities"),
    [
        ("bert", lambda w: w.add_pooling_type(gguf.PoolingType.MEAN), ("embed",)),
        ("bert", lambda w: w.add_pooling_type(gguf.PoolingType.RANK), ("rerank",)),
        ("qwen3", lambda w: w.add_pooling_type(gguf.PoolingType.LAST), ("embed",)),
        (
            "qwen3",
            lambda w: w.add_chat_template("{% if tools %}{% endif %}{% if enable_thinking %}{% endif %}"),
            ("chat", "json_schema", "tools", "reasoning"),
        ),
    ],
)
def test_what_a_gguf_file_is_for_is_found(catalogue, tmp_path, architecture, add, capabilities):
    path = write_gguf(tmp_path / "x.gguf", architecture=architecture, fields=[add])
    assert catalogue.add(f"file:{path}").capabilities == capabilities


def test_adding_again_does_nothing_and_another_needs_its_own_name(catalogue, tmp_path):
    path = write_gguf(tmp_path / "x.gguf")
    first = catalogue.add(f"file:{path}")
    assert catalogue.add(f"file:{path}") == first
    other = write_gguf(tmp_path / "y.gguf", architecture="exaone4")
    with pytest.raises(ConflictError, match=first.sha256):
        catalogue.add(f"file:{other}")
    assert catalogue.add(f"file:{other}", name="other").name == "other"


def test_a_wrong_hash_is_refused(catalogue, tmp_path):
    path = write_gguf(tmp_path / "x.gguf")
    with pytest.raises(ModelFileError, match="SHA-256"):
        catalogue.add(f"file:{path}@{'0' * 64}")
    sha256 = catalogue.add(f"file:{path}").sha256
    assert catalogue.add(f"file:{path}@{sha256}").installed


def test_an_encoder_folder_is_an_embedder(catalogue, tmp_path):
    folder = tmp_path / "my-e5"
    folder.mkdir()
    save_file({"x": np.zeros(3, dtype=np.float32)}, folder / "model.safetensors")
    (folder / "tokenizer.json").write_text("{}")
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    record = catalogue.add(f"file:{folder}")
    assert (record.name, record.licence, record.capabilities) == ("my-e5", "mit", ("embed",))


def test_a_model_folder_of_another_home_is_a_mirror(catalogue, tmp_path):
    catalogue.add(f"file:{write_gguf(tmp_path / 'x.gguf')}")
    elsewhere = Catalogue(tmp_path / "elsewhere")
    record = elsewhere.add(f"file:{tmp_path / 'models' / 'exaone-4.0-1.2b'}")
    assert record == catalogue.find_model("exaone-4.0-1.2b")


@pytest.mark.model
def test_a_mirror_of_a_built_in_model_must_be_the_pinned_one(models_dir, tmp_path):
    copy = tmp_path / "all-minilm-l6-v2"
    shutil.copytree(models_dir / "all-minilm-l6-v2", copy)
    assert Catalogue(tmp_path / "good").add(f"file:{copy}").installed
    weights = copy / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(ModelFileError, match="not the pinned"):
        Catalogue(tmp_path / "bad").add(f"file:{copy}")


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("x.gguf", WrongUseError),
        ("http://example.org/x.gguf", WrongUseError),
        ("file:/nowhere/x.gguf", NotFoundError),
        ("hf:not-a-file", WrongUseError),
    ],
)
def test_other_sources_are_refused(catalogue, source, error):
    with pytest.raises(error) as caught:
        catalogue.add(source)
    assert caught.value.remedy


def test_other_files_and_folders_are_refused(catalogue, tmp_path):
    (tmp_path / "x.gguf").write_bytes(b"not a model")
    with pytest.raises(ModelFileError, match="GGUF"):
        catalogue.add(f"file:{tmp_path / 'x.gguf'}")
    with pytest.raises(ModelFileError, match="not a model's folder") as caught:
        catalogue.add(f"file:{tmp_path}")
    assert "x.gguf" in caught.value.remedy


def test_the_catalogue_lists_what_could_be_fetched(catalogue):
    names = {r.name: r.installed for r in catalogue.list_models()}
    assert names == {"all-minilm-l6-v2": False, "smollm2-135m-instruct": False}
    assert catalogue.find_manifest("", "chat") is None
    with pytest.raises(NotFoundError, match="all-minilm"):
        catalogue.find_model("gpt-9")


def test_a_model_whose_file_is_cut_is_not_installed(catalogue, tmp_path):
    record = catalogue.add(f"file:{write_gguf(tmp_path / 'x.gguf')}")
    (tmp_path / "models" / record.name / "x.gguf").write_bytes(b"GGUF")
    assert record.name not in {r.name for r in catalogue.list_models()}
    with pytest.raises(ModelFileError, match="bytes long"):
        load_manifest(tmp_path / "models", record.name)


def test_a_damaged_model_is_not_in_the_way_of_others(catalogue, tmp_path):
    record = catalogue.add(f"file:{write_gguf(tmp_path / 'x.gguf')}")
    (tmp_path / "models" / "broken").mkdir()
    (tmp_path / "models" / "broken" / "model.json").write_text("{")
    assert catalogue.find_manifest("", "chat").name == record.name
    with pytest.raises(ModelFileError, match="cannot be read"):
        catalogue.find_manifest("broken", "chat")


def test_a_changed_file_is_found_by_its_hash(catalogue, tmp_path):
    record = catalogue.add(f"file:{write_gguf(tmp_path / 'x.gguf')}")
    assert catalogue.verify(record.name) == record
    path = tmp_path / "models" / record.name / "x.gguf"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(ModelFileError, match="not those"):
        catalogue.verify(record.name)


def test_a_model_that_the_user_added_comes_before_the_built_in(catalogue, tmp_path):
    catalogue.add(f"file:{write_gguf(tmp_path / 'x.gguf')}")
    assert catalogue.find_manifest("", "chat").name == "exaone-4.0-1.2b"
    with pytest.raises(ModelFileError, match="cannot rerank"):
        catalogue.find_manifest("exaone-4.0-1.2b", "rerank")
