"""The recipe: what dataset is wanted, in one short YAML file; every field is explained and checked here."""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

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

    validation: float = Field(default=0.1, ge=0.0, lt=0.5)
    test: float = Field(default=0.1, ge=0.0, lt=0.5)


class Decontamination(Frozen):
    """What the dataset must not contain."""

    against: tuple[str, ...] = Field(
        default=(), description="Evaluation files (.jsonl, .json, .csv, .txt) or folders, public or your own."
    )
    ngram: int = Field(default=8, ge=4, description="Words (English) of an overlap that counts.")
    share: float = Field(
        default=0.5, gt=0.0, le=1.0, description="Share of the item's n-grams that must be met."
    )
    substring: int = Field(default=50, ge=20, description="Characters of a common substring that counts.")
    similarity: float = Field(
        default=0.86, gt=0.0, le=1.0, description="Cosine from which a rewording is checked."
    )


class Retention(Frozen):
    """The trainee's own answers to general prompts, for replay while tuning."""

    share: float = Field(default=0.0, ge=0.0, le=4.0, description="Retention examples per accepted example.")
    max_tokens: int = Field(default=96, ge=8)
    temperature: float = Field(default=0.8, ge=0.0)


_DEFAULT_KINDS: dict[ExampleKind, float] = {"qa": 0.8, "not_in_documents": 0.1, "dialogue": 0.1}


class Recipe(Frozen):
    """A dataset, as it is wanted. The attributes are the fields of the file; an unknown one is an error."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", description="Names the dataset.")
    use_case: str = Field(default="", description="What the trained model is to be good at, in words.")
    languages: tuple[Language, ...] = Field(default=("en", "ko"), min_length=1)
    sources: Sources = Sources()
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
    held_out: HeldOut = HeldOut()
    models: Models = Models()
    probe_trainee: bool = Field(default=False, description="Ask the trainee first; leave out what it knows.")
    decontaminate: Decontamination = Decontamination()
    retention: Retention = Retention()
    intended_use: Use = Field(default="internal", description="What the licences of the sources must allow.")
    min_similarity_gap: float = Field(
        default=0.93, gt=0.0, le=1.0, description="Cosine from which two questions are near duplicates."
    )
    seed: int = 0

    @field_validator("kinds", "book")
    @classmethod
    def _positive(cls, shares: dict[str, float]) -> dict[str, float]:
        if any(value < 0 for value in shares.values()) or not sum(shares.values()):
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
        raise WrongUseError(f"The recipe {path} cannot be read: {error}.") from error
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise WrongUseError(f"{path} is not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(found, dict):
        raise WrongUseError(f"{path} holds no recipe.", remedy="It needs at least `name: my-dataset`.")
    try:
        return Recipe.model_validate(found)
    except ValidationError as error:
        raise WrongUseError(f"{path}: {explain(error)}", remedy=_describe_fields()) from error


def explain(error: ValidationError) -> str:
    """Return what is wrong with a recipe, field by field."""
    parts = []
    for item in error.errors(include_url=False, include_input=True):
        field = ".".join(map(str, item["loc"])) or "recipe"
        parts.append(f"{field}: {item['msg']} (found {item['input']!r})" if item["loc"] else item["msg"])
    return "; ".join(parts) + "."


def _describe_fields() -> str:
    return f"Fields are {', '.join(Recipe.model_fields)}."
