"""The job queue: leases, dead workers, cancelling, trying again."""

import threading

import pytest

from ondol.core.access import LOCAL_PRINCIPAL, Principal
from ondol.core.errors import ConflictError, NotFoundError
from ondol.store.jobs import MAX_ATTEMPTS

KIM = Principal(name="kim")
ME = LOCAL_PRINCIPAL


def test_a_job_from_asking_to_done(store, clock):
    job = store.jobs.enqueue("ingest", {"blob_sha256": "ab"}, principal=KIM, name="report.pdf")
    assert (job.status, job.name, job.principal, job.payload) == (
        "queued",
        "report.pdf",
        "kim",
        {"blob_sha256": "ab"},
    )
    clock.advance(1)
    leased = store.jobs.lease("w1", 30)
    assert leased is not None
    assert (leased.id, leased.status, leased.attempts, leased.worker) == (job.id, "running", 1, "w1")
    assert store.jobs.lease("w2", 30) is None
    store.jobs.progress(job.id, {"files": 3}, worker="w1")
    assert store.jobs.load_job(job.id, principal=KIM).progress == {"files": 3}
    store.jobs.finish(job.id, {"added": 3}, worker="w1")
    done = store.jobs.load_job(job.id, principal=KIM)
    assert (done.status, done.result, done.worker, done.error_code) == ("done", {"added": 3}, None, "")
    assert store.jobs.lease("w1", 30) is None


def test_jobs_are_taken_in_the_order_of_asking(store, clock):
    asked = []
    for number in range(3):
        asked.append(store.jobs.enqueue("ingest", {"n": number}, principal=KIM).id)
        clock.advance(1)
    assert [store.jobs.lease("w", 30).id for _ in asked] == asked
    assert [job.id for job in store.jobs.list_jobs(principal=KIM)] == asked[::-1]
    assert len(store.jobs.list_jobs(principal=KIM, limit=2)) == 2
    assert store.jobs.list_jobs(principal=KIM, status="done") == ()


def test_a_dead_workers_job_is_taken_up_and_its_late_word_does_not_count(store, clock):
    job = store.jobs.enqueue("ingest", {}, principal=KIM)
    store.jobs.lease("w1", 30)
    clock.advance(29)
    store.jobs.heartbeat(job.id, "w1", 30)
    clock.advance(29)
    assert store.jobs.lease("w2", 30) is None
    clock.advance(2)
    again = store.jobs.lease("w2", 30)
    assert (again.id, again.attempts) == (job.id, 2)
    for late in (
        lambda: store.jobs.heartbeat(job.id, "w1", 30),
        lambda: store.jobs.progress(job.id, {}, worker="w1"),
        lambda: store.jobs.finish(job.id, {}, worker="w1"),
        lambda: store.jobs.fail(job.id, "x", "X.", worker="w1"),
        lambda: store.jobs.finish_cancel(job.id, worker="w1"),
        lambda: store.jobs.release(job.id, worker="w1"),
    ):
        with pytest.raises(ConflictError, match="w1 no longer holds"):
            late()
    store.jobs.finish(job.id, {}, worker="w2")


def test_a_job_that_kills_its_workers_is_failed(store, clock):
    job = store.jobs.enqueue("ingest", {}, principal=KIM)
    for _ in range(MAX_ATTEMPTS):
        assert store.jobs.lease("w", 10) is not None
        clock.advance(11)
    assert store.jobs.lease("w", 10) is None
    failed = store.jobs.load_job(job.id, principal=KIM)
    assert (failed.status, failed.error_code) == ("failed", "worker_died")
    assert failed.error_remedy


def test_trying_again_by_itself_pauses_longer_each_time(store, clock):
    job = store.jobs.enqueue("ingest", {}, principal=KIM)
    for pause in (5, 10):
        store.jobs.lease("w", 30)
        store.jobs.fail(job.id, "engine_unavailable", "Not there.", worker="w", retryable=True)
        clock.advance(pause - 1)
        assert store.jobs.lease("w", 30) is None
        clock.advance(1)
    store.jobs.lease("w", 30)
    store.jobs.fail(
        job.id, "engine_unavailable", "Not there.", remedy="Start it.", worker="w", retryable=True
    )
    failed = store.jobs.load_job(job.id, principal=KIM)
    assert (failed.status, failed.error_code, failed.error_remedy) == (
        "failed",
        "engine_unavailable",
        "Start it.",
    )
    retried = store.jobs.retry(job.id, principal=KIM)
    assert (retried.status, retried.attempts, retried.error_code) == ("queued", 0, "")
    assert store.jobs.lease("w", 30).id == job.id


def test_cancelling(store, clock):
    waiting = store.jobs.enqueue("ingest", {}, principal=KIM)
    assert store.jobs.cancel(waiting.id, principal=KIM).status == "cancelled"
    with pytest.raises(ConflictError, match="is cancelled"):
        store.jobs.cancel(waiting.id, principal=KIM)
    running = store.jobs.enqueue("ingest", {}, principal=KIM)
    store.jobs.lease("w", 30)
    assert store.jobs.cancel(running.id, principal=KIM).status == "running"
    assert store.jobs.heartbeat(running.id, "w", 30).is_cancelling
    store.jobs.finish_cancel(running.id, worker="w")
    assert store.jobs.load_job(running.id, principal=KIM).status == "cancelled"
    store.jobs.retry(running.id, principal=KIM)
    store.jobs.lease("w", 30)
    store.jobs.cancel(running.id, principal=KIM)
    clock.advance(31)
    assert store.jobs.lease("w2", 30) is None, "a cancelled job of a dead worker is not started again"
    assert store.jobs.load_job(running.id, principal=KIM).status == "cancelled"


def test_a_server_that_shuts_down_gives_its_job_back(store):
    job = store.jobs.enqueue("ingest", {}, principal=KIM)
    store.jobs.lease("w1", 1000)
    store.jobs.release(job.id, worker="w1")
    assert store.jobs.lease("w2", 30).attempts == 1


def test_others_jobs_are_not_there(store):
    job = store.jobs.enqueue("ingest", {}, principal=KIM)
    lee = Principal(name="lee")
    for read in (store.jobs.load_job, store.jobs.cancel, store.jobs.retry):
        with pytest.raises(NotFoundError, match="lee has no job"):
            read(job.id, principal=lee)
    assert store.jobs.list_jobs(principal=lee) == ()
    assert store.jobs.load_job(job.id, principal=ME).id == job.id
    assert len(store.jobs.list_jobs(principal=ME)) == 1


def test_many_workers_take_each_job_once(store):
    asked = {store.jobs.enqueue("ingest", {"n": n}, principal=KIM).id for n in range(20)}
    taken: list[str] = []

    def work(name: str) -> None:
        while job := store.jobs.lease(name, 60):
            taken.append(job.id)
            store.jobs.finish(job.id, {}, worker=name)

    workers = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(taken) == sorted(asked)
