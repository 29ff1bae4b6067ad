"""The recipe: what dataset is wanted, in one short YAML file; every field is explained and checked here."""

import difflib
import math
import re
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from ondol.core.documents import DocumentKind
from ondol.core.errors import NotFoundError, WrongUseError
from ondol.core.examples import Book, ExampleKind
from ondol.core.frozen import Frozen
from ondol.policy.licence import Use

Language = Literal["en", "ko"]

NO_MODEL = "none"
"""In place of a model's name: work without one."""


class Sources(Frozen):
    """Which documents are used. An empty field does not narrow; fields are combined with AND."""

    folders: tuple[str, ...] = Field(
        default=(),
        description="Folders, as paths or URI prefixes; a relative one matches any folder so named.",
    )
    documents: tuple[str, ...] = Field(default=(), description="Document ids.")
    kinds: tuple[DocumentKind, ...] = Field(default=(), description="pdf, docx, markdown, …")
    labels: tuple[str, ...] = Field(default=(), description="Only documents that carry one of these labels.")
    exclude: tuple[str, ...] = Field(default=(), description="Folders or files left out, like folders.")


class Models(Frozen):
    """Which models work. An empty name is the default chat model; ``none`` is no model at all."""

    writer: str = Field(default="", description="Writes questions and answers.")
    judge: str = Field(default="none", description="Judges what passed the checks in code; ``none`` is fine.")
    trainee: str = Field(
        default="", description="Will be tuned on the dataset; answers the retention prompts."
    )


class HeldOut(Frozen):
    """Shares of the documents that are kept from training before anything is written."""

    validation: float = Field(
        default=0.1, ge=0.0, lt=0.5, description="Share for `validation.jsonl`, for early stopping."
    )
    test: float = Field(
        default=0.1, ge=0.0, lt=0.5, description="Share for `test.jsonl`, asked with the documents in view."
    )


class Decontamination(Frozen):
    """What the dataset must not contain."""

    against: tuple[str, ...] = Field(
        default=(), description="Evaluation files (.jsonl, .json, .csv, .txt) or folders, public or your own."
    )
    ngram: int = Field(default=8, ge=4, description="Words (English) of an overlap that counts.")
    share: float = Field(
        default=0.5, gt=0.0, le=1.0, description="Share of the item's words that must lie in runs met."
    )
    substring: int = Field(default=50, ge=20, description="Characters of a common substring that counts.")
    similarity: float = Field(
        default=0.86, gt=0.0, le=1.0, description="Cosine from which a rewording is checked."
    )


class Retention(Frozen):
    """The trainee's own answers to general prompts, for replay while tuning."""

    share: float = Field(default=0.0, ge=0.0, le=4.0, description="Retention examples per accepted example.")
    max_tokens: int = Field(default=96, ge=8, description="Longest answer; longer ones are left out.")
    temperature: float = Field(
        default=0.8, ge=0.0, description="Of the trainee's answers; 0 repeats itself, 1 is its own spread."
    )


_DEFAULT_KINDS: dict[ExampleKind, float] = {"qa": 0.8, "not_in_documents": 0.1, "dialogue": 0.1}


class Recipe(Frozen):
    """A dataset, as it is wanted. The attributes are the fields of the file; an unknown one is an error."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", description="Names the dataset.")
    use_case: str = Field(default="", description="What the trained model is to be good at, in words.")
    languages: tuple[Language, ...] = Field(
        default=("en", "ko"), min_length=1, description="Documents in these languages are used."
    )
    sources: Sources = Field(default=Sources(), description="Which documents are used; all without it.")
    kinds: dict[ExampleKind, float] = Field(
        default=_DEFAULT_KINDS, description="Shares of the kinds; they need not sum to 1."
    )
    target: int = Field(
        default=200, ge=1, description="Accepted examples in train, validation and test together."
    )
    coverage: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="Share of the usable documents that must be met, or the run says so.",
    )
    book: dict[Book, float] = Field(
        default={"closed": 1.0, "open": 0.0},
        description="Train and validation are asked without the documents, or with them; test always with.",
    )
    wordings: int = Field(
        default=2, ge=1, le=8, description="Questions per fact in train; one more goes to recall."
    )
    held_out: HeldOut = Field(default=HeldOut(), description="What is kept from training.")
    models: Models = Field(default=Models(), description="Which models work.")
    probe_trainee: bool = Field(default=False, description="Ask the trainee first; leave out what it knows.")
    decontaminate: Decontamination = Field(
        default=Decontamination(), description="What the dataset must not contain."
    )
    retention: Retention = Field(default=Retention(), description="What keeps the trainee's old abilities.")
    intended_use: Use = Field(default="internal", description="What the licences of the sources must allow.")
    min_similarity_gap: float = Field(
        default=0.93, gt=0.0, le=1.0, description="Cosine from which two questions are near duplicates."
    )
    seed: int = Field(default=0, description="Another seed gives another dataset of the same kind.")

    @field_validator("kinds", "book")
    @classmethod
    def _positive(cls, shares: dict[str, float]) -> dict[str, float]:
        if not all(0 <= value < math.inf for value in shares.values()) or not sum(shares.values()):
            raise ValueError("shares are numbers of at least 0, and one of them is more")
        return shares

    @model_validator(mode="after")
    def _leaves_training(self) -> "Recipe":
        if self.held_out.validation + self.held_out.test >= 0.9:
            raise ValueError("held_out leaves nothing to train on")
        return self

    @property
    def needs_trainee(self) -> bool:
        """Whether the trainee is asked anything."""
        return self.probe_trainee or self.retention.share > 0

    def share_of(self, kind: ExampleKind) -> float:
        """Return the wanted share of a kind, 0 to 1."""
        return self.kinds.get(kind, 0.0) / sum(self.kinds.values())


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, where plain YAML silently drops the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        seen: set[object] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value} stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        NotFoundError: there is no such file.
        WrongUseError: it is not YAML, or a field is wrong; names the field and what it may be.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFoundError(
            f"There is no recipe {path}.", remedy="`ondol forge init` writes one for your corpus."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUseError(
            f"The recipe {path} cannot be read: {error}.", remedy="Name a text file in UTF-8."
        ) from error
    try:
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise WrongUseError(
            f"{path} is not YAML: {_spell_yaml(error)}.",
            remedy="Look at brackets, quotes and indentation there; `ondol forge init` writes a right one.",
        ) from error
    if not isinstance(found, dict):
        raise WrongUseError(f"{path} holds no recipe.", remedy="It needs at least `name: my-dataset`.")
    try:
        return Recipe.model_validate(found)
    except ValidationError as error:
        raise WrongUseError(f"{path}: {explain(error)}", remedy=_describe_fields()) from error


def _spell_yaml(error: yaml.YAMLError) -> str:
    """Return what is wrong and in which line."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    return " ".join(str(error).split())


def explain(error: ValidationError) -> str:
    """Return what is wrong with a recipe, field by field, with the right name where one is close."""
    items = error.errors(include_url=False, include_input=True)
    inner = {item["loc"][:-1] for item in items}
    told = [_explain_one(item) for item in items if item["type"] != "too_short" or item["loc"] not in inner]
    return "; ".join(told).removesuffix(".") + ("" if told[-1].endswith("?") else ".")


def _explain_one(item: ErrorDetails) -> str:
    place = [str(part) for part in item["loc"] if part != "[key]"]
    field = ".".join(place)
    said = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        return f"{field}: there is no such field{_suggest_field(place)}"
    if item["type"] == "missing":
        return f"{field}: is missing"
    if item["loc"] and item["loc"][-1] == "[key]":
        allowed = _quoted(str(item.get("ctx", {}).get("expected", "")))
        hint = _suggest(place[-1], allowed) or f"; there are {', '.join(allowed)}"
        return f"{field}: there is no such key{hint}"
    if item["type"] == "string_pattern_mismatch":
        said = "small letters, digits, `-`, `_` and `.` only, at most 64, a letter or digit first"
    elif item["type"] in {"model_type", "dict_type"}:
        said = "this is a section: write its fields under it, indented"
    if not field:
        return said
    close = _suggest(str(item["input"]), _quoted(str(item.get("ctx", {}).get("expected", ""))))
    return f"{field}: {said[0].lower()}{said[1:]} (found {item['input']!r}){close}"


def _suggest_field(place: list[str]) -> str:
    """Return a hint at the field that was meant: of the same section, or of another one."""
    sections: dict[str, type[Frozen]] = {"": Recipe, **_sections()}
    wanted = place[-1]
    here = sections.get(".".join(place[:-1]), Recipe)
    close = _suggest(wanted, here.model_fields)
    if close:
        return close
    for name, model in sections.items():
        if wanted in model.model_fields:
            return f" here; did you mean {f'{name}.{wanted}'.strip('.')}?"
    return f"; there are {', '.join(here.model_fields)}"


def _suggest(wanted: str, allowed: Iterable[str]) -> str:
    close = difflib.get_close_matches(wanted, list(allowed), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def _quoted(expected: str) -> list[str]:
    return re.findall(r"'([^']+)'", expected)


def _sections() -> dict[str, type[Frozen]]:
    """Return the models of the recipe's sections, by field."""
    return {
        name: field.annotation
        for name, field in Recipe.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Frozen)
    }


def _describe_fields() -> str:
    return f"Fields are {', '.join(Recipe.model_fields)}; docs/reference/recipe.md explains them."
