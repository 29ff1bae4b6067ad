"""Ask the trainee first: what it already answers right, closed book, needs no example.

Teaching a model what it knows wastes effort, and the gap is worth knowing (GraphGen, arXiv 2505.20416, picks
questions by what the trainee does not know). Here code compares: the trainee's reply must say what the answer
says beyond the question, numbers, dates and names included.
"""

from ondol.core.errors import ContextLengthError
from ondol.core.examples import Draft, Turn, Verdict
from ondol.core.models import ChatRequest, Message
from ondol.core.protocols import ChatModel
from ondol.evidence.support import check_support
from ondol.evidence.terms import TermBag, TermFunction, is_weak, simple_terms

KNOWN = "known"
"""Name of the verdict: the reason under which a draft is left out."""

_MIN_NEW = 0.67
_THINKING_TOKENS = 2048  # for a model that always thinks, beside its answer


class TraineeProbe:
    """Asks a trainee the first question of drafts. Safe to call from several threads.

    Args:
        chat: the model that is to be tuned.
        max_tokens: of its answer.
        terms: how text is cut into content terms.
    """

    def __init__(self, chat: ChatModel, *, max_tokens: int = 128, terms: TermFunction = simple_terms) -> None:
        self._chat = chat
        self._max_tokens = max_tokens
        self._terms = terms

    def __call__(self, draft: Draft) -> Verdict:
        """Return a verdict that fails when the trainee knows the answer; raises ``EngineError``."""
        return knows(self._chat, draft, max_tokens=self._max_tokens, terms=self._terms)


def knows(
    chat: ChatModel, draft: Draft, *, max_tokens: int = 128, terms: TermFunction = simple_terms
) -> Verdict:
    """Ask ``draft``'s first question without any document; the verdict fails if the reply is right.

    Args:
        chat: the model that is to be tuned; asked at temperature 0.
        draft: of any kind; one whose right answer is a refusal is never known.
        max_tokens: of the reply.
        terms: how text is cut into content terms.

    Raises:
        EngineError: the trainee failed.
    """
    turn = draft.turns[0]
    if not turn.evidence:
        return Verdict(check=KNOWN, passed=True)
    reasoning = chat.profile.reasoning
    request = ChatRequest(
        messages=(Message(role="user", content=turn.question),),
        max_tokens=max_tokens + (_THINKING_TOKENS if reasoning == "always" else 0),
        temperature=0.0,
        think=False if reasoning == "switch" else None,
    )
    try:
        said = chat.complete(request).text
    except ContextLengthError:  # a question that does not fit was not answered
        return Verdict(check=KNOWN, passed=True)
    share = compare_answers(said, turn, terms=terms)
    if share < 1.0:
        return Verdict(check=KNOWN, passed=True, score=1.0 - share)
    return Verdict(check=KNOWN, passed=False, score=0.0, detail=f"The trainee answers: {said.strip()[:200]}")


def compare_answers(said: str, turn: Turn, *, terms: TermFunction = simple_terms) -> float:
    """Return 1 if ``said`` states what the turn's answer states, else the share of its new words that it has.

    New is what the question does not say already: repeating the question is no knowledge.
    """
    asked = TermBag(terms(turn.question))
    told = TermBag(terms(said))
    new = [t for t in dict.fromkeys(terms(turn.answer)) if not is_weak(t) and not asked.match(t)]
    if not said.strip() or not new:
        return 0.0
    share = sum(told.match(t) for t in new) / len(new)
    if share < _MIN_NEW:
        return share * 0.99
    # "It is Paris" says the whole together with its question.
    support = check_support(turn.answer, [turn.question, said], terms=terms)
    return 1.0 if support.supported else min(share, 0.99)
