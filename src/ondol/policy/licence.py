"""Which use a licence allows: a verdict per source, followed to each example.

This is not legal advice. It is a careful first reading that tells a lawyer where to look: ``yes`` only where
the licence's own text grants the use, ``no`` where it forbids it, ``ask`` wherever the text is silent, the
licence is unknown, or the answer depends on who you are. Whether a trained model is a derivative of its
training texts is not settled in law: the verdicts take a dataset for one (it holds quotations), and say where
a model may be one too.

What the verdicts rest on:

- Creative Commons: the legal codes 1.0–4.0 (in 4.0: NonCommercial and NoDerivatives in section 2(a)(1),
  ShareAlike in 3(b)) and CC's own guidance on training with CC-licensed works (2025).
- Software licences (Apache-2.0, MIT, BSD, GPL, …): the texts of the SPDX list, read for documentation:
  notices go with every copy, copyleft binds copies and modified versions that are passed on.
- Open data: ODC-By, ODbL, PDDL, CDLA, the open government licences of the UK, France, Germany and Norway.
- Korea Open Government Licence (공공누리) types 1–4 and, since January 2026, type 0 and the AI type.
- Models, whose licences bind what is trained on their output: EXAONE AI Model License 1.1-NC and 1.2-NC, the
  Llama Community Licenses 2–4, Gemma Terms, the OpenRAIL family, Qwen Research.

Names may be SPDX identifiers, common names, addresses of Creative Commons deeds, or SPDX expressions with
``AND``, ``OR``, ``WITH`` and brackets.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from ondol.core.frozen import Frozen

Use = Literal["internal", "commercial", "redistribute"]
"""Train for use inside the organisation; sell what the model does; pass dataset or model on."""
Allowed = Literal["yes", "ask", "no"]

_RANK: dict[Allowed, int] = {"yes": 0, "ask": 1, "no": 2}

ATTRIBUTION = "attribution: name author, source and licence, and say that it was changed"
NOTICE = "notice: keep copyright and licence texts with every copy"
SHARE_ALIKE = "share-alike"
PASS_ON_TERMS = "pass on the use restrictions of the licence"  # noqa: S105 - a duty, not a password
NON_COMMERCIAL = "non-commercial: free of charge and of commercial advantage"


class LicenceVerdict(Frozen):
    """Whether a licence allows a use.

    Attributes:
        licence: as it was given.
        reason: one or two sentences in plain words.
        duties: what must be done in return where text, dataset or model leave the house; each once.
    """

    licence: str = ""
    use: Use = "internal"
    allowed: Allowed
    reason: str
    duties: tuple[str, ...] = ()


class _Terms(Frozen):
    """What one licence says of each use: (allowed, reason)."""

    internal: tuple[Allowed, str]
    commercial: tuple[Allowed, str]
    redistribute: tuple[Allowed, str]
    duties: tuple[str, ...] = ()

    def judge(self, name: str, use: Use) -> LicenceVerdict:
        allowed, reason = {
            "internal": self.internal,
            "commercial": self.commercial,
            "redistribute": self.redistribute,
        }[use]
        duties = () if allowed == "no" else self.duties
        return LicenceVerdict(
            licence=name, use=use, allowed=allowed, reason=f"{name}: {reason}", duties=duties
        )


def judge_licence(name: str, use: Use) -> LicenceVerdict:
    """Return whether the licence ``name`` allows ``use``.

    Args:
        name: SPDX identifier or expression, or a common name; case, spaces and hyphens do not matter. All
            parts of ``AND`` bind, so the strictest decides; of ``OR`` the best one may be chosen.
        use: what dataset and model are meant for.
    """
    shown = " ".join(name.split()) or "unknown"
    whole = _find_terms(shown)
    if whole is not None:
        return whole.judge(shown, use)
    parts = _Expression(shown, use).read()
    return _unknown(shown, use) if parts is None else parts.model_copy(update={"licence": shown})


def combine(verdicts: Iterable[LicenceVerdict]) -> LicenceVerdict:
    """Return one verdict for sources that are used together: the strictest, with the duties of all.

    Two different share-alike licences cannot both be satisfied by one dataset that is passed on, so they make
    it ``ask`` at least. Nothing to judge is ``ask`` too.
    """
    found = list(dict.fromkeys(verdicts))
    if not found:
        return LicenceVerdict(allowed="ask", reason="There is no source whose licence could be judged.")
    strictest = max(found, key=lambda verdict: _RANK[verdict.allowed])
    decisive = [v for v in found if v.allowed == strictest.allowed]
    allowed, reason = strictest.allowed, " ".join(dict.fromkeys(v.reason for v in decisive))
    duties = tuple(dict.fromkeys(duty for v in found for duty in v.duties))
    bound = {duty for duty in duties if duty.startswith(SHARE_ALIKE)}
    if len(bound) > 1 and allowed == "yes" and strictest.use == "redistribute":
        allowed = "ask"
        reason = "The sources demand different share-alike licences, and one dataset can carry only one."
    names = " AND ".join(dict.fromkeys(v.licence for v in found if v.licence))
    return LicenceVerdict(
        licence=names,
        use=strictest.use,
        allowed=allowed,
        reason=reason,
        duties=duties if allowed != "no" else (),
    )


def _unknown(name: str, use: Use) -> LicenceVerdict:
    return LicenceVerdict(
        licence=name,
        use=use,
        allowed="ask",
        reason=f"{name}: not a licence that is known here; read it, or ask whoever owns the documents.",
    )


def _same(allowed: Allowed, reason: str, *duties: str) -> _Terms:
    return _Terms(
        internal=(allowed, reason),
        commercial=(allowed, reason),
        redistribute=(allowed, reason),
        duties=duties,
    )


_FREE = _same("yes", "nothing is reserved; any use is allowed.")
_OPEN = _same("yes", "any use is allowed as long as the source is named.", ATTRIBUTION)
_PERMISSIVE = _same("yes", "any use is allowed as long as its notices go with copies of the text.", NOTICE)
_ASK = _same("ask", "it says nothing of what may be done; ask whoever owns the documents.")
_RESERVED = _same("ask", "all rights are reserved; the owner's consent is needed unless the owner is you.")

_NC_INTERNAL = (
    "only non-commercial use is granted; whether work inside a company counts as such depends on who you "
    "are. A public body, school or charity may as a rule."
)
_NC_SELLING = "commercial use is forbidden."
_NC_PASSING = "it may be passed on only free of charge and to the same end, and receivers are bound as well."


def _non_commercial(*duties: str) -> _Terms:
    return _Terms(
        internal=("ask", _NC_INTERNAL),
        commercial=("no", _NC_SELLING),
        redistribute=("ask", _NC_PASSING),
        duties=(*duties, NON_COMMERCIAL),
    )


def _copyleft(name: str, *duties: str, passing: Allowed = "yes") -> _Terms:
    return _Terms(
        internal=("yes", "use inside the organisation is free."),
        commercial=("yes", "selling a service is free; what is passed on keeps this licence."),
        redistribute=(
            passing,
            "the dataset may be passed on under this licence alone; whether a model is bound is not settled.",
        ),
        duties=(*duties, f"{SHARE_ALIKE}: pass on under {name}"),
    )


def _no_changes(*, private_changes: bool) -> _Terms:
    """Return the terms of a licence that forbids changed versions; a dataset is one."""
    return _Terms(
        internal=("yes", "changed versions may be made for oneself, but not passed on.")
        if private_changes
        else ("ask", "no changed versions may be made, and a question-and-answer dataset may be one."),
        commercial=("ask", "changed versions may not be passed on, and what the model writes may be one."),
        redistribute=(
            "no",
            "changed versions may not be passed on, and a dataset made from the text is one.",
        ),
        duties=(ATTRIBUTION,),
    )


def _strictest(first: _Terms, second: _Terms) -> _Terms:
    def harder(a: tuple[Allowed, str], b: tuple[Allowed, str]) -> tuple[Allowed, str]:
        if a[0] == b[0] != "yes":
            return a[0], f"{a[1]} Also, {b[1]}"
        return max(b, a, key=lambda pair: _RANK[pair[0]])

    return _Terms(
        internal=harder(first.internal, second.internal),
        commercial=harder(first.commercial, second.commercial),
        redistribute=harder(first.redistribute, second.redistribute),
        duties=tuple(dict.fromkeys(first.duties + second.duties)),
    )


_OWN = _Terms(
    internal=("yes", "taken as documents of your own organisation; for a supplier's, ask the supplier."),
    commercial=("ask", "the owner decides, and a model may repeat what it has learned to its users."),
    redistribute=("no", "not meant to leave the organisation; the owner would have to release it first."),
)
_NETWORK_COPYLEFT = _Terms(
    internal=("yes", "use inside the organisation is free."),
    commercial=("ask", "offering it over a network can oblige you to offer the source as well."),
    redistribute=("yes", "the dataset may be passed on under this licence alone."),
    duties=(NOTICE, f"{SHARE_ALIKE}: pass on under AGPL-3.0"),
)
_EXAONE = _Terms(
    internal=("ask", "granted for research and education only; use in daily work may be commercial."),
    commercial=("no", "commercial use of model, derivatives and output is forbidden."),
    redistribute=("ask", "derivatives are bound by the same licence and must be named after EXAONE."),
    duties=(NOTICE, NON_COMMERCIAL),
)
_LLAMA_OUTPUT_TRAINS = _Terms(
    internal=("yes", "free below 700 million monthly users (version 4: not in the European Union)."),
    commercial=("yes", "free below 700 million monthly users, within its acceptable use policy."),
    redistribute=("yes", "may be passed on with its licence; a model trained on output is named “Llama…”."),
    duties=(NOTICE, PASS_ON_TERMS, "show “Built with Llama” and begin the model's name with “Llama”"),
)
_LLAMA_OUTPUT_BOUND = _same(
    "ask",
    "its output may not improve any model but Llama itself; fine only if the trainee is a Llama.",
    NOTICE,
)
_BEHAVIOURAL = _Terms(
    internal=("yes", "use is granted within its list of forbidden uses."),
    commercial=("ask", "use is granted within its list of forbidden uses, which your users must accept too."),
    redistribute=("ask", "its forbidden uses must be written into your own terms for dataset and model."),
    duties=(NOTICE, PASS_ON_TERMS),
)
_VENDOR_OUTPUT = _same("ask", "the vendor's terms decide; many forbid training a competing model on output.")
_FREE_DOCUMENT = _copyleft("GFDL", NOTICE, passing="ask")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FREE_NAMES = _words(
    "cc0 cc01.0 cc01.0universal creativecommonszero publicdomain publicdomainmark ccpdm1.0 pdm pdm1.0 pddl "
    "pddl1.0 unlicense theunlicense 0bsd wtfpl dldezero2.0 dldezero mit0 usgov usgovernmentwork "
    "퍼블릭도메인 만료저작물 공유저작물"
)
_OPEN_NAMES = _words(
    "odcby odcby1.0 oguk ogl ogluk3.0 ogluk2.0 ogluk1.0 opengovernmentlicence opengovernmentlicencev3.0 "
    "etalab2.0 etalab nlod1.0 nlod2.0 dldeby2.0 dldeby opengovernmentlicencecanada oglcanada2.0"
)
_PERMISSIVE_NAMES = re.compile(
    r"(?:the)?(?:apache(?:2|2\.0|1\.1|licen[cs]e)?(?:version|licen[cs]e|v)?(?:2(?:\.0)?)?|mit(?:licen[cs]e)?|expat"
    r"|x11|(?:new|modified|simplified)?bsd(?:licen[cs]e)?|bsd[1234]?clause(?:clear|licen[cs]e)?|[234]clausebsd(?:licen[cs]e)?|isc(?:licen[cs]e)?"
    r"|zlib|bsl1\.0|boost1\.0|psf2\.0|python2\.0|postgresql|ncsa|upl1\.0|artistic2\.0|afl3\.0|blueoak1\.0\.0"
    r"|cdlapermissive[12]\.0|ofl1\.1|openssl|unicode3\.0|w3c|mulanpsl2\.0|mspl)"
)
_OWN_NAMES = _words(
    "proprietary internal internaluse internaluseonly own owndocuments confidential companyconfidential "
    "private licenserefproprietary licenserefinternal 자체문서 자체 내부 내부문서 내부자료 내부용 사내 "
    "사내문서 대외비 자체제작 자체저작물"
)
_RESERVED_NAMES = _words(
    "allrightsreserved copyright copyrighted arr 저작권보유 저작권자소유 무단전재금지 무단복제금지"
)
_UNKNOWN_NAMES = _words(
    "unknown none noassertion other various mixed notspecified na 미상 불명 알수없음 없음"
)
_CC_DEED = re.compile(r"creativecommons\.org/(licenses|publicdomain)/([a-z]+)/?([\d.]*)")
_CC_WORDS = (
    ("creativecommons", "cc"),
    ("크리에이티브커먼즈", "cc"),
    ("attribution", "by"),
    ("저작자표시", "by"),
    ("noncommercial", "nc"),
    ("비영리", "nc"),
    ("noderivatives", "nd"),
    ("noderivs", "nd"),
    ("변경금지", "nd"),
    ("sharealike", "sa"),
    ("동일조건변경허락", "sa"),
)
_CC = re.compile(
    r"(?:cc)?by(?P<parts>(?:nc|nd|sa)*)(?:v)?(?P<version>[1-4]\.\d|[1-4])?"
    r"(?:international|unported|generic|licen[cs]e|igo|[a-z]{2}|대한민국|국제)?"
)
_KOGL = re.compile(
    r"(?:공공누리|kogl|koreaopengovernmentlicen[cs]e|koreanopengovernmentlicen[cs]e|공공저작물자유이용허락"
    r"|(?=제[0-4]유형))"
    r"(?:kogl)?(?:제|type|유형|no)?(?P<type>[0-4]|ai)?(?:\.0)?(?:유형|type|형)?"
    r"(?:[+/·]?(?:출처[표명]시|상업적?이용금지|비영리|비상업적이용만가능|변경금지|변형등2차적저작물작성금지|자유이용))*"
    r"(?P<ai>[+/·]?(?:ai|인공지능)(?:유형|type)?)?"
)
_KOGL_AI_TRAINING = _Terms(
    internal=("yes", "its AI type allows training without the other conditions."),
    commercial=("yes", "its AI type allows training without the other conditions."),
    redistribute=("ask", "its AI type covers training; passing on the texts stays under the other type."),
    duties=(ATTRIBUTION,),
)
_GPL = re.compile(r"(?:gnu)?(?P<kind>a|l)?gpl(?:v)?(?P<version>[123](?:\.\d)?)?(?:only|orlater|\+)?")
_SHARE_ALIKE = re.compile(
    r"(?P<name>odbl|mpl|epl|cddl|eupl|cdlasharing|cpl)(?:v)?(?P<version>[12](?:\.\d)?)?"
)


def _squeeze(name: str) -> str:
    """Return the name without case, width, spaces, hyphens and brackets; dots stay, for versions."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\s\-_–,()\[\]\"'“”:]+", "", folded)


def _find_terms(name: str) -> _Terms | None:
    """Return the terms of a single licence, or ``None`` if the name is none that is known."""
    key = _squeeze(name)
    if not key or key in _UNKNOWN_NAMES:
        return _ASK
    exact = (
        (_FREE_NAMES, _FREE),
        (_OPEN_NAMES, _OPEN),
        (_OWN_NAMES, _OWN),
        (_RESERVED_NAMES, _RESERVED),
    )
    for names, terms in exact:
        if key in names:
            return terms
    if _PERMISSIVE_NAMES.fullmatch(key):
        return _PERMISSIVE
    readers: Sequence[Callable[[str], _Terms | None]] = (_read_cc, _read_kogl, _read_copyleft, _read_model)
    for read in readers:
        found = read(key)
        if found is not None:
            return found
    return None


def _read_cc(key: str) -> _Terms | None:
    """Read the Creative Commons family, by deed address or name."""
    plain = key
    url = _CC_DEED.search(key)
    if url is not None:
        if url[1] == "publicdomain":
            return _FREE
        plain = f"cc{url[2]}{url[3].strip('.')}"
    for words, short in _CC_WORDS:
        plain = plain.replace(words, short)
    plain = re.sub(r"^(cc.*?)(cc.*)$", _shorter_half, plain)
    found = _CC.fullmatch(plain)
    if found is None or plain == "by":  # “attribution” alone says what is owed, not what is granted
        return None
    version, parts = found["version"] or "", set(re.findall("nc|nd|sa", found["parts"]))
    terms = _OPEN
    if "sa" in parts:
        name = "-".join(["CC", "BY", *(["NC"] if "nc" in parts else []), "SA"])
        terms = _strictest(terms, _copyleft(_versioned(name, version), ATTRIBUTION))
    if "nd" in parts:
        terms = _strictest(terms, _no_changes(private_changes=version.startswith("4")))
    if "nc" in parts:
        terms = _strictest(terms, _non_commercial(ATTRIBUTION))
    return terms


def _shorter_half(found: re.Match[str]) -> str:
    """Return one half of a name that says the same twice: “CC Attribution 4.0 International (CC BY 4.0)”."""
    first, second = _CC.fullmatch(found[1]), _CC.fullmatch(found[2])
    if first is None or second is None or first["parts"] != second["parts"]:
        return found[0]
    return found[2]


def _read_kogl(key: str) -> _Terms | None:
    """Read the Korea Open Government Licence (공공누리)."""
    found = _KOGL.fullmatch(key)
    if found is None:
        return None
    number = found["type"]
    if number == "ai" or (found["ai"] and number != "0"):
        return _KOGL_AI_TRAINING
    match number:
        case "0":
            return _FREE
        case "1":
            return _OPEN
        case "2":
            return _non_commercial(ATTRIBUTION)
        case "3":
            return _no_changes(private_changes=False)
        case "4":
            return _strictest(_no_changes(private_changes=False), _non_commercial(ATTRIBUTION))
        case _:
            return _same("ask", "the type (0 to 4) decides, and the name does not tell it.", ATTRIBUTION)


def _read_copyleft(key: str) -> _Terms | None:
    """Read the GPL family and its kin."""
    if re.fullmatch(r"(?:gnu)?gfdl(?:v)?(?:1\.[123])?(?:no)?(?:invariants)?(?:only|orlater|\+)?", key):
        return _FREE_DOCUMENT
    found = _GPL.fullmatch(key)
    if found is not None:
        name = f"{(found['kind'] or '').upper()}GPL"
        if found["kind"] == "a":
            return _NETWORK_COPYLEFT
        return _copyleft(_versioned(name, found["version"] or ""), NOTICE)
    other = _SHARE_ALIKE.fullmatch(key)
    if other is None:
        return None
    return _copyleft(_versioned(other["name"], other["version"] or ""), NOTICE)


def _versioned(name: str, version: str) -> str:
    """Return ``MPL-2.0`` for ``mpl`` and ``2``: one spelling, so that equal licences compare equal."""
    if not version:
        return name.upper()
    return f"{name.upper()}-{version if '.' in version else version + '.0'}"


def _read_model(key: str) -> _Terms | None:
    """Read licences of models, which bind what is trained on their output."""
    if "exaone" in key:
        return _EXAONE
    llama = re.match(r"(?:meta)?llama(?P<version>[\d.]*)", key)
    if llama is not None:
        version = llama["version"].strip(".")
        return _LLAMA_OUTPUT_TRAINS if version >= "3.1" and version[:1] in {"3", "4"} else _LLAMA_OUTPUT_BOUND
    if re.search(r"qwenresearch|tongyiqianwenresearch|researchonly|noncommercial", key):
        return _non_commercial(NOTICE)
    if re.search(r"openrail|bigscience|railm|^gemma", key):
        return _BEHAVIOURAL
    if re.search(r"openai|anthropic|gemini|hyperclova|tongyiqianwen|^qwen", key):
        return _VENDOR_OUTPUT
    return None


_TOKEN = re.compile(
    r"[(),;&]|\b(?:AND|OR|WITH)\b|[^\s(),;&][^(),;&]*?(?=\s+(?:AND|OR|WITH)\b|\s*[(),;&]|\s*$)",
    re.IGNORECASE,
)


class _Expression:
    """Reads an SPDX expression by recursive descent; ``WITH`` binds closest, then ``AND``, then ``OR``.

    A comma, semicolon or ampersand is read as ``AND``, the stricter of the two.
    """

    def __init__(self, text: str, use: Use) -> None:
        self._tokens = _TOKEN.findall(text)
        self._at = 0
        self._use = use

    def read(self) -> LicenceVerdict | None:
        """Return the verdict, or ``None`` if this is no expression."""
        if len(self._tokens) < 2:
            return None
        try:
            verdict = self._either()
        except IndexError:
            return None
        return verdict if self._at == len(self._tokens) else None

    def _next_is(self, *words: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at].upper() in words:
            self._at += 1
            return True
        return False

    def _either(self) -> LicenceVerdict:
        choices = [self._all()]
        while self._next_is("OR"):
            choices.append(self._all())
        if len(choices) == 1:
            return choices[0]
        best = min(choices, key=lambda v: (_RANK[v.allowed], len(v.duties)))
        return best.model_copy(update={"reason": f"{best.reason} (One of {len(choices)} may be chosen.)"})

    def _all(self) -> LicenceVerdict:
        parts = [self._single()]
        while self._next_is("AND", ",", ";", "&"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else combine(parts)

    def _single(self) -> LicenceVerdict:
        if self._next_is("("):
            inner = self._either()
            if not self._next_is(")"):
                raise IndexError
            return inner
        name = self._tokens[self._at]
        if name.upper() in {"AND", "OR", "WITH", ")", ",", ";", "&"}:
            raise IndexError
        self._at += 1
        terms = _find_terms(name)
        verdict = _unknown(name, self._use) if terms is None else terms.judge(name, self._use)
        return self._with_addition(verdict)

    def _with_addition(self, verdict: LicenceVerdict) -> LicenceVerdict:
        """Read ``WITH …``: an SPDX exception grants more; any other addition may take away."""
        if not self._next_is("WITH"):
            return verdict
        addition = self._tokens[self._at]
        self._at += 1
        if _squeeze(addition).rstrip("0123456789.").endswith("exception"):
            return verdict
        return combine([verdict, _unknown(addition, self._use)])
