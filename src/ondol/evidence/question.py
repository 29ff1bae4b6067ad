"""What a question asks for: its kind of answer, and the words that matter with their weights."""

import re
from dataclasses import dataclass, field
from typing import Literal

from ondol.evidence.polarity import find_denied
from ondol.evidence.terms import STOPWORDS, TermFunction, find_wholes, is_weak, simple_terms
from ondol.text.language import detect_language, has_hangul
from ondol.text.lexemes import stem

AnswerKind = Literal["person", "number", "time", "place", "reason", "steps", "definition", "yes_no", "thing"]

_PATTERNS: tuple[tuple[AnswerKind, str], ...] = (
    (
        "steps",
        r"\bhow (?:do|can|should|would|could|must|to)\b(?!.{0,12}\b(?:differ|compare)\b)"
        r"|\b(?:steps?|procedure|instructions?) (?:to|for|of)\b|\bwhat (?:should|must) (?:i|we|you) do\b"
        r"|어떻게(?! ?(?:되|돼|됩|됐|다[른르]|달라|변하|바뀌|움직|작동|동작|반응|생[겼기긴]|보[이여]))"
        r"|방법|절차|순서|하려면",
    ),
    (
        "number",
        r"\bhow long (?:is|are)\b"
        r"|\bhow (?:many|much|old|tall|high|far|fast|large|big|heavy|deep|wide|often|hot|cold|close)\b"
        r"|\b(?:what|which) (?:\w+ )?(?:percent\w*|number|amount|score|price|cost|ratio|fraction|rate|size"
        r"|population|temperature|value|limit|speed|voltage|weight|height|length|distance)\b"
        r"|몇(?! ?(?:월|시\b|년))|얼마|며칠|개수|비율|퍼센트",
    ),
    (
        "time",
        r"\bwhen\b|\b(?:what|which) (?:\w+ )?(?:years?|month|day|date|century|decade|time|season|era"
        r"|period)\b"
        r"|\bhow long\b|언제|몇 ?(?:월|시|년)|기한|며칠에|날짜",
    ),
    ("person", r"\bwho\b|\bwhom\b|\bwhose\b|누구|누가|누군"),
    (
        "place",
        r"\bwhere\b|\b(?:what|which) (?:\w+ )?(?:city|country|place|state|region|location|street|town|river"
        r"|continent|island|county|area)\b|어디(?!에 ?(?:쓰|쓸|쓰이|사용|이용|좋))|장소|위치",
    ),
    ("reason", r"\bwhy\b|\bwhat (?:caused|causes|is the reason|was the reason|led to)\b|왜|이유|까닭|원인"),
    (
        "definition",
        r"^\W*what(?:'s| is| are| was| were) (?:an? |the )?[\w\s-]{2,40}\?*\W*$|\bdefin(?:e|ition)\b"
        r"|\bmeaning of\b|이?란|뜻|의미|정의|무엇|뭐|뭔|어디에 ?(?:쓰|사용|이용)",
    ),
    (
        "yes_no",
        r"^\W*(?:is|are|was|were|do|does|did|can|could|may|must|should|will|has|have)\b|^(?!.*(?:어떤|어느|무슨|어디|누구|언제|왜|어떻게|뭐|무엇|몇|얼마)).*[있되하인]나요\?*$",
    ),
)
_KINDS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _PATTERNS)
# A name ends where a Korean particle begins: Hangul is no part of it.
_LETTER = r"[^\W가-힣]"
_REST = rf"(?:{_LETTER}|['’-])*"
_NAME = re.compile(
    rf"(?<!{_LETTER})(?:[A-ZÀ-Þ]{_REST}|[A-Z]*\d+[A-Z]+{_LETTER}*)"
    rf"(?:[ ](?:(?:of|the|de|von|van|and|&)[ ])?[A-ZÀ-Þ]{_REST})*"
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CAMEL = re.compile(
    r"(?<![A-Za-z\d_])(?:[A-Za-z]*[a-z][A-Z][A-Za-z]*|[A-Z]{2,}[a-z]+[A-Za-z]*)(?![A-Za-z\d_])"
)
_HOW_MUCH_OF = re.compile(
    r"\bhow (old|tall|high|far|fast|large|big|heavy|deep|wide|often|long|close)\b", re.IGNORECASE
)
_HOW_MANY = re.compile(r"\bhow (?:many|much)\s+((?:[\w'’-]+\s+){0,3}?[\w'’-]+)", re.IGNORECASE)
_WHICH = re.compile(
    r"\b(?:what|which)\s+(?:is the |was the |were the |are the )?((?:[\w'’-]+))", re.IGNORECASE
)

# The parts of a compound are one word, not two.
_SHARE_OF_WHOLE = 0.7
_WEIGHT_NAME = 1.5
_WEIGHT_NUMBER = 1.5
_WEIGHT_WEAK = 0.4
# "How long is it": the quality may be said ("200 metres long") or not ("lasts 24 months").
_WEIGHT_MEASURED = 0.8


@dataclass(frozen=True)
class Question:
    """A question as the choice of sentences needs it.

    Attributes:
        kind: what the answer must be.
        terms: content terms in order, each once.
        weights: how much each term says, before its rarity is known.
        names: capitalised names, as written.
        numbers: numbers, without separators.
        denies: it asks for what is not (*which cannot …*).
        wholes: for each term, how it is written in one word with its neighbours (고정익 for 고정 and 익).
        focus: the stem of the noun asked for (*how many **points***), empty when there is none.
    """

    text: str
    language: str
    kind: AnswerKind
    terms: tuple[str, ...]
    weights: dict[str, float]
    names: tuple[str, ...]
    numbers: tuple[str, ...]
    denies: bool
    focus: str
    wholes: dict[str, str] = field(default_factory=dict)


def read_question(text: str, *, terms: TermFunction = simple_terms) -> Question:
    """Return what ``text`` asks for."""
    found = _whole_terms(text, terms)
    names = tuple(find_names(text))
    name_terms = {t for name in names for t in terms(name)}
    wholes = find_wholes(text, found)
    weights = {
        t: _weight(t, is_name=t in name_terms) * (_SHARE_OF_WHOLE if len(wholes.get(t, t)) > len(t) else 1)
        for t in found
    }
    kind = _find_kind(text)
    measured = _HOW_MUCH_OF.search(text)
    if measured and kind == "number" and stem(measured[1].lower()) in weights:
        weights[stem(measured[1].lower())] = _WEIGHT_MEASURED
    return Question(
        text=text,
        language=detect_language(text) or "en",
        kind=kind,
        terms=found,
        weights=weights,
        names=names,
        numbers=tuple(n.replace(",", "") for n in _NUMBER.findall(text)),
        denies=bool(find_denied(text, terms)),
        focus=_find_focus(text),
        wholes=wholes,
    )


def _whole_terms(text: str, terms: TermFunction) -> tuple[str, ...]:
    """Return content terms; of a name written ``LikeThis`` the whole alone: it counts once."""
    apart = terms(_CAMEL.sub(" ", text))
    whole = [max(found, key=len) for word in _CAMEL.findall(text) if (found := terms(word))]
    every = dict.fromkeys(terms(text))
    return tuple(t for t in every if t in apart or t in whole)


def find_names(text: str) -> list[str]:
    """Return capitalised sequences that are not merely the first word of a sentence."""
    names = []
    for match in _NAME.finditer(text):
        name = match.group()
        before = text[: match.start()].rstrip()
        opens = not before or before[-1] in '.!?:\n"“|'
        if opens:
            first, _, rest = name.partition(" ")
            if first.lower() in STOPWORDS or (
                not rest and first.lower() == first.lower() and first[1:].islower()
            ):
                name = rest
        if name and name.lower() not in STOPWORDS:
            names.append(name)
    return names


def _weight(term: str, *, is_name: bool) -> float:
    if term[0].isdigit():
        return _WEIGHT_NUMBER
    if is_name:
        return _WEIGHT_NAME
    return _WEIGHT_WEAK if is_weak(term) else 1.0


def _find_kind(text: str) -> AnswerKind:
    for kind, pattern in _KINDS:
        if pattern.search(text):
            return kind
    return "thing"


def _find_focus(text: str) -> str:
    if has_hangul(text):
        return ""
    for pattern in (_HOW_MANY, _WHICH):
        match = pattern.search(text)
        if match:
            words = [w.lower() for w in match[1].split()]
            kept = [w for w in words if w not in STOPWORDS]
            if kept:
                return stem(kept[0])
    return ""
