"""A chat model as judge, with the source in view, and how far it may be trusted: measured, never assumed.

A judge is shown true items and the same items with an error planted (``plant.py``); what it lets through is
counted. A judge that fails is not used. After Zheng et al. (2023), "Judging LLM-as-a-Judge with MT-Bench and
Chatbot Arena", where a judge's agreement is measured before it is believed; here against errors known to be
there.
"""

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from ondol.core.frozen import Frozen
from ondol.core.models import ChatRequest, Message
from ondol.core.protocols import ChatModel
from ondol.text.language import has_hangul

MIN_PRECISION = 0.9
"""Of what it accepts, when half of all items are wrong, this share must be right (lower bound, 95 %)."""

MIN_RECALL = 0.5
"""It must accept at least this share of the true items."""

MIN_ITEMS = 100
"""True and planted items together; fewer prove nothing."""

_MAX_SOURCE_CHARS = 4000
_Z = 1.645  # one-sided 95 %

_ASPECTS = ("supported", "complete", "answers")
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 200},
        **{aspect: {"type": "boolean"} for aspect in _ASPECTS},
    },
    "required": ["reason", *_ASPECTS],
    "additionalProperties": False,
}
_SYSTEM = {
    "en": (
        "You check an answer against a source text. Trust nothing but the source. Judge three things: "
        "supported (every statement of the answer stands in the source, with the same numbers, units, dates, "
        "names and negations), complete (nothing that the question asks for is left out), answers (it "
        "answers this question and not another)."
    ),
    "ko": (
        "답을 원문과 대조해 검사합니다. 원문만 믿으세요. 세 가지를 판단합니다: supported (답의 모든 내용이 "
        "숫자, 단위, 날짜, 이름, 부정까지 원문에 그대로 있음), complete (질문이 묻는 것을 빠뜨리지 않음), "
        "answers (다른 질문이 아니라 이 질문에 답함)."
    ),
}
_ASKED = {
    "en": {
        "supported": "Does the source say exactly what the answer says?",
        "complete": "Does the answer say all that the question asks for?",
        "answers": "Does the answer answer this question?",
    },
    "ko": {
        "supported": "원문이 답의 내용을 그대로 말하고 있습니까?",
        "complete": "질문이 묻는 것을 답이 모두 말합니까?",
        "answers": "답이 이 질문에 대한 답입니까?",
    },
}
_WORD = {"en": 'Say "yes" or "no" first.', "ko": '먼저 "예" 또는 "아니요"로 말하세요.'}
_YES = re.compile(r"^\W*(?:yes|true|correct|supported|예|네|맞)", re.IGNORECASE)
_JSON = re.compile(r"\{[^{}]*\}")


class Item(Frozen):
    """A question, its answer and the text that it should rest on."""

    question: str
    answer: str
    source: str


class Judgement(Frozen):
    """What the judge said.

    Attributes:
        score: share of the three aspects that it affirmed, 0 to 1; 0 for output that cannot be read.
        reason: its own words, if it gave any.
    """

    supported: bool
    complete: bool
    answers: bool
    score: float
    reason: str = ""


class Calibration(Frozen):
    """How well a judge told true items from planted errors.

    Attributes:
        precision: of the items accepted, the share that is true, were half of all items wrong.
        precision_low: its lower bound, 95 %, one-sided.
        recall: share of the true items accepted.
        false_accepts: planted items accepted.
        n: items in all.
        threshold: least score that is accepted.
        usable: the bar was met; else ``reason`` says why not.
        scores: of each item, and whether it was true; what ``recalibrate`` adds to.
    """

    model: str
    precision: float
    precision_low: float
    recall: float
    false_accepts: int
    n: int
    threshold: float
    usable: bool
    reason: str = ""
    scores: tuple[tuple[float, bool], ...] = ()


class Judge:
    """Asks a chat model about an item. Safe to use from several threads."""

    def __init__(self, chat: ChatModel, *, by_schema: bool | None = None, timeout_s: float = 120.0) -> None:
        """Use ``chat``.

        Args:
            chat: the model.
            by_schema: one call with a reason, constrained to a JSON schema, or else three answered by
                one word each, for a model too small to fill a schema; by default what its engine can.
            timeout_s: for each call.
        """
        self._chat = chat
        self._by_schema = chat.profile.json_schema if by_schema is None else by_schema
        self._timeout_s = timeout_s

    @property
    def model(self) -> str:
        """Name of the model."""
        return self._chat.profile.name

    def judge(self, item: Item) -> Judgement:
        """Return what the model says of ``item``; raises ``EngineError``."""
        language = "ko" if has_hangul(item.question) else "en"
        if self._by_schema:
            return self._judge_by_schema(item, language)
        says = {aspect: self._affirms(item, aspect, language) for aspect in _ASPECTS}
        return Judgement(**says, score=sum(says.values()) / len(_ASPECTS))

    def _judge_by_schema(self, item: Item, language: str) -> Judgement:
        reply = self._chat.complete(
            self._request(item, _SYSTEM[language], "", max_tokens=160, schema=_SCHEMA)
        )
        found = _read(reply.text)
        if found is None:
            return Judgement(
                supported=False,
                complete=False,
                answers=False,
                score=0.0,
                reason="The judge's reply is unreadable.",
            )
        says = {aspect: found.get(aspect) is True for aspect in _ASPECTS}
        reason = str(found.get("reason", ""))[:300]
        return Judgement(**says, score=sum(says.values()) / len(_ASPECTS), reason=reason)

    def _affirms(self, item: Item, aspect: str, language: str) -> bool:
        asked = f"{_ASKED[language][aspect]} {_WORD[language]}"
        reply = self._chat.complete(self._request(item, _SYSTEM[language], asked, max_tokens=6, schema=None))
        return _YES.match(reply.text) is not None

    def _request(
        self, item: Item, system: str, asked: str, *, max_tokens: int, schema: dict[str, Any] | None
    ) -> ChatRequest:
        # The source goes first: one prefix serves all that is asked about it.
        text = (
            f"Source:\n{item.source[:_MAX_SOURCE_CHARS]}\n\nQuestion: {item.question}\nAnswer: {item.answer}"
            + (f"\n\n{asked}" if asked else "")
        )
        messages = (Message(role="system", content=system), Message(role="user", content=text))
        return ChatRequest(
            messages=messages,
            max_tokens=max_tokens,
            temperature=0.0,
            think=False,
            json_schema=schema,
            timeout_s=self._timeout_s,
        )


def calibrate(judge: Judge, true_items: Sequence[Item], planted_items: Sequence[Item]) -> Calibration:
    """Show ``judge`` all items and return what it is worth; raises ``EngineError``."""
    scores = [(judge.judge(item).score, True) for item in true_items]
    scores += [(judge.judge(item).score, False) for item in planted_items]
    return weigh(judge.model, scores)


def recalibrate(calibration: Calibration, verdicts: Sequence[tuple[float, bool]]) -> Calibration:
    """Return the calibration with what people said of items that the judge had scored.

    Args:
        calibration: so far.
        verdicts: the judge's score of an item, and whether a person found it right.
    """
    return weigh(calibration.model, (*calibration.scores, *verdicts))


def weigh(model: str, scores: Sequence[tuple[float, bool]]) -> Calibration:
    """Choose the threshold of the best lower bound among those with enough recall, and say what it gives."""
    true = [score for score, is_true in scores if is_true]
    false = [score for score, is_true in scores if not is_true]
    best: Calibration | None = None
    for threshold in sorted({score for score, _ in scores if score > 0}):
        kept, passed = sum(s >= threshold for s in true), sum(s >= threshold for s in false)
        recall = kept / len(true) if true else 0.0
        low, _ = wilson(kept, len(true))
        _, high = wilson(passed, len(false))
        rate = passed / len(false) if false else 1.0
        found = Calibration(
            model=model,
            precision=_balance(recall, rate),
            precision_low=_balance(low, high),
            recall=recall,
            false_accepts=passed,
            n=len(scores),
            threshold=threshold,
            usable=False,
        )
        if best is None or (found.recall >= MIN_RECALL, found.precision_low) > (
            best.recall >= MIN_RECALL,
            best.precision_low,
        ):
            best = found
    if best is None:
        best = Calibration(
            model=model,
            precision=0.0,
            precision_low=0.0,
            recall=0.0,
            false_accepts=0,
            n=len(scores),
            threshold=1.0,
            usable=False,
        )
    reason = _find_shortfall(best, num_true=len(true), num_false=len(false))
    return best.model_copy(update={"usable": not reason, "reason": reason, "scores": tuple(scores)})


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return the one-sided 95 % bounds of a share (Wilson 1927); (0, 1) without trials."""
    if not trials:
        return 0.0, 1.0
    share, z2 = successes / trials, _Z * _Z
    middle = share + z2 / (2 * trials)
    half = _Z * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    return (middle - half) / (1 + z2 / trials), (middle + half) / (1 + z2 / trials)


def _balance(true_rate: float, false_rate: float) -> float:
    return true_rate / (true_rate + false_rate) if true_rate + false_rate else 0.0


def _find_shortfall(found: Calibration, *, num_true: int, num_false: int) -> str:
    if found.n < MIN_ITEMS or min(num_true, num_false) < MIN_ITEMS // 4:
        return f"Only {num_true} true and {num_false} planted items; {MIN_ITEMS} are needed."
    if found.recall < MIN_RECALL:
        return f"It accepts {found.recall:.0%} of the true items; {MIN_RECALL:.0%} are needed."
    if found.precision_low < MIN_PRECISION:
        return (
            f"Of what it accepts {found.precision:.0%} is right, with certainty {found.precision_low:.0%}; "
            f"{MIN_PRECISION:.0%} is needed."
        )
    return ""


def _read(text: str) -> dict[str, Any] | None:
    for match in reversed(list(_JSON.finditer(text))):
        try:
            found = json.loads(match[0])
        except json.JSONDecodeError:
            continue
        if isinstance(found, dict):
            return found
    return None
