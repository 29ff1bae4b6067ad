"""Training examples and what proves them: the fact, its exact source, the verdict of every check.

Each model here is one row of a dataset file or of a run's ledger. Fields are flat and always present, so that
a table reader infers one schema from any line.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from ondol.core.frozen import Frozen
from ondol.core.models import Message

ExampleKind = Literal[
    "qa",
    "list",
    "table",
    "not_in_documents",
    "dialogue",
    "instruction",
    "paraphrase",
    "multi_hop",
    "summary",
    "reasoning",
    "translation",
]
Book = Literal["closed", "open"]
Split = Literal["train", "validation", "test", "recall"]
WriterName = Literal["frames", "composer", "model"]


class Evidence(Frozen):
    """An exact quotation: the stored text of the place, cut at ``start:end``, equals ``quote``.

    Attributes:
        document: its id.
        page: 1-based; 0 for a document without pages.
        context: heading path and table header, never quoted.
        label: text form of the document's label.
    """

    document: str
    uri: str
    title: str
    chunk_id: str
    page: int = Field(default=0, ge=0)
    start: int
    end: int
    quote: str
    context: str = ""
    licence: str = "unknown"
    label: str = "open"


class Passage(Frozen):
    """A chunk of the corpus with what a writer needs to know of its document.

    Attributes:
        start: offset of ``text`` in its page, as in ``Evidence``.
    """

    document: str
    uri: str
    title: str
    chunk_id: str
    ordinal: int
    page: int = 0
    start: int
    text: str
    context: str = ""
    language: str = ""
    licence: str = "unknown"
    label: str = "open"

    def cite(self, start: int, end: int) -> Evidence:
        """Return the evidence for ``text[start:end]``."""
        return Evidence(
            document=self.document,
            uri=self.uri,
            title=self.title,
            chunk_id=self.chunk_id,
            page=self.page,
            start=self.start + start,
            end=self.start + end,
            quote=self.text[start:end],
            context=self.context,
            licence=self.licence,
            label=self.label,
        )


FactUnit = Literal["sentence", "item", "row", "list"]


class Fact(Frozen):
    """A claim of the corpus that can be taught and checked, with its exact span.

    Attributes:
        id: from chunk and span; stable while the text is.
        unit: ``list`` is a lead line with its items.
        topic: where the map of the corpus counts it.
        worth: how well it can be taught, 0 to 1; better facts are taken first.
        standalone: reads without the sentences around it.
    """

    id: str
    evidence: Evidence
    language: str
    unit: FactUnit
    topic: str
    worth: float = 0.5
    standalone: bool = True


class Turn(Frozen):
    """A question, its answer and what the answer rests on.

    Attributes:
        evidence: empty only where the right answer is that the documents do not say.
        result: the checkable final answer of a reasoning task, else empty.
    """

    question: str
    answer: str
    evidence: tuple[Evidence, ...] = ()
    result: str = ""


class Draft(Frozen):
    """What a writer proposes; nothing of it is believed yet.

    Attributes:
        passages: shown to the model before the question; open book only.
        origins: where its words come from besides its turns' evidence: of a question that was taken over.
        facts: ids of the facts taught.
        wording: 0 for the first wording of a fact, 1 for the next, …
        calls: keys of the model calls that it came from; none for what code wrote.
    """

    kind: ExampleKind
    language: str
    book: Book = "closed"
    turns: tuple[Turn, ...]
    passages: tuple[Passage, ...] = ()
    origins: tuple[Evidence, ...] = ()
    system: str = ""
    facts: tuple[str, ...] = ()
    topic: str = ""
    wording: int = 0
    writer: WriterName
    model: str = ""
    calls: tuple[str, ...] = ()


class Verdict(Frozen):
    """The outcome of one check.

    Attributes:
        score: what was compared with the check's threshold, 0 to 1.
        detail: what was found wrong, in one sentence; empty when it passed unchanged.
    """

    check: str
    passed: bool
    score: float = 1.0
    detail: str = ""


class Provenance(Frozen):
    """Where an example comes from, to the character and the call.

    Attributes:
        shown: ids of documents whose text is in the messages, or was in a prompt, without being quoted.
    """

    evidence: tuple[Evidence, ...]
    shown: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    writer: WriterName
    model: str = ""
    calls: tuple[str, ...] = ()
    wording: int = 0


class Example(Frozen):
    """One verified training example: a line of ``train.jsonl`` and its sisters.

    Attributes:
        id: from kind, messages and quotes as they were written; a reviewer's correction keeps it.
        group: examples of one group teach the same fact; it never spans splits, ``recall`` apart.
        label: text form of the strictest label of its sources.
        licences: of its sources, each once.
    """

    id: str
    messages: tuple[Message, ...]
    kind: ExampleKind
    book: Book
    language: str
    topic: str
    group: str
    label: str
    licences: tuple[str, ...]
    provenance: Provenance
    verdicts: tuple[Verdict, ...]

    @property
    def documents(self) -> tuple[str, ...]:
        """Ids of the documents that had a part in it, each once: when one is forgotten, so is the example."""
        cited = (evidence.document for evidence in self.provenance.evidence)
        return tuple(dict.fromkeys((*cited, *self.provenance.shown)))


class Rejected(Frozen):
    """A draft that was not taken, and why: a line of ``rejected.jsonl``.

    Attributes:
        id: its own, or the one that it had as an example: reviewers may reject that too.
        reason: name of the check that failed, ``shape`` for output that could not be read, or ``review``.
        text: what there was of it: the draft's questions and answers, or the raw output.
    """

    id: str
    kind: ExampleKind
    reason: str
    detail: str
    text: str
    documents: tuple[str, ...] = ()
    writer: WriterName
    verdicts: tuple[Verdict, ...] = ()


class RetentionExample(Frozen):
    """The trainee's own answer to a general prompt: a line of ``retention.jsonl``.

    Attributes:
        source: ``pool`` for a shipped prompt, ``model`` for one that the trainee thought of.
    """

    id: str
    messages: tuple[Message, ...]
    language: str
    source: Literal["pool", "model"]
    model: str
    call: str = ""


class DatasetFile(Frozen):
    """A file of a dataset.

    Attributes:
        lines: rows of a ``.jsonl`` file, else 0.
    """

    sha256: str
    size_bytes: int
    lines: int = 0


class DatasetSource(Frozen):
    """A document that a dataset was made from.

    Attributes:
        label: text form.
    """

    document: str
    uri: str
    sha256: str = ""
    licence: str = "unknown"
    label: str = "open"


class DatasetChange(Frozen):
    """What was taken out of a dataset, or put right in it, after it was made.

    Attributes:
        document: id of the document that was forgotten; empty for another reason.
        num_examples: taken out.
        num_rejected: rejected drafts taken out.
        num_corrected: examples whose answers reviewers put right.
        num_confirmed: examples that reviewers found right.
        former_hash: of the dataset before; models tuned on it name it so.
    """

    changed_at: datetime
    reason: str
    document: str = ""
    num_examples: int
    num_rejected: int = 0
    num_corrected: int = 0
    num_confirmed: int = 0
    former_hash: str


class DatasetManifest(Frozen):
    """``manifest.json`` of a dataset folder, written last.

    Attributes:
        fingerprint: of what made it: recipe, corpus, models.
        recipe: as given.
        counts: examples by split and kind.
        files: every file of the folder but this one, by name.
        licences: of the examples, each once.
        labels: of its examples and sources, each once.
        label: the strictest of them.
        models: by role: writer, judge, trainee, embedder.
        hash: of the ``.jsonl`` files alone, so identical runs compare equal whatever the time.
    """

    format: int = 1
    name: str
    created_at: datetime
    fingerprint: str = ""
    recipe: dict[str, Any] = Field(default_factory=dict)
    counts: dict[Split, dict[ExampleKind, int]] = Field(default_factory=dict)
    num_rejected: int = 0
    num_retention: int = 0
    files: dict[str, DatasetFile]
    licences: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    label: str = "open"
    sources: tuple[DatasetSource, ...] = ()
    models: dict[str, str] = Field(default_factory=dict)
    ondol_version: str = ""
    hash: str
    history: tuple[DatasetChange, ...] = ()

    @property
    def num_examples(self) -> int:
        """Examples of all splits."""
        return sum(sum(kinds.values()) for kinds in self.counts.values())
