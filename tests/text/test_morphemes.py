"""Terms: exact things stay findable, spans point at what was read, English never loads Kiwi."""

import subprocess
import sys

import pytest

from ondol.text.morphemes import Analyser


@pytest.fixture(scope="module")
def analyser():
    return Analyser()


@pytest.mark.parametrize(
    ("query", "passage", "shared"),
    [
        ("제12조의2", "이 법 제12조의2에 따라", "제12조의2"),
        ("제 12 조", "제12조(목적)", "제12조"),
        ("12조", "제12조에 따른다", "제12조"),
        ("AB-1234/5", "부품 번호는 AB-1234/5이다.", "=ab12345"),
        ("1,234.50원", "값은 1234.5원이다", "1234.5"),
        ("GPS", "RTK GPS를 켠다", "gps"),
        ("15 km", "약 15km 떨어진", "km"),
        ("설정하는 방법", "설정했다", "설정"),
        ("connected vehicles", "Connect a vehicle", "vehicl"),
        ("먹은 사과", "사과를 먹었다", "먹"),
        ("resume", "the résumé", "resum"),
        ("ground control", "QGroundControl", "ground"),
    ],
)
def test_query_and_passage_share_the_exact_term(analyser, query, passage, shared):
    assert shared in analyser.tokens(query)
    assert shared in analyser.tokens(passage)


def test_different_articles_do_not_share_their_term(analyser):
    assert "제12조" not in analyser.tokens("제12조의2에 따라")


def test_spans_point_at_what_was_read(analyser):
    text = "😀 대한민국의 GPS AB-12, 1,000원"
    for term in analyser.terms(text):
        piece = text[term.start : term.end]
        assert piece
        if term.text.startswith("#"):
            assert term.text == "#" + piece
    assert any(text[t.start : t.end] == "대한민국" for t in analyser.terms(text))


def test_a_batch_gives_what_single_texts_give(analyser):
    texts = ["대한민국의 수도는 서울이다.", "English only.", "", "혼합 mixed 텍스트 12,000"]
    assert analyser.tokens_many(texts) == [analyser.tokens(text) for text in texts]


def test_english_does_not_load_the_korean_model():
    code = (
        "from ondol.text.morphemes import Analyser\n"
        "import resource\n"
        "a = Analyser(); a.tokens('How do I connect the GPS, 12,000 times?')\n"
        "assert not a.is_loaded\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_fingerprint_names_the_analyser_and_its_model(analyser):
    assert "kiwipiepy" in analyser.fingerprint
