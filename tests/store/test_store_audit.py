"""The audit log: unbroken when nobody touched it, broken in a way that shows when somebody did."""

import json
import multiprocessing
import threading
from pathlib import Path

import pytest

from ondol.core.access import LOCAL_PRINCIPAL, Principal
from ondol.core.errors import AccessDeniedError, StorageError
from ondol.store import open_store


@pytest.fixture
def log(store, clock):
    """A store whose log has five events in October and November."""
    for number in range(5):
        store.audit.append(
            actor="kim", action="document.read", resource=f"doc_{number}", detail={"n": number}
        )
        clock.advance(86_400 * 5)
    return store


def _files(store) -> list[Path]:
    return sorted((store.home / "audit").glob("*.jsonl"))


def _reopened(store, clock):
    """The log as another process sees it, which remembers nothing."""
    return open_store(store.home, database_url=str(store.database.url), clock=clock)


def test_events_are_kept_month_by_month_and_verified(log):
    assert [file.name for file in _files(log)] == ["2026-11.jsonl", "2026-12.jsonl"]
    report = log.audit.verify()
    assert (report.ok, report.num_events) == (True, 5)
    newest = log.audit.list_events(principal=LOCAL_PRINCIPAL, limit=4)
    assert [event.resource for event in newest] == ["doc_4", "doc_3", "doc_2", "doc_1"]
    assert newest[0].hash == report.head
    assert newest[0].prev == newest[1].hash
    with pytest.raises(AccessDeniedError, match="administrators"):
        log.audit.list_events(principal=Principal(name="kim"))


def test_an_empty_log_is_whole(store):
    assert store.audit.verify().ok


def _edit(file, change):
    file.write_bytes(b"".join(change(file.read_bytes().splitlines(keepends=True))))


def _forge(lines):
    """Change a line and give it a fitting hash of its own."""
    from ondol.store.audit import _hash

    event = json.loads(lines[1])
    event["actor"] = "lee"
    event["hash"] = _hash(event)
    return [lines[0], (json.dumps(event) + "\n").encode(), *lines[2:]]


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("2026-11.jsonl", lambda lines: [lines[0].replace(b"kim", b"lee"), *lines[1:]], "was changed"),
        ("2026-11.jsonl", lambda lines: [lines[1]], "removed"),
        ("2026-11.jsonl", lambda lines: lines[:1], "removed"),
        ("2026-11.jsonl", lambda lines: lines[::-1], "moved"),
        ("2026-11.jsonl", lambda lines: [b"not json\n", *lines], "cannot be read"),
        ("2026-11.jsonl", _forge, "removed, added or moved"),
        ("2026-12.jsonl", lambda lines: lines[:-1], "ends at event 4"),
        ("2026-12.jsonl", lambda lines: [*lines[:-1], lines[-1][:-5]], "ends at event 4"),
        ("2026-12.jsonl", lambda lines: [*lines[:-2], *lines[-1:]], "removed"),
    ],
)
def test_tampering_shows(log, clock, name, change, says):
    file = log.home / "audit" / name
    _edit(file, change)
    report = log.audit.verify()
    assert not report.ok
    assert says in report.detail
    with open_store(
        log.home, database_url=log.database.url.render_as_string(hide_password=False), clock=clock
    ) as other:
        assert not other.audit.verify().ok


def test_a_month_that_was_deleted_shows(log, clock):
    _files(log)[-1].unlink()
    assert "ends at event 2" in log.audit.verify().detail
    _files(log)[0].unlink()
    assert "ends at event 0" in log.audit.verify().detail


def test_half_a_line_of_a_power_cut_is_written_over(log):
    file = _files(log)[-1]
    with file.open("ab") as tail:
        tail.write(b'{"seq": 6, "time": "2026-')
    assert log.audit.verify().ok
    log.audit.append(actor="kim", action="document.read")
    report = log.audit.verify()
    assert (report.ok, report.num_events) == (True, 6)


def test_a_log_whose_end_is_damaged_takes_no_more(log):
    file = _files(log)[-1]
    _edit(file, lambda lines: [*lines, b"garbage\n"])
    with pytest.raises(StorageError, match="damaged") as caught:
        log.audit.append(actor="kim", action="document.read")
    assert "ondol audit verify" in caught.value.remedy


def test_an_event_noted_while_another_writes_the_database(log):
    with log.database.write():
        log.audit.append(actor="kim", action="document.read")
    assert log.audit.verify().num_events == 6
    log.audit.append(
        actor="김", action="document.read", resource="a\nb", outcome="denied", detail={"\udc80": 1}
    )
    assert log.audit.verify().ok
    assert log.audit.list_events(principal=LOCAL_PRINCIPAL, limit=1)[0].actor == "김"


def test_a_clock_set_back_does_not_reorder_the_log(log, clock):
    clock.advance(-86_400 * 60)
    log.audit.append(actor="kim", action="document.read")
    assert log.audit.verify().ok
    assert len(_files(log)) == 2


def _append_many(home: str, actor: str) -> None:
    with open_store(Path(home)) as store:
        for number in range(10):
            store.audit.append(actor=actor, action="x.y", detail={"n": number})


def test_processes_and_threads_write_one_chain(sqlite_store):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_append_many, args=(str(sqlite_store.home), f"p{n}")) for n in range(2)]
    threads = [
        threading.Thread(
            target=lambda: [sqlite_store.audit.append(actor="t", action="x.y") for _ in range(10)]
        )
        for _ in range(3)
    ]
    for worker in (*workers, *threads):
        worker.start()
    for worker in (*workers, *threads):
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    report = sqlite_store.audit.verify()
    assert (report.ok, report.num_events) == (True, 50), report.detail
