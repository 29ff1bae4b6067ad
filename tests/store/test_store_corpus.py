"""Documents, contents that they share, labels, filters, and the log of changes; on both databases."""

from datetime import timedelta

import pytest

from ondol.core.access import LOCAL_PRINCIPAL, Grade, Label, Principal
from ondol.core.documents import DocumentKind, Filter
from ondol.core.errors import NotFoundError, ParseError, WrongUseError

NOBODY = Principal(name="visitor")
KIM = Principal(name="kim", grade=Grade.SENSITIVE, groups=frozenset({"hr"}))
ME = LOCAL_PRINCIPAL


def test_a_document_comes_back_as_it_was_saved(store, library):
    pages = ["첫 문장.\nSecond 😀 sentence.", "Third."]
    saved = library.save(store, "file:///a/b.txt", pages, label="sensitive+hr", title="제목")
    described = library.describe("file:///a/b.txt", pages, label="sensitive+hr", title="제목")
    assert saved == described.model_copy(update={"num_pages": 2, "num_chunks": 3})
    assert store.corpus.load_document(saved.id, principal=KIM) == saved
    parsed = library.parse(pages)
    assert store.corpus.load_pages(saved.id, principal=KIM) == parsed.pages
    assert store.corpus.load_page(saved.id, 2, principal=KIM) == parsed.pages[1]
    chunks = library.cut(parsed, saved.blob_sha256)
    assert store.corpus.load_document_chunks(saved.id, principal=KIM) == tuple(chunks)
    found = store.corpus.load_chunks([chunks[1].id, "chk_unknown"], principal=KIM)
    assert found == {chunks[1].id: (chunks[1], saved)}


def test_a_page_that_is_not_there(store, library):
    saved = library.save(store, "file:///a.txt", "Only page.")
    with pytest.raises(NotFoundError, match="no page 2"):
        store.corpus.load_page(saved.id, 2, principal=ME)


def test_every_read_hides_what_the_principal_may_not_read(store, library):
    saved = library.save(store, "file:///secret.txt", "A secret.", label="sensitive+hr")
    store.corpus.save_failure(
        "file:///bad.pdf", ParseError("Bad.", remedy="Mend it."), label=Label.parse("hr")
    )
    corpus = store.corpus
    outsider = Principal(name="lee", grade=Grade.CLASSIFIED, groups=frozenset({"finance"}))
    for other in (NOBODY, outsider):
        for read in (corpus.load_document, corpus.load_pages, corpus.load_document_chunks):
            with pytest.raises(NotFoundError, match="no document"):
                read(saved.id, principal=other)
        with pytest.raises(NotFoundError, match="no document"):
            corpus.load_page(saved.id, 1, principal=other)
        with pytest.raises(NotFoundError, match="no document"):
            corpus.update_document(saved.id, principal=other, title="Mine")
        assert corpus.list_documents(principal=other) == ((), None)
        assert corpus.load_chunks(library.chunk_ids("A secret."), principal=other) == {}
        assert corpus.list_labels(principal=other) == ()
        assert corpus.source_states("", principal=other) == {}
        assert corpus.list_failures(principal=other) == ()
        assert corpus.counts(principal=other).documents == corpus.counts(principal=other).chunks == 0
    assert corpus.counts(principal=KIM).documents == 1
    assert corpus.list_labels(principal=KIM) == (Label.parse("sensitive+hr"),)
    assert [failure.code for failure in corpus.list_failures(principal=KIM)] == ["parse_error"]


def test_what_is_hidden_and_what_does_not_exist_look_alike(store, library):
    hidden = library.save(store, "file:///secret.txt", "A secret.", label="classified")
    messages = []
    for document_id in (hidden.id, "doc_" + "0" * 24):
        with pytest.raises(NotFoundError, match="no document") as caught:
            store.corpus.load_document(document_id, principal=NOBODY)
        messages.append(str(caught.value).replace(document_id, "ID"))
    assert messages[0] == messages[1]


def test_a_changed_document_replaces_its_old_content(store, library):
    library.save(store, "file:///a.txt", "Old words.")
    library.save(store, "file:///a.txt", "New words.")
    assert store.corpus.load_chunks(library.chunk_ids("Old words."), principal=ME) == {}
    assert len(store.corpus.load_chunks(library.chunk_ids("New words."), principal=ME)) == 1
    assert store.corpus.counts(principal=ME).chunks == 1


def test_the_same_bytes_are_stored_once_and_live_as_long_as_one_document_holds_them(store, library):
    first = library.save(store, "file:///a.txt", "Shared words.", label="sensitive+hr")
    second = library.save(store, "file:///b.txt", "Shared words.")
    (chunk_id,) = library.chunk_ids("Shared words.")
    counts = store.corpus.counts(principal=ME)
    assert (counts.documents, counts.chunks, counts.pages) == (2, 1, 1)
    assert store.corpus.load_chunks([chunk_id], principal=KIM)[chunk_id][1] == first
    assert store.corpus.load_chunks([chunk_id], principal=NOBODY)[chunk_id][1] == second
    assert store.corpus.remove_documents([second.id]) == 1
    assert store.corpus.load_chunks([chunk_id], principal=NOBODY) == {}
    assert store.corpus.has_content(first.blob_sha256, "p1")
    assert store.corpus.remove_documents([first.id, "doc_unknown"]) == 1
    assert not store.corpus.has_content(first.blob_sha256, "p1")
    assert store.corpus.load_chunks([chunk_id], principal=ME) == {}


def test_a_known_content_is_linked_without_parsing(store, library):
    first = library.save(store, "file:///a.txt", "Shared words.", title="Given")
    bare = library.describe("file:///b.txt", ["Shared words."], title="").model_copy(update={"language": ""})
    linked = store.corpus.link_document(bare, parser_fingerprint="p1", mtime_ns=5)
    assert linked is not None
    assert (linked.title, linked.language, linked.author) == ("Title", "en", "An Author")
    assert linked.num_chunks == first.num_chunks == 1
    assert store.corpus.link_document(bare, parser_fingerprint="p2") is None


def test_a_chunk_that_is_no_exact_slice_is_refused_and_nothing_is_saved(store, library):
    document = library.describe("file:///a.txt", ["Right words."])
    parsed = library.parse(["Right words."])
    chunk = library.cut(parsed, document.blob_sha256)[0].model_copy(update={"text": "Wrong words."})
    with pytest.raises(WrongUseError, match="is not the text of page 1"):
        store.corpus.save_document(document, parsed, [chunk], parser_fingerprint="p1")
    assert store.corpus.counts(principal=ME).documents == 0
    assert not store.corpus.has_content(document.blob_sha256, "p1")


def test_what_was_set_by_hand_stays_until_the_source_says_something_new(store, library):
    saved = library.save(store, "file:///a.txt", "One.")
    label = Label.parse("classified")
    changed = store.corpus.update_document(
        saved.id, principal=ME, label=label, licence="MIT", title="By hand"
    )
    assert (changed.label, changed.licence, changed.title) == (label, "MIT", "By hand")
    again = library.save(store, "file:///a.txt", "Two.")
    assert (again.label, again.licence, again.title) == (label, "MIT", "By hand")
    state = store.corpus.source_states("", principal=ME)["file:///a.txt"]
    assert (state.label, state.licence) == (Label(), "CC0-1.0")
    assert library.save(store, "file:///a.txt", "Two.", label="sensitive").label == Label.parse("sensitive")
    assert store.corpus.list_documents(principal=ME, query="by HAND")[0][0].id == saved.id


def test_the_list_is_paged_by_a_cursor_that_survives_changes(store, library):
    for number in range(7):
        library.save(store, f"file:///d/{number}.txt", f"Text {number}.")
    first, cursor = store.corpus.list_documents(principal=ME, limit=3)
    store.corpus.remove_documents([first[0].id])
    library.save(store, "file:///d/25.txt", "Between.")
    second, cursor = store.corpus.list_documents(principal=ME, limit=3, cursor=cursor)
    third, end = store.corpus.list_documents(principal=ME, limit=3, cursor=cursor)
    names = [[document.uri.rsplit("/", 1)[-1] for document in part] for part in (first, second, third)]
    assert names == [["0.txt", "1.txt", "2.txt"], ["25.txt", "3.txt", "4.txt"], ["5.txt", "6.txt"]]
    assert end is None
    with pytest.raises(WrongUseError, match="not a cursor"):
        store.corpus.list_documents(principal=ME, cursor="%%%")


@pytest.mark.parametrize(
    ("query", "uris"),
    [
        ("보고서", {"file:///%EB%B3%B4%EA%B3%A0%EC%84%9C.hwp"}),
        ("PLAN", {"file:///x/plan_100%25.txt"}),
        ("100%", {"file:///x/plan_100%25.txt"}),
        ("n_1", {"file:///x/plan_100%25.txt"}),
        ("nothing like this", set()),
    ],
)
def test_the_list_is_searched_by_title_and_address(store, library, query, uris):
    library.save(store, "file:///%EB%B3%B4%EA%B3%A0%EC%84%9C.hwp", "One.", title="A")
    library.save(store, "file:///x/plan_100%25.txt", "Two.", title="B")
    found, _ = store.corpus.list_documents(principal=ME, query=query)
    assert {document.uri for document in found} == uris


def test_a_filter_narrows_lists_and_chunks(store, library, clock):
    texts = {"file:///a/x.txt": "One.", "file:///ab/x.txt": "Two.", "file:///z.zip!/in.txt": "Three."}
    for days, (uri, text) in enumerate(texts.items()):
        kind = DocumentKind.PDF if days == 1 else DocumentKind.TEXT
        library.save(store, uri, text, kind=kind, modified_at=clock() + timedelta(days=days))
    ids = [library.chunk_ids(text)[0] for text in texts.values()]
    uris = list(texts)
    day = clock() + timedelta(days=1)
    cases = [
        (Filter(sources=("file:///a",)), uris[:1]),
        (Filter(sources=("file:///a/", "file:///ab/x.txt")), uris[:2]),
        (Filter(sources=("file:///z.zip",)), uris[2:]),
        (Filter(kinds=(DocumentKind.PDF,)), uris[1:2]),
        (Filter(after=day), uris[1:]),
        (Filter(before=day), uris[:1]),
        (Filter(after=day, before=day + timedelta(seconds=1)), uris[1:2]),
        (Filter(documents=(library.describe(uris[0], ["One."]).id,)), uris[:1]),
        (Filter(kinds=(DocumentKind.PDF,), sources=("file:///a",)), []),
    ]
    for narrow, wanted in cases:
        listed, _ = store.corpus.list_documents(principal=ME, narrow=narrow)
        found = store.corpus.load_chunks(ids, principal=ME, narrow=narrow)
        assert [document.uri for document in listed] == wanted
        assert sorted(document.uri for _, document in found.values()) == wanted


def test_source_states_stop_at_path_boundaries(store, library):
    for uri in (
        "file:///data/a.txt",
        "file:///data2/a.txt",
        "file:///data.zip!/a.txt",
        "file:///data/sub/b.txt",
    ):
        library.save(store, uri, f"Text of {uri}.", mtime_ns=7)
    states = store.corpus.source_states("file:///data", principal=ME)
    assert list(states) == ["file:///data/a.txt", "file:///data/sub/b.txt"]
    state = states["file:///data/a.txt"]
    assert (state.mtime_ns, state.parser_fingerprint, state.licence) == (7, "p1", "CC0-1.0")
    assert list(store.corpus.source_states("file:///data.zip", principal=ME)) == ["file:///data.zip!/a.txt"]
    assert list(store.corpus.source_states("file:///data/a.txt", principal=ME)) == ["file:///data/a.txt"]
    assert len(store.corpus.source_states("", principal=ME)) == 4


def test_looking_at_an_unchanged_source_is_noted(store, library):
    saved = library.save(store, "file:///a.txt", "One.")
    before = store.corpus.last_change()
    store.corpus.touch_document(saved.id, mtime_ns=99, size_bytes=saved.size_bytes)
    assert store.corpus.source_states("", principal=ME)["file:///a.txt"].mtime_ns == 99
    assert store.corpus.last_change() == before


def test_the_change_log_has_the_newest_change_of_each_content(store, library):
    corpus = store.corpus
    assert (corpus.last_change(), corpus.changes_since(0)) == (0, [])
    one = library.save(store, "file:///1.txt", "One.")
    two = library.save(store, "file:///2.txt", "Two.")
    assert [change.blob_sha256 for change in corpus.changes_since(0)] == [one.blob_sha256, two.blob_sha256]
    seen = corpus.last_change()
    library.save(store, "file:///1.txt", "One.")
    corpus.update_document(one.id, principal=ME, licence="MIT")
    assert corpus.changes_since(seen) == [], "nothing searchable changed"
    for act in (
        lambda: corpus.update_document(one.id, principal=ME, label=Label.parse("hr")),
        lambda: corpus.update_document(one.id, principal=ME, title="Renamed"),
        lambda: library.save(store, "file:///3.txt", "One."),
        lambda: corpus.remove_documents([one.id]),
    ):
        act()
        (change,) = corpus.changes_since(seen)
        assert change.blob_sha256 == one.blob_sha256
        assert change.seq == corpus.last_change() > seen
        seen = change.seq
    three = library.save(store, "file:///2.txt", "Three.")
    assert {change.blob_sha256 for change in corpus.changes_since(seen)} == {
        two.blob_sha256,
        three.blob_sha256,
    }
    assert len(corpus.changes_since(0)) == 3
    assert len(corpus.changes_since(0, limit=1)) == 1
    assert corpus.changes_since(10**6) == corpus.changes_since(0), "an index of the future starts anew"


def test_the_number_of_a_change_is_never_used_again(store, library):
    saved = library.save(store, "file:///1.txt", "One.")
    store.corpus.remove_documents([saved.id])
    seen = store.corpus.last_change()
    library.save(store, "file:///1.txt", "One.")
    assert store.corpus.last_change() > seen


def test_the_index_is_told_chunks_and_who_holds_them(store, library):
    one = library.save(store, "file:///b.txt", "Same.\nWords.", label="sensitive+hr")
    library.save(store, "file:///a.txt", "Same.\nWords.")
    gone, entry = store.corpus.content_entries(["f" * 64, one.blob_sha256])
    assert gone.chunks == ()
    assert [item.chunk.text for item in entry.chunks] == ["Same.", "Words."]
    for item in entry.chunks:
        assert [(who.uri, who.label) for who in item.holders] == [
            ("file:///a.txt", "open"),
            ("file:///b.txt", "sensitive+hr"),
        ]


def test_two_parsers_of_the_same_bytes_share_what_they_agree_on(store, library):
    saved = library.save(store, "file:///a.txt", "Same.\nWords.")
    document = library.describe("file:///b.md", ["Same.\nWords."])
    parsed = library.parse(["Same.\nOther words."])
    chunks = library.cut(parsed, document.blob_sha256)
    store.corpus.save_document(document, parsed, chunks, parser_fingerprint="p2")
    (entry,) = store.corpus.content_entries([saved.blob_sha256])
    holders = {item.chunk.text: [who.uri for who in item.holders] for item in entry.chunks}
    assert holders == {
        "Same.": ["file:///a.txt", "file:///b.md"],
        "Words.": ["file:///a.txt"],
        "Other words.": ["file:///b.md"],
    }
    found = store.corpus.load_chunks([chunk.id for chunk in chunks], principal=ME)
    assert {chunk.text: document.uri for chunk, document in found.values()} == {
        "Same.": "file:///a.txt",
        "Other words.": "file:///b.md",
    }


def test_failures_are_listed_until_they_are_mended(store):
    corpus = store.corpus
    for uri in ("file:///d/a.pdf", "file:///d/b.pdf", "file:///e/c.pdf"):
        corpus.save_failure(uri, ParseError(f"{uri} is bad.", remedy="Mend it."), label=Label())
    corpus.save_failure("file:///d/a.pdf", NotFoundError("Gone."), label=Label())
    listed = corpus.list_failures(principal=NOBODY, prefix="file:///d")
    assert [(failure.uri, failure.code) for failure in listed] == [
        ("file:///d/a.pdf", "not_found"),
        ("file:///d/b.pdf", "parse_error"),
    ]
    assert listed[1].remedy == "Mend it."
    corpus.clear_failure("file:///d/a.pdf", "file:///none")
    assert [failure.uri for failure in corpus.list_failures(principal=NOBODY)] == [
        "file:///d/b.pdf",
        "file:///e/c.pdf",
    ]


def test_counts(store, library):
    library.save(store, "file:///a.txt", ["One.", "Two."])
    library.save(store, "file:///b.pdf", "Three.", kind=DocumentKind.PDF)
    counts = store.corpus.counts(principal=NOBODY)
    assert counts.kinds == {"pdf": 1, "text": 1}
    assert (counts.documents, counts.pages, counts.chunks) == (2, 3, 3)
    assert counts.size_bytes == len(b"One.\fTwo.") + len(b"Three.")


def test_more_ids_than_a_statement_can_hold(store, library):
    saved = [library.save(store, f"file:///{number:04}.txt", f"Text {number}.") for number in range(30)]
    unknown = [f"doc_{number:024x}" for number in range(2000)]
    assert store.corpus.remove_documents([*unknown, *(document.id for document in saved)]) == 30
    assert store.corpus.counts(principal=ME).documents == 0
