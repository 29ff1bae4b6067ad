"""An embedding model in GGUF, served by a llama.cpp child: for architectures that ``bert`` does not run."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from ondol.core.errors import ContextLengthError
from ondol.core.protocols import FloatMatrix
from ondol.engines.embed.wire import request_vectors
from ondol.engines.endpoint import Endpoint
from ondol.engines.http import EMBEDDED, HttpClient
from ondol.engines.process import EngineProcess, call_engine
from ondol.engines.settings import EngineLimits

_TIMEOUT_S = 60.0


class EmbeddedEmbedder:
    """Speaks to the child process; starts it on first use.

    Args:
        model_path: the GGUF file; it says itself how to pool.
        home: where lock, endpoint file and log are kept.
        query_prefix: put before questions, as E5 and Qwen models were trained.
        passage_prefix: put before passages.
    """

    def __init__(
        self,
        model_path: Path,
        *,
        home: Path,
        name: str,
        sha256: str,
        query_prefix: str = "",
        passage_prefix: str = "",
        limits: EngineLimits | None = None,
    ) -> None:
        self._name = name
        self._limits = limits or EngineLimits()
        self._fingerprint = f"gguf-1:{sha256[:16]}:{query_prefix}:{passage_prefix}"
        self._prefixes = {"query": query_prefix, "passage": passage_prefix}
        self._process = EngineProcess(
            model_path, home=home, name=name, sha256=sha256, kind="embed", limits=self._limits
        )
        self._lock = threading.Lock()
        self._dimensions = 0

    @property
    def name(self) -> str:
        """Catalogue name."""
        return self._name

    @property
    def fingerprint(self) -> str:
        """Weights and prefixes."""
        return self._fingerprint

    @property
    def dimensions(self) -> int:
        """Length of a vector; starts the child on first use."""
        with self._lock:
            if not self._dimensions:
                self._dimensions = self._request(["a"]).shape[1]
            return self._dimensions

    def embed(self, texts: Sequence[str], *, kind: Literal["query", "passage"]) -> FloatMatrix:
        """Return unit-length rows, shape (len(texts), dimensions); long texts are cut."""
        dimensions = self.dimensions
        if not texts:
            return np.empty((0, dimensions), dtype=np.float32)
        prefixed = [self._prefixes[kind] + text for text in texts]
        try:
            return self._request(prefixed)
        except ContextLengthError:
            return np.concatenate([self._request([self._cut(text)]) for text in prefixed])

    def close(self) -> None:
        """Stop the child if this process started it."""
        self._process.close()

    def _request(self, texts: Sequence[str]) -> FloatMatrix:
        return call_engine(
            self._process, lambda e: request_vectors(HttpClient(e, role=EMBEDDED), self._name, texts)
        )

    def _cut(self, text: str) -> str:
        """Return the longest beginning of ``text`` that fits, found by halving what is over."""

        def count(endpoint: Endpoint) -> int:
            root = endpoint.model_copy(update={"base_url": endpoint.base_url.removesuffix("/v1")})
            reply = HttpClient(root, role=EMBEDDED).post_json(
                "/tokenize", {"content": text, "add_special": True}, timeout_s=_TIMEOUT_S
            )
            return len(reply["tokens"])

        room = self._process.context_tokens - 2
        while (tokens := call_engine(self._process, count)) > room:
            text = text[: min(len(text) * room // tokens, len(text) - 1)]
        return text
