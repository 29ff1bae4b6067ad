"""A reranking model in GGUF, served by a llama.cpp child process."""

from collections.abc import Sequence
from pathlib import Path

from ondol.engines.endpoint import Endpoint
from ondol.engines.http import EMBEDDED, HttpClient
from ondol.engines.process import EngineProcess, call_engine
from ondol.engines.rerank.wire import request_scores
from ondol.engines.settings import EngineLimits, limit_context


class EmbeddedReranker:
    """Speaks to the child process; starts it on first use.

    Args:
        model_path: the GGUF file of a cross-encoder.
        home: where lock, endpoint file and log are kept.
        max_tokens: what the model was trained for, question and passage together.
    """

    def __init__(
        self,
        model_path: Path,
        *,
        home: Path,
        name: str,
        sha256: str,
        max_tokens: int = 512,
        limits: EngineLimits | None = None,
    ) -> None:
        limits = limit_context(limits or EngineLimits(), max_tokens)
        self._name = name
        self._process = EngineProcess(
            model_path, home=home, name=name, sha256=sha256, kind="rerank", limits=limits
        )

    @property
    def name(self) -> str:
        """Catalogue name."""
        return self._name

    def rerank(self, query: str, passages: Sequence[str]) -> list[float]:
        """Return one score per passage, higher is better; long ones are cut; raises ``EngineError``."""
        if not passages:
            return []
        return call_engine(
            self._process,
            lambda e: request_scores(HttpClient(e, role=EMBEDDED), self._name, query, passages),
        )

    def endpoint(self) -> Endpoint:
        """Return where to send a request that is passed on as it is; starts the child."""
        return self._process.endpoint()

    def close(self) -> None:
        """Stop the child if this process started it."""
        self._process.close()
