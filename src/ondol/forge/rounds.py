"""Goes round the visits of a run: far enough ahead to keep the engine busy, no further than is needed."""

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence

from ondol.core.examples import Split
from ondol.forge.produce import Line, Round
from ondol.forge.settle import Settler
from ondol.forge.visits import VisitPlanner

_FLUSH_VISITS = 32
_FLUSH_S = 1.0
_WARM_UP = 4


class Interrupted(Exception):  # noqa: N818 - a signal, not an error
    """The run was asked to stop; what was decided is kept."""


class Rounds:
    """Settles visits until every split is full.

    Args:
        expected: examples that a visit gives, as far as is known before any was settled.
        after_visit: told after each; raises ``Interrupted`` to stop.
    """

    def __init__(
        self,
        planner: VisitPlanner,
        settler: Settler,
        *,
        expected: float,
        after_visit: Callable[[], None],
        should_stop: Callable[[], bool],
    ) -> None:
        self._planner = planner
        self._settler = settler
        self._expected = expected
        self._after_visit = after_visit
        self._should_stop = should_stop

    def go(self, each: Round, splits: Sequence[Split]) -> None:
        """Visit every passage of every split once; raises ``Interrupted``."""
        settler = self._settler
        if each.attempt and not settler.has_taken("model"):
            return
        settler.use(each.workshop)
        open_splits = [split for split in splits if not settler.is_full(split)]
        lines = {s: Line(each.workshop, self._planner.visits(each, s, settler)) for s in open_splits}
        pace = _Pace(settler, each.workshop.concurrency, expected=self._expected)
        try:
            for at in range(len(open_splits)):
                self._work_off(each, lines, open_splits[at:], pace)
        finally:
            for line in lines.values():
                line.drop()
            settler.flush({})

    def _work_off(
        self, each: Round, lines: Mapping[Split, Line], splits: Sequence[Split], pace: "_Pace"
    ) -> None:
        """Settle the visits of the first of ``splits``; those of the others are begun where there is room."""
        split, settler = splits[0], self._settler
        meta: dict[str, str] = {}
        settled, flushed_at_s = 0, time.monotonic()
        while not settler.is_full(split):
            if self._should_stop():
                settler.flush(meta)
                raise Interrupted
            taken = lines[split].take(lambda: pace.fill(lines, splits))
            if taken is None:
                break
            visit, produced = taken
            settler.settle(visit, produced)
            settled += 1
            pace.note(split)
            place = visit.planned
            meta[each.place(split)] = json.dumps({
                "round": place.round,
                "position": place.position,
                "number": visit.number,
            })
            self._after_visit()
            if each.asks_model and settler.is_hopeless("model", visit.number):
                break
            if settled % _FLUSH_VISITS == 0 or time.monotonic() - flushed_at_s > _FLUSH_S:
                settler.flush(meta)
                meta, flushed_at_s = {}, time.monotonic()
        settler.flush(meta)


class _Pace:
    """How far to work ahead."""

    def __init__(self, settler: Settler, concurrency: int, *, expected: float) -> None:
        self._settler = settler
        self._capacity = 2 * concurrency
        self._expected = expected
        self._visits: dict[Split, int] = {}
        self._before: dict[Split, int] = {}

    def note(self, split: Split) -> None:
        """Count a settled visit."""
        self._visits[split] = self._visits.get(split, 0) + 1

    def fill(self, lines: Mapping[Split, Line], splits: Sequence[Split]) -> None:
        """Begin visits, those of the first split before those of the next."""
        for split in splits:
            self._before.setdefault(split, self._settler.count(split))
            others = sum(line.num_unfinished for name, line in lines.items() if name != split)
            lines[split].fill(self._wanted(split), at_once=self._capacity - others)

    def _wanted(self, split: Split) -> int:
        """Return how many visits will probably fill a split."""
        visits = self._visits.get(split, 0)
        per_visit = self._expected
        if visits >= _WARM_UP:
            per_visit = max(0.25, (self._settler.count(split) - self._before[split]) / visits)
        return max(1, math.ceil(self._settler.missing(split) / per_visit))
