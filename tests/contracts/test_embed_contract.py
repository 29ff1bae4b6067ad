"""What every embedder must do."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ondol.core.protocols import Embedder

TEXTS = [
    "The drone returns home when the radio link is lost.",
    "If the signal is lost, the drone flies back home.",
    "Bananas are rich in potassium.",
    "",
    "배터리가 부족하면 자동으로 착륙합니다.",
    "word " * 3000,
]


def test_it_is_an_embedder_with_a_name_and_a_fingerprint(embedder):
    assert isinstance(embedder, Embedder)
    assert embedder.name
    assert embedder.fingerprint
    assert embedder.dimensions > 0


def test_rows_are_of_unit_length_one_per_text(embedder):
    rows = embedder.embed(TEXTS, kind="passage")
    assert rows.shape == (len(TEXTS), embedder.dimensions)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)


def test_no_text_gives_no_row(embedder):
    assert embedder.embed([], kind="passage").shape == (0, embedder.dimensions)


def test_close_meanings_are_close(embedder):
    first, second, other = embedder.embed(TEXTS[:3], kind="passage")
    assert first @ second > first @ other


def test_a_text_has_the_same_vector_alone_and_among_others(embedder):
    together = embedder.embed(TEXTS, kind="passage")
    alone = np.concatenate([embedder.embed([text], kind="passage") for text in TEXTS])
    assert np.allclose(together, alone, atol=2e-3)


def test_several_threads_get_their_own_rows(embedder):
    expected = embedder.embed(TEXTS[:3], kind="query")
    with ThreadPoolExecutor(4) as pool:
        for rows in pool.map(lambda _: embedder.embed(TEXTS[:3], kind="query"), range(8)):
            assert np.allclose(rows, expected, atol=2e-3)


@pytest.mark.model
def test_the_embedded_engine_agrees_with_the_one_in_this_process(embedded_embedder, bert):
    ours, theirs = (e.embed(TEXTS[:3], kind="passage") for e in (bert, embedded_embedder))
    assert (ours * theirs).sum(axis=1).min() > 0.9999
