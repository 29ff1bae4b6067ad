"""Across languages: a translation helps to compare words, and is refused when it does not fit."""

import json
from pathlib import Path

import pytest

from ondol.evidence.terms import build_terms
from ondol.evidence.translation import check_across, crosses_language, find_flaws
from ondol.text.language import detect_language
from ondol.text.morphemes import Analyser

TERMS = build_terms(Analyser(num_workers=1))
ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "claims_across.jsonl").read_text("utf-8").splitlines()
]
TRUE = [(row["quote"], row["translation"], claim) for row in ROWS for claim in row["true"]]
FALSE = [(row["quote"], row["translation"], claim) for row in ROWS for claim in row["false"]]


def accepts(quote, translation, claim):
    return check_across(claim, [quote], [translation], terms=TERMS).supported


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["quote"][:20])
def test_an_honest_translation_has_no_flaw(row):
    language = detect_language(row["translation"])
    assert find_flaws(row["translation"], row["quote"], language=language, terms=TERMS) == []


def test_lies_are_refused_and_most_truths_accepted():
    wrong = [claim for quote, translation, claim in FALSE if accepts(quote, translation, claim)]
    missed = [claim for quote, translation, claim in TRUE if not accepts(quote, translation, claim)]
    assert wrong == []
    assert len(missed) <= 0.1 * len(TRUE), missed


@pytest.mark.parametrize(("quote", "translation", "claim"), TRUE)
def test_without_a_translation_nothing_is_supported(quote, translation, claim):
    assert not check_across(claim, [quote], [""], terms=TERMS).supported
    assert not check_across(claim, [quote], [], terms=TERMS).supported


@pytest.mark.parametrize("claim", ["Sick leave lasts 90 days.", "Sick leave never lasts 60 days."])
def test_a_translation_that_agrees_with_a_lie_does_not_help_it(claim):
    """What is written alike is compared with the quotation itself."""
    assert not check_across(claim, ["병가는 60일입니다."], [claim], terms=TERMS).supported


@pytest.mark.parametrize(
    ("translation", "flaw"),
    [
        ("병가는 최대 60일까지 사용할 수 있습니다.", "language"),
        ("Sick leave.", "facts"),
        ("Sick leave may be used for up to 90 days.", "facts"),
        ("Sick leave may be used for up to 60 weeks.", "facts"),
        ("Sick leave may be used for up to 60 days, 3 times.", "facts"),
        ("Sick leave may not be used for 60 days.", "negation"),
        ("Sick leave may be used for up to 60 days. " * 6, "length"),
        ("60 days", "length"),
    ],
)
def test_a_translation_that_does_not_fit_is_refused(translation, flaw):
    quote = "병가는 최대 60일까지 사용할 수 있습니다. 신청은 인사팀에 합니다."
    assert flaw in find_flaws(translation, quote, language="en", terms=TERMS)


def test_a_name_in_latin_script_must_have_been_there():
    quote = "The tool supports several firmware types."
    assert find_flaws("이 도구는 여러 펌웨어 유형을 지원합니다.", quote, language="ko", terms=TERMS) == []
    flaws = find_flaws("이 도구는 여러 Samsung 펌웨어를 지원합니다.", quote, language="ko", terms=TERMS)
    assert flaws == ["names"]


def test_languages_are_told_apart():
    assert crosses_language("Sick leave", "병가")
    assert not crosses_language("Sick leave", "3.50")
    assert not crosses_language("Sick leave", "The leave")
