"""The reranking protocol that Jina defined and llama.cpp, vLLM and TEI-style servers speak."""

import math
from collections.abc import Sequence

from ondol.core.errors import EngineProtocolError
from ondol.engines.http import HttpClient

_TIMEOUT_S = 60.0


def request_scores(client: HttpClient, model: str, query: str, passages: Sequence[str]) -> list[float]:
    """Return one score per passage, in their order; raises ``EngineError``."""
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
