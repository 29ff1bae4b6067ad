"""Whatever a server sends, callers see deltas or an error of ours."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ondol.core.errors import EngineProtocolError
from ondol.core.models import ChatDelta, ChatRequest, Message
from ondol.engines.chat.profiles import build_profile
from ondol.engines.chat.wire import read_reply

ASK = ChatRequest(messages=(Message(role="user", content="x"),))
ODD = st.sampled_from([None, 5, -1, 1.5, float("inf"), "", "hm", [], [1], {}, {"a": 1}, True])
DELTAS = (
    st.dictionaries(st.sampled_from(["content", "reasoning", "reasoning_content"]), ODD, max_size=2) | ODD
)
CHOICES = (
    st.fixed_dictionaries({"delta": DELTAS, "finish_reason": ODD | st.sampled_from(["stop", "length"])}) | ODD
)
USAGE = st.dictionaries(st.sampled_from(["prompt_tokens", "completion_tokens"]), ODD, max_size=2) | ODD
EVENTS = st.fixed_dictionaries({"choices": st.lists(CHOICES, max_size=2) | ODD, "usage": USAGE}) | ODD


@settings(max_examples=1000, deadline=None)
@given(st.lists(EVENTS, max_size=3), st.sampled_from(["m", "exaone-deep-7.8b"]))
def test_events_of_any_shape_are_read_or_refused(events, model):
    try:
        deltas = list(read_reply(iter(events), ASK, build_profile(model)))
    except EngineProtocolError:
        return
    assert all(isinstance(d, ChatDelta) for d in deltas)
    assert deltas[-1].finish_reason in {"stop", "length"}
