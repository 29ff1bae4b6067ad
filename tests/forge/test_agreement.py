"""Krippendorff's alpha against his own worked example, and its limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondol.forge.agreement import compute_alpha


def test_the_published_example():
    # Krippendorff (2011), section C: four observers, twelve units, nominal data.
    rows = [
        "1 2 3 3 2 1 4 1 2 . . .",
        "1 2 3 3 2 2 4 1 2 5 . 3",
        ". 3 3 3 2 3 4 2 2 5 1 .",
        "1 2 3 3 2 4 4 1 2 5 1 .",
    ]
    columns = zip(*(row.split() for row in rows), strict=True)
    assert compute_alpha([v for v in column if v != "."] for column in columns) == pytest.approx(
        0.743, abs=5e-4
    )


def test_full_agreement_is_one():
    assert compute_alpha([["accept", "accept"], ["reject", "reject"]]) == 1


def test_what_cannot_be_told_is_not_told():
    assert compute_alpha([]) is None
    assert compute_alpha([["accept"], ["reject"]]) is None
    assert compute_alpha([["accept", "accept"], ["accept", "accept"]]) is None


@given(st.lists(st.lists(st.sampled_from(["accept", "fix", "reject"]), max_size=4), max_size=20))
def test_it_never_exceeds_one_and_order_does_not_matter(units):
    alpha = compute_alpha(units)
    assert alpha is None or alpha <= 1
    again = compute_alpha([unit[::-1] for unit in units[::-1]])
    assert (alpha is None) == (again is None)
    assert alpha is None or again == pytest.approx(alpha)
