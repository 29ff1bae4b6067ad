"""Builds the OpenAPI document.

The web app's types are generated from it, so it says what is really sent: a field with a default is always
there in a response, malformed requests get 400, and the events of streams have schemas.
"""

from collections.abc import Iterator
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ondol.serve.api.schema import DeltaEvent, DoneEvent, ErrorBody, SourcesEvent

_REF = "#/components/schemas/"
_EVENTS: dict[str, type[BaseModel]] = {
    "sources": SourcesEvent,
    "delta": DeltaEvent,
    "done": DoneEvent,
    "error": ErrorBody,
}


def build_openapi(app: FastAPI) -> dict[str, Any]:
    """Return the document of ``app``, the same on every machine."""
    document = FastAPI.openapi(app)
    schemas = document["components"]["schemas"]
    _add_event_schemas(schemas)
    _drop_default_errors(document, schemas)
    schemas.pop("Grade", None)  # only inside a label, which is text in JSON
    _require_what_is_sent(document, schemas)
    document["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key, `ondol_…`."},
        "session": {"type": "apiKey", "in": "cookie", "name": "ondol_session"},
    }
    # The empty requirement: on loopback the local principal needs none.
    document["security"] = [{}, {"key": []}, {"session": []}]
    return document


def _add_event_schemas(schemas: dict[str, Any]) -> None:
    _, definitions = models_json_schema(_build_inputs(), ref_template=_REF + "{model}")
    for name, schema in definitions["$defs"].items():
        schemas.setdefault(name, schema)


def _build_inputs() -> list[tuple[type[BaseModel], Literal["validation", "serialization"]]]:
    return [(model, "serialization") for model in _EVENTS.values()]


def _drop_default_errors(document: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Remove FastAPI's own 422: such requests get 400 in our shape."""
    for operation in _operations(document):
        operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)


def _require_what_is_sent(document: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Mark fields as required that are never absent, in schemas that only we send."""
    taken: set[str] = set()
    for operation in _operations(document):
        _collect_refs(operation.get("requestBody", {}), schemas, taken)
        _collect_refs(operation.get("parameters", []), schemas, taken)
    for name, schema in schemas.items():
        if name in taken or "properties" not in schema:
            continue
        required = [key for key, field in schema["properties"].items() if not _is_nullable(field)]
        if required:
            schema["required"] = required


def _is_nullable(field: dict[str, Any]) -> bool:
    return {"type": "null"} in field.get("anyOf", ())


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def _collect_refs(node: Any, schemas: dict[str, Any], found: set[str]) -> None:
    if isinstance(node, dict):
        reference = node.get("$ref", "")
        name = reference.removeprefix(_REF)
        if name in schemas and name not in found:
            found.add(name)
            _collect_refs(schemas[name], schemas, found)
        for value in node.values():
            _collect_refs(value, schemas, found)
    elif isinstance(node, list):
        for value in node:
            _collect_refs(value, schemas, found)
