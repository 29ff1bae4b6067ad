"""Translations of quotes, so that a claim in one language can be checked against a passage in another.

The model is shown one sentence of a passage and never the claim that is to be checked, so a translation
cannot be bent towards the claim; and one sentence alone, so that an order in another one cannot bend it
either.
"""

from collections.abc import Callable
from time import perf_counter

from ondol.ask.prompt import build_translation, estimate_tokens
from ondol.core.answers import Usage
from ondol.core.errors import EngineError
from ondol.core.frozen import Frozen
from ondol.core.models import ChatReply, ChatRequest
from ondol.core.protocols import ChatModel
from ondol.evidence.terms import TermFunction
from ondol.evidence.translation import find_flaws
from ondol.policy.injection import is_instruction


class TranslateOptions(Frozen):
    """How much may be spent on translations for one answer.

    Attributes:
        max_quotes: sentences that are sent to the model.
        max_tokens: of all translations together.
        think_tokens: added to each where the model cannot but think first.
        timeout_s: of one translation.
        max_seconds: after this no further one is begun.
    """

    max_quotes: int = 24
    max_tokens: int = 2048
    think_tokens: int = 1024
    timeout_s: float = 30.0
    max_seconds: float = 60.0


class Translator:
    """Translates sentences of passages for one answer; each is asked for once.

    Attributes:
        num_asked: sentences that were sent.
        num_refused: translations that did not fit their original.
        usage: tokens spent.
    """

    def __init__(
        self,
        chat: ChatModel,
        *,
        language: str,
        terms: TermFunction,
        options: TranslateOptions | None = None,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._chat = chat
        self._language = language
        self._terms = terms
        self._options = options or TranslateOptions()
        self._clock = clock
        self._known: dict[str, str] = {}
        self._seconds = 0.0
        self._failed = False
        self.num_asked = 0
        self.num_refused = 0
        self.usage = Usage()

    @property
    def language(self) -> str:
        """Language of the translations."""
        return self._language

    def find(self, quote: str) -> str:
        """Return the translation of ``quote`` if there is one already, else ``""``."""
        return self._known.get(quote, "")

    def translate(self, quote: str) -> str:
        """Return ``quote`` in the answer's language; ``""`` when none can be had or it does not fit."""
        if quote not in self._known:
            # A model that gives two sentences one translation does not translate.
            found = self._ask(quote)
            if found in self._known.values():
                found = ""
            self._known[quote] = found
        return self._known[quote]

    def _ask(self, quote: str) -> str:
        budget = self._options
        tokens = int(2.5 * estimate_tokens(quote)) + 48
        spent = (
            self.usage.completion_tokens + tokens > budget.max_tokens or self._seconds > budget.max_seconds
        )
        if self._failed or spent or self.num_asked >= budget.max_quotes or is_instruction(quote):
            return ""
        thinks = self._chat.profile.reasoning == "always"
        request = ChatRequest(
            messages=build_translation(quote, language=self._language),
            max_tokens=tokens + (budget.think_tokens if thinks else 0),
            think=False,
            timeout_s=budget.timeout_s,
        )
        self.num_asked += 1
        began = self._clock()
        try:
            reply = self._chat.complete(request)
        except EngineError:
            self._failed = True
            return ""
        finally:
            self._seconds += self._clock() - began
        self._count(reply)
        text = self._read(reply)
        flaws = find_flaws(text, quote, language=self._language, terms=self._terms) if text else ["empty"]
        self.num_refused += bool(flaws)
        return "" if flaws else text

    def _read(self, reply: ChatReply) -> str:
        """Return what was said after any thought, on one line; nothing of a reply that was cut off."""
        if reply.finish_reason != "stop":
            return ""
        text = " ".join(reply.text.rpartition(self._chat.profile.think_close)[2].split())
        return "" if is_instruction(text) else text

    def _count(self, reply: ChatReply) -> None:
        prompt = self.usage.prompt_tokens + reply.prompt_tokens
        completion = self.usage.completion_tokens + reply.completion_tokens
        self.usage = Usage(
            prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion
        )
