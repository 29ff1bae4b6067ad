"""Work that was asked for, in a table: a worker leases a job; when it dies, another takes the job up.

A job's work is a function from artifacts to artifacts, so starting it again loses nothing; the table only
says who works on what. What a worker reports counts only while it holds the lease.
"""

from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, insert, select, true, update

from ondol.core.access import Principal
from ondol.core.clock import Clock
from ondol.core.errors import ConflictError, NotFoundError
from ondol.core.frozen import Frozen
from ondol.store import schema
from ondol.store.database import Database
from ondol.store.ids import make_id

JobStatus = Literal["queued", "running", "done", "failed", "cancelled"]

MAX_ATTEMPTS = 3
"""A job that ended with its process so often is failed: it may be what kills the process."""

_PAUSE_S = 5.0
_job = schema.job.c


class Job(Frozen):
    """A job as it stands.

    Attributes:
        kind: which work, ``ingest`` for example.
        name: what it is about, for people.
        payload: what the worker needs; ids and options, never text of documents.
        principal: name of who asked; rights are looked up anew when it runs.
        is_cancelling: it runs and was asked to stop at its next safe point.
        worker: who holds the lease.
    """

    id: str
    kind: str
    name: str
    payload: dict[str, Any]
    status: JobStatus
    principal: str
    progress: dict[str, Any]
    result: dict[str, Any] | None = None
    error_code: str = ""
    error_message: str = ""
    error_remedy: str = ""
    attempts: int = 0
    is_cancelling: bool = False
    worker: str | None = None
    created_at: datetime
    updated_at: datetime


class Jobs:
    """The queue. Safe to use from several threads and processes."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    # For those who ask

    def enqueue(self, kind: str, payload: dict[str, Any], *, principal: Principal, name: str = "") -> Job:
        """Add a job, to be worked on in the name of ``principal``."""
        now = self._clock()
        job_id = make_id("job")
        with self._database.write() as connection:
            connection.execute(
                insert(schema.job),
                {
                    "id": job_id,
                    "kind": kind,
                    "name": name,
                    "payload": payload,
                    "status": "queued",
                    "principal": principal.name,
                    "progress": {},
                    "attempts": 0,
                    "is_cancelling": False,
                    "due_at": now,
                    "created_at": now,
                    "updated_at": now,
                },
            )
            return _read_job(self._find(connection, job_id, principal))

    def load_job(self, job_id: str, *, principal: Principal) -> Job:
        """Return a job of ``principal``, any job for an administrator; raises ``NotFoundError``."""
        with self._database.read() as connection:
            return _read_job(self._find(connection, job_id, principal))

    def list_jobs(
        self, *, principal: Principal, limit: int = 100, status: JobStatus | None = None
    ) -> tuple[Job, ...]:
        """Return the newest jobs of ``principal``, or everyone's for an administrator."""
        statement = select(schema.job).where(_is_visible(principal)).limit(limit)
        if status is not None:
            statement = statement.where(_job.status == status)
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(_job.created_at.desc(), _job.id)).mappings().all()
        return tuple(_read_job(row) for row in rows)

    def cancel(self, job_id: str, *, principal: Principal) -> Job:
        """Stop a job: at once when it waits, at its next safe point when it runs.

        Raises:
            NotFoundError: no such job of ``principal``.
            ConflictError: it has ended.
        """
        with self._database.write() as connection:
            status = self._find(connection, job_id, principal)["status"]
            if status == "queued":
                self._set(connection, job_id, status="cancelled")
            elif status == "running":
                self._set(connection, job_id, is_cancelling=True)
            else:
                raise ConflictError(
                    f"Job {job_id} is {status}.", remedy="Only waiting or running jobs can be cancelled."
                )
            return _read_job(self._find(connection, job_id, principal))

    def retry(self, job_id: str, *, principal: Principal) -> Job:
        """Queue a failed or cancelled job again; raises ``NotFoundError`` or ``ConflictError``."""
        with self._database.write() as connection:
            status = self._find(connection, job_id, principal)["status"]
            if status not in {"failed", "cancelled"}:
                raise ConflictError(
                    f"Job {job_id} is {status}.", remedy="Only failed or cancelled jobs can be retried."
                )
            self._set(
                connection,
                job_id,
                status="queued",
                attempts=0,
                progress={},
                result=None,
                error_code=None,
                error_message=None,
                error_remedy=None,
                is_cancelling=False,
                due_at=self._clock(),
            )
            return _read_job(self._find(connection, job_id, principal))

    # For those who work

    def lease(self, worker: str, lease_s: float) -> Job | None:
        """Take the job that has waited longest, for ``lease_s`` seconds; ``None`` when there is none.

        A job whose worker let its lease run out is taken up again, and failed after ``MAX_ATTEMPTS``.
        """
        now = self._clock()
        with self._database.read() as connection:
            if connection.execute(_select_due(now)).first() is None:
                return None  # looking for work often must not get in the way of writers
        with self._database.write() as connection:
            while row := connection.execute(_select_due(now)).mappings().first():
                job_id = row["id"]
                if row["is_cancelling"]:
                    self._set(connection, job_id, status="cancelled", is_cancelling=False, worker=None)
                elif row["attempts"] >= MAX_ATTEMPTS:
                    self._fail(
                        connection,
                        job_id,
                        "worker_died",
                        f"The process that worked on it ended {MAX_ATTEMPTS} times.",
                        "See the server's log, then retry the job.",
                    )
                else:
                    self._set(
                        connection,
                        job_id,
                        status="running",
                        worker=worker,
                        attempts=row["attempts"] + 1,
                        due_at=now + timedelta(seconds=lease_s),
                    )
                    return _read_job(connection.execute(_select_one(job_id)).mappings().one())
        return None

    def heartbeat(self, job_id: str, worker: str, lease_s: float) -> Job:
        """Renew the lease; the job returned tells by ``is_cancelling`` whether to stop.

        Raises:
            ConflictError: the lease is lost; stop working on it.
        """
        with self._database.write() as connection:
            self._check_lease(connection, job_id, worker)
            self._set(connection, job_id, due_at=self._clock() + timedelta(seconds=lease_s))
            return _read_job(connection.execute(_select_one(job_id)).mappings().one())

    def progress(self, job_id: str, progress: dict[str, Any], *, worker: str) -> None:
        """Note how far it is; raises ``ConflictError`` when the lease is lost."""
        with self._database.write() as connection:
            self._check_lease(connection, job_id, worker)
            self._set(connection, job_id, progress=progress)

    def finish(self, job_id: str, result: dict[str, Any], *, worker: str) -> None:
        """End it well; raises ``ConflictError`` when the lease is lost."""
        with self._database.write() as connection:
            self._check_lease(connection, job_id, worker)
            self._set(connection, job_id, status="done", result=result, is_cancelling=False, worker=None)

    def fail(
        self, job_id: str, code: str, message: str, *, remedy: str = "", worker: str, retryable: bool = False
    ) -> None:
        """End it badly, or, where trying again may help, queue it again after a pause that grows.

        Raises:
            ConflictError: the lease is lost.
        """
        with self._database.write() as connection:
            attempts = self._check_lease(connection, job_id, worker)["attempts"]
            if retryable and attempts < MAX_ATTEMPTS:
                pause = timedelta(seconds=_PAUSE_S * 2 ** (attempts - 1))
                self._set(connection, job_id, status="queued", worker=None, due_at=self._clock() + pause)
            else:
                self._fail(connection, job_id, code, message, remedy)

    def finish_cancel(self, job_id: str, *, worker: str) -> None:
        """Say that it stopped because it was asked to; raises ``ConflictError`` when the lease is lost."""
        with self._database.write() as connection:
            self._check_lease(connection, job_id, worker)
            self._set(connection, job_id, status="cancelled", is_cancelling=False, worker=None)

    def release(self, job_id: str, *, worker: str) -> None:
        """Give it back unfinished, as a server does that shuts down; the attempt does not count."""
        with self._database.write() as connection:
            attempts = self._check_lease(connection, job_id, worker)["attempts"]
            self._set(
                connection, job_id, status="queued", worker=None, attempts=attempts - 1, due_at=self._clock()
            )

    def blobs_in_use(self) -> frozenset[str]:
        """Return the originals that jobs will or may yet read (``blob_sha256`` of their payload)."""
        open_jobs = select(_job.payload).where(_job.status.in_(("queued", "running", "failed", "cancelled")))
        with self._database.read() as connection:
            payloads = connection.execute(open_jobs).scalars().all()
        return frozenset(payload["blob_sha256"] for payload in payloads if "blob_sha256" in payload)

    def _find(self, connection: Connection, job_id: str, principal: Principal) -> RowMapping:
        row = connection.execute(_select_one(job_id).where(_is_visible(principal))).mappings().first()
        if row is None:
            raise NotFoundError(
                f"{principal.name} has no job {job_id[:80]!r}.", remedy="`ondol jobs list` shows the jobs."
            )
        return row

    def _check_lease(self, connection: Connection, job_id: str, worker: str) -> RowMapping:
        row = connection.execute(_select_one(job_id)).mappings().first()
        if row is None or row["status"] != "running" or row["worker"] != worker:
            raise ConflictError(
                f"{worker} no longer holds job {job_id}.", remedy="Stop; another worker has taken it up."
            )
        return row

    def _fail(self, connection: Connection, job_id: str, code: str, message: str, remedy: str) -> None:
        self._set(
            connection,
            job_id,
            status="failed",
            worker=None,
            is_cancelling=False,
            error_code=code,
            error_message=message,
            error_remedy=remedy,
        )

    def _set(self, connection: Connection, job_id: str, **values: Any) -> None:
        connection.execute(
            update(schema.job).where(_job.id == job_id).values(updated_at=self._clock(), **values)
        )


def _is_visible(principal: Principal) -> Any:
    return true() if principal.is_admin else _job.principal == principal.name


def _select_one(job_id: str) -> Any:
    return select(schema.job).where(_job.id == job_id)


def _select_due(now: datetime) -> Any:
    due = _job.status.in_(("queued", "running")) & (_job.due_at <= now)
    return select(schema.job).where(due).order_by(_job.created_at, _job.id).limit(1)


def _read_job(row: RowMapping) -> Job:
    values = {name: value for name, value in row.items() if name != "due_at" and value is not None}
    return Job.model_validate(values)
