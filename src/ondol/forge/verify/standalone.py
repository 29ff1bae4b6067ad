"""Can the question be understood by someone who does not have the page before him?"""

import re
from collections.abc import Sequence

from ondol.core.examples import Draft, Passage, Turn, Verdict
from ondol.evidence.question import find_names
from ondol.evidence.terms import TermFunction, is_weak, word_set
from ondol.forge.verify.verdict import accept, refuse
from ondol.text.lexemes import stem

_TEXT = (
    "section|page|chapter|document|passage|text|paragraph|article|excerpt|statement|sentence|context|snippet|fact"
    "|quotation|quote|heading|subsection"
)
_BOOK = "manual|guide|tutorial|README|content|material|information|topic"
_PICTURE = (
    r"image|figure|fig\.|picture|photo|diagram|screenshot|illustration|table|chart|graph|list"
    r"|example|code"
)
_SAID = (
    "stated|described|mentioned|explained|listed|discussed|specified|provided|given|noted|outlined|indicated"
    "|defined"
)
_SHOWN = "shown|seen|depicted|pictured|displayed|illustrated|labell?ed|visible|circled|highlighted"
# "The text next to the icon" says which text is meant.
_ALONE = r"\b(?! (?:next|of|on|in|for|that|which|with|under|beside|at|to|from)\b)"
_TIMES = "day|year|month|week|hour|minute|flight|version|release|owner|state|page|screen|step|menu|tab"
_POINTING = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:this|that|these|those) (?:\w+ )?(?:{_TEXT}|{_BOOK}|{_PICTURE})s?\b",
        r"\bthe (?:above|below|following|preceding|previous|aforementioned|given|provided|mentioned"
        r"|said|quoted"
        rf"|cited)\b(?! (?:{_TIMES})\b)",
        rf"\b(?:in|from|by|according to|based on|per|of) the (?:{_TEXT}){_ALONE}",
        rf"\b(?:according to|{_SAID}) (?:in |by )?the (?:{_TEXT}|{_BOOK}|{_PICTURE})s?{_ALONE}",
        rf"\b(?:{_SHOWN}) (?:above|below|here|(?:in|on) (?:the|this) (?:{_PICTURE}){_ALONE})",
        rf"\b(?:{_SAID}) (?:above|below|here|earlier|previously|later)\b",
        r"\bthe (?:ones?|items?|steps?|options?|table|list) (?:above|below)\b|\b(?:see|refer to) "
        r"(?:above|below)\b",
        r"\bas follows\b|\bthe (?:former|latter)\b|\b(?:the|this) author\b|\bwhat does (?:it|this"
        r"|that) say\b",
        r"\b(?:figure|fig\.|page|image|table) \d+\b|\bstep \d+\b(?! (?:of|in|when)\b)",
        rf"\bdo(?:es)? the (?:{_TEXT})s? (?:say|state|mention|describe|explain|discuss|tell|cover)\b",
    )
)
_POINTING_KO = re.compile(
    r"(?:^|[,.(]\s?|[은는이가을를의에서]\s)(?:위의|위에서)|(?<![가-힣])(?:위와 같|위 (?=그림|표|내용"
    r"|글|문장|문단|단락|절|항목|사진|예|설명"
    r"|화면|목록|코드)"
    r"|아래의|아래에서|아래와 같|아래 (?=그림|표|내용|글|문장|문단|단락|절|항목|사진|예|설명|화면"
    r"|목록|코드|중)"
    r"|다음의|다음과 같|다음 (?=그림|표|내용|글|문장|문단|단락|절|사진|예|설명|목록|코드|중)"
    r"|[이본] (?:절|장|문서|글|페이지|쪽|단락|문단|그림|표|섹션|문장|지문|설명서|매뉴얼|가이드|안내서"
    r"|사진|목록|예제|예시|항)(?![가-힣]{2})"
    r"|본문(?=에|의|은|을)|지문(?=에|의|은|을|에서)|상기|전술한|앞서|앞에서|앞의|주어진|제시된|언급된|제공된"
    r"|여기서|여기에|여기에서|이것|그것|이곳|그곳|이를|그를|이때|그때|이러한|그러한|이런|그런|이와 같"
    r"|그와 같|이 중|그 중"
    r"|(?:문서|글|문장|단락|본문|설명|내용)에 (?:따르면|의하면|나온|나오는|언급된|적힌|있는)"
    r"|(?:그림|사진|표|스크린샷|화면)에(?:서)? (?:보이는|나온|나오는|표시된 것|나타난 것)|(?:그림|표) ?\d)"
)
_DETERMINER_KO = re.compile(r"(?<!\S)(?:해당|이|그|저|본)\s(?=(?P<noun>[가-힣A-Za-z]+))")
_THIS = re.compile(
    r"\b(?:this|these|those(?!(?: [a-z]+)? (?:who|which|that|with|of|in|whose)\b))\b(?:\s+(?P<noun>[a-z]+))?",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:it|its|itself|they|them|their|theirs|he|she|him|his|her|hers)\b", re.IGNORECASE)
_THAT = re.compile(
    r"^(?:what|how|why|when|where|who|which|is|are|was|does|do|did|can|could|should|will"
    r"|would)\b[^,]{0,12}\bthat"
    r"(?=\s*(?:\?|is|are|was|mean|work|happen|do|for|used)\b|\s*\?)",
    re.IGNORECASE,
)
# "Is it possible to …", "How long does it take to …", "What does it mean when …"
_IDLE_IT = re.compile(
    r"\bit(?:'s)?\s+(?:(?:be|is|was|not)\s+)?(?:possible|necessary|recommended|important|safe"
    r"|required|better|best|advisable"
    r"|ok|okay|allowed|permitted|useful|helpful|essential|mandatory|good|bad|easy|hard|difficult"
    r"|worth|take|takes|took"
    r"|cost|costs|mean|means|matter|matters|rain|rains|snow|legal|illegal|common|normal|critical"
    r"|crucial|appropriate|called (?:when|if))\b",
    re.IGNORECASE,
)
_BROAD = frozenset(
    map(stem, word_set("case situation way regard event respect process time purpose reason point"))
)
_BROAD_KO = word_set("이유 경우 때 결과 방법 과정 목적 상황 외 밖 전 후 중 대신 이상 이하")
_PARTICLE = re.compile(r"(?:으로|에서|에는|로|은|는|이|가|을|를|에|의)$")
# Words that every manual is full of: a question made of nothing else asks about anything.
_GENERIC = frozenset(
    map(
        stem,
        word_set("""
            default value setting option parameter range unit function button purpose mode step feature
            property
            field menu page section document table figure image list item note warning tip information detail
            description definition maximum minimum max min limit recommend action method process procedure
            requirement condition result effect main key specific correct right proper different additional
            available current follow set configure click select press show display change enable disable check
            open close save start stop do does done what work happen file data message text screen window
            tab view
            device system user mean
        """),
    )
) | word_set("""
    기본값 기본 값 설정 옵션 항목 매개변수 파라미터 범위 단위 기능 버튼 용도 목적 모드 단계 특징 속성 필드
    메뉴
    페이지 절 문서 표 그림 이미지 목록 주의 경고 정보 설명 정의 최대 최대값 최댓값 최소 최소값 최솟값 제한
    권장 동작 방법 과정 절차 조건 결과 효과 주요 표시 변경 활성 비활성 확인 열 닫 저장 시작 종료 중지 파일
    데이터 메시지 화면 창 탭 장치 시스템 사용자 선택 클릭 누르 하 되 사용 가능 무엇 역할 의미 이유 시간 경우
    사항 필요 개수 종류
""")
_POINTING_ANSWER = re.compile(
    r"\b(?:see|refer to|shown in|as in|described in|listed in)\s+(?:the\s+)?(?:figure|fig\.|image"
    r"|picture|diagram|screenshot"
    r"|section|table|page|above|below|here|next)\b|\b(?:shown|listed|described|given|mentioned) "
    r"(?:above|below|here)\b"
    r"|\b(?:the|this) (?:image|figure|diagram|screenshot|picture|table) (?:above|below)\b|\bsee "
    r"(?:above|below)\b"
    r"|\bthe (?:following|above|below) (?:image|figure|diagram|screenshot|picture|table|section)\b"
    r"|(?:^|[,.(]\s?|[은는이가을를에서]\s)(?:위|아래|다음|앞|이)(?:의)? ?(?:그림|이미지|사진|스크린샷"
    r"|절|표)(?:을|를|과|와|에|은|는|의"
    r"|처럼)|[을를] 참[고조]하"
    r"|(?:아래|다음)(?:를|을|와 같습니다|과 같습니다)[.\s]*\Z",
    re.IGNORECASE,
)
_MATERIAL_CHARS = 160


class StandaloneCheck:
    """A question that names what it asks about, and an answer that does not point at what is not there.

    The questions of a dialogue after the first lean on the first. Cannot see that a definite noun ("the
    button") means one particular button of one particular page.
    """

    name = "standalone"

    def __init__(self, terms: TermFunction) -> None:
        """``terms`` cuts a text into content terms."""
        self._terms = terms

    def judge(self, draft: Draft, passages: Sequence[Passage]) -> Verdict:  # noqa: ARG002 - protocol
        """Look at the first question and at every answer."""
        for number, turn in enumerate(draft.turns):
            if number == 0 and (found := self._find_dangling(turn.question)):
                return refuse(self.name, f"The question points at what is not in it: {found!r}.")
            if found := _find_pointer(turn):
                return refuse(self.name, f"The answer points at what is not in it: {found!r}.")
        return accept(self.name)

    def _find_dangling(self, question: str) -> str:
        if "\n" in question.strip() and len(question) > _MATERIAL_CHARS:
            return ""  # it brings its material along
        for pattern in (*_POINTING, _POINTING_KO, _THAT):
            if match := pattern.search(question):
                return match[0].strip()
        for match in (*_THIS.finditer(question), *_DETERMINER_KO.finditer(question)):
            if not self._is_known(match["noun"] or "", question[: match.start()]):
                return match[0].strip()
        idle = {m.start() for m in _IDLE_IT.finditer(question)}
        for match in _PRONOUN.finditer(question):
            if match.start() not in idle and not self._strong(question[: match.start()]):
                return match[0]
        # A capital in mid-sentence names something: "the Parameters screen".
        return "" if find_names(question) or self._strong(question, generic=False) else question

    def _is_known(self, noun: str, before: str) -> bool:
        """Tell whether a demonstrative's noun was named before it."""
        if not noun or stem(noun.lower()) in _BROAD or _PARTICLE.sub("", noun) in _BROAD_KO:
            return bool(self._strong(before, generic=False))
        wanted = self._terms(noun)
        return bool(wanted) and bool(set(wanted[:1]) & set(self._terms(before)))

    def _strong(self, text: str, *, generic: bool = True) -> list[str]:
        found = [t for t in self._terms(text) if not is_weak(t)]
        return found if generic else [t for t in found if t not in _GENERIC and stem(t) not in _GENERIC]


def _find_pointer(turn: Turn) -> str:
    match = _POINTING_ANSWER.search(turn.answer)
    return match[0] if match else ""
