"""What is asked of a writer, and what a writer and a check are."""

from collections.abc import Sequence
from typing import Protocol

from ondol.core.examples import Draft, Example, ExampleKind, Fact, Passage, Rejected, Split, Verdict
from ondol.core.frozen import Frozen


class Order(Frozen):
    """One piece of work for a writer.

    Attributes:
        id: stable name of the work; a writer's seeds come from it.
        passage: where ``facts`` stand.
        facts: to be taught, best first; spans lie inside ``passage``.
        others: further passages: a second hop, distractors, one that does not hold the answer.
        seeds: accepted examples to build upon.
        wordings: how many differently worded questions are wanted for each fact.
        use_case: the recipe's words.
        attempt: 0 at first; a later attempt asks with another seed.
    """

    id: str
    kind: ExampleKind
    language: str
    split: Split
    passage: Passage
    facts: tuple[Fact, ...]
    others: tuple[Passage, ...] = ()
    seeds: tuple[Example, ...] = ()
    wordings: int = 1
    use_case: str = ""
    attempt: int = 0


class Written(Frozen):
    """What came of an order: drafts in the order of its facts and wordings, and output of no use.

    Attributes:
        requests: model calls made or replayed.
    """

    drafts: tuple[Draft, ...] = ()
    spoiled: tuple[Rejected, ...] = ()
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Writer(Protocol):
    """Turns orders into drafts. Safe to call from several threads; the same order gives the same drafts."""

    @property
    def kinds(self) -> frozenset[ExampleKind]:
        """What it can write."""

    def write(self, order: Order) -> Written:
        """Return what it could write; raises ``EngineError`` only when the engine is gone for good."""


class Check(Protocol):
    """One test of a draft. Safe to call from several threads."""

    @property
    def name(self) -> str:
        """Stable name: the reason in ``rejected.jsonl``."""

    def judge(self, draft: Draft, passages: Sequence[Passage]) -> Verdict:
        """Return the verdict; ``passages`` are all those that the draft's evidence was taken from."""
