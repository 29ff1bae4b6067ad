"""An embedder behind any OpenAI-compatible server."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import numpy as np
from pydantic import SecretStr

from ondol.core.errors import EngineProtocolError
from ondol.core.protocols import FloatMatrix
from ondol.engines.embed.wire import request_vectors
from ondol.engines.endpoint import Endpoint, build_headers
from ondol.engines.http import HttpClient


class OpenAIEmbedder:
    """Speaks to one embedding model of one server.

    Args:
        base_url: root of the API, usually ending in ``/v1``.
        model: the name that the server knows.
        query_prefix: put before questions, as E5 and Qwen models were trained.
        passage_prefix: put before passages.
        allowed: addresses that may be called; loopback always may.
        attempts: how often a request is tried while the failure is transient.
        sleep: waits between attempts.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        api_key: SecretStr | None = None,
        query_prefix: str = "",
        passage_prefix: str = "",
        allowed: Iterable[str] = (),
        attempts: int = 3,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._model = model
        self._prefixes = {"query": query_prefix, "passage": passage_prefix}
        self._base_url = base_url.rstrip("/")
        self._endpoint = Endpoint(base_url=self._base_url, headers=build_headers(api_key), model=model)
        self._client = HttpClient(
            self._endpoint, allowed=allowed, role="embed", attempts=attempts, sleep=sleep
        )
        self._lock = threading.Lock()
        self._dimensions = 0

    @property
    def name(self) -> str:
        """The name that the server knows."""
        return self._model

    @property
    def fingerprint(self) -> str:
        """Server, model and prefixes: what the server does under that name cannot be known."""
        parts = "\x00".join([self._base_url, self._model, *self._prefixes.values()])
        return f"openai:{self._model}:{hashlib.sha256(parts.encode()).hexdigest()[:16]}"

    @property
    def dimensions(self) -> int:
        """Length of a vector; the server is asked on first use, which may raise ``EngineError``."""
        with self._lock:
            if not self._dimensions:
                self._dimensions = request_vectors(self._client, self._model, ["a"]).shape[1]
            return self._dimensions

    def embed(self, texts: Sequence[str], *, kind: Literal["query", "passage"]) -> FloatMatrix:
        """Return unit-length rows, shape (len(texts), dimensions); the server cuts or refuses long texts.

        Raises:
            EngineError: the server cannot be reached, refuses, or changed the length of its vectors.
        """
        dimensions = self.dimensions
        if not texts:
            return np.empty((0, dimensions), dtype=np.float32)
        prefix = self._prefixes[kind]
        vectors = request_vectors(self._client, self._model, [prefix + text for text in texts])
        if vectors.shape[1] != dimensions:
            raise EngineProtocolError(
                f"{self._model} now sends vectors of length {vectors.shape[1]}, before {dimensions}.",
                remedy="Another model is served under its name: restart, and let the index be built anew.",
            )
        return vectors

    def endpoint(self) -> Endpoint:
        """Return where to send a request that is passed on as it is."""
        return self._endpoint

    def close(self) -> None:
        """Do nothing: no connection outlives its request."""
