"""Korean leads of lists, and what they ask for."""

import re

from ondol.evidence.terms import word_set
from ondol.forge.frames.korean_grammar import attach, find_final, modify, read_words
from ondol.forge.frames.korean_reading import is_phrase, points_away
from ondol.text.morphemes import Analyser

_LEANS = re.compile(r"[이그저](?:것|는|러한|런)|해당|아래|위의|여기|상기|따라서|그러면|그런")
_TO_DO = re.compile(r"\A(?P<act>.{2,60}?[가-힣])(?P<end>려면)(?:,? ?(?:다음|아래).{0,30})?\Z")
_HOW = re.compile(
    r"\A(?P<act>.{1,60}?[가-힣](?:는|할|한|된)? ?(?:방법|절차|단계|과정|순서))(?:(?P<josa>은|"
    r"는|이|가) (?:다음과|아래와) 같습니다|는|은)?\Z"
)
_BARE_STEPS = re.compile(r"\A(?P<what>절차|단계|과정|방법|순서)(?:은|는) (?:다음과|아래와) 같습니다\Z")
_ARE = re.compile(r"\A(?P<what>.{2,50}?)(?P<josa>은|는) (?:다음과|아래와) 같습니다\Z")
_TOPIC = re.compile(
    r"\A(?P<who>[^,]{2,40}?)(?P<josa>은|는|에는|에서는) (?:다음(?:과 같은|의)?|"
    r"아래) (?P<what>[가-힣A-Za-z ]{2,30}?)(?P<case>을|를|이|"
    r"가) (?P<verb>[가-힣 ]{2,16}니다)\Z"
)
_VAGUE = word_set("절차 단계 과정 방법 순서 옵션 설정 항목 종류 내용 설정 옵션 설정 항목")


def ask_korean(
    lead: str, place: str, *, is_steps: bool, analyser: Analyser
) -> tuple[tuple[str, str, float], ...]:
    """Return questions with frame and score for a lead without its colon; none for a lead of another form.

    Args:
        lead: 랠리 포인트를 생성하려면, 설정 옵션은 다음과 같습니다.
        place: 고정익 착륙 패턴의 배회 지점; named where the lead alone is not specific.
        is_steps: whether the items are numbered.
        analyser: reads the lead.
    """
    bare = re.sub(r"\s*\([^()]*\)", "", lead).strip(" .,")
    if _LEANS.search(re.sub(r"아래와 같|다음과 같", "", bare)) or points_away(read_words(bare, analyser)):
        return ()
    if (vague := _BARE_STEPS.match(bare)) and place:
        what = f"{place} {vague['what']}"
        return (
            (f"{attach(what, '은')} 어떻게 되나요?", "steps.procedure", 0.86),
            (f"{attach(what, '을')} 알려 주세요.", "steps.tell", 0.82),
        )
    if found := _TO_DO.match(bare):
        return _ask_to_do(found["act"], place, analyser)
    if found := _HOW.match(bare):
        return _ask_how(found["act"], place)
    return () if is_steps else _ask_named(bare, place, analyser)


def _ask_named(bare: str, place: str, analyser: Analyser) -> tuple[tuple[str, str, float], ...]:
    if found := _TOPIC.match(bare):
        who, what, verb = found["who"] + found["josa"], found["what"], found["verb"]
        stem = _stem(verb)
        if not stem:
            return ()
        return (
            (f"{who} 어떤 {what}{found['case']} {stem}나요?", "list.which", 0.92),
            (f"{who} 어떤 {what}{found['case']} {modify(stem)}지 나열해 주세요.", "list.list", 0.82),
        )
    if (found := _ARE.match(bare)) and is_phrase(read_words(found["what"], analyser)):
        return _ask_items(found["what"], place)
    return ()


def _ask_to_do(act: str, place: str, analyser: Analyser) -> tuple[tuple[str, str, float], ...]:
    words = read_words(f"{act}려면", analyser)
    verb = next((m for m in reversed(words[-1].morphemes) if m.tag in {"VV", "XSV", "XSA", "VA"}), None)
    if verb is None or sum(w.tag == "EC" for w in words) != 1:
        return ()
    base = act.removesuffix("으") if words[-1].form == "으려면" else act
    method = (
        base[: len(base) - len(verb.form)] + modify(verb.form) if base.endswith(verb.form) else modify(base)
    )
    where = f"{place}에서 " if place and len(words) < 3 else ""
    if len(words) < 2 and not where:
        return ()
    return (
        (f"{where}{act}려면 어떻게 해야 하나요?", "steps.how", 0.95),
        (f"{where}{method} 방법은 무엇인가요?", "steps.method", 0.92),
        (f"{where}{method} 절차를 단계별로 알려 주세요.", "steps.tell", 0.86),
    )


def _ask_how(act: str, place: str) -> tuple[tuple[str, str, float], ...]:
    where = f"{place}에서 " if place and len(act.split()) < 3 else ""
    if not where and (act in _VAGUE or len(act.split()) < 2):
        return ()
    return (
        (f"{where}{attach(act, '은')} 어떻게 되나요?", "steps.procedure", 0.9),
        (f"{where}{attach(act, '을')} 알려 주세요.", "steps.tell", 0.85),
    )


def _ask_items(what: str, place: str) -> tuple[tuple[str, str, float], ...]:
    where = f"{place}에서 " if place and len(what.split()) < 4 else ""
    if not where and (what in _VAGUE or len(what.split()) < 2):
        return ()
    plain = re.sub(r"들\Z", "", what)
    return (
        (f"{where}{plain}에는 무엇이 있나요?", "list.what", 0.92),
        (f"{where}{attach(plain, '을')} 나열해 주세요.", "list.list", 0.85),
        (f"{where}{attach(what, '은', final=find_final(what))} 무엇인가요?", "list.are", 0.84),
    )


def _stem(verb: str) -> str:
    if verb.endswith("습니다"):
        return verb[:-3]
    last = ord(verb[-3]) - 0xAC00 if len(verb) > 2 else -1
    return verb[:-3] + chr(0xAC00 + last - 17) if last >= 0 and last % 28 == 17 else ""
