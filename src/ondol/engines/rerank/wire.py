"""The reranking protocol that Jina defined and llama.cpp, vLLM and TEI-style servers speak."""

import math
from collections.abc import Sequence

from ondol.core.errors import ContextLengthError, EngineProtocolError
from ondol.engines.http import HttpClient

_TIMEOUT_S = 60.0
_SHRINK = 0.8


def request_scores(client: HttpClient, model: str, query: str, passages: Sequence[str]) -> list[float]:
    """Return one score per passage, in their order; those too long for the model are cut."""
    while True:
        try:
            return _request(client, model, query, passages)
        except ContextLengthError:
            # The server's tokens cannot be counted from here: shorten the longest until all fit.
            longest = max(len(p) for p in passages)
            if not longest:
                raise
            passages = [p[: int(longest * _SHRINK)] for p in passages]


def _request(client: HttpClient, model: str, query: str, passages: Sequence[str]) -> list[float]:
    body = {"model": model, "query": query, "documents": [p or " " for p in passages], "top_n": len(passages)}
    reply = client.post_json("/rerank", body, timeout_s=_TIMEOUT_S)
    try:
        scores = {int(r["index"]): float(r["relevance_score"]) for r in reply["results"]}
        found = [scores[i] for i in range(len(passages))]
    except (KeyError, TypeError, ValueError):
        found = []
    if len(found) != len(passages) or not all(math.isfinite(score) for score in found):
        raise EngineProtocolError(
            f"The rerank server at {client.where} did not score each of {len(passages)} passages.",
            remedy="Check that its address is the root of an API with /rerank, and its model a reranker.",
        )
    return found
