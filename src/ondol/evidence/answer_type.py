"""Does a sentence offer the kind of thing that a question asks for?"""

import re

from ondol.evidence.question import Question, find_names
from ondol.evidence.terms import STOPWORDS
from ondol.text.lexemes import stem

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NUMBER_WORD = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    r"|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?"
    r"|once|twice|half|third|quarter|dozens?|single|both|several)\b|(?:한|두|세|네|다섯|여섯|일곱|여덟"
    r"|아홉|열) ?(?:개|명|번|가지|시간|대)",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?:1\d|20)\d\d\b|\b\d{1,2}(?::\d\d| ?[ap]\.?m\b)|\b\d+ ?(?:years?|months?|weeks?|days?|hours?"
    r"|minutes?|seconds?|ms|s)\b"
    r"|\b(?:January|February|March|April|May|June|July|August|September|October|November|December|Monday|Tuesday|Wednesday"
    r"|Thursday|Friday|Saturday|Sunday)\b|\b\w+ (?:century|centuries|decades?|years|months|weeks|days"
    r"|hours)\b"
    r"|\b(?:since|until|before|after|during)\b|\d+ ?(?:년|월|일|시|분|초|주|개월|시간)|(?:이내|이후|이전"
    r"|까지|부터|매년|매월|매주|즉시)",
)
_PLACE = re.compile(
    r"\b(?:in|at|from|near|to|on|of|into|across|between|around|under|within|along|through)\s+(?:the\s+)?[A-ZÀ-Þ]"
    r"|\b(?:located|inside|outside|north|south|east|west|menu|tab|page|screen|folder|toolbar|corner|top|bottom|left|right)\b"
    r"|(?:에서|에 있|위치|메뉴|화면|탭|상단|하단|왼쪽|오른쪽|도구 ?모음)"
)
_REASON = re.compile(
    r"\b(?:because|since|due to|owing to|so that|as a result|in order to|therefore|thus|caused?|reasons?"
    r"|lead|led|result\w*"
    r"|prevent\w*|to (?:avoid|ensure|keep|make|allow|protect|reduce|improve|increase)|for)\b"
    r"|(?:때문|위해|위하여|므로|따라서|이유|원인|으로 인해|아서|어서|도록|니까|기에)",
    re.IGNORECASE,
)
_DEFINITION = re.compile(
    r"\b(?:is|are|was|were) (?:a|an|the|one|any|used|known|called|defined)\b|\b(?:refers? to|means?|called"
    r"|known as|defined as)\b"
    r"|(?:이란|란 |을 말|를 말|의미|뜻|정의|입니다|이다\.)",
    re.IGNORECASE,
)
_ASKED_SUBJECT = re.compile(
    r"^\W*what(?:'s| is| are| was| were) (?:an? |the )?(?P<english>.+?)\W*$"
    r"|^\W*(?P<korean>.+?)(?:이?란|은|는|이|가)?\s*(?:무엇|뭐|뭔|뭘|어떤 것)",
    re.IGNORECASE,
)
_DEFINED_SUBJECT = re.compile(
    r"^\W*(?:an? |the )?(?P<english>[\w\s/&-]{2,60}?)(?:\s*\([^)]*\))?\s+"
    r"(?:(?:is|are|was|were) (?:an?|the|one|any|part|used|called|known|defined|designed|intended|made)"
    r"|means?|refers?|allows?|lets?|enables?|provides?|consists?|describes?|defines?|helps?|"
    r"represents?|contains?|shows?|displays?|can be used)\b"
    r"|^\W*(?P<korean>[^\n]{1,40}?)(?:\s*\([^)]*\))?(?:이?란|은|는)\s",
    re.IGNORECASE,
)
_STEP = re.compile(
    r"^\W*(?:\d+[.)]|[-*•])|\b(?:click|select|press|choose|open|enter|connect|turn|set|use|go to|run"
    r"|install|drag|tap|type|first"
    r"|then|next|by \w+ing|you can|must|should|to)\b|(?:클릭|선택|누르|눌러|여십|열고|입력|연결|설정"
    r"|하십시오|하세요|합니다|할 수 있)",
    re.IGNORECASE,
)
_HANGUL_NAME = re.compile(
    r"[가-힣]{2,4} ?(?:부장|과장|팀장|대리|사원|대표|이사|교수|박사|장관|의원|선수|감독|씨|님|담당자?|부서"
    r"|팀|자)"
)


def match_answer_kind(question: Question, sentence: str) -> float:
    """Return how well ``sentence`` offers what is asked for: 1 well, 0 not at all, 0.5 cannot be told."""
    match question.kind:
        case "number":
            return _match_number(question, sentence)
        case "time":
            return (
                1.0 if any(m.lower() not in question.text.lower() for m in _TIME.findall(sentence)) else 0.0
            )
        case "person":
            return 1.0 if _new_names(question, sentence) or _HANGUL_NAME.search(sentence) else 0.0
        case "place":
            return 1.0 if _PLACE.search(sentence) else (0.6 if _new_names(question, sentence) else 0.0)
        case "reason":
            return 1.0 if _REASON.search(sentence) else 0.0
        case "definition":
            return _match_definition(question, sentence)
        case "steps":
            return 1.0 if _STEP.search(sentence) else 0.0
        case "yes_no" | "thing":
            return 0.5


def _match_definition(question: Question, sentence: str) -> float:
    """A sentence that opens with the thing asked for and says what it is or does defines it."""
    asked, defined = _ASKED_SUBJECT.match(question.text), _DEFINED_SUBJECT.match(sentence)
    if asked and defined:
        subject = _bare(asked["english"] or asked["korean"])
        found = _bare(defined["english"] or defined["korean"])
        if subject and found == subject:
            return 1.0
        if subject and found.endswith(subject):
            return 0.7
    return 0.5 if _DEFINITION.search(sentence) else 0.2


def _bare(name: str) -> str:
    """Return a name without case, spaces and the plural's s, so that *GeoFences* is the *geofence*."""
    return re.sub(r"[\W_]", "", name.casefold()).removesuffix("s")


def _match_number(question: Question, sentence: str) -> float:
    new = [n for n in _NUMBER.findall(sentence) if n.replace(",", "") not in question.numbers]
    if not new and not _NUMBER_WORD.search(sentence):
        return 0.0
    return 1.0 if new else 0.8


def has_focus(question: Question, sentence: str) -> bool:
    """Tell whether the noun asked for (*how many **points***) stands near a number of ``sentence``."""
    if not question.focus:
        return False
    words = re.findall(r"[\w'’%]+", sentence)
    for position, word in enumerate(words):
        if _NUMBER.fullmatch(word) or _NUMBER_WORD.fullmatch(word):
            near = words[max(0, position - 2) : position + 4]
            if any(stem(w.lower()) == question.focus for w in near):
                return True
    return False


def _new_names(question: Question, sentence: str) -> bool:
    asked = question.text.lower()
    for name in find_names(sentence):
        words = [w for w in re.split(r"\W+", name.lower()) if w and w not in STOPWORDS]
        if any(w not in asked for w in words):
            return True
    first = re.match(r"\W*([A-ZÀ-Þ][\w'’-]+)", sentence)
    return bool(first and first[1].lower() not in STOPWORDS and first[1].lower() not in asked)
