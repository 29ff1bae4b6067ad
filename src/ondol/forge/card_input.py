"""What a card is made of: the run counts, the card only words it."""

from pydantic import Field

from ondol.core.examples import Example, ExampleKind, Split
from ondol.core.frozen import Frozen
from ondol.policy.licence import Use


class SplitSummary(Frozen):
    """One file of examples.

    Attributes:
        examples: lines of the file, by kind.
        documents: met in the file.
    """

    split: Split
    examples: dict[ExampleKind, int]
    documents: int


class RejectionSummary(Frozen):
    """How often a reason rejected a draft, with one of its details as an illustration."""

    reason: str
    count: int
    detail: str = ""


class CheckSummary(Frozen):
    """A check of the run.

    Attributes:
        what: what it tests, in one sentence.
        passed: drafts that it let through.
        failed: drafts that it stopped.
        precision: share of what it stopped that was wrong; ``None`` where it was not measured.
        recall: share of what was wrong that it stopped; likewise.
        measured_on: the labelled data of these figures.
    """

    name: str
    what: str = ""
    passed: int
    failed: int
    precision: float | None = None
    recall: float | None = None
    measured_on: str = ""


class JudgeSummary(Frozen):
    """The judge model and how well it found planted errors.

    Attributes:
        used: it passed its calibration.
        planted: errors planted, and true ones shown, together.
        reviewed: examples of earlier datasets that it had let through and experts judged.
    """

    model: str
    used: bool
    precision: float
    recall: float
    threshold: float
    planted: int
    reviewed: int = 0
    by_error: dict[str, float] = Field(default_factory=dict)


class TopicSummary(Frozen):
    """A place on the map of the corpus.

    Attributes:
        facts: that can be taught.
        taught: of these, met by an accepted example.
        examples: accepted.
    """

    topic: str
    facts: int
    taught: int
    examples: int


class ModelSummary(Frozen):
    """A model and what it did in the run."""

    role: str
    name: str
    licence: str = "unknown"


class CostSummary(Frozen):
    """What the run took; a model call is counted once, however often the run was started.

    Attributes:
        seconds: wall clock, over all starts.
    """

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0


class DocumentSummary(Frozen):
    """A document of the corpus that the dataset rests on.

    Attributes:
        sha256: of the original bytes.
        split: the side it was placed on before anything was written.
        examples: accepted, over all splits.
    """

    id: str
    uri: str
    title: str
    sha256: str
    licence: str
    label: str
    split: Split
    examples: int


class DecontaminationSummary(Frozen):
    """A list that the dataset was cleaned of.

    Attributes:
        items: in the list.
        removed: examples taken out, by method (``ngram``, ``substring``, ``meaning``, …).
    """

    path: str
    sha256: str = ""
    items: int
    removed: dict[str, int] = Field(default_factory=dict)


class RetentionSummary(Frozen):
    """The trainee's own answers to general prompts."""

    model: str
    examples: int
    from_pool: int = 0
    from_model: int = 0


class CardInput(Frozen):
    """All that a card says; the run counts, the card only words it.

    Attributes:
        content: hash of the rows, where it is known.
        made_at: ISO 8601; empty leaves it out.
        ondol_version: empty leaves it out.
        recipe: its YAML text.
        target: accepted examples asked for, in train, validation and test.
        accepted: in train, validation and test.
        drafts: written, accepted or not.
        stopped_because: why there are fewer than asked for; empty when the target was met.
        held_out_validation: share asked for; likewise ``held_out_test``.
        no_judge_because: completes “No judge was used, because …”.
        documents_usable: documents that the recipe's sources name.
        facts: that can be taught.
        labels: examples by label, in text form.
        label: the strictest.
        files: SHA-256 by file name.
        samples: shown in full; one of each kind is enough.
        limits: further sentences for the section on limits.
    """

    name: str
    use_case: str = ""
    languages: tuple[str, ...]
    intended_use: Use
    content: str = ""
    made_at: str = ""
    ondol_version: str = ""
    recipe: str = ""
    seed: int = 0
    target: int
    accepted: int
    drafts: int
    stopped_because: str = ""
    splits: tuple[SplitSummary, ...]
    held_out_validation: float = 0.0
    held_out_test: float = 0.0
    rejections: tuple[RejectionSummary, ...] = ()
    checks: tuple[CheckSummary, ...] = ()
    judge: JudgeSummary | None = None
    no_judge_because: str = "the recipe names none"
    documents_usable: int = 0
    facts: int = 0
    facts_taught: int = 0
    topics: tuple[TopicSummary, ...] = ()
    models: tuple[ModelSummary, ...] = ()
    costs: CostSummary = CostSummary()
    documents: tuple[DocumentSummary, ...] = ()
    labels: dict[str, int] = Field(default_factory=dict)
    label: str = "open"
    decontamination: tuple[DecontaminationSummary, ...] = ()
    retention: RetentionSummary | None = None
    files: dict[str, str] = Field(default_factory=dict)
    samples: tuple[Example, ...] = ()
    limits: tuple[str, ...] = ()
