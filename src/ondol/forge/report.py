"""How far a run is, and what it ended with."""

from typing import Literal

from pydantic import Field

from ondol.core.frozen import Frozen

ForgeStage = Literal["planning", "reading", "writing", "retention", "saving", "done"]


class ForgeProgress(Frozen):
    """A run under way.

    Attributes:
        done: documents read, examples accepted or retention answers, as the stage has it.
        by_check: rejected so far, by the check that failed.
        per_minute: accepted a minute, in this process.
        eta_s: seconds left at that rate; ``None`` while unknown.
    """

    stage: ForgeStage
    done: int = 0
    total: int = 0
    accepted: int = 0
    rejected: int = 0
    requests: int = 0
    by_check: dict[str, int] = Field(default_factory=dict)
    per_minute: float = 0.0
    eta_s: float | None = None


class Coverage(Frozen):
    """What of the corpus the examples meet.

    Attributes:
        documents: usable.
        documents_met: with at least one example.
        facts: found.
        facts_taught: with at least one example.
    """

    documents: int = 0
    documents_met: int = 0
    facts: int = 0
    facts_taught: int = 0


class ForgeReport(Frozen):
    """What a run ended with.

    Attributes:
        dataset: its name; empty when the run was interrupted.
        accepted: examples in train, validation and test.
        by_reason: rejected drafts, by the check that failed.
        requests: finished model calls, of writer, judge and trainee together.
        replayed: calls that were not made, because their replies were kept.
        tokens: prompt and completion tokens of the calls made.
        shortfall: why fewer than wanted were accepted and what would help; empty when none is missing.
        notes: what the user should know, one sentence each.
        hash: of the dataset's rows: two runs with equal rows have equal hashes.
    """

    dataset: str = ""
    path: str = ""
    run: str = ""
    target: int = 0
    accepted: int = 0
    rejected: int = 0
    by_reason: dict[str, int] = Field(default_factory=dict)
    splits: dict[str, int] = Field(default_factory=dict)
    kinds: dict[str, int] = Field(default_factory=dict)
    recall: int = 0
    retention: int = 0
    requests: int = 0
    replayed: int = 0
    tokens: dict[str, int] = Field(default_factory=dict)
    seconds: float = 0.0
    coverage: Coverage = Coverage()
    shortfall: str = ""
    notes: tuple[str, ...] = ()
    hash: str = ""
    interrupted: bool = False
