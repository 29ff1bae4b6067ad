"""Jobs: who sees them, cancelling, retrying, a killed server's jobs, and their events."""

import json
import threading

import pytest
from serve_harness import add_key, read_events, serving, wait_for_job, wait_until

from ondol.core.access import LOCAL_PRINCIPAL
from ondol.core.errors import EngineUnavailableError
from ondol.serve import jobs as job_module
from ondol.serve.jobs import JobRunner, JobStopped


@pytest.fixture
def work(monkeypatch):
    """Put a kind of job in place whose work the test decides."""

    def set_work(function):
        monkeypatch.setitem(job_module.WORKS, "trial", function)

    return set_work


def enqueue(ondol, **payload):
    return ondol.store.jobs.enqueue("trial", payload, principal=LOCAL_PRINCIPAL, name="a trial")


def test_a_job_reports_progress_and_ends(ondol, work):
    def count(run):
        run.report({"done": 1, "total": 2})
        return {"answer": run.job.payload["x"]}

    work(count)
    job = enqueue(ondol, x=42)
    with serving(ondol) as client:
        done = wait_for_job(client, job.id)
    assert (done["status"], done["result"]) == ("done", {"answer": 42})
    assert done["progress"] == {"done": 1, "total": 2}


def test_events_end_with_the_final_state(ondol, work):
    go = threading.Event()

    def wait(run):
        run.report({"done": 1})
        go.wait(10)
        return {}

    work(wait)
    job = enqueue(ondol)
    with serving(ondol) as client:
        threading.Timer(2.0, go.set).start()
        events = read_events(client.get(f"/api/v1/jobs/{job.id}/events").text)
    assert [name for name, _ in events][-1] == "done"
    assert "progress" in [name for name, _ in events]
    assert json.loads(events[-1][1])["status"] == "done"


def test_a_running_job_is_cancelled_at_its_next_safe_point(ondol, work, monkeypatch):
    monkeypatch.setattr(job_module, "HEARTBEAT_S", 0.05)
    began = threading.Event()

    def go_on(run):
        began.set()
        wait_until(run.should_stop)
        raise JobStopped

    work(go_on)
    job = enqueue(ondol)
    with serving(ondol) as client:
        assert began.wait(10)
        client.post(f"/api/v1/jobs/{job.id}/cancel")
        assert wait_for_job(client, job.id)["status"] == "cancelled"
        assert client.post(f"/api/v1/jobs/{job.id}/cancel").status_code == 409
        work(lambda _run: {"second": True})
        assert client.post(f"/api/v1/jobs/{job.id}/retry").json()["status"] == "queued"
        assert wait_for_job(client, job.id)["result"] == {"second": True}


def test_an_unexpected_error_fails_the_job_and_not_the_server(ondol, work):
    def break_down(_run):
        raise ZeroDivisionError("a secret")

    work(break_down)
    job = enqueue(ondol)
    with serving(ondol) as client:
        failed = wait_for_job(client, job.id)
        assert failed["status"] == "failed"
        assert "secret" not in failed["error"]["message"]
        work(lambda _run: {})
        assert wait_for_job(client, enqueue(ondol).id)["status"] == "done"


def test_an_unknown_kind_fails(ondol):
    job = ondol.store.jobs.enqueue("from_the_future", {}, principal=LOCAL_PRINCIPAL)
    with serving(ondol) as client:
        assert wait_for_job(client, job.id)["error"]["code"] == "wrong_use"


def test_a_transient_failure_is_tried_again(ondol, work):
    attempts = []

    def fail_once(_run):
        attempts.append(1)
        raise EngineUnavailableError("The engine sleeps.")

    work(fail_once)
    job = enqueue(ondol)
    with serving(ondol) as client:
        wait_until(lambda: attempts)
        wait_until(lambda: client.get(f"/api/v1/jobs/{job.id}").json()["status"] == "queued")


def test_a_killed_servers_job_is_taken_up_by_the_next(ondol, work):
    work(lambda _run: {"taken": "up"})
    job = enqueue(ondol)
    assert ondol.store.jobs.lease("a killed server", -1.0).id == job.id
    with serving(ondol) as client:
        assert wait_for_job(client, job.id)["result"] == {"taken": "up"}


def test_a_server_that_stops_gives_its_jobs_back(ondol, work):
    began = threading.Event()

    def go_on(run):
        began.set()
        wait_until(run.should_stop)
        raise JobStopped

    work(go_on)
    job = enqueue(ondol)
    runner = JobRunner(ondol)
    runner.start()
    assert began.wait(10)
    runner.close()
    assert ondol.store.jobs.load_job(job.id, principal=LOCAL_PRINCIPAL).status == "queued"


def test_who_lost_the_lease_does_not_say_how_the_job_ends(ondol, work):
    work(lambda run: {"by": run.job.worker})
    job = enqueue(ondol)
    jobs = ondol.store.jobs
    runner = JobRunner(ondol)
    mine = jobs.lease("other", -1.0)
    jobs.lease("third", 60.0)
    runner._worker = "other"
    runner._execute(mine)
    assert jobs.load_job(job.id, principal=LOCAL_PRINCIPAL).worker == "third"


def test_jobs_are_seen_by_who_asked_and_by_administrators(ondol):
    kim, lee = add_key(ondol, "kim", "open"), add_key(ondol, "lee", "open")
    boss = add_key(ondol, "boss", "open", is_admin=True)
    with serving(ondol) as client:
        files = {"files": ("a.txt", b"words of kim", "text/plain")}
        job = client.post("/api/v1/documents", files=files, headers=kim).json()["jobs"][0]
        wait_for_job(client, job["id"], headers=kim)
        for path in ("", "/events"):
            assert client.get(f"/api/v1/jobs/{job['id']}{path}", headers=lee).status_code == 404
        assert client.post(f"/api/v1/jobs/{job['id']}/cancel", headers=lee).status_code == 404
        assert client.get("/api/v1/jobs", headers=lee).json() == {"jobs": []}
        assert [j["id"] for j in client.get("/api/v1/jobs", headers=boss).json()["jobs"]] == [job["id"]]
        failed = client.get("/api/v1/jobs", params={"status": "failed"}, headers=boss).json()
        assert failed == {"jobs": []}


def test_an_index_is_built_anew_by_a_job(ondol):
    job = ondol.store.jobs.enqueue("reindex", {}, principal=LOCAL_PRINCIPAL)
    with serving(ondol) as client:
        assert wait_for_job(client, job.id)["status"] == "done"
        assert client.post("/api/v1/search", json={"query": "battery"}).json()["hits"]


def test_paths_of_this_machine_are_ingested_by_a_job(ondol, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "one.txt").write_text("The lighthouse is 40 metres high.", "utf-8")
    payload = {"paths": [str(tmp_path / "docs")], "label": "sensitive"}
    job = ondol.store.jobs.enqueue("ingest_paths", payload, principal=LOCAL_PRINCIPAL)
    with serving(ondol) as client:
        assert wait_for_job(client, job.id)["result"]["added"] == 1
        hit = client.post("/api/v1/search", json={"query": "lighthouse"}).json()["hits"][0]
        assert client.get(f"/api/v1/documents/{hit['document']}").json()["label"] == "sensitive"
