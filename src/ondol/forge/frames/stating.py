"""Questions about a statement: what it is for, what it shows, where it is, when and why it happens."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from ondol.evidence.terms import word_set
from ondol.forge.frames.clause import Clause, read_clause, split_words
from ondol.forge.frames.lexicon import (
    BE,
    DETERMINERS,
    PRONOUNS,
    base_of_gerund,
    base_of_participle,
    is_base,
    is_plural,
    participle,
)


class Asked(NamedTuple):
    """Questions of one frame, and how sure they are, 0 to 1."""

    frame: str
    questions: tuple[str, ...]
    score: float


_BY = r"by|using|via|through"
_NUMBERS = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve)"
_TIMES = r"when|if|once|whenever|as soon as"
_PLACE_NOUNS = word_set("""
    folder directory file page panel view menu tab section window screen toolbar list dialog side
    corner bar area tool tree namespace cluster node disk map settings ui sidebar header bottom top
    left right path location root repository database server column row group box field
""")
_WHERE = word_set("""
    located stored found saved placed kept listed shown displayed configured set defined enabled
    disabled specified recorded written cached installed logged described created selected
    downloaded accessed available
""")
_SET_THERE = word_set("configured set defined enabled disabled specified selected accessed created")
_NO_PLACE = re.compile(
    r"\b(?:format|mode|way|order|case|colou?r|unit|form|time|real|detail|addition|general|release|version"
    r"|feature)s?\b"
)
_SHOWING = word_set("show display list present")
_VIEWS = word_set("""
    view panel page screen section tab window list table toolbar inspector overlay map dialog widget
    bar menu
""")
_PREPOSITIONAL = dict(
    pair.split(":")
    for pair in [
        "depend:on",
        "rely:on",
        "consist:of",
        "apply:to",
        "refer:to",
        "belong:to",
        "connect:to",
        "correspond:to",
        "result:in",
        "lead:to",
        "respond:to",
        "differ:from",
        "relate:to",
    ]
)
_CONTENT = word_set("""
    show display list contain include provide offer support require need indicate represent control
    define specify determine affect describe hold present store prevent protect reduce increase
    improve simplify cause ensure guarantee receive send accept return trigger mean record replace
    use
""")
_PARTS = word_set("""
    toggle button slider switch tool command option setting selector checkbox icon key mode flag
    parameter page function feature method action widget service controller manager job task policy
""")
_ACTOR = re.compile(r"^(?:[A-Za-z0-9+-]+|the (?:system|application|app|software|vehicle|user|users))$")
_NAMED_ALONE = re.compile(r"^[A-Z][\w+.-]*(?: \d[\w.]*)?$")
_STATE = word_set("""
    able available unavailable optional required ready possible necessary recommended likely same
    similar important useful safe true false empty different equal responsible independent
    compatible incompatible experimental identical good bad well best better easy hard subject due
    up down not on off in at of from unsupported
""")
_STATUS = re.compile(
    r"(?:fully |officially )?(?:supported|required|recommended|available|optional|mandatory|possible"
    r"|(?:enabled|disabled) by default)\b"
)
_NO_OBJECT = word_set("""
    you it them this that these those if when for to in on up from by with as at out into well also
    only off back over under like
""")
_KEPT_ADVERBS = word_set("automatically usually typically always still explicitly")
_MILD = word_set("also then usually now always automatically typically")
_TAIL_WORDS = DETERMINERS | word_set("and or to of only be is are even than especially particularly")
_AIMS = r"avoid|prevent|ensure|protect|optimi[sz]e|minimi[sz]e|maximi[sz]e|reduce|improve"
_USED_TO = re.compile(
    r"\b(?:used|able|needs?|required|designed|intended|set|in order|attempts?|tries|helps?|order|possible"
    r"|wants?|how)$"
)
_OTHER_THOUGHT = re.compile(
    r"(?<!\d)\s+[-–—]\s+|\s+and (?:it|this|they|you)\s|[;:]\s|[;:]$|,?\s+(?:and )?then\s"
    r"|,\s+(?:which|so|but|while|where|although|e\.g|i\.e|such as|for example|including)\b"
)
_NEW_CLAUSE = re.compile(
    r"\b(?:if|when|because|unless|until|so that"
    r"|(?:and|or|but) (?:will|is|are|can|was|has|have|must|does|do))\b"
)
_SECOND_SUBJECT = re.compile(
    r"\b(?:and|or|but) (?:[\w-]+ ){1,5}?"
    r"(?:must|should|can|cannot|may|will|is|are|was|were|has|have|does|do)\b"
)
_LENGTH = re.compile(
    rf"(?:about |around |up to |at least |approximately |roughly |less than |more than |between )?"
    rf"(?:{_NUMBERS}|a few|several)\b.{{0,20}}?"
    r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|ms|milliseconds?)\b"
)
_COUNTED = re.compile(
    rf"(?:up to )?{_NUMBERS} ((?:[a-z-]+ ){{0,3}}?[a-z-]+s)"
    r"(?=$|[:,.;]| (?:of|for|in|on|to|that|which|with|from|per|at)\b)"
)
_NO_IDENTITY = re.compile(
    r"(?:an?|the) (?:few|bit|little|lot|good|bad|must|long|short|large|small|part|result|matter|way|example"
    r"|member|reason|case|one|key|problem|issue)\b"
)
_PERSON = re.compile(
    r"(?:an?|the) (?:\w+ ){0,2}(?:president|chair\w*|author|founder|leader|director|king|queen)\b"
)
_NO_NOUN = word_set("the less more as so very too much far also")
_ABOUT_TEXT = re.compile(
    r"\b(?:instructions?|documentation|guides?|manuals?|notes|articles?|examples?)\b", re.IGNORECASE
)
_MAX_SUBJECT_WORDS = 7
_MAX_HEAD_CHARS = 90
_MAX_REST_CHARS = 100


def state(clause: Clause) -> Iterator[Asked]:
    """Yield the questions that ``clause`` answers."""
    subject = drop_brackets(clause.subject)
    if (
        len(subject) < 3
        or subject.split(maxsplit=1)[0].lower() in PRONOUNS
        or _ABOUT_TEXT.search(subject)
        or "/" in subject.split(maxsplit=1)[0]
        or re.search(r"\bon the (?:right|left)$", subject)
    ):
        return
    if clause.auxiliary in BE and not clause.negated:
        yield from _ask_purpose(clause, subject)
        yield from _ask_identity(clause, subject)
        yield from _ask_place(clause, subject)
    if not clause.negated:
        yield from _ask_use(clause, subject)
        yield from _ask_means(clause, subject)
    yield from _ask_reason(clause, subject)
    yield from _ask_time(clause, subject)
    if clause.verb:
        yield from _ask_amount(clause, subject)
        yield from _ask_enabled(clause, subject)
        yield from _ask_object(clause, subject)
    yield from _ask_whether(clause, subject)


def drop_brackets(text: str) -> str:
    """Return ``text`` without what stands in round brackets."""
    return re.sub(r"\s+", " ", re.sub(r"\s+\([^()]*\)", "", text)).strip()


def cut(text: str) -> str:
    """Return a phrase up to where another thought begins, without brackets and marks."""
    return _OTHER_THOUGHT.split(drop_brackets(text))[0].strip(" ,.;:")


def mask(text: str) -> str:
    """Return ``text`` with brackets and quotations blanked, offsets kept."""
    return re.sub(r"\([^()]*\)|\"[^\"]*\"", lambda m: "\0" * len(m.group()), text)


def names_place(phrase: str) -> bool:
    """Tell whether what follows *in*, *on* or *at* is a place and not a way or a time."""
    joint = r"\s(?:of|for|and|by|with|using|as|to|from|that|which|when|if)\s|,"
    words = split_words(re.split(joint, drop_brackets(phrase))[0])
    if not words or _NO_PLACE.search(phrase[:60].lower()):
        return False
    last = words[-1]
    return bool({last.low, last.low.rstrip("s")} & _PLACE_NOUNS) or "/" in last.text or ">" in phrase[:50]


def _ask_purpose(clause: Clause, subject: str) -> Iterator[Asked]:
    be, rest = clause.auxiliary, clause.rest
    if "only" in clause.adverbs:
        return
    purpose = f"What is the purpose of {subject}?"
    if re.match(r"used (?:to [a-z]|for )", rest):
        someone = f"Why would someone use {subject}?"
        yield Asked("purpose", (f"What {be} {subject} used for?", purpose, someone), 0.95)
    intended = re.match(r"(designed|intended|meant) (?:to [a-z]|for )", rest)
    if intended:
        yield Asked("purpose", (f"What {be} {subject} {intended[1]} for?", purpose), 0.95)


def _ask_use(clause: Clause, subject: str) -> Iterator[Asked]:
    if clause.auxiliary in {"can", "may"} and re.match(r"be used (?:to [a-z]|for )", clause.rest):
        first = f"What can {subject} be used for?"
        yield Asked("purpose", (first, f"Why would someone use {subject}?"), 0.9)


def _ask_identity(clause: Clause, subject: str) -> Iterator[Asked]:
    be, rest = clause.auxiliary, clause.rest
    first = rest.split(maxsplit=1)[0].lower()
    is_noun = first in {"a", "an"} or (first == "the" and not re.match(r"the (?:same|only|case)\b", rest))
    if be == "are" and not is_noun:
        head = re.split(r"\s(?:that|which|for|of|in|to|used|from|with)\s|,", cut(rest))[0].split()
        is_noun = len(head) > 1 and is_plural(head[-1]) and not _is_adjective(first) and first not in _NO_NOUN
    is_wide = len(subject.split()) > _MAX_SUBJECT_WORDS or re.search(r"\b(?:with|without|in|on)\b", subject)
    if not is_noun or clause.adverbs or be not in {"is", "are"} or is_wide:
        return
    if _NO_IDENTITY.match(rest):
        return
    what = f"What {be} {subject}?"
    if _PERSON.match(rest):
        return
    if first in {"a", "an"}:
        others = f"How {be} {subject} defined?", f"Can you explain what {subject} {be}?"
    else:
        others = f"Can you tell me what {subject} {be}?", f"How would you describe {subject}?"
    yield Asked("identity", (what, *others), 0.9)


def _is_adjective(word: str) -> bool:
    return (
        word in _STATE or bool(base_of_participle(word)) or word.endswith(("ed", "ing", "able", "ible", "ly"))
    )


def _ask_place(clause: Clause, subject: str) -> Iterator[Asked]:
    match = re.match(
        r"([a-z]+)(?:/[a-z]+)? (?:automatically |locally )?"
        r"(in|on|at|under|inside|within|beside|below|above|next to|to|from) (.+)",
        clause.rest,
    )
    if not match or match[1] not in _WHERE or set(clause.adverbs) - _MILD or not names_place(match[3]):
        return
    be, done, where = clause.auxiliary, match[1], match[2]
    if where == "to" and done not in {"saved", "written", "downloaded"}:
        return
    if where == "from" and done not in {"accessed", "downloaded"}:
        return
    second = f"Where can I find {subject}?"
    if done == "located":
        second = f"What is the location of {subject}?"
    elif done in {"stored", "saved"}:
        second = f"In which place {be} {subject} kept?"
    elif done in _SET_THERE:
        second = f"Where do I {base_of_participle(done)} {subject}?"
    yield Asked(
        "place",
        (f"Where {be} {subject} {done}?", second, f"Can you tell me where {subject} {be} {done}?"),
        0.85,
    )


def _ask_means(clause: Clause, subject: str) -> Iterator[Asked]:
    if clause.auxiliary in {"can", "may", "could"}:
        match = re.match(rf"be ((?:[a-z]+ly |further )?)([a-z]+)\b(.*?) ({_BY}) (.+)", clause.rest)
        auxiliary, be = "can", "be "
    elif clause.auxiliary in {"is", "are"}:
        match = re.match(rf"((?:[a-z]+ly )?)([a-z]+)\b(.*?) ({_BY}) (.+)", clause.rest)
        auxiliary, be = clause.auxiliary, ""
    else:
        return
    if not match or not base_of_participle(match[2]) or set(clause.adverbs) - _MILD:
        return
    verb, tail = base_of_participle(match[2]), re.sub(r"\s*\([^()]*\)", "", match[3]).rstrip(" ,")
    is_agent = match[4] == "by" and not re.match(r"(?:either |simply |just )?[a-z]+ing\b", match[5])
    is_more = re.search(r"[,;:]|\b(?:that|which|if|when|and|or|but|so)\b", tail)
    if is_agent or is_more or verb == "use" or "only" in clause.rest[:20]:
        return
    if not be and match[4] != "by":
        # *It is enabled using a library* says how it is made, not what one does.
        yield Asked("means", (f"How {auxiliary} {subject} {match[1]}{match[2]}{tail}?",), 0.8)
        return
    is_mine = not re.match(r"(?:your|all|any|each|every|no|many|most|some|several)\b", subject)
    how = f"How do I {verb} {subject}{tail}?"
    manner = f"In what way {auxiliary} {subject} {be}{match[2]}{tail}?"
    first = f"How {auxiliary} {subject} {be}{match[1]}{match[2]}{tail}?"
    yield Asked(
        "means", (first, how if is_mine else manner, f"What is a way to {verb} {subject}{tail}?"), 0.85
    )


def _split_at(rest: str, joint: str) -> tuple[str, str] | None:
    """Cut at a joint word outside brackets; nothing if it is not there, or more than once."""
    found = list(re.finditer(rf"(?:,?\s)({joint})\s", mask(rest)))
    if len(found) != 1:
        return None
    return rest[: found[0].start()].strip(" ,"), rest[found[0].end() :].strip()


def _ask_with(clause: Clause, subject: str, word: str, head: str) -> str:
    """Return the question that ``word`` opens, with auxiliary, subject and the rest in their places."""
    wanted = _KEPT_ADVERBS | ({"only"} if word in {"Why", "For what reason"} else set())
    kept = "".join(f"{a} " for a in clause.adverbs if a in wanted)
    no = "not " if clause.negated else ""
    if clause.auxiliary:
        return f"{word} {clause.auxiliary} {subject} {no}{kept}{head}?"
    return f"{word} {clause.do} {subject} {kept}{clause.verb} {head}?".replace(" ?", "?")


def _ask_reason(clause: Clause, subject: str) -> Iterator[Asked]:
    if clause.rest.startswith("used ") or clause.auxiliary in {"may", "might"}:
        return
    parts = _split_at(clause.rest, r"because|due to|so that")
    is_aim = not parts
    parts = parts or _split_at(clause.rest, "in order to")
    if not parts:
        parts = _split_at(clause.rest, "to")
        done = re.sub(r"^be ", "", clause.rest).split(maxsplit=1)[0]
        if not parts or not re.match(rf"(?:{_AIMS})\b", parts[1]) or _USED_TO.search(parts[0]):
            return
        if not clause.auxiliary or not base_of_participle(done):
            return
    head = cut(parts[0])
    if is_aim and re.search(r"\b(?:that|which|who)\b", head):
        return  # the aim may be that of the relative clause
    if _is_whole(head) and head == drop_brackets(parts[0]).strip(" ,.;:"):
        why = _ask_with(clause, subject, "Why", head)
        no = " not" if clause.negated else ""
        kept = "".join(f"{a} " for a in clause.adverbs if a in _KEPT_ADVERBS | {"only"})
        says = f"{clause.auxiliary}{no} {kept}".strip() if clause.auxiliary else f"{kept}{clause.form}"
        told = f"Can you explain why {subject} {says} {head}?".replace(" can not ", " cannot ")
        yield Asked("reason", (why, _ask_with(clause, subject, "For what reason", head), told), 0.85)


def _is_whole(head: str) -> bool:
    if not head or head.count("(") != head.count(")") or head.count('"') % 2:
        return False
    return head.rsplit(maxsplit=1)[-1].lower() not in _TAIL_WORDS and len(head) < _MAX_HEAD_CHARS


_ELLIPSIS = re.compile(
    r"(?:it|they|he|she|you|we|one) (?:should|must|can|could|may|might|will|would|do|does|did|is|are|was)"
    r"(?:n't| not)?(?=$|[,.;:)]| (?:and|or|but)\b)"
)


def _ask_time(clause: Clause, subject: str) -> Iterator[Asked]:
    if clause.rest.startswith("used ") or clause.verb in {"allow", "enable", "let", "permit", "help"}:
        return
    parts = _split_at(clause.rest, _TIMES)
    until = _split_at(clause.rest, "until") if not parts else None
    said = drop_brackets((parts or until or ("", ""))[0]).strip(" ,.;:")
    head = cut(said)
    joined = re.findall(r"\b(?:and|or) ([a-z]+)\b", head)
    if re.search(r"\band \w+(?:ed|pt|nt)\b", head) or any(is_base(word) for word in joined):
        return  # which of the two the condition belongs to is not sure
    if "then" in clause.adverbs:
        return  # of something said before
    if (
        not _is_whole(head)
        or head != said
        or re.search(r"\bthat\b|\bwhich\b|\b(?:except|used|as|matter|even)$", head)
    ):
        return
    if parts and _ELLIPSIS.match(parts[1].strip()):
        return  # "when it should": no condition
    if parts:
        yield from _ask_condition(
            clause, cut(parts[1]), "if" if f" if {parts[1][:8]}" in clause.rest else "when"
        )
        unsure = clause.auxiliary in {"may", "might", "should"} or "," in head
        if not unsure and not re.match(r"(?:likely|unlikely|able|important|useful|helpful|common)\b", head):
            when = _ask_with(clause, subject, "When", head)
            yield Asked("time", (when, _ask_with(clause, subject, "Under which condition", head)), 0.8)
    elif until and not clause.negated and clause.auxiliary in {"will", "is", "are", ""} and "," not in head:
        long = _ask_with(clause, subject, "How long", head)
        yield Asked("duration", (long, _ask_with(clause, subject, "Until when", head)), 0.8)


def _ask_condition(clause: Clause, condition: str, joint: str) -> Iterator[Asked]:
    inner = read_clause(condition)
    points = re.match(r"(?:it|they|this|that|these|those)\b", condition)
    if inner and not points and clause.auxiliary not in {"is", "are"} and not _NEW_CLAUSE.search(condition):
        first = f"What happens {joint} {condition}?"
        second = f"What can you expect {joint} {condition}?"
        yield Asked("condition", (first, second, *consequence(joint, condition)), 0.8)


def consequence(joint: str, condition: str) -> tuple[str, ...]:
    """Return a third way to ask what follows from a condition."""
    return (f"What is the consequence {joint} {condition}?",) if joint in {"if", "when"} else ()


def _ask_amount(clause: Clause, subject: str) -> Iterator[Asked]:
    form = clause.form
    if clause.verb in {"take", "last"} and _LENGTH.match(clause.rest):
        second = f"How much time {clause.do} {subject} need?"
        yield Asked("duration", (f"How long {clause.do} {subject} {clause.verb}?", second), 0.85)
    count = _COUNTED.match(clause.rest)
    if count and not re.match(r"(?:of|or|to|and)\b", count[1]) and not clause.adverbs:
        many = f"How many {count[1]} {clause.do} {subject} {clause.verb}?"
        yield Asked("count", (many, f"What is the number of {count[1]} that {subject} {form}?"), 0.85)


def _ask_enabled(clause: Clause, subject: str) -> Iterator[Asked]:
    verbs = {"allow", "enable", "let", "permit", "help"}
    is_actor = _NAMED_ALONE.match(subject) and not clause.plural
    if is_actor or clause.verb not in verbs or set(clause.adverbs) - {"also"}:
        return
    to = "" if clause.verb == "let" else "to "
    who = r"(you|users|the user|a user|developers|administrators|operators)"
    match = re.match(rf"{who}(?: {to}|\s)(?:[a-z]+ly )?([a-z/-]+)\b", clause.rest)
    if not match or not is_base(match[2]):
        return
    what = f"What {clause.do} {subject} {clause.verb} {match[1]} {to}do?"
    if base_of_gerund(subject.split(maxsplit=1)[0]) and not clause.plural:
        yield Asked("enabled", (what, f"What is the benefit of {subject}?"), 0.85)
        return
    can = "can I" if match[1] == "you" else f"can {match[1]}"
    questions = (what, f"What {can} do with {subject}?", f"What is the purpose of {subject}?")
    yield Asked("enabled", questions, 0.95)


def _ask_object(clause: Clause, subject: str) -> Iterator[Asked]:
    verb, rest = clause.verb, clause.rest
    words = subject.split()
    preposition = _PREPOSITIONAL.get(verb)
    if preposition:
        if rest.startswith(f"{preposition} ") and not clause.adverbs:
            yield _ask_relation(clause, subject, preposition)
        return
    if not _is_object(rest):
        return
    is_part = words[-1].lower() in _PARTS or (words[0] == "the" and words[1:2] and words[1] in _PARTS)
    if is_part and verb != "have" and verb not in _CONTENT and not clause.adverbs:
        what = f"What {clause.do} {subject} do?"
        told = f"Can you tell me what {subject} {'do' if clause.plural else 'does'}?"
        yield Asked("effect", (what, told), 0.8)
    elif base_of_gerund(words[0]) and not clause.plural and not clause.adverbs:
        yield from _ask_effect(clause, subject)
    elif verb in _CONTENT and not set(clause.adverbs) - _MILD and not _ACTOR.match(subject):
        if verb == "use" and words[0] != "the":
            return
        yield _ask_content(clause, subject)


def _ask_relation(clause: Clause, subject: str, preposition: str) -> Asked:
    what = f"What {clause.do} {subject} {clause.verb} {preposition}?"
    second = f"{preposition.capitalize()} what {clause.do} {subject} {clause.verb}?"
    if clause.verb == "depend":
        second = f"What determines {subject}?"
    told = f"Can you tell me what {subject} {clause.form} {preposition}?"
    return Asked("object", (what, second, told), 0.85)


def _ask_content(clause: Clause, subject: str) -> Asked:
    verb = clause.verb
    what = f"What {clause.do} {subject} {verb}?"
    form = clause.form
    others: tuple[str, ...] = (
        f"What is {participle(verb)} by {subject}?",
        f"Can you tell me what {subject} {form}?",
    )
    if verb in _SHOWING and subject.rsplit(maxsplit=1)[-1].lower() in _VIEWS:
        others = f"What can I see in {subject}?", f"Which information is shown in {subject}?"
    elif verb in {"contain", "include"}:
        others = (f"What can be found in {subject}?" if verb == "contain" else f"What is part of {subject}?",)
    elif verb in {"require", "need"}:
        others = (f"What is needed for {subject}?",)
    elif verb in {"indicate", "represent", "mean"} and verb != "indicate" and len(subject.split()) < 6:
        others = (f"What is the meaning of {subject}?",)
    told = f"Can you tell me what {subject} {form}?"
    return Asked("object", (what, *dict.fromkeys((*others, told))), 0.82)


def _is_object(rest: str) -> bool:
    """Tell whether a direct object follows: a noun phrase, or *how* and *whether* with a clause."""
    words = split_words(rest)
    if len(words) < 2 or words[0].low in _NO_OBJECT:
        return False
    if words[0].low in {"some", "several", "many", "various"} and len(words) < 4:
        return False
    return not words[0].ends_phrase or "," in rest


def _ask_effect(clause: Clause, subject: str) -> Iterator[Asked]:
    first, _, rest = subject.partition(" ")
    if (
        not rest
        or clause.verb in {"need", "require", "mean", "include"}
        or re.search(r"\b(?:by|and)\b", rest)
    ):
        return
    happens = f"What happens when you {base_of_gerund(first)} {rest}?"
    yield Asked("effect", (f"What does {subject} do?", happens, f"What is the effect of {subject}?"), 0.85)


def _ask_whether(clause: Clause, subject: str) -> Iterator[Asked]:
    rest, auxiliary, verb = cut(clause.rest), clause.auxiliary, clause.verb
    if not rest or len(rest) > _MAX_REST_CHARS or len(subject) > 60 or _NEW_CLAUSE.search(rest):
        return
    if _SECOND_SUBJECT.search(rest):
        return  # two statements: one answer cannot be both
    if re.search(r"[:;]", drop_brackets(clause.rest)):
        return
    if set(clause.adverbs) - {"also", "currently", "automatically"} or rest.startswith(("some ", "several ")):
        return
    if re.search(r"\b(?:only|quite|entirely|even)\b", rest) or rest.startswith("available to "):
        return
    frame, score = ("denied", 0.7) if clause.negated else ("whether", 0.55)
    if verb in {"support", "require", "need"} and not rest.startswith("for "):
        told = f"Can you tell me whether {subject} {clause.form} {rest}?"
        yield Asked(frame, (f"{clause.do.capitalize()} {subject} {verb} {rest}?", told), score)
        return
    if auxiliary in BE:
        agent = re.match(r"(?:supported|required|available) (?:by|on|in|for|only)\b", rest)
        is_asked = clause.negated or (_STATUS.match(rest) and not agent)
    elif auxiliary == "can":
        done = re.sub(r"^be (?:[a-z]+ly )?", "", rest).split(maxsplit=1)[0]
        is_asked = not rest.startswith("be ") or bool(base_of_participle(done))
    else:
        is_asked = clause.negated and auxiliary in {"does", "do"}
    if is_asked:
        questions = [f"{auxiliary.capitalize()} {subject} {rest}?"]
        if auxiliary not in {"does", "do"}:
            questions.append(f"Can you tell me whether {subject} {auxiliary} {rest}?")
        yield Asked(frame, tuple(questions), score)
