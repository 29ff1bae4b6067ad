"""``POST /v1/embeddings``: vectors of the catalogue's embedder."""

import base64
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ondol.core.errors import EngineProtocolError, TooLargeError
from ondol.core.protocols import Embedder, FloatMatrix
from ondol.engines.embed.openai import OpenAIEmbedder
from ondol.serve.gateway.errors import ParameterError
from ondol.serve.gateway.schema import EmbeddingRequest
from ondol.serve.upstream import Upstream

MAX_INPUT_CHARS = 200_000


@runtime_checkable
class CountsTokens(Protocol):
    """An embedder that can tell how many tokens it read."""

    def count_tokens(self, texts: list[str]) -> int:
        """Return the tokens of all texts together."""


def read_texts(request: EmbeddingRequest) -> list[str]:
    """Return the inputs as texts.

    Raises:
        ParameterError: an input is empty, or is token ids: they belong to another model's vocabulary.
        TooLargeError: an input is over the limit.
    """
    texts: list[str] = []
    for item in [request.input] if isinstance(request.input, str) else request.input:
        if not isinstance(item, str):
            raise ParameterError(
                "Input as token ids is not taken: they belong to another model's vocabulary.",
                param="input",
                remedy="Send text; in LangChain, set check_embedding_ctx_length=False.",
            )
        if not item:
            raise ParameterError("An input is empty.", param="input")
        if len(item) > MAX_INPUT_CHARS:
            raise TooLargeError(f"An input has {len(item)} characters; at most {MAX_INPUT_CHARS} are taken.")
        texts.append(item)
    return texts


def embed(request: EmbeddingRequest, embedder: Embedder) -> dict[str, Any]:
    """Return the reply body; blocking."""
    texts = read_texts(request)
    if request.dimensions not in {None, embedder.dimensions}:
        raise ParameterError(
            f"{embedder.name} has {embedder.dimensions} dimensions and cannot be cut.", param="dimensions"
        )
    vectors = embedder.embed(texts, kind=request.input_type)
    tokens = embedder.count_tokens(texts) if isinstance(embedder, CountsTokens) else _guess_tokens(texts)
    return _build_reply(request, vectors, tokens)


async def pass_on(request: EmbeddingRequest, embedder: OpenAIEmbedder, upstream: Upstream) -> dict[str, Any]:
    """Return what the embedder's server says: its vectors and its counts; it may take token ids too."""
    body: dict[str, Any] = {"input": request.input, "encoding_format": "float"}
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    reply = await upstream.post_json(embedder.endpoint(), "/embeddings", body)
    try:
        rows = sorted(reply["data"], key=lambda row: row["index"])
        vectors = np.asarray([row["embedding"] for row in rows], dtype=np.float32)
        tokens = int(reply["usage"]["prompt_tokens"])
    except (KeyError, TypeError, ValueError) as error:
        raise EngineProtocolError("The server's reply is not a list of embeddings.") from error
    return _build_reply(request, vectors, tokens)


def _build_reply(request: EmbeddingRequest, vectors: FloatMatrix, tokens: int) -> dict[str, Any]:
    return {
        "object": "list",
        "model": request.model,
        "data": [
            {"object": "embedding", "index": index, "embedding": vector}
            for index, vector in enumerate(_encode(vectors, request.encoding_format))
        ],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _encode(vectors: FloatMatrix, encoding: str) -> list[Any]:
    if encoding == "float":
        return [[float(value) for value in row] for row in vectors]
    # OpenAI's form: the bytes of little-endian 32-bit floats.
    return [base64.b64encode(np.asarray(row, dtype="<f4").tobytes()).decode("ascii") for row in vectors]


def _guess_tokens(texts: list[str]) -> int:
    """Four bytes a token, for an embedder that does not count."""
    return sum(max(1, len(text.encode()) // 4) for text in texts)
