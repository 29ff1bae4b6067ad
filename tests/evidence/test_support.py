"""A sentence is supported when its quotation says so and not otherwise; planted errors are found."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondol.evidence.support import check_support
from ondol.evidence.terms import build_terms
from ondol.text.morphemes import Analyser

TERMS = build_terms(Analyser(num_workers=1))
ROWS = [json.loads(line) for line in (Path(__file__).parent / "claims.jsonl").read_text("utf-8").splitlines()]
TRUE = [(row["quote"], claim) for row in ROWS for claim in row["true"]]
FALSE = [(row["quote"], claim) for row in ROWS for claim in row["false"]]


def accepts(quote, claim):
    return check_support(claim, [quote], terms=TERMS).supported


def test_precision_and_recall_on_the_committed_claims():
    accepted_true = sum(accepts(*pair) for pair in TRUE)
    accepted_false = sum(accepts(*pair) for pair in FALSE)
    precision = accepted_true / (accepted_true + accepted_false)
    recall = accepted_true / len(TRUE)
    wrong = [c for q, c in FALSE if accepts(q, c)]
    missed = [(c, check_support(c, [q], terms=TERMS)) for q, c in TRUE if not accepts(q, c)]
    assert precision >= 0.97, wrong
    assert recall >= 0.9, missed


@pytest.mark.parametrize(
    ("claim", "quote", "failed"),
    [
        ("It costs 35,000 won.", "It costs 3만 5천원, 36000 won.", ()),
        ("It weighs 36 kg.", "It weighs 35 kg.", ("numbers",)),
        ("It weighs 35 kg.", "It weighs 35 tonnes.", ("units",)),
        ("It opened on May 3, 2021.", "It opened on 2021-04-03.", ("dates",)),
        ("Use the cable XZ-77 here.", "Use the cable XZ-78 here.", ("codes",)),
        ("The door is locked.", "The door is not locked.", ("negation",)),
        ("The price increased.", "The price decreased.", ("opposites",)),
        ("Boeing builds the door.", "Airbus builds the door.", ("names",)),
        ("", "Airbus builds the door.", ("empty",)),
        ("Anything.", "", ("empty",)),
    ],
)
def test_the_failed_check_is_named(claim, quote, failed):
    verdict = check_support(claim, [quote], terms=TERMS)
    assert set(failed) <= set(verdict.failed)
    assert verdict.supported == (not failed)


def test_a_name_may_come_from_the_context_but_a_number_may_not():
    quote = "He founded it in 1948."
    context = "Biography > Juan Perez, born 1921"
    assert check_support("Juan Perez founded it in 1948.", [quote], context=context, terms=TERMS).supported
    assert not check_support(
        "Juan Perez founded it in 1921.", [quote], context=context, terms=TERMS
    ).supported
    assert not check_support("Juan Perez founded it in 1948.", [quote], terms=TERMS).supported


@pytest.mark.parametrize("claim", ["The drone has six motors.", "The drone has motors."])
def test_context_alone_supports_nothing(claim):
    verdict = check_support(claim, ["Click OK to go on."], context=claim, terms=TERMS)
    assert not verdict.supported


def test_two_quotes_support_together():
    quotes = ["The fee is 20 dollars.", "Members pay nothing."]
    assert check_support("The fee is 20 dollars and members pay nothing.", quotes, terms=TERMS).supported


@pytest.mark.parametrize(
    ("claim", "quote", "supported"),
    [
        ("Sick leave is up to 60 days.", "병가는 최대 60일까지 사용할 수 있습니다.", True),
        ("Sick leave is up to 90 days.", "병가는 최대 60일까지 사용할 수 있습니다.", False),
        ("Sick leave may be used.", "병가는 최대 60일까지 사용할 수 있습니다.", False),
        ("Sick leave may not exceed 60 days.", "병가는 최대 60일까지 사용할 수 있습니다.", False),
        ("지오펜스는 Copter 3.7부터 지원됩니다.", "GeoFence is supported from Copter 3.7 on.", True),
        ("지오펜스는 Plane 3.7부터 지원됩니다.", "GeoFence is supported from Copter 3.7 on.", False),
    ],
)
def test_across_languages_numbers_and_names_must_agree(claim, quote, supported):
    verdict = check_support(claim, [quote], terms=TERMS)
    assert verdict.cross_lingual
    assert verdict.supported == supported


def test_a_particle_on_a_latin_name_changes_nothing():
    quote = "Copter에서는 지오펜스를 지원합니다."
    assert check_support("지오펜스는 Copter가 지원합니다.", [quote], terms=TERMS).supported
    assert not check_support("지오펜스는 Plane이 지원합니다.", [quote], terms=TERMS).supported


SENTENCES = st.text(
    alphabet=st.sampled_from(list("abcdefg ABC 123,.%$ 않는다없이원년월일가나다라마바사")),
    min_size=1,
    max_size=80,
)


@settings(deadline=None, max_examples=200)
@given(SENTENCES, SENTENCES)
def test_any_text_gets_a_verdict(claim, quote):
    verdict = check_support(claim, [quote])
    assert verdict.supported == (not verdict.failed)
    assert 0.0 <= verdict.score <= 1.0


@pytest.mark.parametrize("quote", ["모터는 12개가 있습니다.", "12번을 누릅니다."])
def test_across_languages_a_small_number_is_no_anchor(quote):
    assert not check_support("The moon weighs 12 tonnes.", [quote], terms=TERMS).supported
    assert not check_support("The moon has 12.", [quote], terms=TERMS).supported
