"""Plant one known error in a true item: what a judge and the checks are measured with.

Code alone, English and Korean, the same for the same seed. A kind that an item offers no place for gives
nothing.
"""

import hashlib
import random
import re
from collections.abc import Callable, Sequence
from typing import Literal, get_args

from ondol.core.frozen import Frozen
from ondol.evidence.facts import read_facts
from ondol.evidence.judge import Item
from ondol.evidence.question import find_names
from ondol.text.language import detect_language, has_hangul
from ondol.text.normalise import fold
from ondol.text.sentences import split_sentences

PlantedKind = Literal[
    "number", "date", "unit", "negation", "entity", "wrong_passage", "half_truth", "unanswerable"
]
KINDS: tuple[PlantedKind, ...] = get_args(PlantedKind)


class Planted(Frozen):
    """An item with an error in it.

    Attributes:
        item: the changed one.
        changed: what was put in: the new number, the other question, the other passage.
        other: index of the item that it was taken from, -1 if none.
    """

    kind: PlantedKind
    item: Item
    changed: str
    other: int = -1


def plant(item: Item, kind: PlantedKind, *, others: Sequence[Item] = (), seed: int = 0) -> Planted | None:
    """Return ``item`` with an error of ``kind``, or nothing where it offers no place for one.

    Args:
        item: true.
        kind: of error.
        others: items about other things; names, clauses, questions and passages are taken from them.
        seed: with the item itself decides every choice.
    """
    digest = hashlib.sha256(f"{seed}\x1f{kind}\x1f{item.question}\x1f{item.answer}".encode()).digest()
    rng = random.Random(int.from_bytes(digest[:8]))  # noqa: S311 - variety, no secret
    if kind in _IN_ANSWER:
        changed = _IN_ANSWER[kind](item, rng)
        return _change(item, kind, *changed) if changed else None
    language = detect_language(item.question)
    order = [i for i in range(len(others)) if detect_language(others[i].question) == language]
    rng.shuffle(order)
    for index in order:
        if found := _BORROWED[kind](item, others[index], index, rng):
            return found
    return None


def _change(item: Item, kind: PlantedKind, answer: str, changed: str, other: int = -1) -> Planted | None:
    if fold(answer) == fold(item.answer):
        return None
    return Planted(kind=kind, item=item.model_copy(update={"answer": answer}), changed=changed, other=other)


def _replace(text: str, start: int, end: int, new: str) -> str:
    return f"{text[:start]}{new}{text[end:]}"


# -- numbers, dates, units --------------------------------------------------------------------------------

_NUMBER = re.compile(
    r"(?<![\w.,:/-])\d{1,3}(?:,\d{3})+(?![\w,.]*\d)|(?<![\w.,:/-])\d+(?:\.\d+)?"
    r"(?![\d/:-]|\.\d|,\d)"
)
_MARKER = re.compile(r"(?:^|\n)[ \t]*\(?(?P<number>\d{1,3})[.)]\s")
_IN_DATE = re.compile(r"^\s?(?:년|월(?![가-힣])|일(?![가-힣]))")
_WORDS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve")
_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)
_COUNTS = ("두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열")
_COUNT = re.compile(
    rf"(?<![가-힣])(?:{'|'.join(_COUNTS)})(?=\s?(?:개|명|번|가지|시간|대|달|회|곳"
    rf"|종류|배|단계))"
)


def _plant_number(item: Item, rng: random.Random) -> tuple[str, str] | None:
    text = item.answer
    dates = [d.text for d in read_facts(text).dates]
    markers = {m.start("number") for m in _MARKER.finditer(text)}
    spots = [
        m
        for m in _NUMBER.finditer(text)
        if m.start() not in markers
        and not _IN_DATE.match(text[m.end() :])
        and not any(m[0] in d for d in dates)
        and m[0].strip("0.,")
    ]
    words = [*_WORD.finditer(text), *_COUNT.finditer(text)]
    if spots:
        match = rng.choice(spots)
        new = _other_number(match[0], rng)
    elif words:
        match = rng.choice(words)
        pool = _COUNTS if has_hangul(match[0]) else _WORDS
        new = rng.choice([w for w in pool if w != match[0].lower()])
    else:
        return None
    return _replace(text, match.start(), match.end(), new), new


def _other_number(text: str, rng: random.Random) -> str:
    """Return a number that differs in one digit, in a digit more, or by a factor."""
    digits = [i for i, c in enumerate(text) if c.isdigit()]
    choice = rng.randrange(3)
    if choice == 0 and "." not in text and "," not in text:
        return str(int(text) + rng.choice([1, 2, 5, 10, -1 if int(text) > 2 else 3]))
    if choice == 1 and "," not in text:
        return f"{text}0" if "." not in text else str(round(float(text) * 10, 6))
    at = rng.choice(digits)
    new = rng.choice([d for d in "123456789" if d != text[at]])
    return f"{text[:at]}{new}{text[at + 1 :]}"


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MONTH = re.compile(rf"\b(?:{'|'.join(_MONTHS)})\b")
_YEAR = re.compile(r"(?<![\d.,])(?:1[0-9]|20)\d\d(?=\s?년|[^\d%°A-Za-z가-힣]|\Z)")
_DAY = re.compile(r"(?<=월 )\d{1,2}(?=\s?일)|(?<=월)\d{1,2}(?=\s?일)|(?<!\d)\d{1,2}(?=\s?월)")


def _plant_date(item: Item, rng: random.Random) -> tuple[str, str] | None:
    text = item.answer
    if not read_facts(text).dates and not _YEAR.search(text):
        return None
    spots = [*_MONTH.finditer(text), *_YEAR.finditer(text), *_DAY.finditer(text)]
    if not spots:
        return None
    match = rng.choice(spots)
    if match[0] in _MONTHS:
        new = rng.choice([m for m in _MONTHS if m != match[0]])
    elif len(match[0]) == 4:
        new = str(int(match[0]) + rng.choice([-11, -10, -3, -2, -1, 1, 2, 3, 9, 10]))
    else:
        new = str(rng.choice([d for d in range(1, 13) if d != int(match[0])]))
    return _replace(text, match.start(), match.end(), new), new


_UNIT_GROUPS = (
    ("km", "m", "cm", "mm"),
    ("kilometers", "meters", "centimeters", "millimeters", "miles", "feet", "inches"),
    ("kilometres", "metres", "centimetres", "miles"),
    ("meter", "foot", "mile", "inch"),
    ("seconds", "minutes", "hours", "days", "weeks", "months", "years"),
    ("second", "minute", "hour", "day", "week", "month", "year"),
    ("ms", "s"),
    ("Hz", "kHz", "MHz", "GHz"),
    ("kg", "g"),
    ("GB", "MB", "KB"),
    ("V", "A", "W"),
    ("percent", "degrees"),
    ("%", " degrees"),
    ("degrees", "percent"),
    ("dollars", "euros", "pounds"),
    ("million", "billion", "thousand"),
    ("초", "분", "시간", "일", "주", "개월"),
    ("미터", "킬로미터", "센티미터"),
    ("원", "달러"),
    ("도", "퍼센트"),
    ("킬로그램", "그램"),
    ("명", "개"),
    ("배", "명"),
)
_UNIT_WORDS = {unit for group in _UNIT_GROUPS for unit in group if unit == unit.strip() and unit != "%"}
_ANY_UNIT = "|".join(sorted(map(re.escape, _UNIT_WORDS), key=len, reverse=True))
_UNIT = re.compile(rf"(?<=\d)(?P<gap>[\s-]?)(?P<unit>%|{_ANY_UNIT})(?![A-Za-z])(?!간|년)")


def _plant_unit(item: Item, rng: random.Random) -> tuple[str, str] | None:
    text = item.answer
    dates = [d.text for d in read_facts(text).dates]
    spots = [
        m
        for m in _UNIT.finditer(text)
        if not _IN_DATE.match(text[m.start() : m.end() + 1]) and not any(m[0].strip() in d for d in dates)
    ]
    if not spots:
        return None
    match = rng.choice(spots)
    group = next(g for g in _UNIT_GROUPS if match["unit"] in g)
    new = rng.choice([u for u in group if u != match["unit"]])
    return _replace(text, match.start("unit"), match.end("unit"), new), new


# -- negation ---------------------------------------------------------------------------------------------

_DENIALS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (
            (
                r"\b(is|are|was|were|can|must|should|will|may|could|would|has|have|do|does|did)(?: not"
                r"|n['’]t)\b"
            ),
            r"\1",
        ),
        (r"\bcannot\b", "can"),
        (
            (
                r"\b(is|are|was|were|must|should|will|may|could|would)\b(?! not\b|n['’]t\b| only\b"
                r"| just\b)"
            ),
            r"\1 not",
        ),
        (r"\bcan\b(?! not\b| only\b| just\b)", "cannot"),
        (r"\b(has|have|had) (?=been\b|to\b|\w+ed\b)", r"\1 not "),
        (r"\bDo not (?=[a-z])", ""),
        (r"\bwithout\b", "with"),
        (r"(?:하지|되지|지) 않(?:습니다|는다|아요)", "합니다"),
        (r"하지 마십시오", "하십시오"),
        (r"([을ㄹ할될]) 수 있", r"\1 수 없"),
        (r"([을ㄹ할될]) 수 없", r"\1 수 있"),
        (r"([가-힣]) 수 있(?=[습는으어])", r"\1 수 없"),
        (r"(?<=[가-힣])하십시오", "하지 마십시오"),
        (r"(?<=[가-힣])합니다", "하지 않습니다"),
        (r"(?<=[가-힣])됩니다", "되지 않습니다"),
        (r"(?<=[가-힣])입니다", "이 아닙니다"),
        (r"있습니다", "없습니다"),
        (r"없습니다", "있습니다"),
        (r"(?<=[가-힣])했다", "하지 않았다"),
        (r"(?<=[가-힣])한다(?=[. ]|$)", "하지 않는다"),
        (r"(?<=[가-힣])된다(?=[. ]|$)", "되지 않는다"),
        (r"(?<=[가-힣])이다(?=[. ]|$)", "이 아니다"),
        (r"있다(?=[. ]|$)", "없다"),
        (r"(?<=[가-힣])세요", "지 마세요"),
    )
)
_IMPERATIVE = re.compile(
    r"^(?:Press|Click|Select|Use|Set|Open|Turn|Connect|Enter|Choose|Check|Enable|Disable|Install|Run"
    r"|Start|Keep|Move|Hold"
    r"|Wait|Make|Place|Remove|Add|Go|Tap|Drag|Type|Insert|Attach|Follow|Ensure|Put|Point|Push|Rotate|Copy)\b"
)
_VERB = re.compile(
    r"(?<=[a-z\d)\]] )(?P<verb>shows|displays|allows|lets|provides|contains|includes|supports|uses"
    r"|requires|opens|sets|starts"
    r"|enables|indicates|controls|defines|describes|specifies|gives|makes|takes|sends|returns|stops"
    r"|appears|works|lists|means"
    r"|happens|needs|depends|helps|applies|runs|stores|adds|moves|changes|keeps|holds|causes|prevents"
    r"|consists|belongs)\b"
)


def _plant_negation(item: Item, rng: random.Random) -> tuple[str, str] | None:
    text = item.answer
    options: list[str] = []
    for pattern, new in _DENIALS:
        if found := list(pattern.finditer(text)):
            # The predicate of a Korean sentence stands last.
            match = found[-1] if has_hangul(found[-1][0]) else found[0]
            options.append(_capitalise(text[: match.start()] + match.expand(new) + text[match.end() :]))
    if _IMPERATIVE.match(text):
        options.append(f"Do not {text[0].lower()}{text[1:]}")
    if stated := _VERB.search(text):
        verb = stated["verb"].removesuffix("s")
        options.append(f"{text[: stated.start()]}does not {verb}{text[stated.end() :]}")
    options = [option for option in options if fold(option) != fold(text)]
    if not options:
        return None
    chosen = rng.choice(options)
    return chosen, chosen


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]


_IN_ANSWER: dict[PlantedKind, Callable[[Item, random.Random], tuple[str, str] | None]] = {
    "number": _plant_number,
    "date": _plant_date,
    "unit": _plant_unit,
    "negation": _plant_negation,
}

# -- what is borrowed from another item -------------------------------------------------------------------

# One word or two, the first without a particle of its own.
_KOREAN_SUBJECT = re.compile(
    r"^(?P<name>(?:[가-힣A-Za-z0-9]*[^은는이가을를에의로도고서며\s\W] )?[가-힣A-Za-z0-9]{2,}?)(?:은"
    r"|는|이|가)\s"
)


def _plant_entity(item: Item, other: Item, index: int, rng: random.Random) -> Planted | None:
    mine, theirs = _entities(item.answer), _entities(other.answer)
    known = fold(f"{item.source}\n{item.question}\n{item.answer}")
    theirs = [name for name in theirs if fold(name) not in known]
    if not mine or not theirs:
        return None
    old, new = rng.choice(mine), rng.choice(theirs)
    place = re.search(rf"(?<![A-Za-z0-9]){re.escape(old)}(?![A-Za-z0-9])", item.answer)
    if place is None:
        return None
    return _change(item, "entity", _replace(item.answer, *place.span(), new), new, index)


def _entities(text: str) -> list[str]:
    """Return names, and what a Korean sentence speaks of."""
    found = [name for name in find_names(text) if name[0].isalpha() and len(name) > 1]
    if match := _KOREAN_SUBJECT.match(text):
        found.append(match["name"])
    return list(dict.fromkeys(found))


def _plant_wrong_passage(item: Item, other: Item, index: int, rng: random.Random) -> Planted | None:  # noqa: ARG001
    if fold(item.answer) in fold(other.source) or other.source == item.source:
        return None
    changed = item.model_copy(update={"source": other.source})
    return Planted(kind="wrong_passage", item=changed, changed=other.source, other=index)


def _plant_half_truth(item: Item, other: Item, index: int, rng: random.Random) -> Planted | None:  # noqa: ARG001
    """Add a statement of another document to a true one."""
    spans = split_sentences(other.answer)
    piece = other.answer[slice(*spans[-1])].strip() if spans else ""
    if len(piece.split()) < 3 or fold(piece) in fold(item.source):
        return None
    answer = item.answer.rstrip()
    answer = f"{answer if answer.endswith(('.', '!', '?', '다')) else f'{answer}.'} {piece}"
    return _change(item, "half_truth", answer, piece, index)


def _plant_unanswerable(item: Item, other: Item, index: int, rng: random.Random) -> Planted | None:  # noqa: ARG001
    """Ask another question: the answer is true and does not answer it."""
    if other.source == item.source or fold(other.answer) in fold(item.source):
        return None
    changed = item.model_copy(update={"question": other.question})
    return Planted(kind="unanswerable", item=changed, changed=other.question, other=index)


_BORROWED: dict[PlantedKind, Callable[[Item, Item, int, random.Random], Planted | None]] = {
    "entity": _plant_entity,
    "wrong_passage": _plant_wrong_passage,
    "half_truth": _plant_half_truth,
    "unanswerable": _plant_unanswerable,
}
