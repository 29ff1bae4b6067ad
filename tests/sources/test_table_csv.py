"""Delimited text: delimiter, header, encodings, damage."""

import pytest
from parsed import check_invariants, rows, texts

from ondol.core.errors import CorruptFileError, EmptyFileError
from ondol.sources.read import read_document


def read(data, name="a.csv"):
    parsed = read_document(data, name=name)
    check_invariants(parsed)
    return parsed


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_delimiters_and_encodings(delimiter, encoding):
    lines = [["부품", "가격", "비고"], ["볼트", "1,200", "재고 있음"], ["너트", "800", "없음"]]
    written = "\r\n".join(delimiter.join(f'"{c}"' if "," in c else c for c in line) for line in lines)
    assert rows(read(written.encode(encoding))) == [
        ("부품 | 가격 | 비고", ""),
        ("볼트 | 1,200 | 재고 있음", "부품 | 가격 | 비고"),
        ("너트 | 800 | 없음", "부품 | 가격 | 비고"),
    ]


def test_a_real_file(docling):
    parsed = read((docling / "csv-semicolon.csv").read_bytes())
    assert len(rows(parsed)) == 6
    assert rows(parsed)[1][1].startswith("Index | Customer Id | First Name")


def test_quoted_line_breaks_become_spaces_and_rows_keep_their_number():
    parsed = read(b'name,text\na,"one\ntwo"\nb,three\n')
    assert [text for text, _ in rows(parsed)][1:] == ["a | one two", "b | three"]
    assert [block.row for block in parsed.pages[0].blocks] == [1, 2, 3]


def test_without_header_none_is_made_up():
    assert rows(read(b"1,2\n3,4\n5,6\n")) == [("1 | 2", ""), ("3 | 4", ""), ("5 | 6", "")]


def test_a_remark_above_the_table_is_a_paragraph():
    parsed = read(b"Sales of 2024,,\nname,unit,price\na,kg,1\nb,kg,2\n")
    assert texts(parsed, "paragraph") == ["Sales of 2024"]
    assert rows(parsed)[1] == ("a | kg | 1", "name | unit | price")


def test_damage_and_emptiness_are_reported():
    with pytest.raises(CorruptFileError, match="quotation marks"):
        read(b'a,b\n"' + b"x" * 2_000_000)
    with pytest.raises(EmptyFileError, match="no text"):
        read(b" \n\n")
