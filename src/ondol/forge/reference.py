"""The recipe's reference page, ``docs/reference/recipe.md``, written from the recipe's own model."""

import json
from collections.abc import Iterator
from enum import Enum
from types import GenericAlias
from typing import Any, Literal, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ondol.core.examples import ExampleKind
from ondol.core.frozen import Frozen
from ondol.forge.recipe import Recipe

COMMAND = "python -m ondol.forge.reference > docs/reference/recipe.md"

KINDS: dict[ExampleKind, str] = {
    "qa": "one question, one answer, from one fact; takes the place of kinds that cannot be written",
    "list": "a question whose answer is a list of the document",
    "table": "a question that a row of a table answers",
    "not_in_documents": "a question that the documents do not answer, and the answer that says so",
    "dialogue": "several turns on one passage",
    "instruction": "an accepted question, asked with an instruction on the form of the answer",
    "paraphrase": "a restatement of a fact; needs a capable writer",
    "multi_hop": "a question that takes two passages to answer; needs a capable writer",
    "summary": "a passage in short; needs a capable writer",
    "reasoning": "a task with a checkable final answer; needs a capable writer",
    "translation": "question and answer in the other language than the document; needs a capable writer",
}

_HEAD = f"""# The recipe

What dataset is wanted, in one short YAML file. `ondol forge init` writes one for your corpus,
`ondol forge run FILE` makes the dataset. A field that is not listed here is an error, and so is a key that
stands twice. Only `name` is required.

This page is written from the code: `{COMMAND}`.
"""

_TAIL = """
## Recipes that ship

`ondol forge run NAME` finds these by name; copy one to change it.

| name | for |
|---|---|
| `manual-qa` | questions and answers from manuals, in English; works without a large model |
| `regulation` | regulations, procedures and policies, Korean and English |
| `report` | summaries and restatements in the style of your reports; wants a capable writer |
| `support` | customer support: conversations, and saying when the documents do not say |
| `ko-en` | documents in one language, questions in the other; wants a capable writer |
"""


def build_reference() -> str:
    """Return the page as Markdown."""
    sections = {name: field for name, field in Recipe.model_fields.items() if _section_of(field)}
    parts = [_HEAD, *_describe(Recipe, ""), "\n## `kinds`\n\n| kind | what it is |\n|---|---|"]
    parts += [f"| `{kind}` | {what} |" for kind, what in KINDS.items()]
    for name, field in sections.items():
        section = _section_of(field)
        if section is not None:
            parts.append(f"\n## `{name}`\n\n{_first_paragraph(section)}\n")
            parts += _describe(section, name)
    return "\n".join([*parts, _TAIL])


def _describe(model: type[Frozen], prefix: str) -> Iterator[str]:
    yield "| field | value | without it | meaning |\n|---|---|---|---|"
    for name, field in model.model_fields.items():
        section = _section_of(field)
        value = f"[section](#{name})" if section else _spell_type(field)
        default = "" if section else _spell_default(field)
        dotted = f"{prefix}.{name}" if prefix else name
        yield f"| `{dotted}` | {value} | {default} | {_tidy(field.description or '')} |"


def _section_of(field: FieldInfo) -> type[Frozen] | None:
    found = field.annotation
    return found if isinstance(found, type) and _is_plain_class(found) and issubclass(found, Frozen) else None


def _is_plain_class(found: type) -> bool:
    return not isinstance(found, GenericAlias)


def _spell_type(field: FieldInfo) -> str:
    said = _spell_annotation(field.annotation)
    bounds = [text for each in field.metadata if (text := _spell_bound(each))]
    return ", ".join([said, *bounds])


def _spell_annotation(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    if origin is tuple:
        return f"list of: {_spell_annotation(get_args(annotation)[0])}"
    if origin is dict:
        key, value = get_args(annotation)
        return f"{_spell_annotation(value)} for each of {_spell_annotation(key).replace(' or ', ', ')}"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{each.value}`" for each in annotation)
    names = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`"}
    return names[annotation]


def _spell_bound(bound: object) -> str:
    match bound:
        case annotated_types.Ge(ge=least):
            return f"at least {least:g}" if isinstance(least, int | float) else ""
        case annotated_types.Gt(gt=least):
            return f"over {least:g}" if isinstance(least, int | float) else ""
        case annotated_types.Le(le=most):
            return f"at most {most:g}" if isinstance(most, int | float) else ""
        case annotated_types.Lt(lt=most):
            return f"under {most:g}" if isinstance(most, int | float) else ""
        case annotated_types.MinLen(min_length=least):
            return f"at least {least}"
        case _:
            pattern = getattr(bound, "pattern", None)
            return "small letters, digits, `-`, `_`, `.`" if pattern else ""


def _spell_default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "required"
    value = list(field.default) if isinstance(field.default, tuple) else field.default
    if isinstance(value, dict):
        return "`{" + ", ".join(f"{key}: {share:g}" for key, share in value.items()) + "}`"
    return f"`{json.dumps(value, ensure_ascii=False)}`" if value not in ("", []) else "empty"


def _tidy(text: str) -> str:
    return text.replace("``", "`").replace("|", "\\|")


def _first_paragraph(model: type[Frozen]) -> str:
    return _tidy(" ".join((model.__doc__ or "").split("\n\n")[0].split()))


if __name__ == "__main__":
    print(build_reference(), end="")  # noqa: T201 - it is its only purpose
