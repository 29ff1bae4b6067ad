"""The application: routes, door, limits, errors and the web app, in one place."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Scope

from ondol import __version__
from ondol.core.errors import OndolError
from ondol.serve.api.errors import build_error_response, install_error_handlers
from ondol.serve.api.describe import build_openapi
from ondol.serve.api.routes import ask, conversations, documents, jobs, system
from ondol.serve.context import ServeContext
from ondol.serve.security import Access, SecurityMiddleware, check_binding

if TYPE_CHECKING:
    from ondol.serve.flows import Ondol

API_PREFIX = "/api/v1"


def build_routes() -> FastAPI:
    """Return the application without state: enough for its OpenAPI document."""
    app = FastAPI(
        title="Ondol",
        version=__version__,
        summary="Cited answers from your own documents, inside your own network.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for module in (system, ask, documents, conversations, jobs):
        app.include_router(module.router, prefix=API_PREFIX)
    document = build_openapi(app)
    app.openapi = lambda: document  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    return app


def create_app(ondol: "Ondol") -> FastAPI:
    """Return the application over an opened home."""
    app = build_routes()
    app.state.context = ServeContext(ondol)
    return app
