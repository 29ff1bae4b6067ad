import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondol.core.access import EVERY_GROUP, Grade, Label, Principal
from ondol.core.errors import WrongUseError
from ondol.policy.access import can_read, readable, strictest

labels = st.builds(
    Label, grade=st.sampled_from(Grade), groups=st.frozensets(st.sampled_from(["hr", "rnd", "legal"]))
)
principals = st.builds(
    Principal,
    name=st.just("p"),
    grade=st.sampled_from(Grade),
    groups=st.frozensets(st.sampled_from(["hr", "rnd", "legal", EVERY_GROUP])),
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", "open"),
        ("open", "open"),
        ("S+hr", "sensitive+hr"),
        ("hr", "open+hr"),
        ("기밀 + 연구소", "classified+연구소"),
        ("sensitive+open", "sensitive"),
        ("b+a+A", "open+a+b"),
    ],
)
def test_label_text_form(text, canonical):
    assert str(Label.parse(text)) == canonical


def test_impossible_group_is_refused_with_a_remedy():
    with pytest.raises(WrongUseError, match="not a label") as caught:
        Label.parse("hr; drop table")
    assert caught.value.remedy


@given(labels)
def test_label_survives_json(label):
    assert Label.model_validate_json(label.model_dump_json()) == label
    assert Label.parse(str(label)) == label


@given(principals, st.lists(labels))
def test_who_reads_the_strictest_reads_them_all(principal, many):
    if can_read(principal, strictest(many)):
        assert readable(principal, many) == frozenset(many)


@given(labels)
def test_nobody_reads_up(label):
    below = Principal(name="p", grade=Grade.OPEN, groups=frozenset({EVERY_GROUP}))
    assert can_read(below, label) == (label.grade == Grade.OPEN)


def test_need_to_know():
    chief = Principal(name="chief", grade=Grade.CLASSIFIED, groups=frozenset({"rnd"}))
    assert not can_read(chief, Label.parse("open+hr"))
    assert can_read(chief, Label.parse("classified+rnd"))
