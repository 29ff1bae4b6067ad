"""Reads a Korean manual sentence: cleaned, without asides, topic and predicate found; or not at all.

Whatever leans on the text around it (이것, 아래 그림, 그런 다음) is refused: a question made of it could
not be answered without the page.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ondol.evidence.terms import word_set
from ondol.forge.frames.korean_grammar import (
    Predicate,
    Word,
    final_of_particle,
    find_final,
    is_noun_word,
    make_polite,
    read_predicate,
    read_words,
)
from ondol.text.morphemes import Analyser

_MIN_CHARS, _MAX_CHARS = 12, 260
_ADMONITION = re.compile(
    r"\A(?:>\s*)?[*_]{0,2}(?:Note|Tip|Important|Warning|Caution|Info|Danger|참고|주의|경고|팁|"
    r"중요|알림|위험)[*_]{0,2}"
    r"\s*(?:[:：!]\s*|\s(?=[A-Z가-힣\"“]))"
)
# An opening that only joins a sentence to the last one; it can go without changing what is said.
_JOINER = re.compile(
    r"\A(?:또한|그리고|그러나|하지만|특히|한편|참고로|아울러|더불어|따라서|그러므로|"
    r"일반적으로|기본적으로),?\s+"
)
_LEANS = re.compile(
    r"\A(?:그런|그러면|그래서|그런데|그렇|이렇|이를|이는|이때|이로|이와|이에|이러|대신|반면|"
    r"예를|즉|단,|단 |다만|왜냐|이후|먼저|우선|마지막|"
    r"첫째|둘째|셋째|다음으로|결과적|마찬가지|하나는|다른 하나)"
)
_POINTS = re.compile(
    r"(?<![가-힣])(?:아래|위 (?!치)|몇 가지|여러 ?가지|이날|지난 |지난해|어제|오늘|내일|이번 |"
    r"표시된 (?:이미지|그림|화면)|위의|위에서|위와|"
    r"앞서|앞의|앞에서|상기|"
    r"전술|후술|다음과|다음은|다음을|다음의|다음에|다음에서|다음 (?:그림|표|예|목록|"
    r"섹션|항목|링크|내용|영상|비디오|동영상|작업|목적|기능|중|설정|옵션|명령|매개변수|정보|"
    r"단계를|방법|순서|절차|사항|조건|요구)|(?:오른쪽|왼쪽|다음|위쪽) ?(?:그림|이미지|표)|"
    r"여기|거기|이곳|그곳|"
    r"해당|본 (?:장|절|문서|섹션|페이지|조)|이 (?:장|절|문서|섹션|페이지|조|주제|비디오|그림|"
    r"가이드)|동 조|같은 (?:항|조|방식|방법)|"
    r"전항|앞항|각 호|각호|상술|언급한|설명한|이들|[이그저]러한|[이그저]런 |둘 다|후자|전자는|"
    r"나머지|따로 정하는)"
)
_PICTURE = re.compile(
    r"스크린샷|캡[처쳐] ?(?:화면|이미지)|그림(?:[ 0-9]|에서|은|의|과|처럼|같이)|화면 캡|"
    r"표 ?\d|동영상은|비디오는|영상은|￼|스크린 샷"
)
_REFERS = re.compile(
    r"(?:참고|참조)(?:하|해|바랍)|참고하|자세한 (?:내용|정보|사항|설명)|설명합니다|설명되어|"
    r"다룹니다|문서화|링크|클릭하여 자세|지침을|지시를 따|안내를 따|당연|나열되어|나열합니다|"
    r"(?:살펴|알아)봅"
)
_ASIDE = re.compile(r"\s*\([^()]*\)|\s*\[[^\[\]]*\]")
_PICTURE_ASIDE = re.compile(
    r"\s*\([^()]*(?:위의|아래|그림|이미지|스크린|참조|참고|표시됨|여기|왼쪽|오른쪽)[^()]*\)"
)
_BROKEN = re.compile(
    r"https?:|www\.|\*\*|[{}<>|`#]|_{2,}|!\[|\t|\]\(|\.\.\.|…|={2,}|~{2,}|-{3,}|\?\s|[:：](?!\d)"
)
_REPORTS = re.compile(r"(?:다고|라고|자고|냐고|다며|라며|다면서|라면서)\Z")
_CODA = re.compile(r"[\s.!。]+\Z")
_DEMONSTRATIVES = frozenset({
    "이",
    "그",
    "저",
    "이런",
    "그런",
    "저런",
    "이러하",
    "그러하",
    "요",
    "여느",
    "본",
    "당",
})
_PRONOUNS = frozenset({
    "이것",
    "그것",
    "저것",
    "이",
    "그",
    "여기",
    "거기",
    "저기",
    "이곳",
    "그곳",
    "그녀",
    "이들",
    "그들",
    "이거",
    "그거",
})
_TIMES = frozenset({
    "때",
    "경우",
    "후",
    "전",
    "중",
    "동안",
    "뒤",
    "이후",
    "이전",
    "시",
    "다음",
    "직후",
    "직전",
    "현재",
    "도중",
    "상태",
    "시점",
    "이번",
    "당시",
    "오늘",
    "기본적",
    "처음",
    "나중",
    "평소",
    "최근",
})
# Alone as a topic these name nothing: which value, which result?
_VAGUE = word_set("""
    값 결과 이유 목적 방법 단계 내용 것 경우 점 부분 항목 기본값 예 예시 문제 사항 설정 옵션 기능
    작업 과정 절차 화면 페이지 버튼 아이콘 목록 정보 파일 링크 설명 종류 유형 이름 상태 위치 모드
    명령 매개변수 데이터 도구 창 수 숫자 최대값 최소값 단위 형식 표 그림 섹션 장 절 조 항 호 다음
    대부분 일부 전체 모두 하나 둘 차이 차이점 원인 효과 의미 특징 장점 단점 주의 주의사항 패널 메뉴
    탭 대화 상자 대화상자 슬라이더 팝업 선택 확인 시작 종료 지침 텍스트 필드 그래프 차트 색상 크기
    기준 조건 제한 범위
""")
_UNNAMED = (
    "다양한 ",
    "여러 ",
    "각 ",
    "일부 ",
    "기타 ",
    "다음 ",
    "선택한 ",
    "대부분의 ",
    "많은 ",
    "어떤 ",
    "모든 ",
    "다른 ",
)
_RELATING = ("대한", "대해", "대하", "관한", "관해", "관하", "의한", "의해", "의하", "따른", "따라", "위한")
_NOUN_ADVERBS = frozenset({"현재", "최대", "최소", "각각"})
# Words that a question brings along.
_ASKING = word_set("방법 이유 용도 목적 역할 의미 곳 때 일 경우 위치 하 되 알리 보 일어나")
_PEOPLE = re.compile(
    r"(?:사용자|관리자|담당자|책임자|조종사|조종자|운전자|운영자|작업자|직원|근로자|이용자|"
    r"고객|학생|교사|환자|의사|장관|위원|위원장|대표|개발자|신청인|신청자|임직원|회원)\Z"
)


@dataclass(frozen=True)
class Reading:
    """A sentence that frames can work on.

    Attributes:
        text: what questions are built from: polite or plain as written, without asides.
        answer: the whole sentence, cleaned and polite.
        topic: what it speaks of, without particle; empty if it has none.
        role: the particle of the topic without 은/는: "" for a plain topic, "에", "에서"; "이" for a
            subject.
        final: of the topic, as its particle tells.
        rest: index of the first word after the topic.
    """

    text: str
    answer: str
    words: tuple[Word, ...]
    predicate: Predicate
    topic: str = ""
    role: str = ""
    final: str | None = None
    rest: int = 0

    def span(self, start: int, end: int) -> str:
        """Return words ``start`` to ``end`` as written."""
        if start >= end:
            return ""
        return self.text[self.words[start].start : self.words[end - 1].end].rstrip(",")

    @property
    def middle(self) -> tuple[Word, ...]:
        """The words between topic and predicate."""
        return self.words[self.rest : self.predicate.start]


def clean(quote: str) -> str:
    """Return a quotation as an answer: no admonition mark, no joining word, no pointer to a picture."""
    text = " ".join(quote.split())
    for pattern in (_ADMONITION, _JOINER):
        text = pattern.sub("", text)
    text = _PICTURE_ASIDE.sub("", text)
    return text.strip(" ,-–—·•*")


def leans(text: str) -> bool:
    """Tell whether a sentence points out of itself: to a picture, a list below, another page."""
    return any(p.search(text) for p in (_LEANS, _POINTS, _PICTURE, _REFERS, _BROKEN))


def points_away(words: Sequence[Word]) -> bool:
    """Tell whether there is a demonstrative among the words."""
    for word in words:
        for morpheme in word.morphemes:
            if morpheme.tag == "MM" and morpheme.form in _DEMONSTRATIVES:
                return True
            if morpheme.tag == "NP" and morpheme.form in _PRONOUNS:
                return True
    return False


def is_balanced(text: str) -> bool:
    """Tell whether brackets and double quotes close."""
    return (
        text.count("(") == text.count(")") and text.count('"') % 2 == 0 and text.count("“") == text.count("”")
    )


# A particle alone: the noun before it was a picture.
_LOST_NOUN = re.compile(r"(?<=\s)(?:을|를|은|는|의|와|과|으로|에서)(?=\s)")


def read(quote: str, analyser: Analyser) -> Reading | None:
    """Return the reading of one sentence; ``None`` where any part of it is not certain."""
    answer = clean(quote)
    if not _MIN_CHARS <= len(answer) <= _MAX_CHARS or leans(answer) or not is_balanced(answer):
        return None
    text = _ASIDE.sub("", answer)
    if _LOST_NOUN.search(text):
        return None
    words = read_words(text, analyser)
    if any(_REPORTS.search(w.text) or w.has("JKQ") for w in words):
        return None  # what somebody said is not a fact of the document
    if points_away(words) or sum(w.tag == "EF" for w in words) != 1:
        return None
    predicate = read_predicate(text, words)
    if predicate is None or predicate.start == 0:
        return None
    answer = make_polite(answer, read_words(answer, analyser))
    if not answer.endswith((".", "!", "?")):
        answer += "."
    return _find_topic(Reading(text, answer, words, predicate))


def _find_topic(reading: Reading) -> Reading:
    subject: Reading | None = None
    for at, word in enumerate(reading.words[: reading.predicate.start]):
        if word.tag == "EC" and not _is_auxiliary(reading.words, at):
            break
        marked = word.tag == "JX" and word.form in {"은", "는"}
        cased = word.tag in {"JKS", "JKB"} and word.particle in {"이", "가", "에", "에서"}
        if (not marked and not cased) or not is_phrase(reading.words[: at + 1]):
            continue
        if word.morphemes[-2:-1] and word.morphemes[-1].start == word.morphemes[-2].start:
            continue  # contracted: the noun cannot be cut off
        if reading.text.startswith(_UNNAMED):
            return reading  # some of many: nothing to ask about
        following = reading.words[at + 1]
        if cased and (following.text.startswith(_RELATING) or following.tag in {"ETM", "ETN"}):
            continue  # the place belongs to what follows: 서버에 대한, 서버에 연결하는
        particle = word.particle
        role = particle[: -len(word.form)] if marked else particle
        if role not in {"", "에", "에서", "이", "가"}:
            return subject or reading
        noun = reading.text[: word.end].rstrip(",").removesuffix(particle)
        final = final_of_particle(word.form) if not role or role in {"이", "가"} else find_final(noun)
        found = Reading(
            reading.text,
            reading.answer,
            reading.words,
            reading.predicate,
            noun,
            "이" if role == "가" else role,
            final,
            at + 1,
        )
        if marked:
            return found
        subject = subject or found
    return subject or reading


def _is_auxiliary(words: Sequence[Word], at: int) -> bool:
    following = words[at + 1 : at + 2]
    return bool(following) and following[0].has("VX")


def is_phrase(words: Sequence[Word]) -> bool:
    """Tell whether words are one noun phrase: modifiers and relative clauses before a noun.

    A case particle inside needs a relative clause after it that it can belong to.
    """
    if not words or is_time(words) or not _ends_in_noun(words[-1]):
        return False
    if words[0].morphemes and words[0].morphemes[0].tag in {"MAJ", "IC", "JKB", "EC"}:
        return False
    opens_clause = len(words) > 1 and words[1].tag == "ETM"
    if words[0].tag == "MAG" and words[0].text not in _NOUN_ADVERBS and not opens_clause:
        return False
    last_clause = max((i for i, w in enumerate(words) if w.tag == "ETM"), default=-1)
    for at, word in enumerate(words[:-1]):
        if is_noun_word(word) or word.tag == "ETM" or word.text in _NOUN_ADVERBS:
            continue
        if word.tag in {"JKO", "JKS", "JKB", "MAG", "JX"} and at < last_clause:
            continue
        if word.tag == "EC" and at < last_clause and _is_auxiliary(words, at):
            continue
        return False
    return True


def _ends_in_noun(word: Word) -> bool:
    inner = [m for m in word.morphemes if not (m.tag.startswith("JK") or m.tag in {"JX", "JC"})]
    return (
        bool(inner)
        and inner[-1].tag in {"NNG", "NNP", "SL", "SN", "XSN", "SSC", "NR", "SW", "NNB"}
        and (inner[-1].tag != "NNB" or len(inner) > 1)
    )


def has_clause(words: Sequence[Word]) -> bool:
    """Tell whether a clause ends among the words, auxiliaries (않다, 있다) not counted."""
    return any(w.tag == "EC" and not _is_auxiliary(words, at) for at, w in enumerate(words))


def has_subject(words: Sequence[Word]) -> bool:
    """Tell whether a clause has a subject or topic of its own, outside relative clauses."""
    last_clause = max((i for i, w in enumerate(words) if w.tag == "ETM"), default=-1)
    return any(
        w.particle in {"은", "는", "이", "가"} and (at > last_clause or w.tag == "JX")
        for at, w in enumerate(words)
    )


def is_time(words: Sequence[Word]) -> bool:
    """Tell whether a phrase says when, not what."""
    noun = words[-1].noun
    if re.search(r"\d\s?(?:년|월|일|시|분|초|세기|년대)\Z", noun) or noun in {
        "이듬해",
        "올해",
        "지난해",
        "작년",
    }:
        return True
    nouns = [m.form for m in words[-1].morphemes if m.tag.startswith("N")]
    return noun in _TIMES or (bool(nouns) and nouns[-1] in {"때", "경우", "후", "중", "동안"})


def is_vague(noun: str) -> bool:
    """Tell whether a noun alone names nothing in particular."""
    return noun.strip("\"'“”‘’ ") in _VAGUE


def is_person(noun: str) -> bool:
    """Tell whether a noun phrase is someone: 누가, not 무엇이."""
    return _PEOPLE.search(noun) is not None


def count_nouns(text: str, analyser: Analyser) -> int:
    """Return how many different nouns and Latin words a text has; what makes a question specific."""
    tags = {"NNG", "NNP", "SL", "SN", "XR", "VV"}
    return len({m.form for m in analyser.morphemes(text) if m.tag in tags} - _ASKING)
