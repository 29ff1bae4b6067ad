"""Read the checkable facts of a text, English or Korean: dates, quantities with their units, codes."""

import re
from dataclasses import dataclass

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?" + (r"|nov(?:ember)?|dec(?:ember)?)\.?")
)
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"

# Each pattern with the places of year, month and day among its groups; 0 where there is none.
_DATES: tuple[tuple[re.Pattern[str], tuple[int, int, int]], ...] = (
    (re.compile(r"(?<![\d.])(\d{4})[-./]\s?(\d{1,2})[-./]\s?(\d{1,2})(?![\d])"), (1, 2, 3)),
    (re.compile(r"(\d{4})\s?년\s?(\d{1,2})\s?월(?:\s?(\d{1,2})\s?일)?"), (1, 2, 3)),
    (re.compile(r"(?<!\d)(\d{1,2})\s?월\s?(\d{1,2})\s?일"), (0, 1, 2)),
    (re.compile(rf"\b{_MONTH}\s+{_DAY},?\s+(\d{{4}})\b", re.IGNORECASE), (3, 1, 2)),
    (re.compile(rf"\b{_DAY}\s+(?:of\s+)?{_MONTH},?\s+(\d{{4}})\b", re.IGNORECASE), (3, 2, 1)),
    (re.compile(rf"\b{_MONTH},?\s+(\d{{4}})\b", re.IGNORECASE), (2, 1, 0)),
    (re.compile(rf"\b{_MONTH}\s+{_DAY}(?![\d:])\b", re.IGNORECASE), (0, 1, 2)),
    (re.compile(rf"\b{_DAY}\s+(?:of\s+)?{_MONTH}(?=\W|$)", re.IGNORECASE), (0, 2, 1)),
    (re.compile(r"(?<!\d)((?:1\d|20)\d\d)\s?년(?!간)"), (1, 0, 0)),
    (re.compile(r"(?<!\d)(\d{1,2})\s?월(?![가-힣])"), (0, 1, 0)),
)

_UNIT_WORDS = {
    "percent": "% percent pct 퍼센트 프로",
    "won": "원 won krw ₩",
    "dollar": "$ dollar dollars usd 달러 불",
    "euro": "€ euro euros eur 유로",
    "yen": "¥ yen jpy 엔",
    "pound": "£ gbp 파운드",
    "year": "year years yr yrs 년 년간 year-old",
    "month": "month months 개월 달",
    "week": "week weeks 주 주일 주간",
    "day": "day days 일 일간",
    "hour": "hour hours hr hrs h 시간",
    "minute": "minute minutes min mins 분",
    "second": "second seconds sec secs s 초",
    "millisecond": "ms millisecond milliseconds 밀리초",
    "kilometre": "km kilometer kilometers kilometre kilometres 킬로미터",
    "metre": "m meter meters metre metres 미터",
    "centimetre": "cm centimeter centimeters centimetre centimetres 센티미터",
    "millimetre": "mm millimeter millimeters millimetre millimetres 밀리미터",
    "mile": "mile miles mi 마일",
    "foot": "ft foot feet 피트",
    "inch": "inch inches 인치",
    "kilogram": "kg kilogram kilograms 킬로그램",
    "gram": "g gram grams 그램",
    "tonne": "t ton tons tonne tonnes 톤",
    "volt": "v volt volts 볼트",
    "ampere": "amp amps ampere amperes 암페어",
    "watt": "w watt watts 와트",
    "hertz": "hz hertz 헤르츠",
    "kilohertz": "khz 킬로헤르츠",
    "megahertz": "mhz 메가헤르츠",
    "gigahertz": "ghz 기가헤르츠",
    "degree": "° °c °f degree degrees 도",
    "gigabyte": "gb gigabyte gigabytes 기가바이트",
    "megabyte": "mb megabyte megabytes 메가바이트",
    "kilobyte": "kb kilobyte kilobytes 킬로바이트",
    "person": "people person persons 명 인",
    "piece": "개 piece pieces",
    "time": "times 회 번",
}
_UNITS = {word: unit for unit, words in _UNIT_WORDS.items() for word in words.split()}
_LOW = """
    two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty
"""
_TENS = {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_WORDS = {word: value for value, word in enumerate(_LOW.split(), 2)} | _TENS | {"twice": 2}
_COUNTED = {"두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10}
_SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_KOREAN_SCALES = {"십": 10, "백": 100, "천": 1000, "만": 10**4, "억": 10**8, "조": 10**12}

_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)*"
_NUMBER = re.compile(
    rf"(?P<sign>[$€£¥₩]\s?)?(?P<digits>{_DIGITS})"
    rf"(?P<korean>\s?[십백천만억조]+(?:\s?(?:{_DIGITS})\s?[십백천만억조]+)*(?:\s?\d{{1,4}}(?=\s?원))?)?"
    r"(?P<scale>[\s-](?:hundred|thousand|million|billion|trillion))?"
    r"(?P<unit>\s?(?:%|°[CF]?|[A-Za-z]+|[가-힣]{1,5}))?",
    re.IGNORECASE,
)
_WORD_NUMBER = re.compile(
    rf"\b(?P<word>{'|'.join(_WORDS)})(?P<scale>[\s-](?:hundred|thousand|million|billion|trillion))?"
    r"(?P<unit>[\s-][A-Za-z]+)?\b",
    re.IGNORECASE,
)
_COUNT = re.compile(
    rf"(?<![가-힣])(?P<word>{'|'.join(_COUNTED)})\s?(?P<unit>개월|개|명|번|가지|시간|대|달|회|곳|차례"
    rf"|종류|배)"
)
# Hangul may touch a code: "PX4는".
_CODE = re.compile(
    r"(?<![A-Za-z0-9])(?=[A-Za-z0-9_./-]*\d)(?=[\d_./-]*[A-Za-z])[A-Za-z0-9]+(?:[-_./][A-Za-z0-9]+)*"
    r"(?![A-Za-z0-9])"
)
_PIECE = re.compile(rf"(?P<number>{_DIGITS})|(?P<scale>[십백천만억조])")


@dataclass(frozen=True)
class Date:
    """A date, possibly in part."""

    year: int | None
    month: int | None
    day: int | None
    text: str

    def supports(self, claimed: "Date") -> bool:
        """Tell whether every part that ``claimed`` names is the same here."""
        pairs = ((claimed.year, self.year), (claimed.month, self.month), (claimed.day, self.day))
        return all(wanted is None or wanted == given for wanted, given in pairs)


@dataclass(frozen=True)
class Quantity:
    """A number in canonical form (``35000`` for 3만 5천), and its unit's canonical name, or ``""``."""

    value: str
    unit: str
    text: str


@dataclass(frozen=True)
class Facts:
    """What can be checked of a text, without reading it."""

    dates: tuple[Date, ...]
    quantities: tuple[Quantity, ...]
    codes: frozenset[str]


def read_facts(text: str) -> Facts:
    """Return the dates, quantities and codes of ``text``, in order."""
    dates, rest = _take_dates(text)
    codes, rest = _take_codes(rest)
    quantities = [_read_number(m) for m in _NUMBER.finditer(rest)]
    quantities.extend(_read_word(m) for m in _WORD_NUMBER.finditer(rest))
    quantities.extend(
        Quantity(str(_COUNTED[m["word"]]), _unit(m["unit"]), m[0]) for m in _COUNT.finditer(rest)
    )
    return Facts(tuple(dates), tuple(quantities), frozenset(codes))


def find_missing_numbers(claim: Facts, given: Facts) -> list[str]:
    """Return quantities whose number stands nowhere in ``given``, its dates included."""
    known = {q.value for q in given.quantities} | {
        str(part) for d in given.dates for part in (d.year, d.month, d.day) if part is not None
    }
    return [q.text for q in claim.quantities if q.value not in known]


def find_wrong_units(claim: Facts, given: Facts) -> list[str]:
    """Return quantities whose number is there with another unit, and never with this one or with none."""

    def is_wrong(quantity: Quantity) -> bool:
        units = {q.unit for q in given.quantities if q.value == quantity.value}
        return bool(quantity.unit and units) and quantity.unit not in units and "" not in units

    return [q.text for q in claim.quantities if is_wrong(q)]


def find_missing_dates(claim: Facts, given: Facts) -> list[str]:
    """Return dates that ``given`` does not bear out; a year alone may be a number there."""
    years = {q.value for q in given.quantities}
    return [
        date.text
        for date in claim.dates
        if not any(d.supports(date) for d in given.dates)
        and not (date.month is None and date.day is None and str(date.year) in years)
    ]


def squeeze(text: str) -> str:
    """Return Latin letters and digits, in lower case, a bar for Hangul: how codes are compared."""
    return re.sub(r"[^a-z0-9|]", "", re.sub(r"[|가-힣]+", "|", text.lower()))


def _take_dates(text: str) -> tuple[list[Date], str]:
    """Return the dates and the text with them blanked out, so that their digits are not read twice."""
    dates: list[tuple[int, Date]] = []
    for pattern, places in _DATES:
        for match in pattern.finditer(text):
            year, month, day = (_date_part(match[p]) if p else None for p in places)
            if (month is None or 1 <= month <= 12) and (day is None or 1 <= day <= 31):
                dates.append((match.start(), Date(year, month, day, match[0].strip())))
                text = text[: match.start()] + " " * (match.end() - match.start()) + text[match.end() :]
    return [date for _, date in sorted(dates, key=lambda found: found[0])], text


def _date_part(value: str | None) -> int | None:
    if not value:
        return None
    if value.isdigit():
        return int(value)
    return next(n for n, name in enumerate(_MONTHS, 1) if value[:3].lower() == name)


def _take_codes(text: str) -> tuple[set[str], str]:
    """Return part numbers and the like (``AB-1234``), folded, and the text without them."""
    codes = set()
    for match in _CODE.finditer(text):
        word = match[0]
        letters = re.sub(r"[^A-Za-z]", "", word).lower()
        if word[0].isdigit() and (letters in _UNITS or letters in {"st", "nd", "rd", "th", "s", "k"}):
            continue
        codes.add(re.sub(r"[^a-z0-9]", "", word.lower()))
        text = text[: match.start()] + " " * len(word) + text[match.end() :]
    return codes, text


def _read_number(match: re.Match[str]) -> Quantity:
    digits = match["digits"]
    if match["korean"]:
        value = _plain(_read_korean(digits + match["korean"]))
    elif match["scale"]:
        value = _plain(float(digits.replace(",", "")) * _scale(match["scale"]))
    elif digits.count(".") > 1:
        value = digits
    else:
        value = _plain(float(digits.replace(",", "")))
    sign = (match["sign"] or "").strip()
    return Quantity(value, _UNITS[sign] if sign else _unit(match["unit"]), match[0].strip())


def _read_word(match: re.Match[str]) -> Quantity:
    value = _WORDS[match["word"].lower()] * _scale(match["scale"])
    return Quantity(str(value), _unit(match["unit"]), match[0].strip())


def _read_korean(text: str) -> float:
    """Return the value of ``1억 2천만``: small scales multiply in a section that 만, 억 or 조 closes."""
    total = section = 0.0
    number: float | None = None
    for piece in _PIECE.finditer(text):
        if piece["number"]:
            number = float(piece["number"].replace(",", ""))
            continue
        scale = _KOREAN_SCALES[piece["scale"]]
        if scale < 10**4:
            section += (1 if number is None else number) * scale
        else:
            section += number or 0
            total += (section or 1) * scale
            section = 0
        number = None
    return total + section + (number or 0)


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.10g}"


def _scale(word: str | None) -> int:
    return _SCALES[word.strip(" -").lower()] if word else 1


def _unit(word: str | None) -> str:
    if not word:
        return ""
    word = word.strip(" -").lower()
    while word:
        if word in _UNITS:
            return _UNITS[word]
        if not "가" <= word[-1] <= "힣":
            return ""
        word = word[:-1]  # a particle may hang on: 원을, 개월간
    return ""
