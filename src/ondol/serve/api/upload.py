"""Uploads: streamed to disk, one job a file."""

from fastapi import Request

from ondol.core.access import Principal
from ondol.serve.api.schema import UploadAccepted
from ondol.serve.context import ServeContext


async def accept_upload(context: ServeContext, request: Request, principal: Principal) -> UploadAccepted:
    """Take the files of a multipart request."""
    raise NotImplementedError
