"""The application: routes, door, limits, errors and the web app, in one place."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Scope

from ondol import __version__
from ondol.core.errors import AuthenticationError, OndolError
from ondol.serve.api.body import BodyLimitMiddleware
from ondol.serve.api.describe import build_openapi
from ondol.serve.api.errors import build_response_for, install_error_handlers
from ondol.serve.api.routes import ask, conversations, datasets, documents, jobs, system
from ondol.serve.api.web import build_web_app
from ondol.serve.context import ServeContext
from ondol.serve.gateway.routes import router as gateway
from ondol.serve.security import NOBODY, Access, SecurityMiddleware, check_binding

if TYPE_CHECKING:
    from ondol.serve.flows import Ondol

log = logging.getLogger(__name__)

API_PREFIX = "/api/v1"
MAX_JSON_BYTES = 1024 * 1024
MAX_GATEWAY_BYTES = 16 * 1024 * 1024
"""Chats carry whole documents, and embedding requests many texts."""

_GUARDED = ("/api/", "/v1/")


def build_routes() -> FastAPI:
    """Return the application without state: enough for its OpenAPI document."""
    app = FastAPI(
        title="Ondol",
        version=__version__,
        summary="Cited answers from your own documents, inside your own network.",
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    for module in (system, ask, documents, conversations, jobs, datasets):
        app.include_router(module.router, prefix=API_PREFIX)
    app.include_router(gateway, prefix="/v1")
    install_error_handlers(app)
    app.openapi = cache(lambda: build_openapi(app))  # type: ignore[method-assign]  # FastAPI's way to extend it
    return app


def create_app(ondol: "Ondol") -> FastAPI:
    """Return the application over an opened home; the home stays the caller's to close."""
    app = build_routes()
    context = ServeContext(ondol)
    app.state.context = context
    app.router.default = build_web_app()

    async def identify(scope: Scope, headers: Headers) -> Access:
        if not scope["path"].startswith(_GUARDED):
            return NOBODY
        context.guard.check_host(headers)
        if not context.guard.needs_lookup(headers):
            return context.guard.identify(scope, headers)
        try:
            return await context.door.run(lambda: context.guard.identify(scope, headers), timeout_s=30)
        except AuthenticationError:
            context.note_refused_key()
            raise

    def refuse(scope: Scope, error: OndolError) -> ASGIApp:
        return build_response_for(scope["path"], error)

    def limit_of(scope: Scope) -> int:
        if scope["path"] == f"{API_PREFIX}/documents":
            return ondol.settings.max_upload_bytes
        return MAX_GATEWAY_BYTES if scope["path"].startswith("/v1/") else MAX_JSON_BYTES

    app.add_middleware(BodyLimitMiddleware, limit_of=limit_of)
    app.add_middleware(SecurityMiddleware, identify=identify, refuse=refuse)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Refuse to serve everyone without keys; run jobs while the server runs."""
    context: ServeContext = app.state.context
    check_binding(context.ondol.settings.host, has_keys=await context.door.run(context.has_keys))
    context.start()
    try:
        yield
    finally:
        await context.upstream.close()
        context.close()
