"""An embedding model in GGUF, served by a llama.cpp child: for architectures that ``bert`` does not run."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from ondol.core.protocols import FloatMatrix
from ondol.engines.embed.wire import request_vectors
from ondol.engines.endpoint import Endpoint
from ondol.engines.http import EMBEDDED, HttpClient
from ondol.engines.process import EngineProcess, call_engine
from ondol.engines.settings import EngineLimits, limit_context


class EmbeddedEmbedder:
    """Speaks to the child process; starts it on first use.

    Args:
        model_path: the GGUF file; it says itself how to pool.
        home: where lock, endpoint file and log are kept.
        query_prefix: put before questions, as E5 and Qwen models were trained.
        passage_prefix: put before passages.
        max_tokens: what the model was trained for; longer texts are cut.
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
        max_tokens: int = 512,
        limits: EngineLimits | None = None,
    ) -> None:
        self._name = name
        self._limits = limit_context(limits or EngineLimits(), max_tokens)
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
        return self._request([self._prefixes[kind] + text for text in texts])

    @property
    def pid(self) -> int | None:
        """The child's, when one is known."""
        return self._process.pid

    def endpoint(self) -> Endpoint:
        """Return where to send a request that is passed on as it is; starts the child."""
        return self._process.endpoint()

    def close(self) -> None:
        """Stop the child if this process started it."""
        self._process.close()

    def _request(self, texts: Sequence[str]) -> FloatMatrix:
        return call_engine(
            self._process, lambda e: request_vectors(HttpClient(e, role=EMBEDDED), self._name, texts)
        )
