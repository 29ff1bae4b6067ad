"""An encoder of the BERT family, run in this process with NumPy: the default embedder and its kin.

The forward pass of Devlin et al. 2018 (post-norm), pooled to one unit vector a text (Reimers and Gurevych
2019). Texts are laid end to end and never padded: linear layers run over all tokens of a batch at once,
attention over each text alone. Why NumPy, and what else was measured: ``docs/decisions/0005-engines.md``.
"""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from safetensors.numpy import load_file
from threadpoolctl import threadpool_limits
from tokenizers import Tokenizer

from ondol.core.errors import ModelFileError
from ondol.core.frozen import Frozen
from ondol.core.protocols import FloatMatrix

_BATCH_TOKENS = 1024  # activations of a batch stay in the processor's last-level cache
_MODEL_TYPES = {
    "bert": 0,
    "xlm-roberta": 2,
    "roberta": 2,
}  # value: the first position's row (padding index + 1)


class BertOptions(Frozen):
    """How texts are prepared and pooled; what is ``None`` is read from the model's own files.

    Attributes:
        max_tokens: longer texts are cut, special tokens included.
        query_prefix: put before questions, as E5 models were trained.
        passage_prefix: put before passages.
    """

    pooling: Literal["mean", "cls"] | None = None
    max_tokens: int | None = Field(default=None, ge=8)
    query_prefix: str = ""
    passage_prefix: str = ""


class BertEmbedder:
    """Embeds with the ``model.safetensors`` and ``tokenizer.json`` of a folder, loaded on first use.

    Args:
        folder: with ``config.json`` and, as sentence-transformers writes them, pooling and length.
        threads: that embed many texts at once; 0 is one a core.
    """

    def __init__(
        self, folder: Path, *, name: str, sha256: str, options: BertOptions | None = None, threads: int = 0
    ) -> None:
        self._folder = folder
        self._name = name
        self._config = _read_config(folder)
        self._options = options or BertOptions()
        self._pooling, self._max_tokens = _read_shape(folder, self._config, self._options)
        prefixes = f"{self._options.query_prefix}:{self._options.passage_prefix}"
        self._fingerprint = f"bert-1:{sha256[:16]}:{self._pooling}:{self._max_tokens}:float32:{prefixes}"
        self._threads = threads or len(os.sched_getaffinity(0))
        self._encoder: _Encoder | None = None
        self._tokenizer: Tokenizer | None = None

    @property
    def name(self) -> str:
        """Catalogue name."""
        return self._name

    @property
    def fingerprint(self) -> str:
        """Weights, pooling, length and precision."""
        return self._fingerprint

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self._config["hidden_size"])

    def embed(self, texts: Sequence[str], *, kind: Literal["query", "passage"]) -> FloatMatrix:
        """Return unit-length float32 rows, shape (len(texts), dimensions).

        Raises:
            ModelFileError: on first use, when the files are damaged.
        """
        encoder, tokenizer = self._load()
        prefix = self._options.query_prefix if kind == "query" else self._options.passage_prefix
        out = np.empty((len(texts), self.dimensions), dtype=np.float32)
        ids = [e.ids for e in tokenizer.encode_batch_fast([prefix + text for text in texts])]

        def fill(batch: list[int]) -> None:
            out[batch] = self._pool(*encoder.run([ids[i] for i in batch]))

        batches = list(_split_batches(ids))
        if len(batches) < 2:
            for batch in batches:
                fill(batch)
        else:  # a core each; NumPy lets go of the interpreter's lock where the work is
            with ThreadPoolExecutor(min(self._threads, len(batches))) as pool:
                list(pool.map(fill, batches))
        return out

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Return how many tokens of all texts together are read, special ones included."""
        _, tokenizer = self._load()
        return sum(len(encoding.ids) for encoding in tokenizer.encode_batch_fast(list(texts)))

    def _pool(self, hidden: FloatMatrix, ends: NDArray[np.int64]) -> FloatMatrix:
        starts = np.concatenate(([0], ends[:-1]))
        rows: FloatMatrix = (
            hidden[starts] if self._pooling == "cls" else np.add.reduceat(hidden, starts, axis=0)
        )
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)  # so a sum serves as the mean
        return rows

    def close(self) -> None:
        """Give the memory back; the next call loads again."""
        self._encoder = self._tokenizer = None

    def _load(self) -> "tuple[_Encoder, Tokenizer]":
        # Two threads may both load on first use: the second result replaces an equal one.
        encoder, tokenizer = self._encoder, self._tokenizer
        if encoder is None or tokenizer is None:
            # For the whole process. OpenBLAS's own threads wait by spinning: on a busy 2-core machine
            # passages took five times the processor time with them, and a question seven times as long.
            threadpool_limits(limits=1, user_api="blas")
            try:
                tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
                tokenizer.no_padding()
                tokenizer.enable_truncation(self._max_tokens)
                encoder = _Encoder(load_file(self._folder / "model.safetensors"), self._config)
            except (
                Exception
            ) as error:  # tokenizers raises bare Exception, safetensors its own, a missing tensor KeyError
                raise ModelFileError(
                    f"The embedder in {self._folder} could not be loaded: {error}.",
                    remedy=f"Fetch it again with `ondol models pull {self._name}`.",
                ) from error
            self._encoder, self._tokenizer = encoder, tokenizer
        return encoder, tokenizer


class _Encoder:
    """The layers; ``run`` takes token ids and returns the last hidden states."""

    def __init__(self, tensors: dict[str, NDArray[Any]], config: dict[str, Any]) -> None:
        prefix = next(k for k in tensors if k.endswith("embeddings.word_embeddings.weight"))[
            : -len("embeddings.word_embeddings.weight")
        ]

        def tensor(name: str) -> FloatMatrix:
            return np.ascontiguousarray(tensors[prefix + name], dtype=np.float32)

        self._heads = int(config["num_attention_heads"])
        self._eps = np.float32(config["layer_norm_eps"])
        self._words = tensor("embeddings.word_embeddings.weight")
        first = _MODEL_TYPES[config["model_type"]]
        kind = tensor("embeddings.token_type_embeddings.weight")[0]
        self._places = tensor("embeddings.position_embeddings.weight")[first:] + kind
        self._norm = _read_norm(tensor, "embeddings.")
        self._layers = [_read_layer(tensor, i, self._heads) for i in range(int(config["num_hidden_layers"]))]

    def run(self, ids: Sequence[Sequence[int]]) -> tuple[FloatMatrix, NDArray[np.int64]]:
        """Return hidden states of all tokens, shape (total, width), and where each text ends."""
        ends = np.cumsum([len(i) for i in ids])
        places = np.concatenate([np.arange(len(i)) for i in ids])
        x = self._words[np.concatenate([np.asarray(i) for i in ids])] + self._places[places]
        _normalise(x, self._norm, self._eps)
        for layer in self._layers:
            x += self._attend(x @ layer["qkv"] + layer["qkv_bias"], ends) @ layer["out"] + layer["out_bias"]
            _normalise(x, layer["norm"], self._eps)
            inner = x @ layer["up"] + layer["up_bias"]
            _gelu(inner)
            x += inner @ layer["down"] + layer["down_bias"]
            _normalise(x, layer["last_norm"], self._eps)
        return x, ends

    def _attend(self, qkv: FloatMatrix, ends: NDArray[np.int64]) -> FloatMatrix:
        width = qkv.shape[1] // 3
        out = np.empty((len(qkv), width), dtype=np.float32)
        start = 0
        for end in ends:
            part = qkv[start:end].reshape(end - start, 3, self._heads, width // self._heads)
            q, k, v = part.transpose(1, 2, 0, 3)
            scores = q @ k.transpose(0, 2, 1)
            scores -= scores.max(axis=-1, keepdims=True)
            np.exp(scores, out=scores)
            scores /= scores.sum(axis=-1, keepdims=True)
            out[start:end] = (scores @ v).transpose(1, 0, 2).reshape(end - start, width)
            start = end
        return out


def _read_layer(tensor: Any, index: int, heads: int) -> dict[str, Any]:
    at = f"encoder.layer.{index}."
    names = [f"{at}attention.self.{n}" for n in ("query", "key", "value")]
    weights = [tensor(n + ".weight") for n in names]
    biases = [tensor(n + ".bias") for n in names]
    scale = np.float32(
        (weights[0].shape[0] // heads) ** -0.5
    )  # folded into the query once instead of every score
    return {
        "qkv": np.concatenate([weights[0] * scale, *weights[1:]]).T,
        "qkv_bias": np.concatenate([biases[0] * scale, *biases[1:]]),
        "out": tensor(at + "attention.output.dense.weight").T,
        "out_bias": tensor(at + "attention.output.dense.bias"),
        "norm": _read_norm(tensor, at + "attention.output."),
        "up": tensor(at + "intermediate.dense.weight").T,
        "up_bias": tensor(at + "intermediate.dense.bias"),
        "down": tensor(at + "output.dense.weight").T,
        "down_bias": tensor(at + "output.dense.bias"),
        "last_norm": _read_norm(tensor, at + "output."),
    }


def _read_norm(tensor: Any, at: str) -> tuple[FloatMatrix, FloatMatrix]:
    return tensor(at + "LayerNorm.weight"), tensor(at + "LayerNorm.bias")


def _normalise(x: FloatMatrix, norm: tuple[FloatMatrix, FloatMatrix], eps: np.float32) -> None:
    x -= x.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", x, x)[:, None] / np.float32(x.shape[1])
    x /= np.sqrt(variance + eps)
    x *= norm[0]
    x += norm[1]


def _gelu(x: FloatMatrix) -> None:
    """Apply x·Φ(x) in place, with erf by Abramowitz and Stegun 7.1.26 (error below 1.5e-7, float32's own)."""
    for start in range(0, len(x), 16):  # rows that fit the first-level caches
        part = x[start : start + 16]
        z = np.abs(part) * np.float32(0.70710678)
        t = 1 / (1 + np.float32(0.3275911) * z)
        poly = t * np.float32(1.061405429)
        for c in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
            poly += np.float32(c)
            poly *= t
        np.exp(-z * z, out=z)
        poly *= z  # 1 - erf(|x|/√2)
        poly *= np.float32(0.5)
        part *= np.where(part >= 0, 1 - poly, poly)


def _split_batches(ids: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield positions of ``ids`` in groups of about ``_BATCH_TOKENS`` tokens, in order."""
    batch: list[int] = []
    tokens = 0
    for i, item in enumerate(ids):
        if batch and tokens + len(item) > _BATCH_TOKENS:
            yield batch
            batch, tokens = [], 0
        batch.append(i)
        tokens += len(item)
    if batch:
        yield batch


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFileError(
            f"{path} could not be read: {error}.",
            remedy="Fetch or add the model again (`ondol models list`).",
        ) from error
    return value if isinstance(value, dict) else {}


def _read_config(folder: Path) -> dict[str, Any]:
    config = _read_json(folder / "config.json")
    if config.get("model_type") not in _MODEL_TYPES or config.get("hidden_act", "gelu") != "gelu":
        raise ModelFileError(
            f"{folder} holds a {config.get('model_type', 'nameless')!r} model; in this process only "
            f"{', '.join(_MODEL_TYPES)} encoders with GELU can run.",
            remedy="Serve it with an OpenAI-compatible server and set ONDOL_EMBED_BASE_URL.",
        )
    return config


def _read_shape(folder: Path, config: dict[str, Any], options: BertOptions) -> tuple[str, int]:
    """Return pooling and length: as told, else as sentence-transformers wrote them."""
    pooling = _read_json(p) if (p := folder / "1_Pooling" / "config.json").exists() else {}
    limits = _read_json(p) if (p := folder / "sentence_bert_config.json").exists() else {}
    room = int(config["max_position_embeddings"]) - _MODEL_TYPES[config["model_type"]]
    return (
        options.pooling or ("cls" if pooling.get("pooling_mode_cls_token") else "mean"),
        min(options.max_tokens or int(limits.get("max_seq_length") or 512), room),
    )
