"""Which words of a text are denied, and which mean the opposite of others; English and Korean, by rule."""

import re
from collections.abc import Iterator

from ondol.evidence.terms import TermFunction, word_set
from ondol.text.language import has_hangul

_NEGATOR = re.compile(
    r"\b(?:not|never|no|none|nobody|nothing|nowhere|neither|nor|without|cannot|hardly|scarcely|barely"
    r"|rarely|seldom"
    r"|fail(?:s|ed)? to|refus(?:e|es|ed) to|unable to|impossible to|instead of|rather than|far from"
    r"|exclud(?:es?|ed|ing)|prohibit(?:s|ed)?|forbid(?:s|den)?|lack(?:s|ed)?)\b|n['’]t\b",
    re.IGNORECASE,
)
# "not only … but also" and "no more than" deny nothing that matters here; "no." is an abbreviation.
_IDLE = re.compile(
    r"not only|no (?:more|less|fewer|later|earlier) than|no\.|no matter|not (?:just|merely)", re.IGNORECASE
)
_KOREAN_NEGATOR = re.compile(
    r"지\s?(?:도\s?|는\s?|를\s?)?(?:않|못|말|아니|마(?=십시오|세요|시오|시기|라(?![가-힣])|[.!]))|"
    r"(?<![가-힣])안\s(?=[가-힣])|(?<![가-힣])못\s?(?=하|한|할|합|했)|없[으는다었을습이지고어거도게기던네]|없음"
    r"|아니[다라며고었에]|아닙|아닌|아님|불가(?:능|하|합|$|[\s.,])|금지|제외(?=[하되한된됩합할될해시])"
)
_KOREAN_DOUBLE = re.compile(
    r"않으면 안|지 않을 수 없|없이는 [^.]{0,12}(?:없|않)|못지\s?않|뿐(?:만)? 아니라|수밖에 없"
    r"|(?:않|못[하한할함합]|없)[가-힣]{0,3}\s(?:것|뜻|말|경우|게)[은는이가도]?\s?아니|(?:않|못하"
    r"|없)[가-힣]{0,3}\s(?:것|뜻|말|경우|게)[은는이가도]?\s?아[닙닌]"
)
# "…하면 안 됩니다" forbids what stands before it, as "…하지 마십시오" does.
_FORBIDS = re.compile(r"(?<=면 )안 ?[되된됩돼]")
_CLAUSE_END = re.compile(
    r"[,;:.!?()]|\b(?:but|and|although|though|however|while|whereas|because)\b", re.IGNORECASE
)
# "No light is needed": the noun is denied, not what is said of it.
_NOMINAL = re.compile(r"(?:no|none|without|lack\w*|exclud\w+|nobody|nothing|neither|nor)$", re.IGNORECASE)
_PREDICATE = re.compile(
    r"\b(?:is|are|was|were|be|been|can|could|will|would|may|might|must|shall|should|has|have|had|do"
    r"|does|did|that|which|who)\b",
    re.IGNORECASE,
)
_SCOPE_AFTER = 3
_SCOPE_BEFORE = 2

_OPPOSITES: tuple[tuple[str, str], ...] = (
    ("increas rise rose grow grew risen gain", "decreas fall fell declin reduc drop lose lost loss"),
    ("above exceed", "below beneath"),
    ("befor prior earlier", "after later follow"),
    (
        "more greater higher highest largest most bigger biggest longer longest",
        "less fewer lower lowest smallest least smaller shorter shortest",
    ),
    ("maximum max", "minimum min"),
    ("allow permit", "prohibit forbid forbidden ban disallow"),
    ("enabl activ", "disabl deactiv inact"),
    ("includ", "exclud except"),
    ("win won beat defeat victori", "lose lost"),
    ("accept approv", "reject refus deni"),
    ("start begin began", "stop end finish"),
    ("alway", "never"),
    ("possibl", "imposs"),
    ("legal", "illeg"),
    ("valid", "invalid"),
    ("requir mandatori obligatori compulsori", "option voluntari unnecessari"),
    ("open", "close shut"),
    ("left", "right"),
    ("north northern", "south southern"),
    ("east eastern", "west western"),
    ("success succeed", "failur fail"),
    ("posit", "negat"),
    ("internal insid", "extern outsid"),
    ("buy bought purchas", "sell sold"),
    ("이상", "이하 미만"),
    ("초과", "이하 미만"),
    ("이전", "이후"),
    ("전", "후"),
    ("증가 상승 늘 오르", "감소 하락 줄 내리"),
    ("최대", "최소"),
    ("가능", "불가능 불가"),
    ("허용", "금지"),
    ("포함", "제외"),
    ("활성", "비활성"),
    ("왼쪽", "오른쪽"),
    ("위쪽 상단", "아래쪽 하단"),
    ("많", "적"),
    ("높", "낮"),
    ("크", "작"),
    ("켜", "끄"),
    ("열", "닫"),
    ("시작", "종료"),
    ("승인", "거부 거절 반려"),
    ("필수", "선택"),
    ("합격", "불합격"),
    ("승리", "패배"),
    ("안쪽 내부", "바깥 외부"),
)
_PAIRS = tuple((word_set(a), word_set(b)) for a, b in _OPPOSITES)


def find_denied(text: str, terms: TermFunction) -> list[frozenset[str]]:
    """Return, for each negation in ``text``, the content terms that it denies: the nearest in its clause."""
    denied = [_without_numbers(found) for found in _denied_english(text, terms)]
    if has_hangul(text):
        denied.extend(_without_numbers(found) for found in _denied_korean(text, terms))
    return denied


def denies_alike(one: str, other: str, terms: TermFunction) -> bool:
    """Tell whether both texts deny something or neither does: all that can be compared across languages."""
    return bool(find_denied(one, terms)) == bool(find_denied(other, terms))


def _without_numbers(terms: list[str]) -> frozenset[str]:
    return frozenset(t for t in terms if not t[0].isdigit())


def _denied_english(text: str, terms: TermFunction) -> Iterator[list[str]]:
    for match in _NEGATOR.finditer(text):
        if _IDLE.match(text, match.start()):
            continue
        end = _CLAUSE_END.search(text, match.end())
        if _NOMINAL.match(match[0]):
            end = min(
                filter(None, (end, _PREDICATE.search(text, match.end()))), key=re.Match.start, default=None
            )
        after = terms(text[match.end() : end.start() if end else len(text)])[:_SCOPE_AFTER]
        before: list[str] = []
        if not after:
            before = terms(text[max(0, match.start() - 60) : match.start()])[-_SCOPE_BEFORE:]
        yield after or before


def _denied_korean(text: str, terms: TermFunction) -> Iterator[list[str]]:
    for match in _KOREAN_NEGATOR.finditer(text):
        near = text[max(0, match.start() - 12) : match.end() + 12]
        if _KOREAN_DOUBLE.search(near):
            continue
        if match[0].startswith("안") and not _FORBIDS.match(text, match.start()):
            yield terms(text[match.end() : match.end() + 12])[:1]
            continue
        clause = re.split(r"[,.;!?]", text[max(0, match.start() - 40) : match.start()])[-1]
        # "값이 없다", "선택할 수 없다": what stands right before is denied, and not its object.
        yield terms(clause)[-1 if match[0].startswith("없") else -_SCOPE_BEFORE :]


def find_opposites(claim: frozenset[str], evidence: frozenset[str]) -> list[str]:
    """Return terms of ``claim`` whose opposite, and not they themselves, stands in ``evidence``."""
    found: list[str] = []
    for left, right in _PAIRS:
        for mine, other in ((left, right), (right, left)):
            said = claim & mine
            if said and not claim & other and evidence & other and not evidence & mine:
                found.extend(sorted(said))
    return found
