"""Refuse JSON schemas that an engine would not enforce, before asking.

llama.cpp answers 200 with free text for keywords that it does not know and for patterns that it cannot
compile (tried: ``not``, ``if``, ``minProperties``, ``uniqueItems``, ``format: banana``); a caller would learn
of it from a broken reply. The keywords here are those it was seen to enforce.
"""

import re
from collections.abc import Mapping
from typing import Any

from ondol.core.errors import WrongUseError

_TYPES = {"object", "array", "string", "number", "integer", "boolean", "null"}
_NOTES = {"title", "description", "default", "examples", "$schema", "$id", "$defs", "definitions", "$comment"}
_SCHEMAS = {"items", "additionalProperties"}
_SCHEMA_LISTS = {"anyOf", "oneOf", "allOf", "prefixItems"}
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems")
_BOUNDS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
_OTHERS = {"type", "enum", "const", "properties", "required", "pattern", "format", "$ref"}
_KNOWN = _NOTES | _SCHEMAS | _SCHEMA_LISTS | {*_COUNTS} | _BOUNDS | _OTHERS
_FORMATS = {"date", "time", "date-time", "uuid"}
_LOOKAROUND = re.compile(r"\(\?[=!<]")
_MAX_DEPTH = 32


def check_schema(schema: Mapping[str, Any]) -> None:
    """Return if ``schema`` can be enforced; raises ``WrongUseError`` that names the place and the fault."""
    _check(schema, schema, "#", 0)


def _check(schema: Any, root: Mapping[str, Any], at: str, depth: int) -> None:
    if isinstance(schema, bool) and at.endswith("/additionalProperties"):
        return
    if not isinstance(schema, Mapping):
        raise _refuse(at, "a schema must be an object")
    if depth > _MAX_DEPTH:
        raise _refuse(at, f"it is nested more than {_MAX_DEPTH} deep")
    if unknown := set(schema) - _KNOWN:
        raise _refuse(at, f"{', '.join(sorted(unknown))} cannot be enforced")
    _check_values(schema, at)
    _check_numbers(schema, at)
    _check_reference(schema, root, at)
    for key in _SCHEMAS & schema.keys():
        _check(schema[key], root, f"{at}/{key}", depth + 1)
    for key in _SCHEMA_LISTS & schema.keys():
        if not isinstance(schema[key], list) or not schema[key]:
            raise _refuse(f"{at}/{key}", "it must be a list of schemas")
        for i, part in enumerate(schema[key]):
            _check(part, root, f"{at}/{key}/{i}", depth + 1)
    for key in ("properties", "$defs", "definitions"):
        named = schema.get(key, {})
        if not isinstance(named, Mapping):
            raise _refuse(f"{at}/{key}", "it must be an object of schemas")
        for name, part in named.items():
            _check(part, root, f"{at}/{key}/{name}", depth + 1)


def _check_values(schema: Mapping[str, Any], at: str) -> None:
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if not isinstance(types, list) or not {str(t) for t in types} <= _TYPES:
        raise _refuse(f"{at}/type", f"it must be one or several of {', '.join(sorted(_TYPES))}")
    if "enum" in schema and not (isinstance(schema["enum"], list) and schema["enum"]):
        raise _refuse(f"{at}/enum", "it must be a list that is not empty")
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(r, str) for r in required):
        raise _refuse(f"{at}/required", "it must be a list of names")
    if schema.get("format", "date") not in _FORMATS:
        raise _refuse(f"{at}/format", f"only {', '.join(sorted(_FORMATS))} can be enforced")
    pattern = schema.get("pattern", "")
    try:
        re.compile(pattern)
    except (re.error, TypeError):
        raise _refuse(f"{at}/pattern", "it is not a regular expression") from None
    if _LOOKAROUND.search(pattern):
        raise _refuse(f"{at}/pattern", "look-around cannot be enforced")


def _check_numbers(schema: Mapping[str, Any], at: str) -> None:
    for key in (*_COUNTS, *sorted(_BOUNDS)):
        value = schema.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _refuse(f"{at}/{key}", "it must be a number")
        if key in _COUNTS and (value < 0 or value != int(value)):
            raise _refuse(f"{at}/{key}", "it must be a whole number, 0 or more")
    for low, high in (("minLength", "maxLength"), ("minItems", "maxItems"), ("minimum", "maximum")):
        if low in schema and high in schema and schema[low] > schema[high]:
            raise _refuse(at, f"{low} is greater than {high}")


def _check_reference(schema: Mapping[str, Any], root: Mapping[str, Any], at: str) -> None:
    reference = schema.get("$ref")
    if reference is None:
        return
    found: Any = root
    for step in str(reference).removeprefix("#").strip("/").split("/"):
        found = found.get(step) if step and isinstance(found, Mapping) else (found if not step else None)
    if not str(reference).startswith("#") or not isinstance(found, Mapping):
        raise _refuse(f"{at}/$ref", f"{reference!r} is not in this schema")


def _refuse(at: str, fault: str) -> WrongUseError:
    return WrongUseError(
        f"The JSON schema cannot be used: at {at}, {fault}.",
        remedy="Simplify the schema and check what it left out in the reply.",
    )
