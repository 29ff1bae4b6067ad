"""Who am I, is the server well, which models and labels are there."""

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import JSONResponse

from ondol import __version__
from ondol.core.access import EVERY_GROUP, Grade, Label, Principal
from ondol.core.errors import AuthenticationError
from ondol.policy.access import can_read
from ondol.serve.api.errors import describe_errors
from ondol.serve.api.routes.route import build_router
from ondol.serve.api.schema import Health, LabelList, Me, ModelList, SessionRequest
from ondol.serve.context import Context, ServeContext, Who, get_access, get_principal
from ondol.serve.security import SESSION_COOKIE

router: APIRouter = build_router("system")


@router.get("/health", operation_id="getHealth", summary="State of the server")
async def get_health(context: Context, request: Request) -> Health:
    """Tell how the server is; without a valid key only ``status``."""
    principal = get_access(request).principal
    if principal is None:
        return Health(status="ok")
    return await context.workers.run(lambda: _build_health(context, principal), timeout_s=30)


def _build_health(context: ServeContext, principal: Principal) -> Health:
    ondol = context.ondol
    counts = ondol.store.corpus.counts(principal=principal)
    chat, embed = context.model_names()
    return Health(
        status="degraded" if context.trail.is_failing else "ok",
        version=__version__,
        documents=counts.documents,
        chunks=counts.chunks,
        chat_model=chat,
        embed_model=embed,
        principal=principal.name,
    )


@router.get("/openapi.json", include_in_schema=False, dependencies=[Depends(get_principal)])
async def get_openapi(request: Request) -> Response:
    """Describe the API."""
    return JSONResponse(request.app.openapi())


@router.get("/me", operation_id="getMe", summary="Who the server takes me for", responses=describe_errors())
async def get_me(context: Context, request: Request, principal: Who) -> Me:
    """Name the principal and what they may do."""
    access = get_access(request)
    labels = await context.workers.run(lambda: list_usable_labels(context, principal))
    return Me(
        name=principal.name,
        label=str(Label(grade=principal.grade, groups=principal.groups - {EVERY_GROUP}))
        + ("+*" if EVERY_GROUP in principal.groups else ""),
        is_admin=principal.is_admin,
        local=access.local,
        can_label=labels,
        session=access.session,
    )


def list_usable_labels(context: ServeContext, principal: Principal) -> list[str]:
    """Return the labels that ``principal`` may give: plain grades, own groups, and those already in use."""
    labels = {Label(grade=grade) for grade in Grade}
    labels |= {
        Label(grade=grade, groups=frozenset({group}))
        for grade in Grade
        for group in principal.groups
        if group != EVERY_GROUP
    }
    labels.add(context.ondol.settings.default_label)
    labels |= set(context.ondol.store.corpus.list_labels(principal=principal))
    usable = sorted(
        (label for label in labels if can_read(principal, label)),
        key=lambda label: (len(label.groups), label.grade, str(label)),
    )
    return [str(label) for label in usable]


@router.get("/labels", operation_id="listLabels", summary="Labels in use", responses=describe_errors())
async def list_labels(context: Context, principal: Who) -> LabelList:
    """List the labels of documents that the asker may read."""
    labels = await context.workers.run(lambda: context.ondol.store.corpus.list_labels(principal=principal))
    return LabelList(labels=sorted(str(label) for label in labels))


@router.get(
    "/models",
    operation_id="listModels",
    summary="The catalogue",
    responses=describe_errors(),
    dependencies=[Depends(get_principal)],
)
async def list_models(context: Context) -> ModelList:
    """List known models, installed or not."""
    models = await context.workers.run(context.list_models)
    return ModelList(models=list(models))


@router.post(
    "/session",
    operation_id="createSession",
    summary="Sign in with an API key",
    responses=describe_errors(),
)
async def create_session(context: Context, request: Request, body: SessionRequest) -> Response:
    """Exchange an API key for a cookie that scripts cannot read."""
    try:
        token, principal = await context.door.run(lambda: context.guard.open_session(body.key.strip()))
    except AuthenticationError:
        context.note_refused_key()
        raise
    await context.workers.run(lambda: context.trail.write(principal, "session.open"))
    response = JSONResponse({"name": principal.name})
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=context.guard.session_s,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )
    return response


@router.delete(
    "/session", operation_id="deleteSession", summary="Sign out", status_code=204, responses=describe_errors()
)
async def delete_session(context: Context, request: Request) -> Response:
    """Forget the session; does nothing when there is none."""
    context.guard.close_session(request.cookies.get(SESSION_COOKIE, ""))
    response = Response(status_code=204)
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict")
    return response
