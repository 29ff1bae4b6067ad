"""Bytes to text: what Korean machines write, with and without marks."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondol.sources.encoding import decode, decode_as

KOREAN = "비행 계획을 저장하면 기체가 자동으로 이륙합니다. 배터리 잔량을 먼저 확인하세요."
SHORT = "안녕하세요"
MIXED = "QGroundControl 사용 설명서 v4.0 (2023-12-07)\r\n1. 설치\r\n"


@pytest.mark.parametrize("text", [KOREAN, SHORT, MIXED])
@pytest.mark.parametrize(
    "name", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp949", "euc-kr"]
)
def test_korean_survives_every_encoding(text: str, name: str):
    assert decode(text.encode(name))[0] == text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Température 25°C, café à Paris", "cp1252"),
        ("El niño comió piñas en España y volvió a casa.", "cp1252"),
        ("Привет, как дела? Это простая проверка кодировки.", "cp1251"),
        ("これはテストです。日本語の文章を書いています。", "shift_jis"),
        ("这是一个测试文件，用于检测编码是否正确。", "gb18030"),
        ("plain ascii, nothing else", "ascii"),
        ("€ 100 naïve — “quoted”", "utf-8"),
    ],
)
def test_other_languages(text: str, name: str):
    assert decode(text.encode(name))[0] == text


def test_everyday_korean_words_alone():
    for word in ("공지", "목차", "제1조(목적)", "담당자: 김민수 02-123-4567", "서울특별시 강남구"):
        assert decode(word.encode("cp949")) == (word, "cp949")


def test_rare_syllables_of_cp949():
    text = "똠방각하와 펲시콜라를 찦차에 싣고 온 사람들이 있었습니다."
    assert decode(text.encode("cp949")) == (text, "cp949")


def test_a_character_cut_at_the_end_does_not_change_the_encoding():
    text, name = decode(KOREAN.encode()[:-2])
    assert name == "utf-8"
    assert text.startswith(KOREAN[:-2])
    text, name = decode((KOREAN * 20).encode("cp949")[:-3])
    assert name == "cp949"


def test_the_name_says_what_was_read():
    assert decode(codecs.BOM_UTF8 + b"abc") == ("abc", "utf-8")
    assert decode("가나".encode("utf-16-le"))[1] in {"utf-16-le", "cp949", "utf-8"}
    assert decode(b"") == ("", "utf-8")


def test_a_declaration_is_believed_unless_the_bytes_say_otherwise():
    assert decode_as("한글".encode("cp949"), "euc-kr") == ("한글", "cp949")
    assert decode_as("한글 문서".encode(), "euc-kr") == ("한글 문서", "utf-8")
    assert decode_as("Größe".encode("latin-1"), "iso-8859-1") == ("Größe", "cp1252")
    assert decode_as("한글 문서입니다".encode("cp949"), "no-such-encoding")[0] == "한글 문서입니다"


@given(st.binary(max_size=300))
def test_no_bytes_are_refused(data: bytes):
    text, name = decode(data)
    assert isinstance(text, str)
    assert codecs.lookup(name)


@given(
    st.text(alphabet=st.characters(codec="cp949", min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=30)
)
def test_utf8_hangul_is_never_taken_for_anything_else(text: str):
    assert decode(text.encode()) == (text, "utf-8")
