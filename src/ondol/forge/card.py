"""The card of a dataset: what is in it, where it comes from, how it was checked, what it may be used for.

The card is ``README.md`` of the dataset folder, because that is where ``datasets`` looks for the list of
files and the schema of a folder. Its head is the YAML of a Hugging Face dataset card; ``dataset_info.json``
beside it says the same to LLaMA-Factory.
"""

from collections.abc import Mapping, Sequence

from pydantic import Field

from ondol.core.examples import Example, ExampleKind, Split
from ondol.core.frozen import Frozen
from ondol.policy.licence import Use

CARD_FILE = "README.md"
DATASET_INFO_FILE = "dataset_info.json"
PICTURES_FOLDER = "pictures"


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
    """

    model: str
    used: bool
    precision: float
    recall: float
    threshold: float
    planted: int
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


def build_card(facts: CardInput) -> str:
    """Return the card as Markdown with a YAML head."""
    return f"# {facts.name}\n"


def build_pictures(facts: CardInput) -> Mapping[str, str]:
    """Return the card's pictures, SVG text by file name; they lie in the folder ``pictures``."""
    return {}


def build_dataset_info(name: str, splits: Sequence[Split], *, retention: bool = False) -> str:
    """Return ``dataset_info.json`` for LLaMA-Factory: one entry per file, messages in OpenAI's form."""
    return "{}\n"
