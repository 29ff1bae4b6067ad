"""Decides what is taken: quotas, duplicates, contamination, what is withheld; in plan order, in one thread.

What is decided goes to the ledger together with the place reached, in one transaction, so a run killed at any
instant goes on from there and decides the same.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ondol.core.examples import (
    Draft,
    Example,
    ExampleKind,
    Passage,
    Rejected,
    Split,
    Verdict,
    WriterName,
)
from ondol.core.ids import sha256_hex
from ondol.core.models import Message
from ondol.forge.order import Order
from ondol.forge.produce import Produced, Visit, Workshop
from ondol.forge.recipe import Recipe
from ondol.forge.rows import build_example, build_rejected, read_text
from ondol.forge.select import read_turns
from ondol.forge.usage import Usage
from ondol.forge.verify.verifier import is_accepted
from ondol.forge.write.openbook import build_open_book
from ondol.store.forging import Batch, RunLedger

FACT_KINDS: tuple[ExampleKind, ...] = ("qa", "list", "table")
"""Written from single facts; their examples are the seeds of composed kinds."""

COMPOSED_KINDS: tuple[ExampleKind, ...] = ("not_in_documents", "dialogue", "instruction")
_TRAINING_ONLY: frozenset[ExampleKind] = frozenset({"dialogue", "instruction", "paraphrase"})
_ROLES: tuple[Literal["user", "assistant"], ...] = ("user", "assistant")
_SEEDS = 8
_DISTRACTORS = 3

_FAIR_TRIAL = 12
_LEAST_YIELD = 0.05


class Gate(Protocol):
    """A decision that is taken in order, in one thread."""

    def prepare(self, examples: Sequence[Example]) -> None:
        """Compute for several examples at once what judging them needs."""

    def judge(self, example: Example) -> Verdict:
        """Return the verdict."""


class Memory(Gate, Protocol):
    """A gate that remembers: selection over the whole set."""

    def add(self, example: Example) -> None:
        """Remember an accepted example."""

    def restore(self, examples: Iterable[Example]) -> None:
        """Remember what an earlier process accepted, in its order."""


@dataclass
class _Pending:
    accepted: list[tuple[Split, Example]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    counters: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Candidate:
    draft: Draft
    order: Order
    verdicts: tuple[Verdict, ...] | None


class Settler:
    """Takes or rejects the drafts of one run, visit by visit.

    Args:
        targets: accepted examples wanted in each split.
        gates: asked in order after the checks, selection before decontamination.
        usage: of the models; committed with the decisions.
    """

    def __init__(
        self,
        recipe: Recipe,
        targets: Mapping[Split, int],
        ledger: RunLedger,
        workshop: Workshop,
        *,
        selector: Memory,
        gates: Sequence[Gate] = (),
        usage: Usage | None = None,
    ) -> None:
        self._recipe = recipe
        self._targets = dict(targets)
        self._ledger = ledger
        self._workshop = workshop
        self._selector = selector
        self._gates = tuple(gates)
        self._usage = usage or Usage()
        self._pending = _Pending()
        self._accepted: Counter[tuple[Split, ExampleKind]] = Counter()
        self._taught: Counter[str] = Counter()
        self._by_writer: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()

    def use(self, workshop: Workshop) -> None:
        """Compose with another workshop from now on."""
        self._workshop = workshop

    def restore(self) -> None:
        """Take up what an earlier process of this run has committed."""
        self._accepted.update(self._ledger.counts())
        self.rejected.update(self._ledger.reasons())
        self._selector.restore(self._remember())

    def _remember(self) -> Iterator[Example]:
        after = 0
        while rows := self._ledger.examples(after=after):
            yield from (_as_judged(example) for _, example in rows)
            after = rows[-1][0]
        for split in self._targets:
            after = 0
            while rows := self._ledger.examples(split, after=after):
                for _, example in rows:
                    self._taught.update(example.provenance.facts)
                    self._by_writer[example.provenance.writer] += 1
                after = rows[-1][0]

    # -- what is wanted -------------------------------------------------------------------------------

    def count(self, split: Split) -> int:
        """Return how many examples ``split`` has."""
        return sum(n for (where, _), n in self._accepted.items() if where == split)

    @property
    def num_accepted(self) -> int:
        """Accepted in train, validation and test."""
        return sum(self.count(split) for split in self._targets)

    def is_hopeless(self, writer: WriterName, visits: int) -> bool:
        """Tell whether almost nothing came of asking ``writer`` on so many visits."""
        return visits >= _FAIR_TRIAL and self._by_writer[writer] < _LEAST_YIELD * visits

    def has_taken(self, writer: WriterName) -> bool:
        """Tell whether anything of a writer was accepted."""
        return self._by_writer[writer] > 0

    def is_full(self, split: Split) -> bool:
        """Tell whether ``split`` has what is wanted."""
        return self.count(split) >= self._targets.get(split, 0)

    def missing(self, split: Split) -> int:
        """Return how many ``split`` still needs."""
        return max(0, self._targets.get(split, 0) - self.count(split))

    def wants_fact(self, fact_id: str, split: Split) -> bool:
        """Tell whether another wording of a fact is of use."""
        return self._taught[fact_id] < self.wordings(split)

    def wordings(self, split: Split) -> int:
        """Return how many wordings of a fact a split may have."""
        return self._recipe.wordings if split == "train" else 1

    def _has_room(self, kind: ExampleKind, split: Split) -> bool:
        """Tell whether ``kind`` is below its share; plain questions fill what the other kinds leave."""
        share = self._recipe.share_of(kind)
        if not share or self.is_full(split):
            return False
        if split == "test" and kind in _TRAINING_ONLY:
            return False
        if kind == "qa":
            return True
        return self._accepted[split, kind] < math.ceil(share * self._targets[split])

    def _is_behind(self, kind: ExampleKind, split: Split) -> bool:
        """Tell whether a composed kind has fallen behind its share of what was taken so far."""
        return self._has_room(kind, split) and self._accepted[split, kind] + 1 <= (
            self._recipe.share_of(kind) * (self.count(split) + 1)
        )

    # -- decisions ------------------------------------------------------------------------------------

    def settle(self, visit: Visit, produced: Sequence[Produced]) -> None:
        """Decide on everything that came of a visit."""
        split = visit.planned.split
        for result in produced:
            self._settle_order(result, split, most=None)
        for kind in COMPOSED_KINDS:
            if self._is_behind(kind, split) and self._workshop.can_write(kind):
                self._compose(kind, visit)

    def _settle_order(self, result: Produced, split: Split, *, most: int | None) -> None:
        """Take up to ``most`` drafts of an order, fact by fact."""
        for spoiled in result.written.spoiled:
            self._reject(spoiled)
        by_facts: dict[tuple[str, ...], list[_Candidate]] = {}
        known = result.verdicts or (None,) * len(result.written.drafts)
        for number, (draft, verdicts) in enumerate(zip(result.written.drafts, known, strict=True)):
            key = draft.facts or (str(number),)
            by_facts.setdefault(key, []).append(_Candidate(draft, result.order, verdicts))
        # A batch is embedded in a third of the time that its questions take one by one.
        useful = [w for w in by_facts.values() if self._room_for(w[0].draft, split) > 0]
        examples = [build_example(candidate.draft, ()) for wordings in useful for candidate in wordings]
        for gate in (self._selector, *self._gates):
            gate.prepare(examples)
        for wordings in by_facts.values():
            kept = self._take(wordings, split, most=most)
            if most is not None:
                most -= kept

    def _take(self, wordings: Sequence[_Candidate], split: Split, *, most: int | None) -> int:
        """Take wordings of one fact as far as there is room; in train, one more, which goes to recall.

        Returns:
            How many joined ``split``.
        """
        first = wordings[0].draft
        withholds = split == "train" and first.kind in FACT_KINDS
        room = self._room_for(first, split)
        if most is not None:
            room = min(room, most)
        taken: list[tuple[_Candidate, Example]] = []
        for candidate in wordings:
            if room <= 0 or len(taken) >= room + withholds:
                self._count("surplus", 1)
                continue
            passed = self._pass(candidate)
            if passed is not None:
                self._selector.add(passed)
                taken.append((candidate, passed))
        withheld = taken.pop() if withholds and len(taken) > 1 else None
        for candidate, example in taken:
            self._taught.update(candidate.draft.facts)
            self._by_writer[candidate.draft.writer] += 1
            self._note(split, self._finish(candidate, example, split))
        if withheld is not None:
            self._note("recall", withheld[1])
        return len(taken)

    def _pass(self, candidate: _Candidate) -> Example | None:
        """Return the example with all its verdicts, or ``None`` when one of them stopped it."""
        draft = candidate.draft
        verdicts = list(candidate.verdicts or self._workshop.judge(draft, candidate.order))
        if not is_accepted(verdicts):
            self._reject(build_rejected(draft, verdicts))
            return None
        example = build_example(draft, verdicts)
        for gate in (self._selector, *self._gates):
            verdicts.append(gate.judge(example))
            if not verdicts[-1].passed:
                self._reject(build_rejected(draft, verdicts))
                return None
        return example.model_copy(update={"verdicts": tuple(verdicts)})

    def _room_for(self, draft: Draft, split: Split) -> int:
        """Return how many wordings of a draft's facts are of use."""
        kind = draft.kind
        if not self._has_room(kind, split):
            return 0
        room = self.missing(split)
        if kind != "qa":
            share = self._recipe.share_of(kind)
            room = min(room, math.ceil(share * self._targets[split]) - self._accepted[split, kind])
        if kind in FACT_KINDS:
            known = max((self._taught[fact] for fact in draft.facts), default=0)
            room = min(room, self.wordings(split) - known)
        return room

    def _finish(self, candidate: _Candidate, example: Example, split: Split) -> Example:
        """Return the example in the form in which it is asked."""
        form = self._open(candidate.draft, candidate.order, split)
        return example if form is candidate.draft else build_example(form, example.verdicts)

    def _open(self, draft: Draft, order: Order, split: Split) -> Draft:
        """Return the form in which an example is asked: with the documents, or without."""
        if draft.book == "open" or draft.kind not in FACT_KINDS:
            return draft
        shares = self._recipe.book
        digest = sha256_hex(f"{self._recipe.seed}\x00{read_text(draft)}".encode())
        chance = int(digest[:8], 16) / 0x100000000
        is_open = split == "test" or chance < shares.get("open", 0.0) / sum(shares.values())
        if not is_open:
            return draft
        others = [other for other in order.others if other.document != order.passage.document]
        return build_open_book(
            draft, order.passage, others[:_DISTRACTORS], seed=self._recipe.seed ^ int(digest[8:14], 16)
        )

    def _note(self, split: Split, example: Example) -> None:
        self._accepted[split, example.kind] += 1
        self._pending.accepted.append((split, example))

    def _compose(self, kind: ExampleKind, visit: Visit) -> None:
        """Build one example of ``kind`` upon those of the same document."""
        planned = visit.planned
        passage, split = planned.passage, planned.split
        seeds = self._find_seeds(passage.document, split)
        if not seeds:
            return
        order = Order(
            id=f"{passage.chunk_id}:{planned.round}:{kind}",
            kind=kind,
            language=passage.language,
            split=split,
            passage=passage,
            facts=planned.facts,
            others=self._find_decoys(kind, visit, seeds),
            seeds=tuple(seeds),
            use_case=self._recipe.use_case,
        )
        result = self._workshop.produce(order)
        self._settle_order(result, split, most=1)

    def _find_seeds(self, document: str, split: Split) -> list[Example]:
        """Return what was taken from a document so far, newest first; never what is withheld for recall."""
        pending = [example for where, example in self._pending.accepted if where == split]
        fresh = [example for example in pending if _comes_from(example, document)]
        kept = [example for _, example in self._ledger.examples_of(document, split=split)]
        return [example for example in (*fresh[::-1], *kept[::-1]) if example.kind in FACT_KINDS][:_SEEDS]

    def _find_decoys(self, kind: ExampleKind, visit: Visit, seeds: Iterable[Example]) -> tuple[Passage, ...]:
        """Return passages to build upon: of the document itself, then of others of the same split."""
        document = visit.planned.passage.document
        own = [planned.passage for planned in self._ledger.passages_of(document)]
        if kind == "not_in_documents":
            cited = {e.chunk_id for seed in seeds for e in seed.provenance.evidence}
            own = [passage for passage in own if passage.chunk_id not in cited]
        unique = list({passage.chunk_id: passage for passage in own}.values())
        return (*unique[:_SEEDS], *visit.orders[0].others) if visit.orders else tuple(unique[:_SEEDS])

    # -- bookkeeping ----------------------------------------------------------------------------------

    def _count(self, name: str, number: int) -> None:
        if number:
            self._pending.counters[name] += number

    def _reject(self, rejected: Rejected) -> None:
        self.rejected[rejected.reason] += 1
        self._pending.rejected.append(rejected)

    @property
    def num_pending(self) -> int:
        """Rows not yet in the ledger."""
        return len(self._pending.accepted) + len(self._pending.rejected)

    def flush(self, meta: Mapping[str, str]) -> None:
        """Commit what was decided together with the place reached."""
        pending, self._pending = self._pending, _Pending()
        pending.counters.update(self._usage.drain())
        self._ledger.commit(
            Batch(
                accepted=tuple(pending.accepted),
                rejected=tuple(pending.rejected),
                counters=dict(pending.counters),
                meta=dict(meta),
            )
        )


def _as_judged(example: Example) -> Example:
    """Return an example in the form in which selection saw it: without the passages it is asked with."""
    if example.book == "closed" or example.kind not in FACT_KINDS:
        return example
    messages = tuple(
        Message(role=role, content=content)
        for turn in read_turns(example)
        for role, content in zip(_ROLES, turn, strict=True)
    )
    return example.model_copy(update={"book": "closed", "messages": messages})


def _comes_from(example: Example, document: str) -> bool:
    return any(e.document == document for e in example.provenance.evidence)
