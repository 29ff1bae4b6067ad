"""Embedding and reranking servers that misbehave."""

import math

import numpy as np
import pytest
from fault_server import json_reply

from ondol.core.errors import EngineError, EngineProtocolError, EngineUnavailableError
from ondol.engines.embed.openai import OpenAIEmbedder
from ondol.engines.rerank.openai import OpenAIReranker


def vectors(*rows):
    return json_reply({"data": [{"index": i, "embedding": list(row)} for i, row in enumerate(rows)]})


@pytest.fixture
def embedder(server):
    server.replies = [vectors((3.0, 4.0))]
    return OpenAIEmbedder(server.base_url, "m", query_prefix="query: ", sleep=lambda _: None)


def test_rows_are_put_in_order_and_to_unit_length(server, embedder):
    data = [{"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": [3, 4]}]
    server.replies = [vectors((1, 0)), json_reply({"data": data})]
    rows = embedder.embed(["a", "b"], kind="query")
    assert np.allclose(rows, [[0.6, 0.8], [0, 1]])
    assert server.requests[-1][3]["input"] == ["query: a", "query: b"]


@pytest.mark.parametrize(
    "reply",
    [
        {"data": []},
        {"data": [{"index": 0, "embedding": [1, "x"]}]},
        {"data": [{"index": 0, "embedding": [0, 0]}]},
        {"data": [{"index": 0, "embedding": [math.inf, 1]}]},
        {"nothing": 1},
        [],
        {"data": [{"index": 0, "embedding": [1, 2, 3]}]},
    ],
)
def test_wrong_vectors_are_refused(server, embedder, reply):
    assert embedder.dimensions == 2
    server.replies = [json_reply(reply)]
    with pytest.raises(EngineProtocolError):
        embedder.embed(["a"], kind="passage")


def test_a_failing_server_is_tried_again(server, embedder):
    server.replies = [json_reply({}, 500), vectors((1, 0))]
    assert embedder.dimensions == 2
    server.replies = [json_reply({}, 503)]
    with pytest.raises(EngineUnavailableError):
        embedder.embed(["a"], kind="passage")


def test_many_texts_go_in_batches(server, embedder):
    server.replies = [
        vectors((1, 0)),
        vectors(*[(1, 0)] * 64),
        vectors(*[(0, 1)] * 36),
    ]
    rows = embedder.embed(["t"] * 100, kind="passage")
    assert rows.shape == (100, 2)
    assert rows[99].tolist() == [0, 1]


@pytest.mark.parametrize(
    "reply",
    [
        {"results": [{"index": 0, "relevance_score": 1}]},
        {"results": [{"index": 0, "relevance_score": 1}, {"index": 1, "relevance_score": math.nan}]},
        {"results": "none"},
        {},
    ],
)
def test_missing_scores_are_refused(server, reply):
    server.replies = [json_reply(reply)]
    with pytest.raises(EngineError, match="each of 2 passages"):
        OpenAIReranker(server.base_url, "m").rerank("q", ["a", "b"])


def test_scores_are_put_in_order(server):
    results = [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]
    server.replies = [json_reply({"results": results})]
    assert OpenAIReranker(server.base_url, "m").rerank("q", ["a", "b"]) == [0.1, 0.9]
    assert server.requests[0][1] == "/v1/rerank"
