"""Errors in OpenAI's shape: ``{"error": {"message", "type", "param", "code"}}``."""

import logging
from typing import Any

from starlette.responses import JSONResponse

from ondol.core.errors import NotFoundError, OndolError, WrongUseError

log = logging.getLogger(__name__)

RETRY_AFTER_S = 5

_CODES = {
    "context_length": "context_length_exceeded",
    "not_authenticated": "invalid_api_key",
    "engine_busy": "rate_limit_exceeded",
}
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}


class ParameterError(WrongUseError):
    """One parameter of the request cannot be taken; ``param`` names it."""

    code = "bad_parameter"

    def __init__(self, message: str, *, param: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.param = param


class ModelNotFoundError(NotFoundError):
    """No model of this name, here or for this work."""

    code = "model_not_found"


def build_error(error: Exception) -> dict[str, Any]:
    """Return the JSON body for an exception; one that is not Ondol's own says nothing of its inside."""
    if not isinstance(error, OndolError):
        log.error("unexpected error in the gateway", exc_info=error)
        return build_body("The server met an error that it did not expect.", status=500, code="ondol_error")
    code = _CODES.get(error.code, error.code)
    param = error.param if isinstance(error, ParameterError) else None
    if isinstance(error, ModelNotFoundError):
        param = "model"
    return build_body(str(error), status=error.http_status, code=code, param=param)


def build_body(message: str, *, status: int, code: str | None, param: str | None = None) -> dict[str, Any]:
    """Return an error body; its type follows from the HTTP status."""
    fallback = "server_error" if status >= 500 else "invalid_request_error"
    kind = _TYPES.get(status, fallback)
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def build_error_response(error: Exception) -> JSONResponse:
    """Return the response for an exception."""
    status = error.http_status if isinstance(error, OndolError) else 500
    headers = {"retry-after": str(RETRY_AFTER_S)} if status in {429, 503} else {}
    if status == 401:
        headers["www-authenticate"] = 'Bearer realm="ondol"'
    return JSONResponse(build_error(error), status_code=status, headers=headers)
