"""DOCX, PPTX and XLSX: structure, tables with their header, numbering, dates; strict and damaged packages."""

import datetime as dt
import io
from xml.sax.saxutils import escape

import openpyxl
import pytest
from docx import Document as DocxDocument
from making import W, make_docx, make_zip
from openpyxl.comments import Comment
from parsed import check_invariants, outline, rows, texts
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from ondol.core.errors import CorruptFileError, FileLimitError
from ondol.sources.limits import Limits
from ondol.sources.read import read_document


def read(source, name="a.docx", limits=None):
    parsed = read_document(source, name=name, limits=limits)
    check_invariants(parsed)
    return parsed


def paragraph(text, *, style="", numbering=None):
    marks = f'<w:pStyle w:val="{style}"/>' if style else ""
    if numbering:
        marks += f'<w:numPr><w:ilvl w:val="{numbering[1]}"/><w:numId w:val="{numbering[0]}"/></w:numPr>'
    return f"<w:p><w:pPr>{marks}</w:pPr><w:r><w:t>{escape(text)}</w:t></w:r></w:p>"


def test_headings_and_title(docling):
    parsed = read(docling / "unit_test_headers.docx")
    assert parsed.title == "Test Document"
    assert outline(parsed)[:4] == [
        (1, "Test Document"),
        (1, "Section 1"),
        (2, "Section 1.1"),
        (2, "Section 1.2"),
    ]


def test_korean_style_names_are_headings():
    styles = (
        f'<w:styles {W}><w:style w:type="paragraph" w:styleId="a1"><w:name w:val="제목 1"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="a2"><w:name w:val="개요 2"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="a3"><w:name w:val="본문"/><w:basedOn w:val="a2"/></w:style>'
        "</w:styles>"
    )
    body = paragraph("총칙", style="a1") + paragraph("목적", style="a2") + paragraph("본문이다.")
    parsed = read(make_docx(body, parts={"styles.xml": styles}, kinds={"styles.xml": "styles"}))
    assert outline(parsed) == [(1, "총칙"), (2, "목적")]
    assert parsed.language == "ko"


def test_automatic_numbers_are_part_of_the_text():
    levels = (
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="제%1조"/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="ganada"/><w:lvlText w:val="%2."/></w:lvl>'
        '<w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/></w:lvl>'
    )
    numbering = (
        f'<w:numbering {W}><w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
    )
    steps = [("목적", 0), ("정의", 0), ("갑", 1), ("을", 1), ("점", 2), ("적용", 0), ("다시 갑", 1)]
    body = "".join(paragraph(text, numbering=(1, depth)) for text, depth in steps)
    parsed = read(make_docx(body, parts={"numbering.xml": numbering}, kinds={"numbering.xml": "numbering"}))
    assert texts(parsed) == [
        "제1조 목적",
        "제2조 정의",
        "가. 갑",
        "나. 을",
        "점",
        "제3조 적용",
        "가. 다시 갑",
    ]


def test_list_numbers_of_a_real_document(docling):
    items = texts(read(docling / "docx_lists.docx"), "list_item")
    assert items[:6] == [
        "List item 1",
        "List item 2",
        "List item 3",
        "1. List item a",
        "2. List item b",
        "3. List item c",
    ]
    assert items.count("1. Single item of a new list") == 2


def test_merged_cells_are_said_in_each_row_they_span(docling):
    found = rows(read(docling / "word_tables.docx"))
    header = "Header 0.0 | Header 0.1 | Header 0.2"
    assert ("Cell 1.0 | Cell 1.1 | Cell 1.2", header) in found
    assert ("Cell 1.0 | Merged Cell 1.1 1.2", header) in found
    assert ("Cell 1.0 | Merged Cell 1.1 2.1 | Cell 1.2", header) in found
    assert ("Cell 2.0 | Merged Cell 1.1 2.1 | Cell 2.2", header) in found


def test_notes_text_boxes_tracked_changes_headers_and_comments(docling):
    notes = (
        f'<w:footnotes {W}><w:footnote w:id="0" w:type="separator"><w:p/></w:footnote>'
        f'<w:footnote w:id="2">{paragraph("The note.")}</w:footnote></w:footnotes>'
    )
    head = f"<w:hdr {W}>{paragraph('Document 7-A')}</w:hdr>"
    body = (
        "<w:p><w:r><w:t>Kept</w:t></w:r><w:ins><w:r><w:t> added</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText> gone"
        '</w:delText></w:r></w:del><w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:pict><w:txbxContent>'
        f"{paragraph('In a box')}</w:txbxContent></w:pict></w:r></w:p>" + paragraph("Last")
    )
    parsed = read(
        make_docx(
            body,
            parts={"footnotes.xml": notes, "header1.xml": head},
            kinds={"footnotes.xml": "footnotes", "header1.xml": "header"},
        )
    )
    assert texts(parsed) == ["Kept added", "The note.", "In a box", "Last", "Document 7-A"]
    assert "John Reviewer: This is a sample reviewer comment on the first paragraph." in texts(
        read(docling / "docx_comments.docx")
    )


def test_strict_packages_are_read_alike(docling):
    assert texts(read(docling / "Strict.docx")) == ["Some text"]


def test_properties_of_a_written_document():
    document = DocxDocument()
    document.core_properties.title = "정비  지침서"
    document.core_properties.author = "김정비"
    document.core_properties.modified = dt.datetime(2024, 5, 6, 7, 8, 9)
    document.add_heading("Scope", 2)
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        (*table.rows[0].cells, *table.rows[1].cells), ("Part", "Torque", "M8", "25 Nm"), strict=True
    ):
        cell.text = text
    stream = io.BytesIO()
    document.save(stream)
    parsed = read(stream.getvalue())
    assert (parsed.title, parsed.author) == ("정비 지침서", "김정비")
    assert parsed.modified_at == dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC)
    assert rows(parsed) == [("Part | Torque", ""), ("M8 | 25 Nm", "Part | Torque")]


def test_formulas_are_written_in_one_line():
    fraction = (
        "<w:p><m:oMath><m:r><m:t>v=</m:t></m:r><m:f><m:num><m:r><m:t>s+1</m:t></m:r></m:num>"
        "<m:den><m:r><m:t>t</m:t></m:r></m:den></m:f></m:oMath></w:p>"
    )
    assert texts(read(make_docx(fraction))) == ["v=(s+1)/t"]


def test_slides_titles_notes_tables_groups_and_charts(docling):
    parsed = read(docling / "powerpoint_sample.pptx", "a.pptx")
    assert len(parsed.pages) == 3
    assert outline(parsed)[:2] == [(1, "Test Table Slide"), (1, "Second slide title")]
    assert "Some notes on the second slide." in texts(parsed)
    assert ("R1 | True | False |  | False | True | True", rows(parsed)[1][1]) in rows(parsed)
    chart = read(docling / "pptx_chart.pptx", "a.pptx")
    assert ("2019 | 120 | 80", "| Freshwater Ducks | Saltwater Ducks") in rows(chart)


def test_a_written_presentation():
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "안전 수칙"
    body = slide.placeholders[1].text_frame
    body.text = "보호구 착용"
    body.add_paragraph().text = "전원 차단"
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = "in a group"
    data = CategoryChartData()
    data.categories = ["Q1", "Q2"]
    data.add_series("Sales", (1.5, 2.5))
    slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, 0, 0, Inches(3), Inches(3), data)
    slide.notes_slide.notes_text_frame.text = "Say it slowly."
    stream = io.BytesIO()
    deck.save(stream)
    parsed = read(stream.getvalue(), "a.pptx")
    assert parsed.title == "안전 수칙"
    assert texts(parsed, "list_item") == ["보호구 착용", "전원 차단"]
    assert "in a group" in texts(parsed)
    assert texts(parsed)[-1] == "Say it slowly."
    assert ("Q2 | 2.5", "| Sales") in rows(parsed)


def save(workbook):
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def test_sheet_rows_know_sheet_row_and_header(docling):
    parsed = read(docling / "xlsx_02_sample_sales_data.xlsm", "a.xlsm")
    assert outline(parsed) == [(1, "SalesData")]
    block = parsed.pages[0].blocks[2]
    assert (block.sheet, block.row, block.header) == ("SalesData", 2, "Product | Date | Quantity | Revenue")
    assert rows(parsed)[1][0] == "Widget A | 2024-01-01 | 5 | 5000"


def test_a_title_above_a_table_is_a_heading(docling):
    parsed = read(docling / "xlsx_09_section_label_header.xlsx", "a.xlsx")
    assert outline(parsed) == [(1, "Library Catalog"), (2, "Reading List")]
    assert rows(parsed)[1][1] == "# | Genre | Sub-Genre | Title | Author | Publisher | Added"


def test_values_are_those_the_sheet_shows():
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "값"
    sheet.append(["name", "when", "share", "at", "flag", "number"])
    sheet.append([
        "a\nb",
        dt.datetime(2024, 2, 29, 13, 5),
        0.125,
        dt.time(7, 30),
        True,
        0.1 + 0.2,
    ])
    sheet.append(["c", dt.date(1999, 12, 31), 1, dt.time(23, 59, 58), False, 1234567890123])
    for row in (2, 3):
        sheet.cell(row, 3).number_format = "0.0%"
    sheet["A3"].comment = Comment("비고", "me")
    parsed = read(save(workbook), "a.xlsx")
    assert [text for text, _ in rows(parsed)] == [
        "name | when | share | at | flag | number",
        "a b | 2024-02-29 13:05 | 12.5% | 7:30 | TRUE | 0.3",
        "c | 1999-12-31 | 100.0% | 23:59:58 | FALSE | 1234567890123",
    ]
    assert texts(parsed, "paragraph") == ["A3: 비고"]


def test_merged_headers_are_stacked_and_merged_cells_repeated():
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for line in (
        ["Region", "Sales", None],
        [None, "2023", "Plan"],
        ["Seoul", 1, 2],
        ["Busan", 3, 4],
        [None, 5, 6],
    ):
        sheet.append(line)
    for area in ("A1:A2", "B1:C1", "A4:A5"):
        sheet.merge_cells(area)
    found = rows(read(save(workbook), "a.xlsx"))
    header = "Region | Sales 2023 | Sales Plan"
    assert found[2:] == [("Seoul | 1 | 2", header), ("Busan | 3 | 4", header), ("Busan | 5 | 6", header)]


def test_years_may_name_columns():
    workbook = openpyxl.Workbook()
    for line in (["항목", 2022, 2023], ["매출", 10, 20]):
        workbook.active.append(line)
    assert rows(read(save(workbook), "a.xlsx")) == [
        ("항목 | 2022 | 2023", ""),
        ("매출 | 10 | 20", "항목 | 2022 | 2023"),
    ]


def test_formulas_give_the_value_last_computed():
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="str"><f>CONCAT("a","b")</f><v>ab</v></c>'
        '<c r="B1"><f>1+1</f><v>2</v></c></row>'
        "</sheetData></worksheet>"
    )
    assert texts(read(make_workbook(sheet), "a.xlsx")) == ["ab | 2"]


def make_workbook(sheet):
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    return make_zip({
        "[Content_Types].xml": b"<Types/>",
        "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        f'xmlns:r="{office}">'
        '<sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>'.encode(),
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'.encode(),
        "xl/worksheets/sheet1.xml": sheet.encode(),
    })


def test_too_much_text_is_a_limit(docling):
    with pytest.raises(FileLimitError, match="more than 100 characters"):
        read(docling / "xlsx_comments.xlsx", "a.xlsx", Limits(max_text_chars=100))


@pytest.mark.parametrize("part", ["word/document.xml", "[Content_Types].xml"])
def test_a_damaged_part_is_corrupt(part):
    members = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document"}
    members[part] = b"\x00\x01 not xml"
    with pytest.raises(CorruptFileError):
        read(make_zip(members))


def test_entities_are_not_expanded_and_files_not_read(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("classified", "utf-8")
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    head = f'<!DOCTYPE d [<!ENTITY e0 "lol"><!ENTITY file SYSTEM "{secret.as_uri()}">{bomb}]>'
    body = "<w:body><w:p><w:r><w:t>safe &e11; &file;</w:t></w:r></w:p></w:body>"
    xml = f"{head}<w:document {W}>{body}</w:document>"
    data = make_zip({"[Content_Types].xml": b"<Types/>", "word/document.xml": xml.encode()})
    try:
        text = read(data).pages[0].text
    except CorruptFileError:
        return
    assert "classified" not in text
    assert "lol" not in text
