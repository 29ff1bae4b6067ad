"""From a draft to the chat that is trained on: closed book, open book, dialogue.

Open book follows RAFT (Zhang et al. 2024, "RAFT: Adapting Language Model to Domain Specific RAG"): the
passage that holds the answer stands at a chance position among others that do not, and the answer rests on it
alone.
"""

import hashlib
import random
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from ondol.core.examples import Draft, Evidence, Example, ExampleKind, Passage
from ondol.core.models import Message

_SYSTEM = {
    "en": (
        "Answer from the given documents only. If they do not contain the answer, say so.",
        "Use only the numbered documents to answer. When the answer is not in them, say that it is not.",
        "You answer questions about the documents you are given. Add nothing that they do not say, and say "
        "so when they do not answer the question.",
    ),
    "ko": (
        "주어진 문서의 내용만으로 답하세요. 문서에 답이 없으면 없다고 말하세요.",
        "번호가 붙은 문서에 있는 내용만 사용해 답하고, 답이 문서에 없으면 그렇다고 밝히세요.",
        "제공된 문서를 근거로 질문에 답합니다. 문서에 없는 내용은 덧붙이지 말고, 답을 찾을 수 없으면 "
        "그 사실을 알려 주세요.",
    ),
}
_DOCUMENT = {"en": "Document", "ko": "문서"}
_ASK = {"en": "Question: {question}", "ko": "질문: {question}"}

# Special tokens of common chat templates: in a training text they would open or close a turn.
_CONTROL = re.compile(r"<(?=\|)|<(?=｜)|<(?=/?s>)|\[(?=\|)|\[(?=/?INST\])|<(?=/?(?:start|end)_of_turn>)")


def build_rng(*parts: object) -> random.Random:
    """Return a generator that the same ``parts`` always seed alike."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    # Chance for variety, not for secrets.
    return random.Random(int.from_bytes(digest[:8]))  # noqa: S311


def choose_system(language: str, *, seed: int) -> str:
    """Return one of the open-book system prompts in ``language``."""
    return build_rng("system", seed).choice(_SYSTEM.get(language, _SYSTEM["en"]))


def build_open_book(draft: Draft, passage: Passage, others: Sequence[Passage], *, seed: int) -> Draft:
    """Return the open-book form of a closed-book draft.

    Args:
        draft: its evidence lies in ``passage``.
        passage: shown at a seeded position.
        others: distractors, shown in seeded order; ``passage`` itself and repeats among them are left out.
        seed: chooses order and system prompt.
    """
    rng = build_rng("open", seed)
    known = {passage.chunk_id}
    texts = {_flatten(passage.text)}
    distractors: list[Passage] = []
    for other in others:
        if other.chunk_id not in known and _flatten(other.text) not in texts:
            known.add(other.chunk_id)
            texts.add(_flatten(other.text))
            distractors.append(other)
    rng.shuffle(distractors)
    distractors.insert(rng.randint(0, len(distractors)), passage)
    system = choose_system(draft.language, seed=seed)
    fields: dict[str, Any] = {"book": "open", "passages": tuple(distractors), "system": system}
    return draft.model_copy(update=fields)


def build_messages(draft: Draft) -> tuple[Message, ...]:
    """Return the chat of a draft: system prompt, passages before the first question, then the turns."""
    messages = [Message(role="system", content=draft.system)] if draft.system else []
    for position, turn in enumerate(draft.turns):
        question = turn.question
        if draft.passages and position == 0:
            ask = _ASK.get(draft.language, _ASK["en"]).format(question=question)
            question = f"{format_passages(draft.passages, language=draft.language)}\n\n{ask}"
        messages.append(Message(role="user", content=question))
        messages.append(Message(role="assistant", content=turn.answer))
    return tuple(messages)


class Pair(NamedTuple):
    """A question with its answer, taken back out of an accepted example."""

    question: str
    answer: str
    evidence: tuple[Evidence, ...]
    facts: tuple[str, ...]
    topic: str
    kind: ExampleKind


def read_pair(example: Example) -> Pair | None:
    """Return the pair of a single-turn example, passages taken off; ``None`` for any other."""
    roles = [m.role for m in example.messages if m.role != "system"]
    if roles != ["user", "assistant"] or not example.provenance.evidence:
        return None
    question = next(m.content for m in example.messages if m.role == "user")
    if example.book == "open":
        ask = _ASK.get(example.language, _ASK["en"]).format(question="")
        at = question.rfind(f"\n\n{ask}")
        if at < 0:
            return None
        question = question[at + len(ask) + 2 :]
    return Pair(
        question.strip(),
        example.messages[-1].content,
        example.provenance.evidence,
        example.provenance.facts,
        example.topic,
        example.kind,
    )


def format_passages(passages: Sequence[Passage], *, language: str) -> str:
    """Return the passages, numbered from 1, each under its title and headings."""
    word = _DOCUMENT.get(language, _DOCUMENT["en"])
    parts = []
    for number, passage in enumerate(passages, 1):
        about = _describe(passage)
        head = f"[{word} {number}] {about}" if about else f"[{word} {number}]"
        parts.append(f"{head}\n{_disarm(passage.text.strip())}")
    return "\n\n".join(parts)


def _describe(passage: Passage) -> str:
    known = passage.context.startswith(passage.title)
    about = passage.context if known else f"{passage.title} > {passage.context}"
    return _disarm(" ".join(about.strip(" >").split()))


def _disarm(text: str) -> str:
    return _CONTROL.sub(lambda match: f"{match[0]} ", text)


def _flatten(text: str) -> str:
    return " ".join(text.split())
