"""What a home keeps of the forge and does not need: ledgers of finished runs, replies that nothing came of.

A ledger is of use until its dataset is there; a cached reply until no run that goes on could ask for it. The
replies that an example came from stay: they are part of its proof, and lead to it when a document is
forgotten.
"""

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from ondol.core.access import LOCAL_PRINCIPAL, Principal
from ondol.core.errors import AccessDeniedError
from ondol.core.frozen import Frozen
from ondol.forge.foundry import is_finished
from ondol.store import Store
from ondol.store.forging import open_ledger
from ondol.store.forging_file import locate_ledgers, measure_run, read_last_change, remove_run


class Cleaning(Frozen):
    """What can go, or went.

    Attributes:
        runs: ids of finished runs whose dataset is there.
        run_bytes: that their folders take.
        calls: cached replies that no dataset came from.
        call_bytes: that their texts take.
        unfinished: ids of runs that stay because the same command would go on with them.
        in_use: of these, those worked on since: while there are any, no reply goes.
        done: whether it went.
    """

    runs: tuple[str, ...] = ()
    run_bytes: int = 0
    calls: int = 0
    call_bytes: int = 0
    unfinished: tuple[str, ...] = ()
    in_use: tuple[str, ...] = ()
    done: bool = False


def clean(store: Store, *, older_than: timedelta, remove: bool, principal: Principal) -> Cleaning:
    """Remove what no dataset and no run needs, or say what that is.

    Args:
        store: of the home.
        older_than: what was changed since stays.
        remove: do it.
        principal: an administrator.

    Raises:
        AccessDeniedError: ``principal`` is no administrator.
        ConflictError: a run is being worked on.
    """
    if not principal.is_admin:
        raise AccessDeniedError("Only administrators clean up.", remedy="Ask an administrator.")
    before = store.clock() - older_than
    made = {
        manifest.fingerprint
        for manifest in store.datasets.list_datasets(principal=LOCAL_PRINCIPAL, with_versions=True)
    }
    old, unfinished, in_use = [], [], []
    for path in locate_ledgers(store.home):
        run_id, is_old = path.parent.name, datetime.fromtimestamp(read_last_change(path), UTC) < before
        if run_id in made and _is_finished(store, run_id):
            old += [path] if is_old else []
        else:
            unfinished.append(run_id)
            in_use += [] if is_old else [run_id]
    calls = {} if in_use else _find_unused_calls(store, before, unfinished)
    found = Cleaning(
        runs=tuple(path.parent.name for path in old),
        run_bytes=sum(map(measure_run, old)),
        calls=len(calls),
        call_bytes=sum(calls.values()),
        unfinished=tuple(unfinished),
        in_use=tuple(in_use),
        done=remove,
    )
    if remove:
        for path in old:
            remove_run(path)
        store.calls.remove(calls)
    return found


def _is_finished(store: Store, run_id: str) -> bool:
    with open_ledger(store.home, run_id, principal=LOCAL_PRINCIPAL) as ledger:
        return is_finished(ledger)


def _find_unused_calls(store: Store, before: datetime, unfinished: Sequence[str]) -> dict[str, int]:
    """Return the keys of old calls that no example came from, each with the size of its reply."""
    calls = store.calls.measure_before(before)
    for key in itertools.chain(_read_used_calls(store), *(_read_run_calls(store, run) for run in unfinished)):
        calls.pop(key, None)
    return calls


def _read_run_calls(store: Store, run_id: str) -> Iterator[str]:
    with open_ledger(store.home, run_id, principal=LOCAL_PRINCIPAL) as ledger:
        after = 0
        while rows := ledger.examples(after=after):
            after = rows[-1][0]
            for _, example in rows:
                yield from example.provenance.calls


def _read_used_calls(store: Store) -> Iterator[str]:
    for name in store.datasets.names():
        for _, example in store.datasets.read_examples(name):
            yield from example.provenance.calls
        after: int | None = 0
        while after is not None:
            rows, after = store.datasets.list_retention(name, principal=LOCAL_PRINCIPAL, after=after)
            yield from (row.call for row in rows)
