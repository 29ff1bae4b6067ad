"""One call from recipe to dataset: names the run, opens its ledger, goes down the line, says how it ended."""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version

from ondol.core.access import Principal
from ondol.core.errors import NoModelError
from ondol.core.examples import Split
from ondol.evidence.judge import Calibration, Judge, recalibrate
from ondol.evidence.terms import build_terms
from ondol.forge.benchmarks import BenchmarkItem, load_items
from ondol.forge.calibration import calibrate_judge, read_verdicts
from ondol.forge.card import JudgeSummary
from ondol.forge.decontaminate import Decontaminator
from ondol.forge.plan import describe_corpus
from ondol.forge.probe import TraineeProbe
from ondol.forge.publish import Outcome, measure_coverage, publish
from ondol.forge.recipe import Recipe
from ondol.forge.report import ForgeProgress, ForgeReport
from ondol.forge.retain import build_retention
from ondol.forge.rounds import Interrupted
from ondol.forge.run import Engines, ForgeRun, Line, check_kinds, name_run
from ondol.forge.settle import Settler
from ondol.forge.verify.verifier import build_verifier
from ondol.forge.write.frames import FrameWriter
from ondol.store.forging import Batch, RunLedger, open_ledger
from ondol.store.home import Store
from ondol.text.morphemes import Analyser

_SPLITS: tuple[Split, ...] = ("train", "validation", "test")
_RETAINED_AT_ONCE = 8
_REPORT = "report"
_LOW_RATE = 0.3


@dataclass(frozen=True)
class Workplace:
    """What a run works on and with.

    Attributes:
        progress: told now and then.
        should_stop: asked at every safe place.
    """

    store: Store
    analyser: Analyser
    engines: Engines
    progress: Callable[[ForgeProgress], None]
    should_stop: Callable[[], bool]


def run_forge(
    recipe: Recipe, place: Workplace, *, principal: Principal, name: str = "", replace: bool = False
) -> ForgeReport:
    """Make the dataset that ``recipe`` asks for, or go on making it.

    Args:
        recipe: what is wanted.
        place: what it is made of and with.
        principal: reads the corpus; documents that it may not read do not exist here.
        name: of the dataset; by default the recipe's.
        replace: keep a dataset of this name with other content as an older version.

    Raises:
        NotFoundError: no document fits the recipe.
        WrongUseError: nothing here can write what is wanted.
        NoModelError: the recipe asks the trainee first, and there is no model.
        ConflictError: another process works on this run, or another dataset has the name.
        EngineError: the judge or the trainee failed.
    """
    started_s = time.monotonic()
    notes = check_kinds(recipe, is_capable=place.engines.is_capable)
    if recipe.probe_trainee and place.engines.trainee is None:
        raise NoModelError(
            "The recipe asks the trainee what it knows, and there is no model.",
            remedy="`ondol models pull` fetches one; or leave out `probe_trainee`.",
        )
    if recipe.retention.share and place.engines.trainee is None:
        notes += (
            "No retention set: there is no chat model to answer its prompts. `ondol models pull` has one.",
        )
    inputs, _ = describe_corpus(recipe, place.store.corpus, principal=principal)
    guard = None
    if recipe.decontaminate.against:
        guard, benchmarks_hash = _load_benchmarks(recipe, place)
        inputs += benchmarks_hash
    run_id = name_run(recipe, place.engines, inputs)
    place.store.datasets.claim(name or recipe.name, run_id, replace=replace)
    with open_ledger(place.store.home, run_id, principal=principal) as ledger, ledger.hold():
        shift = _Shift(recipe, place, ledger, principal=principal, notes=notes, decontaminator=guard)
        try:
            shift.work()
        except Interrupted:
            return shift.report(interrupted=True)
        finally:
            shift.clock_out(started_s)
        return shift.deliver(name or recipe.name, replace=replace)


def is_finished(ledger: RunLedger) -> bool:
    """Tell whether everything of a run is decided, so that only its dataset may be left to write."""
    return ledger.get(_REPORT) is not None


def _load_benchmarks(recipe: Recipe, place: Workplace) -> tuple[Decontaminator, str]:
    """Return what the dataset must not hold, and a hash of it: a run is another one when it changes."""
    digest = hashlib.sha256()

    def read() -> Iterator[BenchmarkItem]:
        for item in load_items(recipe.decontaminate.against):
            digest.update(item.model_dump_json().encode())
            yield item

    engines = place.engines
    guard = Decontaminator(
        read(), settings=recipe.decontaminate, embedder=engines.embedder, analyser=place.analyser
    )
    return guard, digest.hexdigest()


class _Shift:
    """One process's work on a run."""

    def __init__(
        self,
        recipe: Recipe,
        place: Workplace,
        ledger: RunLedger,
        *,
        principal: Principal,
        notes: tuple[str, ...],
        decontaminator: Decontaminator | None,
    ) -> None:
        self._recipe = recipe
        self._place = place
        self._ledger = ledger
        self._principal = principal
        self._notes = notes
        self._judge: JudgeSummary | None = None
        self._no_judge_because = "the recipe names none"
        self._decontaminator = decontaminator

    def work(self) -> None:
        """Do what is left to do; raises ``Interrupted``."""
        if is_finished(self._ledger):
            return
        place, engines = self._place, self._place.engines
        plain = build_verifier(analyser=place.analyser, embedder=engines.embedder)
        run = self._open_run(Line(place.store.corpus, place.analyser, engines, plain))
        run.plan()
        run.read()
        judge = Judge(engines.judge) if engines.judge is not None else None
        calibration = self._calibrate(judge)
        verifier = build_verifier(
            analyser=place.analyser, embedder=engines.embedder, judge=judge, calibration=calibration
        )
        probe = None
        if self._recipe.probe_trainee and engines.trainee is not None:
            probe = TraineeProbe(engines.trainee, terms=build_terms(place.analyser))
        line = Line(place.store.corpus, place.analyser, engines, verifier, self._decontaminator, probe)
        settler = self._open_run(line).write()
        self._retain(settler)
        self._ledger.put("shortfall", self._explain(settler))
        self._ledger.put(_REPORT, "written")

    def _open_run(self, line: Line) -> ForgeRun:
        return ForgeRun(
            self._recipe,
            self._ledger,
            line,
            principal=self._principal,
            progress=self._place.progress,
            should_stop=self._place.should_stop,
        )

    def _calibrate(self, judge: Judge | None) -> Calibration | None:
        if judge is None:
            return None
        kept = self._ledger.get("calibration")
        if kept is not None:
            found = Calibration.model_validate_json(kept)
        else:
            place = self._place
            found = calibrate_judge(
                judge,
                self._ledger,
                writer=FrameWriter(place.analyser),
                verifier=build_verifier(analyser=place.analyser, embedder=place.engines.embedder),
                seed=self._recipe.seed,
            )
            verdicts = read_verdicts(place.store, found.model, principal=self._principal)
            found = recalibrate(found, verdicts)
            self._ledger.put("reviewed", str(len(verdicts)))
            self._ledger.put("calibration", found.model_dump_json())
        return found

    def _retain(self, settler: Settler) -> None:
        """Let the trainee answer general prompts; those of an earlier process are not asked again."""
        settings, trainee = self._recipe.retention, self._place.engines.trainee
        wanted = round(settings.share * settler.num_accepted)
        if not wanted or trainee is None:
            return
        guard = self._decontaminator
        found = build_retention(
            wanted,
            chat=trainee,
            languages=self._recipe.languages,
            seed=self._recipe.seed,
            max_tokens=settings.max_tokens,
            temperature=settings.temperature,
            concurrency=self._place.engines.trainee_concurrency,
            is_contaminated=None if guard is None else lambda text: not guard.judge_text(text).passed,
        )
        kept = self._count_retention()
        pending = []
        for number, example in enumerate(found, 1):
            if number > kept:
                pending.append(example)
            if len(pending) >= _RETAINED_AT_ONCE:
                usage = self._place.engines.usage.drain()
                self._ledger.commit(Batch(retention=tuple(pending), counters=usage))
                pending = []
            self._place.progress(ForgeProgress(stage="retention", done=number, total=wanted))
            if self._place.should_stop():
                self._ledger.commit(Batch(retention=tuple(pending)))
                raise Interrupted
        self._ledger.commit(Batch(retention=tuple(pending)))

    def _count_retention(self) -> int:
        count = after = 0
        while rows := self._ledger.retention(after=after):
            count += len(rows)
            after = rows[-1][0]
        return count

    def clock_out(self, started_s: float) -> None:
        """Add this process's time to the run's."""
        milliseconds = round(1000 * (time.monotonic() - started_s))
        usage = self._place.engines.usage.drain()
        self._ledger.commit(Batch(counters={"milliseconds": milliseconds, **usage}))

    def _explain(self, settler: Settler) -> str:
        """Return why fewer were accepted than wanted, and what would help; empty when none is missing."""
        accepted, target = settler.num_accepted, self._recipe.target
        if accepted >= target:
            return ""
        rejected = settler.rejected.total()
        rate = accepted / max(1, accepted + rejected)
        most = ", ".join(f"{name} {count}" for name, count in settler.rejected.most_common(3))
        facts = sum(number for number, _ in self._ledger.topics().values())
        advice = []
        if not self._place.engines.is_capable:
            advice.append("a capable model as writer")
        if rate < _LOW_RATE:
            advice.append(f"a look at rejected.jsonl (most: {most})")
        if self._recipe.wordings < 4:
            advice.append("more wordings per fact")
        advice.append("more documents")
        return (
            f"{accepted} of {target} accepted: the {self._ledger.get('planned')} documents and their {facts} "
            f"facts are exhausted; {rejected} drafts were rejected ({100 * rate:.0f} % accepted). "
            f"What would help: {', '.join(advice)}."
        )

    # -- the end --------------------------------------------------------------------------------------

    def report(self, *, interrupted: bool = False) -> ForgeReport:
        """Return what the ledger says."""
        ledger = self._ledger
        counts, counters, reasons = ledger.counts(), ledger.counters(), ledger.reasons()
        splits: dict[str, int] = {}
        kinds: dict[str, int] = {}
        for (split, kind), number in counts.items():
            splits[split] = splits.get(split, 0) + number
            if split in _SPLITS:
                kinds[kind] = kinds.get(kind, 0) + number
        return ForgeReport(
            run=ledger.run_id,
            target=self._recipe.target,
            accepted=sum(splits.get(split, 0) for split in _SPLITS),
            rejected=sum(reasons.values()),
            by_reason=reasons,
            splits={split: splits[split] for split in _SPLITS if split in splits},
            kinds=kinds,
            recall=splits.get("recall", 0),
            retention=self._count_retention(),
            requests=counters.get("requests", 0),
            replayed=counters.get("replayed", 0),
            tokens={
                "prompt": counters.get("prompt_tokens", 0),
                "completion": counters.get("completion_tokens", 0),
            },
            seconds=counters.get("milliseconds", 0) / 1000,
            shortfall=ledger.get("shortfall") or "",
            notes=self._notes,
            interrupted=interrupted,
        )

    def deliver(self, name: str, *, replace: bool) -> ForgeReport:
        """Write the dataset folder and return the report."""
        self._place.progress(ForgeProgress(stage="saving"))
        report = self.report()
        store, ledger = self._place.store, self._ledger
        self._summarise_judge()
        outcome = Outcome(
            fingerprint=ledger.run_id,
            ondol_version=version("ondol"),
            models=self._name_models(),
            judge=self._judge,
            no_judge_because=self._no_judge_because,
            benchmarks=dict(self._decontaminator.num_items) if self._decontaminator else {},
            licences=self._place.engines.licences,
            shortfall=report.shortfall,
            notes=report.notes,
            seconds=report.seconds,
        )
        manifest, tally = publish(
            self._recipe, ledger, store.datasets, name=name, outcome=outcome, replace=replace
        )
        coverage = measure_coverage(ledger, tally, int(ledger.get("planned") or 0))
        notes = list(report.notes)
        met = coverage.documents_met / max(1, coverage.documents)
        if met < self._recipe.coverage:
            wanted = 100 * self._recipe.coverage
            notes.append(
                f"Examples meet {100 * met:.0f} % of the documents, {wanted:.0f} % were wanted: the others "
                "offered nothing that passed, or the target was met before."
            )
        if any(not change.document for change in manifest.history):
            notes.append(
                f"Experts' reviews were applied to {name}: it stays as they left it; these figures are those "
                "of the run. --replace makes it as the run gave it."
            )
        self._place.progress(ForgeProgress(stage="done", done=report.accepted, total=report.target))
        return report.model_copy(
            update={
                "dataset": name,
                "path": str(store.datasets.locate(name, principal=self._principal)),
                "coverage": coverage,
                "notes": tuple(notes),
                "hash": manifest.hash,
            }
        )

    def _summarise_judge(self) -> None:
        kept = self._ledger.get("calibration")
        if kept is None:
            return
        found = Calibration.model_validate_json(kept)
        reviewed = int(self._ledger.get("reviewed") or 0)
        self._judge = JudgeSummary(
            model=found.model,
            used=found.usable,
            precision=found.precision,
            recall=found.recall,
            threshold=found.threshold,
            planted=found.n - reviewed,
            reviewed=reviewed,
        )
        self._no_judge_because = found.reason

    def _name_models(self) -> dict[str, str]:
        engines = self._place.engines
        found = {"writer": engines.writer, "judge": engines.judge, "trainee": engines.trainee}
        names = {role: model.profile.name for role, model in found.items() if model is not None}
        if engines.embedder is not None:
            names["embedder"] = engines.embedder.name
        return names


__all__ = ["Engines", "Workplace", "run_forge"]
