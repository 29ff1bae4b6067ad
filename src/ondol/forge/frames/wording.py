"""A question and its answer as a frame words them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wording:
    """One way to ask for a fact.

    Attributes:
        frame: stable name of the frame that made it.
        score: how surely it is natural and right, 0 to 1.
    """

    question: str
    answer: str
    frame: str
    score: float
