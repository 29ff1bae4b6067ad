"""The embedding protocol that OpenAI defined and llama.cpp, vLLM, TEI and others speak."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ondol.core.errors import ContextLengthError, EngineProtocolError
from ondol.core.protocols import FloatMatrix
from ondol.engines.http import HttpClient

_BATCH = 64
_SHRINK = 0.8
_TIMEOUT_S = 120.0


def request_vectors(client: HttpClient, model: str, texts: Sequence[str]) -> FloatMatrix:
    """Return unit-length rows for one or more texts; those too long for the model are cut."""
    rows: list[FloatMatrix] = []
    for i in range(0, len(texts), _BATCH):
        batch = texts[i : i + _BATCH]
        try:
            rows.append(_request_batch(client, model, batch))
        except ContextLengthError:
            rows.extend(_request_cut(client, model, text) for text in batch)
    vectors = np.concatenate(rows)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or (lengths == 0).any():
        raise EngineProtocolError(
            f"The embed server at {client.where} sent a vector without a direction.",
            remedy="Check that its model is an embedding model.",
        )
    vectors /= lengths
    return vectors


def _request_cut(client: HttpClient, model: str, text: str) -> FloatMatrix:
    """Ask for one text, shortened until it fits: the server's tokens cannot be counted from here."""
    while True:
        try:
            return _request_batch(client, model, [text])
        except ContextLengthError:
            if not text:
                raise
            text = text[: int(len(text) * _SHRINK)]


def _request_batch(client: HttpClient, model: str, texts: Sequence[str]) -> FloatMatrix:
    # An empty text is refused by some servers; a space stands for it.
    body = {"model": model, "input": [text or " " for text in texts], "encoding_format": "float"}
    reply = client.post_json("/embeddings", body, timeout_s=_TIMEOUT_S)
    try:
        data: list[dict[str, Any]] = sorted(reply["data"], key=lambda item: int(item["index"]))
        vectors = np.asarray([item["embedding"] for item in data], dtype=np.float32)
    except (KeyError, TypeError, ValueError):
        vectors = np.empty(0, dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != len(texts):
        raise EngineProtocolError(
            f"The embed server at {client.where} did not send one vector for each of {len(texts)} texts.",
            remedy="Check that its address is the root of an API and its model an embedding model.",
        )
    return vectors
