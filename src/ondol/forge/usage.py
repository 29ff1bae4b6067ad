"""What the models of a run were asked, whoever asked: writer, judge, trainee."""

import threading
from collections import Counter

from ondol.engines.cache import KeyedReply


class Usage:
    """Counts finished calls, told by ``CachedChat(on_call=usage.note)``. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._total: Counter[str] = Counter()
        self._fresh: Counter[str] = Counter()

    def note(self, call: KeyedReply) -> None:
        """Count a call: ``requests`` and tokens of one that was made, ``replayed`` of one that was not."""
        if call.replayed:
            found = Counter({"replayed": 1})
        else:
            reply = call.reply
            found = Counter({
                "requests": 1,
                "prompt_tokens": reply.prompt_tokens,
                "completion_tokens": reply.completion_tokens,
            })
        with self._lock:
            self._total.update(found)
            self._fresh.update(found)

    @property
    def requests(self) -> int:
        """Calls made by this process."""
        with self._lock:
            return self._total["requests"]

    def drain(self) -> dict[str, int]:
        """Return what was counted since the last time."""
        with self._lock:
            fresh, self._fresh = self._fresh, Counter()
        return dict(fresh)
