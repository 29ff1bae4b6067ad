"""Errors as the platform API tells them: the code and remedy of ``core.errors``, never a stack trace."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from ondol.core.errors import NotFoundError, OndolError, TooLargeError, WrongUseError
from ondol.serve.api.schema import ErrorBody, ErrorDetail
from ondol.serve.bridge import encode_event
from ondol.serve.gateway import errors as openai

log = logging.getLogger(__name__)

GATEWAY_PREFIX = "/v1/"
RETRY_AFTER_S = 5
_MAX_FAULTS = 20
UNEXPECTED = OndolError(
    "The server met an error that it did not expect.", remedy="The server's log says more; try again."
)


def build_detail(error: Exception) -> ErrorDetail:
    """Describe any exception; one that is not Ondol's own says nothing of its inside."""
    known = error if isinstance(error, OndolError) else UNEXPECTED
    return ErrorDetail(code=known.code, message=known.message, remedy=known.remedy)


def build_error(error: Exception) -> dict[str, Any]:
    """Return the JSON body for an exception."""
    return ErrorBody(error=build_detail(error)).model_dump(exclude_none=True)


def build_error_response(error: OndolError) -> JSONResponse:
    """Return the response for one of Ondol's errors."""
    headers = {"retry-after": str(RETRY_AFTER_S)} if error.http_status in {429, 503} else {}
    if error.http_status == 401:
        headers["www-authenticate"] = 'Bearer realm="ondol"'
    return JSONResponse(build_error(error), status_code=error.http_status, headers=headers)


def encode_stream_error(error: Exception) -> bytes:
    """Return the last event of a stream that failed."""
    if not isinstance(error, OndolError):
        log.error("unexpected error in a stream", exc_info=error)
    return encode_event("error", build_error(error))


def build_response_for(path: str, error: OndolError) -> JSONResponse:
    """Return the response in the shape of the API that ``path`` belongs to."""
    if path.startswith(GATEWAY_PREFIX):
        return openai.build_error_response(error)
    return build_error_response(error)


async def _on_ondol_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, OndolError):
        raise error
    if error.http_status >= 500:
        log.warning("%s: %s", error.code, error.message)
    return build_response_for(request.scope["path"], error)


async def _on_validation_error(request: Request, error: Exception) -> Response:
    """Name the fields; never echo the input, which may be secret or huge."""
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [
        (".".join(str(part) for part in item["loc"] if part != "body"), item["msg"])
        for item in error.errors()[:_MAX_FAULTS]
    ]
    if request.scope["path"].startswith(GATEWAY_PREFIX):
        param, message = faults[0]
        return openai.build_error_response(
            openai.ParameterError(f"{param or 'body'}: {message}", param=param or "body")
        )
    detail = ErrorDetail(
        code=WrongUseError.code,
        message="The request is malformed.",
        remedy="Correct what error.fields names; /api/v1/openapi.json describes the request.",
        fields=[f"{where or 'body'}: {message}" for where, message in faults],
    )
    return JSONResponse(ErrorBody(error=detail).model_dump(exclude_none=True), status_code=400)


_STATUS_ERRORS: dict[int, OndolError] = {
    404: NotFoundError("There is nothing at this address."),
    405: WrongUseError("This address does not take this method."),
    408: WrongUseError("The body of the request came too slowly."),
    413: TooLargeError("The request is too large.", remedy="The operator sets the limit: max_upload_bytes."),
}


async def _on_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    known = _STATUS_ERRORS.get(error.status_code, WrongUseError("The request could not be read."))
    response = build_response_for(request.scope["path"], known)
    response.status_code = error.status_code
    response.headers.update(error.headers or {})
    return response


def install_error_handlers(app: FastAPI) -> None:
    """Make every expected error of ``app`` take its API's shape; the door answers for the unexpected."""
    app.add_exception_handler(OndolError, _on_ondol_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)


_DESCRIPTIONS = {
    400: "The request is malformed (`wrong_use`).",
    401: "No valid API key (`not_authenticated`).",
    403: "The principal may not do this (`access_denied`).",
    404: "No such thing, or none that this principal may know of (`not_found`).",
    409: "The state does not allow this now (`conflict`).",
    413: "Over a limit (`too_large`).",
    415: "Not a content type that is taken here (`wrong_use`).",
    429: "Too many requests at once (`engine_busy`); `Retry-After` says when to come back.",
    503: "An engine is not available (`engine_unavailable`, `no_model`).",
}


def describe_errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the ``responses`` of a route that can fail in these ways, besides 400, 401 and 429."""
    return {s: {"model": ErrorBody, "description": _DESCRIPTIONS[s]} for s in (400, 401, 429, *statuses)}
