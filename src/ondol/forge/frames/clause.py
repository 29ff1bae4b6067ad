"""Read an English sentence: what stands before its clause, subject, verb group and what follows.

Only structures that can be told without doubt are read: the verb must be known, agree with the subject, and
be the only candidate. Everything else gives nothing.
"""

import re
from dataclasses import dataclass

from ondol.evidence.terms import word_set
from ondol.forge.frames.lexicon import (
    ADVERBS,
    AUXILIARIES,
    DETERMINERS,
    IMPERATIVES,
    PREPOSITIONS,
    PRONOUNS,
    RELATIVES,
    SUBORDINATORS,
    VERBS,
    base_of_participle,
    base_of_third_person,
    is_base,
    is_plural,
    third_person,
)

_TOKEN = re.compile(r"\S+")
_EDGE = "\"'“”‘’()[],.;:!*`"
_JOINERS = word_set("and or but")
_NOT_FIRST = SUBORDINATORS | PREPOSITIONS | RELATIVES | ADVERBS | AUXILIARIES | _JOINERS | {"there", "here"}
_CONTRACTED = (
    ("can't", "cannot"),
    ("isn't", "is not"),
    ("aren't", "are not"),
    ("doesn't", "does not"),
    ("don't", "do not"),
)
_PERSONS = word_set("you we they i")
# Verbs that are no plural nouns: a plural name may stand before them (*Offline Maps allows …*).
_SURE = word_set("allows provides enables requires contains includes lets describes specifies")
_NEVER_IN_SUBJECT = word_set("if when once while unless until because whether you it they we i")
_AFTER_LABEL = DETERMINERS | word_set("up on in from off down out sure")
_SUBJECT_RELATIVES = word_set("that which who whose where")
_NEW_PART = RELATIVES | _JOINERS | word_set("whether how what you it they we")
_ADVERBS_LATE = word_set("first both either")
_OPENERS = word_set("first then simply just optionally manually")
_NEVER_NAMES = word_set("older newer recent current existing available connected supported prebuilt new")
_MAX_SUBJECT_WORDS = 14

COMMON = word_set("""
    access accuracy action additional airspeed alternative altitude app application area argument
    automatic available backup bandwidth battery blank board button cable calibration camera certain
    change channel client cluster code color colour column command communication compass computer
    condition configuration connection console container control controller coordinate current
    custom daily data database default developer device dialog different direction directory disk
    display distance document drag driver element endpoint engine entry error event example
    execution external fault feature field file filter firmware first flight folder format frame
    free frequency full function general generic global graph group guide handle hardware header
    height high home host icon image incoming index individual information initial input install
    instance internal interval item job key label landing language latency layer level library limit
    line link list local location log long low main major manual many map marker maximum memory menu
    message metadata method minimum mission mode model module most motor multiple name network new
    node none normal note number object offline offset old older online only operation option
    optional order orphan other output overlap owner page panel parameter part password path pattern
    pending people performance permission person picture plan planned platform plugin point policy
    position power preset previous primary problem process profile program project protocol provider
    quality radio rate region regular release remote replica request resource response result root
    route row rule runtime safety sample schedule screen script section security selected selection
    sensor sequence server service session set setting setup several shape short signal single site
    size slider snapshot software some sound source space special specific speed standard state
    static station status storage string structure support survey switch symbol system tab table tag
    target task team telemetry template term test text thread time title toggle token tool toolbar
    total traffic transmitter type typical unit update upload user value various vehicle version
    video view volume warning web width window wireless word worker workload yellow zone
""")
"""Plain nouns and adjectives of manuals: never a name."""


@dataclass(frozen=True)
class Clause:
    """A finite clause, in the words of the text.

    Attributes:
        subject: as it reads inside a sentence: the first word in lower case unless it is a name.
        auxiliary: ``is``, ``can``, …; empty for a simple present.
        negated: *not* or *cannot* stands with the auxiliary.
        adverbs: between auxiliary and verb.
        verb: base form of a full verb in the simple present; empty after an auxiliary.
        plural: the verb's form is the plural's (unknown, False, after a modal).
        rest: what follows the verb group, without the final mark.
    """

    subject: str
    auxiliary: str
    negated: bool
    adverbs: tuple[str, ...]
    verb: str
    plural: bool
    rest: str

    @property
    def form(self) -> str:
        """The verb as it stands with its subject: *show* or *shows*."""
        return self.verb if self.plural else third_person(self.verb)

    @property
    def do(self) -> str:
        """The auxiliary of a question in the simple present."""
        return "do" if self.plural else "does"


@dataclass(frozen=True)
class Word:
    """A word without the marks around it.

    Attributes:
        inside: it stands in brackets or quotation marks.
        ends_phrase: a comma, colon or dash follows.
    """

    text: str
    low: str
    start: int
    end: int
    inside: bool
    ends_phrase: bool


def split_words(text: str) -> list[Word]:
    """Return the words of ``text`` with their places."""
    words = []
    depth, quoted = 0, False
    for match in _TOKEN.finditer(text):
        token = match.group()
        opens, closes = token.count("(") + token.count("["), token.count(")") + token.count("]")
        marks = sum(token.count(mark) for mark in '"“”')
        inside = depth > 0 or opens > 0 or quoted or marks > 0
        bare = token.strip(_EDGE)
        ends = token.rstrip("\"'”)").endswith((",", ";", ":", "—", "–"))
        words.append(Word(bare, bare.lower(), match.start(), match.end(), inside, ends))
        depth = max(0, depth + opens - closes)
        quoted ^= marks % 2 == 1
    return words


def lower_first(text: str) -> str:
    """Return ``text`` as it reads inside a sentence: an ordinary first word in lower case."""
    words = [word.strip(_EDGE) for word in text.split(maxsplit=2)[:2]]
    if not words or not words[0][:1].isupper() or not (words[0][1:].islower() or len(words[0]) == 1):
        return text  # lower already, an acronym, or a name LikeThis
    low = words[0].lower()
    if low in DETERMINERS | PREPOSITIONS:
        return low[0] + text[1:]
    is_plain = low in RELATIVES | PRONOUNS | ADVERBS | _NEVER_NAMES or _is_known(low)
    opens_name = low not in _NEVER_NAMES and re.search(r"^\S+ (?:(?:and|or) )?[A-Z]", text)
    return low[0] + text[1:] if is_plain and not opens_name else text


def settle_first(text: str, around: str) -> str:
    """Return a sentence whose first word is in lower case if it is no name; empty if that cannot be told.

    Args:
        text: a sentence.
        around: other text of the document: a word in lower case there is no name, one in capitals within a
            sentence is.
    """
    word = next(iter(split_words(text)), None)
    if word is None or not word.text[:1].isupper() or not word.text[1:].islower():
        return text
    low = word.low
    if low in DETERMINERS | PREPOSITIONS | RELATIVES | PRONOUNS | ADVERBS or _is_known(low):
        return text
    if re.search(r"^\S+ (?:(?:and|or) )?[A-Z]", text):
        return text
    if re.search(rf"[\w,] {re.escape(word.text)}\b", around):
        return text
    if re.search(rf"(?<![\w-]){re.escape(low)}(?![\w-])", around):
        return text[: word.start] + text[word.start].lower() + text[word.start + 1 :]
    return ""


def _is_known(low: str) -> bool:
    """Tell whether a word in lower case is surely no name: a verb, one of its forms, or a plain noun."""
    if low in VERBS | IMPERATIVES or base_of_third_person(low) or low.endswith(("ing", "ed", "ly")):
        return True
    return low in COMMON or (low.endswith("s") and low[:-1] in COMMON)


def read_clause(text: str) -> Clause | None:
    """Return the clause of a declarative sentence without anything before its subject, or nothing."""
    text = text.strip().rstrip(".!").rstrip()
    for short, full in _CONTRACTED:
        text = text.replace(short, full)
    words = split_words(text)
    if len(words) < 3 or words[0].low in _NOT_FIRST or is_order(text):
        return None
    at = _find_verb(words)
    if at is None:
        return None
    first = at
    while first > 1 and words[first - 1].low in ADVERBS:
        first -= 1
    subject, verb = text[: words[first].start].strip(), words[at]
    if not _is_subject(subject, words[:first]) or not _agrees(words[:first], verb.low):
        return None
    is_label = words[0].low in (VERBS | IMPERATIVES) - COMMON and (
        first == 1 or words[1].low not in PREPOSITIONS
    )
    named = subject if is_label else lower_first(subject)
    if verb.low in AUXILIARIES and not _is_main_verb(words, at):
        return _with_auxiliary(text, words, at, named) if first == at else None
    base = "have" if verb.low in {"has", "have"} else base_of_third_person(verb.low)
    return _build(
        Clause(
            subject=named,
            auxiliary="",
            negated=False,
            adverbs=tuple(w.low for w in words[first:at]),
            verb=base or verb.low,
            plural=not base or verb.low == "have",
            rest=text[verb.end :].strip(),
        )
    )


def _build(clause: Clause) -> Clause | None:
    return clause if clause.rest else None


def _is_main_verb(words: list[Word], at: int) -> bool:
    """Tell whether *has* and *have* are full verbs here."""
    if words[at].low not in {"has", "have"} or at + 1 >= len(words):
        return False
    following = words[at + 1].low
    return following not in ADVERBS | {"been", "to"} and not base_of_participle(following)


def _with_auxiliary(text: str, words: list[Word], at: int, subject: str) -> Clause | None:
    auxiliary = words[at].low
    adverbs = []
    n = at + 1
    while n < len(words) and words[n].low in ADVERBS - _ADVERBS_LATE and not words[n].inside:
        adverbs.append(words[n].low)
        n += 1
    if n >= len(words):
        return None
    return Clause(
        subject=subject,
        auxiliary="can" if auxiliary == "cannot" else auxiliary,
        negated=auxiliary == "cannot" or "not" in adverbs,
        adverbs=tuple(a for a in adverbs if a != "not"),
        verb="",
        plural=auxiliary in {"are", "were", "have", "do"},
        rest=text[words[n].start :],
    )


def _is_subject(subject: str, words: list[Word]) -> bool:
    bare = re.sub(r"\([^()]*\)", "", subject)
    if not words or len(words) > _MAX_SUBJECT_WORDS or any(c in bare for c in ",;:—"):
        return False
    if subject.count("(") != subject.count(")") or subject.count('"') % 2:
        return False
    if any(w.low in _NEVER_IN_SUBJECT and not w.inside for w in words[1:]):
        return False
    if base_of_third_person(words[0].low) and words[0].low[:-1] not in COMMON:
        return False
    if words[0].low in VERBS | IMPERATIVES and len(words) > 1 and words[1].low in _AFTER_LABEL:
        return False
    last = words[-2] if words[-1].low in ADVERBS and len(words) > 1 else words[-1]
    return last.low not in PREPOSITIONS | DETERMINERS | RELATIVES | {"and", "or", "to"}


def _find_verb(words: list[Word]) -> int | None:
    """Return the place of the main verb; nothing if none is certain."""
    pending = 0  # relative clauses whose verb has not been seen
    for n, word in enumerate(words):
        if n == 0 or word.inside:
            continue
        if word.low in _SUBJECT_RELATIVES and words[n - 1].low not in AUXILIARIES:
            pending += 1
        elif _may_be_finite(words, n):
            if pending:
                pending -= 1
            elif word.low in AUXILIARIES or not _has_better(words, n):
                return n
    return None


def _may_be_finite(words: list[Word], n: int) -> bool:
    word, before = words[n], words[n - 1]
    if before.low == "to" or before.ends_phrase or not word.text.islower():
        return False
    if word.low in AUXILIARIES:
        return True
    if before.low in DETERMINERS | PREPOSITIONS | AUXILIARIES | _JOINERS | {"not"}:
        return False
    if word.ends_phrase or n + 1 >= len(words) or not _opens_object(words[n + 1]):
        return False
    head = _head(words[:n])
    if base_of_third_person(word.low):
        named = words[0].text[:1].isupper() and before.text[:1].isupper() and word.low in _SURE
        return (named or not is_plural(head)) and head not in _PERSONS
    return word.low in VERBS and (is_plural(head) or head in _PERSONS or _is_compound(words[:n]))


def _agrees(subject: list[Word], verb: str) -> bool:
    """Tell whether *is* and *are* fit the number of the subject's head; a name fits both."""
    head = _head(subject)
    named = any(w.low == head and w.text[:1].isupper() for w in subject[1:])
    counted = head in {"you", "all", "most", "some", "many"} or any("/" in w.text for w in subject)
    if named or counted or _is_compound(subject):
        return True
    if verb in {"are", "were"}:
        return is_plural(head) or is_plural(subject[0].low)
    return verb not in {"is", "was"} or len(subject) == 1 or not is_plural(head)


def _head(words: list[Word]) -> str:
    """Return the head noun: the last word before the first preposition, participle or relative."""
    found = words[0].low
    for n, word in enumerate(words[1:], start=1):
        if word.inside or word.low in ADVERBS:
            continue
        participle = word.text.islower() and word.low.endswith("ed")
        if word.low in PREPOSITIONS | RELATIVES:
            break
        if participle and words[n - 1].low not in DETERMINERS | ADVERBS:
            break
        found = word.low
    return found


def _is_compound(words: list[Word]) -> bool:
    return any(w.low == "and" for w in words)


def _opens_object(word: Word) -> bool:
    if word.inside or word.low in DETERMINERS | PREPOSITIONS | PRONOUNS | ADVERBS | RELATIVES:
        return True
    if word.low in AUXILIARIES or (word.low.endswith("ed") and base_of_participle(word.low)):
        return False  # *the price increases changed …*
    return not (base_of_third_person(word.low) and is_base(word.low))


def _has_better(words: list[Word], at: int) -> bool:
    """Tell whether a later verb without a joint between shows that this word is a noun."""
    for n in range(at + 1, len(words)):
        word, before = words[n], words[n - 1]
        if word.inside:
            continue
        if word.low in _NEW_PART or before.ends_phrase:
            return False
        if not word.text.islower():
            continue
        if word.low in AUXILIARIES and before.low != "to":
            return True
        takes_object = n + 1 < len(words) and words[n + 1].low in DETERMINERS
        is_verb = base_of_third_person(word.low) or (word.low in VERBS and n == at + 1)
        if takes_object and is_verb and before.low not in DETERMINERS | PREPOSITIONS:
            return True
    return False


def is_order(text: str) -> bool:
    """Tell whether a sentence orders something: it opens with a verb used so, and an object follows."""
    words = split_words(text)
    if len(words) > 3 and words[0].low in _OPENERS:
        words = words[1:]
    if len(words) < 3 or words[0].ends_phrase or words[1].low in AUXILIARIES:
        return False
    first, second = words[0].low, words[1]
    if first not in IMPERATIVES and not ("/" in first and is_base(first) and second.low in DETERMINERS):
        return False
    if second.inside or second.low in DETERMINERS | PREPOSITIONS or second.text[:1].isupper():
        return True
    return _find_verb(words) is None


def is_verb_phrase(text: str) -> bool:
    """Tell whether a phrase opens with a base form: *view the checklist*."""
    words = split_words(text)
    if words and words[0].low in ADVERBS and len(words) > 1:
        words = words[1:]
    return bool(words) and is_base(words[0].low) and words[0].text[:1].islower() and not words[0].ends_phrase
