"""Where a fact stands, in words: the screen, feature or rule that a short question needs to be understood."""

import re
from dataclasses import dataclass

from ondol.core.examples import Fact, Passage
from ondol.forge.frames.korean_reading import is_vague
from ondol.forge.frames.place import drop_asides
from ondol.text.morphemes import Analyser

_ASIDE = re.compile(r"\s*\([^()]*\)")
_PLACES = re.compile(
    r"(?:화면|뷰|보기|설정|창|페이지|메뉴|패널|도구|모드|콘솔|탭|대화상자|대화창|앱|시스템|"
    r"목록|툴바|표시줄|인터페이스|프로그램|소프트웨어|장치|"
    r"기기|규정|규칙|지침|정책|법|법률|시행령|시행규칙|약관|계약|계약서|매뉴얼|설명서|안내서|"
    r"보고서|패턴|스캔|기능|위젯|서비스|센터|절차|"
    r"스토어|서버|데이터베이스|플랫폼|조례|협약|요령|고시|내규|기준|제도|사업|공고|공고문|[A-Za-z]{3,})\Z"
)


_MAX_INNER = 20


@dataclass(frozen=True)
class Scope:
    """Places in the corpus that a question can name, the nearest first; none if no heading is fit."""

    names: tuple[str, ...] = ()

    def apply(self, question: str) -> str:
        """Return the question said of a place; empty when there is none.

        A question that already names the place comes back as it is; a place of which a word is spoken anyway
        is not named.
        """
        if question.startswith("어디"):
            return ""
        for name in self.names:
            words = name.split()
            if all(word in question for word in words):
                return question
            if any(word in question for word in words if len(word) > 1):
                continue
            opens_with_place = re.match(r"[^은는이가을를?]{1,30}?(?:에서|에서는|에는) ", question) is not None
            opens_with_place = opens_with_place and not re.match(r"어디|어떤", question)
            return f"{name}의 {question}" if opens_with_place else f"{name}에서 {question}"
        return ""


def find_scope(fact: Fact, passage: Passage, analyser: Analyser) -> Scope:
    """Return the headings above a fact that name a place, then the document's title."""
    headings = [part for part in (fact.evidence.context or passage.context).split(" > ") if " | " not in part]
    names = (drop_asides(part) for part in [*reversed(headings), passage.title])
    places = [n for n in names if _is_place(_ASIDE.sub("", n).strip(), analyser)]
    inner = _ASIDE.sub("", headings[-1]).strip() if headings else ""
    if places and inner not in places[0] and places[0] not in inner and _is_inner(inner, analyser):
        places.insert(0, f"{places[0]}의 {inner}")
    return Scope(tuple(dict.fromkeys(places)))


def _is_inner(name: str, analyser: Analyser) -> bool:
    """Tell whether the nearest heading is a plain noun phrase that tells facts of one page apart."""
    if (
        not 2 <= len(name) <= _MAX_INNER
        or is_vague(name)
        or re.search(r"[:?!/·>]|\d\.\d|개요|옵션|기타", name)
    ):
        return False
    return all(m.tag in {"NNG", "NNP", "SL", "XSN"} for m in analyser.morphemes(name))


def _is_place(name: str, analyser: Analyser) -> bool:
    if (
        not 2 <= len(name) <= 30
        or not _PLACES.search(name)
        or is_vague(name)
        or re.search(r"[:?!/·>]|\d\.\d", name)
    ):
        return False
    morphemes = analyser.morphemes(name)
    return not any(m.tag in {"EF", "EC", "ETM", "JKO", "JKS", "JX", "JKB"} for m in morphemes) and bool(
        re.search(r"[가-힣]", name)
    )
