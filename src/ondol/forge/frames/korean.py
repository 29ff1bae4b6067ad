"""Korean questions from Korean sentences, by code alone.

Korean asks in place: the part asked for becomes 무엇, 어디 or 언제 and the ending turns into ``-나요``; no
word has to move. What is needed is to be sure where that part begins and ends, so each frame names the few
structures in which it is sure, and returns nothing for the others.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ondol.core.examples import Fact, Passage
from ondol.evidence.support import check_support
from ondol.evidence.terms import build_terms, word_set
from ondol.forge.frames.korean_grammar import (
    Word,
    attach,
    find_final,
    intend,
    is_noun_word,
    modify,
)
from ondol.forge.frames.korean_reading import (
    Reading,
    count_nouns,
    has_clause,
    has_subject,
    is_person,
    is_phrase,
    is_time,
    is_vague,
    read,
)
from ondol.forge.frames.korean_scope import Scope, find_scope
from ondol.forge.frames.korean_terms import frame_term
from ondol.forge.frames.wording import Wording
from ondol.text.morphemes import Analyser

_MAX_TOPIC = 45
_MAX_QUESTION = 120
_MIN_NOUNS = 3


# What follows goes on with what the sentence began: alone it would be half an answer.
_CONTINUES = re.compile(
    r"\s*(?:[-*]\s+|\d+[.)]\s+)?(?:그런 다음|그 다음|그다음|그리고 나서|그런 후|이어서|그 후)"
)


class Asked(NamedTuple):
    """A question that a frame proposes; the answer is the sentence."""

    question: str
    frame: str
    score: float


def frame(fact: Fact, passage: Passage, *, analyser: Analyser) -> tuple[Wording, ...]:
    """Return the wordings of a Korean sentence or item, the best first; none where not certain."""
    if fact.unit not in {"sentence", "item"}:
        return ()
    if _CONTINUES.match(passage.text, fact.evidence.end - passage.start):
        return ()
    scope = find_scope(fact, passage, analyser)
    quote = fact.evidence.quote
    term = frame_term(quote, scope, analyser) if fact.unit == "item" or ":" in quote[:40] else ()
    if term:
        return tuple(w for w in term if _is_supported(w.answer, fact, analyser))
    reading = read(quote, analyser)
    if reading is None or not _is_supported(reading.answer, fact, analyser):
        return ()
    found: dict[str, Wording] = {}
    for make in _FRAMES:
        for asked in make(reading):
            question = _finish(asked.question, asked.frame, reading, scope, analyser)
            if question and question not in found:
                found[question] = Wording(question, reading.answer, asked.frame, asked.score)
    if len(found) == 1:
        only = next(iter(found.values()))
        told = _tell(only.question, reading)
        if told:
            found[told] = Wording(told, only.answer, f"{only.frame}.tell", only.score - 0.15)
    return alternate(sorted(found.values(), key=lambda w: -w.score))


# Which screen or list is meant, the page knows.
_BARE_PLACE = re.compile(
    r"(?:(?:옵션 )?(?:화면|드롭다운|목록|창|탭|메뉴|페이지|패널|버튼|대화 ?상자)(?: 옵션)?"
    r"|(?:선택|지정|활성화)(?:한|된) .{1,12}?|현재 (?:선택|활성)\S* .{1,12}?)"
    r"(?:의 .{1,20}?)?(?: [가-힣]{1,3})?(?:에서|에는|은|는)"
)
_WINDOW = re.compile(r"(?:대화 ?상자|대화창|팝업|창|메뉴)[을를] (?:닫|열|표시)")


def _tell(question: str, reading: Reading) -> str:
    """Return a question as a request: ``무엇을 표시하는지 알려 주세요``."""
    asks = reading.predicate.ask() if reading.predicate.stem else ""
    for ending, told in (
        (asks, reading.predicate.wonder() if asks else ""),
        ("해야 하나요?", "해야 하는지"),
        ("할 수 있나요?", "할 수 있는지"),
        ("되나요?", "되는지"),
    ):
        if ending and question.endswith(ending):
            return f"{question.removesuffix(ending)}{told} 알려 주세요."
    return ""


def alternate(wordings: list[Wording]) -> tuple[Wording, ...]:
    """Return wordings so that neighbours come from different frames where there are several."""
    ordered: list[Wording] = []
    left = list(wordings)
    while left:
        last = ordered[-1].frame if ordered else ""
        following = next((w for w in left if w.frame != last), left[0])
        left.remove(following)
        ordered.append(following)
    return tuple(ordered)


def _is_supported(answer: str, fact: Fact, analyser: Analyser) -> bool:
    quotes = [fact.evidence.quote]
    return check_support(answer, quotes, context=fact.evidence.context, terms=build_terms(analyser)).supported


def _finish(question: str, frame: str, reading: Reading, scope: Scope, analyser: Analyser) -> str:
    """Return a question that stands on its own, or nothing."""
    question = re.sub(r"\s+", " ", question).strip()
    if not 9 <= len(question) <= _MAX_QUESTION or question.startswith("몇 "):
        return ""
    num_nouns = count_nouns(question, analyser)
    if frame == "if.when" and num_nouns <= _MIN_NOUNS:
        return ""
    if question.startswith("어디") and _BARE_PLACE.match(reading.text):
        return ""
    vague = _BARE_PLACE.match(question) is not None or (
        bool(reading.topic) and reading.role in {"", "이"} and is_vague(reading.topic)
    )
    if vague or num_nouns < _MIN_NOUNS:
        scoped = scope.apply(question)
        if scoped:
            return scoped
        single = bool(reading.topic) and " " not in reading.topic and reading.rest <= 1
        if vague or single or num_nouns < (2 if reading.topic else _MIN_NOUNS):
            return ""
    return question


# -- what a sentence says of its topic -------------------------------------------------------------------


def _topic(reading: Reading) -> str:
    return attach(reading.topic, "은", final=reading.final)


def _subject(reading: Reading) -> str:
    return attach(reading.topic, "이", final=reading.final)


def _has_plain_topic(reading: Reading) -> bool:
    return bool(reading.topic) and reading.role == "" and len(reading.topic) <= _MAX_TOPIC


def _is_clear(words: tuple[Word, ...]) -> bool:
    """Whether no clause and no subject stands among the words but inside a relative clause."""
    last_clause = max((i for i, w in enumerate(words) if w.tag == "ETM"), default=-1)
    return not any(
        (w.tag in {"JKS", "JX"} and at > last_clause) or (w.tag == "EC" and at > last_clause)
        for at, w in enumerate(words)
    ) and not any(w.tag in {"EC", "JX"} for w in words)


def _noun_start(words: tuple[Word, ...]) -> int:
    """Return where the noun phrase that ends ``words`` begins; 0 when a relative clause hides it."""
    at = len(words) - 1
    while at > 0:
        before = words[at - 1]
        if before.tag == "ETM":
            # An adjective takes an adverb along, a verb its whole clause.
            if before.has("VV", "XSV", "VX", "VCP"):
                return 0
            at -= 2 if at > 1 and words[at - 2].tag == "MAG" else 1
        elif is_noun_word(before):
            at -= 1
        else:
            break
    return at


def _define(reading: Reading) -> Iterator[Asked]:
    """``T는 Y입니다``."""
    predicate = reading.predicate
    if not predicate.copula or not _has_plain_topic(reading):
        return
    start = reading.words[reading.rest].start
    body = reading.text[start : reading.words[predicate.start].start] + predicate.stem
    found = tuple(_measure(reading, body))
    if found or not _is_clear(reading.middle):
        yield from found
        return
    topic = _topic(reading)
    if body.endswith("때문"):
        if reading.topic.endswith(("것", "이유", "까닭", "원인", "현상")):
            yield Asked(f"{topic} 무엇 때문인가요?", "definition.cause", 0.8)
    elif body.endswith("위한 것"):
        yield Asked(f"{topic} 무엇을 위한 것인가요?", "purpose.for", 0.9)
        yield Asked(f"{reading.topic}의 목적은 무엇인가요?", "purpose.aim", 0.85)
    elif not _SAYS_NO_WHAT.search(body):
        yield Asked(f"{topic} 무엇인가요?", "definition.what", 0.9)
        yield Asked(f"{_subject(reading)} 무엇인지 알려 주세요.", "definition.tell", 0.75)
        if len(reading.topic) <= 20 and not any(w.tag == "ETM" for w in reading.words[: reading.rest]):
            term = attach(reading.topic, "이란", final=reading.final)
            yield Asked(f"{term} 무엇을 말하나요?", "definition.term", 0.8)


_SAYS_NO_WHAT = re.compile(
    r"\A현재|매우|아주|상당히|훨씬|가장 좋"
    r"|(?:것|점|수|편|예정|뿐|정도|만|필수|사항|마찬가지|중|전용|기본|따름|셈|듯)\Z"
)


def _measure(reading: Reading, body: str) -> Iterator[Asked]:
    """``T는 25Hz입니다``, ``T는 9시부터 6시까지입니다``."""
    topic = _topic(reading)
    if re.fullmatch(r"[^,]+부터 [^,]+까지", body) and re.search(r"\d ?[시일월년분]", body):
        yield Asked(f"{topic} 언제부터 언제까지인가요?", "span", 0.9)
        yield Asked(f"{topic} 어떻게 되나요?", "span.how", 0.85)
    elif quantity := _AMOUNT.fullmatch(body):
        unit = quantity["unit"]
        if unit in _COUNTERS and "부터" not in body:
            count = {"일": "며칠", "시": "몇 시"}.get(unit, f"몇 {unit}")
            yield Asked(f"{topic} {count}인가요?", "amount.count", 0.9)
        yield Asked(f"{topic} 얼마인가요?", "amount.much", 0.85)
        yield Asked(f"{topic} 어떻게 되나요?", "amount.how", 0.8)


_AMOUNT = re.compile(
    r"(?:[^ ]+부터 )?(?:최대 |최소 |약 |총 |평균 )?\d[\d,.]*\s?"
    r"(?P<unit>[a-zA-Z%℃°/]{1,6}|[가-힣]{1,3})(?: 이내| 이하| 이상| 미만| 초과)?\Z"
)
_COUNTERS = word_set(
    "개 명 번 회 대 초 분 시간 일 주 개월 년 장 건 종 가지 단계 채널 m km cm mm kg g Hz kHz MHz V A W"
)
_LIGHT = word_set("영향 도움 역할 기능 작업 방식 형식 형태 순서 이점 책임 의무 권한 효과")
# Signs stand for something; other things that *show* a value do not mean it.
_SIGNS = re.compile(
    r"(?:색|원|선|아이콘|표시|기호|마커|깃발|화살표|글꼴|LED|표시등|문자|약어|점|텍스트|"
    r"경고음|신호|코드|숫자)\Z"
)
_PLAIN_VERBS = word_set(
    "나타내 보이 보여주 보여 만들 담 바꾸 높이 낮추 줄이 늘리 막 돕 고르 열 닫 알리 따르 다루"
)


def _takes_what(root: str) -> bool:
    """Whether 무엇을 goes with a verb: with 표시하다, not with 이민을 가다 or 집을 나오다."""
    return root in _PLAIN_VERBS or (root.endswith(("하", "시키")) and len(root) >= 3)


_SHOWN = re.compile(r"(?:표시|나타내|보이|보여)")
_KINDS = word_set(
    "정보 데이터 파일 언어 모드 버전 값 플랫폼 운영체제 형식 기능 장치 유형 종류 단위 "
    "프로토콜 서류 자료 명령 기체"
)


def _object(reading: Reading) -> Iterator[Asked]:
    """``T는 … Y를 V합니다``."""
    predicate = reading.predicate
    words = reading.middle
    if not words or words[-1].tag != "JKO" or not _has_plain_topic(reading) or not _is_clear(words):
        return
    if predicate.mood not in {"plain", "can", "must"} or not predicate.stem:
        return
    if not _takes_what(predicate.root):
        return
    at = _noun_start(words)
    if not is_phrase(words[at:]) or any(w.tag == "JKO" for w in words[:at]):
        return
    kept = reading.span(reading.rest, reading.rest + at)
    head = words[-1].noun
    is_sign = predicate.root == "나타내" and _SIGNS.search(reading.topic) is not None
    if (predicate.root in {"의미하", "뜻하"} or is_sign) and predicate.mood == "plain":
        yield Asked(f"{_topic(reading)} 무엇을 {predicate.ask()}", "object.what", 0.95)
        yield Asked(f"{reading.topic}의 의미는 무엇인가요?", "object.meaning", 0.9)
        return
    particle = attach(head, "을", final=find_final(words[-1].noun))
    if head in _LIGHT:
        if len(words) - at > 1:
            yield Asked(f"{_topic(reading)} {kept} 어떤 {particle} {predicate.ask()}", "object.which", 0.85)
        return
    asks = f"{_topic(reading)} {kept} 무엇을 {predicate.ask()}"
    yield Asked(asks, "object.what", 0.85)
    if (
        head in _KINDS
        and len(words) - at > 1
        and not any(w.tag == "JC" or w.text == "및" for w in words[at:])
    ):
        yield Asked(f"{_topic(reading)} {kept} 어떤 {particle} {predicate.ask()}", "object.which", 0.86)
    if _SHOWN.match(predicate.root) and predicate.mood == "plain" and not kept:
        yield Asked(f"{reading.topic}에서 확인할 수 있는 것은 무엇인가요?", "object.shown", 0.8)
    elif predicate.mood in {"plain", "must"} and not is_person(reading.topic):
        yield Asked(f"{_subject(reading)} {kept} {predicate.modify()} 것은 무엇인가요?", "object.cleft", 0.78)
    elif predicate.mood == "can":
        yield Asked(f"{_subject(reading)} {kept} {predicate.modify()} 것은 무엇인가요?", "object.cleft", 0.75)


_USED = {"사용되": "무엇이", "쓰이": "무엇이", "이용되": "무엇이", "활용되": "무엇이", "필요하": "무엇이"}
_USING = frozenset({"사용하", "쓰", "이용하", "활용하"})


def _purpose(reading: Reading) -> Iterator[Asked]:
    """``T는 Y하는 데 사용됩니다``."""
    words, predicate = reading.middle, reading.predicate
    if words and _has_plain_topic(reading) and _FOR.search(words[-1].text) and predicate.root in _USED:
        yield Asked(f"{_topic(reading)} 무엇을 위해 {predicate.ask()}", "purpose.for", 0.9)
        yield Asked(f"{reading.topic}의 용도는 무엇인가요?", "purpose.use", 0.85)
        return
    if len(words) < 2 or not _has_plain_topic(reading) or words[-1].noun != "데" or words[-2].tag != "ETM":
        return
    asked = _USED.get(predicate.root, "무엇을" if predicate.root in _USING else "")
    if not asked or predicate.mood not in {"plain", "can", "must"} or any(w.tag == "JX" for w in words):
        return
    yield Asked(f"{_topic(reading)} 무엇을 하는 데 {predicate.ask()}", "purpose.what", 0.95)
    if predicate.root != "필요하":
        yield Asked(f"{reading.topic}의 용도는 무엇인가요?", "purpose.use", 0.9)
    aim = reading.span(reading.rest, reading.predicate.start)
    if any(w.tag == "JKO" for w in words) and len(aim) <= _MAX_TOPIC:
        yield Asked(f"{aim} {asked} {predicate.ask()}", "purpose.reverse", 0.8)


_PLACED = re.compile(
    r"(?:있|위치하|저장|표시|나타나|생성|추가|기록|설치|포함|보관|배치|게시|등록|적용|부착|"
    r"보이|만들어지|작성)"
)
_ISSUES = word_set("문제 차이 제한 오류 버그 장점 단점 위험 효과 특징 이점 예외 조건 역할 기능")
_HELD = re.compile(
    r"(?:있|표시|포함|나타나|필요|제공|설치|저장|추가|기재|기록|적용|보이|들어|구성|생성|발생|"
    r"표출|나열|게시|등록|배치|수정|변경|출력|부착|탑재|내장)"
)
_RESULT = re.compile(
    r"(?:저장|설정|변경|표시|구성|인코딩|정의|분류|구분|나뉘|계산|전송|처리|관리|결정|작동|"
    r"동작|전환|초기화|대체|기록|변환)"
)


def _location(reading: Reading) -> Iterator[Asked]:
    """``T는 Y에 저장됩니다``, ``T는 Y에 따라 다릅니다``, ``T는 Y로 표시됩니다``."""
    words, predicate = reading.middle, reading.predicate
    if (
        not words
        or not _has_plain_topic(reading)
        or predicate.copula
        or predicate.mood in {"order", "forbid"}
    ):
        return
    if words[-1].text == "따라" and len(words) > 1 and words[-2].particle == "에" and _is_clear(words[:-1]):
        yield Asked(f"{_topic(reading)} 무엇에 따라 {predicate.ask()}", "depends", 0.9)
        return
    last = words[-1]
    if last.tag not in {"JKB", "JC"} or not _is_clear(words):
        return
    at = _noun_start(words)
    if not is_phrase(words[at:]) or any(w.tag == "JKO" for w in words[:at]):
        return
    if any(w.has("SN") for w in words[at:]):
        return  # an amount is no place
    kept = reading.span(reading.rest, reading.rest + at)
    topic = f"{_topic(reading)} {kept}"
    if last.particle == "에" and _PLACED.match(predicate.root):
        yield Asked(f"{topic} 어디에 {predicate.ask()}", "place.where", 0.9)
        if (
            predicate.root in {"저장되", "저장하", "표시되", "위치하", "있"}
            and predicate.mood == "plain"
            and not kept
        ):
            yield Asked(
                f"{reading.topic}의 위치는 어디인가요?"
                if predicate.root in {"있", "위치하"}
                else f"{_subject(reading)} {predicate.modify()} 곳은 어디인가요?",
                "place.spot",
                0.8,
            )
    elif last.particle == "에서":
        yield Asked(f"{topic} 어디에서 {predicate.ask()}", "place.at", 0.85)
        if predicate.mood == "plain" and predicate.root.endswith(("되", "있", "위치하", "작동하", "동작하")):
            yield Asked(
                f"{_subject(reading)} {kept} {predicate.modify()} 곳은 어디인가요?", "place.spot", 0.7
            )
    elif last.particle in {"와", "과"} and predicate.root in {
        "동일하",
        "같",
        "호환되",
        "연결되",
        "다르",
        "유사하",
        "비슷하",
        "일치하",
    }:
        yield Asked(f"{topic} 무엇과 {predicate.ask()}", "with", 0.85)
    elif last.particle in {"으로", "로"} and _RESULT.match(predicate.root):
        yield Asked(f"{topic} 어떻게 {predicate.ask()}", "manner", 0.75)


# -- where and with what ---------------------------------------------------------------------------------


def _contains(reading: Reading) -> Iterator[Asked]:
    """``T에는 Y가 표시됩니다``."""
    words, predicate = reading.middle, reading.predicate
    if not reading.topic or reading.role not in {"에", "에서"} or not words or words[-1].tag != "JKS":
        return
    if not _is_clear(words[:-1]) or predicate.copula or predicate.mood not in {"plain", "must"}:
        return
    if not _HELD.match(predicate.root):
        return
    at = _noun_start(words)
    if not is_phrase(words[at:]):
        return
    kept = reading.span(reading.rest, reading.rest + at)
    who = "누가" if is_person(words[-1].noun) else "무엇이"
    if words[-1].noun in _ISSUES:
        who = f"어떤 {words[-1].text}"
    place = f"{reading.topic}{reading.role}는"
    yield Asked(f"{place} {kept} {who} {predicate.ask()}", "contains.what", 0.9)
    if _SHOWN.match(predicate.root) and not kept:
        yield Asked(f"{reading.topic}에서 무엇을 확인할 수 있나요?", "contains.see", 0.85)
    thing = attach(
        reading.span(reading.rest + at, reading.predicate.start).removesuffix(words[-1].particle), "은"
    )
    if len(thing) <= 30 and not is_vague(words[-1].noun) and len(words) - at <= 4 and reading.role == "에":
        yield Asked(f"{thing} 어디에 {predicate.ask()}", "contains.where", 0.75)


def _can_there(reading: Reading) -> Iterator[Asked]:
    """``T에서 Y할 수 있습니다``."""
    words, predicate = reading.middle, reading.predicate
    if reading.role != "에서" or predicate.mood != "can" or any(w.tag in {"JKS", "JX"} for w in words):
        return
    if not any(w.tag == "JKO" for w in words) or any(_WHEN.search(w.text) for w in words):
        return
    if not re.search(r"[가-힣]", reading.topic):
        return  # a program is no place
    yield Asked(f"{reading.topic}에서는 무엇을 할 수 있나요?", "can.there", 0.88)
    act = reading.text[words[0].start : reading.words[predicate.start].start]
    if len(act) <= 50 and not is_vague(reading.topic) and not any(w.tag == "EC" for w in words):
        yield Asked(f"{act}{predicate.ask()}".join(("어디에서 ", "")), "can.where", 0.85)


_WITH = re.compile(
    r"(?:사용하여|사용해|사용해서|이용하여|이용해|통해|통하여|통해서|활용하여|사용하면|이용하면)\Z"
)


def _can_with(reading: Reading) -> Iterator[Asked]:
    """``M을 사용하여 Y할 수 있습니다``, ``T는 M을 사용하여 Y할 수 있습니다``."""
    predicate = reading.predicate
    if predicate.mood not in {"can", "plain", "must"} or predicate.copula:
        return
    at = next((i for i, w in enumerate(reading.words[: predicate.start]) if _WITH.search(w.text)), -1)
    if at < 1 or reading.words[at - 1].tag != "JKO":
        return
    rest = reading.words[at + 1 : predicate.start]
    act = reading.text[reading.words[at + 1].start : reading.words[predicate.start].start]
    if _has_plain_topic(reading) and reading.rest < at:
        if predicate.mood == "can" and not any(w.tag in {"JKS", "JX"} for w in rest):
            yield Asked(f"{_topic(reading)} 어떻게 {act}{predicate.ask()}", "means.how", 0.85)
            yield Asked(
                f"{_topic(reading)} 무엇을 {reading.words[at].text} {act}{predicate.ask()}",
                "means.what",
                0.75,
            )
        return
    if reading.rest > at or predicate.mood != "can" or not is_phrase(reading.words[:at]):
        return
    if at > 6 or any(_WHEN.search(w.text) for w in reading.words[:at]):
        return
    tool = reading.span(0, at)
    if any(w.tag == "JX" or (w.particle in {"이", "가"} and not is_person(w.noun)) for w in rest):
        return
    if not any(w.tag == "JKO" for w in rest):
        return
    yield Asked(f"{tool} {reading.words[at].text} 무엇을 할 수 있나요?", "can.with", 0.88)
    if len(act) <= 50 and not any(w.tag == "EC" for w in rest):
        yield Asked(f"무엇을 {reading.words[at].text} {act}{predicate.ask()}", "can.means", 0.82)


# -- clauses: to do, if, when, because -------------------------------------------------------------------


def _split_clause(reading: Reading, pattern: re.Pattern[str], *, last: bool = False) -> int:
    """Return the index of the word that ends the first (or last) clause by ``pattern``; -1 for none."""
    words = reading.words[: reading.predicate.start]
    found = [at for at, word in enumerate(words) if pattern.search(word.text.rstrip(","))]
    return (found[-1] if last else found[0]) if found else -1


_TO_DO = re.compile(r"(?:으)?려면\Z")
_FOR = re.compile(r"(?:위해|위하여)(?:서)?(?:는)?\Z")
_IF = re.compile(r"면\Z")
_NO_IF = re.compile(r"(?:따르면|의하면|보면|비하면|어쩌면|아니면|하자면|말하면|그러면)\Z")
_WHEN = re.compile(r"(?:경우|경우에|경우에는|때|때는|때에는|때에)\Z")
_BECAUSE = re.compile(r"(?:때문에|므로|\A인해|\A인하여)\Z")


def _names_object(words: tuple[Word, ...]) -> bool:
    """Whether a clause says of what: it has an object, a place or a subject, and no vague noun alone."""
    for at, word in enumerate(words):
        if word.tag in {"JKO", "JKS", "JKB"} or (word.tag == "JX" and word.particle):
            alone = at == 0 or not is_noun_word(words[at - 1])
            if not (alone and is_vague(word.noun)):
                return True
    return False


def _to_do(reading: Reading) -> Iterator[Asked]:
    """``X하려면 Y하십시오``."""
    predicate = reading.predicate
    at = _split_clause(reading, _TO_DO)
    if at < 1 or not _names_object(reading.words[:at]):
        return
    clause = reading.span(0, at + 1)
    last = reading.words[at].morphemes
    ends = [m for m in last if m.tag == "EC"]
    if not ends or ends[-1].form not in {"려면", "으려면"} or len(clause) > 70:
        return
    rest = reading.words[at + 1 : predicate.start]
    if any(w.text.rstrip(",") in {"먼저", "우선"} for w in rest):
        return
    is_circular = reading.span(0, at) in reading.text[reading.words[at].end :]
    if is_circular or _WINDOW.search(clause):
        return
    if predicate.root == "필요하" and rest and rest[-1].tag == "JKS":
        yield Asked(f"{clause} 무엇이 필요한가요?", "todo.need", 0.92)
        yield Asked(f"{_as_method(reading, at)} 데 필요한 것은 무엇인가요?", "todo.needed", 0.85)
        return
    if predicate.copula or predicate.adjective or predicate.is_past:
        return
    if predicate.mood in {"not", "cannot", "forbid"}:
        return
    if has_subject(rest) or not any(w.tag in {"JKO", "JKB"} for w in rest):
        return
    yield Asked(f"{clause} 어떻게 해야 하나요?", "todo.how", 0.95)
    yield Asked(f"{_as_method(reading, at)} 방법은 무엇인가요?", "todo.method", 0.92)
    yield Asked(f"어떻게 하면 {_as_ability(reading, at)} 수 있나요?", "todo.can", 0.85)
    yield Asked(f"{_as_method(reading, at)} 방법을 알려 주세요.", "todo.tell", 0.85)


def _as_method(reading: Reading, at: int) -> str:
    base, verb = _stem_of(reading, at)
    return _topic_as_subject(reading, base[: len(base) - len(verb[0])] + modify(verb[1]))


def _topic_as_subject(reading: Reading, clause: str) -> str:
    """Inside a clause a topic becomes its subject: 직원은 → 직원이."""
    topic = reading.text[: reading.words[reading.rest - 1].end] if reading.rest else ""
    if topic and reading.role == "" and clause.startswith(topic):
        return _subject(reading) + clause[len(topic) :]
    return clause


def _as_ability(reading: Reading, at: int) -> str:
    return _topic_as_subject(reading, intend(_stem_of(reading, at)[0]))


def _stem_of(reading: Reading, at: int) -> tuple[str, tuple[str, str]]:
    """Return the clause before its ending, and its last verb as written and as in a dictionary."""
    morphemes = reading.words[at].morphemes
    ending = next(m for m in reversed(morphemes) if m.tag == "EC")
    written = reading.text[: reading.words[at].end].rstrip(",")
    base = written[
        : len(written) - len(ending.form.removeprefix("으") if ending.form == "려면" else ending.form)
    ]
    if ending.form in {"으려면", "으면"} and base and not base.endswith("으"):
        base = base.removesuffix("으")
    verb = next(m for m in reversed(morphemes) if m.tag in {"VV", "VA", "XSV", "XSA", "VX", "VCP"})
    shown = reading.text[verb.start : verb.start + 1] if len(verb.form) == 1 else base[-len(verb.form) :]
    return base, (shown, verb.form)


def _in_order_to(reading: Reading) -> Iterator[Asked]:
    """``X하기 위해 Y해야 합니다``."""
    at = _split_clause(reading, _FOR)
    predicate = reading.predicate
    if (
        at >= 1
        and predicate.root == "필요하"
        and predicate.start == at + 2
        and reading.words[at + 1].tag == "JKS"
    ):
        clause = reading.span(0, at + 1)
        yield Asked(f"{clause} 무엇이 필요한가요?", "aim.need", 0.9)
        return
    if at < 1 or not _names_object(reading.words[: at + 1]) or reading.rest > at + 1:
        return
    if (
        predicate.mood not in {"must", "order"}
        or predicate.is_past
        or reading.words[at - 1].form not in {"기", "을", "를"}
    ):
        return
    if has_subject(reading.words[at + 1 : predicate.start]) or _split_clause(reading, _TO_DO) >= 0:
        return
    clause = reading.span(0, at + 1)
    clause = re.sub(r"(위해|위하여)(?:서)?(?:는)?\Z", "위해", clause)
    yield Asked(f"{clause} 무엇을 해야 하나요?", "aim.do", 0.85)
    yield Asked(f"{clause}서는 어떻게 해야 하나요?", "aim.how", 0.8)


def _if_then(reading: Reading) -> Iterator[Asked]:
    """``X하면 Y됩니다``, ``X한 경우 Y하십시오``."""
    predicate = reading.predicate
    at = _split_clause(reading, re.compile(f"(?:{_IF.pattern}|{_WHEN.pattern})"), last=True)
    if at < 1 or not _names_object(reading.words[:at]) or _TO_DO.search(reading.words[at].text.rstrip(",")):
        return
    clause = reading.span(0, at + 1)
    is_if = reading.words[at].tag == "EC"
    if (not is_if and (reading.words[at - 1].tag != "ETM" or not is_noun_ok(reading.words[at]))) or len(
        clause
    ) > 70:
        return
    if is_if and (reading.words[at].form not in {"면", "으면"} or _NO_IF.search(reading.words[at].text)):
        return
    if not is_if and not _WHEN.search(reading.words[at].text.rstrip(",")):
        return
    if not any(w.tag in {"JKS", "JKO", "JX"} for w in reading.words[:at]):
        return  # of what it is said is not
    if has_clause(reading.words[:at]) and not _WITH.search(reading.words[at].text):
        return
    rest = reading.words[at + 1 : predicate.start]
    if predicate.copula or not rest:
        return
    if not is_if:
        clause = re.sub(r"(경우|때)(?:에는|에|는)?\Z", r"\1", clause)
        clause += "에는" if clause.endswith("경우") else ""
    yield from _consequence(reading, clause, at, is_if=is_if)


def is_noun_ok(word: Word) -> bool:
    """Tell whether 때 or 경우 is a noun here."""
    return any(m.tag.startswith("N") for m in word.morphemes)


def _consequence(reading: Reading, clause: str, at: int, *, is_if: bool) -> Iterator[Asked]:
    predicate = reading.predicate
    rest = reading.words[at + 1 : predicate.start]
    subject = has_subject(rest) or bool(
        reading.rest <= at and reading.role in {"", "이"} and reading.topic and reading.rest
    )
    if rest[-1].noun in {"것", "편", "필요"}:
        if predicate.root == "좋":
            yield Asked(f"{clause} 어떻게 하는 것이 좋은가요?", "if.advice", 0.88)
        return
    named = next((n for n, w in enumerate(rest) if w.tag == "JX" and w.particle in {"은", "는"}), -1)
    if predicate.mood == "must" and 0 <= named < len(rest) - 1 and is_phrase(rest[: named + 1]):
        who = reading.span(at + 1, at + 2 + named)
        yield Asked(f"{clause} {who} 무엇을 해야 하나요?", "if.who", 0.88)
        yield Asked(f"{clause} {who} 어떻게 해야 하나요?", "if.who_how", 0.84)
        return
    if predicate.mood in {"order", "must"} and not has_subject(rest):
        yield Asked(f"{clause} 어떻게 해야 하나요?", "if.do", 0.9)
        yield Asked(f"{clause} 무엇을 해야 하나요?", "if.what_to_do", 0.75)
    elif predicate.mood == "can" and not subject and any(w.tag == "JKO" for w in rest):
        yield Asked(f"{clause} 무엇을 할 수 있나요?", "if.can", 0.88)
    elif predicate.mood in {"plain", "not", "cannot"} and has_subject(rest):
        yield Asked(f"{clause} 어떻게 되나요?", "if.then", 0.85)
        yield Asked(f"{clause} 무슨 일이 일어나나요?", "if.happens", 0.75)
    else:
        return
    consequence = reading.text[reading.words[at + 1].start : reading.words[predicate.start].start]
    if (
        predicate.stem
        and len(consequence) <= 45
        and _names_object(rest)
        and not any(w.tag == "EC" for w in rest)
    ):
        if is_if and predicate.mood == "can":
            yield Asked(f"어떻게 하면 {consequence}{predicate.ask()}", "if.how", 0.83)
        elif predicate.mood in {"plain", "not", "cannot"}:
            topic = next((w for w in rest if w.particle in {"은", "는"}), None)
            head = reading.text[reading.words[at + 1].start : topic.end] if topic else ""
            tail = consequence[len(head) :].strip()
            yield Asked(
                f"{head} 어떤 경우에 {tail}{'' if tail.endswith(' ') or not tail else ' '}{predicate.ask()}",
                "if.when",
                0.82,
            )


def _because(reading: Reading) -> Iterator[Asked]:
    """``X 때문에 Z``."""
    at = _split_clause(reading, _BECAUSE)
    predicate = reading.predicate
    if at < 1 or predicate.mood in {"order", "forbid"} or not predicate.stem:
        return
    rest = reading.words[at + 1 : predicate.start]
    if any(w.tag == "EC" for w in rest) or (rest and rest[0].tag in {"ETM", "ETN"}):
        return
    effect = reading.text[reading.words[at + 1].start : reading.words[predicate.start].start]
    if _has_plain_topic(reading) and reading.rest <= at:
        if any(w.tag == "JX" for w in rest):
            return
        yield Asked(f"{_topic(reading)} 왜 {effect}{predicate.ask()}", "why.topic", 0.88)
        yield Asked(
            f"{_subject(reading)} {effect}{predicate.modify()} 이유는 무엇인가요?", "why.reason", 0.85
        )
    elif any(w.particle in {"은", "는", "이", "가"} for w in rest) and is_phrase(_until_particle(rest)):
        yield Asked(f"왜 {effect}{predicate.ask()}", "why.effect", 0.85)


def _until_particle(words: tuple[Word, ...]) -> tuple[Word, ...]:
    for at, word in enumerate(words):
        if word.particle in {"은", "는", "이", "가"}:
            return words[: at + 1]
    return words


_COUNT = re.compile(
    r"(?<![\w.])(?P<number>\d[\d,.]*)\s?(?P<unit>개월|시간|단계|채널|가지|km|cm|mm|kHz|MHz|"
    r"GHz|Hz|kg|개|명|번|회|대|초|분|일|년|건|종|m|V|%)"
    r"(?=(?:의|를|을|가|이|까지|만|로|으로|씩|간|이상|이하|이내|마다|당|에|은|는|도|와|과|"
    r"정도|동안)(?!\d|서\d)|\s|\Z)(?!\s?[-~])"
)


def _how_many(reading: Reading) -> Iterator[Asked]:
    """``최대 6개의 모드를 선택할 수 있습니다``."""
    predicate = reading.predicate
    found = list(_COUNT.finditer(reading.text))
    digits = re.findall(r"(?<![A-Za-z\w.-])\d[\d,.]*", reading.text)
    if len(found) != 1 or len(digits) != 1 or predicate.copula or not predicate.stem:
        return
    if (
        predicate.mood not in {"plain", "can", "must", "cannot"}
        or found[0].end() > reading.words[predicate.start].start
    ):
        return
    start = found[0].start()
    if reading.topic and start < reading.words[reading.rest - 1].end:
        return
    others = [w for w in reading.words[: predicate.start] if w.tag == "JKO" and not w.start <= start < w.end]
    if not (reading.topic or others):
        return
    before = reading.text[: found[0].start()]
    after = reading.text[found[0].end() : reading.words[predicate.start].start]
    unit = {"%": "퍼센트"}.get(found[0]["unit"], found[0]["unit"])
    if unit in {"일", "년"} and not _LASTS.match(after):
        return  # a date
    unit = "며칠" if unit == "일" else f"몇 {unit}"
    if unit == "몇 퍼센트" and not re.match(r"(?:를|을|가|이|까지|로|의|만큼|씩)", after):
        return
    if unit == "몇 가지" and before.rstrip().endswith("의"):
        return
    if re.match(r"[차째호판세위]|\s?(?:또는|이나|및|~)", after) or re.search(
        r"(?:제|버전|v|V|\d\s?[-~–])\s?\Z", before
    ):
        return
    yield Asked(f"{before}{unit}{after}{predicate.ask()}", "count", 0.9)


_LASTS = re.compile(r"(?:의|간|동안|이내|이상|이하|마다|씩| 이내| 이상| 동안| 간)")
_AFTER_NOUNS = frozenset({"때", "후", "전", "동안", "중", "직후", "뒤", "마다"})
_AFTER = re.compile(r"(?:때|때에|후|후에|전에|동안|중에|직후|뒤|뒤에|마다)\Z")


def _time(reading: Reading) -> Iterator[Asked]:
    """``T는 X할 때 Y됩니다``."""
    words, predicate = reading.middle, reading.predicate
    if not _has_plain_topic(reading) or predicate.copula or predicate.mood not in {"plain", "must"}:
        return
    if (
        words
        and words[-1].particle == "에"
        and is_time(words[-1:])
        and words[-1].has("SN")
        and _is_clear(words)
    ):
        yield Asked(f"{_topic(reading)} 언제 {predicate.ask()}", "when.at", 0.88)
        return
    at = next(
        (
            i
            for i, w in enumerate(words)
            if _AFTER.search(w.text)
            and w.morphemes
            and w.morphemes[0].form in _AFTER_NOUNS
            and i
            and words[i - 1].tag in {"ETM", "NNG"}
        ),
        -1,
    )
    if at < 1 or any(w.tag in {"EC", "JX", "JKS"} or w.has("SN") for w in words[at + 1 :]):
        return
    effect = reading.text[words[at].end : reading.words[predicate.start].start]
    yield Asked(f"{_topic(reading)} 언제{effect}{predicate.ask()}", "when", 0.8)
    yield Asked(f"{_subject(reading)}{effect}{predicate.modify()} 때는 언제인가요?", "when.is", 0.65)


_FRAMES: tuple[Callable[[Reading], Iterator[Asked]], ...] = (
    _purpose,
    _define,
    _to_do,
    _in_order_to,
    _because,
    _how_many,
    _contains,
    _can_there,
    _can_with,
    _if_then,
    _object,
    _location,
    _time,
)
