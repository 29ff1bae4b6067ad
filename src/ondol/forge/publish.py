"""From the ledger of a finished run to the dataset folder: rows, card, pictures, and the manifest last."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from ondol.core.access import Label
from ondol.core.examples import (
    DatasetManifest,
    DatasetSource,
    Example,
    ExampleKind,
    Rejected,
    RetentionExample,
    Split,
)
from ondol.forge.card import (
    CARD_FILE,
    DATASET_INFO_FILE,
    PICTURES_FOLDER,
    CardInput,
    CheckSummary,
    CostSummary,
    DecontaminationSummary,
    DocumentSummary,
    JudgeSummary,
    ModelSummary,
    RejectionSummary,
    RetentionSummary,
    SplitSummary,
    TopicSummary,
    build_card,
    build_dataset_info,
    build_pictures,
)
from ondol.forge.recipe import Recipe
from ondol.forge.report import Coverage
from ondol.policy.access import strictest
from ondol.store.datasets import Datasets
from ondol.store.forging import RunDocument, RunLedger

CALIBRATION_FILE = "calibration.json"
"""The judge's scores on true and planted items; reviewers' verdicts are added to them."""

_SPLITS: tuple[Split, ...] = ("train", "validation", "test", "recall")
_MAX_SAMPLES = 6
_CONTAMINATION = "contamination_"


@dataclass(frozen=True)
class Outcome:
    """What is known of a run beside its ledger.

    Attributes:
        fingerprint: the run's name.
        models: names by role.
        judge: its calibration, where one was asked.
        no_judge_because: completes "No judge was used, because …".
        benchmarks: items of each file that was decontaminated against.
        licences: of the models, by name, where known.
        notes: for the card's section on limits.
    """

    fingerprint: str
    ondol_version: str
    models: Mapping[str, str] = field(default_factory=dict)
    judge: JudgeSummary | None = None
    no_judge_because: str = ""
    benchmarks: Mapping[str, int] = field(default_factory=dict)
    licences: Mapping[str, str] = field(default_factory=dict)
    shortfall: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass
class Tally:
    """What the rows add up to; gathered while they are written."""

    by_split: Counter[tuple[Split, ExampleKind]] = field(default_factory=Counter)
    by_document: Counter[str] = field(default_factory=Counter)
    met: dict[Split, set[str]] = field(default_factory=dict)
    taught: dict[str, set[str]] = field(default_factory=dict)
    labels: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    details: dict[str, str] = field(default_factory=dict)
    samples: dict[str, Example] = field(default_factory=dict)
    retention: Counter[str] = field(default_factory=Counter)
    contaminated: list[tuple[str, str]] = field(default_factory=list)

    def add(self, split: Split, example: Example) -> None:
        """Count an accepted example."""
        self.by_split[split, example.kind] += 1
        documents = {e.document for e in example.provenance.evidence}
        self.by_document.update(documents)
        self.met.setdefault(split, set()).update(documents)
        self.taught.setdefault(example.topic, set()).update(example.provenance.facts)
        self.labels[example.label] += 1
        self.languages[example.language] += 1
        self.passed.update(verdict.check for verdict in example.verdicts)
        self.samples.setdefault(example.kind, example)

    def reject(self, row: Rejected) -> None:
        """Count a rejected draft."""
        self.passed.update(verdict.check for verdict in row.verdicts if verdict.passed)
        self.failed[row.reason] += 1
        self.details.setdefault(row.reason, row.detail)
        if row.reason.startswith(_CONTAMINATION):
            self.contaminated.append((row.reason.removeprefix(_CONTAMINATION), row.detail))

    def count(self, *splits: Split) -> int:
        """Return how many examples these splits have."""
        return sum(number for (split, _), number in self.by_split.items() if split in splits)


def publish(
    recipe: Recipe, ledger: RunLedger, datasets: Datasets, *, name: str, outcome: Outcome, replace: bool
) -> tuple[DatasetManifest, Tally]:
    """Write the dataset folder of a finished run.

    Raises:
        ConflictError: another dataset has this name, and it was not to be replaced.
        StorageError: it could not be written.
    """
    tally = Tally()
    with datasets.create(name, replace=replace) as writer:
        for split in _SPLITS:
            for example in _examples(ledger, split):
                tally.add(split, example)
                writer.add(split, example)
        for row in _rejected(ledger):
            tally.reject(row)
            writer.add_rejected(row)
        for kept in _retained(ledger):
            tally.retention[kept.source] += 1
            writer.add_retention(kept)
        documents = list(_documents(ledger))
        card = describe(recipe, ledger, tally, documents, outcome, name=name)
        writer.add_file(CARD_FILE, build_card(card))
        for file, picture in build_pictures(card).items():
            writer.add_file(f"{PICTURES_FOLDER}/{file}", picture)
        calibration = ledger.get("calibration")
        if calibration is not None:
            writer.add_file(CALIBRATION_FILE, calibration)
        splits = [split for split in _SPLITS if tally.count(split)]
        info = build_dataset_info(name, splits, retention=bool(tally.retention))
        writer.add_file(DATASET_INFO_FILE, info)
        manifest = writer.finish(
            fingerprint=outcome.fingerprint,
            recipe=recipe.to_json(),
            sources=[_describe_source(document) for document in documents],
            models=outcome.models,
            ondol_version=outcome.ondol_version,
        )
    return manifest, tally


def measure_coverage(ledger: RunLedger, tally: Tally, num_documents: int) -> Coverage:
    """Return what of the corpus the examples meet."""
    return Coverage(
        documents=num_documents,
        documents_met=len(set[str]().union(*tally.met.values())),
        facts=sum(facts for facts, _ in ledger.topics().values()),
        facts_taught=sum(len(facts) for facts in tally.taught.values()),
    )


def describe(
    recipe: Recipe,
    ledger: RunLedger,
    tally: Tally,
    documents: list[RunDocument],
    outcome: Outcome,
    *,
    name: str,
) -> CardInput:
    """Return all that the card says."""
    counters = ledger.counters()
    topics = ledger.topics()
    held_out = recipe.held_out
    accepted = tally.count("train", "validation", "test")
    return CardInput(
        name=name,
        use_case=recipe.use_case,
        languages=tuple(sorted(language for language in tally.languages if language)),
        intended_use=recipe.intended_use,
        ondol_version=outcome.ondol_version,
        recipe=yaml.safe_dump(recipe.to_json(), allow_unicode=True, sort_keys=False),
        seed=recipe.seed,
        target=recipe.target,
        accepted=accepted,
        drafts=accepted + tally.count("recall") + tally.failed.total(),
        stopped_because=outcome.shortfall,
        splits=tuple(_describe_split(tally, split) for split in _SPLITS if tally.count(split)),
        held_out_validation=held_out.validation,
        held_out_test=held_out.test,
        rejections=tuple(
            RejectionSummary(reason=reason, count=count, detail=tally.details[reason])
            for reason, count in tally.failed.most_common()
        ),
        checks=tuple(
            CheckSummary(name=check, passed=passed, failed=tally.failed[check])
            for check, passed in tally.passed.items()
        ),
        judge=outcome.judge,
        no_judge_because=outcome.no_judge_because,
        documents_usable=len(documents),
        facts=sum(facts for facts, _ in topics.values()),
        facts_taught=sum(len(facts) for facts in tally.taught.values()),
        topics=tuple(
            TopicSummary(
                topic=topic, facts=facts, taught=len(tally.taught.get(topic, ())), examples=accepted_here
            )
            for topic, (facts, accepted_here) in topics.items()
        ),
        models=tuple(
            ModelSummary(role=role, name=model, licence=outcome.licences.get(model, "unknown"))
            for role, model in outcome.models.items()
            if model
        ),
        costs=CostSummary(
            requests=counters.get("requests", 0),
            prompt_tokens=counters.get("prompt_tokens", 0),
            completion_tokens=counters.get("completion_tokens", 0),
            seconds=outcome.seconds,
        ),
        documents=tuple(_describe_document(document, tally) for document in documents),
        labels=dict(tally.labels),
        label=_strictest_of(tally),
        decontamination=tuple(
            DecontaminationSummary(path=path, items=items, removed=_count_removed(tally, path))
            for path, items in outcome.benchmarks.items()
        ),
        retention=_describe_retention(tally, outcome),
        samples=tuple(tally.samples.values())[:_MAX_SAMPLES],
        limits=outcome.notes,
    )


def _describe_split(tally: Tally, split: Split) -> SplitSummary:
    kinds = {kind: number for (where, kind), number in tally.by_split.items() if where == split}
    return SplitSummary(split=split, examples=kinds, documents=len(tally.met.get(split, ())))


def _describe_document(document: RunDocument, tally: Tally) -> DocumentSummary:
    return DocumentSummary(
        id=document.id,
        uri=document.uri,
        title=document.title,
        sha256=document.blob_sha256,
        licence=document.licence,
        label=document.label,
        split=document.split,
        examples=tally.by_document[document.id],
    )


def _describe_source(document: RunDocument) -> DatasetSource:
    return DatasetSource(
        document=document.id,
        uri=document.uri,
        sha256=document.blob_sha256,
        licence=document.licence,
        label=document.label,
    )


def _count_removed(tally: Tally, file: str) -> dict[str, int]:
    """Return how many examples met an item of a benchmark file, by the way it was met."""
    # A detail ends with the item's name: the file, a colon and the line.
    return dict(Counter(leg for leg, detail in tally.contaminated if f" {file}:" in detail))


def _describe_retention(tally: Tally, outcome: Outcome) -> RetentionSummary | None:
    if not tally.retention:
        return None
    return RetentionSummary(
        model=outcome.models.get("trainee", ""),
        examples=tally.retention.total(),
        from_pool=tally.retention["pool"],
        from_model=tally.retention["model"],
    )


def _strictest_of(tally: Tally) -> str:
    return str(strictest(Label.parse(label) for label in tally.labels))


def _examples(ledger: RunLedger, split: Split) -> Iterator[Example]:
    after = 0
    while found := ledger.examples(split, after=after):
        yield from (example for _, example in found)
        after = found[-1][0]


def _rejected(ledger: RunLedger) -> Iterator[Rejected]:
    after = 0
    while found := ledger.rejected(after=after):
        yield from (row for _, row in found)
        after = found[-1][0]


def _retained(ledger: RunLedger) -> Iterator[RetentionExample]:
    after = 0
    while found := ledger.retention(after=after):
        yield from (row for _, row in found)
        after = found[-1][0]


def _documents(ledger: RunLedger) -> Iterator[RunDocument]:
    after = -1
    while found := ledger.documents(after=after):
        yield from found
        after = found[-1].position
