"""What finished runs left behind goes, what a dataset or a run under way needs stays."""

import os
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from forging import build_home, build_recipe, forge, write_varied
from writer_server import serving

from ondol.core.access import LOCAL_PRINCIPAL, Principal
from ondol.core.errors import AccessDeniedError
from ondol.forge.clean import clean
from ondol.store import open_store
from ondol.store.forging import open_ledger

NOW = datetime.now(UTC) + timedelta(days=100)
RECIPE = {"name": "written", "target": 40}


@pytest.fixture(scope="module")
def template(tmp_path_factory, handbook):
    """A home with a dataset that a server wrote; every third reply was of no use."""
    home = build_home(tmp_path_factory.mktemp("clean") / "home", handbook)
    with serving(lambda body, count: write_varied(body, count) if count % 3 else "I cannot.") as server:
        report = forge(home, build_recipe(**RECIPE), base_url=server.base_url)
    assert report.accepted == 40
    return home


@pytest.fixture
def home(template, tmp_path):
    shutil.copytree(template, tmp_path / "home")
    return tmp_path / "home"


def run(home, *, days=30, remove=False, principal=LOCAL_PRINCIPAL):
    """Clean as if it were a hundred days later."""
    with open_store(home, clock=lambda: NOW) as store:
        return clean(store, older_than=timedelta(days=days), remove=remove, principal=principal)


def count_calls(home):
    with open_store(home) as store:
        return store.calls.count()


def read_calls(home):
    with open_store(home) as store:
        return {key for _, e in store.datasets.read_examples("written") for key in e.provenance.calls}


def test_what_would_go_is_said_and_stays(home):
    before = count_calls(home)
    found = run(home)
    assert not found.done
    assert len(found.runs) == 1
    assert found.calls == before - len(read_calls(home)) > 0
    assert found.run_bytes > 0
    assert found.call_bytes > 0
    assert count_calls(home) == before
    assert run(home) == found


def test_what_goes_is_not_what_a_dataset_came_from(home):
    found = run(home, remove=True)
    assert found.done
    used = read_calls(home)
    assert count_calls(home) == len(used) > 0
    with open_store(home) as store:
        assert all(store.calls.find_reply(key, principal=LOCAL_PRINCIPAL) for key in used)
    assert not list((home / "runs").iterdir())
    again = run(home, remove=True)
    assert (again.runs, again.calls) == ((), 0)


def test_what_is_newer_stays(home):
    found = run(home, days=1000, remove=True)
    assert (found.runs, found.calls, found.unfinished) == ((), 0, ())
    assert list((home / "runs").glob("*/ledger.db"))


def test_a_run_that_goes_on_keeps_its_ledger_and_while_it_is_fresh_all_replies(home):
    report = forge(home, build_recipe(name="halfway", target=40), should_stop=lambda: True)
    assert report.interrupted
    found = run(home)
    assert (found.unfinished, found.in_use) == ((report.run,), ())
    assert found.calls > 0
    yesterday = (NOW - timedelta(days=1)).timestamp()
    os.utime(home / "runs" / report.run / "ledger.db", (yesterday, yesterday))
    found = run(home, remove=True)
    assert found.in_use == (report.run,)
    assert found.calls == 0
    assert len(found.runs) == 1
    assert [path.name for path in (home / "runs").iterdir()] == [report.run]


def test_a_finished_run_without_its_dataset_is_kept(home):
    shutil.rmtree(home / "datasets" / "written")
    found = run(home, remove=True)
    assert found.runs == ()
    assert len(found.unfinished) == 1
    assert found.calls > 0
    with open_store(home) as store:
        with open_ledger(home, *found.unfinished, principal=LOCAL_PRINCIPAL) as ledger:
            calls = {key for _, example in ledger.examples() for key in example.provenance.calls}
        assert store.calls.count() == len(calls) > 0


def test_only_administrators_clean(home):
    with pytest.raises(AccessDeniedError, match="Only administrators"):
        run(home, principal=Principal(name="reader"))
