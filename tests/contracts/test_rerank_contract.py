"""What every reranker must do."""

import math

from ondol.core.protocols import Reranker

PASSAGES = ["The mast is three metres high.", "Bananas are rich in potassium.", "", "word " * 3000]


def test_it_is_a_reranker_with_a_name(reranker):
    assert isinstance(reranker, Reranker)
    assert reranker.name


def test_each_passage_has_a_score(reranker):
    scores = reranker.rerank("How high is the mast?", PASSAGES)
    assert len(scores) == len(PASSAGES)
    assert all(isinstance(s, float) and math.isfinite(s) for s in scores)


def test_scores_belong_to_their_passages(reranker):
    forward = reranker.rerank("How high is the mast?", PASSAGES[:2])
    backward = reranker.rerank("How high is the mast?", PASSAGES[1::-1])
    assert forward != backward
    assert all(math.isclose(a, b, abs_tol=1e-3) for a, b in zip(forward, reversed(backward), strict=True))


def test_no_passage_gives_no_score(reranker):
    assert reranker.rerank("How high is the mast?", []) == []
