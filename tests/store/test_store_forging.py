"""The ledger of a run: pages in order, batches whole or not at all, nobody else's eyes, 100,000 examples."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from example_library import (
    doc_of,
    make_document,
    make_example,
    make_rejected,
    make_retention,
    plan_passage,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ondol.core.access import LOCAL_PRINCIPAL, Grade, Principal
from ondol.core.errors import AccessDeniedError, ConflictError, NotFoundError, StorageError, WrongUseError
from ondol.store.forging import Batch, list_runs, open_ledger
from ondol.store.forging_forget import forget_in_runs

ME = LOCAL_PRINCIPAL
KIM = Principal(name="kim", grade=Grade.SENSITIVE, groups=frozenset({"hr"}))
LEE = Principal(name="lee")


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(tmp_path, "run-1", principal=ME) as opened:
        yield opened


def _walk(read):
    """Every row of a paged reader, read by threes."""
    rows, after = [], 0
    while page := read(after=after, limit=3):
        rows += page
        after = page[-1][0]
    return [row for _, row in rows]


def test_meta_and_counters(ledger):
    assert ledger.get("stage") is None
    ledger.put("stage", "read")
    ledger.put("stage", "write")
    ledger.commit(Batch(counters={"requests": 2}, meta={"place": "3"}))
    ledger.commit(Batch(counters={"requests": 5, "tokens": 1}))
    assert (ledger.get("stage"), ledger.get("place")) == ("write", "3")
    assert ledger.counters() == {"requests": 7, "tokens": 1}


def test_documents_come_by_position_and_split(ledger):
    ledger.save_documents([
        make_document(n, split="test" if n % 3 == 0 else "train") for n in (4, 2, 0, 1, 3)
    ])
    assert [row.position for row in ledger.documents()] == [0, 1, 2, 3, 4]
    assert [row.position for row in ledger.documents(after=1, limit=2)] == [2, 3]
    assert [row.position for row in ledger.documents(split="test")] == [0, 3]
    assert ledger.document(doc_of(3)) == make_document(3, split="test")
    assert ledger.document("doc_none") is None


def test_a_document_that_was_read_stays_read_when_the_plan_is_saved_again(ledger):
    ledger.save_documents([make_document(0), make_document(1)])
    ledger.save_facts(doc_of(0), [plan_passage(0)])
    ledger.save_documents([make_document(0, split="test"), make_document(1)])
    assert ledger.is_read(doc_of(0))
    assert not ledger.is_read(doc_of(1))
    assert ledger.document(doc_of(0)).split == "test"
    assert len(ledger.passages_of(doc_of(0))) == 1


def test_facts_replace_those_before_and_need_a_document(ledger):
    ledger.save_documents([make_document(0)])
    ledger.save_facts(doc_of(0), [plan_passage(0, order, facts=2) for order in range(3)])
    ledger.save_facts(doc_of(0), [plan_passage(0, 0, facts=1)])
    assert ledger.passages_of(doc_of(0)) == [plan_passage(0, 0, facts=1)]
    assert ledger.topics() == {"limits": (1, 0)}
    with pytest.raises(NotFoundError, match="has no document"):
        ledger.save_facts(doc_of(9), [])
    with pytest.raises(ConflictError, match="contradiction"):
        ledger.save_facts(doc_of(0), [plan_passage(0), plan_passage(0)])
    assert len(ledger.passages_of(doc_of(0))) == 1, "a change that fails leaves what was there"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["train", "test"])), min_size=1, max_size=8),
    st.integers(1, 4),
)
def test_pages_of_passages_hold_each_once_best_rounds_first(tmp_path_factory, documents, limit):
    with open_ledger(tmp_path_factory.mktemp("home"), "r", principal=ME) as ledger:
        ledger.save_documents([make_document(n, split=split) for n, (_, split) in enumerate(documents)])
        for n, (count, split) in enumerate(documents):
            ledger.save_facts(doc_of(n), [plan_passage(n, order, split=split) for order in range(count)])
        found, after = [], None
        while page := ledger.passages("train", after=after, limit=limit):
            found += [row.cursor for row in page]
            after = page[-1].cursor
    wanted = [
        (order, n) for n, (count, split) in enumerate(documents) if split == "train" for order in range(count)
    ]
    assert found == sorted(wanted)


def test_neighbours_follow_in_the_plan_and_come_from_other_documents_of_the_split(ledger):
    ledger.save_documents([make_document(n, split="test" if n == 3 else "train") for n in range(5)])
    for n in range(5):
        split = "test" if n == 3 else "train"
        ledger.save_facts(doc_of(n), [plan_passage(n, order, split=split) for order in range(2)])

    def near(position, limit, **narrowed):
        rows = ledger.passages_near(position, limit, other_than=doc_of(position), **narrowed)
        return [(row.round, row.position) for row in rows]

    assert near(2, 3) == [(0, 3), (0, 4), (0, 0)]
    assert near(2, 3, split="train") == [(0, 4), (0, 0), (0, 1)]
    assert near(2, 9, split="train") == [(0, 4), (0, 0), (0, 1), (1, 4), (1, 0), (1, 1)]
    assert near(2, 0) == []


def test_a_batch_is_read_back_in_order_and_counted(ledger):
    accepted = [
        ("train", make_example(1, 1)),
        ("test", make_example(2, 2, kind="list", topic="lists")),
        ("train", make_example(3, 1, 2)),
        ("recall", make_example(4, 1, shown=(3,))),
    ]
    ledger.commit(
        Batch(accepted=accepted, rejected=[make_rejected(1, 1), make_rejected(2, 2, reason="shape")])
    )
    ledger.commit(Batch(rejected=[make_rejected(3)], retention=[make_retention(1), make_retention(2)]))
    ledger.save_documents([make_document(1)])
    ledger.save_facts(doc_of(1), [plan_passage(1, 0, facts=4)])
    assert _walk(ledger.examples) == [example for _, example in accepted]
    assert [example.id for _, example in ledger.examples("train")] == ["exm_1", "exm_3"]
    assert [example.id for _, example in ledger.examples(kind="list")] == ["exm_2"]
    assert [example.id for _, example in ledger.examples("train", "list")] == []
    assert [row.id for row in _walk(ledger.rejected)] == ["rej_1", "rej_2", "rej_3"]
    assert [row.id for row in _walk(ledger.retention)] == ["ret_1", "ret_2"]
    assert ledger.counts() == {("recall", "qa"): 1, ("test", "list"): 1, ("train", "qa"): 2}
    assert list(ledger.reasons().items()) == [("support", 2), ("shape", 1)]
    assert ledger.topics() == {"limits": (4, 3), "lists": (0, 1)}
    assert ledger.documents_met() == 2, "one that is only shown is not met"
    assert [example.id for _, example in ledger.examples_of(doc_of(1))] == ["exm_1", "exm_3", "exm_4"]
    assert [example.id for _, example in ledger.examples_of(doc_of(1), split="recall")] == ["exm_4"]
    assert ledger.examples_of(doc_of(3)) == [], "it is shown, not cited"


def test_a_batch_that_fails_leaves_nothing(ledger):
    ledger.commit(Batch(accepted=[("train", make_example(1, 1))]))
    with pytest.raises(ConflictError, match="contradiction"):
        ledger.commit(
            Batch(
                accepted=[("train", make_example(2, 1)), ("test", make_example(1, 1))],
                rejected=[make_rejected(1)],
                counters={"n": 1},
                meta={"m": "1"},
            )
        )
    assert [example.id for _, example in ledger.examples()] == ["exm_1"]
    assert (ledger.counters(), ledger.get("m"), ledger.rejected()) == ({}, None, [])


def test_a_ledger_is_not_opened_by_who_may_not_read_all_of_it(tmp_path):
    with open_ledger(tmp_path, "r", principal=KIM) as ledger:
        ledger.save_documents([make_document(1)])
        assert ledger.owner == "kim"
    open_ledger(tmp_path, "r", principal=LEE).close()
    with open_ledger(tmp_path, "r", principal=KIM) as ledger:
        ledger.commit(Batch(accepted=[("train", make_example(1, 1, label="sensitive+hr"))]))
    with pytest.raises(AccessDeniedError, match="of kim holds documents that lee may not read"):
        open_ledger(tmp_path, "r", principal=LEE)
    demoted = KIM.model_copy(update={"groups": frozenset()})
    with pytest.raises(AccessDeniedError, match="may not read"):
        open_ledger(tmp_path, "r", principal=demoted)
    assert list_runs(tmp_path, principal=LEE) == []
    assert list_runs(tmp_path, principal=ME) == ["r"]


@pytest.mark.parametrize("run_id", ["", "..", "../x", "A", "a/b", ".x", "a" * 101, "a\n"])
def test_run_ids_that_cannot_be(tmp_path, run_id):
    with pytest.raises(WrongUseError, match="cannot be the id of a run"):
        open_ledger(tmp_path, run_id, principal=ME)


def test_a_ledger_from_the_future_or_damaged_says_so(tmp_path):
    with open_ledger(tmp_path, "r", principal=ME) as ledger, ledger._database.write() as connection:
        connection.exec_driver_sql("PRAGMA user_version = 99")
    with pytest.raises(StorageError, match="format 99"):
        open_ledger(tmp_path, "r", principal=ME)
    (tmp_path / "runs" / "s").mkdir()
    (tmp_path / "runs" / "s" / "ledger.db").write_bytes(b"no database" * 200)
    with pytest.raises(StorageError, match="damaged"):
        open_ledger(tmp_path, "s", principal=ME)


def test_one_process_works_on_a_run(ledger, tmp_path):
    caught = []

    def other():
        with open_ledger(tmp_path, "run-1", principal=ME) as again:
            try:
                with again.hold():
                    pass
            except ConflictError as error:
                caught.append(str(error))

    with ledger.hold():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert "working on the run run-1" in caught[0]


def test_forgetting_takes_the_rows_and_the_bytes(ledger, tmp_path):
    ledger.save_documents([make_document(n) for n in range(3)])
    for n in range(3):
        ledger.save_facts(doc_of(n), [plan_passage(n)])
    secret = "The secret frequency is 433 MHz."
    ledger.commit(
        Batch(
            accepted=[
                ("train", make_example(1, 1, quote=secret)),
                ("train", make_example(2, 2)),
                ("train", make_example(3, 2, shown=(1,))),
                ("train", make_example(4, 2, calls=("k1",))),
                ("train", make_example(5, 2, calls=("k2",))),
            ],
            rejected=[make_rejected(1, 1), make_rejected(2, 2)],
        )
    )
    ledger.close()
    removed = forget_in_runs(tmp_path, doc_of(1), calls={"k1"})["run-1"]
    assert removed.model_dump() == {"documents": 1, "passages": 1, "examples": 3, "rejected": 1}
    assert forget_in_runs(tmp_path, doc_of(1), calls={"k1"}) == {}
    assert [example.id for _, example in ledger.examples()] == ["exm_2", "exm_5"]
    assert ledger.topics() == {"limits": (2, 2)}
    assert [row.id for _, row in ledger.rejected()] == ["rej_2"]
    ledger.close()
    held = b"".join(file.read_bytes() for file in ledger.path.parent.iterdir() if file.is_file())
    assert secret.encode() not in held
    assert doc_of(1).encode() not in held
    ledger.commit(Batch(accepted=[("train", make_example(6, 2))]))
    assert [seq for seq, _ in ledger.examples()] == [2, 5, 6], "numbers are not given twice"


def test_a_run_that_is_worked_on_is_not_forgotten_in(ledger, tmp_path):
    caught = []

    def forget():
        try:
            forget_in_runs(tmp_path, doc_of(1))
        except ConflictError as error:
            caught.append(error)

    with ledger.hold():
        thread = threading.Thread(target=forget)
        thread.start()
        thread.join()
    assert caught


_WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from example_library import make_example
from ondol.core.access import LOCAL_PRINCIPAL
from ondol.store.forging import Batch, open_ledger

with open_ledger(Path(sys.argv[1]), "r", principal=LOCAL_PRINCIPAL) as ledger:
    number = int(ledger.get("place") or 0)
    while True:
        accepted = tuple(("train", make_example(number + i, number + i)) for i in range(10))
        number += 10
        ledger.commit(Batch(accepted=accepted, counters={"n": 10}, meta={"place": str(number)}))
        print(number, flush=True)
"""


def test_a_killed_writer_leaves_whole_batches_and_all_it_reported(tmp_path):
    chance = random.Random(7)
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path), str(Path(__file__).parent)],
            stdout=subprocess.PIPE,
            text=True,
        )
        reported = int(process.stdout.readline())
        time.sleep(chance.uniform(0, 0.1))
        os.kill(process.pid, signal.SIGKILL)
        reported = int((process.stdout.read().split("\n")[-2:-1] or [reported])[0])
        process.stdout.close()
        process.wait()
        with open_ledger(tmp_path, "r", principal=ME) as ledger:
            place = int(ledger.get("place"))
            assert place >= reported
            assert ledger.counters() == {"n": place}
            assert ledger.counts() == {("train", "qa"): place}


def test_a_hundred_thousand_examples_of_ten_thousand_documents(tmp_path):
    """No query of the loop may read the whole file: SQLite says of each which index it uses."""
    with open_ledger(tmp_path, "big", principal=ME) as ledger:
        ledger.save_documents([make_document(n) for n in range(10_000)])
        template = make_example(0, 0).model_dump_json()
        with ledger._database.write() as connection:
            rows = [(n + 1, f"exm_{n}", "train", "qa", f"t{n % 90}", template) for n in range(100_000)]
            connection.exec_driver_sql("INSERT INTO example VALUES (?, ?, ?, ?, ?, ?)", rows)
            sources = [(doc_of(n % 10_000), n + 1, True) for n in range(100_000)]
            connection.exec_driver_sql("INSERT INTO example_source VALUES (?, ?, ?)", sources)
        seen = _record_statements(ledger)
        assert ledger.counts() == {("train", "qa"): 100_000}
        assert ledger.documents_met() == 10_000
        assert len(ledger.topics()) == 90
        assert [seq for seq, _ in ledger.examples("train", after=99_998)] == [99_999, 100_000]
        assert len(ledger.examples_of(doc_of(7))) == 10
        assert ledger.passages("train", after=(3, 5)) == []
        assert ledger.passages_near(5, 3, other_than=doc_of(5), split="train") == []
        assert not ledger.is_read(doc_of(9_999))
        ledger.commit(Batch(accepted=[("test", make_example(200_000, 3))]))
        plans = _explain(ledger, seen)
        assert ledger.counts()["test", "qa"] == 1
    scans = [line for line in plans if line.startswith("SCAN") and "USING" not in line]
    assert not scans, f"these read whole tables: {scans}"


def _record_statements(ledger):
    from sqlalchemy import event

    seen = []
    event.listen(
        ledger._database.engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, parameters, *_: seen.append((statement, parameters)),
    )
    return seen


def _explain(ledger, statements):
    plans = []
    with ledger._database.read() as connection:
        for statement, parameters in list(statements):
            if statement.lstrip().startswith("SELECT") and "sqlite_sequence" not in statement:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plans += [row[3] for row in plan]
    assert plans
    return plans


def test_rows_in_the_file_are_plain_json(ledger):
    ledger.commit(Batch(accepted=[("train", make_example(1, 1))]))
    with ledger._database.read() as connection:
        body = connection.exec_driver_sql("SELECT body FROM example").scalar()
    assert json.loads(body)["messages"][0]["content"].endswith("한계는?")
