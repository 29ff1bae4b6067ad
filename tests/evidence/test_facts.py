"""Numbers, units and dates mean the same however they are written."""

import pytest

from ondol.evidence.facts import read_facts


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("3만 5천원", "35000", "won"),
        ("3만5천500원", "35500", "won"),
        ("35,000원", "35000", "won"),
        ("₩35,000", "35000", "won"),
        ("1억 2천만 원", "120000000", "won"),
        ("2조 원", "2000000000000", "won"),
        ("$3.5 million", "3500000", "dollar"),
        ("20 percent", "20", "percent"),
        ("20%", "20", "percent"),
        ("20퍼센트", "20", "percent"),
        ("24개월간", "24", "month"),
        ("three months", "3", "month"),
        ("세 가지", "3", ""),
        ("두 명", "2", "person"),
        ("14.80 V", "14.8", "volt"),
        ("2.4GHz", "2.4", "gigahertz"),
        ("30분 이내", "30", "minute"),
        ("1,234.50 m", "1234.5", "metre"),
        ("version 4.2.1", "4.2.1", ""),
        ("12 in the box", "12", ""),
    ],
)
def test_quantities(text, value, unit):
    (quantity,) = read_facts(text).quantities
    assert (quantity.value, quantity.unit) == (value, unit)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2024년 3월 5일", (2024, 3, 5)),
        ("2024. 3. 5.", (2024, 3, 5)),
        ("2024-03-05", (2024, 3, 5)),
        ("March 5, 2024", (2024, 3, 5)),
        ("5th of March 2024", (2024, 3, 5)),
        ("5 Mar 2024", (2024, 3, 5)),
        ("March 2024", (2024, 3, None)),
        ("3월 5일", (None, 3, 5)),
        ("2024년", (2024, None, None)),
    ],
)
def test_dates(text, date):
    facts = read_facts(text)
    assert [(d.year, d.month, d.day) for d in facts.dates] == [date]
    assert facts.quantities == ()


def test_a_duration_is_no_date():
    assert read_facts("3년간").dates == ()


def test_codes_are_compared_without_their_separators():
    assert read_facts("AB-1234/5").codes == read_facts("ab 1234/5 AB12345").codes - {"12345"}
