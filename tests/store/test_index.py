"""The index on disk, without a corpus: generations, segments, merging, vectors."""

from dataclasses import replace

import numpy as np
import pytest

from ondol.core.access import LOCAL_PRINCIPAL, Grade, Principal
from ondol.core.documents import DocumentKind
from ondol.core.errors import SearchIndexError
from ondol.store.index import SearchIndex
from ondol.store.index_segment import ForwardStream
from ondol.store.index_vectors import VectorLeg, _Part, best, fit_basis
from ondol.store.index_writer import ChunkDraft, GroupDraft, IndexWriter
from ondol.store.records import Holder

EMPTY = ForwardStream(np.array([1], np.uint32), np.zeros(1, np.uint16), np.zeros(1, np.uint16))
GUEST = Principal(name="guest", grade=Grade.OPEN)


def draft(name, terms, *, label="open", count=1):
    holder = Holder(
        document=f"doc_{name}", uri=f"file:///{name}", title=name, label=label, kind=DocumentKind.TEXT
    )
    chunks = tuple(
        ChunkDraft(f"chk_{name}_{at}".ljust(28, "0"), terms, hash((name, at)) % 2**63, EMPTY)
        for at in range(count)
    )
    return GroupDraft(f"blob-{name}", f"fp-{name}", (holder,), chunks)


def find(index, term, principal=LOCAL_PRINCIPAL):
    reader = index.open_reader()
    positions, _ = reader.search_lexical([(term, 1.0)], reader.select(principal, None), 100)
    return sorted(name.split("_")[1] for name in reader.chunk_ids(positions))


@pytest.fixture
def index(tmp_path):
    return SearchIndex(tmp_path / "index")


def test_no_index_is_a_state(index):
    assert index.open_reader() is None
    assert index.load_manifest() is None


def test_nothing_is_seen_before_it_is_published(index):
    writer = IndexWriter(index, analyser="a")
    writer.add(draft("one", "red car"))
    writer.flush()
    assert index.open_reader() is None
    writer.publish(1, is_last=True)
    assert find(index, "red") == ["one"]
    assert index.load_manifest().change == 1


def test_an_unfinished_writer_changes_nothing_for_the_next(index):
    first = IndexWriter(index, analyser="a")
    first.add(draft("one", "red"))
    first.publish(1, is_last=True)
    crashed = IndexWriter(index, analyser="a")
    crashed.remove("blob-one")
    crashed.add(draft("two", "red"))
    crashed.flush()
    del crashed
    again = IndexWriter(index, analyser="a")
    again.add(draft("three", "red"))
    again.publish(2, is_last=True)
    assert find(index, "red") == ["one", "three"]


def test_labels_are_part_of_the_query_in_both_legs(index):
    writer = IndexWriter(index, analyser="a")
    writer.add(draft("open", "red"))
    writer.add(draft("secret", "red", label="classified"))
    writer.flush()
    writer.add_vectors(writer.segments[0], "s", np.eye(2, 8, dtype=np.float32))
    writer.publish(1, is_last=True)
    assert find(index, "red", GUEST) == ["open"]
    reader = index.open_reader()
    near, _ = reader.search_dense("s", np.eye(2, 8, dtype=np.float32)[1], reader.select(GUEST, None), 5)
    assert reader.chunk_ids(near) == ["chk_open_0".ljust(28, "0")]


def test_new_holders_need_no_new_terms(index):
    writer = IndexWriter(index, analyser="a")
    writer.add(draft("one", "red", count=3))
    writer.publish(1, is_last=True)
    writer = IndexWriter(index, analyser="a")
    holder = replace(writer.holders("blob-one")[0][0], label="classified")
    assert writer.change_holders("blob-one", [(holder,)])
    writer.publish(2, is_last=True)
    assert find(index, "red", GUEST) == []
    assert find(index, "red") == ["one", "one", "one"]


def test_many_small_segments_are_merged_with_their_vectors(index):
    rng = np.random.default_rng(1)
    writer = IndexWriter(index, analyser="a")
    vectors = {}
    for at in range(20):
        writer.add(draft(f"n{at}", f"word{at} red"))
        writer.flush()
        vectors[at] = rng.standard_normal((1, 16)).astype(np.float32)
        vectors[at] /= np.linalg.norm(vectors[at])
        writer.add_vectors(writer.segments[-1], "s", vectors[at])
    writer.remove("blob-n3")
    writer.publish(1, space="s", is_last=True)
    reader = index.open_reader()
    assert len(reader.segments) < 12
    assert reader.num_chunks == 19
    for at in (0, 7, 19):
        near, scores = reader.search_dense("s", vectors[at][0], reader.select(LOCAL_PRINCIPAL, None), 1)
        assert reader.chunk_ids(near)[0].startswith(f"chk_n{at}_")
        assert scores[0] == pytest.approx(1.0, abs=2e-3)
        assert find(index, f"word{at}") == [f"n{at}"]


def test_old_generations_and_segments_go(index):
    for at in range(5):
        writer = IndexWriter(index, analyser="a")
        writer.remove(f"blob-n{at - 1}")
        writer.add(draft(f"n{at}", "red"))
        writer.publish(at, is_last=True)
    assert len(list((index.folder / "generations").iterdir())) == 2
    assert find(index, "red") == ["n4"]


def test_a_manifest_of_another_version_is_refused(index):
    writer = IndexWriter(index, analyser="a")
    writer.add(draft("one", "red"))
    number = writer.publish(1, is_last=True)
    path = index.generation_folder(number) / "manifest.json"
    path.write_text(path.read_text().replace('"version":1', '"version":999'))
    with pytest.raises(SearchIndexError, match="another version"):
        SearchIndex(index.folder).open_reader()


def test_projections_find_what_a_full_scan_finds():
    rng = np.random.default_rng(2)
    directions = rng.standard_normal((96, 96)) * np.exp(-np.arange(96) / 20)[:, None]
    vectors = (rng.standard_normal((9000, 96)) @ directions).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    basis = fit_basis(vectors[:1000])
    part = _Part(0, vectors.astype(np.float16), vectors @ basis.T)
    allowed = rng.random(9000) < 0.7
    leg, scan = VectorLeg([part], basis), VectorLeg([part], None)
    for at in range(0, 9000, 900):
        query = vectors[at] + 0.3 * vectors[at + 1]
        found, exact = leg.search(query, allowed, 50)[0], scan.search(query, allowed, 50)[0]
        assert np.isin(exact, found).mean() > 0.98
        assert allowed[found].all()


def test_best_is_stable_and_ordered():
    positions, scores = best(np.array([5, 3, 9]), np.array([1.0, 1.0, 2.0]), 2)
    assert positions[0] == 9
    assert scores.tolist() == [2.0, 1.0]
