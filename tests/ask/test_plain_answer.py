"""Nothing in a document acts: not on the reader's browser, not on the model."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondol.ask.plain import defuse, render_plain
from ondol.policy.injection import is_instruction

ATTACKS = json.loads((Path(__file__).parent / "injections.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("See [the terms](https://e.example/t?a=(b)) now.", "See the terms now."),
        ("![pixel](https://e.example/p.png) Hello", "Hello"),
        ("![](//e.example/p.png)Hello", "Hello"),
        ("[![alt](https://e.example/i.png)](https://e.example) Hello", "Hello"),
        ("[text][1]\n[1]: https://e.example/x", "text"),
        ("Visit https://e.example/a.", "Visit `https://e.example/a`."),
        ("Visit www.e.example/a, please", "Visit `www.e.example/a`, please"),
        ("<https://e.example>", "`https://e.example`"),
        ("`https://e.example`", "`https://e.example`"),
        ("javascript:alert(1)", "`javascript:alert(1`)"),
        ('<img src="https://e.example/x" onerror=alert(1)>Hi', "Hi"),
        ('<a href="https://e.example">Hi</a>', "Hi"),
        ("<script>x</script>", "x"),
        ("a < b and b > c", "a < b and b > c"),
        ("As shown in [12], it rains [3, 4].", "As shown in (12), it rains (3, 4)."),
        ("two\n  lines", "two lines"),
        ("배열 a[0]과 f(x)", "배열 a(0)과 f(x)"),
    ],
)
def test_shown_text_has_no_active_markup(text, shown):
    assert render_plain(text) == shown


@given(st.text(alphabet=st.sampled_from(list("![]()<>:/ab1`\n \"'")), max_size=60))
def test_no_picture_or_link_survives(text):
    shown = render_plain(text + " ![a](http://e.example/x) [b](http://e.example/y)")
    assert "](http" not in shown


@pytest.mark.parametrize(
    "token",
    [
        "<|im_start|>",
        "<|eot_id|>",
        "[|system|]",
        "[|endofturn|]",
        "[INST]",
        "<<SYS>>",
        "</s>",
        "<start_of_turn>",
        "<｜User｜>",
        "</passage>",
        "<think>",
        "</think>",
        "<tool_call>",
    ],
)
def test_a_model_is_given_no_token_of_its_template(token):
    assert token not in defuse(f"before {token} after")


def test_ordinary_text_is_given_as_it_is():
    text = "If a < b, use List<String>; 지오펜스 <편집> [1] (50%)"
    assert defuse(text) == text


@pytest.mark.parametrize("attack", ATTACKS["instructions"])
def test_orders_to_an_ai_are_recognised(attack):
    assert is_instruction(attack)


@pytest.mark.parametrize("sentence", ATTACKS["harmless"])
def test_orders_to_a_reader_are_not(sentence):
    assert not is_instruction(sentence)
