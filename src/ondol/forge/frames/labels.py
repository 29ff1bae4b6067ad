"""Questions about a described term: ``Term: what it is``, as settings and parts of a screen are listed."""

import re

from ondol.core.examples import Passage
from ondol.evidence.polarity import find_opposites
from ondol.evidence.terms import is_weak, simple_terms, word_set
from ondol.forge.frames import standing
from ondol.forge.frames.clause import COMMON, Word, lower_first, read_clause, split_words
from ondol.forge.frames.lexicon import (
    ADVERBS,
    DETERMINERS,
    IMPERATIVES,
    PREPOSITIONS,
    VERBS,
    base_of_third_person,
    is_base,
    is_plural,
)
from ondol.forge.frames.wording import Wording
from ondol.text.lexemes import stem

_LABEL = re.compile(
    r"^([A-Z][\w/+&'’.-]*"
    r"(?: [\w/+&'’()-]+){0,5}?)\s*(?::\s+|(?:\s+|(?<=\)))[-–—]\s+|\n+)(?=\S)"
)
_KIND = re.compile(
    r"\b(?:setting|option|parameter|button|checkbox|field|command|flag|mode|panel|tool|view|page|tab"
    r"|menu|widget|slider"
    r"|screen|section|list|overlay|toolbar|dialog|switch)$",
    re.IGNORECASE,
)
_NO_LABEL = re.compile(
    r"^(?:to|for|if|in|on|note|tip|warning|example|for example|caution|important|info|where|default"
    r"|optional|step|see|hint"
    r"|windows|linux|mac|add(?:ed)?|support|fix(?:ed)?|new|changed?|removed|issue|bug|error|result|solution|cause|why|how"
    r"|what|when|question|answer|update[ds]?|improved?|version|release|trade-?offs?|impact"
    r"|benefits?|limitations?|advantages?|disadvantages?|pros|cons|recommendations?|usage|purpose|description"
    r"|behaviou?r|\w+ing (?:or|and|the|an?))\b",
    re.IGNORECASE,
)
_MEASURES = word_set("""
    distance amount number size level value altitude rate address name port id type speed angle
    orientation overlap point time duration interval limit threshold description url path length
    width height radius direction position format resolution percentage delay timeout frequency
    voltage current capacity accuracy location source state count color colour range factor ratio
    gain offset index order label title key slider widget version channel status list set maximum
    minimum mode string password token user account class policy directory file folder
""")
_DONE = r"(enabled|disabled|checked|unchecked|set|selected|ticked|true|on|off|active|false|unset|empty)"


_NOT_AFTER_VERB = (PREPOSITIONS - {"in", "on", "to", "up", "off"}) | {"and", "is", "are"}
_AFTER_HEAD = word_set("of for between at that which to from when before after in on below above used with")
_SETTING_VERBS = (
    IMPERATIVES
    - word_set("""
    hover go see note wait try make follow select use enter choose click open press run check tick return
    resume start stop
""")
) | word_set("specify display show allow define configure control")
_NO_PURPOSE = word_set("result lead happen occur need require mean depend cause fail consume come refer")
_MIN_NEWS = 1
_Said = tuple[str, tuple[str, ...]]


def frame(quote: str, passage: Passage) -> tuple[Wording, ...] | None:
    """Return the wordings of ``Term: description``; ``None`` if the text is not of that form."""
    match = _LABEL.match(quote.strip())
    if not match:
        return None
    label, body = match[1].strip(), quote.strip()[match.end() :].strip()
    is_instruction = label.split()[0].lower() in IMPERATIVES | VERBS and re.search(
        r" (?:the|your|and) ", label
    )
    if is_instruction or label.lower().endswith((" only", "users", "versions")):
        return ()
    if _NO_LABEL.match(label) or read_clause(f"{label}.") or "\n" in body or len(label) < 3:
        return ()
    where = standing.find_inner_place(passage, label)
    said = _describe(label, body)
    if not where or said is None or not _is_news(label, body, passage):
        return ()
    answer, asked = said
    # A description that says the opposite of its label (*Maximum altitude: minimum value*) is a slip.
    if standing.points_away(body) or find_opposites(_words(label), _words(body)):
        return ()
    return tuple(Wording(_ask_there(q, where), answer, "label", 0.8) for q in asked)


def _ask_there(question: str, where: str) -> str:
    """Return the question said of a place: the place first where it would part *for* from its noun."""
    if question.endswith((" for?", " do?")):
        return f"{where[0].upper()}{where[1:]}, {question}"
    return f"{question[0].upper()}{question[1:].rstrip('?')} {where}?"


def _is_news(label: str, body: str, passage: Passage) -> bool:
    """Tell whether a description says more than label and headings: *Server port: Port of the server* not."""
    known = _words(f"{label} {passage.title} {passage.context}") | PREPOSITIONS | ADVERBS | {"back"}
    return sum(not is_weak(word) for word in {stem(t) for t in simple_terms(body)} - known) >= _MIN_NEWS


def _words(text: str) -> frozenset[str]:
    return frozenset(simple_terms(text)) | {stem(word) for word in re.findall(r"[a-z]+", text.lower())}


def _describe(label: str, body: str) -> _Said | None:
    """Return the answer and the questions for a label and its description."""
    body = re.split(r"(?<=[.!])\s+(?=[A-Z])", body)[0].rstrip(".! ")
    body = re.sub(r"^\((?:optional|required)\)\s*", "", body, flags=re.IGNORECASE)
    words = split_words(body)
    if body.count("(") != body.count(")") or body.count('"') % 2 or re.search(r": |\s[-–—]\s|:$", body):
        return None
    if len(words) < 3 or not words[0].text:
        return None
    is_plain = words[0].text[1:].islower() or len(words[0].text) == 1
    low = f"{body[0].lower()}{body[1:]}" if is_plain else body
    named = _name(label)
    return (
        _describe_verb(named, words, low)
        or _describe_switch(named, body)
        or _describe_order(named, words, low)
        or _describe_noun(named, words, body, low)
    )


def _describe_verb(named: str, words: list[Word], low: str) -> _Said | None:
    """Read *Displays the positions …* and *Used to …*."""
    first, second = words[0], words[1].low
    if low.startswith("used "):
        return f"{_capital(named)} is {low}.", _ask_use(named)
    if not base_of_third_person(first.low) or not first.text[:1].isupper() or first.ends_phrase:
        return None
    if second in _NOT_AFTER_VERB or base_of_third_person(first.low) in _NO_PURPOSE:
        return None
    return f"{_capital(named)} {low}.", (
        f"what does {named} do?",
        f"what is the purpose of {named}?",
        f"what is {named} for?",
    )


def _describe_noun(named: str, words: list[Word], body: str, low: str) -> _Said | None:
    """Read *A widget that …*, and without article *Distance between the lines* if its noun is a known one."""
    asked = f"what is {named}?", f"what is meant by {named}?", f"how is {named} defined?"
    if words[0].low in {"a", "an", "the"}:
        ends = (n for n, word in enumerate(words) if n and word.low in _AFTER_HEAD)
        is_many = is_plural(words[next(ends, len(words)) - 1].low)
        return None if is_many or read_clause(body) else (f"{_capital(named)} is {low}.", asked)
    is_order = words[0].low in VERBS | IMPERATIVES and words[0].low not in _MEASURES | COMMON
    if is_order or (words[0].low in IMPERATIVES and words[1].low in DETERMINERS | {"to", "and", "or"}):
        return None
    for n, word in enumerate(words[1:6], start=1):
        if word.low in _AFTER_HEAD:
            head = words[n - 1].low
            is_known = head in _MEASURES and not is_plural(head) and not word.inside
            return (f"{_capital(named)} is the {low}.", asked) if is_known else None
    return None


def _describe_switch(named: str, body: str) -> _Said | None:
    """Read *Check to …* and *If enabled, …*."""
    check = re.match(
        r"(Check|Select|Press|Click|Tick|Enable)(?: the)?(?: button| checkbox)? to ([a-z]+ .+)", body
    )
    if check and is_base(check[2].split(maxsplit=1)[0]):
        asked = (
            f"what is {named} for?",
            f"why would you {check[1].lower()} {named}?",
            f"what is the purpose of {named}?",
        )
        return f"{check[1]} {named} to {check[2]}.", asked
    when = re.match(rf"(If|When) {_DONE},? (.+)", body)
    if when and not when[3].startswith("it ") and read_clause(when[3][:1].upper() + when[3][1:]):
        asked = (
            f"what happens {when[1].lower()} {named} is {when[2]}?",
            f"what is the effect of {named}?",
            f"what does {named} do?",
        )
        return f"{when[1]} {named} is {when[2]}, {when[3]}.", asked
    return None


def _describe_order(named: str, words: list[Word], low: str) -> _Said | None:
    """Read *Specify the airframe type*: what the setting is used for."""
    first, second = words[0], words[1]
    has_object = second.low in DETERMINERS or second.text[:1].isupper()
    if first.low not in _SETTING_VERBS or not has_object or first.ends_phrase:
        return None
    return f"{_capital(named)} is used to {low}.", _ask_use(named)


def _ask_use(named: str) -> tuple[str, ...]:
    return f"what is {named} used for?", f"what is the purpose of {named}?", f"why would someone use {named}?"


def _capital(named: str) -> str:
    return f"{named[:1].upper()}{named[1:]}"


def _name(label: str) -> str:
    """Return a label as a question names it, with its article where it says what kind of thing it is."""
    bare = label.strip()
    if bare.split()[0].lower() in DETERMINERS:
        return lower_first(bare)
    return f"the {bare}" if _KIND.search(bare) else f'"{bare}"'
