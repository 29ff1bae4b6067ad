"""Runs writers over threads; hands the results over strictly in the order of the work.

Whatever finishes first waits for its turn, so the decisions that follow depend on the plan alone and a second
run takes the same ones.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from ondol.core.examples import Draft, ExampleKind, Passage, Split, Verdict
from ondol.forge.order import Order, Writer, Written
from ondol.store.forging import PlannedPassage

Probe = Callable[[Draft], Verdict | None]
"""Asks the trainee; a failed verdict says that it knows the answer already."""


class DraftVerifier(Protocol):
    """The checks, in their order."""

    def verify(self, draft: Draft, passages: Sequence[Passage]) -> tuple[Verdict, ...]:
        """Return the verdicts up to and including the first that failed."""


@dataclass(frozen=True)
class Produced:
    """A finished order.

    Attributes:
        verdicts: of each draft, where models were asked for them; else drafts are checked when it is their
            turn, and not at all when there is no room for them.
    """

    order: Order
    written: Written
    verdicts: tuple[tuple[Verdict, ...], ...] = ()


@dataclass(frozen=True)
class Visit:
    """One stop of the round: a passage with some of its facts, and what is asked about them."""

    number: int
    planned: PlannedPassage
    orders: tuple[Order, ...]


class Workshop:
    """Writers and checks behind one door. Close it, or use it as a context manager.

    Args:
        writers: which writer serves a kind.
        verifier: judges drafts.
        asks_models: checks ask models too, so they run beside one another, as the writers do.
        concurrency: orders worked on at once; 1 for an engine whose replies depend on what else it computes.
        probe: asked about the first wording of each fact, where the recipe wants it.
    """

    def __init__(
        self,
        writers: Mapping[ExampleKind, Writer],
        verifier: DraftVerifier,
        *,
        concurrency: int,
        probe: Probe | None = None,
        asks_models: bool = False,
    ) -> None:
        self._writers = dict(writers)
        self._verifier = verifier
        self._probe = probe
        self._asks_models = asks_models or probe is not None
        self._concurrency = concurrency
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="ondol-forge")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop what has not begun and wait for what has."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def concurrency(self) -> int:
        """Orders worked on at once."""
        return self._concurrency

    def begin(self, visit: Visit) -> "list[Future[Produced]]":
        """Put the orders of a visit to work."""
        return [self._pool.submit(self.produce, order) for order in visit.orders]

    def can_write(self, kind: ExampleKind) -> bool:
        """Tell whether any writer serves ``kind``."""
        return kind in self._writers

    def produce(self, order: Order) -> Produced:
        """Write one order; raises ``EngineError`` when the engine is gone for good."""
        written = self._writers[order.kind].write(order)
        if not self._asks_models:
            return Produced(order, written)
        return Produced(order, written, tuple(self.judge(draft, order) for draft in written.drafts))

    def judge(self, draft: Draft, order: Order) -> tuple[Verdict, ...]:
        """Return the verdicts on a draft, up to and with the first that failed."""
        verdicts = self._verifier.verify(draft, (order.passage, *order.others))
        if self._probe is None or draft.wording or draft.kind not in {"qa", "list", "table"}:
            return verdicts
        if any(not verdict.passed for verdict in verdicts):
            return verdicts
        known = self._probe(draft)
        return verdicts if known is None else (*verdicts, known)


@dataclass(frozen=True)
class Round:
    """One round over all visits with the same writers.

    Attributes:
        name: in the ledger.
        attempt: 0 at first; later ones ask with other seeds.
        asks_model: ends early when nothing comes of it.
    """

    name: str
    workshop: Workshop
    attempt: int = 0
    asks_model: bool = False

    def place(self, split: Split) -> str:
        """Return the name under which the ledger keeps how far this round is."""
        return f"at:{self.name}:{split}"


class Line:
    """Visits under way, first in, first out.

    Args:
        visits: read only as far ahead as asked.
    """

    def __init__(self, workshop: Workshop, visits: Iterable[Visit]) -> None:
        self._workshop = workshop
        self._source = iter(visits)
        self._waiting: deque[tuple[Visit, list[Future[Produced]]]] = deque()
        self._is_exhausted = False

    @property
    def num_unfinished(self) -> int:
        """Visits that keep an engine busy; those that only wait for their turn do not."""
        return sum(not all(future.done() for future in futures) for _, futures in self._waiting)

    def fill(self, limit: int, *, at_once: int) -> None:
        """Begin visits until none is left, ``limit`` wait for their turn or ``at_once`` are unfinished."""
        room = at_once - self.num_unfinished
        while room > 0 and not self._is_exhausted and len(self._waiting) < limit:
            visit = next(self._source, None)
            if visit is None:
                self._is_exhausted = True
            else:
                self._waiting.append((visit, self._workshop.begin(visit)))
                room -= 1

    def take(self, refill: Callable[[], None]) -> tuple[Visit, list[Produced]] | None:
        """Wait for the first visit and return what came of it; ``None`` when none is left.

        Args:
            refill: called whenever an order is finished meanwhile: one slow visit must not idle the engine.
        """
        refill()
        self.fill(1, at_once=1)
        if not self._waiting:
            return None
        first = self._waiting[0][1]
        while not all(future.done() for future in first):
            running = [f for _, futures in self._waiting for f in futures if not f.done()]
            wait(running, return_when=FIRST_COMPLETED)
            refill()
        visit, futures = self._waiting.popleft()
        return visit, [future.result() for future in futures]

    def drop(self) -> None:
        """Cancel what has not begun, and wait for what has: its calls are made, and count."""
        futures = [future for _, orders in self._waiting for future in orders]
        self._waiting.clear()
        wait([future for future in futures if not future.cancel()])
