"""Experts' verdicts become part of the dataset: what they reject leaves, what they correct is put right.

The majority of an example's reviewers decides whether it stays; of several corrections the newest counts.
What is decided on a question and its answer holds for a dialogue that was built of them, and recall asks for
nothing that is no longer taught. An example keeps its id, so that reviews, ledger and dataset go on meaning
the same one. Applying the same verdicts again changes nothing.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ondol.core.access import LOCAL_PRINCIPAL, Principal
from ondol.core.errors import WrongUseError
from ondol.core.examples import DatasetChange, Example, ExampleKind, Rejected, Split, Verdict
from ondol.core.frozen import Frozen
from ondol.core.models import Message
from ondol.forge.amend import amend_reviewed
from ondol.forge.review import CORRECTED, REVIEW_CHECK, is_corrected
from ondol.store import Store
from ondol.store.datasets import Datasets
from ondol.store.reviews import Review, Reviews

_REASON = "experts' reviews were applied"
_UNTAUGHT = "Asks for a fact that train no longer teaches: reviewers rejected the examples of it."
_HOLDS = "Holds a question with its answer that reviewers rejected in another example."
_DOUBTFUL = frozenset({"wrong", "unsupported", "unsafe"})
"""Reasons that speak of the fact or its answer, not of this wording alone."""
_PAGE = 500
_KEPT_TEXT = 2000
_MAX_SAMPLES = 6


class Applied(Frozen):
    """What reviewers' verdicts did to a dataset.

    Attributes:
        version: name under which it is kept as it was; empty when nothing was to be changed.
        reviews: verdicts that there are.
        rejected: ids of examples that left for ``rejected.jsonl``.
        implied: of these, those that follow others: dialogues that hold them, recall of what they had taught.
        corrected: examples that have a reviewer's words.
        confirmed: reviewed examples that stay as they are.
        unmatched: verdicts on examples that the dataset has no more, those rejected before not counted.
        related: ids of unreviewed examples that teach a fact of one that was found wrong: look at them next.
        hash: of the dataset as it is now.
    """

    dataset: str
    version: str = ""
    reviews: int = 0
    rejected: tuple[str, ...] = ()
    implied: int = 0
    corrected: int = 0
    confirmed: int = 0
    unmatched: int = 0
    related: tuple[str, ...] = ()
    former_hash: str
    hash: str


def apply_reviews(store: Store, name: str, *, principal: Principal) -> Applied:
    """Make the reviewers' verdicts part of a dataset, which is kept as it was under ``name@n``.

    Args:
        store: of the home.
        name: of the dataset, no version.
        principal: an administrator, or whoever may read all of it.

    Raises:
        NotFoundError: there is no such dataset.
        AccessDeniedError: ``principal`` may not read all of it.
        WrongUseError: this is a version, which stays as it was.
        ConflictError: another process writes it.
    """
    base, _, version = name.partition("@")
    if version:
        raise WrongUseError(
            f"{name} is a former version, which stays as it was.", remedy=f"Apply the reviews to {base}."
        )
    if principal.is_admin:
        # Verdicts on what an administrator may not read count too; nothing of it is shown.
        principal = LOCAL_PRINCIPAL
    else:
        store.datasets.locate(name, principal=principal)
    former_hash = store.datasets.load_manifest(name, principal=principal).hash
    opinions = read_opinions(store.reviews, name, principal=principal)
    revision = _Revision.plan(store.datasets, name, opinions)
    manifest, version = store.datasets.revise(name, revision)
    num_reviews = sum(len(opinion.reviews) for opinion in opinions.values())
    gone_before = _list_rejected_before(store.datasets, name, principal) - set(revision.rejected)
    missing = opinions.keys() - revision.present - gone_before
    return Applied(
        dataset=name,
        version=version,
        reviews=num_reviews,
        rejected=tuple(revision.rejected),
        implied=revision.implied,
        corrected=revision.corrected,
        confirmed=revision.confirmed,
        unmatched=sum(len(opinions[example_id].reviews) for example_id in missing),
        related=tuple(revision.related),
        former_hash=former_hash,
        hash=manifest.hash,
    )


@dataclass(frozen=True)
class Opinion:
    """What all reviewers of one example said."""

    reviews: tuple[Review, ...]

    @property
    def is_rejected(self) -> bool:
        """Whether more than half of them reject it."""
        return 2 * sum(review.verdict == "reject" for review in self.reviews) > len(self.reviews)

    @property
    def share_accepted(self) -> float:
        """Share of them that accepts it as it is, 0 to 1."""
        return sum(review.verdict == "accept" for review in self.reviews) / len(self.reviews)

    @property
    def fix(self) -> Review | None:
        """The newest correction."""
        fixes = [review for review in self.reviews if review.verdict == "fix" and review.messages]
        return max(fixes, key=lambda review: (str(review.created_at), review.reviewer), default=None)

    @property
    def is_doubtful(self) -> bool:
        """Whether it may be the fact or its answer that is wrong, not this wording alone."""
        said = {review.reason for review in self.reviews if review.verdict != "accept"}
        return (self.is_rejected or self.fix is not None) and not said.isdisjoint(_DOUBTFUL)

    def explain(self) -> str:
        """Return why it was rejected, in the reviewers' words, without their names."""
        against = [review for review in self.reviews if review.verdict == "reject"]
        said = (": ".join(part for part in (review.reason, review.note) if part) for review in against)
        words = "; ".join(dict.fromkeys(part for part in said if part))
        return f"{len(against)} of {len(self.reviews)} reviewers reject it{f': {words}' if words else '.'}"


def read_opinions(reviews: Reviews, name: str, *, principal: Principal) -> dict[str, Opinion]:
    """Return what was said of each reviewed example that ``principal`` may read, by its id."""
    grouped: dict[str, list[Review]] = {}
    cursor: str | None = None
    while True:
        found, cursor = reviews.list_reviews(name, principal=principal, cursor=cursor, limit=_PAGE)
        for review in found:
            grouped.setdefault(review.example_id, []).append(review)
        if cursor is None:
            return {example_id: Opinion(tuple(said)) for example_id, said in grouped.items()}


_Pair = tuple[str, str]
"""A question and its answer."""


@dataclass
class _Revision:
    """Decides on each example of a dataset; told what reviewers said, and what train still teaches."""

    opinions: Mapping[str, Opinion]
    doubted: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    rejected: list[str] = field(default_factory=list)
    related: list[str] = field(default_factory=list)
    implied: int = 0
    corrected: int = 0
    confirmed: int = 0
    _present: set[str] = field(default_factory=set)
    _refused: set[_Pair] = field(default_factory=set)
    _fixed: dict[_Pair, str] = field(default_factory=dict)
    _samples: dict[ExampleKind, Example] = field(default_factory=dict)

    @classmethod
    def plan(cls, datasets: Datasets, name: str, opinions: Mapping[str, Opinion]) -> "_Revision":
        """Read the dataset, for what is decided on several examples together."""
        revision, taught = cls(opinions), set[str]()
        if not opinions:
            return revision
        for _, example in datasets.read_examples(name):
            revision._note_opinion(example)
        for split, example in datasets.read_examples(name):
            if split == "train":
                place = revision.lost if revision._find_reason(example) else taught
                place.update(example.provenance.facts)
        revision.lost -= taught
        revision._note_former_doubts(datasets, name)
        return revision

    def _note_former_doubts(self, datasets: Datasets, name: str) -> None:
        """Learn which facts were taught by what was found wrong and left; former versions have it."""
        gone = {i for i, opinion in self.opinions.items() if opinion.is_rejected and opinion.is_doubtful}
        gone -= self._present
        for version in reversed(datasets.names()):
            if not gone:
                return
            if version.startswith(f"{name}@"):
                for _, example in datasets.read_examples(version):
                    if example.id in gone:
                        gone.discard(example.id)
                        self.doubted.update(example.provenance.facts)

    @property
    def present(self) -> frozenset[str]:
        """Ids of the reviewed examples that the dataset had."""
        return frozenset(self._present)

    def _note_opinion(self, example: Example) -> None:
        opinion = self.opinions.get(example.id)
        if opinion is None:
            return
        self._present.add(example.id)
        if opinion.is_doubtful:
            self.doubted.update(example.provenance.facts)
        if opinion.is_rejected:
            self._refused.update(_read_pairs(example.messages))
        elif opinion.fix is not None:
            answers = (answer for _, answer in _read_pairs(opinion.fix.messages))
            self._fixed.update(zip(_read_pairs(example.messages), answers, strict=False))

    def _find_reason(self, example: Example) -> str:
        """Return why an example goes; empty when it stays."""
        opinion = self.opinions.get(example.id)
        if opinion is not None:
            return opinion.explain() if opinion.is_rejected else ""
        return _HOLDS if not self._refused.isdisjoint(_read_pairs(example.messages)) else ""

    def revise(self, split: Split, example: Example) -> Example | Rejected:
        """Return the example with the reviewers' verdict, or why it goes."""
        opinion = self.opinions.get(example.id)
        facts = example.provenance.facts
        reason = self._find_reason(example)
        if not reason and split == "recall" and not self.lost.isdisjoint(facts):
            reason = _UNTAUGHT
        if reason:
            return self._reject(example, reason)
        if opinion is not None:
            example = self._mark(example, opinion)
        else:
            if not self.doubted.isdisjoint(facts):
                self.related.append(example.id)
            example = self._correct_parts(example)
        self._samples.setdefault(example.kind, example)
        return example

    def describe(self, former_hash: str, changed_at: datetime) -> DatasetChange:
        """Return what happened, for the manifest's history."""
        return DatasetChange(
            changed_at=changed_at,
            reason=_REASON,
            num_examples=len(self.rejected),
            num_corrected=self.corrected,
            num_confirmed=self.confirmed,
            former_hash=former_hash,
        )

    def add_example(self, example: Example) -> None:
        """Needs nothing more of what goes."""

    def add_rejected(self, row: Rejected) -> None:
        """Needs nothing of it."""

    def amend(self, name: str, data: bytes, *, change: DatasetChange, lines: Mapping[str, int]) -> bytes:
        """Return a file of the dataset as it is to be."""
        samples = tuple(self._samples.values())[:_MAX_SAMPLES]
        return amend_reviewed(name, data, change=change, lines=lines, samples=samples)

    def _mark(self, example: Example, opinion: Opinion) -> Example:
        fix = opinion.fix
        messages = fix.messages if fix is not None else example.messages
        # Who corrected it may accept it later on: its words stay a reviewer's.
        has_correction = fix is not None or is_corrected(example)
        if has_correction:
            self.corrected += 1
        else:
            self.confirmed += 1
        verdict = Verdict(
            check=REVIEW_CHECK,
            passed=True,
            score=opinion.share_accepted,
            detail=CORRECTED if has_correction else "",
        )
        return example.model_copy(
            update={"messages": messages, "verdicts": (*_drop_review(example.verdicts), verdict)}
        )

    def _correct_parts(self, example: Example) -> Example:
        """Put right what was corrected in an example that this one was built of."""
        messages = list(example.messages)
        for at, message in enumerate(messages[1:], 1):
            fixed = self._fixed.get((messages[at - 1].content, message.content))
            if fixed is not None:
                messages[at] = message.model_copy(update={"content": fixed})
        if messages == list(example.messages):
            self.corrected += is_corrected(example)
            return example
        self.corrected += 1
        verdict = Verdict(check=REVIEW_CHECK, passed=True, detail=CORRECTED)
        return example.model_copy(
            update={"messages": tuple(messages), "verdicts": (*_drop_review(example.verdicts), verdict)}
        )

    def _reject(self, example: Example, detail: str) -> Rejected:
        opinion = self.opinions.get(example.id)
        self.rejected.append(example.id)
        self.implied += opinion is None or not opinion.is_rejected
        score = opinion.share_accepted if opinion is not None else 0.0
        verdict = Verdict(check=REVIEW_CHECK, passed=False, score=score, detail=detail)
        return Rejected(
            id=example.id,
            kind=example.kind,
            reason=REVIEW_CHECK,
            detail=detail,
            text=_spell_out(example),
            documents=example.documents,
            writer=example.provenance.writer,
            verdicts=(*_drop_review(example.verdicts), verdict),
        )


def _drop_review(verdicts: Sequence[Verdict]) -> Iterator[Verdict]:
    return (verdict for verdict in verdicts if verdict.check != REVIEW_CHECK)


def _read_pairs(messages: Sequence[Message]) -> list[_Pair]:
    return [
        (before.content, message.content)
        for before, message in itertools.pairwise(messages)
        if message.role == "assistant"
    ]


def _spell_out(example: Example) -> str:
    text = "\n".join(message.content for message in example.messages if message.role != "system")
    # Documents come before the question and its answer, which are at the end.
    return text[-_KEPT_TEXT:]


def _list_rejected_before(datasets: Datasets, name: str, principal: Principal) -> set[str]:
    """Return the ids of what reviewers rejected."""
    found: set[str] = set()
    after: int | None = 0
    while after is not None:
        rows, after = datasets.list_rejected(name, principal=principal, after=after, limit=_PAGE)
        found.update(row.id for row in rows if row.reason == REVIEW_CHECK)
    return found
