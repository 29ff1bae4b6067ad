"""Does a question stand by itself, and if not, can the document's title honestly say what it is about?

A reader without the page must know which panel, which tool, which setting is meant. A question with a name of
its own does; one with *the toggle on the right* is told its place (*In the Fly View, …*); one with *the tool*
alone is not asked.
"""

import re

from ondol.core.examples import Passage
from ondol.evidence.terms import is_weak, simple_terms, word_set
from ondol.forge.facts import find_topic
from ondol.forge.frames.clause import COMMON
from ondol.forge.frames.lexicon import VERBS, base_of_third_person, gerund, is_base
from ondol.forge.frames.place import drop_asides, name_place
from ondol.forge.noise import is_change_log

_PLACES = word_set("""
    view page screen panel menu window dialog tab toolbar setup settings editor inspector console
    application app interface dashboard wizard form tool
""")
_PARTS = word_set("widget dialog console inspector toolbar wizard")
# What these stand for was named a sentence before.
_ANAPHORIC = word_set("""
    element control component
    tool option options setting settings feature features button buttons screen view page panel
    dialog file files section value values command commands process step steps window list item
    items type types selection ui menu tab field fields method mode parameter parameters message
    messages text icon image log logs state status data result results operation action actions
    procedure function system information slider checkbox area region position point points name
    number default first second third last other latter former main following same application
    program approach case cases error warning problem issue output input table object configuration
    flag key label service script resource resources above remaining new old rest
""")
_DEFINITE = re.compile(
    r"\b(?:the|its|their|these|those|this|that|such)\s+([a-z][\w/-]*)((?:\s+[a-z][\w/-]*)?)"
)
_POINTING = re.compile(
    r"\b(?:this|these|those|here|above|below|following|previous|previously|aforementioned|such|latter"
    r"|former|same"
    r"|respectively|it|its|they|them|their|he|she|his|her|we|our|us|there)\b|\b(?:and|or|of|to|with|in"
    r"|at|for) that\b",
    re.IGNORECASE,
)
_PRONOUNS = frozenset({"it", "its", "they", "them", "their"})
_NOUN_PHRASE = re.compile(r"\b(?:the|a|an|my|your|all|any|each)\s+\w+|(?<=\s)[A-Z]\w+")
_NAME = re.compile(
    r"(?<=\s)[\"“'(]*(?:[A-Z][\w/+-]*|\w*[a-z][A-Z]\w*|[\w-]*\d[\w-]*[A-Za-z][\w-]*|\w+_\w+|\.\w+)"
)
_NOT_A_NAME = frozenset({"I", "I'm", "A"})
_AFTER_NOUN = word_set("""
    of for in on at to from with that which when is are was were can will by if do does be than as
    until display displays show shows allow allows and or
""")
_ORDERED = re.compile(r"(?:You can )?[A-Za-z-]+(?: on)? the ([a-z]+)(?: to\b| and\b|[.,])")
_ORDINALS = word_set("new old remaining main first second third last other default")
_SCREEN = re.compile(
    r"\b([Tt]he) (screen|view|page)(?=\?|\s(?:is|are|does|do|can|will|be|shows?|displays?|allows?|contains?"
    r"|provides?|lists?|used|for|not)\b)"
)
_NO_TITLE = re.compile(
    r"(?:how|what|why|when|where|who|about|readme|faq|overview|introduction|index)\b"
    r"|(?:terminology|glossary|concepts|settings|best practices|troubleshooting|references?|requirements"
    r"|notes|prerequisites|important notes|general|summary|conclusion|usage|examples?"
    r"|configuration|installation)$"
    r"|$",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"(?:what|how|where|when|why|which|who|can|does|is|are|do|will|must)\b(?: \w+){0,4}?"
    r" the (?!way |purpose |benefit |effect |meaning |location |number )((?:[\w/-]+"
    r" ?){1,4})",
    re.IGNORECASE,
)
# Titles that order something (*Create Volumes*) are named by their gerund.
_TITLE_VERBS = word_set("""
    create install use configure restore recover manage identify deploy enable disable build delete add remove
    customize upgrade uninstall import export choose run connect replay migrate troubleshoot
""")
_MAX_TITLE_CHARS = 60
_MAX_HEADING_CHARS = 40
_MAX_SHORT_LABEL = 2
_NO_HEADING = re.compile(
    r"\A(?:to|if|when|why|how|what|where|note|tip|steps?|other|misc\w*|\w+ing)\b|[?!:>]|\d\.\d"
    r"|\b(?:overview|options|settings|basics|details|instructions)\Z",
    re.IGNORECASE,
)
_SAYS_NOTHING = word_set("option options setting settings ui overview tool tools the a of and")
_NO_THING = word_set("way purpose consequence benefit effect meaning location number same text")
_LEANING_ANSWER = re.compile(
    r"\bthis same\b|\bthe same (?:level|way|thing|time|reason|problem|issue)\b(?! as)"
    r"|\b(?:above|below) (?:we|you|is|are)\b|\bwe (?:see|show|describe|discuss)\b"
    r"|\b(?:any|some|the) other (?:way|case|situation)s?\b|\Ain particular,|\b(?:will|can|must|should) then\b"
    r"|\bboth (?!of\b|the\b|an?\b)[a-z]+s\b(?!.*\b(?:and|or)\b)",
    re.IGNORECASE,
)


def find_names(question: str) -> list[str]:
    """Return the names in a question, its first word apart."""
    return [m.group() for m in _NAME.finditer(question) if m.group().strip("\"“'(") not in _NOT_A_NAME]


def points_away(question: str) -> bool:
    """Tell whether a question holds a word whose meaning stands in other sentences."""
    for match in _POINTING.finditer(question):
        # A pronoun is clear when the question has named before what it stands for.
        if match.group().lower() not in _PRONOUNS or not _NOUN_PHRASE.search(question[: match.start()]):
            return True
    for match in _DEFINITE.finditer(question):
        noun, following = match[1], match[2].strip()
        is_verb = bool(base_of_third_person(following)) or (following in VERBS and following not in COMMON)
        is_alone = not following or is_verb or following in _AFTER_NOUN or following.endswith(("ed", "ing"))
        if noun in _ANAPHORIC and is_alone and following not in {"of", "for"}:
            return True
        if noun in _ORDINALS and following in _ANAPHORIC:
            return True
    return False


def orders_unclear(answer: str) -> bool:
    """Tell whether an order is to press or to select something that was named a sentence before."""
    match = _ORDERED.match(answer)
    return match is not None and match[1] in _ANAPHORIC


def name_topic(passage: Passage) -> str:
    """Return the title as a question can name it, of *Plan View - GeoFence* the last part.

    Where the title says nothing (*Settings*), the nearest heading that does; empty if none does.
    """
    if is_change_log(find_topic(passage)):
        return ""
    headings = [h for h in passage.context.split(" > ") if h.strip() and " | " not in h]
    for heading in (find_topic(passage), *reversed(headings)):
        name = re.split(r"\s[-–—|:]\s", drop_asides(heading).strip().strip(".:"))[-1].strip()
        if not _NO_TITLE.match(name):
            return name
    return ""


def find_place(passage: Passage, question: str = "") -> str:
    """Return how a question can name where it belongs: ``In the Fly View``; empty where no title can.

    Where ``question`` speaks of something definite (*the calibration*) that the title does not hold, the
    nearest heading is named too.
    """
    title = name_topic(passage)
    bare = re.sub(r"\s*\([^()]*\)", "", title).strip()
    if not bare or len(title) > _MAX_TITLE_CHARS or title.endswith(("!", ",", "?")) or title[0].isdigit():
        return ""
    heading = _find_heading(passage, question, bare)
    first, _, rest = title.partition(" ")
    if heading:
        article = "the " if last_word(bare) in _PLACES - {"setup"} else ""
        return f"Under {heading} in {article}{title}"
    if first.lower() in _TITLE_VERBS and rest:
        return f"Regarding {gerund(first.lower())} {rest}"
    last = last_word(bare)
    if last in _PLACES and not bare.lower().startswith(("the ", "a ", "an ")):
        article = "" if last == "setup" else "the "
        return f"In {article}{title}"
    return f"Regarding {title}"


def last_word(text: str) -> str:
    """Return the last word in small letters."""
    return text.rsplit(maxsplit=1)[-1].lower()


def _find_heading(passage: Passage, question: str, title: str) -> str:
    """Return the nearest heading if what is definite in ``question`` is known by it and not by the title."""
    heading = drop_asides(passage.context.split(" > ")[-1]).strip(" .:")
    is_fit = 2 < len(heading) <= _MAX_HEADING_CHARS and heading[:1].isupper() and " | " not in heading
    if not is_fit or _NO_HEADING.search(heading) or _NO_TITLE.match(heading) or is_base(heading.split()[0]):
        return ""
    unknown = {m[1] for m in _DEFINITE.finditer(question)} - _words(title) - _NO_THING
    is_said = set(simple_terms(heading)) <= set(simple_terms(question))
    is_own = bool(_words(heading) - _words(f"{title} {passage.title}"))
    return heading if unknown and is_own and not is_said else ""


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower())) - _SAYS_NOTHING


def find_inner_place(passage: Passage, label: str) -> str:
    """Return where a described term stands, to be said after it: ``in the Fly View``; empty where unknown.

    A short term (*Altitude*) is told its heading too: ``under Landing Point in Fixed Wing Landing Pattern``.
    """
    if not find_place(passage):
        return ""
    title = name_topic(passage)
    where = f"in {'the ' if _takes_article(title) else ''}{title}"
    if len(label.split()) <= _MAX_SHORT_LABEL:
        inner = re.match(
            r"(under .+?) in ", name_place(passage.context, passage.title, language="en", known=label)
        )
        names = inner[1].removeprefix("under ") if inner else ""
        return f"under {names} {where}" if _words(names) - _words(title) else where
    return where


def _takes_article(title: str) -> bool:
    bare = re.sub(r"\s*\([^()]*\)", "", title).strip()
    return last_word(bare) in _PLACES - {"setup"} and not bare.lower().startswith(("the ", "a ", "an "))


def leans(answer: str) -> bool:
    """Tell whether an answer speaks of what other sentences or pictures of its page show."""
    return _LEANING_ANSWER.search(answer) is not None


def stand_alone(question: str, passage: Passage, *, is_local: bool = False) -> str:
    """Return ``question`` with its place where it needs one; empty if it cannot stand alone.

    Args:
        question: as a frame made it.
        passage: where the fact stands.
        is_local: what it asks holds only in its place (*Is this supported?*).
    """
    question = name_screen(question, passage)
    if points_away(question):
        return ""
    bare = re.sub(r"\s*\([^()]*\)", "", name_topic(passage)).strip().lower()
    if bare and re.search(rf"\b{re.escape(bare)}\b", question.lower()):
        return question
    title_terms = {t for t in simple_terms(name_topic(passage)) if not is_weak(t)} - set(_PLACES)
    shared = title_terms & set(simple_terms(question))
    if find_names(question) and not is_local and not _is_definite_subject(question):
        return question
    if title_terms and shared and not is_local and len(shared) * 2 >= len(title_terms):
        return question
    place = find_place(passage, question)
    if re.match(r"\w+ [^,?]+, \w+ ", question) and not re.match(
        r"(?:what|how|when|why|can) ", question, re.IGNORECASE
    ):
        return ""  # it has a place of its own already
    return f"{place}, {question[0].lower()}{question[1:]}" if place else ""


def name_screen(question: str, passage: Passage) -> str:
    """Put the title where *the screen*, *the view* or *the page* is said, when the title names a screen."""
    title = re.sub(r"\s*\([^()]*\)", "", name_topic(passage)).strip()
    last = last_word(title) if title else ""
    if last in _PARTS and title.split()[0].lower() not in {"the", "a"}:
        return re.sub(rf"\b([Tt]he) {last}\b(?! (?:of|on|in|at|for|that)\b)", rf"\1 {title}", question)
    if last not in _PLACES or title.lower().startswith(("the ", "a ")):
        return question
    return _SCREEN.sub(lambda m: f"{m[1]} {title}" if m[2] == last else f"{m[1]} {title} {m[2]}", question)


def _is_definite_subject(question: str) -> bool:
    match = _SUBJECT.match(question)
    return match is not None and not any(word[:1].isupper() for word in match[1].split()[:4])
