"""What a capable model is told: rules, the document as data, its numbered facts, and the task last.

All requests about one passage begin alike, to the last character of the passage, so that a server computes
that prefix once; kind, numbers and wordings stand behind it. Documents may hold anything: neither our own
marks nor tokens of a chat template survive in them. The texts are in ``forge/prompts/write_*.yaml``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import yaml

from ondol.core.examples import ExampleKind, Passage
from ondol.core.models import Message
from ondol.text.normalise import nfc

_SHAPE: dict[ExampleKind, str] = {
    "qa": '{"facts": [n], "answer": "", "questions": [""]}',
    "table": '{"facts": [n], "answer": "", "questions": [""]}',
    "list": '{"facts": [n], "answer": "", "questions": [""]}',
    "translation": '{"facts": [n], "answer": "", "questions": [""]}',
    "paraphrase": '{"facts": [n], "versions": [{"request": "", "text": ""}]}',
    "multi_hop": '{"facts": [n, m], "question": "", "answer": ""}',
    "dialogue": '{"turns": [{"facts": [n], "question": "", "answer": ""}]}',
    "summary": '{"request": "", "sentences": [{"facts": [n], "text": ""}]}',
    "reasoning": '{"facts": [n], "question": "", "expression": "", "result": "", "answer": ""}',
    "instruction": '{"facts": [n], "instruction": "", "response": ""}',
    "not_in_documents": '{"facts": [n], "question": ""}',
}

# Our own marks and the special tokens of common chat templates.
_CONTROL = re.compile(
    r"</?\s*(?:document|facts)\b[^<>\n]{0,400}>?|<\|[^<>|\n]{0,60}\|>|<｜[^<>｜\n]{0,60}｜>|</?s>"
    r"|<(?:start|end)_of_(?:turn|image)>|<<?/?SYS>>?|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS)\]"
    r"|\[\|[^\[\]|\n]{0,60}\|\]|</?(?:think|thought|tool_call|tool_response)>",
    re.IGNORECASE,
)
_BRACKETS = str.maketrans("<>|｜[]", "‹›¦¦()")
_LANGUAGES = ("en", "ko")
_WINDOW_CHARS = 400
_MAX_FACT_CHARS = 2400
_MAX_USE_CASE_CHARS = 400


@dataclass(frozen=True)
class _Texts:
    system: str
    task: dict[str, str]
    words: dict[str, str]
    not_found: tuple[str, ...]


@lru_cache
def _load_texts(language: str) -> _Texts:
    name = f"write_{language if language in _LANGUAGES else 'en'}.yaml"
    found = yaml.safe_load((files("ondol.forge.prompts") / name).read_text(encoding="utf-8"))
    return _Texts("\n".join(found["system"]), found["task"], found["words"], tuple(found["not_found"]))


@dataclass(frozen=True)
class Numbered:
    """A fact as it is shown.

    Attributes:
        number: 1 for the first.
        text: as in the document.
    """

    number: int
    text: str


def defuse(text: str) -> str:
    """Return text in which none of our marks and no token of a chat template is left; length may change."""
    return _CONTROL.sub(lambda match: match[0].translate(_BRACKETS), nfc(text))


def load_not_found(language: str) -> tuple[str, ...]:
    """Return the ways to say that the documents hold no answer."""
    return _load_texts(language).not_found


def build_system(language: str) -> Message:
    """Return the rules, in the language of the document."""
    return Message(role="system", content=_load_texts(language).system)


def build_prefix(passage: Passage, text: str = "") -> str:
    """Return how every request about ``passage`` begins.

    Args:
        passage: the document's part.
        text: a part of it, where the whole is too long for the model.
    """
    about = f'title="{_attribute(passage.title)}" section="{_attribute(passage.context)}"'
    return f"<document {about}>\n{defuse(text or passage.text).strip()}\n</document>"


def cut_window(text: str, spans: Sequence[tuple[int, int]], *, max_chars: int) -> str:
    """Return the parts of ``text`` around ``spans``, in order, as far as they fit; gaps are marked.

    Args:
        text: of the passage.
        spans: half-open, in code points of ``text``.
        max_chars: to be returned.
    """
    margin = _WINDOW_CHARS
    while True:
        parts: list[list[int]] = []
        for first, last in sorted(spans):
            start, end = max(0, first - margin), min(len(text), last + margin)
            if parts and start <= parts[-1][1]:
                parts[-1][1] = max(parts[-1][1], end)
            else:
                parts.append([start, end])
        if margin == 0 or sum(end - start for start, end in parts) <= max_chars:
            return " … ".join(text[start:end].strip() for start, end in parts)[:max_chars]
        margin = margin // 2 if margin > 20 else 0


def format_facts(facts: Sequence[Numbered], *, language: str) -> str:
    """Return the numbered facts, fenced."""
    lines = [f"[{fact.number}] {defuse(fact.text).strip()[:_MAX_FACT_CHARS]}" for fact in facts]
    return "\n".join([_load_texts(language).words["facts"], "<facts>", *lines, "</facts>"])


def build_task(
    kind: ExampleKind,
    *,
    language: str,
    numbers: Sequence[int],
    others: Sequence[int] = (),
    count: int = 1,
    wordings: int = 1,
    use_case: str = "",
) -> str:
    """Return what is to be written.

    Args:
        kind: of the examples.
        language: to be written in.
        numbers: the facts that are meant.
        others: those of the second document.
        count: most items, for kinds that are not counted by fact.
        wordings: questions, or versions, of each fact.
        use_case: the recipe's words.
    """
    texts = _load_texts(language)
    words = texts.words
    task = texts.task[kind].format(
        numbers=_list(numbers),
        others=_list(others),
        count=count,
        wordings=words["one"] if wordings == 1 else words["many"].format(n=wordings),
        several=f" {words['several']}" if wordings > 1 else "",
        versions=words["versions"].format(n=wordings),
        dialogues=words["dialogue"] if count == 1 else words["dialogues"].format(n=count),
    )
    lines = [f"{words['task']}: {task} {words['language']}"]
    if use_case:
        lines.append(words["use"].format(use_case=defuse(" ".join(use_case.split()))[:_MAX_USE_CASE_CHARS]))
    lines.append(words["shape"].format(shape=_SHAPE[kind]))
    return "\n".join(lines)


def build_user(
    passage: Passage,
    facts: Sequence[Numbered],
    task: str,
    *,
    text: str = "",
    second: Passage | None = None,
    second_text: str = "",
) -> Message:
    """Return the one message of the user: document, facts, task."""
    parts = [build_prefix(passage, text)]
    if second is not None:
        words = _load_texts(passage.language).words
        parts += [words["second"], build_prefix(second, second_text)]
    parts += [format_facts(facts, language=passage.language), task]
    return Message(role="user", content="\n\n".join(parts))


def estimate_tokens(text: str) -> int:
    """Return a cautious guess: 0.3 tokens a character, 1.2 for Hangul and ideographs."""
    wide = sum(1 for char in text if ord(char) > 0x10FF)
    return int(0.3 * (len(text) - wide) + 1.2 * wide) + 1


def _attribute(text: str) -> str:
    return re.sub(r"[\"<>\n]", " ", defuse(text).replace(" > ", " › ")).strip()


def _list(numbers: Sequence[int]) -> str:
    """Return ``1-4`` for a run of numbers, else ``1, 3, 6``."""
    if len(numbers) > 2 and list(numbers) == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]}-{numbers[-1]}"
    return ", ".join(map(str, numbers))
