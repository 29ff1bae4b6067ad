"""Decides what is taken: quotas, duplicates, contamination, what is withheld; in plan order, in one thread.

What is decided goes to the ledger together with the place reached, in one transaction, so a run killed at any
instant goes on from there and decides the same.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ondol.core.access import Label
from ondol.core.examples import (
    Draft,
    Evidence,
    Example,
    ExampleKind,
    Passage,
    Provenance,
    Rejected,
    Split,
    Verdict,
)
from ondol.core.ids import sha256_hex
from ondol.forge.order import Order, Written
from ondol.forge.produce import Produced, Visit, Workshop
from ondol.forge.recipe import Recipe
from ondol.forge.verify.verifier import is_accepted
from ondol.forge.write.openbook import build_messages, build_open_book
from ondol.policy.access import strictest
from ondol.store.forging import Batch, RunLedger

FACT_KINDS: tuple[ExampleKind, ...] = ("qa", "list", "table")
"""Written from single facts; their examples are the seeds of composed kinds."""

COMPOSED_KINDS: tuple[ExampleKind, ...] = ("not_in_documents", "dialogue", "instruction")
_TRAINING_ONLY: frozenset[ExampleKind] = frozenset({"dialogue", "instruction", "paraphrase"})
_SEEDS = 8
_DISTRACTORS = 3
_KEPT_TEXT = 2000


class Gate(Protocol):
    """A decision that depends on what was taken before."""

    def judge(self, example: Example) -> Verdict:
        """Return the verdict."""


class Memory(Gate, Protocol):
    """A gate that remembers: selection over the whole set."""

    def prepare(self, examples: Sequence[Example]) -> None:
        """Compute for several examples at once what judging them needs."""

    def add(self, example: Example) -> None:
        """Remember an accepted example."""


@dataclass
class _Pending:
    accepted: list[tuple[Split, Example]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    counters: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Candidate:
    draft: Draft
    example: Example
    open_form: Draft


class Settler:
    """Takes or rejects the drafts of one run, visit by visit.

    Args:
        targets: accepted examples wanted in each split.
        gates: asked in order after the checks, selection before decontamination.
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
    ) -> None:
        self._recipe = recipe
        self._targets = dict(targets)
        self._ledger = ledger
        self._workshop = workshop
        self._selector = selector
        self._gates = tuple(gates)
        self._pending = _Pending()
        self._accepted: Counter[tuple[Split, ExampleKind]] = Counter()
        self._taught: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.counters: Counter[str] = Counter()

    def use(self, workshop: Workshop) -> None:
        """Compose with another workshop from now on."""
        self._workshop = workshop

    def restore(self) -> None:
        """Take up what an earlier process of this run has committed."""
        self._accepted.update(self._ledger.counts())
        self.rejected.update(self._ledger.reasons())
        self.counters.update(self._ledger.counters())
        after = 0
        while rows := self._ledger.examples(after=after):
            examples = [example for _, example in rows]
            self._selector.prepare(examples)
            for example in examples:
                self._selector.add(example)
                self._taught.update(example.provenance.facts)
            after = rows[-1][0]

    # -- what is wanted -------------------------------------------------------------------------------

    def count(self, split: Split) -> int:
        """Return how many examples ``split`` has."""
        return sum(n for (where, _), n in self._accepted.items() if where == split)

    @property
    def num_accepted(self) -> int:
        """Accepted in train, validation and test."""
        return sum(self.count(split) for split in self._targets)

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
        """Return how many wordings of a fact are wanted; train needs one more, to be withheld."""
        return self._recipe.wordings + 1 if split == "train" else 1

    def _has_room(self, kind: ExampleKind, split: Split, *, beside: int = 0) -> bool:
        """Tell whether ``kind`` is below its share; plain questions fill what the other kinds leave."""
        share = self._recipe.share_of(kind)
        if not share or self.is_full(split):
            return False
        if split == "test" and kind in _TRAINING_ONLY:
            return False
        if kind == "qa":
            return True
        return self._accepted[split, kind] + beside < math.ceil(share * self._targets[split])

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
            self._count_costs(result.written)
            taken = self._take(result, split)
            if split == "train":
                self._withhold(taken)
            for candidate in taken:
                self._accept(_finish(candidate), split)
        for kind in COMPOSED_KINDS:
            if self._is_behind(kind, split) and self._workshop.can_write(kind):
                self._compose(kind, visit)

    def _count_costs(self, written: Written) -> None:
        self._count("requests", written.requests)
        self._count("prompt_tokens", written.prompt_tokens)
        self._count("completion_tokens", written.completion_tokens)
        for spoiled in written.spoiled:
            self._reject(spoiled)

    def _take(self, result: Produced, split: Split) -> list[_Candidate]:
        """Return the drafts of an order that pass everything, in order; reject the others."""
        good = []
        for draft, verdicts in result.judged:
            if is_accepted(verdicts):
                example = build_example(draft, verdicts)
                good.append(_Candidate(draft, example, self._open(draft, result.order, split)))
            else:
                self._reject(_build_rejected(draft, verdicts))
        self._selector.prepare([candidate.example for candidate in good])
        taken: list[_Candidate] = []
        for candidate in good:
            passed: Example | None = None
            if not self._is_wanted(candidate.draft, split, taken):
                self._count("surplus", 1)
            else:
                passed = self._pass_gates(candidate)
            if passed is not None:
                self._selector.add(passed)
                self._taught.update(candidate.draft.facts)
                taken.append(_Candidate(candidate.draft, passed, candidate.open_form))
        return taken

    def _is_wanted(self, draft: Draft, split: Split, taken: Sequence[_Candidate]) -> bool:
        """Tell whether there is still room for a draft beside those just taken from the same order."""
        if not self._has_room(draft.kind, split, beside=sum(c.draft.kind == draft.kind for c in taken)):
            return False
        # Train may go over by the wordings that are withheld from it afterwards.
        if split != "train" and len(taken) >= self.missing(split):
            return False
        return all(self.wants_fact(fact, split) for fact in draft.facts) or draft.kind not in FACT_KINDS

    def _pass_gates(self, candidate: _Candidate) -> Example | None:
        """Return the example with the verdicts of all gates, or ``None`` when one of them stopped it."""
        verdicts = list(candidate.example.verdicts)
        for gate in (self._selector, *self._gates):
            verdicts.append(gate.judge(candidate.example))
            if not verdicts[-1].passed:
                self._reject(_build_rejected(candidate.draft, verdicts))
                return None
        return candidate.example.model_copy(update={"verdicts": tuple(verdicts)})

    def _open(self, draft: Draft, order: Order, split: Split) -> Draft:
        """Return the form in which an example is asked: with the documents, or without."""
        if draft.book == "open" or draft.kind not in FACT_KINDS:
            return draft
        shares = self._recipe.book
        digest = sha256_hex(f"{self._recipe.seed}\x00{_describe(draft)}".encode())
        chance = int(digest[:8], 16) / 0x100000000
        is_open = split == "test" or chance < shares.get("open", 0.0) / sum(shares.values())
        if not is_open:
            return draft
        others = [other for other in order.others if other.document != order.passage.document]
        return build_open_book(
            draft, order.passage, others[:_DISTRACTORS], seed=self._recipe.seed ^ int(digest[8:14], 16)
        )

    def _withhold(self, taken: list[_Candidate]) -> None:
        """Move the last wording of each fact that has two or more to ``recall``: asked, never taught."""
        by_fact: dict[str, list[_Candidate]] = {}
        for candidate in taken:
            if candidate.draft.kind in FACT_KINDS and candidate.draft.book == "closed":
                by_fact.setdefault("\x00".join(candidate.draft.facts), []).append(candidate)
        for same in by_fact.values():
            if len(same) > 1:
                last = same[-1]
                taken.remove(last)
                self._note("recall", last.example)

    def _accept(self, example: Example, split: Split) -> None:
        if self.is_full(split):
            self._count("surplus", 1)
            return
        self._note(split, example)

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
        self._count_costs(result.written)
        for candidate in self._take(result, split)[:1]:
            self._accept(candidate.example, split)

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
            self.counters[name] += number
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
        self._ledger.commit(
            Batch(
                accepted=tuple(pending.accepted),
                rejected=tuple(pending.rejected),
                counters=dict(pending.counters),
                meta=dict(meta),
            )
        )


def build_example(draft: Draft, verdicts: Sequence[Verdict]) -> Example:
    """Return the example that a draft has become."""
    evidence = tuple({_place(e): e for turn in draft.turns for e in turn.evidence}.values())
    # An example shows its passages too, so their labels and licences bind it as well.
    labels = [*(e.label for e in evidence), *(p.label for p in draft.passages)]
    licences = dict.fromkeys([*(e.licence for e in evidence), *(p.licence for p in draft.passages)])
    messages = build_messages(draft)
    identity = "\x00".join([draft.kind, *(m.content for m in messages), *(e.quote for e in evidence)])
    return Example(
        id="exm_" + sha256_hex(identity.encode())[:24],
        messages=messages,
        kind=draft.kind,
        book=draft.book,
        language=draft.language,
        topic=draft.topic,
        group=" ".join(draft.facts),
        label=str(strictest(Label.parse(label) for label in labels)),
        licences=tuple(licences),
        provenance=Provenance(
            evidence=evidence,
            facts=draft.facts,
            writer=draft.writer,
            model=draft.model,
            calls=draft.calls,
            wording=draft.wording,
        ),
        verdicts=tuple(verdicts),
    )


def _build_rejected(draft: Draft, verdicts: Sequence[Verdict]) -> Rejected:
    failed = next(verdict for verdict in verdicts if not verdict.passed)
    text = _describe(draft)
    return Rejected(
        id="rej_" + sha256_hex(f"{draft.kind}\x00{failed.check}\x00{text}".encode())[:24],
        kind=draft.kind,
        reason=failed.check,
        detail=failed.detail,
        text=text[:_KEPT_TEXT],
        documents=tuple(dict.fromkeys(e.document for turn in draft.turns for e in turn.evidence)),
        writer=draft.writer,
        verdicts=tuple(verdicts),
    )


def _finish(candidate: _Candidate) -> Example:
    """Return the example in the form in which it is asked."""
    if candidate.open_form is candidate.draft:
        return candidate.example
    return build_example(candidate.open_form, candidate.example.verdicts)


def _describe(draft: Draft) -> str:
    return "\n".join(f"{turn.question}\n{turn.answer}" for turn in draft.turns)


def _place(evidence: Evidence) -> tuple[str, int, int, int]:
    return evidence.document, evidence.page, evidence.start, evidence.end


def _comes_from(example: Example, document: str) -> bool:
    return any(e.document == document for e in example.provenance.evidence)
