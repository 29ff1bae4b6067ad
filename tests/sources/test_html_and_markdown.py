"""HTML and Markdown: what a person would read, in blocks that are exact slices."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondol.core.documents import ParsedDocument
from ondol.core.errors import ParseError
from ondol.sources import html, markdown
from ondol.sources.limits import Limits

LIMITS = Limits()


def read_html(text: str) -> ParsedDocument:
    return html.read(text.encode(), name="page.html", limits=LIMITS)


def read_markdown(text: str) -> ParsedDocument:
    return markdown.read(text.encode(), name="page.md", limits=LIMITS)


def blocks_of(parsed: ParsedDocument) -> list[tuple[str, str]]:
    (page,) = parsed.pages
    return [(block.kind, page.text[block.start : block.end]) for block in page.blocks]


def test_what_is_not_read():
    parsed = read_html("""<!doctype html><html><head><title>Fly &amp; land</title><style>p{}</style></head>
      <body>
      <nav><a href="/">Home</a></nav><header>Site name</header><div class="breadcrumbs">a / b</div>
      <p>First&nbsp;paragraph with <a href="https://example.invalid/x">a link</a>.</p>
      <script>document.write("evil")</script><p hidden>hidden</p><p style="display: none">unseen</p>
      <div aria-hidden="true">aria</div><button>Press</button><select><option>one</option></select>
      <p>Second<br>line</p><footer>© company</footer></body></html>""")
    assert parsed.title == "Fly & land"
    assert blocks_of(parsed) == [
        ("paragraph", "First paragraph with a link."),
        ("paragraph", "Second\nline"),
    ]


def test_only_the_main_part_is_read_where_there_is_one():
    words = "word " * 30
    parsed = read_html(
        f"<body><div class=side>Menu of links</div><main><h2>Topic</h2><p>{words}</p></main></body>"
    )
    assert blocks_of(parsed) == [("heading", "Topic"), ("paragraph", words.strip())]


def test_lists_and_code():
    parsed = read_html("""<ul><li>one<ul><li>one a</li></ul></li><li><p>two</p><p>more of two</p></li></ul>
      <ol start="3"><li>three</li><li>four</li></ol><pre>if x:\n    y = 1</pre>""")
    assert blocks_of(parsed) == [
        ("list_item", "one"),
        ("list_item", "one a"),
        ("list_item", "two"),
        ("list_item", "more of two"),
        ("list_item", "three"),
        ("list_item", "four"),
        ("code", "if x:\n    y = 1"),
    ]
    assert "3. three\n4. four" in parsed.pages[0].text


def test_tables_keep_their_header_beside_each_row():
    parsed = read_html("""<table><caption>Prices</caption>
      <thead><tr><th rowspan=2>Part</th><th colspan=2>Price</th></tr>
      <tr><th>2023</th><th>2024</th></tr></thead>
      <tr><td rowspan=2>Motor</td><td>10</td><td>11</td></tr><tr><td>20</td><td>22</td></tr></table>""")
    (page,) = parsed.pages
    rows = [block for block in page.blocks if block.kind == "table_row"]
    assert [page.text[r.start : r.end] for r in rows] == [
        "Part | Price",
        "Part | 2023 | 2024",
        "Motor | 10 | 11",
        "Motor | 20 | 22",
    ]
    assert [row.header for row in rows] == [
        "",
        "",
        "Part | Price 2023 | Price 2024",
        "Part | Price 2023 | Price 2024",
    ]
    assert [row.row for row in rows] == [1, 2, 3, 4]


def test_a_first_row_of_names_is_a_header_and_numbers_are_not():
    named = read_html("<table><tr><td>이름</td><td>국어</td></tr><tr><td>민수</td><td>90</td></tr></table>")
    assert [b.header for b in named.pages[0].blocks] == ["", "이름 | 국어"]
    bare = read_html("<table><tr><td>민수</td><td>90</td></tr><tr><td>영희</td><td>80</td></tr></table>")
    assert [b.header for b in bare.pages[0].blocks] == ["", ""]


def test_a_title_over_a_table_is_not_its_header():
    parsed = read_html(
        "<table><tr><td colspan=2>2024 성적</td></tr><tr><td>이름</td><td>국어</td></tr>"
        "<tr><td>민수</td><td>90</td></tr></table>"
    )
    (page,) = parsed.pages
    assert [(page.text[b.start : b.end], b.header) for b in page.blocks] == [
        ("2024 성적", ""),
        ("이름 | 국어", ""),
        ("민수 | 90", "이름 | 국어"),
    ]


def test_layout_tables_are_text():
    parsed = read_html("<table><tr><td><h1>Title</h1><p>Text</p></td></tr></table>")
    assert blocks_of(parsed) == [("heading", "Title"), ("paragraph", "Text")]


def test_dates_author_language_and_legacy_encoding():
    page = """<html lang="ko-KR"><head><meta charset="euc-kr"><meta name="author" content="김">
      <meta property="article:published_time" content="2024-03-01T09:00:00+09:00"></head>
      <body><p>한글 본문</p></body>"""
    parsed = html.read(page.encode("cp949"), name="a.html", limits=LIMITS)
    assert (parsed.language, parsed.author) == ("ko", "김")
    assert parsed.created_at is not None
    assert parsed.created_at.isoformat() == "2024-03-01T09:00:00+09:00"
    assert blocks_of(parsed) == [("paragraph", "한글 본문")]


def test_depth_does_not_matter():
    parsed = read_html("<div>" * 1000 + "<p>deep</p>" + "</div>" * 1000)
    assert "deep" in parsed.pages[0].text


def test_markdown_reads_as_it_is_rendered():
    parsed = read_markdown("""---
title: The guide
date: 2024-05-06
author: Kim
---
# Heading {#anchor}

Some **bold** and `code` with [a link](../x.md) and <span id="a"></span>text.
![Screenshot](../../assets/a.jpg)

Press ![gear](../g.png) now.

> **Note** Check the battery.

- one
  - nested [x](y)
1. first

{% youtube %}https://youtu.be/abc{% endyoutube %}

| A | B |
|---|---|
| 1 | 2 |

```python
x = 1
```
<!-- a comment -->
""")
    assert (parsed.title, parsed.author) == ("The guide", "Kim")
    assert parsed.created_at is not None
    assert parsed.created_at.isoformat() == "2024-05-06T00:00:00+00:00"
    assert blocks_of(parsed) == [
        ("heading", "Heading"),
        ("paragraph", "Some bold and code with a link and text."),
        ("paragraph", "Press gear now."),
        ("paragraph", "Note: Check the battery."),
        ("list_item", "one"),
        ("list_item", "nested x"),
        ("list_item", "first"),
        ("table_row", "A | B"),
        ("table_row", "1 | 2"),
        ("code", "x = 1"),
    ]


def test_markdown_in_containers_and_code_fences():
    parsed = read_markdown("::: tip Remember\nText.\n:::\n\n~~~\n{% raw %} [x](y)\n~~~\n\n[[toc]]\n")
    assert blocks_of(parsed) == [
        ("paragraph", "Remember"),
        ("paragraph", "Text."),
        ("code", "{% raw %} [x](y)"),
    ]


def test_a_page_with_nothing_but_front_matter_says_its_title():
    parsed = read_markdown("---\ntitle: Backups\nweight: 3\n---\n")
    assert blocks_of(parsed) == [("heading", "Backups")]


def test_yaml_that_grows_is_not_followed():
    bomb = "---\na: &a [x,x,x]\nb: &b [*a,*a,*a]\ntitle: t\n---\n# Real\n\ntext"
    assert read_markdown(bomb).title == "Real"


def test_every_page_of_the_handbook(handbook: Path):
    paths = sorted(handbook.rglob("*.md"))
    assert len(paths) > 20
    for path in paths:
        parsed = markdown.read(path.read_bytes(), name=path.name, limits=LIMITS)
        (page,) = parsed.pages
        for block, after in zip(page.blocks, page.blocks[1:], strict=False):
            assert block.end <= after.start
        assert not re.search(r"(?<!\w)\[[^\]]*\]\(\S+\)", page.text)
        assert "{#" not in page.text
        assert "<img" not in page.text
        assert all(page.text[block.start : block.end].strip() for block in page.blocks)


@pytest.mark.parametrize("reader", [html, markdown])
@given(text=st.text(alphabet="<>/tablerdhpiu &;#*[](){}`-=\n|가\"'", max_size=200))
def test_broken_markup_is_read_or_refused(reader, text: str):
    try:
        parsed = reader.read(text.encode(), name="x", limits=LIMITS)
    except ParseError:
        return
    for page in parsed.pages:
        assert all(page.text[block.start : block.end] for block in page.blocks)
