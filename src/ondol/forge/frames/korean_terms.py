"""``용어: 설명`` and ``용어 - 설명``: what an option, field or word is or does."""

import re
from dataclasses import replace
from typing import NamedTuple

from ondol.forge.frames.korean_grammar import Predicate, Word, attach, make_polite, read_predicate, read_words
from ondol.forge.frames.korean_reading import clean, has_subject, is_balanced, is_phrase, leans, points_away
from ondol.forge.frames.korean_scope import Scope
from ondol.forge.frames.wording import Wording
from ondol.text.language import detect_language
from ondol.text.morphemes import Analyser

_TERM = re.compile(r"\A(?P<term>[^:：.!?\n]{1,40}?)\s*(?::|：|\s[-–—])\s+(?P<said>\S.{5,200})\Z")
# What a part of a machine does; other verbs are what its user does.
_FUNCTION = re.compile(
    r"(?:표시|제어|설정|정의|지정|제공|활성|비활성|나타내|보이|보여|측정|기록|저장|생성|계산|"
    r"조정|조절|관리|지원|허용|포함|삭제|제거|추가|변경|"
    r"전환|감지|알리|전송|수신|로드|내보내|가져오|다운로드|업로드|재설정|초기화|유지|방지|"
    r"제한|결정|적용|처리|나열|정렬|필터링|열|닫|보호|백업|"
    r"복원|연결|중지|시작|종료|재생|녹화|복귀|수정|수집|분석|변환|출력|인쇄|담당|총괄|보관|"
    r"실행|수행|대체|증가|감소|줄이|높이|낮추)"
)
_CHOSEN_TO = re.compile(r"려면 .{0,12}(?:선택|사용|클릭|활성화|체크|설정)")
_CHOICE = re.compile(r"(?:중 하나를|중에서|가운데) .{0,12}선택")
# What a person does with a setting, not what the setting does.
_CHOSEN = re.compile(r"선택(?:하고|하여|해서) ")
_MIN_SAID = 6
_PAIRED = re.compile(r"은\(는\)|이\(가\)|을\(를\)")
_EMPTY_WORDS = frozenset({"설정", "사용", "활성", "있"})
_OPTION = re.compile(r"(?:려면|면|경우)[, ]")


class _Described(NamedTuple):
    """A term, what is said of it, and how a question names both."""

    term: str
    said: str
    where: str
    named: str
    words: tuple[Word, ...]


def frame_term(quote: str, scope: Scope, analyser: Analyser) -> tuple[Wording, ...]:
    """Return the wordings of a described term; none for text of another form."""
    found = _read(quote, scope, analyser)
    if found is None:
        return ()
    predicate = read_predicate(found.said, found.words)
    if predicate is None:
        return () if any(w.has("EF") for w in found.words) else _ask_noun(found)
    if predicate.mood in {"order", "forbid"} or predicate.start == 0:
        return ()
    polite = make_polite(found.said, found.words)
    asked = _ask_sentence(found, predicate, polite if polite.endswith(".") else f"{polite}.")
    return tuple(_drop_pairs(found, wording) for wording in asked if not _PAIRED.search(wording.question))


def _drop_pairs(found: _Described, wording: Wording) -> Wording:
    """Return an answer without *은(는)*, as it is written where a word's last sound is not known."""
    answer = re.sub(rf"\A{re.escape(found.term)}은\(는\) ", f"{found.term}: ", wording.answer)
    return replace(wording, answer=answer)


def _read(quote: str, scope: Scope, analyser: Analyser) -> _Described | None:
    match = _TERM.match(clean(quote))
    if match is None:
        return None
    term = match["term"].strip("*\"' ")
    said = re.sub(r"\s*\([^()]*\)(?=\.?\Z)", "", match["said"].strip())
    if leans(said) or leans(term) or not is_balanced(term) or not is_balanced(said):
        return None
    bare = re.sub(r"\s*\([^()]*\)\Z", "", term)
    place = next((name for name in scope.names if name != bare), "")
    if detect_language(said) != "ko":
        return None  # code or a name
    if not place or len(said) < _MIN_SAID or said.startswith("(") or not _is_term(bare, analyser):
        return None
    words = tuple(w for w in read_words(said, analyser) if w.morphemes)
    if points_away(words) or sum(w.tag == "EF" for w in words) > 1:
        return None
    if not _adds(f"{place} {bare}", said, analyser):
        return None
    return _Described(bare, said, f"{place}에서 ", f"'{bare}'", words)


def _ask_noun(found: _Described) -> tuple[Wording, ...]:
    body = found.said.rstrip(". ")
    if not is_phrase(found.words):
        return ()
    answer = f"{attach(found.term, '은')} {body}입니다."
    what = f"{found.where}{attach(found.named, '은')} 무엇인가요?"
    mean = f"{found.where}{attach(found.named, '이란')} 무엇을 뜻하나요?"
    return Wording(what, answer, "term.what", 0.85), Wording(mean, answer, "term.mean", 0.8)


def _ask_sentence(found: _Described, predicate: Predicate, polite: str) -> tuple[Wording, ...]:
    where, named, topic = found.where, found.named, attach(found.named, "은")
    as_topic, as_term = f"{attach(found.term, '은')} {polite}", f"{found.term}: {polite}"
    explain = (Wording(f"{where}{named}에 대해 설명해 주세요.", as_term, "term.explain", 0.7),)
    if any(w.particle in {"은", "는"} for w in found.words) or _CHOSEN.search(found.said):
        return explain
    if _CHOSEN_TO.search(found.said):
        return (
            Wording(f"{where}{topic} 언제 사용하나요?", as_topic, "term.when", 0.85),
            Wording(f"{where}{named}의 용도는 무엇인가요?", as_topic, "term.use", 0.85),
        )
    if _CHOICE.search(found.said):
        return (
            Wording(f"{where}{named}에서 선택할 수 있는 것은 무엇인가요?", as_term, "term.choice", 0.8),
            Wording(f"{where}{named}의 선택지에는 무엇이 있나요?", as_term, "term.options", 0.78),
        )
    if predicate.copula:
        return (
            Wording(f"{where}{topic} 무엇인가요?", as_topic, "term.what", 0.9),
            Wording(f"{where}{attach(named, '이란')} 무엇을 뜻하나요?", as_topic, "term.mean", 0.85),
        )
    if _OPTION.search(found.said):
        return ()
    if predicate.mood not in {"plain", "can"} or not _FUNCTION.match(predicate.root):
        return ()
    if has_subject(found.words[: predicate.start]) or not any(w.tag == "JKO" for w in found.words):
        return explain
    return (
        Wording(f"{where}{topic} 어떤 기능을 하나요?", as_topic, "term.does", 0.88),
        Wording(f"{where}{named}의 역할은 무엇인가요?", as_topic, "term.role", 0.86),
    )


def _adds(term: str, said: str, analyser: Analyser) -> bool:
    """Whether a description says more than its term does."""
    content = {"NNG", "NNP", "SL", "SN", "XR", "VV", "VA"}
    new = {m.form for m in analyser.morphemes(said) if m.tag in content}
    known = term.replace(" ", "")
    return sum(form not in known for form in new - _EMPTY_WORDS) >= 2


def _is_term(term: str, analyser: Analyser) -> bool:
    if not 2 <= len(term) <= 30 or term[-1:] in ",.":
        return False
    words = read_words(term, analyser)
    return (
        bool(words)
        and is_phrase(words)
        and not any(m.tag in {"EF", "EC", "JKO", "JKS"} for w in words for m in w.morphemes)
    )
