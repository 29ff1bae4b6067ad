"""Index and query together: languages, labels, filters, changes, repair."""

import shutil
from datetime import UTC, datetime

import numpy as np
import pytest
import tantivy

from ondol.core.access import LOCAL_PRINCIPAL, Grade, Label, Principal
from ondol.core.documents import DocumentKind, Filter
from ondol.core.errors import EngineUnavailableError
from ondol.engines.embed.fake import FakeEmbedder
from ondol.search.indexer import Indexer
from ondol.search.query import HybridSearcher
from ondol.store.index import SearchIndex
from ondol.text.language import detect_language

PUBLIC = Principal(name="guest")
HR = Principal(name="kim", grade=Grade.SENSITIVE, groups=frozenset({"hr"}))

HR_LABEL = Label.parse("sensitive+hr")

SEOUL = (
    "대한민국의 수도는 서울이다. 서울의 인구는 약 940만 명이다.\n\n"
    "부산은 대한민국 제2의 도시이며 항구 도시이다."
)
LAW = (
    "제12조(목적) 이 규정은 휴가의 사용을 정한다.\n\n제12조의2(연차) 연차 휴가는 15일로 한다.\n\n제13조 보칙"
)
PARTS = "Part AB-1234/5 costs 1,234.50 won.\n\nPart AB-1235/5 costs 99 won.\n\nThe GPS receiver supports RTK."
SALARY = "임원의 연봉은 3억 원이다.\n\nThe salary of directors is confidential."


@pytest.fixture
def find(shelf, analyser):
    searcher = HybridSearcher(shelf.store, analyser)

    def run(query, principal=LOCAL_PRINCIPAL, **options):
        Indexer(shelf.store, analyser, None).update()
        return searcher.search(query, principal=principal, **options).hits

    return run


def test_an_empty_corpus_gives_nothing(find):
    assert find("무엇이든") == ()


@pytest.mark.parametrize(
    ("query", "start"),
    [
        ("서울 인구가 얼마나 되나요?", "대한민국의 수도"),
        ("두 번째로 큰 항구도시는?", "부산은"),
        ("제12조의2", "제12조의2"),
        ("12조의 목적이 무엇인가", "제12조(목적)"),
        ("AB-1234/5", "Part AB-1234/5"),
        ("ab1235/5 부품", "Part AB-1235/5"),
        ("1234.5", "Part AB-1234/5"),
        ("RTK 지원 gps", "The GPS receiver"),
        ("which reciever", "The GPS receiver"),
        ("대한민국의 수도는 어디입니까", "대한민국의 수도"),
        ("서울의인구", "대한민국의 수도"),
    ],
)
def test_exact_things_and_inflected_words_are_found_first(shelf, find, query, start):
    for name, text in (("a.txt", SEOUL), ("b.txt", LAW), ("c.txt", PARTS)):
        shelf.put(name, text)
    hits = find(query)
    assert hits[0].text.startswith(start)
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert hits[0].lexical_rank is not None


def test_labels_decide_what_is_found(shelf, find):
    shelf.put("open.txt", SEOUL)
    shelf.put("pay.txt", SALARY, label="sensitive+hr")
    assert not any("연봉" in hit.text for hit in find("임원의 연봉", PUBLIC))
    assert find("임원의 연봉", HR)[0].text.startswith("임원의")


def test_a_shared_text_is_found_through_the_document_one_may_read(shelf, find):
    shelf.put("secret.txt", SEOUL, label="classified", title="극비 계획")
    shelf.put("open.txt", SEOUL, title="공개 자료")
    hits = find("서울 인구", PUBLIC)
    assert hits[0].title == "공개 자료"
    assert find("극비 계획", PUBLIC) == ()


def test_the_running_number_of_a_file_name_is_no_content(shelf, find):
    shelf.put("scan_12.txt", "아무 내용이 없다.", title="scan_12")
    shelf.put("b.txt", "모두 12개의 부품이 있다.", title="2024 목록")
    assert [hit.text for hit in find("12")] == ["모두 12개의 부품이 있다."]
    assert find("scan")[0].title == "scan_12"
    assert find("2024")[0].title == "2024 목록"


def test_filters_narrow_on_one_and_the_same_document(shelf, find):
    old, new = datetime(2020, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
    shelf.put("a.txt", SEOUL, folder="/docs/a", modified_at=old)
    shelf.put("b.html", SEOUL + " ", folder="/docs/ab", kind=DocumentKind.HTML, modified_at=new)

    def uris(**fields):
        return {hit.uri for hit in find("서울 인구", narrow=Filter(**fields))}

    a, b = "file:///docs/a/a.txt", "file:///docs/ab/b.html"
    assert uris(sources=("file:///docs/a",)) == {a}
    assert uris(kinds=(DocumentKind.HTML,)) == {b}
    assert uris(before=new) == {a}
    assert uris(after=new) == {b}
    assert uris(sources=("file:///docs/a",), kinds=(DocumentKind.HTML,)) == set()


def test_changes_are_followed(shelf, find):
    document = shelf.put("a.txt", SEOUL)
    other = shelf.put("b.txt", LAW)
    assert find("서울 인구", PUBLIC)
    shelf.put("a.txt", SEOUL.replace("서울", "세종"))
    assert not any("서울" in hit.text for hit in find("서울 인구"))
    assert find("세종 인구", PUBLIC)[0].text.startswith("대한민국의 수도는 세종")
    shelf.store.corpus.update_document(document.id, principal=LOCAL_PRINCIPAL, label=HR_LABEL)
    assert not any("세종" in hit.text for hit in find("세종 인구", PUBLIC))
    assert find("세종 인구", HR)
    shelf.store.corpus.remove_documents([other.id])
    assert not any("제12조" in hit.text for hit in find("제12조의2"))


def test_a_relabelling_does_not_analyse_again(shelf, analyser):
    document = shelf.put("a.txt", SEOUL)
    Indexer(shelf.store, analyser, None).update()
    shelf.store.corpus.update_document(document.id, principal=LOCAL_PRINCIPAL, label=HR_LABEL)
    report = Indexer(shelf.store, analyser, None).update()
    assert (report.added, report.removed, report.relabelled) == (0, 0, 1)


def test_a_second_update_does_nothing(shelf, analyser):
    shelf.put("a.txt", SEOUL)
    first = Indexer(shelf.store, analyser, None).update()
    second = Indexer(shelf.store, analyser, None).update()
    assert first.added == 2
    assert second.generation == first.generation


@pytest.mark.parametrize("damage", ["CURRENT", "manifest.json", "groups.json", "lexical", "row.npy"])
def test_a_damaged_index_is_rebuilt_by_searching(shelf, analyser, find, damage):
    shelf.put("a.txt", SEOUL)
    assert find("서울 인구")
    for path in sorted(shelf.store.index_dir.rglob("*")):
        if path.is_file() and (path.name == damage or (damage == "lexical" and path.suffix == ".term")):
            path.write_bytes(path.read_bytes()[:-3])
            if damage == "CURRENT":
                path.write_text("nonsense")
    fresh = HybridSearcher(shelf.store, analyser)
    assert fresh.search("서울 인구", principal=LOCAL_PRINCIPAL).hits


def test_an_index_of_another_layout_is_built_anew_by_writing(shelf, analyser, find):
    shelf.put("a.txt", SEOUL)
    assert find("서울 인구")
    index = SearchIndex(shelf.store.index_dir)
    lexical = index.generation_folder(index.load_manifest().generation) / "lexical"
    shutil.rmtree(lexical)
    lexical.mkdir()
    builder = tantivy.SchemaBuilder()
    for name in ("row", "group"):
        builder.add_unsigned_field(name, stored=True, indexed=True)
    for name in ("label", "document", "terms"):
        builder.add_text_field(name, stored=True)
    tantivy.Index(builder.build(), path=str(lexical)).writer(num_threads=1).commit()
    shelf.put("b.txt", LAW)
    Indexer(shelf.store, analyser, None).update()
    assert find("제12조의2")
    assert find("서울 인구")


def test_a_half_made_generation_is_ignored_and_removed(shelf, analyser, find):
    shelf.put("a.txt", SEOUL)
    assert find("서울 인구")
    index = SearchIndex(shelf.store.index_dir)
    half = index.generation_folder(99)
    (half / "lexical").mkdir(parents=True)
    shelf.put("b.txt", LAW)
    assert find("제12조의2")
    assert not half.exists()


def test_a_reader_keeps_its_generation_while_others_come(shelf, analyser):
    shelf.put("a.txt", SEOUL)
    indexer = Indexer(shelf.store, analyser, None)
    indexer.update()
    reader = SearchIndex(shelf.store.index_dir).open_reader()
    selection = reader.select(LOCAL_PRINCIPAL, None)
    before = reader.search_lexical([("서울", 1.0)], selection, 10)
    for number in range(4):
        shelf.put(f"n{number}.txt", f"{SEOUL} {number}")
        indexer.update()
    after = reader.search_lexical([("서울", 1.0)], selection, 10)
    assert np.array_equal(before[0], after[0])
    assert len(list((shelf.store.index_dir / "generations").iterdir())) == 2


def test_another_analyser_is_never_mixed_in(shelf, analyser, find):
    class Other(type(analyser)):
        @property
        def fingerprint(self):
            return "other-1"

    shelf.put("a.txt", SEOUL)
    assert find("서울 인구")
    assert HybridSearcher(shelf.store, Other()).search("서울 인구", principal=LOCAL_PRINCIPAL).hits
    assert SearchIndex(shelf.store.index_dir).load_manifest().analyser == "other-1"


def test_vectors_find_what_words_do_not(shelf, analyser):
    shelf.put("a.txt", PARTS)
    shelf.put("pay.txt", SALARY, label="sensitive+hr")
    embedder = FakeEmbedder()
    report = Indexer(shelf.store, analyser, embedder).update()
    assert report.vectors == 5
    searcher = HybridSearcher(shelf.store, analyser, embedder)
    hits = searcher.search("receivers supporting", principal=PUBLIC, k=3).hits
    assert hits[0].text.startswith("The GPS receiver")
    assert hits[0].dense_rank == 1
    assert not any("salary" in hit.text.lower() for hit in searcher.search("salary", principal=PUBLIC).hits)


def test_an_embedder_without_korean_is_not_asked_about_it(shelf, analyser):
    asked = []

    class English(FakeEmbedder):
        def embed(self, texts, *, kind):
            asked.extend(texts)
            vectors = super().embed(texts, kind=kind)
            korean = [detect_language(text) == "ko" for text in texts]
            vectors[korean] = vectors[korean][:, ::-1] if kind == "query" else vectors[korean]
            return vectors

    shelf.put("a.txt", SEOUL)
    embedder = English()
    Indexer(shelf.store, analyser, embedder).update()
    hits = HybridSearcher(shelf.store, analyser, embedder).search("서울 인구", principal=PUBLIC).hits
    assert hits[0].dense_rank is None
    assert "서울 인구" not in asked


def test_a_failing_embedder_leaves_the_words_searchable(shelf, analyser):
    def fail(texts):
        raise EngineUnavailableError("down")

    shelf.put("a.txt", SEOUL)
    with pytest.raises(EngineUnavailableError, match="down"):
        Indexer(shelf.store, analyser, FakeEmbedder(fault=fail)).update()
    assert HybridSearcher(shelf.store, analyser).search("서울 인구", principal=PUBLIC).hits
    assert Indexer(shelf.store, analyser, FakeEmbedder()).update().vectors == 2


def test_a_rebuild_takes_vectors_over(shelf, analyser):
    shelf.put("a.txt", SEOUL)
    Indexer(shelf.store, analyser, FakeEmbedder()).update()
    assert Indexer(shelf.store, analyser, FakeEmbedder()).rebuild().vectors == 0
    hits = HybridSearcher(shelf.store, analyser, FakeEmbedder()).search("capital city", principal=PUBLIC).hits
    assert hits[0].dense_rank == 1


def test_the_same_text_is_shown_once(shelf, find):
    shelf.put("a.txt", SEOUL)
    shelf.put("b.txt", SEOUL + "\n\n끝")
    texts = [hit.text for hit in find("서울 인구")]
    assert len(texts) == len(set(texts))


def test_highlights_are_places_of_the_text(shelf, find):
    shelf.put("a.txt", SEOUL)
    shelf.put("c.txt", PARTS)
    hit = find("서울의 인구는?")[0]
    shown = [hit.text[start:end] for start, end in hit.highlights]
    assert any("서울" in piece for piece in shown)
    assert any("인구" in piece for piece in shown)
    assert not any("수도" in piece for piece in shown)
    hit = find("What does part AB-1234/5 cost?")[0]
    assert "AB-1234/5" in " ".join(hit.text[start:end] for start, end in hit.highlights)


def test_a_reranker_has_the_last_word(shelf, analyser):
    class Shortest:
        name = "shortest"

        def rerank(self, query, passages):
            return [-float(len(passage)) for passage in passages]

    shelf.put("c.txt", PARTS)
    Indexer(shelf.store, analyser, None).update()
    searcher = HybridSearcher(shelf.store, analyser, None, Shortest())
    hits = searcher.search("part AB-1234/5", principal=PUBLIC, k=2).hits
    assert len(hits[0].text) <= len(hits[1].text)


@pytest.mark.parametrize("query", ["", "  ", "???", "the", "무엇인가?", "a" * 5000, "가" * 3000, "\x00"])
def test_odd_questions_do_no_harm(shelf, find, query):
    shelf.put("a.txt", SEOUL)
    find(query)
