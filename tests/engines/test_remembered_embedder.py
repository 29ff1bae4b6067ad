"""The embedder that remembers asks the one beneath only for what is new."""

import numpy as np

from ondol.engines.embed.fake import FakeEmbedder
from ondol.engines.embed.remembered import RememberingEmbedder


class Counting(FakeEmbedder):
    def __init__(self):
        super().__init__()
        self.asked = []

    def embed(self, texts, *, kind):
        self.asked.extend(texts)
        return super().embed(texts, kind=kind)


def test_a_text_is_embedded_once_for_each_kind():
    beneath = Counting()
    embedder = RememberingEmbedder(beneath)
    first = embedder.embed(["valve", "pump", "valve"], kind="passage")
    again = embedder.embed(["pump"], kind="passage")
    embedder.embed(["pump"], kind="query")
    assert beneath.asked == ["valve", "pump", "pump"]
    assert np.array_equal(first[0], first[2])
    assert np.array_equal(first[1], again[0])
    assert embedder.embed([], kind="query").shape == (0, embedder.dimensions)


def test_the_one_used_longest_ago_is_forgotten():
    beneath = Counting()
    embedder = RememberingEmbedder(beneath, capacity=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        embedder.embed([text], kind="passage")
    assert beneath.asked == ["a", "b", "c", "b"]
