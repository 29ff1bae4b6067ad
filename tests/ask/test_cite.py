"""A citation is true or it is not made."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passages import EVERYTHING, PRICES, WARRANTY, hit, stored

from ondol.ask.cite import Mark, Numbering, Verifier, build_citation, read_marks
from ondol.ask.extract import ExtractOptions, extract, label_cells
from ondol.evidence.terms import simple_terms

TEXTS = st.text(
    alphabet=st.sampled_from(list("abc ABC 12,.!?:\n-|*[]()#\t지오펜스를 삭제합니다한글é́ⓐ①“”’…👍🏽")),
    min_size=1,
    max_size=200,
)


@given(text=TEXTS, start=st.integers(0, 10_000), data=st.data())
def test_a_quote_is_the_stored_text_at_its_place(text, start, data):
    found = hit(text, start=start, page=2)
    a = data.draw(st.integers(0, len(text) - 1))
    b = data.draw(st.integers(a + 1, len(text)))
    citation = build_citation(found, a, b, number=1)
    place = citation.locator
    assert stored(found)[place.start : place.end] == citation.quote
    assert place.page == 2


@settings(deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=4), question=TEXTS)
def test_every_quote_of_an_extract_is_the_stored_text(texts, question):
    hits = [hit(text, n, start=n * 7) for n, text in enumerate(texts, 1)]
    found = extract(question, hits, options=ExtractOptions(min_answerable=0.0))
    by_id = {h.chunk_id: h for h in hits}
    for sentence in found.sentences:
        for citation in sentence.citations:
            whole = stored(by_id[citation.chunk_id])
            assert whole[citation.locator.start : citation.locator.end] == citation.quote
            assert sentence.text.endswith(f"[{citation.number}]")


@settings(deadline=None)
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=3), claim=TEXTS, marked=st.lists(st.integers(0, 9), max_size=3)
)
def test_every_span_of_a_verified_claim_lies_in_its_passage(texts, claim, marked):
    hits = [hit(text, n) for n, text in enumerate(texts, 1)]
    verifier = Verifier(hits, question="", terms=simple_terms)
    verified = verifier.verify(claim, [Mark(n) for n in marked])
    for citation in Numbering(hits).cite(verified.spans):
        assert citation.quote in next(h.text for h in hits if h.chunk_id == citation.chunk_id)


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (5, 2), (0, 10_000)])
def test_a_span_outside_the_passage_is_refused(start, end):
    with pytest.raises(ValueError, match="is not within"):
        build_citation(WARRANTY, start, end, number=1)


@pytest.mark.parametrize(
    ("written", "text", "numbers"),
    [
        ("It rains [1].", "It rains.", [1]),
        ("It rains.[1][3]", "It rains.", [1, 3]),
        ("It rains [1, 2 and 3].", "It rains.", [1, 2, 3]),
        ("It rains 【2】", "It rains", [2]),
        ("It rains [^4].", "It rains.", [4]),
        ("비가 옵니다 [문서 2].", "비가 옵니다.", [2]),
        ("비가 옵니다 [1번].", "비가 옵니다.", [1]),
        ("It rains (2).", "It rains.", [2]),
        ("The law (1) of 1990 holds [3].", "The law (1) of 1990 holds.", [3]),
        ("It rains.", "It rains.", []),
        ("[1]", "", [1]),
    ],
)
def test_marks_are_told_from_text(written, text, numbers):
    found, marks = read_marks(written)
    assert (found, [m.number for m in marks]) == (text, numbers)


def test_a_quoted_mark_keeps_its_words():
    assert read_marks('It rains [2: "rain fell in May"].')[1] == (Mark(2, "rain fell in May"),)


def test_a_claim_over_two_sentences_cites_both_as_one_place():
    verifier = Verifier(EVERYTHING, question="", terms=simple_terms)
    verified = verifier.verify(
        "The warranty lasts 24 months from delivery and does not cover batteries.", [Mark(1)]
    )
    (citation,) = Numbering(EVERYTHING).cite(verified.spans)
    assert citation.quote == "The warranty lasts 24 months from delivery. It does not cover batteries."


def test_context_is_never_quoted():
    found = extract("What is the stock of the Propeller?", EVERYTHING, options=ExtractOptions())
    assert found.sentences
    for sentence in found.sentences:
        assert all("Part" not in c.quote for c in sentence.citations)


@pytest.mark.parametrize(
    ("row", "context", "shown"),
    [
        ("A | 3", "Parts > Part | Price", "Part: A | Price: 3"),
        ("A |  | 3", "Part | Stock | Price", "Part: A | Price: 3"),
        ("A | 3 | x", "Part | Price", "A | 3 | x"),
        ("A | 3", "Parts", "A | 3"),
    ],
)
def test_cells_get_the_names_of_their_columns(row, context, shown):
    assert label_cells(row, context) == shown


def test_the_same_row_is_found_by_its_header():
    found = extract("Price of Battery 4S?", [PRICES], options=ExtractOptions())
    assert found.sentences[0].citations[0].quote == "Battery 4S | 7 | 39.90"
