"""Chunks: exact slices, in order, that follow the structure and lose nothing."""

import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondol.core.documents import Block, Chunk, DocumentKind, Page, ParsedDocument
from ondol.ingest.chunk import ChunkOptions, build_chunks
from ondol.sources import markdown, plain
from ondol.sources.build import PageBuilder, TextBudget
from ondol.sources.limits import Limits

BLOB = "0" * 64
SMALL = ChunkOptions(target=120, maximum=180, minimum=40)


def parse(*pages: PageBuilder, title: str = "") -> ParsedDocument:
    numbers = range(1, len(pages) + 1) if len(pages) > 1 else [None]
    built = tuple(page.build(number) for page, number in zip(pages, numbers, strict=True))
    return ParsedDocument(kind=DocumentKind.TEXT, media_type="text/plain", title=title, pages=built)


def page_of(*blocks: tuple) -> PageBuilder:
    """Make a page of (kind, text) or ("heading", text, level)."""
    page = PageBuilder(TextBudget("test", Limits()))
    for kind, text, *rest in blocks:
        page.add(
            kind,
            text,
            level=rest[0] if kind == "heading" and rest else 0,
            **(rest[0] if kind == "table_row" else {}),
        )
    return page


def check(parsed: ParsedDocument, chunks: list[Chunk], options: ChunkOptions) -> None:
    """The promises of the module."""
    texts = {page.number: page.text for page in parsed.pages}
    for chunk in chunks:
        place = chunk.locator
        assert texts[place.page][place.start : place.end] == chunk.text
        assert chunk.text.strip() == chunk.text != ""
        wide = sum(
            "\u1100" <= c <= "\u11ff" or "\u2e80" <= c <= "\u9fff" or "가" <= c <= "힣" for c in chunk.text
        )
        assert len(chunk.text) + (options.wide_weight - 1) * wide <= options.maximum + options.wide_weight
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    for page in parsed.pages:
        own = [chunk.locator for chunk in chunks if chunk.locator.page == page.number]
        assert all(a.end <= b.start for a, b in pairwise(own))
        covered = set().union(*(range(place.start, place.end) for place in own))
        contexts = " ".join(chunk.context for chunk in chunks)
        for block in page.blocks:
            missing = [
                i for i in range(block.start, block.end) if i not in covered and not page.text[i].isspace()
            ]
            if missing:
                assert block.kind == "heading"
                assert " ".join(page.text[block.start : block.end].split()) in contexts


def test_headings_stand_beside_the_text_not_in_it():
    body = "The vehicle lands where it is. " * 9
    parsed = parse(
        page_of(
            ("heading", "Guide", 1),
            ("heading", "Landing", 2),
            ("paragraph", body),
            ("heading", "Parts", 2),
            ("paragraph", body),
        ),
        title="Guide",
    )
    chunks = build_chunks(parsed, blob_sha256=BLOB)
    assert [(chunk.context, chunk.text) for chunk in chunks] == [
        ("Guide > Landing", body.strip()),
        ("Guide > Parts", body.strip()),
    ]
    check(parsed, chunks, ChunkOptions())


def test_small_sections_join_and_keep_their_headings_in_the_text():
    parsed = parse(
        page_of(
            ("heading", "Top", 1),
            ("heading", "A", 2),
            ("paragraph", "Alpha is first."),
            ("heading", "B", 2),
            ("paragraph", "Beta."),
        )
    )
    (chunk,) = build_chunks(parsed, blob_sha256=BLOB)
    assert chunk.text == "Top\n\nA\n\nAlpha is first.\n\nB\n\nBeta."
    assert chunk.context == "Top"


def test_a_heading_without_a_body_is_found_too():
    parsed = parse(page_of(("heading", "Title slide", 1)), page_of(("paragraph", "Text of the next page.")))
    chunks = build_chunks(parsed, blob_sha256=BLOB)
    assert [(c.locator.page, c.text, c.context) for c in chunks] == [
        (1, "Title slide", "Title slide"),
        (2, "Text of the next page.", "Title slide"),
    ]


def test_a_heading_that_says_something_can_be_quoted():
    parsed = parse(
        page_of(("heading", "Deadline: 5 May 2026", 2), ("paragraph", "Send it by mail to the office."))
    )
    (chunk,) = build_chunks(parsed, blob_sha256=BLOB)
    assert chunk.text.startswith("Deadline: 5 May 2026")


def test_sentences_are_not_cut():
    sentences = [f"문장 번호 {i}는 비행 안전에 관한 내용을 설명합니다." for i in range(60)]
    parsed = parse(page_of(("paragraph", " ".join(sentences))))
    chunks = build_chunks(parsed, blob_sha256=BLOB)
    assert len(chunks) > 2
    assert all(chunk.text.endswith("설명합니다.") and chunk.text.startswith("문장") for chunk in chunks)
    assert max(len(chunk.text) for chunk in chunks) <= 650


def test_rows_carry_their_table_header_and_sheets_stay_apart():
    def row(text: str, number: int, sheet: str) -> tuple:
        return (
            "table_row",
            text,
            {"header": "Part | Price" if number > 1 else "", "sheet": sheet, "row": number},
        )

    rows = [
        row("Part | Price", 1, "A"),
        *(row(f"Motor {i} with a long name | {i}", i, "A") for i in range(2, 80)),
    ]
    parsed = parse(page_of(*rows, row("Part | Price", 1, "B"), row("Wing | 9", 2, "B")), title="Prices")
    chunks = build_chunks(parsed, blob_sha256=BLOB)
    check(parsed, chunks, ChunkOptions())
    assert {chunk.context for chunk in chunks} == {"Prices > A > Part | Price", "Prices > B > Part | Price"}
    assert [chunk.locator.sheet for chunk in chunks][-1] == "B"
    assert chunks[0].locator.row == 1
    assert chunks[1].locator.row > 10


def test_articles_of_a_law_are_sections_of_their_own():
    articles = "\n".join(f"제{i}조(목적 {i}) " + "이 규정은 필요한 사항을 정한다. " * 12 for i in range(1, 5))
    parsed = plain.read(("제1장 총칙\n\n" + articles).encode(), name="a.txt", limits=Limits())
    chunks = build_chunks(parsed, blob_sha256=BLOB)
    assert [chunk.context for chunk in chunks] == [f"제1장 총칙 > 제{i}조(목적 {i})" for i in range(1, 5)]
    assert all(chunk.text.startswith(f"제{i}조") for i, chunk in enumerate(chunks, start=1))


def test_text_without_blocks_is_cut_at_blank_lines():
    pages = (Page(number=1, text="  One.\n\nTwo.\n"), Page(number=2, text=" \n "))
    parsed = ParsedDocument(kind=DocumentKind.TEXT, media_type="text/plain", pages=pages)
    assert [chunk.text for chunk in build_chunks(parsed, blob_sha256=BLOB)] == ["One.\n\nTwo."]


def test_ids_are_of_what_is_said_and_where():
    parsed = parse(page_of(*[("paragraph", "Same words here. " * 8)] * 6))
    first, again = (build_chunks(parsed, blob_sha256=BLOB, options=SMALL) for _ in range(2))
    assert [c.id for c in first] == [c.id for c in again]
    other = build_chunks(parsed, blob_sha256="1" * 64, options=SMALL)
    assert not {c.id for c in first} & {c.id for c in other}


def test_the_handbook(handbook: Path):
    sizes = []
    for path in sorted(handbook.rglob("*.md")):
        parsed = markdown.read(path.read_bytes(), name=path.name, limits=Limits())
        chunks = build_chunks(parsed, blob_sha256=BLOB)
        check(parsed, chunks, ChunkOptions())
        sizes.extend(len(chunk.text) for chunk in chunks)
    assert sorted(sizes)[len(sizes) // 2] > 150


words = st.text(alphabet="ab 가나다.?!\n1", min_size=1, max_size=260)
block = st.one_of(
    st.tuples(st.just("heading"), words, st.integers(1, 6)),
    st.tuples(st.sampled_from(["paragraph", "list_item", "code"]), words),
    st.tuples(st.just("table_row"), words, st.fixed_dictionaries({"header": st.sampled_from(["", "A | B"])})),
)


@given(pages=st.lists(st.lists(block, max_size=12), min_size=1, max_size=3), target=st.integers(30, 200))
def test_whatever_the_structure(pages: list, target: int):
    options = ChunkOptions(target=target, maximum=int(target * 1.5), minimum=target // 4)
    parsed = parse(*(page_of(*blocks) for blocks in pages))
    chunks = build_chunks(parsed, blob_sha256=BLOB, options=options)
    check(parsed, chunks, options)
    assert bool(chunks) == any(page.text.strip() for page in parsed.pages)


@pytest.mark.parametrize("text", ["x" * 5000, "가" * 5000, "x " * 3000, "한글 " * 2000])
def test_endless_runs_are_cut(text: str):
    parsed = parse(page_of(("paragraph", text)))
    check(parsed, build_chunks(parsed, blob_sha256=BLOB, options=SMALL), SMALL)


def test_a_long_run_of_hangul_takes_time_in_proportion():
    parsed = parse(page_of(("paragraph", "가나다라" * 50_000)))
    before_s = time.process_time()
    chunks = build_chunks(parsed, blob_sha256=BLOB)
    assert time.process_time() - before_s < 2  # a tenth of it; quadratic: 30 s
    assert sum(len(chunk.text) for chunk in chunks) == 200_000


def test_blocks_may_hold_only_white_space():
    page = Page(
        text="a  b", blocks=(Block(kind="paragraph", start=0, end=1), Block(kind="paragraph", start=1, end=3))
    )
    parsed = ParsedDocument(kind=DocumentKind.TEXT, media_type="text/plain", pages=(page,))
    assert [chunk.text for chunk in build_chunks(parsed, blob_sha256=BLOB)] == ["a"]
