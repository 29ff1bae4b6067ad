"""Parting thinking from answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondol.engines.chat.think import ThinkSplitter


def split(pieces, *, supposed=False, reason="stop"):
    splitter = ThinkSplitter("<think>", "</think>", supposed=supposed)
    deltas = [d for piece in pieces for d in splitter.feed(piece)] + list(splitter.finish(reason))
    return "".join(d.thinking for d in deltas), "".join(d.text for d in deltas)


@pytest.mark.parametrize(
    ("text", "supposed", "reason", "expected"),
    [
        ("<think>a</think>b", False, "stop", ("a", "b")),
        ("\n<think>a</think>\n\nb", False, "stop", ("a", "b")),
        ("a</think>\n\nb", True, "stop", ("a", "b")),
        ("answer only", True, "stop", ("", "answer only")),
        ("thinking and thinking", True, "length", ("thinking and thinking", "")),
        ("<think>never closed", False, "stop", ("never closed", "")),
        ("plain <think> in the middle", False, "stop", ("", "plain <think> in the middle")),
        ("", True, "stop", ("", "")),
        ("  indented", False, "stop", ("", "  indented")),
        ("<thi", False, "stop", ("", "<thi")),
    ],
)
def test_each_shape(text, supposed, reason, expected):
    assert split([text], supposed=supposed, reason=reason) == expected


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<", "th", "가나", " ", "\n", "x"]), max_size=8),
    st.booleans(),
    st.data(),
)
def test_where_the_text_is_cut_makes_no_difference(parts, supposed, data):
    text = "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert split(pieces, supposed=supposed) == split([text], supposed=supposed)


def test_an_answer_is_not_held_back():
    splitter = ThinkSplitter("<think>", "</think>", supposed=False)
    assert [d.text for d in splitter.feed("Hello")] == ["Hello"]
    assert [d.text for d in splitter.feed(" <b>")] == [" <b>"]
