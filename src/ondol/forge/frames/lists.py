"""Questions about lists: a lead line with its items, or a procedure with its steps, in English and Korean.

The lead says what the items are; only leads of known form are asked about. The answer is the lead with its
items, in order, and nothing between them.
"""

import re
from dataclasses import dataclass

from ondol.core.examples import Fact, Passage
from ondol.evidence.units import Unit, split_units
from ondol.forge.frames.clause import COMMON
from ondol.forge.frames.lexicon import IMPERATIVES
from ondol.forge.frames.lists_english import ask_english
from ondol.forge.frames.lists_korean import ask_korean
from ondol.forge.frames.place import name_place
from ondol.forge.frames.wording import Wording
from ondol.text.language import detect_language
from ondol.text.morphemes import Analyser

_MAX_ITEMS, _MIN_ITEMS = 14, 2
_MAX_CHARS = 1400
_NUMBER = re.compile(r"\(?(\d{1,3})[.)]")
# A passage is closed at about 900 units: one that is nearly full may have cut its last list.
_FULL_PASSAGE = 780
_WIDE = re.compile(r"[가-힣]")
_MORE_ITEMS = re.compile(r"(?:\s*\n[^\n:：]*[^\n:：\s]){0,2}\s*\n[-*•] ")
_CAPTION = re.compile(r"[^.!?。]{2,60}\Z")
# A remark beside a step is not part of it.
_NOTE = re.compile(
    r"(?m)(?:\A|\s+)(?:Note|Tip|Warning|Important|Caution|참고|주의|경고|팁)\s?[:：]?(?=\s+[A-Z가-힣]|\Z)"
)
_RUN_ON = re.compile(r"\b([a-z]+) ([A-Z][a-z]+) [A-Z][^.]*\Z")
# What an item points at stands elsewhere on its page.
_POINTING = re.compile(
    r"\b(?:described|shown|listed|mentioned|as|steps?|tests?|from|see) above\b|\babove\W*\Z"
    r"|위의 |위에서 (?:설명|언급)",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"[.!?)。]\Z")
_UNFIT = re.compile(r"https?:|\*\*|￼|\]\(|[{}<>`]|\t")
_ASIDE = re.compile(
    r"\s*\((?:위|아래)\)|\s*\([^()]*(?:above|below|shown|image|figure|screenshot|위의|아래|그림|이미지|참조)[^()]*\)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Listing:
    """A lead with its items.

    Attributes:
        lead: without its colon.
        items: top level, each with the sentences that belong to it and its own items below it.
        is_steps: numbered from 1, in order.
    """

    lead: str
    items: tuple[str, ...]
    is_steps: bool


def frame(fact: Fact, passage: Passage, *, analyser: Analyser) -> tuple[Wording, ...]:
    """Return the wordings of a list fact, the best first; none where lead or items are not certain."""
    listing = read_listing(fact.evidence.quote)
    if fact.unit != "list" or listing is None or _goes_on(fact, passage, listing):
        return ()
    language = detect_language(listing.lead) or fact.language
    context = fact.evidence.context or passage.context
    place = name_place(context, passage.title, language=language, known=listing.lead)
    if language == "ko":
        asked = ask_korean(listing.lead, place, is_steps=listing.is_steps, analyser=analyser)
    else:
        asked = ask_english(listing.lead, place, is_steps=listing.is_steps)
    answer = render(listing)
    return tuple(Wording(q, answer, name, score) for q, name, score in asked)


def _goes_on(fact: Fact, passage: Passage, listing: Listing) -> bool:
    """Whether the list seems to continue after the fact: in the passage, or where the passage ends."""
    rest = passage.text[fact.evidence.end - passage.start :]
    if not rest.strip():
        wide = len(_WIDE.findall(passage.text))
        return len(passage.text) + wide > _FULL_PASSAGE
    if listing.is_steps:
        following = len(listing.items) + 1
        return re.search(rf"(?m)^[ \t]*\(?{following}[.)]\s", rest) is not None
    return _MORE_ITEMS.match(rest) is not None


def render(listing: Listing) -> str:
    """Return lead and items as lines."""
    marks = [f"{n}." if listing.is_steps else "-" for n in range(1, len(listing.items) + 1)]
    lines = (f"{mark} {item}" for mark, item in zip(marks, listing.items, strict=True))
    return "\n".join([f"{listing.lead}:", *lines])


def read_listing(quote: str) -> Listing | None:
    """Return the list that a quotation holds; ``None`` when it is broken, mixed or too long."""
    units = split_units(quote)
    if (
        len(units) < 1 + _MIN_ITEMS
        or units[0].kind != "lead"
        or len(quote) > _MAX_CHARS
        or _UNFIT.search(quote)
    ):
        return None
    lead = " ".join(quote[units[0].start : units[0].end].split()).rstrip(":： ")
    lead = re.sub(r"\A(?:Note|Tip|Important|참고|주의|팁)\s*[:：]?\s+(?=\S)", "", lead)
    depth = min((u.depth for u in units if u.kind == "item"), default=0)
    items: list[str] = []
    numbers: list[int] = []
    kinds: set[bool] = set()
    in_note = False
    for unit in units[1:]:
        raw = quote[unit.start : unit.end]
        text = _clean(_NOTE.split(raw)[0])
        top = unit.kind == "item" and unit.depth <= depth
        was_note = in_note or _NOTE.match(raw) is not None
        in_note = not top and (in_note or _NOTE.search(raw) is not None)
        if top:
            in_note = _NOTE.search(raw) is not None
            number = _NUMBER.match(unit.marker)
            kinds.add(number is not None)
            numbers.append(int(number[1]) if number else 0)
            items.append(text)
        elif unit.kind == "heading" and numbers and numbers[-1]:
            continue  # a caption: the next number tells that the steps go on
        elif not items or unit.kind in {"row", "heading"} or (unit.kind == "lead" and unit.depth <= depth):
            return None
        elif (
            not was_note
            and text
            and (unit.kind != "sentence" or not (_CLOSED.search(items[-1]) and _CAPTION.fullmatch(text)))
        ):
            items[-1] = _join(items[-1], text, unit)
    is_steps = kinds == {True}
    if len(kinds) != 1 or not _MIN_ITEMS <= len(items) <= _MAX_ITEMS or len(set(items)) != len(items):
        return None
    if is_steps and numbers != list(range(1, len(numbers) + 1)):
        return None
    if any(len(item) < 2 or item.endswith((":", "：", ",", "...", "…")) for item in items) or not lead:
        return None
    if any(_POINTING.search(item) or _runs_on(item) for item in items):
        return None
    return Listing(lead, tuple(items), is_steps)


def _runs_on(item: str) -> bool:
    """Tell whether a picture's caption seems to follow without a mark: *press the button Select the mode*."""
    last = item.rsplit("\n", 1)[-1]
    found = None if _CLOSED.search(last) else _RUN_ON.search(last)
    return found is not None and found[1] in COMMON and found[2].lower() in IMPERATIVES


def _clean(text: str) -> str:
    return _ASIDE.sub("", " ".join(text.split())).strip()


def _join(item: str, text: str, unit: Unit) -> str:
    return f"{item}\n  - {text}" if unit.kind == "item" else f"{item} {text}"
