"""The default embedder in ONNX Runtime, for ``bench/embed.py``; runs in the peer's own environment.

The graph is written here by hand from the same weights: standard operators, padded batches with a mask, as
exporters do.
"""

import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file
from tokenizers import Tokenizer

BATCH = 16


class Graph:
    """Collects nodes and constants."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind, *inputs, **attributes):
        out = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out


def build_graph(folder: Path, path: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    tensors = {k: v for k, v in load_file(folder / "model.safetensors").items() if v.dtype == np.float32}
    heads, width = config["num_attention_heads"], config["hidden_size"]
    g = Graph()

    def dense(x, name):
        weight = g.constant(f"{name}.w", tensors[f"{name}.weight"].T)
        return g.add("Add", g.add("MatMul", x, weight), g.constant(f"{name}.b", tensors[f"{name}.bias"]))

    def norm(x, name):
        scale, bias = (g.constant(f"{name}.{k}", tensors[f"{name}.{k}"]) for k in ("weight", "bias"))
        return g.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=config["layer_norm_eps"])

    split = g.constant("split", np.array([0, 0, heads, width // heads]))
    join = g.constant("join", np.array([0, 0, width]))
    scale = g.constant("scale", np.float32((width // heads) ** -0.5))
    words = g.constant("words", tensors["embeddings.word_embeddings.weight"])
    places = (
        tensors["embeddings.position_embeddings.weight"]
        + tensors["embeddings.token_type_embeddings.weight"][0]
    )
    x = g.add(
        "Add", g.add("Gather", words, "ids"), g.add("Gather", g.constant("places", places), "positions")
    )
    x = norm(x, "embeddings.LayerNorm")
    for i in range(config["num_hidden_layers"]):
        at = f"encoder.layer.{i}."
        q, k, v = (
            g.add("Transpose", g.add("Reshape", dense(x, f"{at}attention.self.{n}"), split), perm=perm)
            for n, perm in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3]))
        )
        scores = g.add("Softmax", g.add("Add", g.add("Mul", g.add("MatMul", q, k), scale), "mask"), axis=-1)
        mixed = g.add("Reshape", g.add("Transpose", g.add("MatMul", scores, v), perm=[0, 2, 1, 3]), join)
        x = norm(
            g.add("Add", x, dense(mixed, f"{at}attention.output.dense")), f"{at}attention.output.LayerNorm"
        )
        inner = g.add("Gelu", dense(x, f"{at}intermediate.dense"))
        x = norm(g.add("Add", x, dense(inner, f"{at}output.dense")), f"{at}output.LayerNorm")
    g.nodes.append(helper.make_node("Identity", [x], ["hidden"]))
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, ["b", "t"]),
        helper.make_tensor_value_info("positions", TensorProto.INT64, ["t"]),
        helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["b", 1, 1, "t"]),
    ]
    output = helper.make_tensor_value_info("hidden", TensorProto.FLOAT, ["b", "t", width])
    graph = helper.make_graph(g.nodes, "minilm", inputs, [output], g.constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), path)


def run_onnx(folder: Path, passages: list[str], *, int8: bool, measure, counter) -> dict:
    with tempfile.TemporaryDirectory() as temp:
        path = Path(temp) / "model.onnx"
        build_graph(folder, path)
        if int8:
            quantize_dynamic(path, Path(temp) / "int8.onnx", weight_type=QuantType.QInt8, per_channel=True)
            path = Path(temp) / "int8.onnx"
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)

    def embed(texts):
        ids = [e.ids for e in tokenizer.encode_batch(texts)]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        out = np.empty((len(texts), 384), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            length = max(len(ids[i]) for i in batch)
            padded = np.zeros((len(batch), length), dtype=np.int64)
            mask = np.zeros((len(batch), length), dtype=np.float32)
            for row, i in enumerate(batch):
                padded[row, : len(ids[i])] = ids[i]
                mask[row, : len(ids[i])] = 1
            feed = {
                "ids": padded,
                "positions": np.arange(length),
                "mask": ((mask - 1) * 1e9)[:, None, None, :],
            }
            hidden = session.run(["hidden"], feed)[0]
            pooled = (hidden * mask[:, :, None]).sum(axis=1)
            out[batch] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return out

    return measure(embed, counter(folder), passages)
