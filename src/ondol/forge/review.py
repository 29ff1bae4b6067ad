"""Experts review a dataset: what to show next, how far they agree, what their verdicts change.

The order is an active choice (uncertainty sampling, Lewis & Gale 1994): what the checks were least sure of
comes first. One in five is drawn by chance, so that not only the doubtful is seen; one in five was reviewed
by somebody else already, so that agreement can be measured.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ondol.core.access import Principal
from ondol.core.errors import NotFoundError
from ondol.core.examples import Example, Split, Verdict
from ondol.core.frozen import Frozen
from ondol.core.ids import sha256_hex
from ondol.forge.agreement import compute_alpha
from ondol.store.datasets import Datasets
from ondol.store.reviews import Review, Reviews

_SPLITS: tuple[Split, ...] = ("train", "validation", "test", "recall")
_PAGE = 100
_REVIEWS = 500
_CYCLE = 5
_PAUSE_S = 600.0
"""Longer than this between opening an example and judging it is a break, not work."""

REVIEW_CHECK = "review"
"""Name of the verdict that reviewers leave on an example, and reason of what they reject."""

CORRECTED = "Corrected by a reviewer."
"""Detail of their verdict where the words are theirs."""

Pick = Literal["uncertain", "random", "overlap"]

REASONS = ("wrong", "unsupported", "unclear", "trivial", "style", "unsafe", "other")
"""Why an example is fixed or rejected."""


@dataclass(frozen=True)
class _Place:
    """Where an example of a dataset lies, and how sure the checks were of it."""

    id: str
    split: Split
    after: int
    confidence: float
    chance: str


@dataclass(frozen=True)
class _Gone:
    """An example that left after its review."""

    kind: str
    judge_scores: tuple[float, ...]


class NextExample(Frozen):
    """What a reviewer sees next.

    Attributes:
        pick: why it was chosen.
        left: examples that the reviewer has not seen, this one among them.
    """

    split: Split
    example: Example
    pick: Pick
    left: int


class ReviewerSummary(Frozen):
    """One reviewer's work.

    Attributes:
        per_hour: items an hour, over the time spent on them.
    """

    reviewer: str
    reviews: int
    accepted: int
    fixed: int
    rejected: int
    per_hour: float


class ReviewStatistics(Frozen):
    """All reviewers' work on a dataset.

    Attributes:
        examples: in the dataset, as far as the asker may read it.
        reviewed: of these, by anyone.
        overlap: reviewed by two or more; of this and what follows, also what left since by their verdict.
        alpha: Krippendorff's, nominal; absent while it cannot be told.
        by_kind: of each kind, reviews and the share accepted.
    """

    examples: int
    reviewed: int
    overlap: int
    alpha: float | None = None
    verdicts: dict[str, int]
    reasons: dict[str, int]
    by_kind: dict[str, tuple[int, float]]
    reviewers: tuple[ReviewerSummary, ...]


class ReviewDesk:
    """The examples of one dataset that one principal may read, in the order of their need for review.

    Holds some 150 bytes an example; build it once for a dataset's hash.
    """

    def __init__(self, datasets: Datasets, reviews: Reviews, name: str, *, principal: Principal) -> None:
        """Read the dataset once; raises ``NotFoundError``."""
        self._datasets = datasets
        self._reviews = reviews
        self._name = name
        self._principal = principal
        manifest = datasets.load_manifest(name, principal=principal)
        self.hash = manifest.hash
        was_applied = any(not change.document for change in manifest.history)
        self._gone = dict(self._walk_gone()) if was_applied else {}
        places = list(self._walk())
        self._kinds = {place.id: kind for place, kind in places}
        self._uncertain = sorted((place for place, _ in places), key=lambda p: (p.confidence, p.chance))
        self._random = sorted(self._uncertain, key=lambda p: p.chance)
        self._by_id = {place.id: place for place in self._random}

    def __len__(self) -> int:
        return len(self._by_id)

    def choose_next(self, *, skip: Collection[str] = ()) -> NextExample | None:
        """Return the next example for the principal; ``None`` when it has seen all.

        Args:
            skip: ids of examples that the principal has in hand, or has put aside: taken as seen.
        """
        by_example = self._group_reviews()
        mine = {i for i, found in by_example.items() if any(self._is_mine(review) for review in found)}
        mine.update(self._by_id.keys() & set(skip))
        turn = len(mine) % _CYCLE
        fresh = [place for place in self._uncertain if place.id not in mine]
        if not fresh:
            return None
        pick: Pick = "uncertain"
        place = next((p for p in fresh if p.id not in by_example), fresh[0])
        shared = next((p for p in self._random if p.id in by_example and p.id not in mine), None)
        if turn == 2 and shared is not None:
            pick, place = "overlap", shared
        elif turn == 4:
            pick, place = "random", next(p for p in self._random if p.id not in mine)
        example = self._load(place)
        return NextExample(split=place.split, example=example, pick=pick, left=len(fresh))

    def find(self, example_id: str) -> tuple[Split, Example]:
        """Return an example and its split; raises ``NotFoundError``."""
        place = self._by_id.get(example_id)
        if place is None:
            raise NotFoundError(f"The dataset {self._name} has no example {example_id[:80]!r}.")
        return place.split, self._load(place)

    def list_mine(self) -> list[Review]:
        """Return the principal's own reviews, the newest first."""
        by_example = self._group_reviews()
        found = [review for said in by_example.values() for review in said if self._is_mine(review)]
        return sorted(found, key=lambda review: str(review.created_at), reverse=True)

    def measure(self) -> ReviewStatistics:
        """Return what the reviews so far add up to."""
        by_example = self._group_reviews(with_gone=True)
        every = [review for found in by_example.values() for review in found]
        kinds = self._kinds | {example_id: gone.kind for example_id, gone in self._gone.items()}
        by_kind: defaultdict[str, list[bool]] = defaultdict(list)
        for review in every:
            by_kind[kinds[review.example_id]].append(review.verdict == "accept")
        return ReviewStatistics(
            examples=len(self),
            reviewed=len(by_example.keys() & self._by_id.keys()),
            overlap=sum(len(found) > 1 for found in by_example.values()),
            alpha=compute_alpha([review.verdict for review in found] for found in by_example.values()),
            verdicts=dict(Counter(review.verdict for review in every)),
            reasons=dict(Counter(review.reason for review in every if review.reason)),
            by_kind={kind: (len(said), sum(said) / len(said)) for kind, said in sorted(by_kind.items())},
            reviewers=tuple(_summarise(every)),
        )

    def read_judge_verdicts(self) -> list[tuple[float, bool]]:
        """Return the judge's score of each reviewed example, and whether reviewers found it right.

        Feed it to ``evidence.judge.recalibrate``. An example on which they are evenly split is left out.
        """
        verdicts: list[tuple[float, bool]] = []
        for example_id, found in self._group_reviews(with_gone=True).items():
            right = sum(review.verdict == "accept" for review in found)
            if example_id in self._gone:
                verdicts.extend((score, False) for score in self._gone[example_id].judge_scores)
                continue
            example = self._load(self._by_id[example_id])
            # The judge saw the words that were corrected; who accepts the new ones says nothing of those.
            was_wrong = is_corrected(example)
            if was_wrong or 2 * right != len(found):
                is_right = 2 * right > len(found) and not was_wrong
                verdicts.extend((score, is_right) for score in _read_judge_scores(example.verdicts))
        return verdicts

    def _is_mine(self, review: Review) -> bool:
        return review.reviewer == self._principal.name

    def _walk(self) -> Iterator[tuple[_Place, str]]:
        for split in _SPLITS:
            after: int | None = 0
            while after is not None:
                start = after
                found, after = self._datasets.list_examples(
                    self._name, split, principal=self._principal, after=start, limit=_PAGE
                )
                for example in found:
                    confidence = min((verdict.score for verdict in example.verdicts), default=1.0)
                    chance = sha256_hex(f"{self.hash}{example.id}".encode())[:16]
                    yield _Place(example.id, split, start, confidence, chance), example.kind

    def _walk_gone(self) -> Iterator[tuple[str, _Gone]]:
        after: int | None = 0
        while after is not None:
            rows, after = self._datasets.list_rejected(
                self._name, principal=self._principal, after=after, limit=_PAGE
            )
            for row in rows:
                if row.reason == REVIEW_CHECK:
                    yield row.id, _Gone(row.kind, _read_judge_scores(row.verdicts))

    def _load(self, place: _Place) -> Example:
        found, _ = self._datasets.list_examples(
            self._name, place.split, principal=self._principal, after=place.after, limit=_PAGE
        )
        return next(example for example in found if example.id == place.id)

    def _all_reviews(self) -> Iterator[Review]:
        cursor: str | None = None
        while True:
            found, cursor = self._reviews.list_reviews(
                self._name, principal=self._principal, cursor=cursor, limit=_REVIEWS
            )
            yield from found
            if cursor is None:
                return

    def _group_reviews(self, *, with_gone: bool = False) -> dict[str, list[Review]]:
        grouped: dict[str, list[Review]] = {}
        for review in self._all_reviews():
            if review.example_id in self._by_id or (with_gone and review.example_id in self._gone):
                grouped.setdefault(review.example_id, []).append(review)
        return grouped


def is_corrected(example: Example) -> bool:
    """Tell whether a reviewer's words stand in an example."""
    return any(v.check == REVIEW_CHECK and v.detail == CORRECTED for v in example.verdicts)


def _read_judge_scores(verdicts: Iterable[Verdict]) -> tuple[float, ...]:
    return tuple(verdict.score for verdict in verdicts if verdict.check == "judge")


def _summarise(reviews: Iterable[Review]) -> Iterator[ReviewerSummary]:
    by_name: dict[str, list[Review]] = {}
    for review in reviews:
        by_name.setdefault(review.reviewer, []).append(review)
    for name, found in sorted(by_name.items()):
        verdicts = Counter(review.verdict for review in found)
        yield ReviewerSummary(
            reviewer=name,
            reviews=len(found),
            accepted=verdicts["accept"],
            fixed=verdicts["fix"],
            rejected=verdicts["reject"],
            per_hour=_measure_rate(found),
        )


def _measure_rate(reviews: Sequence[Review]) -> float:
    spent = [review.seconds for review in reviews if 0 < review.seconds < _PAUSE_S]
    return 3600 * len(spent) / sum(spent) if spent else 0.0
