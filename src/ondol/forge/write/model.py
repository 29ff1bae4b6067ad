"""Write examples with a capable chat model: one packed request per passage, for all its facts and wordings.

What cannot be read is asked again with another seed and for fewer facts at once, since small models cope
better with less; whatever was readable is kept, and the rest is handed back with its reason. The model names
facts by their numbers, so every quotation is cut by code and exact.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from ondol.core.access import Label
from ondol.core.errors import ContextLengthError, EngineError, EngineProtocolError
from ondol.core.examples import Evidence, ExampleKind, Fact, Passage, Rejected
from ondol.core.ids import sha256_hex
from ondol.core.models import ChatReply, ChatRequest, Message
from ondol.core.protocols import ChatModel
from ondol.evidence.facts import read_facts
from ondol.evidence.units import split_units
from ondol.forge.order import Order, Written
from ondol.forge.write.asking import Asker, Errand, derive_seed
from ondol.forge.write.assemble import Assembler, DroppedError, Source
from ondol.forge.write.parse import read_items
from ondol.forge.write.prompts import (
    Numbered,
    build_system,
    build_task,
    build_user,
    cut_window,
    estimate_tokens,
)
from ondol.forge.write.shapes import BY_FACT, SHAPES, build_schema, explain_fault, read_shape
from ondol.policy.access import strictest

_WORDED: frozenset[ExampleKind] = frozenset({"qa", "table", "list", "paraphrase", "translation"})
_FACTS_PER_REQUEST = 8
_MAX_SECOND_FACTS = 6
_MIN_SENTENCE_CHARS = 25
_FACTS_PER_DIALOGUE = 3
_MAX_COUNT = 4
_KEPT_TEXT = 2000
_MAX_REPLY_TOKENS = 4096
_THINKING_TOKENS = 4096
_LEAST_REPLY_TOKENS = 256
_LEAST_TEMPERATURE = 0.4
_SPARE_TOKENS = 64
# Characters of a passage that are shown, the tighter the context.
_WINDOWS = (0, 4000, 1600, 600)
_MAX_TIGHTNESS = len(_WINDOWS) - 1
_MAX_FAULTS = 3


@dataclass(frozen=True)
class _Setup:
    chat: ChatModel
    name: str
    max_attempts: int
    temperature: float
    timeout_s: float
    deadline_s: float


class ModelWriter:
    """Writes every kind of example with a chat model.

    Args:
        chat: any chat model; with ``engines.cache.CachedChat`` drafts name the calls they came from.
        name: of the model, as drafts state it.
        max_attempts: rounds of asking for an order; each later one asks for half as many facts at once.
        temperature: of the first round.
        timeout_s: of one request.
        deadline_s: of one order, a failing engine and the waiting for it included.
        sleep: waits between attempts, seconds.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        chat: ChatModel,
        *,
        name: str,
        max_attempts: int = 3,
        temperature: float = 0.7,
        timeout_s: float = 300.0,
        deadline_s: float = 1800.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._setup = _Setup(chat, name, max_attempts, temperature, timeout_s, deadline_s)
        self._asker = Asker(chat, sleep=sleep, clock=clock)

    @property
    def kinds(self) -> frozenset[ExampleKind]:
        """All of them."""
        return frozenset(SHAPES)

    def write(self, order: Order) -> Written:
        """Return the drafts of an order, and what came back that could not be used.

        An engine that fails for longer than the order's deadline spoils this order (reason ``engine``).

        Raises:
            EngineError: the engine will not work for any order: no such model, or our key is refused.
        """
        sources = _number_facts(order)
        if not sources:
            return Written()
        shown = [order.passage, *(order.others[:1] if order.kind == "multi_hop" else ())]
        errand = self._asker.begin(
            deadline_s=self._setup.deadline_s,
            sources=dict.fromkeys(passage.document for passage in shown),
            label=str(strictest(Label.parse(passage.label) for passage in shown)),
            seed=derive_seed(order.id, order.attempt),
        )
        return _Work(self._setup, order, sources, errand).run()


class _Work:
    """One order under way."""

    def __init__(self, setup: _Setup, order: Order, sources: Sequence[Source], errand: Errand) -> None:
        self._setup = setup
        self._order = order
        self._sources = sources
        self._errand = errand
        self._system = build_system(order.passage.language)
        self._language = _target_language(order)
        # Train needs one wording more, to be withheld.
        worded = order.kind in _WORDED
        self._wordings = order.wordings + (order.split == "train") if worded else 1
        most = self._wordings if order.kind in BY_FACT else _MAX_COUNT
        self._assembler = Assembler(order, sources, language=self._language, model=setup.name, wordings=most)
        self._spoiled: list[Rejected] = []
        self._tightness = 0

    def run(self) -> Written:
        """Ask, round by round, for what is still missing."""
        pending = [source.number for source in self._sources if not source.is_second]
        size = min(_FACTS_PER_REQUEST, len(pending))
        for attempt in range(self._setup.max_attempts):
            try:
                for group in self._cut_groups(pending, size):
                    self._ask(group, attempt)
            except EngineError as error:
                if not error.transient:
                    raise
                self._spoil("engine", f"{error.code}: {error.message}", "")
                break
            pending = self._find_missing(pending)
            if not pending:
                break
            size = math.ceil(size / 2)
        return Written(
            drafts=self._assembler.drafts,
            spoiled=tuple(self._spoiled),
            requests=self._errand.requests,
            prompt_tokens=self._errand.prompt_tokens,
            completion_tokens=self._errand.completion_tokens,
        )

    def _cut_groups(self, pending: Sequence[int], size: int) -> list[list[int]]:
        """Return the facts of each request; kinds that are not counted by fact make do with one."""
        if self._order.kind not in BY_FACT:
            return [list(pending[:size])]
        groups: list[list[int]] = [[]]
        room = self._reply_room()
        for number in pending:
            grown = [*groups[-1], number]
            if groups[-1] and (len(grown) > size or self._estimate_reply(grown) > room):
                groups.append([number])
            else:
                groups[-1] = grown
        return groups

    def _find_missing(self, pending: Sequence[int]) -> list[int]:
        """Return the facts to ask about again; one that merely lacks a wording is no reason for a request."""
        if self._order.kind not in BY_FACT:
            return [] if self._assembler.drafts else list(pending)
        counts = {number: self._assembler.count(number) for number in pending}
        if all(counts.values()):
            return []
        # Those without any come first: a reply that is cut again loses its end.
        return sorted(
            (n for n, count in counts.items() if count < self._wordings), key=lambda n: counts[n] > 0
        )

    # -- one request ----------------------------------------------------------------------------------

    def _ask(self, group: Sequence[int], attempt: int) -> None:
        """Ask about ``group`` once, in as little text as the context takes; keep what can be read."""
        while True:
            try:
                reply, call = self._errand.ask(self._build_request(group, attempt))
            except ContextLengthError as error:
                if self._tightness == _MAX_TIGHTNESS:
                    self._spoil("engine", f"{error.code}: {error.message}", "")
                    return
                self._tightness += 1
                continue
            except EngineProtocolError as error:
                self._spoil("engine", f"{error.code}: {error.message}", "")
                return
            self._read(reply, call)
            return

    def _read(self, reply: ChatReply, call: str) -> None:
        shape = SHAPES[self._order.kind]
        reading = read_items(reply.text, keys=shape.keys(), is_cut=reply.finish_reason == "length")
        faults: list[str] = []
        for number, item in enumerate(reading.items, 1):
            try:
                is_last = reading.is_cut and number == len(reading.items)
                self._assembler.take(read_shape(shape, item, is_cut=is_last), call=call)
            except ValidationError as error:
                faults.append(f"item {number}: {explain_fault(error)}")
            except DroppedError as error:
                faults.append(f"item {number}: {error}")
        if reading.is_cut:
            faults.insert(0, "the reply was cut off")
        if not reading.items:
            faults.append("there is no item in the reply")
        if faults:
            more = f"; {len(faults) - _MAX_FAULTS} more" if len(faults) > _MAX_FAULTS else ""
            text = reply.text or f"(nothing but thinking) {reply.thinking}" * bool(reply.thinking)
            self._spoil("shape", "; ".join(faults[:_MAX_FAULTS]) + more, text)

    def _spoil(self, reason: str, detail: str, text: str) -> None:
        order = self._order
        key = "\x00".join([order.id, str(order.attempt), str(len(self._spoiled)), reason, text])
        self._spoiled.append(
            Rejected(
                id="rej_" + sha256_hex(key.encode("utf-8", "replace"))[:24],
                kind=order.kind,
                reason=reason,
                detail=detail,
                text=text[:_KEPT_TEXT],
                documents=(order.passage.document,),
                writer="model",
            )
        )

    def _build_request(self, group: Sequence[int], attempt: int) -> ChatRequest:
        setup, profile = self._setup, self._setup.chat.profile
        user = self._build_prompt(group)
        wanted = min(self._reply_room(), self._estimate_reply(group)) + self._thinking_room()
        left = profile.context_tokens - self._estimate_prompt(user) - _SPARE_TOKENS
        schema = build_schema(
            self._order.kind,
            numbers=[source.number for source in self._choose(group)],
            num_items=self._count(group),
            wordings=self._wordings,
        )
        return ChatRequest(
            messages=(self._system, user),
            max_tokens=max(_LEAST_REPLY_TOKENS, min(wanted, left)),
            temperature=max(setup.temperature, _LEAST_TEMPERATURE) if attempt else setup.temperature,
            seed=derive_seed(self._order.id, self._order.attempt, attempt, group[0]),
            think=False if profile.reasoning == "switch" else None,
            json_schema=schema if profile.json_schema else None,
            timeout_s=setup.timeout_s,
        )

    def _build_prompt(self, group: Sequence[int]) -> Message:
        """Return the user's message; a passage too long for the context is cut to what is near the facts."""
        order = self._order
        second = order.others[0] if order.kind == "multi_hop" else None
        task = build_task(
            order.kind,
            language=self._language,
            numbers=group,
            others=[source.number for source in self._sources if source.is_second],
            count=self._count(group),
            wordings=self._wordings,
            use_case=order.use_case,
        )
        while True:
            shown = self._choose(group)
            facts = [Numbered(source.number, source.evidence.quote) for source in shown]
            texts = [self._cut(order.passage, shown), self._cut(second, shown) if second else ""]
            user = build_user(order.passage, facts, task, text=texts[0], second=second, second_text=texts[1])
            if self._estimate_prompt(user) <= self._prompt_room() or self._tightness == _MAX_TIGHTNESS:
                return user
            self._tightness += 1

    def _choose(self, group: Sequence[int]) -> list[Source]:
        """Return the facts to show: all of them, so that requests begin alike, while there is room."""
        if not self._tightness:
            return list(self._sources)
        return [source for source in self._sources if source.number in group or source.is_second]

    def _cut(self, passage: Passage, shown: Sequence[Source]) -> str:
        if not self._tightness:
            return passage.text
        spans = [
            (source.evidence.start - passage.start, source.evidence.end - passage.start)
            for source in shown
            if source.evidence.chunk_id == passage.chunk_id
        ]
        return cut_window(passage.text, spans, max_chars=_WINDOWS[self._tightness])

    def _estimate_prompt(self, user: Message) -> int:
        return estimate_tokens(user.content) + estimate_tokens(self._system.content)

    def _prompt_room(self) -> int:
        """Return how many tokens of the context the prompt may take."""
        context = self._setup.chat.profile.context_tokens
        return context - self._reply_room() - self._thinking_room() - _SPARE_TOKENS

    def _thinking_room(self) -> int:
        profile = self._setup.chat.profile
        return min(_THINKING_TOKENS, profile.context_tokens // 4) if profile.reasoning == "always" else 0

    def _reply_room(self) -> int:
        return max(_LEAST_REPLY_TOKENS, min(_MAX_REPLY_TOKENS, self._setup.chat.profile.context_tokens // 3))

    def _count(self, group: Sequence[int]) -> int:
        """Return how many items are wanted of ``group``."""
        match self._order.kind:
            case "summary":
                return 1
            case "dialogue":
                return max(1, min(_MAX_COUNT, len(group) // _FACTS_PER_DIALOGUE))
            case "multi_hop" | "reasoning":
                return max(1, min(_MAX_COUNT, len(group) // 2))
            case _:
                return len(group)

    def _estimate_reply(self, group: Sequence[int]) -> int:
        """Return how many tokens a full reply takes, with room to spare."""
        wide = 1.6 if self._language == "ko" else 1.0
        texts = {source.number: source.evidence.quote for source in self._sources}
        if self._order.kind in BY_FACT:
            told = sum(estimate_tokens(texts[number]) for number in group)
            versions = self._wordings if self._order.kind == "paraphrase" else 1
            tokens = told * versions + len(group) * wide * (40 + 40 * self._wordings)
        else:
            tokens = wide * 320 * self._count(group)
        return int(1.5 * tokens) + 160


def _target_language(order: Order) -> str:
    """Return the language to write in; a translation that names none goes into the other one."""
    if order.kind != "translation" or order.language != order.passage.language:
        return order.language
    return "en" if order.language == "ko" else "ko"


def _number_facts(order: Order) -> list[Source]:
    """Return the facts of the order, numbered by their place in the text; none if it cannot be written."""
    first = [fact for fact in order.facts if fact.evidence.chunk_id == order.passage.chunk_id]
    if order.kind == "reasoning":
        first = [fact for fact in first if read_facts(fact.evidence.quote).quantities]
    first.sort(key=lambda fact: (fact.evidence.start, fact.evidence.end))
    found: list[tuple[Evidence, Fact | None, bool]] = [(fact.evidence, fact, False) for fact in first]
    if order.kind == "multi_hop":
        if not order.others or not first:
            return []
        second = _find_second(order, order.others[0])
        if not second:
            return []
        found += [(evidence, fact, True) for evidence, fact in second]
    return [
        Source(number, evidence, fact, is_second=is_second)
        for number, (evidence, fact, is_second) in enumerate(found, 1)
    ]


def _find_second(order: Order, passage: Passage) -> list[tuple[Evidence, Fact | None]]:
    """Return the facts of the second passage, or its sentences where nobody found facts in it."""
    known = [fact for fact in order.facts if fact.evidence.chunk_id == passage.chunk_id]
    if known:
        known.sort(key=lambda fact: fact.evidence.start)
        return [(fact.evidence, fact) for fact in known[:_MAX_SECOND_FACTS]]
    units = [unit for unit in split_units(passage.text) if unit.kind in {"sentence", "item"}]
    long = [unit for unit in units if unit.end - unit.start >= _MIN_SENTENCE_CHARS]
    return [(passage.cite(unit.start, unit.end), None) for unit in long[:_MAX_SECOND_FACTS]]
