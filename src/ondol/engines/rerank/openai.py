"""A reranker behind any server with a ``/rerank`` route."""

import time
from collections.abc import Callable, Iterable, Sequence

from pydantic import SecretStr

from ondol.engines.endpoint import Endpoint, build_headers
from ondol.engines.http import HttpClient
from ondol.engines.rerank.wire import request_scores


class OpenAIReranker:
    """Speaks to one reranking model of one server.

    Args:
        base_url: root of the API, usually ending in ``/v1``; ``/rerank`` follows it.
        model: the name that the server knows.
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
        allowed: Iterable[str] = (),
        attempts: int = 3,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._model = model
        endpoint = Endpoint(base_url=base_url.rstrip("/"), headers=build_headers(api_key), model=model)
        self._client = HttpClient(endpoint, allowed=allowed, role="rerank", attempts=attempts, sleep=sleep)

    @property
    def name(self) -> str:
        """The name that the server knows."""
        return self._model

    def rerank(self, query: str, passages: Sequence[str]) -> list[float]:
        """Return one score per passage, higher is better; raises ``EngineError``."""
        return request_scores(self._client, self._model, query, passages) if passages else []

    def close(self) -> None:
        """Do nothing: no connection outlives its request."""
