"""PDF: order, structure, headings, tables, scans, dates, pictures and highlight boxes."""

import struct
import zlib

import pytest
from making import lines, make_locked_pdf, make_pdf
from parsed import check_invariants, outline, rows, texts

from ondol.core.errors import CorruptFileError, EncryptedFileError, NotFoundError, ScannedFileError
from ondol.sources.limits import Limits
from ondol.sources.pdf import find_boxes, render_page
from ondol.sources.pdf_layout import HYPHEN, Glyph, build_lines, join_lines
from ondol.sources.read import read_document

LOREM = "The quick brown fox jumps over the lazy dog near the river"


def read(data, name="a.pdf", limits=None):
    parsed = read_document(data, name=name, limits=limits)
    check_invariants(parsed)
    return parsed


def test_real_document_has_headings_lists_and_joined_lines(docling):
    parsed = read(docling / "multi_page.pdf")
    headings = [text for _, text in outline(parsed)]
    assert len(parsed.pages) == 5
    assert "The Evolution of the Word Processor" in headings
    assert "Key Features That Changed Word Processing" in headings
    assert any(
        text.startswith("1. Undo/Redo: Introduced in the 1980s") for text in texts(parsed, "list_item")
    )
    joined = "The concept of the word processor predates modern computers and has evolved through several"
    assert any(text.startswith(joined) for text in texts(parsed, "paragraph"))
    assert parsed.language == "en"
    assert parsed.created_at is not None
    assert parsed.created_at.tzinfo is not None


def test_two_columns_are_read_one_after_the_other():
    left = [f"Left column line {number} with enough words in it" for number in range(12)]
    right = [f"Right column line {number} with enough words in it" for number in range(12)]
    interleaved = [
        text for pair in zip(lines(50, 700, left), lines(310, 700, right), strict=True) for text in pair
    ]
    title = [(50, 760, 18, "A title that runs across both of the columns here")]
    parsed = read(make_pdf([title + interleaved]))
    text = parsed.pages[0].text
    places = [
        text.index(f"{side} column line {number} ") for side in ("Left", "Right") for number in range(12)
    ]
    assert places == sorted(places)
    assert outline(parsed)[0] == (1, "A title that runs across both of the columns here")


def test_cells_of_a_table_stay_in_their_rows():
    cells = [
        ("Part", "Price", "Stock"),
        ("Bolt", "1.20", "300"),
        ("Nut", "0.80", "150"),
        ("Washer", "0.10", "9000"),
    ]
    table = [
        (60 + 150 * column, 600 - 16 * row, 10, cell)
        for row, line in enumerate(cells)
        for column, cell in enumerate(line)
    ]
    parsed = read(make_pdf([lines(60, 700, [LOREM] * 4) + table]))
    assert rows(parsed) == [
        ("Part | Price | Stock", ""),
        ("Bolt | 1.20 | 300", "Part | Price | Stock"),
        ("Nut | 0.80 | 150", "Part | Price | Stock"),
        ("Washer | 0.10 | 9000", "Part | Price | Stock"),
    ]


def test_running_heads_and_page_numbers_are_text_but_never_quoted():
    pages = [
        [
            (60, 815, 9, "Annual report"),
            *lines(60, 700, [f"Page {n} says: {LOREM}."] * 3),
            (290, 25, 9, str(n)),
        ]
        for n in range(1, 6)
    ]
    parsed = read(make_pdf(pages))
    assert all("Annual report" in page.text for page in parsed.pages)
    assert not {"Annual report", "1", "5"} & set(texts(parsed))


def test_metadata_gives_title_author_and_dates():
    info = "/Title (Fuel manual) /Author (J. Kim) /CreationDate (D:20240131120000+09'00') /ModDate (D:2024)"
    parsed = read(make_pdf([[(60, 700, 12, LOREM)]], info=info))
    assert (parsed.title, parsed.author) == ("Fuel manual", "J. Kim")
    assert parsed.created_at.isoformat() == "2024-01-31T03:00:00+00:00"
    assert parsed.modified_at.isoformat() == "2024-01-01T00:00:00+00:00"


def test_title_falls_back_to_the_largest_type():
    page = [(60, 760, 22, "Pump handbook"), *lines(60, 700, [LOREM] * 5)]
    assert read(make_pdf([page], info="/Title (Microsoft Word - x.docx)")).title == "Pump handbook"


def test_scans_are_reported_and_a_scanned_page_is_warned_of():
    with pytest.raises(ScannedFileError, match=r"a\.pdf holds pictures"):
        read(make_pdf([[], []], picture=True))
    both = read(make_pdf([lines(60, 700, [LOREM] * 5), []], picture=True))
    assert [page.scanned for page in both.pages] == [False, True]
    assert both.warnings == ("Pages that are pictures of text: 2.",)


def test_password_and_damage_are_told_apart():
    with pytest.raises(EncryptedFileError, match="password"):
        read(make_locked_pdf())
    with pytest.raises(CorruptFileError, match="damaged or truncated"):
        read(b"%PDF-1.7\n" + b"garbage" * 50)


@pytest.mark.parametrize("is_upright", [True, False])
@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_boxes_lie_on_the_words_they_were_asked_for(rotate, is_upright):
    page = [(60, 500, 12, "alpha beta gamma"), (60, 400, 12, "delta epsilon")]
    data = make_pdf([page], rotate=rotate, is_upright=is_upright)
    text = read(data).pages[0].text
    assert text == "alpha beta gamma\n\ndelta epsilon"
    start = text.index("beta")
    (box,) = find_boxes(data, 1, start, start + 4)
    picture = png_pixels(render_page(data, 1, scale=2.0))
    height, width = len(picture), len(picture[0])
    ink = [
        (x / width, y / height) for y, row in enumerate(picture) for x, value in enumerate(row) if value < 128
    ]
    inside = [(x, y) for x, y in ink if box[0] <= x <= box[2] and box[1] <= y <= box[3]]
    assert 0.1 * len(ink) < len(inside) < 0.25 * len(ink)  # 4 of 27 letters
    across = max(box[2] - box[0], 0) * width > max(box[3] - box[1], 0) * height
    assert across == (is_upright or rotate in {0, 180})


def png_pixels(data):
    """Decode an unfiltered RGB PNG to rows of red values."""
    width, height = struct.unpack(">II", data[16:24])
    start = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[start - 4 : start])
    raw = zlib.decompress(data[start + 4 : start + 4 + length])
    stride = len(raw) // height
    step = (stride - 1) // width
    return [raw[at * stride + 1 : (at + 1) * stride : step] for at in range(height)]


def test_every_word_of_a_real_page_can_be_found_again(docling):
    path = docling / "multi_page.pdf"
    page = read(path).pages[1]
    for block in page.blocks:
        boxes = find_boxes(path, 2, block.start, block.end)
        assert boxes
        assert all(0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1 for x0, y0, x1, y1 in boxes)
    assert find_boxes(path, 2, 5, 5) == []
    with pytest.raises(NotFoundError, match="no page 9"):
        find_boxes(path, 9, 0, 1)


def test_a_page_can_be_seen(docling):
    picture = render_page(docling / "multi_page.pdf", 1, scale=0.5)
    width, height = struct.unpack(">II", picture[16:24])
    assert picture.startswith(b"\x89PNG")
    assert (width, height) == (298, 421)


def test_too_many_pages_is_a_limit():
    from ondol.core.errors import FileLimitError

    with pytest.raises(FileLimitError, match="3 pages"):
        read(make_pdf([[(60, 700, 12, "x")]] * 3), limits=Limits(max_pages=2))


def glyphs(text, *, left=0.0, top=0.0, size=10.0):
    return [
        Glyph(char, (left + at * size, top, left + (at + 1) * size, top + size), size)
        for at, char in enumerate(text)
    ]


def test_decomposed_hangul_keeps_its_glyphs():
    decomposed = "\u1112\u1161\u11ab\u1100\u1173\u11af end"
    (line,) = build_lines(glyphs(decomposed))
    assert line.text == "한글 end"
    assert line.origins == [0, 3, 6, 7, 8, 9]


@pytest.mark.parametrize(
    ("above", "below", "splits", "joined"),
    [
        ("exam" + HYPHEN, "ple", False, "example"),
        ("state-of-the-", "Art", False, "state-of-the- Art"),
        ("나타났다.", "이와", True, "나타났다. 이와"),
        ("바이러스감염", "증이", True, "바이러스감염증이"),
        ("바이러스", "감염증", False, "바이러스 감염증"),
        ("漢字", "仮名", False, "漢字仮名"),
        ("one", "two", True, "one two"),
    ],
)
def test_lines_are_joined_as_the_language_asks(above, below, splits, joined):
    first, second = build_lines([*glyphs(above), None, *glyphs(below, top=14)])
    second.right = first.right = max(first.right, second.right)
    text, origins = join_lines([first, second], splits_words=splits)
    assert text == joined
    assert len(origins) == len(text)
