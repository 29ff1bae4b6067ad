"""Plain text: structure that is only in how it is written."""

from ondol.core.documents import ParsedDocument
from ondol.sources import plain
from ondol.sources.limits import Limits
from ondol.sources.outline import find_levels


def read(text: str) -> ParsedDocument:
    return plain.read(text.encode("cp949"), name="a.txt", limits=Limits())


def blocks_of(parsed: ParsedDocument) -> list[tuple[str, int, str]]:
    (page,) = parsed.pages
    return [(block.kind, block.level, page.text[block.start : block.end]) for block in page.blocks]


def test_a_korean_regulation():
    parsed = read(
        "드론 운용 규정\n\n제1장 총칙\n\n제1조(목적) 이 규정은 필요한 사항을 정한다.\n"
        '제2조(정의) 용어의 뜻은 다음과 같다.\n  1. "기체"란 비행체를 말한다.\n'
        '  2. "조종자"란 사람을 말한다.\n\n'
        "제2장 운용\n\n제3조(승인)\n비행하려면 승인을 받는다.\n"
    )
    assert parsed.title == "드론 운용 규정"
    assert blocks_of(parsed) == [
        ("paragraph", 0, "드론 운용 규정"),
        ("heading", 2, "제1장 총칙"),
        ("paragraph", 0, "제1조(목적) 이 규정은 필요한 사항을 정한다."),
        ("paragraph", 0, "제2조(정의) 용어의 뜻은 다음과 같다."),
        ("list_item", 0, '1. "기체"란 비행체를 말한다.'),
        ("list_item", 0, '2. "조종자"란 사람을 말한다.'),
        ("heading", 2, "제2장 운용"),
        ("heading", 5, "제3조(승인)"),
        ("paragraph", 0, "비행하려면 승인을 받는다."),
    ]


def test_underlines_capitals_and_numbers():
    parsed = read("Overview\n========\nText here.\n\nSAFETY NOTES\n\n1. Scope\nWhat it covers.\n\n* a\n* b\n")
    assert blocks_of(parsed) == [
        ("heading", 1, "Overview"),
        ("paragraph", 0, "Text here."),
        ("heading", 2, "SAFETY NOTES"),
        ("heading", 3 - 1, "1. Scope"),
        ("paragraph", 0, "What it covers."),
        ("list_item", 0, "* a"),
        ("list_item", 0, "* b"),
    ]


def test_a_run_of_numbers_is_a_list_and_sentences_are_no_headings():
    assert find_levels(["1. 하나", "2. 둘", "3. 셋"]) == [0, 0, 0]
    assert find_levels(["제3장의 내용은 다음과 같이 정한다.", "제10조(벌칙) 위반한 자는 벌금에 처한다."]) == [
        0,
        0,
    ]
    assert find_levels(["Ⅰ. 추진배경", "1. 사업개요", "ㅇ 내용", "부칙", "[별표 1]"]) == [1, 2, 0, 1, 1]


def test_a_log_with_endless_lines():
    lines = [f"2024-01-02 10:11:{i % 60:02} ERROR node {i} failed" for i in range(500)]
    parsed = read("\n".join(lines) + "\n" + "x" * 200_000)
    (page,) = parsed.pages
    assert page.text.count("ERROR") == 500
    assert max(block.end - block.start for block in page.blocks) <= 210_000
    assert all(block.kind == "paragraph" for block in page.blocks)
