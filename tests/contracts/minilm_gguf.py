"""Writes the default embedder as GGUF, so that the llama.cpp child can be tried with a real encoder."""

import json
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load_file

_NORMAL, _CONTROL = 1, 3


def write_minilm(source: Path, target: Path, *, half: bool = False, reranker: bool = False) -> Path:
    """Convert ``source`` (safetensors, tokenizer.json, config.json) to a GGUF file.

    With ``reranker`` the file pools to one score, by a classifier that weighs every dimension alike: a
    cross-encoder in form only, good for checking the protocol.
    """
    config = json.loads((source / "config.json").read_text())
    vocabulary = json.loads((source / "tokenizer.json").read_text())["model"]["vocab"]
    writer = gguf.GGUFWriter(target, "bert")
    writer.add_name("reranker-in-form" if reranker else "all-MiniLM-L6-v2")
    writer.add_license("apache-2.0")
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.RANK if reranker else gguf.PoolingType.MEAN)
    _add_tokenizer(writer, sorted(vocabulary, key=vocabulary.get))
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.BERT, config["num_hidden_layers"])
    for name, tensor in load_file(source / "model.safetensors").items():
        if name.endswith("position_ids") or "pooler" in name:
            continue
        known = names.get_name(name, try_suffixes=(".weight", ".bias"))
        matrix = tensor.ndim == 2 and half and "embeddings" not in name
        writer.add_tensor(known, tensor.astype(np.float16) if matrix else tensor.astype(np.float32))
    if reranker:
        writer.add_classifier_output_labels(["score"])
        writer.add_tensor("cls.output.weight", np.ones((1, config["hidden_size"]), dtype=np.float32))
        writer.add_tensor("cls.output.bias", np.zeros(1, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


def _add_tokenizer(writer: gguf.GGUFWriter, tokens: list[str]) -> None:
    special = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
    writer.add_tokenizer_model("bert")
    writer.add_token_list([
        t
        if t in special
        else t[2:]
        if t.startswith("##")
        else "\u2581" + t  # llama.cpp marks beginnings, not rests
        for t in tokens
    ])
    writer.add_token_types([_CONTROL if t in special else _NORMAL for t in tokens])
    writer.add_token_type_count(2)
    index = {t: i for i, t in enumerate(tokens)}
    writer.add_bos_token_id(index["[CLS]"])
    writer.add_eos_token_id(index["[SEP]"])
    writer.add_unk_token_id(index["[UNK]"])
    writer.add_sep_token_id(index["[SEP]"])
    writer.add_pad_token_id(index["[PAD]"])
    writer.add_mask_token_id(index["[MASK]"])
