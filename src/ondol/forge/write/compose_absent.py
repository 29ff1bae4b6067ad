"""Questions that the passages shown do not answer, with the answer that says so and names what was asked.

The question is one that other passages of the corpus do answer, so it is a good question and a near miss;
that these do not answer it is checked by the same score that ``ask`` abstains by, and by the words of the
answer.
"""

import random
import re
from collections.abc import Sequence

from ondol.core.examples import Draft, Passage, Turn
from ondol.evidence import select as selecting
from ondol.evidence.answerable import score_answerable
from ondol.evidence.question import read_question
from ondol.evidence.terms import TermBag, TermFunction, is_weak
from ondol.forge.frames.korean_grammar import attach, final_of_particle
from ondol.forge.frames.lexicon import third_person
from ondol.forge.write.openbook import Pair, choose_system

MAX_ANSWERABLE = 0.3
"""``ask`` answers from 0.5 on; a question in between might be answerable after all."""

_MAX_KNOWN = 0.5  # share of the answer's own words that a passage may hold
_MIN_SHOWN, _MAX_SHOWN = 2, 4
_MAX_CHARS = 6000
_MAX_TRIED = 8

_HOW_TO = re.compile(r"\AHow (?:do|can|should) (?:I|you|we) (?P<act>[^?]+)\?\Z")
_WHAT_IS = re.compile(
    r"\AWhat (?P<be>is|are) (?P<thing>(?:the|a|an|[A-Z])"
    r"(?:(?!\b(?!speed\b|feed\b|seed\b)\w+ed\b|\b(?:for|shown|set|made|given|used)\b)[^?,])+)\?\Z"
)
_WHAT_DOES = re.compile(r"\AWhat (?:does|do) (?P<thing>[^?,]+?) do(?P<rest> [^?]*)?\?\Z")
_WHAT_ALLOWS = re.compile(
    r"\AWhat (?P<do>does|do) (?P<thing>[^?,]+?) (?P<verb>allow|enable|permit|help|let) "
    r"(?P<whom>[^?,]+ do)\?\Z"
)
_WHAT_FOR = re.compile(r"\AWhat (?P<be>is|are) (?P<thing>[^?,]+?) (?P<used>(?:used )?for)\?\Z")
_ENGLISH = (
    "These documents do not say {asked}.",
    "The answer cannot be found here: none of these documents says {asked}.",
    "That is not in the documents I was shown; they do not say {asked}.",
    "There is no information on {asked} in these documents.",
    "That cannot be answered from these documents, because they do not say {asked}.",
    "The documents do not mention it: nothing in them says {asked}.",
)
_ENGLISH_QUOTED = (
    "These documents do not answer the question “{question}”",
    "An answer to “{question}” cannot be found in these documents.",
    "The documents I was shown do not say. Nothing in them answers “{question}”",
    "There is no information in these documents that answers “{question}”",
)
_KOREAN = (
    "{asked}는 이 문서들에 나와 있지 않습니다.",
    "이 문서들만으로는 {asked} 알 수 없습니다.",
    "{asked}에 대한 내용은 문서에서 찾을 수 없습니다.",
    "문서를 살펴보았지만 {asked} 설명하는 내용이 없습니다.",
    "{asked}는 문서에 언급되지 않았으므로 답할 수 없습니다.",
    "보여 주신 문서에는 {asked} 나와 있지 않습니다.",
)
_KOREAN_NOUN = (
    "{topic} 이 문서들에 나와 있지 않습니다.",
    "{topic} 문서에서 찾을 수 없습니다.",
    "이 문서들에는 {noun}에 대한 내용이 없습니다.",
    "문서를 살펴보았지만 {noun}에 대한 정보가 없습니다.",
    "{topic} 문서에 언급되지 않아 답할 수 없습니다.",
)
_NOUN_ASKED = re.compile(
    r"\A(?P<noun>.+?(?:방법|이유|용도|역할|목적|절차|의미|위치|선택지))(?:은|는|을|를) "
    r"(?:무엇인가요\?|어떻게 되나요\?|알려 주세요\.)\Z"
)
# Inside a clause the topic becomes its subject; where it may be the object, it stays.
_TOPIC_AS_SUBJECT = re.compile(
    r"\A(?P<topic>[^?,]{2,60}?)(?<!에서)(?<!에)(?<!로)(?P<josa>은|는)(?P<rest> (?:무엇인가요|얼마인가요"
    r"|몇 [^ ]+인가요|몇 [^?]{1,40}나요|(?:무엇|어떤 [^?]{1,20})(?:을|를) [^?]*나요"
    r"|(?:어디|언제)[^?]*되나요)\?)\Z"
)
_ENDING = re.compile(r"(?P<stem>[가-힣])(?:나|가)요\?\Z")


def compose_absent(
    pairs: Sequence[Pair],
    others: Sequence[Passage],
    *,
    known: Passage,
    language: str,
    terms: TermFunction,
    rng: random.Random,
) -> Draft | None:
    """Return a question with passages that surely do not answer it; ``None`` where none is sure.

    Of the questions that qualify, the one nearest to the passages is taken. ``known`` is not shown, and does
    not answer the question either.
    """
    found: list[tuple[float, Pair, tuple[Passage, ...]]] = []
    for pair in rng.sample(list(pairs), min(_MAX_TRIED, len(pairs))):
        wanted = rng.randint(_MIN_SHOWN, _MAX_SHOWN)
        if any(e.chunk_id == known.chunk_id for e in pair.evidence):
            continue
        if _score(pair.question, (known, *others), terms) >= MAX_ANSWERABLE:
            continue
        shown = _choose_silent(pair, others, wanted, terms)
        if len(shown) < _MIN_SHOWN:
            continue
        score = _score(pair.question, shown, terms)
        if score < MAX_ANSWERABLE:
            found.append((score, pair, shown))
    if not found:
        return None
    _, pair, shown = max(found, key=lambda item: item[0])
    answer = say_absent(pair.question, language=language, rng=rng)
    passages = list(shown)
    rng.shuffle(passages)
    return Draft(
        kind="not_in_documents",
        language=language,
        book="open",
        turns=(Turn(question=pair.question, answer=answer),),
        passages=tuple(passages),
        origins=pair.evidence,
        system=choose_system(language, seed=rng.getrandbits(32)),
        topic=pair.topic,
        writer="composer",
    )


def _choose_silent(
    pair: Pair, others: Sequence[Passage], wanted: int, terms: TermFunction
) -> tuple[Passage, ...]:
    """Return the first passages that hold neither the quotation nor most of what the answer adds."""
    cited = {e.chunk_id for e in pair.evidence}
    quotes = [_flatten(e.quote) for e in pair.evidence]
    asked = set(terms(pair.question))
    key = list(dict.fromkeys(t for t in terms(pair.answer) if t not in asked and not is_weak(t)))
    shown: list[Passage] = []
    num_chars = 0
    for other in others:
        flat = _flatten(other.text)
        if other.chunk_id in cited or any(quote in flat for quote in quotes):
            continue
        bag = TermBag(terms(f"{other.context}\n{other.text}"))
        known = sum(bag.match(t) for t in key) / len(key) if key else 1.0
        if known > _MAX_KNOWN or num_chars + len(other.text) > _MAX_CHARS:
            continue
        if _score(pair.question, (other,), terms) >= MAX_ANSWERABLE:
            continue
        shown.append(other)
        num_chars += len(other.text)
        if len(shown) == wanted:
            break
    return tuple(shown)


def _score(question: str, passages: Sequence[Passage], terms: TermFunction) -> float:
    """Return how likely the passages answer the question, 0 to 1."""
    given = [selecting.Passage(p.text, context=p.context, title=p.title) for p in passages]
    asked = read_question(question, terms=terms)
    return score_answerable(selecting.select(asked, given, terms=terms)).score


def say_absent(question: str, *, language: str, rng: random.Random) -> str:
    """Return the sentence that the documents do not say what was asked, in one of several wordings."""
    if language == "ko":
        return _say_korean(question, rng)
    asked = _ask_indirectly(question)
    if asked:
        return rng.choice(_ENGLISH).format(asked=asked)
    answer = rng.choice(_ENGLISH_QUOTED).format(question=question)
    return answer if answer.endswith(".") or question.endswith((".", "?")) else f"{answer}."


def _ask_indirectly(question: str) -> str:
    """Return an English question as a clause (*how to calibrate the compass*); empty where unsure."""
    if match := _HOW_TO.match(question):
        act = re.sub(r"\bmy\b", "your", re.sub(r"\bI\b", "you", match["act"]))
        return f"how to {act}"
    if match := _WHAT_IS.match(question):
        return f"what {match['thing']} {match['be']}"
    if match := _WHAT_ALLOWS.match(question):
        form = third_person(match["verb"]) if match["do"] == "does" else match["verb"]
        return f"what {match['thing']} {form} {match['whom']}"
    if match := _WHAT_FOR.match(question):
        return f"what {match['thing']} {match['be']} {match['used']}"
    if match := _WHAT_DOES.match(question):
        does = "does" if question.startswith("What does") else "do"
        return f"what {match['thing']} {does}{match['rest'] or ''}"
    return ""


def _say_korean(question: str, rng: random.Random) -> str:
    if match := _NOUN_ASKED.match(question):
        noun = match["noun"]
        return rng.choice(_KOREAN_NOUN).format(noun=noun, topic=attach(noun, "은"))
    if _ENDING.search(question):
        asked = _TOPIC_AS_SUBJECT.sub(_take_subject, question)
        asked = re.sub(r"나요\?\Z", "는지", asked)
        asked = re.sub(r"(?<=[가-힣])가요\?\Z", "지", asked)
        return rng.choice(_KOREAN).format(asked=asked)
    noun = re.sub(
        r"(?:에 대해 설명해|을 나열해|를 나열해|을 알려|를 알려|지 알려|설명해) 주세요\.\Z", "", question
    )
    if noun != question and not noun.endswith(("는", "인", "한")):
        return rng.choice(_KOREAN_NOUN).format(noun=noun, topic=attach(noun, "은"))
    return f"“{question}”에 대한 답은 이 문서들에서 찾을 수 없습니다."


def _take_subject(match: re.Match[str]) -> str:
    return attach(match["topic"], "이", final=final_of_particle(match["josa"])) + match["rest"]


def _flatten(text: str) -> str:
    return " ".join(text.split())
