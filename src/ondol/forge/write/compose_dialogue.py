"""Dialogues of accepted pairs about one document; a later question leans on the last only where that is sure.

English: the subject of two neighbouring questions, word for word the same and the only thing named in the
first, becomes *it*. Korean: the topic that both open with is left out, as a speaker would.
"""

import random
import re
from collections.abc import Sequence

from ondol.core.examples import Draft, Evidence, Turn
from ondol.forge.write.openbook import Pair

_MIN_TURNS, _MAX_TURNS = 2, 4
_MAX_SHARED = 0.6
_MIN_SUBJECT = 3
_WORD = re.compile(r"\w+")
# "What does the vibration page show?": what is asked of a subject that begins with *the*.
_ASKS = re.compile(r"\A(?:What|How|When|Where|Why) (?:does|is|can|must|should|was|did) (?=the )")
_PLACE_FIRST = re.compile(r"\A(?P<place>(?:In|Regarding|Under) [^,?]+), ")
_PLACE_LAST = re.compile(r" (?P<place>(?:under [^?\"]+ )?in (?:the )?[A-Z][^?\"]*)\?\Z")
_TOPIC_KO = re.compile(
    r"\A(?P<topic>[^?,]{2,40}?)(?P<josa>은|는) (?P<rest>(?:무엇|어디|언제|어떻게|왜|어떤|몇|얼마)[^?]*\?)\Z"
)
_PLURAL = re.compile(r"(?<!s)s\Z|\bdata\Z|\bpeople\Z")


def compose_dialogue(pairs: Sequence[Pair], *, language: str, rng: random.Random) -> Draft | None:
    """Return a dialogue of 2 to 4 turns about one document; ``None`` if there are too few different pairs."""
    documents = sorted({pair.evidence[0].document for pair in pairs})
    rng.shuffle(documents)
    for document in documents:
        same = [pair for pair in pairs if pair.evidence[0].document == document]
        chosen = _choose(same, rng)
        if len(chosen) >= _MIN_TURNS:
            return _build(chosen, language)
    return None


def _choose(pairs: Sequence[Pair], rng: random.Random) -> list[Pair]:
    """Return neighbours in the text that ask different things of different facts."""
    if len(pairs) < _MIN_TURNS:
        return []
    wanted = rng.randint(_MIN_TURNS, _MAX_TURNS)
    start = rng.randrange(len(pairs))
    near = sorted(range(len(pairs)), key=lambda at: (abs(at - start), at))
    chosen: list[int] = []
    for at in near:
        if len(chosen) < wanted and all(_differ(pairs[at], pairs[other]) for other in chosen):
            chosen.append(at)
    return [pairs[at] for at in sorted(chosen)]


def _differ(one: Pair, other: Pair) -> bool:
    if set(one.facts) & set(other.facts) or one.answer == other.answer:
        return False
    if any(_overlap(a, b) for a in one.evidence for b in other.evidence):
        return False
    a, b = (set(_WORD.findall(pair.question.lower())) for pair in (one, other))
    if _share_topic(one.question, other.question) or _share_subject(one.question, one.answer, other.question):
        return True
    return len(a & b) / max(1, len(a | b)) < _MAX_SHARED


def _overlap(one: Evidence, other: Evidence) -> bool:
    return one.chunk_id == other.chunk_id and one.start < other.end and other.start < one.end


def _build(pairs: Sequence[Pair], language: str) -> Draft:
    turns = []
    for at, pair in enumerate(pairs):
        question = lean(pairs[at - 1].question, pairs[at - 1].answer, pair.question) if at else pair.question
        turns.append(Turn(question=question, answer=pair.answer, evidence=pair.evidence))
    facts = dict.fromkeys(fact for pair in pairs for fact in pair.facts)
    return Draft(
        kind="dialogue",
        language=language,
        turns=tuple(turns),
        facts=tuple(facts),
        topic=pairs[0].topic,
        writer="composer",
    )


def lean(before: str, said: str, question: str) -> str:
    """Return ``question`` as it is asked after ``before`` was answered with ``said``: shorter where sure."""
    if subject := _share_subject(before, said, question):
        return question.replace(subject, "it", 1)
    if shorter := _drop_place(before, question):
        return shorter
    korean = _TOPIC_KO.match(question)
    if korean and _share_topic(before, question):
        return f"그럼 {korean['rest']}"
    return question


def _drop_place(before: str, question: str) -> str:
    """Return an English question without the place that the one before named in the same words."""
    for where in (_PLACE_FIRST, _PLACE_LAST):
        one, other = where.search(before), where.search(question)
        if one and other and one["place"] == other["place"]:
            rest = (question[: other.start()] + question[other.end() :]).strip(" ?,")
            return f"And {rest[:1].lower()}{rest[1:]}?"
    first = _PLACE_FIRST.match(question)
    named = re.sub(r"\A(?:In|Regarding|Under)(?: the)? ", "", first["place"]) if first else ""
    if first and named and named in before:
        return f"{question[first.end() : first.end() + 1].upper()}{question[first.end() + 1 :]}"
    return ""


def _share_subject(before: str, said: str, question: str) -> str:
    """Return the English subject that two questions surely share; empty when another thing could be meant.

    It is what both say after the auxiliary, word for word; that it ends there, and no word of the verb is
    taken along, shows in the answer, which says the same subject with a verb of its own form.
    """
    asks, other = _ASKS.match(before), _ASKS.match(question)
    if asks is None or other is None:
        return ""
    one, two = before[asks.end() :].rstrip("?").split(), question[other.end() :].rstrip("?").split()
    common: list[str] = []
    for a, b in zip(one, two, strict=False):
        if a != b:
            break
        common.append(a)
    subject, rest = " ".join(common), " ".join(one[len(common) :])
    if len(common) < _MIN_SUBJECT or len(common) == len(two) or not rest or _PLURAL.search(subject):
        return ""
    if re.search(r"\b(?:the|a|an|its?|they|them)\b", rest):
        return ""
    return subject if re.search(rf"\b{re.escape(subject)}\b", said, re.IGNORECASE) else ""


def _share_topic(before: str, question: str) -> bool:
    one, other = _TOPIC_KO.match(before), _TOPIC_KO.match(question)
    return one is not None and other is not None and one["topic"] == other["topic"]
