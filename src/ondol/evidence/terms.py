"""The words of a text that carry its meaning, cut the same way in questions, sentences and claims."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Protocol

from ondol.text.language import has_hangul
from ondol.text.lexemes import STOP_WORDS, Term, hangul_runs, lex, stem
from ondol.text.morphemes import BIGRAM_MARK

TermFunction = Callable[[str], list[str]]
"""From a text to its content terms, in order, with repetitions."""


class TermSource(Protocol):
    """What ``text.morphemes.Analyser`` offers."""

    def terms(self, text: str) -> list[Term]:
        """Return the terms of ``text`` with their places."""


def word_set(text: str) -> frozenset[str]:
    """Return the white-space separated words of ``text``: how word lists are written in this package."""
    return frozenset(text.split())


STOPWORDS = STOP_WORDS | word_set("""
    against before below cannot d describe down few further ll m many much o off out over please re s said say
    show such t tell then up upon ve very explain give let many lot yes actually whether although though while
    regarding concerning
""")

WEAK_WORDS = word_set("""
    long large high big old tall far fast heavy deep wide often close
    able allow approximately around available based became began belong better bring call called came
    case cause certain come common consider considered contain create described different event exactly
    example exist fact find first form found general get go good got great group happen happened help
    include included instead item keep kind know known last lead least led like list locate located
    look made main major make mean meaning name named need new number occur offer often order original
    part people person place possible present prior provide put reason refer result second see set several
    start state still take term thing think thought time title today took total try two type use used using
    usual various want way well went word work world year years purpose role
""")

_KOREAN_STOP = word_set("""
    것 거 수 등 때 바 데 지 줄 뿐 만 번 및 그 이 저 그것 이것 저것 그거 이거 저거 여기 거기 저기 나 저희 우리
    너 당신 하 되 있 없 않 못 안 아니 이러 그러 저러 어떠 어떻 무엇 뭐 무슨 어디 언제 누구 얼마 어느 어떤 왜
    몇 며칠 알 알리 말하 대하 관하 위하 따르 통하 의하 주 보 싶 경우 좀 더 또 다시 및 혹시 그럼 그리고 하지만
    같 때문 없이 정도 대해 관련 중 하나
""")
_KOREAN_WEAK = word_set("""
    사용 방법 설명 가능 필요 이용 경우 내용 종류 이름 기능 부분 문제 시간 사람 전체 사항 만들 나오 들 쓰 나 오
    가 받 점 좋 위치 의미 뜻 이유 까닭 원인 절차 순서 개수 장소 언급 말 얘기 이야기 역할
    용도 목적
""")


# People ask with plain verbs, manuals answer with bookish ones; each group is one term, its first word.
_SAME = """
    사용 쓰 쓰이 이용 활용 | 높 높이 높아지 | 낮 낮추 낮아지 | 감소 줄 줄이 줄어들 | 증가 늘 늘리 늘어나 |
    생성 만들 작성 제작 | 삭제 지우 제거 없애 | 활성 켜 활성화 켜지 | 비활성 끄 비활성화 꺼지 | 변경 바꾸 바뀌
    전환 | 수정 고치 편집 | 전송 보내 송신 | 입력 넣 기입 | 추가 더하 덧붙이 | 분리 떼 떼어내 뽑 | 갱신
    업데이트 | 중지 멈추 정지 중단 | 시작 개시 | 종료 끝나 끝내 마치 | 확인 점검 검사 | 다운로드 내려받 |
    업로드 올리 | 저장 보관 | 선택 고르 | 교체 갈아끼우 | 설치 깔 | 표시 보이 나타나 표출 출력 | 보정 교정
    캘리브레이션 | 구매 구입 | 신청 접수 | 지급 지불 | 요금 가격 | 담당자 책임자 | 컴퓨터 피시 | 동영상 비디오
    영상 | 사진 이미지 그림 | 조종기 송신기 | 무게 중량 | 전체 모든 모두 | remov delet eras | creat make add |
    chang modifi edit | show display | enabl activ | disabl deactiv | start begin launch | stop end finish |
    buy purchas | pictur imag photo | video movi | fix repair | setup configur set | choos select | allow
    permit | mandatori compulsori obligatori
"""


@lru_cache(maxsize=1)
def _canonical() -> dict[str, str]:
    canonical: dict[str, str] = {}
    for group in _SAME.split("|"):
        first, *others = group.split()
        canonical.update((word, canonical.get(first, first)) for word in others if word not in canonical)
    return canonical


@lru_cache(maxsize=1)
def _stop_stems() -> frozenset[str]:
    return frozenset(stem(word) for word in STOPWORDS) | STOPWORDS | _KOREAN_STOP


@lru_cache(maxsize=1)
def _weak_stems() -> frozenset[str]:
    return frozenset(stem(word) for word in WEAK_WORDS) | _KOREAN_WEAK


def is_weak(term: str) -> bool:
    """Tell whether a term is so common in questions that it says little about what is asked."""
    return term in _weak_stems()


def simple_terms(text: str) -> list[str]:
    """Return stemmed English content words, numbers, and pairs of Hangul syllables; needs no dictionary."""
    found = list(lex(text))
    for start, end in hangul_runs(text):
        found.extend(Term(text[i : i + 2], i, min(end, i + 2)) for i in range(start, max(start + 1, end - 1)))
    return _keep(found)


def build_terms(source: TermSource) -> TermFunction:
    """Return a function that cuts Korean into content morphemes with ``source``, and the rest by rule.

    It remembers the last texts: checking claims reads the same sentences again and again.
    """

    @lru_cache(maxsize=_REMEMBERED)
    def cut(text: str) -> tuple[str, ...]:
        if not has_hangul(text):
            return tuple(_keep(lex(text)))
        return tuple(_keep(t for t in source.terms(text) if not t.text.startswith(BIGRAM_MARK)))

    return lambda text: list(cut(text))


def _keep(terms: Iterable[Term]) -> list[str]:
    stop, same = _stop_stems(), _canonical()
    found = (t.text for t in sorted(terms, key=lambda t: (t.start, t.end)))
    return [same.get(term, term) for term in found if term not in stop]


def find_wholes(text: str, found: Sequence[str]) -> dict[str, str]:
    """Return Hangul terms with the compound that they are written in, or alone when they are long enough.

    The analyser cuts a compound in one sentence and leaves it whole in another.
    """
    wholes = {t: t for t in found if has_hangul(t) and len(t) >= _MIN_WHOLE}
    for left, right in pairwise(found):
        if has_hangul(left) and has_hangul(right) and f"{left}{right}" in text:
            whole = f"{left}{right}"
            if len(whole) >= _MIN_WHOLE:
                wholes[left] = wholes[right] = whole
    return wholes


def find_written(wholes: Mapping[str, str], text: str) -> list[str]:
    """Return the terms whose compound is written in ``text``, however the analyser cuts it there."""
    if not wholes:
        return []
    written = "".join(text.split())
    return [term for term, whole in wholes.items() if whole in written]


class TermBag:
    """The terms of one text, ready to be asked how well a word of a question is matched."""

    def __init__(self, terms: Iterable[str]) -> None:
        self.terms = frozenset(terms)
        self._prefixes = frozenset(t[:_PREFIX] for t in self.terms if len(t) >= _PREFIX and t.isascii())

    def match(self, term: str) -> float:
        """Return 1 for the term itself, less for a relative of it (*defence*, *defensive*), else 0."""
        if term in self.terms:
            return 1.0
        if len(term) >= _PREFIX and term.isascii() and term[:_PREFIX] in self._prefixes:
            return _RELATIVE
        return 0.0

    def __contains__(self, term: str) -> bool:
        return term in self.terms


_REMEMBERED = 2048
_MIN_WHOLE = 3
_PREFIX = 5
_RELATIVE = 0.6
