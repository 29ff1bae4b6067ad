"""Find personal data and secrets by their form, and black them out; Korean and international.

Only what has a form can be found: addresses of e-mail, numbers with a check digit or a fixed grouping, keys.
Names of persons and postal addresses need a model and are not looked for. Where a form alone would also fit
version numbers, part numbers or coordinates, a check digit, a plausible date or a word beside it decides.
"""

import base64
import binascii
import ipaddress
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

PersonalKind = Literal[
    "email",
    "organisation_email",
    "phone",
    "service_phone",
    "resident_number",
    "foreigner_number",
    "passport",
    "driver_licence",
    "business_number",
    "card",
    "bank_account",
    "iban",
    "ip_address",
    "social_security_number",
    "secret",
]

PERSONAL: frozenset[PersonalKind] = frozenset({
    "email",
    "phone",
    "resident_number",
    "foreigner_number",
    "passport",
    "driver_licence",
    "card",
    "bank_account",
    "iban",
    "ip_address",
    "social_security_number",
    "secret",
})
"""Kinds that lead to a person or open a door; the others belong to an organisation."""


@dataclass(frozen=True)
class PersonalSpan:
    """Personal data at ``start:end`` (code points, half-open)."""

    kind: PersonalKind
    start: int
    end: int


@dataclass(frozen=True)
class _Form:
    """How one kind is written: group ``value`` (or all) is the span, ``is_real`` decides."""

    kind: PersonalKind
    pattern: re.Pattern[str]
    is_real: Callable[[re.Match[str]], bool] = lambda _: True


def find_personal(text: str) -> tuple[PersonalSpan, ...]:
    """Return what has the form of personal data, in order, without overlap; the surer kind wins."""
    taken: list[PersonalSpan] = []
    for form in _FORMS:
        for match in form.pattern.finditer(text):
            start, end = match.span("value")
            if form.is_real(match) and not any(s.start < end and start < s.end for s in taken):
                taken.append(PersonalSpan(form.kind, start, end))
    return tuple(sorted(taken, key=lambda s: s.start))


def redact(text: str, *, kinds: frozenset[PersonalKind] = PERSONAL) -> str:
    """Return ``text`` with each find of ``kinds`` replaced by its kind in brackets (``[phone]``)."""
    while spans := [span for span in find_personal(text) if span.kind in kinds]:
        parts, at = [], 0
        for span in spans:
            parts += [text[at : span.start], f"[{span.kind}]"]
            at = span.end
        # What stood right beside a find is read anew: its neighbour no longer hides it.
        text = "".join((*parts, text[at:]))
    return text


_DIGIT_BEFORE = r"(?<![\d.,/_-])"
_DIGIT_AFTER = r"(?![\d_/-]|[.,]\d)"


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


# -- identity numbers -------------------------------------------------------------------------------------

_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_KOREAN_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
# Numbers given since October 2020 end in chance digits: no check digit can be asked of them.
_RANDOM_SINCE = 2020
_BUSINESS_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)


def _is_birth_date(digits: str) -> bool:
    month, day = int(digits[2:4]), int(digits[4:6])
    return 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]


def _is_resident(match: re.Match[str]) -> bool:
    """A plausible birth date, and the check digit where the number has no hyphen to speak for it."""
    digits = _digits(match["value"])
    if not _is_birth_date(digits):
        return False
    if "-" in match["value"] or (digits[6] in "34" and int(digits[:2]) >= _RANDOM_SINCE % 100):
        return True
    total = sum(int(d) * w for d, w in zip(digits, _KOREAN_WEIGHTS, strict=False))
    return int(digits[12]) in {(11 - total % 11) % 10, (13 - total % 11) % 10}


def _is_business(match: re.Match[str]) -> bool:
    digits = [int(d) for d in _digits(match["value"])]
    total = sum(d * w for d, w in zip(digits, _BUSINESS_WEIGHTS, strict=False)) + digits[8] * 5 // 10
    return (10 - total % 10) % 10 == digits[9]


def _is_social_security(match: re.Match[str]) -> bool:
    area, group, serial = match["area"], match["group"], match["serial"]
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


# -- money ------------------------------------------------------------------------------------------------

_CARD_LENGTHS = {"3": (14, 15), "4": (13, 16, 19), "5": (16,), "2": (16,), "6": (16, 19), "9": (16,)}


def _is_card(match: re.Match[str]) -> bool:
    digits = _digits(match["value"])
    if len(digits) not in _CARD_LENGTHS.get(digits[0], ()) or len(set(digits)) < 2:
        return False
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + position % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def _is_iban(match: re.Match[str]) -> bool:
    compact = re.sub(r"\s", "", match["value"])
    if not 15 <= len(compact) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


_BANKS = (
    r"국민|신한|우리|하나|농협|기업|카카오뱅크|카카오|토스뱅크|토스|케이뱅크|새마을금고|새마을|신협"
    r"|우체국|SC제일|제일|씨티|수협|산업"
    r"|부산|대구|광주|전북|경남|제주|KB|NH|IBK"
)

# -- network and secrets ----------------------------------------------------------------------------------

_EXAMPLE_NETS = tuple(
    ipaddress.ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "100.64.0.0/10")
)
_WELL_KNOWN = frozenset({"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "1.2.3.4"})
_IP_WORD = re.compile(
    r"\bIP\b|address|host|server|client|login|log(?:ged)? in|from|주소|서버|접속|아이피", re.IGNORECASE
)
_VERSION_WORD = re.compile(
    r"(?:version|ver\.?|release|firmware|v|버전|릴리[스즈]|펌웨어|build|빌드)\s*$", re.IGNORECASE
)


def _is_public_address(match: re.Match[str]) -> bool:
    """A routable address that is spoken of as one; four numbers with dots are also a version."""
    try:
        address = ipaddress.ip_address(match["value"])
    except ValueError:
        return False
    if not address.is_global or address.is_multicast or str(address) in _WELL_KNOWN:
        return False
    if any(address in net for net in _EXAMPLE_NETS if net.version == address.version):
        return False
    before = match.string[max(0, match.start() - 40) : match.start()]
    small = address.version == 4 and all(int(part) < 20 for part in match["value"].split("."))
    return not _VERSION_WORD.search(before) and (not small or bool(_IP_WORD.search(before)))


_ROLES = frozenset(
    re.findall(
        r"\S+",
        """
        info support help admin administrator sales contact noreply no-reply donotreply office press media
        security abuse webmaster postmaster hostmaster service services team hello feedback careers jobs
        billing
        privacy legal marketing helpdesk enquiries inquiries community user users username name firstname your
        yourname someone example test git root mail email newsletter subscribe orders order customer
        customerservice cs hr pr dev developers developer
        """,
    )
)
_PLACEHOLDER_DOMAIN = re.compile(
    r"@(?:[\w-]+\.)*(?:example\.(?:com|org|net|edu)|(?:test|invalid|localhost|local|example)"
    r"|domain\.com|company\.com"
    r"|yourdomain\.\w+|mail\.com|email\.com)$",
    re.IGNORECASE,
)


def _is_role(match: re.Match[str]) -> bool:
    local = match["local"].lower()
    words = re.split(r"[._+-]", local)
    return local in _ROLES or words[0] in _ROLES or bool(_PLACEHOLDER_DOMAIN.search(match["value"]))


def _is_chance(match: re.Match[str]) -> bool:
    """Tell whether a value is of high entropy, letters and digits mixed: a key and no word or placeholder."""
    value = match["value"].strip("\"'")
    if re.search(r"your|example|xxxx|<|\*{3}|\.\.\.|placeholder|changeme|1234567", value, re.IGNORECASE):
        return False
    counts = Counter(value)
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return entropy >= 3.0 and any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def _is_token(match: re.Match[str]) -> bool:
    """Tell whether the head of a JSON web token is one."""
    head = match["value"].split(".")[0]
    try:
        return base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)).lstrip().startswith(b"{")
    except (binascii.Error, ValueError):
        return False


# -- telephone --------------------------------------------------------------------------------------------

_SERVICE = re.compile(
    r"^(?:\+?82[- .]?)?(?:1[568]\d\d[- .]?\d{4}|080[- .]?\d{3,4}[- .]?\d{4}|1[- .]?800\b|1[- .]?888\b|0800)"
)
_PHONE_WORD = re.compile(
    r"(?:phone|telephone|tel|call|mobile|cell|fax|whatsapp|text me|sms|dial|reach|number is|contact"
    r"|연락처|전화|휴대폰|핸드폰"
    r"|휴대전화|팩스|문의|모바일)[^\n]{0,24}$",
    re.IGNORECASE,
)


def _is_phone(match: re.Match[str]) -> bool:
    digits = _digits(match["value"])
    return 9 <= len(digits) <= 15 and len(set(digits)) > 2


def _is_called(match: re.Match[str]) -> bool:
    """Tell whether loose digits are spoken of as a telephone number."""
    before = match.string[max(0, match.start("value") - 40) : match.start("value")]
    return _is_phone(match) and bool(_PHONE_WORD.search(before))


def _is_service(match: re.Match[str]) -> bool:
    return bool(_SERVICE.match(match["value"]))


def _compile(pattern: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(pattern, flags)


_EMAIL = (
    r"(?P<value>(?<![\w.+-])(?P<local>[A-Za-z0-9][\w.+-]{0,63})@(?:[A-Za-z0-9]"
    r"(?:[A-Za-z0-9-]{0,62})\.)+[A-Za-z]{2,24})(?![A-Za-z0-9_@-])"
)
_KR_MOBILE = (
    rf"{_DIGIT_BEFORE}(?P<value>(?:\+?82[-. ]?(?:\(0\))?|0)1[016789](?P<sep>[-. ]?)\d{{3,4}}"
    rf"(?P=sep)\d{{4}}){_DIGIT_AFTER}"
)
_KR_LAND = (
    rf"{_DIGIT_BEFORE}(?P<value>\(?0(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70"
    rf"|50\d?)\)?[-. ]\d{{3,4}}[-. ]\d{{4}}){_DIGIT_AFTER}"
)
_KR_SERVICE = rf"{_DIGIT_BEFORE}(?P<value>1[568]\d\d-\d{{4}}|080-\d{{3,4}}-\d{{4}}){_DIGIT_AFTER}"
_INTERNATIONAL = (
    rf"(?<![\w+])(?P<value>(?:\+|00)[1-9]\d{{0,2}}(?:[-. ]?\(0?\d{{1,4}}\)"
    rf"|[-. ]?\d{{2,4}})(?:[-. ]?\d{{2,4}}){{1,4}}){_DIGIT_AFTER}"
)
_AMERICAN = (
    rf"{_DIGIT_BEFORE}(?P<value>(?:1[-. ])?(?:\([2-9]\d\d\) ?|[2-9]\d\d"
    rf"(?P<sep>[-.]))[2-9]\d\d[-.]\d{{4}}(?:x\d{{1,5}})?){_DIGIT_AFTER}"
)
_LOOSE_PHONE = rf"{_DIGIT_BEFORE}(?P<value>\(?0?\d[\d()]{{1,5}}(?:[-. ]?\d{{2,5}}){{1,4}}){_DIGIT_AFTER}"
_KEYS = (
    r"(?<![\w-])(?P<value>sk-(?:proj-|ant-)?[A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{30,}"
    r"|github_pat_\w{40,}|glpat-[\w-]{20,}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,}|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[\w-]{35}|hf_[A-Za-z0-9]{30,}"
    r"|npm_[A-Za-z0-9]{36}"
    r"|pypi-[\w-]{50,}|sk_live_[A-Za-z0-9]{20,}|SG\.[\w-]{20,}\.[\w-]{30,})(?![\w])"
)
_ASSIGNED = (
    r"(?:api[_ -]?key|secret(?:[_ -]?key)?|access[_ -]?(?:key|token)|auth[_ -]?token|bearer|password"
    r"|passwd|pwd|token|비밀번호|인증키)"
    r"[\"']?\s*(?:[:=]|\bis\b|는|은)?\s*(?P<value>[\"']?[A-Za-z0-9+/=_@#$%^&*!-]{12,}[\"']?)"
)

# The surer a form, the earlier it stands: what it takes is not read as another kind.
_FORMS: tuple[_Form, ...] = (
    _Form(
        "secret",
        _compile(
            r"(?P<value>-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[^-]*(?:-----END "
            r"(?:[A-Z]+ )*PRIVATE KEY-----|\Z))"
        ),
    ),
    _Form("secret", _compile(_KEYS)),
    _Form(
        "secret",
        _compile(r"(?<![\w.])(?P<value>eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,})(?![\w.])"),
        _is_token,
    ),
    _Form("secret", _compile(_ASSIGNED, re.IGNORECASE), _is_chance),
    _Form("secret", _compile(r"://[^\s:/@]{1,64}:(?P<value>[^\s:/@]{4,64})@")),
    _Form("organisation_email", _compile(_EMAIL), _is_role),
    _Form("email", _compile(_EMAIL)),
    _Form(
        "iban",
        _compile(r"(?<!\w)(?P<value>[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)(?!\w)"),
        _is_iban,
    ),
    _Form(
        "foreigner_number", _compile(r"(?<![\d-])(?P<value>\d{6}\s?-?\s?[5-8]\d{6})(?![\d-])"), _is_resident
    ),
    _Form(
        "resident_number", _compile(r"(?<![\d-])(?P<value>\d{6}\s?-?\s?[0-49]\d{6})(?![\d-])"), _is_resident
    ),
    _Form(
        "card",
        _compile(r"(?<![\d.-])(?P<value>\d{4}(?P<sep>[- ]?)\d{4}(?P=sep)\d{4}(?P=sep)\d{4})(?![\d-]|\.\d)"),
        _is_card,
    ),
    _Form(
        "card",
        _compile(
            r"(?<![\d.-])(?P<value>3[47]\d\d[- ]?\d{6}[- ]?\d{5}|3\d{13}|4\d{12}|4\d{18}|6\d{18})"
            r"(?![\d-]|\.\d)"
        ),
        _is_card,
    ),
    _Form("business_number", _compile(r"(?<![\d-])(?P<value>\d{3}-\d{2}-\d{5})(?![\d-])"), _is_business),
    _Form(
        "driver_licence",
        _compile(r"(?<![\d-])(?P<value>(?:1[1-9]|2[0-68])-\d{2}-\d{6}-\d{2})(?![\d-])"),
    ),
    _Form(
        "passport",
        _compile(
            r"(?:passport|여권)[^\n]{0,20}?(?<![A-Za-z0-9])(?P<value>[A-Z]{1,2}\d{7,8}"
            r"|[A-Z]\d{3}[A-Z]\d{4}|\d{9})(?![A-Za-z0-9])",
            re.IGNORECASE,
        ),
    ),
    _Form(
        "social_security_number",
        _compile(r"(?<![\d-])(?P<value>(?P<area>\d{3})-(?P<group>\d{2})-(?P<serial>\d{4}))(?![\d-])"),
        _is_social_security,
    ),
    _Form(
        "bank_account",
        _compile(
            rf"(?:(?:{_BANKS})\s?(?:은행|뱅크|금고)?|계좌(?: ?번호)?|account (?:number|no\.?))[^\d\n]{{0,12}}"
            rf"(?<!\d)(?P<value>\d{{2,6}}(?:-\d{{2,7}}){{1,3}}|\d{{10,14}})(?![\d-])",
            re.IGNORECASE,
        ),
    ),
    _Form("service_phone", _compile(_KR_SERVICE)),
    _Form("phone", _compile(_KR_MOBILE), _is_phone),
    _Form("phone", _compile(_KR_LAND), _is_phone),
    _Form("service_phone", _compile(_INTERNATIONAL), _is_service),
    _Form("phone", _compile(_INTERNATIONAL), _is_phone),
    _Form("phone", _compile(_AMERICAN), _is_phone),
    _Form("phone", _compile(_LOOSE_PHONE), _is_called),
    _Form(
        "ip_address",
        _compile(r"(?<![\w.])(?P<value>\d{1,3}(?:\.\d{1,3}){3})(?![\w]|\.\d)"),
        _is_public_address,
    ),
    _Form(
        "ip_address",
        _compile(r"(?<![\w:])(?P<value>(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4})(?![\w:])"),
        _is_public_address,
    ),
)
