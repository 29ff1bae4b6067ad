"""HWP 5 and HWPX: the same document gives the same text in either format; damage is told."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import olefile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondol.core.documents import DocumentKind, ParsedDocument
from ondol.core.errors import (
    CorruptFileError,
    EncryptedFileError,
    FileLimitError,
    ParseError,
    UnsupportedFileError,
)
from ondol.sources import hwp, hwp_records, hwpx
from ondol.sources.hangul import format_number
from ondol.sources.limits import Limits
from ondol.sources.read import read_document

DATA = Path(__file__).parents[1] / "data" / "hangul"
PAIRS = sorted(path.stem for path in DATA.glob("*.hwp"))
LIMITS = Limits()


def read(name: str) -> ParsedDocument:
    reader = hwpx if name.endswith("x") else hwp
    return reader.read((DATA / name).read_bytes(), name=name, limits=LIMITS)


def build_hwpx(body: str, *, header: str = "", extra: dict[str, str] | None = None) -> bytes:
    """Make a package with one section."""
    names = (
        'xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section" '
        'xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph" '
        'xmlns:hh="http://www.hancom.co.kr/hwpml/2011/head" xmlns:opf="http://www.idpf.org/2007/opf/"'
    )
    parts = {
        "mimetype": "application/hwp+zip",
        "Contents/content.hpf": f"""<opf:package {names}><opf:metadata><opf:title>보고서</opf:title>
          <opf:meta name="CreatedDate">2024-01-02T03:04:05Z</opf:meta></opf:metadata>
          <opf:manifest><opf:item id="s0" href="Contents/section0.xml"/></opf:manifest>
          <opf:spine><opf:itemref idref="s0"/></opf:spine></opf:package>""",
        "Contents/header.xml": f"<hh:head {names}>{header}</hh:head>",
        "Contents/section0.xml": f"<hs:sec {names}>{body}</hs:sec>",
        **(extra or {}),
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return target.getvalue()


def paragraph(text: str, shape: str = "", inside: str = "") -> str:
    return f'<hp:p paraPrIDRef="{shape}"><hp:run><hp:t>{text}</hp:t>{inside}</hp:run></hp:p>'


def read_body(body: str, header: str = "") -> list[tuple[str, str, str]]:
    parsed = hwpx.read(build_hwpx(body, header=header), name="a.hwpx", limits=LIMITS)
    (page,) = parsed.pages
    return [(block.kind, page.text[block.start : block.end], block.header) for block in page.blocks]


@pytest.mark.parametrize("name", PAIRS)
def test_the_same_document_reads_the_same_in_both_formats(name: str):
    old, new = read(f"{name}.hwp"), read(f"{name}.hwpx")
    assert (old.kind, new.kind) == (DocumentKind.HWP, DocumentKind.HWPX)
    assert old.pages == new.pages
    assert old.pages[0].text
    assert (old.title, old.author) == (new.title, new.author)
    assert old.created_at is not None
    assert new.created_at is not None
    assert abs((old.created_at - new.created_at).total_seconds()) < 1


def test_what_the_samples_say():
    assert read("table.hwp").pages[0].text == "1 2 | 3\n1 2 | 4 5\n67 | 4 5"
    assert read("footnote_endnote.hwp").pages[0].text == "12345\n\n7890-"
    assert read("field.hwp").pages[0].text == "가나다라마바사아자카타"
    assert read("equation.hwp").pages[0].text == "y= SIGMA `(x ^{2} +2x`+1)"
    assert read("editor.hwp").pages[0].text == "테스트"


def test_deleted_text_is_gone_and_inserted_text_is_there():
    assert read("ChangeTrack.hwpx").pages[0].text == "변경 인간은"


def test_numbers_that_the_program_counts_are_said():
    text = read("ParaHead.hwpx").pages[0].text
    for line in (
        "- 글머리1-1",
        "1. 번호1",
        "4. 번호4",
        "3.1. 번호3-1",
        "1. 개요1",
        "나. 개요1-2",
        "1) 개요2-1-1",
    ):
        assert line in text.split("\n")
    headings = [b.level for b in read("ParaHead.hwpx").pages[0].blocks if b.kind == "heading"]
    assert headings == [1, 2, 2, 2, 1, 2, 3]


def test_boxes_follow_the_paragraph_that_holds_them():
    text = read("RectInPara.hwpx").pages[0].text
    assert "사각 시각한 사각형입니다.\n\n" in text


def test_a_note_does_not_tear_a_sentence():
    note = (
        f"<hp:ctrl><hp:footNote><hp:subList>{paragraph('각주입니다.')}</hp:subList></hp:footNote></hp:ctrl>"
    )
    body = f"<hp:p><hp:run><hp:t>앞 문장은 </hp:t>{note}<hp:t>이어진다.</hp:t></hp:run></hp:p>"
    assert read_body(body) == [("paragraph", "앞 문장은 이어진다.", ""), ("paragraph", "각주입니다.", "")]


def test_merged_cells_and_headers():
    def cell(text: str, columns: int = 1, rows: int = 1) -> str:
        span = f'<hp:cellSpan colSpan="{columns}" rowSpan="{rows}"/>'
        return f"<hp:tc><hp:subList>{paragraph(text)}</hp:subList>{span}</hp:tc>"

    table = (
        f"<hp:tbl><hp:tr>{cell('구분', rows=2)}{cell('금액', columns=2)}</hp:tr>"
        f"<hp:tr>{cell('2023')}{cell('2024')}</hp:tr>"
        f"<hp:tr>{cell('인건비')}{cell('10')}{cell('20')}</hp:tr></hp:tbl>"
    )
    assert read_body(paragraph("표 아래", inside=table)) == [
        ("paragraph", "표 아래", ""),
        ("table_row", "구분 | 금액", ""),
        ("table_row", "구분 | 2023 | 2024", ""),
        ("table_row", "인건비 | 10 | 20", "구분 | 금액 2023 | 금액 2024"),
    ]


def test_a_frame_around_text_is_no_table_and_a_banner_is_a_heading():
    framed = (
        f"<hp:tbl><hp:tr><hp:tc><hp:subList>{paragraph('틀 안의 글')}</hp:subList></hp:tc></hp:tr></hp:tbl>"
    )
    assert read_body(paragraph("", inside=framed)) == [("paragraph", "틀 안의 글", "")]
    cells = "".join(f"<hp:tc><hp:subList>{paragraph(t)}</hp:subList></hp:tc>" for t in ("Ⅰ", "사업 개요"))
    banner = f"<hp:tbl><hp:tr>{cells}</hp:tr></hp:tbl>"
    assert read_body(paragraph("", inside=banner)) == [("heading", "Ⅰ 사업 개요", "")]


def test_outline_styles_are_headings_unless_they_hold_a_sentence():
    header = '<hh:paraPr id="7"><hh:heading type="OUTLINE" idRef="0" level="1"/></hh:paraPr>'
    body = paragraph("추진 배경", "7") + paragraph("이 사업은 예산으로 추진한다.", "7")
    assert read_body(body, header) == [
        ("heading", "추진 배경", ""),
        ("paragraph", "이 사업은 예산으로 추진한다.", ""),
    ]


def test_page_headers_come_last_and_once():
    mark = f"<hp:ctrl><hp:header><hp:subList>{paragraph('기관 이름')}</hp:subList></hp:header></hp:ctrl>"
    body = paragraph("본문 하나", inside=mark) + paragraph("본문 둘", inside=mark)
    assert [text for _, text, _ in read_body(body)] == ["본문 하나", "본문 둘", "기관 이름"]


def test_title_and_dates_come_from_the_package():
    parsed = hwpx.read(build_hwpx(paragraph("글")), name="a.hwpx", limits=LIMITS)
    assert parsed.title == "보고서"
    assert parsed.created_at is not None
    assert parsed.created_at.isoformat() == "2024-01-02T03:04:05+00:00"


def test_entities_are_not_expanded():
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]>'
    body = f"{bomb}<sec><p><run><t>a&y;b</t></run></p></sec>"
    data = build_hwpx("", extra={"Contents/section0.xml": body})
    assert "xxxx" not in hwpx.read(data, name="a.hwpx", limits=LIMITS).pages[0].text


def test_a_decompression_bomb_is_refused():
    data = build_hwpx("", extra={"Contents/section0.xml": " " * 30_000_000})
    with pytest.raises(FileLimitError, match="bomb"):
        hwpx.read(data, name="a.hwpx", limits=LIMITS)
    with pytest.raises(FileLimitError, match="unpacks"):
        hwp.read((DATA / "table.hwp").read_bytes(), name="a.hwp", limits=Limits(max_archive_bytes=500))


def test_protected_documents_are_told_apart():
    manifest = {"META-INF/manifest.xml": "<manifest><encryption-data/></manifest>"}
    with pytest.raises(EncryptedFileError, match="password"):
        hwpx.read(build_hwpx("", extra=manifest), name="a.hwpx", limits=LIMITS)
    for flag, words in ((0x2, "password"), (0x4, "배포용")):
        with pytest.raises(EncryptedFileError, match=words):
            hwp.read(with_flag("table.hwp", flag), name="a.hwp", limits=LIMITS)
    with pytest.raises(UnsupportedFileError, match="version 3"):
        hwp.read(b"HWP Document File V3.00 \x1a\x01\x02\x03", name="a.hwp", limits=LIMITS)


def with_flag(name: str, flag: int) -> bytes:
    """Set a flag of the file header."""
    data = bytearray((DATA / name).read_bytes())
    with olefile.OleFileIO(io.BytesIO(bytes(data))) as ole:
        header = ole.openstream("FileHeader").read()
    at = bytes(data).find(header[:40]) + 36
    struct.pack_into("<I", data, at, struct.unpack_from("<I", data, at)[0] | flag)
    return bytes(data)


@pytest.mark.parametrize("name", ["table.hwp", "table.hwpx"])
def test_truncated_files_are_corrupt(name: str):
    data = (DATA / name).read_bytes()
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(ParseError):
            read_document(data[: int(len(data) * share)], name=name)


def test_a_stream_that_is_said_to_be_huge_and_runs_in_a_circle():
    data = bytearray((DATA / "table.hwp").read_bytes())
    name = "FileHeader".encode("utf-16-le")
    entry = bytes(data).find(name)
    struct.pack_into("<Q", data, entry + 120, 0x7FFFFFF0)
    with pytest.raises(CorruptFileError, match="more than it holds"):
        hwp.read(bytes(data), name="a.hwp", limits=LIMITS)


def test_a_record_that_promises_too_much():
    body = zlib.compressobj(wbits=-15)
    packed = body.compress(struct.pack("<I", 0x42 | 0xFFF << 20) + struct.pack("<I", 1 << 30)) + body.flush()
    with pytest.raises(CorruptFileError, match="cut off"):
        hwp_records.parse_records(zlib.decompress(packed, -15), "a.hwp")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_mutated_files_are_read_or_refused(data: st.DataObject):
    name = data.draw(st.sampled_from(["table.hwp", "compose.hwp", "header_footer.hwpx", "ParaHead.hwpx"]))
    content = bytearray((DATA / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        parsed = read_document(bytes(content), name=name)
    except ParseError:
        return
    assert parsed.pages


def test_number_shapes():
    assert format_number(3, "HANGUL_SYLLABLE") == "다"
    assert format_number(4, "ROMAN_CAPITAL") == "Ⅳ"
    assert format_number(2, "CIRCLED_DIGIT") == "②"
    assert format_number(30, "HANGUL_SYLLABLE") == "30"
