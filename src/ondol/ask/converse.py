"""Follow-up questions: make a question stand on its own, from what was said before.

Without a model, the nouns of the question before (and, for a person, the names in its answer) are carried
over when the new question plainly leans on them. A question that stands on its own is left alone.
"""

import re
from collections.abc import Sequence

from ondol.ask.prompt import build_rewrite
from ondol.core.answers import Turn
from ondol.core.errors import EngineError
from ondol.core.models import ChatRequest
from ondol.core.protocols import ChatModel
from ondol.evidence.question import find_names
from ondol.evidence.terms import TermFunction, is_weak
from ondol.text.language import detect_language, has_hangul

_OPENS = re.compile(
    r"\W*(?:and|but|also|so|then|what about|how about|what else|which one|why not|same for)\b"
    r"|\W*(?:그럼|그러면|그렇다면|그리고|그런데|근데|또|그래서|그건|그거|그게|그것|이건|이거|이게|이것|그\s|거기|그때|그분)",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers|there|this|these|those|the (?:same|former"
    r"|latter)|one|ones)\b"
    r"|\bthat\b(?=\s*(?:\?|$|one|is|was|cost|costs|work|works|take|takes|happen))"
    r"|그것|그거|그건|그게|이것|이거|이건|이게|거기|그곳|그때|그분|그 ?사람|그녀|(?<![가-힣])그는"
    r"|(?<![가-힣])그의|해당",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(?:he|him|his|she|her|hers)\b|그분|그 ?사람|그녀|(?<![가-힣])그는|(?<![가-힣])그의", re.IGNORECASE
)
_TOPIC_ONLY = re.compile(r"\A\W*(?:\S+\s+){0,2}\S+(?:은|는)(?:요)?\s*\?*\W*\Z")
_WORD = re.compile(r"[A-Za-z][\w'’.-]*[A-Za-z0-9]|[가-힣]+|\d[\w.,-]*")
_MAX_CARRIED = 6
_ALONE = 4
_MAX_REWRITE_CHARS = 300


def needs_history(question: str, terms: TermFunction) -> bool:
    """Tell whether ``question`` leans on what was said before it."""
    content = [t for t in dict.fromkeys(terms(question)) if not is_weak(t)]
    if _OPENS.match(question) or _TOPIC_ONLY.match(question):
        return len(content) < _ALONE
    pronoun = _PRONOUN.search(question)
    if pronoun:
        # Two nouns before it, and what it stands for is probably in the question itself.
        return len(content) < _ALONE and len(terms(question[: pronoun.start()])) < 2
    return len(content) <= 1 and not find_names(question)


def rewrite_question(
    question: str, history: Sequence[Turn], *, terms: TermFunction, chat: ChatModel | None = None
) -> str:
    """Return ``question`` so that it can be searched for on its own.

    Args:
        question: what was asked now.
        history: earlier turns, oldest first.
        terms: how text is cut into content terms.
        chat: a model that is able to rewrite; without it, or when it fails, words are carried over.
    """
    if not history or not needs_history(question, terms):
        return question
    if chat is not None:
        rewritten = _rewrite_with(chat, question, history)
        if rewritten:
            return rewritten
    carried = _carry(question, history, terms)
    return f"{question} ({' '.join(carried)})" if carried else question


def _rewrite_with(chat: ChatModel, question: str, history: Sequence[Turn]) -> str:
    """Return the model's rewriting, or ``""`` when it fails or answers with something else."""
    language = detect_language(question) or "en"
    messages = build_rewrite(question, history, language=language)
    try:
        reply = chat.complete(ChatRequest(messages=messages, max_tokens=160, think=False, timeout_s=30.0))
    except EngineError:
        return ""
    lines = [line.strip() for line in reply.text.strip().splitlines() if line.strip()]
    if len(lines) != 1 or reply.finish_reason != "stop":
        return ""
    rewritten = re.sub(r"^(?:Q|질문)\s*[:.]\s*", "", lines[0]).strip('"“” ')
    return rewritten if 0 < len(rewritten) <= _MAX_REWRITE_CHARS else ""


def _carry(question: str, history: Sequence[Turn], terms: TermFunction) -> list[str]:
    """Return words of the last question that stood on its own, without those that are here already."""
    here = set(terms(question))
    carried: list[str] = []
    if _PERSON.search(question):
        carried.extend(find_names(history[-1].answer.split("[1]")[0])[:1])
    for turn in reversed(history):
        carried.extend(_content_words(turn.question, terms, without=here))
        if not needs_history(turn.question, terms):
            break
    return list(dict.fromkeys(carried))[:_MAX_CARRIED]


def _content_words(text: str, terms: TermFunction, *, without: set[str]) -> list[str]:
    words = []
    for match in _WORD.finditer(text):
        found = [t for t in terms(match[0]) if not is_weak(t)]
        if not found or without.issuperset(found):
            continue
        # A Korean word drops its particles and endings; what is left are its morphemes.
        words.append("".join(found) if has_hangul(match[0]) and "".join(found) in match[0] else match[0])
    return words
