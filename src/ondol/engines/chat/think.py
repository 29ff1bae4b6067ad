"""Part a model's thinking from its answer, for servers that leave both in one text.

Four shapes occur: ``<think>…</think>answer``; the opening mark swallowed by the chat template, so that only
the closing one is seen; thinking that is never closed, because the tokens ran out; and no thinking at all.
"""

from collections.abc import Iterator
from typing import Literal

from ondol.core.models import ChatDelta, FinishReason, ModelProfile

_State = Literal["start", "supposed", "thinking", "answer"]


class ThinkSplitter:
    """Feed it a streamed text in any pieces; marks may be cut anywhere.

    Args:
        supposed: the request made the model think, so a text without an opening mark may begin inside its
            thinking. It is held until the closing mark, or the end, tells which it was.
    """

    def __init__(self, open_mark: str, close_mark: str, *, supposed: bool) -> None:
        self._open, self._close = open_mark, close_mark
        self._supposed = supposed
        self._state: _State = "start"
        self._strip = False
        self._held = ""

    def feed(self, text: str) -> Iterator[ChatDelta]:
        """Yield what is certain so far."""
        self._held += text
        if self._state == "start":
            self._begin()
        if self._state in {"supposed", "thinking"} and self._close in self._held:
            thought, _, self._held = self._held.partition(self._close)
            yield from _think(thought)
            self._state = "answer"
            self._strip = True
        if self._state == "answer":
            yield from self._answer()
        elif self._state == "thinking":
            keep = _overlap(self._held, self._close)
            ready = self._held[: len(self._held) - keep]
            self._held = self._held[len(ready) :]
            yield from _think(ready)

    def finish(self, reason: FinishReason) -> Iterator[ChatDelta]:
        """Yield what was held back: thinking, if the tokens ran out before it was closed; else an answer."""
        held, self._held = self._held, ""
        if self._state == "thinking" or (self._state == "supposed" and reason == "length"):
            yield from _think(held)
        elif held.strip():
            yield ChatDelta(text=held)

    def note_parted(self) -> None:
        """Learn that the server parts thinking itself: what is fed from here on is answer."""
        self._supposed = False

    def _begin(self) -> None:
        """Leave the start once it is known whether the text opens with the mark."""
        bare = self._held.lstrip()
        if bare.startswith(self._open):
            self._state, self._held = "thinking", bare[len(self._open) :]
        elif bare and not self._open.startswith(bare):
            self._state = "supposed" if self._supposed else "answer"
            self._strip = False

    def _answer(self) -> Iterator[ChatDelta]:
        if self._strip:  # the blank lines between thinking and answer
            self._held = self._held.lstrip()
        if self._held:
            self._strip = False
            held, self._held = self._held, ""
            yield ChatDelta(text=held)


def build_splitter(profile: ModelProfile, *, think: bool) -> ThinkSplitter:
    """Return a splitter for a reply of a model that was told to think or not."""
    supposed = profile.reasoning == "always" or (profile.reasoning == "switch" and think)
    return ThinkSplitter(profile.think_open, profile.think_close, supposed=supposed)


def _think(text: str) -> Iterator[ChatDelta]:
    if text:
        yield ChatDelta(thinking=text)


def _overlap(text: str, mark: str) -> int:
    """Return how many characters at the end of ``text`` could begin ``mark``."""
    for size in range(min(len(mark) - 1, len(text)), 0, -1):
        if mark.startswith(text[-size:]):
            return size
    return 0
