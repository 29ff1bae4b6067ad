"""Questions and answers of an English sentence or list item.

The answer is the sentence itself, cleaned; the questions come from its structure (``stating``, ``doing``) and
are asked only when they stand alone (``place``). Overgenerate and rank, after Heilman & Smith (2010).
"""

import re
from collections.abc import Iterator

from ondol.core.examples import Fact, Passage
from ondol.forge.facts import strip_mark
from ondol.forge.frames import antecedent, doing, labels, standing, stating
from ondol.forge.frames.clause import lower_first, read_clause, settle_first
from ondol.forge.frames.lexicon import base_of_third_person
from ondol.forge.frames.stating import Asked
from ondol.forge.frames.wording import Wording
from ondol.text.morphemes import Analyser

# Frames whose answer says what to press or open: it must be clear which.
_TOLD_WHAT = frozenset({"goal", "means"})
_THIS = re.compile(
    r"\bth(?:is|ese) (?:settings?|options?|modes?|parameters?|fields?|values?|buttons?|features?)\b"
)
# What is true *also* answers no question that asks for all.
_MORE = re.compile(r"\b(?:also|additionally|in addition|furthermore|moreover|as well)\b", re.IGNORECASE)
_BROAD = frozenset({"enabled", "object", "effect", "purpose", "identity"})
_BARE_STATUS = re.compile(
    r"\b(?:supported|required|available|allowed|possible|enabled|disabled|displayed)\?$"
)
_MAX_QUESTION_CHARS = 170
_MIN_QUESTION_WORDS = 4
_OPENERS = re.compile(
    r"^(?:generally|typically|usually|normally|currently|additionally|also|however|optionally|note that"
    r"|please note(?: that)?|keep in mind that|remember that|in general|in addition|in particular"
    r"|in fact|in other words|in short|in practice|of course),?\s+"
    r"|^(?:for example|for instance|as an example),\s+",
    re.IGNORECASE,
)
_PLACE_FIRST = re.compile(
    r"^((?:On|In|For|With|From|At|During|Under|Within)\s(?:[^,()]{2,50}?)|By default|On startup|At startup)"
    r",\s+(?=\S)"
)
_ALSO = re.compile(r"\b(can|is|are|will|may|must|should|has|have|you|it|that|which|to) (?:also|now)\b")
_ALSO_DOES = re.compile(r"\b(\w+) (?:also|now) (?=(\w+s)\b)")
_DOUBLED = re.compile(r"\b(\w+) \1\b", re.IGNORECASE)
_BAD = re.compile(r"\[|\]|\||<|\*|_{2}|`|\s[.,;:?]|\?\?|\.\?|,\?|\.\.|\\|\s-\s|^\W")


def frame(fact: Fact, passage: Passage, *, analyser: Analyser) -> tuple[Wording, ...]:
    """Return the wordings of a fact, the best first; none where its structure is not certain."""
    del analyser
    said = strip_mark(fact.evidence.quote.strip())
    labelled = labels.frame(said, passage)
    if labelled is not None:
        return labelled
    meant = said if fact.standalone else antecedent.name_subject(fact, passage)
    answer = clean(said if fact.standalone else meant or said)
    if "\n" in said or not meant or not answer or standing.leans(said):
        return ()
    answer = standing.name_screen(answer, passage)
    is_more = _MORE.search(said) is not None
    around = f"{passage.text}\n… {passage.title}\n… {passage.context}"
    found: list[Wording] = []
    for name, questions, score in sorted(ask(clean(meant), around=around), key=lambda asked: -asked[2]):
        reply = {"whether": f"Yes. {answer}", "denied": f"No. {answer}"}.get(name, answer)
        if (name == "whether" and (found or not _is_drawn(fact))) or (is_more and name in _BROAD):
            continue
        if name in _TOLD_WHAT and standing.orders_unclear(answer):
            continue
        for question in questions:
            is_local = name in {"whether", "denied"} and _is_local(question)
            alone = standing.stand_alone(polish(question), passage, is_local=is_local)
            if alone and is_well_formed(alone):
                found.append(Wording(alone, _say_where(reply, alone, is_local=is_local), name, score))
    return tuple(alternate(found))


def _say_where(reply: str, question: str, *, is_local: bool) -> str:
    """Return an answer that holds in one place only with that place: *No. In the Console, it is not.*."""
    place = re.match(r"(?:In|Regarding|Under) [^,?]+,(?= )", question)
    if not is_local or place is None:
        return reply
    bare, _, said = reply.partition(". ")
    return f"{bare}. {place[0]} {lower_first(said)}"


def _is_local(question: str) -> bool:
    """Tell whether what is asked may hold in its place only."""
    return _BARE_STATUS.search(question) is not None or not standing.find_names(question)


def _is_drawn(fact: Fact) -> bool:
    """Tell whether a fact to which the answer is a bare yes is taken: half of them are enough."""
    return int(fact.id[-1], 16) % 2 == 0


def ask(answer: str, *, around: str = "") -> Iterator[Asked]:
    """Yield what can be asked about a cleaned sentence; ``around`` tells names from words."""
    body = _OPENERS.sub("", answer)
    body = body[:1].upper() + body[1:]
    yield from doing.do(body)
    where = _PLACE_FIRST.match(body)
    intro = ""
    if where:
        intro, body = where[1], body[where.end() :]
        body = body[:1].upper() + body[1:]
    clause = read_clause(settle_first(body, around))
    if clause is None:
        return
    asked = [*doing.allow(clause), *stating.state(clause)]
    for name, questions, score in asked:
        yield Asked(name, tuple(lead_in(intro, q) for q in questions), score)


def lead_in(intro: str, question: str) -> str:
    """Return the question with the place or circumstance that opened the sentence."""
    if not intro:
        return question
    if intro == "By default":
        return f"{question.rstrip('?')} by default?"
    return f"{intro}, {question[:1].lower()}{question[1:]}"


def clean(said: str) -> str:
    """Return a sentence as an answer: a capital first, a full stop last; empty if it is not whole."""
    said = re.sub(r"^(?:please )?note that,? ", "", said.replace("**", ""), flags=re.IGNORECASE)
    text = _ALSO.sub(r"\1", re.sub(r"^(?:Also|Additionally|Furthermore|Moreover),?\s+", "", said)).strip()
    text = _ALSO_DOES.sub(lambda m: f"{m[1]} " if base_of_third_person(m[2]) else m.group(), text)
    is_open = text.endswith((":", ",", ";", "(", "…", "..."))
    if is_open or text.count("(") != text.count(")") or text.count('"') % 2:
        return ""
    if "[" in text or _THIS.search(text) or re.search(r"\b[A-Z]\.$", text):
        return ""
    text = re.sub(r"\s+([.,])", r"\1", text if text[-1:] in ".!" else f"{text}.")
    return text[:1].upper() + text[1:]


def polish(question: str) -> str:
    """Return a question with one space between words and no mark before its end."""
    question = re.sub(r"\s+", " ", question).strip()
    return re.sub(r"[\s,.;:]+\?$", "?", question)


def is_well_formed(question: str) -> bool:
    """Tell whether nothing about a question's form speaks against it."""
    if len(question) > _MAX_QUESTION_CHARS or len(question.split()) < _MIN_QUESTION_WORDS:
        return False
    if _BAD.search(question) or _DOUBLED.search(question) or question.count('"') % 2:
        return False
    return question.count("(") == question.count(")") and question.count("?") == 1


def alternate(found: list[Wording]) -> list[Wording]:
    """Return wordings, the best first, so that neighbours come from different openings where possible."""
    left = list(dict.fromkeys(found))
    order: list[Wording] = []
    while left:
        last = order[-1].question.split()[0] if order else ""
        pick = next((w for w in left if w.question.split()[0] != last), left[0])
        order.append(pick)
        left.remove(pick)
    return order
