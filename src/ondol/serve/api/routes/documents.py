"""Documents: upload, list, change, delete, their text, originals and pictures of their pages."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, unquote

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import FileResponse

from ondol.core.access import Label, Principal
from ondol.core.documents import Document, DocumentKind, Filter
from ondol.core.errors import NotFoundError, WrongUseError
from ondol.core.ids import is_id
from ondol.policy.access import can_read
from ondol.serve.api.errors import describe_errors
from ondol.serve.api.routes.route import build_router
from ondol.serve.api.schema import (
    Boxes,
    DocumentList,
    DocumentPatch,
    DocumentText,
    PageText,
    UploadAccepted,
)
from ondol.serve.api.upload import accept_upload, clean_name
from ondol.serve.context import Context, ServeContext, Who, Writer
from ondol.text.normalise import nfc

router: APIRouter = build_router("documents", "/documents")

ORIGINAL_CSP = "sandbox; default-src 'none'"
MAX_SCALE = 4.0

_UPLOAD_DOCS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "label": {"type": "string", "description": "Label of these documents."},
                        "licence": {"type": "string", "description": "Licence of these documents."},
                    },
                }
            }
        },
    }
}


def _binary(media_type: str, description: str) -> dict[int | str, dict[str, Any]]:
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": description, "content": {media_type: schema}}}


@router.post(
    "",
    operation_id="uploadDocuments",
    summary="Upload files",
    status_code=202,
    response_model=UploadAccepted,
    responses=describe_errors(403, 413, 415),
    openapi_extra=_UPLOAD_DOCS,
)
async def upload_documents(context: Context, request: Request, principal: Who) -> UploadAccepted:
    """Take files, one job each; what is in them becomes searchable when its job is done."""
    return await accept_upload(context, request, principal)


@router.get("", operation_id="listDocuments", summary="Documents", responses=describe_errors())
async def list_documents(
    context: Context,
    principal: Who,
    *,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
    q: Annotated[str | None, Query(max_length=500, description="Words of the title or address.")] = None,
    kind: Annotated[list[DocumentKind] | None, Query()] = None,
    label: Annotated[str | None, Query(max_length=500)] = None,
) -> DocumentList:
    """List what the asker may read."""
    narrow = Filter(kinds=tuple(kind)) if kind else None
    wanted = Label.parse(label) if label else None
    documents, next_cursor = await context.workers.run(
        lambda: context.ondol.store.corpus.list_documents(
            principal=principal,
            limit=limit,
            cursor=cursor,
            query=nfc(q or "") or None,
            narrow=narrow,
            label=wanted,
        )
    )
    return DocumentList(documents=list(documents), next_cursor=next_cursor)


@router.get(
    "/{document_id}", operation_id="getDocument", summary="A document", responses=describe_errors(404)
)
async def get_document(context: Context, principal: Who, document_id: str) -> Document:
    """Return what is known of a document."""
    return await context.workers.run(lambda: find_document(context, document_id, principal))


def find_document(context: ServeContext, document_id: str, principal: Principal) -> Document:
    """Load a document; one that may not be read does not exist."""
    if not is_id(document_id):
        raise NotFoundError("There is no such document.")
    return context.ondol.store.corpus.load_document(document_id, principal=principal)


@router.patch(
    "/{document_id}",
    operation_id="changeDocument",
    summary="Change label, licence or title",
    responses=describe_errors(403, 404),
)
async def change_document(
    context: Context, principal: Writer, document_id: str, body: DocumentPatch
) -> Document:
    """Change what is given; a new label holds at once for every answer."""
    label = Label.parse(body.label) if body.label is not None else None
    if label is not None and not can_read(principal, label):
        raise WrongUseError(
            f"The label {label} is above your own.", remedy="Choose one of GET /api/v1/me: can_label."
        )

    def work() -> Document:
        find_document(context, document_id, principal)
        changed = context.ondol.store.corpus.update_document(
            document_id, principal=principal, label=label, licence=body.licence, title=body.title
        )
        detail = {"label": str(label)} if label is not None else {}
        context.trail.write(principal, "document.change", resource=document_id, detail=detail)
        context.upkeep.refresh_index()
        return changed

    return await context.workers.run(work)


@router.delete(
    "/{document_id}",
    operation_id="deleteDocument",
    summary="Delete a document",
    status_code=204,
    responses=describe_errors(403, 404),
)
async def delete_document(context: Context, principal: Writer, document_id: str) -> Response:
    """Remove the document from every answer at once."""

    def work() -> None:
        find_document(context, document_id, principal)
        context.ondol.store.corpus.remove_documents([document_id])
        context.trail.write(principal, "document.delete", resource=document_id)
        context.upkeep.refresh_index()

    await context.workers.run(work)
    return Response(status_code=204)


@router.get(
    "/{document_id}/text",
    operation_id="getDocumentText",
    summary="Stored text",
    responses=describe_errors(404),
)
async def get_text(context: Context, principal: Who, document_id: str) -> DocumentText:
    """Return the text that locators count in."""

    def work() -> DocumentText:
        document = find_document(context, document_id, principal)
        context.trail.write_behind(principal, "document.read", resource=document.id)
        pages = context.ondol.store.corpus.load_pages(document.id, principal=principal)
        if pages and pages[0].number is not None:
            return DocumentText(pages=[PageText(page=p.number, text=p.text) for p in pages if p.number])
        return DocumentText(text="".join(p.text for p in pages))

    return await context.workers.run(work)


@router.get(
    "/{document_id}/original",
    operation_id="getOriginal",
    summary="The file as it came",
    response_class=Response,
    responses=_binary("application/octet-stream", "The original bytes, as an attachment.")
    | describe_errors(404),
)
async def get_original(context: Context, principal: Who, document_id: str) -> Response:
    """Return the original bytes; a browser saves them and never runs them."""

    def work() -> tuple[Document, Path]:
        document = find_document(context, document_id, principal)
        context.trail.write_behind(principal, "document.original", resource=document.id)
        return document, find_blob(context, document)

    document, path = await context.workers.run(work)
    headers = {
        "content-disposition": build_disposition(document),
        "content-security-policy": ORIGINAL_CSP,
        "cache-control": "private, no-store",
    }
    return FileResponse(path, media_type=document.media_type or "application/octet-stream", headers=headers)


def find_blob(context: ServeContext, document: Document) -> Path:
    """Return where the original bytes lie; raises ``NotFoundError`` when they are gone."""
    path = context.ondol.store.blobs.path(document.blob_sha256)
    if not path.is_file():
        raise NotFoundError(
            f"The original of {document.id} is no longer kept.", remedy="Ingest the document again."
        )
    return path


def build_disposition(document: Document) -> str:
    """Return an attachment header with a safe name; non-ASCII names take the form of RFC 6266."""
    # An address is percent-encoded; decoded, a name may hold what no file name should.
    name = clean_name(unquote(document.uri.rstrip("/").rsplit("/", 1)[-1], errors="replace")) or document.id
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '";%\\' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


@router.get(
    "/{document_id}/pages/{page}/image",
    operation_id="getPageImage",
    summary="Picture of a PDF page",
    response_class=Response,
    responses=_binary("image/png", "The page.") | describe_errors(404),
)
async def get_page_image(
    context: Context,
    request: Request,
    principal: Who,
    document_id: str,
    page: int,
    *,
    scale: Annotated[float, Query(gt=0, le=MAX_SCALE, allow_inf_nan=False)] = 1.5,
) -> Response:
    """Draw a page; the picture depends on the bytes alone, so it may be kept."""
    scale = round(scale, 2) or 0.01

    def find() -> Document:
        document = find_page(context, document_id, page, principal)
        context.trail.write_behind(principal, "document.read", resource=document.id, detail={"page": page})
        return document

    document = await context.workers.run(find)
    etag = f'"{document.blob_sha256[:32]}-{page}-{scale:g}"'
    headers = {"etag": etag, "cache-control": "private, max-age=86400"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    image = await context.pictures.load(
        etag, lambda: context.ondol.pool.render_page(find_blob(context, document), page, scale=scale)
    )
    return Response(image, media_type="image/png", headers=headers)


def find_page(context: ServeContext, document_id: str, page: int, principal: Principal) -> Document:
    """Load a PDF that has this page; raises ``NotFoundError`` otherwise."""
    document = find_document(context, document_id, principal)
    if document.kind is not DocumentKind.PDF or not 1 <= page <= (document.num_pages or 0):
        raise NotFoundError(f"{document.id} has no page {page} that can be drawn.")
    return document


@router.get(
    "/{document_id}/pages/{page}/boxes",
    operation_id="getPageBoxes",
    summary="Where a passage stands on a PDF page",
    responses=describe_errors(404),
)
async def get_page_boxes(
    context: Context,
    principal: Who,
    document_id: str,
    page: int,
    *,
    start: Annotated[int, Query(ge=0, le=100_000_000)],
    end: Annotated[int, Query(ge=0, le=100_000_000)],
) -> Boxes:
    """Return the boxes of the page's text from ``start`` to ``end``, for a highlight."""

    def work() -> Boxes:
        document = find_page(context, document_id, page, principal)
        if end <= start:
            return Boxes(boxes=[])
        boxes = context.ondol.pool.find_boxes(find_blob(context, document), page, start, end)
        return Boxes(boxes=list(boxes))

    return await context.workers.run(work)
