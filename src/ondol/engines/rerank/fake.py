"""A reranker for tests: the share of the question's words that a passage holds."""

from collections.abc import Callable, Sequence


class FakeReranker:
    """Scores by shared words.

    Args:
        fault: called before each call; what it raises is raised.
    """

    def __init__(self, *, name: str = "fake-reranker", fault: Callable[[], None] | None = None) -> None:
        self._name = name
        self._fault = fault

    @property
    def name(self) -> str:
        """As given."""
        return self._name

    def rerank(self, query: str, passages: Sequence[str]) -> list[float]:
        """Return shares between 0 and 1."""
        if self._fault is not None:
            self._fault()
        asked = set(query.lower().split())
        return [len(asked & set(p.lower().split())) / max(1, len(asked)) for p in passages]

    def close(self) -> None:
        """Do nothing."""
