"""The foundry's line: plan, read, write, verify, select, decontaminate, retain, publish; in this order.

A run is named by its recipe, its models and the documents as they are. Everything it decides stands in its
ledger, every model call in the cache: the same command goes on where a killed one was, and a second run of a
finished one does nothing.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

from ondol.core.access import Principal
from ondol.core.errors import WrongUseError
from ondol.core.examples import ExampleKind, Fact, Passage, Split
from ondol.core.ids import sha256_hex
from ondol.core.protocols import ChatModel, Embedder
from ondol.evidence.terms import build_terms
from ondol.forge.decontaminate import Decontaminator
from ondol.forge.facts import find_facts
from ondol.forge.order import Writer
from ondol.forge.plan import count_facts_per_visit, plan_documents, plan_visits
from ondol.forge.produce import Probe, Round, Workshop
from ondol.forge.recipe import Recipe
from ondol.forge.report import ForgeProgress, ForgeStage
from ondol.forge.rounds import Interrupted, Rounds
from ondol.forge.select import Selector
from ondol.forge.settle import FACT_KINDS, Settler
from ondol.forge.usage import Usage
from ondol.forge.verify.verifier import Verifier
from ondol.forge.visits import VisitPlanner
from ondol.forge.write.compose import Composer
from ondol.forge.write.frames import FrameWriter
from ondol.forge.write.model import ModelWriter
from ondol.store.corpus_reader import CorpusReader
from ondol.store.forging import RunLedger
from ondol.text.morphemes import Analyser

_FORMAT = 1
"""Counts up when the same recipe and corpus would give another dataset."""

_SPLITS: tuple[Split, ...] = ("train", "validation", "test")
_MAX_ATTEMPTS = 3
_MIN_PACKED = 4
_PACKED_YIELD = 0.5


@dataclass(frozen=True)
class Engines:
    """The models of a run.

    Attributes:
        writer: ``None`` when code alone writes.
        fingerprint: changes when their replies would.
        licences: of the models, by name, where known.
        concurrency: requests the writer may have at once.
        trainee_concurrency: likewise the trainee.
        usage: counts their calls.
    """

    writer: ChatModel | None = None
    judge: ChatModel | None = None
    trainee: ChatModel | None = None
    embedder: Embedder | None = None
    fingerprint: str = ""
    licences: Mapping[str, str] = field(default_factory=dict)
    concurrency: int = 1
    trainee_concurrency: int = 1
    usage: Usage = field(default_factory=Usage)

    @property
    def is_capable(self) -> bool:
        """Whether the writer follows a packed request; a weaker one only rewords what code wrote."""
        return self.writer is not None and self.writer.profile.can_cite


@dataclass(frozen=True)
class Line:
    """What a run works with, besides its recipe and its ledger.

    Attributes:
        verifier: the checks.
        decontaminator: knows what the dataset must not hold.
        probe: asks the trainee what it knows.
    """

    corpus: CorpusReader
    analyser: Analyser
    engines: Engines
    verifier: Verifier
    decontaminator: Decontaminator | None = None
    probe: Probe | None = None


def name_run(recipe: Recipe, engines: Engines, inputs_hash: str) -> str:
    """Return the name of the run that this recipe, these models and these inputs make."""
    identity = json.dumps(
        [_FORMAT, version("ondol"), recipe.to_json(), engines.fingerprint, inputs_hash],
        ensure_ascii=False,
        sort_keys=True,
    )
    return f"forge-{recipe.name[:40]}-{sha256_hex(identity.encode())[:16]}"


class ForgeRun:
    """One run over one ledger.

    Args:
        recipe: what is wanted.
        ledger: of this run; held by the caller.
        line: what it works with.
        principal: who reads; documents that it may not read do not exist here.
        progress: told now and then.
        should_stop: asked between documents and visits.
    """

    def __init__(
        self,
        recipe: Recipe,
        ledger: RunLedger,
        line: Line,
        *,
        principal: Principal,
        progress: Callable[[ForgeProgress], None],
        should_stop: Callable[[], bool],
    ) -> None:
        self._recipe = recipe
        self._ledger = ledger
        self._line = line
        self._principal = principal
        self._progress = progress
        self._should_stop = should_stop
        self._started_s = time.monotonic()
        self._accepted_before = 0

    def plan(self) -> None:
        """Choose and split the documents, once; raises ``NotFoundError`` when there are none."""
        if self._ledger.get("planned"):
            return
        self._tell("planning")
        used, skipped = plan_documents(
            self._recipe, self._line.corpus, self._ledger, principal=self._principal
        )
        self._ledger.put("skipped", str(skipped))
        self._ledger.put("planned", str(used))

    def read(self) -> None:
        """Find the facts of every document; raises ``Interrupted``."""
        total, corpus = self._num_documents, self._line.corpus
        after, done = -1, 0
        while rows := self._ledger.documents(after=after):
            for document in rows:
                after, done = document.position, done + 1
                if self._ledger.is_read(document.id):
                    continue
                if self._should_stop():
                    raise Interrupted
                self._tell("reading", done=done, total=total)
                chunks = corpus.load_document_chunks(document.id, principal=self._principal)
                visits = plan_visits(
                    document,
                    chunks,
                    languages=self._recipe.languages,
                    find_facts=self._find_facts,
                    facts_per_visit=self._facts_per_visit,
                )
                self._ledger.save_facts(document.id, visits)

    def write(self) -> Settler:
        """Write and decide until every split has what is wanted or nothing is left to ask.

        Raises:
            Interrupted: it was asked to stop.
        """
        line, recipe = self._line, self._recipe
        targets = self._share_out()
        rounds = self._build_rounds()
        settler = Settler(
            recipe,
            targets,
            self._ledger,
            rounds[0].workshop,
            selector=Selector(
                line.engines.embedder,
                recipe=recipe,
                terms=build_terms(line.analyser),
            ),
            gates=[line.decontaminator] if line.decontaminator else [],
            usage=line.engines.usage,
        )
        settler.restore()
        self._accepted_before = settler.num_accepted
        goer = Rounds(
            VisitPlanner(recipe, self._ledger, find_facts=self._find_facts),
            settler,
            expected=self._expected_per_visit,
            after_visit=lambda: self._tell_writing(settler),
            should_stop=self._should_stop,
        )
        try:
            for each in rounds:
                goer.go(each, list(targets))
        finally:
            for each in rounds:
                each.workshop.close()
        return settler

    @property
    def _num_documents(self) -> int:
        return int(self._ledger.get("planned") or 0)

    @property
    def _facts_per_visit(self) -> int:
        recipe = self._recipe
        least = _MIN_PACKED if self._line.engines.is_capable else 1
        return count_facts_per_visit(recipe.target, self._num_documents, recipe.wordings, least=least)

    @property
    def _expected_per_visit(self) -> float:
        if not self._line.engines.is_capable:
            return 1.0
        return max(1.0, _PACKED_YIELD * self._facts_per_visit * self._recipe.wordings)

    def _find_facts(self, passage: Passage) -> tuple[Fact, ...]:
        return find_facts(passage, analyser=self._line.analyser)

    def _share_out(self) -> dict[Split, int]:
        """Return how many examples each split is to have; a split without documents gets none."""
        held_out = {"validation": self._recipe.held_out.validation, "test": self._recipe.held_out.test}
        wanted: dict[Split, int] = {}
        for split in _SPLITS[1:]:
            if held_out[split] and self._ledger.passages(split, limit=1):
                wanted[split] = max(1, round(self._recipe.target * held_out[split]))
        return {"train": max(0, self._recipe.target - sum(wanted.values())), **wanted}

    def _build_rounds(self) -> list[Round]:
        """Return the rounds: a capable model first, then code for what is still missing, then again."""
        engines, analyser = self._line.engines, self._line.analyser
        composer, chat = Composer(analyser), engines.writer
        if chat is None or not engines.is_capable:
            return [Round("frames", self._open_workshop([FrameWriter(analyser, chat), composer]))]
        by_model: list[Writer] = [ModelWriter(chat, name=chat.profile.name), composer]
        return [
            Round("model", self._open_workshop(by_model), asks_model=True),
            Round("frames", self._open_workshop([FrameWriter(analyser), composer])),
            *(
                Round(f"model-{attempt}", self._open_workshop(by_model), attempt, asks_model=True)
                for attempt in range(1, _MAX_ATTEMPTS)
            ),
        ]

    def _open_workshop(self, writers: Sequence[Writer]) -> Workshop:
        by_kind: dict[ExampleKind, Writer] = {}
        for writer in writers:
            # The last one wins: what the composer builds rests on accepted examples, and costs no call.
            by_kind.update(dict.fromkeys(writer.kinds, writer))
        line = self._line
        return Workshop(
            by_kind,
            line.verifier,
            concurrency=line.engines.concurrency,
            probe=line.probe,
            asks_models=line.engines.judge is not None,
        )

    def _tell(self, stage: ForgeStage, *, done: int = 0, total: int = 0) -> None:
        self._progress(ForgeProgress(stage=stage, done=done, total=total))

    def _tell_writing(self, settler: Settler) -> None:
        accepted = settler.num_accepted
        seconds = time.monotonic() - self._started_s
        rate = 60 * (accepted - self._accepted_before) / seconds if seconds > 0 else 0.0
        left = max(0, self._recipe.target - accepted)
        self._progress(
            ForgeProgress(
                stage="writing",
                done=accepted,
                total=self._recipe.target,
                accepted=accepted,
                rejected=settler.rejected.total(),
                requests=self._line.engines.usage.requests,
                by_check=dict(settler.rejected),
                per_minute=rate,
                eta_s=60 * left / rate if rate > 0 else None,
            )
        )


def check_kinds(recipe: Recipe, *, is_capable: bool) -> tuple[str, ...]:
    """Return a note for each wanted kind that no writer here makes.

    Raises:
        WrongUseError: not one of the kinds wanted can be written.
    """
    by_code = {*FACT_KINDS, "dialogue", "not_in_documents", "instruction"}
    wanted = [kind for kind, share in recipe.kinds.items() if share]
    missing = [] if is_capable else [kind for kind in wanted if kind not in by_code]
    if len(missing) == len(wanted):
        raise WrongUseError(
            f"Nothing here can write {', '.join(missing)}.",
            remedy="Name a capable model under `models: writer`, or add the kind `qa`.",
        )
    return tuple(f"No examples of the kind {kind}: it needs a capable model as writer." for kind in missing)
