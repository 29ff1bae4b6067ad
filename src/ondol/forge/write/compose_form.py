"""Answers in a form that code can check, after IFEval (Zhou et al. 2023, "Instruction-Following Evaluation").

The content is that of an accepted example; only its form is asked for, and each form has a check that the
answer keeps it. A form that does not fit an answer is not asked for.
"""

import json
import math
import random
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ondol.core.examples import Draft, Turn
from ondol.forge.write.openbook import Pair
from ondol.text.sentences import split_sentences

_STEP = 5
_MIN_WORDS, _MAX_WORDS = 5, 60
_BULLET = re.compile(r"\A- ")
_NUMBERED = re.compile(r"\A\d{1,2}\. ")
_AMOUNT = re.compile(
    r"(?<![\w.-])\d[\d,.]*\d?\s?(?:%|°|개월|시간|단계|채널|가지|개|명|번|회|대|초|분|일|년|건|"
    r"종|km|cm|mm|kHz|MHz|GHz|Hz|kg|m|V|A"
    r"|(?:seconds?|minutes?|hours?|days?|meters?|metres?|volts?|times|items|cells|modes|degrees)\b)?"
)
_MARK = re.compile(
    r"\A(?:>\s*)?[*_]{0,2}(?:Note|Tip|Important|Warning|Caution|참고|주의|팁|중요)[*_]{0,2}:?\s+"
)
_ASKS_AMOUNT = re.compile(r"\bhow (?:many|much|long|far|often|high)\b|몇 |얼마", re.IGNORECASE)


class Form(NamedTuple):
    """A form: how it is asked for, the answer in it, and whether a text keeps it."""

    name: str
    request: str
    answer: str
    holds: Callable[[str], bool]


def compose_forms(pairs: Sequence[Pair], *, language: str, rng: random.Random) -> list[Draft]:
    """Return drafts of different forms, one of a pair at most, in seeded order."""
    drafts: list[Draft] = []
    used: set[str] = set()
    for pair in rng.sample(list(pairs), len(pairs)):
        forms = [
            f
            for f in build_forms(pair, language=language, rng=rng)
            if f.name not in used and f.holds(f.answer)
        ]
        if not forms:
            continue
        form = rng.choice(forms)
        used.add(form.name)
        drafts.append(_build(pair, form, language))
    return drafts


def _build(pair: Pair, form: Form, language: str) -> Draft:
    return Draft(
        kind="instruction",
        language=language,
        turns=(
            Turn(
                question=_ask(pair.question, form.request, language),
                answer=form.answer,
                evidence=pair.evidence,
            ),
        ),
        facts=pair.facts,
        topic=pair.topic,
        writer="composer",
    )


def _ask(question: str, request: str, language: str) -> str:
    """Return question and request, in the order that each language is used to."""
    return f"{question} {request}" if language == "ko" else f"{request} {question}"


def build_forms(pair: Pair, *, language: str, rng: random.Random) -> list[Form]:
    """Return the forms that fit a pair, each with its check."""
    says = _KOREAN if language == "ko" else _ENGLISH
    lines = [line for line in pair.answer.split("\n") if line.strip()]
    forms: list[Form] = []
    if len(lines) > 1:
        items = [line for line in lines[1:] if not line.startswith(" ")]
        flat = len(items) == len(lines) - 1
        for name, mark in (("bullets", _BULLET), ("numbered", _NUMBERED)):
            if flat and all(mark.match(item) for item in items):
                forms.append(Form(name, _pick(says[name], rng), "\n".join(items), _all_lines(mark)))
        if flat and len({bool(_BULLET.match(i)) for i in items}) == 1:
            listed = [_NUMBERED.sub("", _BULLET.sub("", item)) for item in items]
            answer = json.dumps(listed, ensure_ascii=False)
            forms.append(Form("json_array", _pick(says["json_array"], rng), answer, _is_array(len(listed))))
        return forms
    if len(split_sentences(pair.answer)) == 1:
        forms.append(Form("one_sentence", _pick(says["one_sentence"], rng), pair.answer, _is_one_sentence))
        forms.extend(_limit(pair, says, language, rng))
    forms.extend(_amount(pair, says, rng))
    forms.extend(_quote(pair, says, rng))
    return forms


def _limit(pair: Pair, says: dict[str, tuple[str, ...]], language: str, rng: random.Random) -> list[Form]:
    size = len(pair.answer) if language == "ko" else len(pair.answer.split())
    step = _STEP * 4 if language == "ko" else _STEP
    if language != "ko" and not _MIN_WORDS <= size <= _MAX_WORDS:
        return []
    limit = step * math.ceil((size + 1) / step)
    request = _pick(says["limit"], rng).format(n=limit)

    def holds(text: str) -> bool:
        return (len(text) if language == "ko" else len(text.split())) <= limit

    return [Form("limit", request, pair.answer, holds)]


def _amount(pair: Pair, says: dict[str, tuple[str, ...]], rng: random.Random) -> list[Form]:
    found = [m[0].strip() for m in _AMOUNT.finditer(pair.answer)]
    digits = re.findall(r"\d[\d,.]*", pair.answer)
    if len(found) != 1 or len(digits) != 1 or not _ASKS_AMOUNT.search(pair.question):
        return []
    return [Form("number_only", _pick(says["number_only"], rng), found[0].rstrip("."), _is_amount)]


def _quote(pair: Pair, says: dict[str, tuple[str, ...]], rng: random.Random) -> list[Form]:
    if len(pair.evidence) != 1 or pair.kind != "qa":
        return []
    quote = _MARK.sub("", pair.evidence[0].quote.strip())
    if "\n" in quote or len(split_sentences(quote)) != 1 or '"' in quote or not quote.endswith("."):
        return []

    def holds(text: str) -> bool:
        return text.startswith('"') and text.endswith('"') and text[1:-1] in pair.evidence[0].quote

    return [Form("quote", _pick(says["quote"], rng), f'"{quote}"', holds)]


def _pick(wordings: tuple[str, ...], rng: random.Random) -> str:
    return rng.choice(wordings)


def _all_lines(mark: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: all(mark.match(line) for line in text.split("\n"))


def _is_one_sentence(text: str) -> bool:
    return "\n" not in text and len(split_sentences(text)) == 1


def _is_amount(text: str) -> bool:
    return _AMOUNT.fullmatch(text) is not None


def _is_array(size: int) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        try:
            found = json.loads(text)
        except ValueError:
            return False
        return isinstance(found, list) and len(found) == size and all(isinstance(i, str) for i in found)

    return holds


_ENGLISH: dict[str, tuple[str, ...]] = {
    "one_sentence": (
        "Answer in exactly one sentence.",
        "Give a single sentence as the answer.",
        "One sentence, please.",
    ),
    "limit": (
        "Answer in at most {n} words.",
        "Use no more than {n} words.",
        "Keep your answer within {n} words.",
    ),
    "number_only": (
        "Give the number only, with its unit if it has one.",
        "Give only the number and its unit.",
    ),
    "quote": (
        "Quote the sentence of the documentation that answers this, in double quotation marks.",
        "Give the exact sentence of the documentation, in double quotation marks, and nothing else.",
    ),
    "bullets": (
        "Answer as a bulleted list; every line begins with a hyphen.",
        "Give only the items, one per line, each with a leading hyphen.",
    ),
    "numbered": (
        "Answer as a numbered list and nothing else.",
        "Write only the numbered steps, one per line.",
    ),
    "json_array": (
        "Answer as a JSON array of strings, one for each item.",
        "Give nothing but a JSON list of strings.",
    ),
}
_KOREAN: dict[str, tuple[str, ...]] = {
    "one_sentence": (
        "한 문장으로 답해 주세요.",
        "정확히 한 문장으로만 답하세요.",
        "한 문장으로 간단히 답해 주세요.",
    ),
    "limit": (
        "{n}자 이내로 답해 주세요.",
        "답은 {n}자를 넘지 않게 써 주세요.",
        "공백을 포함해 {n}자 이내로 답하세요.",
    ),
    "number_only": ("단위를 포함해 숫자로만 답해 주세요.", "다른 말 없이 숫자와 단위만 쓰세요."),
    "quote": (
        "답이 되는 문서의 문장을 큰따옴표 안에 그대로 인용해 주세요.",
        "문서의 문장을 그대로 큰따옴표에 넣어 답하고 다른 말은 쓰지 마세요.",
    ),
    "bullets": (
        "각 줄을 하이픈(-)으로 시작하는 목록으로 답해 주세요.",
        "항목만 한 줄에 하나씩, 앞에 하이픈(-)을 붙여 쓰세요.",
    ),
    "numbered": ("번호를 매긴 목록으로만 답해 주세요.", "단계만 번호를 붙여 한 줄에 하나씩 쓰세요."),
    "json_array": (
        "항목마다 문자열 하나를 담은 JSON 배열로 답해 주세요.",
        "다른 말 없이 문자열의 JSON 배열로만 답하세요.",
    ),
}
