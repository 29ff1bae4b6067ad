"""JSON schemas that an engine would not enforce."""

import pytest

from ondol.core.errors import WrongUseError
from ondol.engines.chat.schema import check_schema


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}, "required": ["a"]},
        {"type": "object", "additionalProperties": False, "properties": {}},
        {"anyOf": [{"type": "null"}, {"type": "array", "items": {"enum": [1, "a", None]}, "maxItems": 3}]},
        {"$ref": "#/$defs/node", "$defs": {"node": {"type": "string", "pattern": "^[가-힣]+$"}}},
        {"type": ["integer", "null"], "description": "how many"},
        {"const": "x"},
        {"type": "string", "format": "date"},
    ],
)
def test_enforceable_schemas_pass(schema):
    check_schema(schema)


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"type": "nonsense"}, "#/type"),
        ({"properties": {"a": {"not": {}}}}, "#/properties/a"),
        ({"properties": []}, "#/properties"),
        ({"properties": {"a": 5}}, "#/properties/a"),
        ({"enum": []}, "#/enum"),
        ({"items": {"pattern": "("}}, "#/items/pattern"),
        ({"pattern": "^(?=a)b$"}, "#/pattern"),
        ({"format": "banana"}, "#/format"),
        ({"anyOf": []}, "#/anyOf"),
        ({"minimum": 5, "maximum": 3}, "#"),
        ({"minLength": -1}, "#/minLength"),
        ({"maxItems": "3"}, "#/maxItems"),
        ({"required": "a"}, "#/required"),
        ({"$ref": "http://elsewhere/schema"}, "#/$ref"),
        ({"$ref": "#/definitions/none"}, "#/$ref"),
        ({"minProperties": 2}, "#"),
        ({"uniqueItems": True}, "#"),
    ],
)
def test_others_are_refused_with_their_place(schema, place):
    with pytest.raises(WrongUseError, match="JSON schema") as caught:
        check_schema(schema)
    assert f"at {place}," in caught.value.message


def test_endless_nesting_is_refused():
    schema = {"type": "string"}
    for _ in range(200):
        schema = {"items": schema}
    with pytest.raises(WrongUseError, match="deep"):
        check_schema(schema)
