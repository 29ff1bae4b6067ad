"""Jobs as the API shows them, and a watch over one of them."""

import asyncio
from typing import TYPE_CHECKING

from ondol.core.access import Principal
from ondol.serve.api.schema import ErrorDetail, JobBody
from ondol.serve.bridge import StreamEnd, encode_event
from ondol.serve.context import ServeContext

if TYPE_CHECKING:
    from ondol.store.jobs import Job

POLL_S = 0.4
FINAL = frozenset({"done", "failed", "cancelled"})


def build_job(job: "Job") -> JobBody:
    """Return the API's view of a stored job; its payload stays inside."""
    error = None
    if job.error_code:
        error = ErrorDetail(code=job.error_code, message=job.error_message, remedy=job.error_remedy)
    return JobBody(
        id=job.id,
        kind=job.kind,
        status=job.status,
        name=job.name,
        progress=job.progress,
        result=job.result,
        error=error,
        created_at=job.created_at,
        updated_at=job.updated_at,
    )


class JobWatch:
    """Yields a job whenever it has changed, until it has ended; it may run in another server."""

    def __init__(self, context: ServeContext, job_id: str, principal: Principal) -> None:
        self._context, self._job_id, self._principal = context, job_id, principal
        self._last: JobBody | None = None
        self._held: JobBody | None = None

    async def prime(self) -> None:
        """Load the job once; raises ``NotFoundError`` while that can still become an HTTP status."""
        self._held = await self._load()

    async def next(self) -> JobBody:
        """Wait for the next change; raises ``StreamEnd`` after the final state."""
        if self._last is not None and self._last.status in FINAL:
            raise StreamEnd
        while True:
            job, self._held = self._held or await self._load(), None
            if job != self._last:
                self._last = job
                return job
            await asyncio.sleep(POLL_S)

    def close(self) -> None:
        """Nothing runs between two looks."""

    async def _load(self) -> JobBody:
        store = self._context.ondol.store
        return build_job(
            await self._context.workers.run(
                lambda: store.jobs.load_job(self._job_id, principal=self._principal), timeout_s=30
            )
        )


def encode_job_event(job: JobBody) -> bytes:
    """Return the server-sent event for a state of a job."""
    name = "done" if job.status in FINAL else "progress"
    return encode_event(name, job.model_dump(mode="json", exclude_none=True))
