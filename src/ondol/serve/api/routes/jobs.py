"""Work that was asked for: list, watch, cancel, try again."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from ondol.serve.api.errors import describe_errors, encode_stream_error
from ondol.serve.api.job import JobWatch, build_job, encode_job_event
from ondol.serve.api.routes.route import build_router, check_key
from ondol.serve.api.schema import JobBody, JobList, JobStatus
from ondol.serve.bridge import EventStream
from ondol.serve.context import Context, Who

router: APIRouter = build_router("jobs", "/jobs")

_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `progress` (JobBody) whenever it changes, then `done` (JobBody).",
        "content": {"text/event-stream": {"schema": {"$ref": "#/components/schemas/JobBody"}}},
    }
}


@router.get("", operation_id="listJobs", summary="Jobs, newest first", responses=describe_errors())
async def list_jobs(
    context: Context,
    principal: Who,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    status: JobStatus | None = None,
) -> JobList:
    """List the asker's jobs; an administrator sees everyone's."""
    jobs = await context.workers.run(
        lambda: context.ondol.store.jobs.list_jobs(principal=principal, limit=limit, status=status)
    )
    return JobList(jobs=[build_job(job) for job in jobs])


@router.get("/{job_id}", operation_id="getJob", summary="One job", responses=describe_errors(404))
async def get_job(context: Context, principal: Who, job_id: str) -> JobBody:
    """Return a job with its progress."""
    check_key(job_id, "job")
    return build_job(
        await context.workers.run(lambda: context.ondol.store.jobs.load_job(job_id, principal=principal))
    )


@router.get(
    "/{job_id}/events",
    operation_id="watchJob",
    summary="Progress as it happens",
    response_class=Response,
    responses=_EVENTS | describe_errors(404),
)
async def watch_job(context: Context, principal: Who, job_id: str) -> Response:
    """Stream the job's progress until it has ended."""
    check_key(job_id, "job")
    watch = JobWatch(context, job_id, principal)
    await watch.prime()
    return EventStream(watch, encode_job_event, encode_error=encode_stream_error)


@router.post(
    "/{job_id}/cancel", operation_id="cancelJob", summary="Cancel a job", responses=describe_errors(404, 409)
)
async def cancel_job(context: Context, principal: Who, job_id: str) -> JobBody:
    """Stop a job: at once when it waits, at its next safe point when it runs."""
    check_key(job_id, "job")

    def work() -> JobBody:
        job = context.ondol.store.jobs.cancel(job_id, principal=principal)
        context.trail.write(principal, "job.cancel", resource=job_id)
        return build_job(job)

    return await context.workers.run(work)


@router.post(
    "/{job_id}/retry", operation_id="retryJob", summary="Try again", responses=describe_errors(404, 409)
)
async def retry_job(context: Context, principal: Who, job_id: str) -> JobBody:
    """Queue a failed or cancelled job again."""
    check_key(job_id, "job")

    def work() -> JobBody:
        job = context.ondol.store.jobs.retry(job_id, principal=principal)
        context.trail.write(principal, "job.retry", resource=job_id)
        return build_job(job)

    job = await context.workers.run(work)
    context.runner.wake()
    return job
