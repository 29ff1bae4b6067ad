"""Where sentences begin and end, in English and Korean, by rule.

A sentence never crosses a blank line, a list marker or a heading line. A full stop after an abbreviation, an
initial, a list number or inside a number does not end one. Korean text that leaves the full stop out
(``…합니다`` at a line's end) is cut at the line's end.
"""

import re
from itertools import pairwise

_ABBREVIATION_LIST = """
mr mrs ms dr prof sr jr st gen col sgt capt lt cmdr adm rev hon pres gov sen rep vs etc e.g i.e cf al eg
ie viz approx ca no nos vol vols fig figs eq eqs sec secs ch chs pp p ed eds est inc ltd co corp jan feb
mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun u.s u.k u.n d.c a.m p.m ph.d b.a m.a
u.s.a
"""
_NEVER_LAST_LIST = """
mr mrs ms dr prof st gen col sgt capt lt e.g i.e cf eg ie viz no nos vol fig figs eq eqs sec pp vs
"""
_ABBREVIATIONS = frozenset(_ABBREVIATION_LIST.split())
_NEVER_LAST = frozenset(_NEVER_LAST_LIST.split())
# Between the final mark and white space may stand closing quotes, brackets, reference marks such as [3].
_END = re.compile(
    r"(?P<mark>[.!?…]+|[。！？]+)(?P<close>[\"'”’»」』)\]）】*_]*(?:\[\d{1,3}\])*)"
    r"(?=\s|$|(?<=[。！？])|(?<=[가-힣][.!?])[가-힣])"
)
_BREAK = re.compile(
    r"\n[ \t]*\n\s*|\n(?=[ \t]*(?:[-*+•·▪◦○●■□◆▶※]|\(?\d{1,3}[.)]|\(?[가-하a-z][.)]|#{1,6}|\|)[ \t])"
)
_WORD_BEFORE = re.compile(r"(?:[A-Za-z]\.)*[A-Za-z]+\Z|\d+\Z|[가-힣]+\Z")
_LIST_NUMBER = re.compile(r"(?:^|\n)[ \t]*[(\[]?(?:\d{1,3}(?:\.\d{1,3})*|[A-Za-z가-하]|[ivxIVX]{1,5})\Z")
_NEXT = re.compile(r"\s*[\"'“‘«「『(\[*_]*(\S)")
# Korean final endings that close a sentence even without a mark when the line ends there.
_KOREAN_FINAL = re.compile(
    r"[가-힣](?:니다|니까|어요|아요|해요|세요|네요|지요|군요|는다|았다|었다|했다|됐다|이다|한다|된다|있다|없다)\Z"
)
# Korean writes dates as "2019. 3. 1.": these stops end nothing.
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d\.\s*(?:\d{1,2}\.\s*)?\d{1,2}\Z")
_YEAR = re.compile(r"(?<!\d)(?:(?:19|20)\d\d|['’]\d\d)\Z")
_LINE = re.compile(r"\n")


def split_sentences(text: str, *, language: str = "") -> list[tuple[int, int]]:
    """Return the spans of the sentences of ``text``: code points, half-open, in order, trimmed, never empty.

    Every character that is not white space lies in exactly one span. ``language`` (``ko``, ``en`` or unknown)
    switches the rule for Korean lines without a full stop off for English.
    """
    korean = language != "en"
    spans: list[tuple[int, int]] = []
    start = 0
    for broken in _BREAK.finditer(text):
        spans += _split_paragraph(text, start, broken.start(), korean=korean)
        start = broken.end()
    spans += _split_paragraph(text, start, len(text), korean=korean)
    return spans


def _split_paragraph(text: str, start: int, end: int, *, korean: bool) -> list[tuple[int, int]]:
    cuts = {match.end() for match in _END.finditer(text, start, end) if _is_end(text, start, match)}
    if korean:
        lines = (line.start() for line in _LINE.finditer(text, start, end))
        cuts.update(at for at in lines if _KOREAN_FINAL.search(text[max(start, at - 6) : at].rstrip()))
    edges = [start, *sorted(cuts), end]
    trimmed = (_trim(text, *edge) for edge in pairwise(edges))
    return [span for span in trimmed if span[0] < span[1]]


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _is_end(text: str, start: int, match: re.Match[str]) -> bool:
    following = _NEXT.match(text, match.end())
    next_char = following[1] if following else ""
    mark = match["mark"]
    if mark[0] in "!?" and match.start() > start and text[match.start() - 1] in " \t`":
        return not next_char  # a mark that stands alone is named, not asked: "press ? for help"
    if mark != ".":
        # "Yahoo! is" and "…and so on… but" go on when a lower-case letter follows; CJK marks always end.
        return mark[0] in "。！？" or not next_char.islower()
    if not next_char:
        return True
    head = "\n" * (match.start() - 40 <= start) + text[max(start, match.start() - 40) : match.start()]
    if match["close"]:
        return not next_char.islower()
    if _LIST_NUMBER.search(head) or _DATE.search(head) or (_YEAR.search(head) and next_char.isdigit()):
        return False
    return _ends_after_word(head, next_char)


def _ends_after_word(head: str, next_char: str) -> bool:
    found = _WORD_BEFORE.search(head)
    word = found[0] if found else ""
    if len(word) == 1 and word.isascii() and word.isupper():
        # An initial ("J. Smith"), unless it plainly closes ("vitamin C. The").
        previous = head[: -len(word)].rstrip()
        starts_name = not previous or previous[-1] in ".,(" or _is_capitalised(previous)
        return not (next_char.isupper() and starts_name) and not next_char.islower()
    if word.lower() in _NEVER_LAST:
        return False
    if word.lower() in _ABBREVIATIONS:
        return next_char.isupper() or not next_char.isascii()
    return not next_char.islower()


def _is_capitalised(previous: str) -> bool:
    last = previous.rsplit(maxsplit=1)[-1]
    return last[:1].isupper() and not last.isupper()
