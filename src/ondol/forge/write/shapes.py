"""What is asked of a model, kind by kind: the JSON schema that constrains it, the shape it is read by.

A model names facts by their numbers and never copies a quotation. Fields stand in the order in which they are
best written: the fact, what it says in full, and only then the question for it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from ondol.core.examples import ExampleKind

_NUMBER = re.compile(r"\d+")
_MAX_FACTS = 12


def _read_numbers(value: Any) -> Any:
    """Return a list of fact numbers from ``3``, ``"3"``, ``"[1], [2]"`` or ``["fact 1"]``."""
    if isinstance(value, bool) or value is None:
        return []
    parts = value if isinstance(value, list) else [value]
    numbers = [int(n) for part in parts if not isinstance(part, dict) for n in _NUMBER.findall(str(part))]
    return list(dict.fromkeys(numbers))[:_MAX_FACTS]


def _read_texts(value: Any) -> Any:
    """Return a list of texts from one text, or from a list that holds some."""
    parts = value if isinstance(value, list) else [value]
    texts = [part if isinstance(part, str) else _first_text(part) for part in parts]
    return [text for text in texts if text]


def _first_text(value: Any) -> str:
    """Return the text of ``{"question": "…"}``, where a model made an object of a text."""
    if isinstance(value, dict):
        return next((part for part in value.values() if isinstance(part, str)), "")
    return ""


def _read_text(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return " ".join(value) if isinstance(value, list) and all(isinstance(v, str) for v in value) else value


Text = Annotated[str, BeforeValidator(_read_text), StringConstraints(strip_whitespace=True, min_length=1)]
Numbers = Annotated[tuple[int, ...], BeforeValidator(_read_numbers)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_read_texts), Field(min_length=1)]


class Shape(BaseModel):
    """An item of a reply; unknown fields are passed over, known ones have a few other names.

    Attributes:
        aliases: other names that models use, by the name here.
        known_by: fields of which an item has at least one.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    aliases: ClassVar[dict[str, tuple[str, ...]]] = {}
    known_by: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def keys(cls) -> dict[str, str]:
        """Return the names by which an item of this shape is recognised, each with its field."""
        return {alias: name for name in cls.known_by for alias in (name, *cls.aliases.get(name, ()))}

    @model_validator(mode="before")
    @classmethod
    def _rename(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        known = dict(value)
        for name, others in cls.aliases.items():
            for other in others:
                if name not in known and other in known:
                    known[name] = known.pop(other)
        return known


_FACTS = (
    "fact",
    "fact_numbers",
    "fact_number",
    "fact_ids",
    "fact_id",
    "numbers",
    "number",
    "sources",
    "source",
)
_ANSWER = ("a", "reply", "response", "answer_text", "답변", "답")
_QUESTIONS = ("question", "q", "wordings", "query", "질문")


class AnswerShape(Shape):
    """A fact (or several), an answer that states it, and questions for it."""

    facts: Numbers = ()
    answer: Text
    questions: Texts
    aliases = {"facts": _FACTS, "answer": _ANSWER, "questions": _QUESTIONS}
    known_by = ("answer", "questions")


class VersionShape(Shape):
    """A request to tell, and the telling."""

    request: Text
    text: Text
    aliases = {
        "request": ("question", "prompt", "instruction", "ask"),
        "text": ("statement", "answer", "restatement", "paraphrase", "response"),
    }


class ParaphraseShape(Shape):
    """Restatements of a fact."""

    facts: Numbers = ()
    versions: tuple[VersionShape, ...] = Field(min_length=1)
    aliases = {"facts": _FACTS, "versions": ("restatements", "statements", "paraphrases")}
    known_by = ("versions",)


class TaskShape(Shape):
    """An instruction and the text that fulfils it."""

    facts: Numbers = ()
    instruction: Text
    response: Text
    aliases = {
        "facts": _FACTS,
        "instruction": ("task", "request", "question", "prompt"),
        "response": ("answer", "output", "text", "reply"),
    }
    known_by = ("instruction", "response")


class HopShape(Shape):
    """One question that needs several facts."""

    facts: Numbers = ()
    question: Text
    answer: Text
    aliases = {"facts": _FACTS, "question": ("q", "query", "질문"), "answer": _ANSWER}
    known_by = ("question", "answer")


class TurnShape(HopShape):
    """A turn of a dialogue."""

    aliases = {
        "facts": _FACTS,
        "question": ("user", "q", "human", "질문"),
        "answer": ("assistant", *_ANSWER),
    }


class DialogueShape(Shape):
    """A dialogue."""

    turns: tuple[TurnShape, ...] = Field(min_length=2)
    aliases = {"turns": ("dialogue", "messages", "conversation", "exchanges")}
    known_by = ("turns",)


class SentenceShape(Shape):
    """A sentence of a summary."""

    facts: Numbers = ()
    text: Text
    aliases = {"facts": _FACTS, "text": ("sentence", "summary", "content")}


class SummaryShape(Shape):
    """A summary, sentence by sentence."""

    request: Text
    sentences: tuple[SentenceShape, ...] = Field(min_length=1)
    aliases = {"request": ("question", "prompt", "instruction"), "sentences": ("summary", "lines")}
    known_by = ("sentences",)


class ReasoningShape(Shape):
    """A question whose answer is computed; the arithmetic is done again by code."""

    facts: Numbers = ()
    question: Text
    expression: Text
    result: Text
    answer: Text
    aliases = {
        "facts": _FACTS,
        "question": ("q", "query", "질문"),
        "expression": ("calculation", "formula", "arithmetic"),
        "result": ("final_answer", "final", "value"),
        "answer": ("explanation", "solution", *_ANSWER),
    }
    known_by = ("expression", "result")


class QuestionShape(Shape):
    """A question that lies near the facts and that they do not answer."""

    facts: Numbers = ()
    question: Text
    aliases = {"facts": _FACTS, "question": ("questions", "q", "query", "질문")}
    known_by = ("question",)


BY_FACT: frozenset[ExampleKind] = frozenset({
    "qa",
    "table",
    "list",
    "paraphrase",
    "instruction",
    "not_in_documents",
    "translation",
})
"""Kinds of which one item is wanted for each fact."""

SHAPES: dict[ExampleKind, type[Shape]] = {
    "qa": AnswerShape,
    "table": AnswerShape,
    "list": AnswerShape,
    "translation": AnswerShape,
    "paraphrase": ParaphraseShape,
    "instruction": TaskShape,
    "multi_hop": HopShape,
    "dialogue": DialogueShape,
    "summary": SummaryShape,
    "reasoning": ReasoningShape,
    "not_in_documents": QuestionShape,
}
"""The shape of an item, by kind."""


def read_shape(shape: type[Shape], item: Mapping[str, Any], *, is_cut: bool = False) -> Shape:
    """Return an item in its shape; of one that was cut off, without the last of its sentences or turns.

    Raises:
        ValidationError: it has another shape.
    """
    try:
        return shape.model_validate(item)
    except ValidationError:
        if not is_cut:
            raise
    shorter = {key: _drop_last(part) for key, part in item.items()}
    return shape.model_validate(shorter)


def _drop_last(value: Any) -> Any:
    is_nested = isinstance(value, list) and value and isinstance(value[-1], dict)
    return value[:-1] if is_nested else value


def explain_fault(error: ValidationError) -> str:
    """Return where an item differs from its shape, in few words."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'item'}: {first['msg']}"


def build_schema(
    kind: ExampleKind, *, numbers: Sequence[int], num_items: int, wordings: int = 1
) -> dict[str, Any]:
    """Return the JSON schema of a reply.

    Args:
        kind: of the examples.
        numbers: facts that may be named.
        num_items: most items that are wanted.
        wordings: questions, or restatements, wanted of each fact.
    """
    facts = {"type": "array", "items": {"type": "integer", "enum": list(numbers)}, "minItems": 1}
    most = 1 if kind in BY_FACT else min(4, len(numbers))
    fields = _build_fields(kind, {**facts, "maxItems": most}, wordings)
    item = _object(fields)
    items = {"type": "array", "items": item, "minItems": 1, "maxItems": num_items}
    return _object({"items": items})


def _build_fields(kind: ExampleKind, facts: dict[str, Any], wordings: int) -> dict[str, Any]:
    text = {"type": "string", "minLength": 2}
    turn = _object({"facts": facts, "question": text, "answer": text})
    texts = {"type": "array", "items": text, "minItems": wordings, "maxItems": wordings}
    match kind:
        case "qa" | "table" | "list" | "translation":
            return {"facts": facts, "answer": text, "questions": texts}
        case "paraphrase":
            return {"facts": facts, "versions": {**texts, "items": _object({"request": text, "text": text})}}
        case "instruction":
            return {"facts": facts, "instruction": text, "response": text}
        case "multi_hop":
            several = {**facts, "minItems": min(2, facts["maxItems"])}
            return {"facts": several, "question": text, "answer": text}
        case "dialogue":
            return {"turns": {"type": "array", "items": turn, "minItems": 2, "maxItems": 4}}
        case "summary":
            sentence = _object({"facts": facts, "text": text})
            sentences = {"type": "array", "items": sentence, "minItems": 1, "maxItems": 6}
            return {"request": text, "sentences": sentences}
        case "reasoning":
            computed = {"expression": text, "result": text}
            return {"facts": facts, "question": text, **computed, "answer": text}
        case "not_in_documents":
            return {"facts": facts, "question": text}


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }
