"""What in a document is no claim: code, addresses, navigation, and sentences about the page itself."""

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_PAGE = (
    "(?:section|sub-?section|page|chapter|topic|guide|document|documentation|article|tutorial|manual"
    "|handbook|readme"
    "|faq|docs)"
)
_PICTURE = (
    "(?:screen ?shot|image|figure|diagram|table|video|picture|example|list|steps?|instruction|topic"
    "|snippet|command)"
)
_TOLD = (
    "(?:shown|described|listed|given|explained|discussed|covered|documented|mentioned|outlined|detailed"
    "|illustrated"
    "|provided|specified|noted)"
)
_DISCUSSED = "(?:described|explained|discussed|covered|documented|outlined|detailed|mentioned)"

_CODE = _any(
    r"```|[{}]|=>|\(\)|::|&&|\$\{|<[/a-z!]|\\n|;\s*$|^\s*//|^\s*[$#>]\s",
    r"\b[A-Za-z_]\w*\s*=\s*[\w\"'\[($/~]",
    r"(?:^|\s)(?:sudo|cd|git|npm|pip|kubectl|apt-get|docker|curl|brew|chmod|helm)\s+[\w./-]+(?:\s|$)",
    r"(?:^|\s)--[a-z]",
)
_ADDRESS = _any(r"https?://\S+", r"\bwww\.\S+", r"\S+@\S+\.\w{2,}", "￼")
_NAVIGATION = _any(
    rf"\b(?:see|read|refer to|visit|check out|continue (?:to|with)|consult)\b[^.]{{0,80}}\b(?:{_PAGE}"
    rf"|below|above|link"
    r"|here|more (?:information|detail\w*|info)|for (?:more|further|details|instructions))\b",
    r"\bfor (?:more|further|additional|detailed) (?:information|details?|info|instructions)\b",
    r"^(?:\W*(?:tip|note|warning|info)\W+)?(?:see|refer to|visit|read)\b",
    rf"\b(?:next|previous|following|these|above|below|last|subsequent|current) (?:{_PAGE}|{_PICTURE})s?\b",
    rf"\b(?:this|other|the) {_PAGE}s?\b",
    rf"\bthis {_PICTURE}s?\b",
    r"\bthe (?:diagram|figure|screen ?shot|illustration)s?\b",
    rf"\b{_PICTURE}s? (?:above|below)\b",
    rf"\b{_TOLD} (?:\w+ ){{0,3}}(?:above|below|here|later|earlier|elsewhere|next|previously)\b",
    r"\b(?:information|details|documentation|instructions|notes|guides?)\b.{0,40}\b(?:can|may) be found\b",
    rf"\b(?:is|are) (?:further |also )?{_DISCUSSED} in\b",
    r"\bfollow(?:ing)? the (?:\w+ ){0,2}(?:instructions?|prompts?|steps?|guide|directions)\b",
    r"\b(?:as follows|the following|as below|as above|(?:check|click|look|found|see) here)\b",
    r"\b(?:table of contents|broken link|todo|tbd)\b",
    r"\b(?:above|below)(?=\s+(?:to|is|are|and|or|for|will|can)\b|\s*[,.;)]|\s*$)",
    r"(?:다음|이전|아래|위|앞|뒤) ?(?:의|에서|에)? ?(?:절|장|섹션|페이지|항목|문서|그림|표|스크린샷|예시"
    r"|단계|링크)",
    r"(?:위|아래)의? ?(?:이미지|그림|화면 ?캡처|사진|예)|다음과 같(?:습니다|다|이)",
    r"참(?:조|고)(?:하|해|바라|할)|(?:자세한|상세한|추가) ?(?:내용|정보|사항|설명)",
    r"이 (?:절|장|섹션|페이지|문서|글|가이드)",
)
_ABOUT_PAGE = _any(
    rf"\b(?:this|the|our) {_PAGE}s? (?:\w+s|is|are|was)\b",
    r"\btime of writing\b|\bstay tuned\b|\bwork in progress\b|\bcoming soon\b|\bunder (?:construction"
    r"|development)\b",
    r"\b(?:thanks?|thank you|welcome|congratulations|feel free|let us know|we recommend reading)\b",
)


_CHANGES = _any(
    r"\b(?:release notes|change ?log|what's new|version history|changes)\b",
    "릴리스 ?노트|변경 ?(?:사항|이력|내역)|새로운 기능",
)


_DATED = _any(
    r"\b(?:temporar\w+|currently|now|new|newly|no longer|yet|previous\w*|earlier|will be|improved"
    r"|added|fixed|deprecated|removed|renamed)\b",
    "아직|현재|이제|새로|신규|더 이상|이전|예정|개선|추가되|수정되|변경되|제거되|임시",
)


def is_dated(text: str) -> bool:
    """Tell whether a text says what holds at its time of writing only."""
    return _DATED.search(text) is not None


def is_change_log(title: str) -> bool:
    """Tell whether a document of this title says what was new once, not what is."""
    return _CHANGES.search(title) is not None


def is_noise(text: str) -> bool:
    """Tell whether a text is code, an address, or speaks of the page and not of the matter."""
    return any(p.search(text) for p in (_CODE, _ADDRESS, _NAVIGATION, _ABOUT_PAGE))
