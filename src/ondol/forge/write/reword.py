"""Let a small model reword a question that code wrote, and believe it only where code can check the result.

A model of 135 million parameters writes questions of which most are wrong or useless; what it is good for is
variety. So it sees a question known to be right, and what it makes of it is kept only if it asks for the same
kind of answer, brings in no word that stands neither in the passage nor in the question, loses none of the
words that matter, and still finds its own sentence: round-trip consistency, Alberti et al. (2019), "Synthetic
QA Corpora Generation with Roundtrip Consistency" (arXiv 1906.05416).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from ondol.core.examples import Fact, Passage
from ondol.core.models import ChatReply, ChatRequest, Message
from ondol.core.protocols import ChatModel
from ondol.evidence.polarity import find_denied
from ondol.evidence.question import find_names, read_question
from ondol.evidence.select import Passage as Candidate
from ondol.evidence.select import select
from ondol.evidence.terms import TermFunction, build_terms, is_weak
from ondol.forge.frames.wording import Wording
from ondol.text.language import detect_language
from ondol.text.morphemes import Analyser

_MAX_TOKENS = 48
_MAX_SHARED = 0.9
_INSTRUCTION = (
    "You say a question in other words. The new question asks exactly the same and keeps all names and"
    " numbers. Write only the question."
)
_SHOWN = (
    ("How do I replace the filter?", "What are the steps to replace the filter?"),
    ("What is the pressure gauge used for?", "What purpose does the pressure gauge serve?"),
    ("When does the pump stop?", "At what point does the pump stop?"),
    ("What happens if the door is open?", "What is the consequence if the door is open?"),
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_QUESTION = re.compile(
    r"(?:what|how|when|where|why|which|who|can|does|do|is|are|in|on|at|for|under|regarding)\b", re.IGNORECASE
)
# Words of asking: they say what kind of answer is wanted, nothing of the matter.
_ASKING = (
    "purpose step point time place consequence effect result way condition reason function role use serve"
    " need happen occur go find tell explain know someone person one thing"
)


class Call(NamedTuple):
    """A reply and the key it is kept under; empty when nothing keeps it."""

    reply: ChatReply
    key: str


class _Keyed(Protocol):
    reply: ChatReply
    key: str


@runtime_checkable
class _KeyedChat(Protocol):
    def complete_keyed(self, request: ChatRequest, *, sources: Iterable[str], label: str) -> _Keyed:
        """Return the reply and the key of the call."""


class Rewording(NamedTuple):
    """A question in other words, if one was found, and the call it came from."""

    wording: Wording | None
    call: Call
    fault: str


class Reworder:
    """Asks a model for other words, and checks them."""

    def __init__(self, chat: ChatModel, analyser: Analyser) -> None:
        self._chat = chat
        self._terms: TermFunction = build_terms(analyser)

    @property
    def model(self) -> str:
        """The model's name."""
        return self._chat.profile.name

    def reword(
        self, fact: Fact, passage: Passage, seeds: Sequence[Wording], *, others: Sequence[Passage], seed: int
    ) -> Iterator[Rewording]:
        """Yield one rewording for each of ``seeds``; raises ``EngineError``."""
        known = {wording.question.casefold() for wording in seeds}
        for wording in seeds:
            call = self._ask(wording.question, fact, seed)
            question = _read(call.reply.text)
            fault = (
                "repeats"
                if question.casefold() in known
                else self._find_fault(question, wording, fact, passage)
            )
            if not fault and not self._finds(question, fact, passage, others):
                fault = "does not find its sentence"
            found = None if fault else Wording(question, wording.answer, f"{wording.frame}-reworded", 0.5)
            known.add(question.casefold())
            yield Rewording(found, call, fault)

    def _ask(self, question: str, fact: Fact, seed: int) -> Call:
        shown = [
            message
            for before, after in _SHOWN
            for message in (Message(role="user", content=before), Message(role="assistant", content=after))
        ]
        request = ChatRequest(
            messages=(
                Message(role="system", content=_INSTRUCTION),
                *shown,
                Message(role="user", content=question),
            ),
            max_tokens=_MAX_TOKENS,
            temperature=0.0,
            seed=seed,
            stop=("\n",),
        )
        if isinstance(self._chat, _KeyedChat):
            keyed = self._chat.complete_keyed(
                request, sources=(fact.evidence.document,), label=fact.evidence.label
            )
            return Call(keyed.reply, keyed.key)
        return Call(self._chat.complete(request), "")

    def _find_fault(self, question: str, wording: Wording, fact: Fact, passage: Passage) -> str:
        """Return what speaks against a rewording, or an empty string."""
        before = wording.question
        if not question.endswith("?") or question.count("?") != 1 or not _QUESTION.match(question):
            return "is no question"
        if detect_language(question) != detect_language(before):
            return "is in another language"
        if read_question(question, terms=self._terms).kind != read_question(before, terms=self._terms).kind:
            return "asks for another kind of answer"
        if sorted(_NUMBER.findall(question)) != sorted(_NUMBER.findall(before)):
            return "has other numbers"
        if set(find_names(question)) - set(find_names(before)) - set(find_names(f"… {passage.title}")):
            return "has other names"
        if bool(find_denied(question, self._terms)) != bool(find_denied(before, self._terms)):
            return "denies otherwise"
        return self._find_word_fault(question, before, fact)

    def _find_word_fault(self, question: str, before: str, fact: Fact) -> str:
        mine, theirs = set(self._terms(question)), set(self._terms(before))
        strong = {t for t in theirs if not is_weak(t)}
        if mine - theirs - set(self._terms(fact.evidence.quote)) - set(self._terms(_ASKING)):
            return "has words of its own"
        if not strong or strong - mine:
            return "has lost words that matter"
        words, old = question.lower().split(), before.lower().split()
        shared = len(set(words) & set(old)) / max(len(set(words)), len(set(old)))
        return "hardly differs" if shared > _MAX_SHARED else ""

    def _finds(self, question: str, fact: Fact, passage: Passage, others: Sequence[Passage]) -> bool:
        """Tell whether the choice of sentences comes from the question back to the fact."""
        candidates = [Candidate(p.text, p.context, p.title) for p in (passage, *others)]
        ranked = select(question, candidates, terms=self._terms).ranked
        start = fact.evidence.start - passage.start
        end = fact.evidence.end - passage.start
        best = next((c for c in ranked if c.unit.kind != "heading"), None)
        return best is not None and best.passage == 0 and start <= best.unit.start < end


def _read(text: str) -> str:
    """Return the question in a reply: its first line, without marks around it."""
    line = text.strip().splitlines()[0] if text.strip() else ""
    return re.sub(r"\s+", " ", line.strip().strip('"“”').removeprefix("Q:").strip())
