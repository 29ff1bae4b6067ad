"""Uploads: streamed to disk, checked, kept among the originals, one job a file."""

import secrets
from pathlib import Path
from unicodedata import category, normalize

from fastapi import Request
from starlette.requests import ClientDisconnect

from ondol.core.access import Label, Principal
from ondol.core.errors import OndolError, TooLargeError, WrongUseError
from ondol.policy.access import can_read
from ondol.serve.api.errors import build_detail
from ondol.serve.api.job import build_job
from ondol.serve.api.multipart import Form, FormReader, UploadedFile, gather_pieces
from ondol.serve.api.schema import JobBody, JobRefused, UploadAccepted
from ondol.serve.context import ServeContext
from ondol.serve.jobs import INGEST_UPLOAD
from ondol.text.normalise import nfc

MAX_FILES = 100
PIECE_BYTES = 1024 * 1024
_MAX_NAME_CHARS = 200
_MAX_LICENCE_CHARS = 200


async def accept_upload(context: ServeContext, request: Request, principal: Principal) -> UploadAccepted:
    """Take the files of a multipart request and queue a job for each.

    Raises:
        WrongUseError: not a multipart body, no file in it, or a label that the principal may not give.
        TooLargeError: too many files.
    """
    form = await _receive_form(context, request)
    try:
        accepted = await context.workers.run(lambda: _queue_files(context, form, principal))
    finally:
        form.discard()
    context.runner.wake()
    return accepted


async def _receive_form(context: ServeContext, request: Request) -> Form:
    folder = context.ondol.settings.home / "uploads"
    reader = FormReader(
        request.headers.get("content-type", ""),
        open_file=lambda: folder / f"{secrets.token_hex(16)}.part",
        max_files=MAX_FILES,
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        async for piece in gather_pieces(request.stream(), PIECE_BYTES):
            await context.workers.run(lambda data=piece: reader.feed(data))  # type: ignore[misc]  # bound at once
        return reader.finish()
    except ClientDisconnect as error:
        reader.close()
        reader.form.discard()
        raise WrongUseError("The upload broke off.", remedy="Send it again.") from error
    except BaseException:
        reader.close()
        reader.form.discard()
        raise


def _queue_files(context: ServeContext, form: Form, principal: Principal) -> UploadAccepted:
    if not form.files:
        raise WrongUseError("There is no file in the form.", remedy="Send files in fields called `files`.")
    label = read_label(form.fields.get("label", ""), principal)
    default = context.ondol.settings.default_label
    if label is None and not can_read(principal, default):
        raise WrongUseError(
            f"Without a label a document gets {default}, which you may not read.",
            remedy="Send a label: GET /api/v1/me lists those you may give in can_label.",
        )
    licence = " ".join(nfc(form.fields.get("licence", "")).split())[:_MAX_LICENCE_CHARS] or None
    options = {"label": None if label is None else str(label), "licence": licence}
    jobs: list[JobBody] = []
    refused: list[JobRefused] = []
    for file in form.files:
        try:
            jobs.append(_queue_file(context, file, options, principal))
        except OndolError as error:
            refused.append(JobRefused(name=clean_name(file.name), error=build_detail(error)))
    return UploadAccepted(jobs=jobs, refused=refused)


def _queue_file(
    context: ServeContext, file: UploadedFile, options: dict[str, str | None], principal: Principal
) -> JobBody:
    name = clean_name(file.name)
    limit = context.ondol.settings.max_file_bytes
    if file.size_bytes > limit:
        raise TooLargeError(f"{name} has {file.size_bytes} bytes; at most {limit} are read.")
    store = context.ondol.store
    payload = {"blob_sha256": store.blobs.put(file.path), "name": name, **options}
    job = store.jobs.enqueue(INGEST_UPLOAD, payload, principal=principal, name=name)
    context.trail.write(principal, "document.upload", resource=job.id, detail={"bytes": file.size_bytes})
    return build_job(job)


def read_label(text: str, principal: Principal) -> Label | None:
    """Return the label asked for, or ``None``; raises ``WrongUseError`` for one above the asker's."""
    if not text.strip():
        return None
    label = Label.parse(text)
    if not can_read(principal, label):
        raise WrongUseError(
            f"The label {label} is above your own.",
            remedy="GET /api/v1/me lists those you may give in can_label.",
        )
    return label


def clean_name(name: str) -> str:
    """Return a file name without folders, control characters or a length that file systems refuse."""
    last = normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}).strip(" .")
    if len(kept) > _MAX_NAME_CHARS:
        suffix = Path(kept).suffix[:20]
        kept = kept[: _MAX_NAME_CHARS - len(suffix)] + suffix
    return kept or "unnamed"
