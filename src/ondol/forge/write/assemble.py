"""From what a model wrote to drafts: its fact numbers become evidence, cut by code from the stored text.

An item that names no fact, or one that there is not, is bound to the one fact that supports it in code, or is
dropped with a word on why. Arithmetic is done again by code.
"""

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ondol.core.errors import WrongUseError
from ondol.core.examples import Draft, Evidence, Fact, Turn
from ondol.evidence.facts import read_facts
from ondol.evidence.support import check_support
from ondol.forge.order import Order
from ondol.forge.write.arithmetic import agrees, compute, read_number
from ondol.forge.write.asking import derive_seed
from ondol.forge.write.openbook import build_open_book
from ondol.forge.write.prompts import load_not_found
from ondol.forge.write.shapes import (
    BY_FACT,
    AnswerShape,
    DialogueShape,
    HopShape,
    ParaphraseShape,
    QuestionShape,
    ReasoningShape,
    Shape,
    SummaryShape,
    TaskShape,
)
from ondol.text.normalise import fold, nfc

_PLACEHOLDER = re.compile(
    r"\W*\Z|(?:the )?(?:question|answer|text|request|string|n/?a|null|none|질문|답변?)\s*\d*\W*\Z",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"\s*(?:\[\d{1,2}\]|\((?:facts?|사실)\s*\d[\d,\s]*\))(?=\s*[.,;!?。]?(?:\s|\Z))", re.IGNORECASE
)
_ANSWER_PREFIX = re.compile(r"\A(?:answer|a|답변?)\s*[:：]\s*", re.IGNORECASE)
_SPEAKS_OF_FACTS = re.compile(
    r"\bfacts?\s*(?:numbers?|no\.?|#)?\s*\[?\d|(?<![가-힣])사실\s*\[?\d", re.IGNORECASE
)
_NUMBERED = re.compile(r"\A\d{1,2}[.)]\s+(?=\S)(?!.*\n\s*\d{1,2}[.)])", re.DOTALL)
_QUESTION_PREFIX = re.compile(r"\A(?:(?:question|q|질문)\s*\d*\s*[:：.]|\d{1,2}[.)])\s*", re.IGNORECASE)
# Numbers that may stand in a computation though neither fact nor question has them: conversions.
_CONVERSIONS = frozenset(map(Fraction, (7, 12, 24, 60, 100, 365, 1000, 1024, 3600)))
_MIN_CHARS = 4
_MAX_NAMED = 4
_MIN_QUESTION_CHARS = 6


@dataclass(frozen=True)
class Source:
    """A numbered fact.

    Attributes:
        fact: ``None`` for a sentence of a further passage that nobody found facts in.
        is_second: stands in the second passage of a multi-hop question.
    """

    number: int
    evidence: Evidence
    fact: Fact | None = None
    is_second: bool = False


class DroppedError(ValueError):
    """An item was not taken; says why."""


class Assembler:
    """Builds the drafts of one order; keeps what was asked already, so that no wording comes twice.

    Args:
        order: what was asked for.
        sources: the numbered facts.
        language: of the drafts.
        model: name of the writer.
        wordings: most drafts of one fact, where facts are counted.
    """

    def __init__(
        self, order: Order, sources: Sequence[Source], *, language: str, model: str, wordings: int
    ) -> None:
        self._order = order
        self._sources = {source.number: source for source in sources}
        self._language = language
        self._model = model
        self._wordings = wordings
        self._asked: set[str] = set()
        self._count: dict[tuple[int, ...], int] = {}
        self._placed: list[tuple[tuple[int, ...], Draft]] = []
        self._call = ""
        self._build: dict[type[Shape], Callable[[Any], None]] = {
            AnswerShape: self._take_answer,
            ParaphraseShape: self._take_paraphrase,
            TaskShape: self._take_task,
            HopShape: self._take_hop,
            DialogueShape: self._take_dialogue,
            SummaryShape: self._take_summary,
            ReasoningShape: self._take_reasoning,
            QuestionShape: self._take_question,
        }

    def count(self, number: int) -> int:
        """Return how many drafts rest on a fact."""
        return sum(number in numbers for numbers, _ in self._placed)

    @property
    def drafts(self) -> tuple[Draft, ...]:
        """All drafts, in the order of the facts and their wordings."""
        place = {fact.id: at for at, fact in enumerate(self._order.facts)}

        def key(item: tuple[tuple[int, ...], Draft]) -> tuple[int, int]:
            facts = (self._sources[number].fact for number in item[0])
            first = min((place[fact.id] for fact in facts if fact is not None), default=len(place))
            return first, item[1].wording

        return tuple(draft for _, draft in sorted(self._placed, key=key))

    def take(self, item: Shape, *, call: str) -> int:
        """Keep the drafts of an item and return their number.

        Raises:
            DroppedError: it cannot be used; says why.
        """
        self._call = call
        before = len(self._placed)
        self._build[type(item)](item)
        return len(self._placed) - before

    # -- one kind each --------------------------------------------------------------------------------

    def _take_answer(self, item: AnswerShape) -> None:
        answer = _clean_answer(item.answer)
        numbers = self._find_numbers(item.facts, answer)
        self._place_each([(numbers, question, answer) for question in item.questions])

    def _take_paraphrase(self, item: ParaphraseShape) -> None:
        found = []
        for version in item.versions:
            text = _clean_answer(version.text)
            found.append((self._find_numbers(item.facts, text), version.request, text))
        self._place_each(found)

    def _take_task(self, item: TaskShape) -> None:
        response = _clean_answer(item.response)
        self._place(self._find_numbers(item.facts, response), item.instruction, response)

    def _take_hop(self, item: HopShape) -> None:
        numbers = tuple(sorted(self._known(item.facts)))
        if {self._sources[n].is_second for n in numbers} != {False, True}:
            raise DroppedError("it does not name facts of both documents")
        self._place(numbers, item.question, _clean_answer(item.answer))

    def _take_dialogue(self, item: DialogueShape) -> None:
        turns: list[Turn] = []
        used: list[int] = []
        for turn in item.turns:
            answer = _clean_answer(turn.answer)
            try:
                numbers = self._find_numbers(turn.facts, answer)
                question = _clean_question(turn.question)
            except DroppedError:
                break  # what follows would answer to a turn that is not there
            turns.append(Turn(question=question, answer=answer, evidence=self._cite(numbers)))
            used.extend(numbers)
        if len(turns) < 2:
            raise DroppedError("fewer than two of its turns rest on facts")
        self._keep(tuple(dict.fromkeys(used)), tuple(turns))

    def _take_summary(self, item: SummaryShape) -> None:
        texts: list[str] = []
        used: list[int] = []
        for sentence in item.sentences:
            text = _clean_answer(sentence.text)
            try:
                used.extend(self._find_numbers(sentence.facts, text))
            except DroppedError:
                continue
            texts.append(text if text[-1] in ".!?。" else f"{text}.")
        if not texts:
            raise DroppedError("none of its sentences rests on a fact")
        self._place(tuple(dict.fromkeys(used)), item.request, " ".join(texts))

    def _take_reasoning(self, item: ReasoningShape) -> None:
        numbers = tuple(sorted(self._known(item.facts)))
        if not numbers:
            raise DroppedError("it names no fact")
        quotes = [self._sources[n].evidence.quote for n in numbers]
        result = check_reasoning(item, quotes)
        self._place(numbers, item.question, _clean_answer(item.answer), result=result)

    def _take_question(self, item: QuestionShape) -> None:
        question = _clean_question(item.question)
        numbers = self._known(item.facts) or self._only()
        if self._is_repeated(question):
            return
        seed = derive_seed(self._order.id, question)
        # Chance for variety, not for secrets.
        answer = random.Random(seed).choice(load_not_found(self._language))  # noqa: S311
        # It lies near its facts and teaches none of them.
        draft = self._draft((), (Turn(question=question, answer=answer),))
        draft = build_open_book(draft, self._order.passage, self._order.others, seed=seed)
        self._placed.append((numbers, draft))

    def _place_each(self, found: Sequence[tuple[tuple[int, ...], str, str]]) -> None:
        """Keep what can be kept; raises ``DroppedError`` when that is nothing."""
        fault: DroppedError | None = None
        before = len(self._placed)
        for numbers, question, answer in found:
            try:
                self._place(numbers, question, answer)
            except DroppedError as error:
                fault = error
        if fault is not None and len(self._placed) == before:
            raise fault

    # -- parts ----------------------------------------------------------------------------------------

    def _place(self, numbers: tuple[int, ...], question: str, answer: str, *, result: str = "") -> None:
        """Keep one question with its answer, unless it was asked or there are enough of its fact."""
        question = _clean_question(question)
        if self._count.get(numbers, 0) >= self._wordings or self._is_repeated(question):
            return
        if fold(question) == fold(answer):
            raise DroppedError("its answer repeats the question")
        evidence = self._cite(numbers)
        self._keep(numbers, (Turn(question=question, answer=answer, evidence=evidence, result=result),))

    def _keep(self, numbers: tuple[int, ...], turns: tuple[Turn, ...]) -> None:
        draft = self._draft(numbers, turns)
        self._count[numbers] = self._count.get(numbers, 0) + 1
        self._placed.append((numbers, draft))

    def _draft(self, numbers: Sequence[int], turns: tuple[Turn, ...]) -> Draft:
        facts = [fact for n in numbers if (fact := self._sources[n].fact) is not None]
        return Draft(
            kind=self._order.kind,
            language=self._language,
            turns=turns,
            facts=tuple(fact.id for fact in facts),
            topic=facts[0].topic if facts else self._order.passage.title,
            wording=self._count.get(tuple(numbers), 0),
            writer="model",
            model=self._model,
            calls=(self._call,) if self._call else (),
        )

    def _cite(self, numbers: Iterable[int]) -> tuple[Evidence, ...]:
        return tuple(self._sources[number].evidence for number in numbers)

    def _known(self, numbers: Iterable[int]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(n for n in numbers if n in self._sources))

    def _only(self) -> tuple[int, ...]:
        return tuple(self._sources) if len(self._sources) == 1 else ()

    def _find_numbers(self, named: Iterable[int], answer: str) -> tuple[int, ...]:
        """Return the facts that an answer names; of several, or of none, the one that supports it alone."""
        numbers = tuple(sorted(self._known(named))) or self._only()
        if len(numbers) == 1 or (numbers and self._order.kind not in BY_FACT):
            return numbers
        best = self._find_support(answer, numbers or tuple(self._sources))
        if best is not None:
            return (best,)
        if numbers:
            return numbers[:_MAX_NAMED]
        stated = ", ".join(map(str, named))
        raise DroppedError(f"there is no fact {stated}" if stated else "it names no fact")

    def _find_support(self, answer: str, numbers: Sequence[int]) -> int | None:
        """Return the fact that says best what ``answer`` says, if one says it all."""
        context = f"{self._order.passage.title}\n{self._order.passage.context}"
        best: tuple[float, int] | None = None
        for number in numbers:
            quote = self._sources[number].evidence.quote
            support = check_support(answer, [quote], context=context)
            if support.supported and not support.cross_lingual and (best is None or support.score > best[0]):
                best = support.score, number
        return best[1] if best else None

    def _is_repeated(self, question: str) -> bool:
        key = re.sub(r"\W+", " ", fold(question)).strip()
        if key in self._asked:
            return True
        self._asked.add(key)
        return False


def check_reasoning(item: ReasoningShape, quotes: Sequence[str]) -> str:
    """Return the result of a computation that code has done again.

    Every number in it must stand in the facts or the question, or convert units; one at least comes from the
    facts; the stated result must be the computed one and stand in the answer.

    Raises:
        DroppedError: one of these does not hold; says which.
    """
    try:
        computed = compute(item.expression)
    except WrongUseError as error:
        raise DroppedError(error.message) from error
    if not computed.num_operations:
        raise DroppedError("its expression computes nothing")
    given = _read_numbers("\n".join(quotes))
    asked = _read_numbers(item.question)
    foreign = [n for n in computed.numbers if n not in given | asked | _CONVERSIONS]
    if foreign:
        raise DroppedError(f"{_show(foreign[0])} stands neither in the facts nor in the question")
    if not given & set(computed.numbers):
        raise DroppedError("no number of its expression stands in the facts")
    stated = read_number(item.result)
    if stated is None or not agrees(computed.value, stated, item.result):
        raise DroppedError(f"{item.expression[:60]} is {_show(computed.value)}, not {item.result[:30]}")
    if stated not in _read_numbers(item.answer):
        raise DroppedError("its answer does not state the result")
    return _show(stated)


def _read_numbers(text: str) -> frozenset[Fraction]:
    found = read_facts(text)
    values = [quantity.value for quantity in found.quantities]
    plain = re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text.replace(",", ""))
    return frozenset(Fraction(v) for v in (*values, *plain) if re.fullmatch(r"-?\d+(?:\.\d+)?", v))


def _show(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.6f}".rstrip("0").rstrip(".")


def _clean_answer(text: str) -> str:
    text = _ANSWER_PREFIX.sub("", _MARK.sub("", nfc(text)).strip())
    text = _NUMBERED.sub("", text)  # the first of one
    if (len(text) < _MIN_CHARS and not re.search(r"\d|[가-힣]", text)) or _PLACEHOLDER.match(text):
        raise DroppedError("its answer is empty")
    if _SPEAKS_OF_FACTS.search(text):
        raise DroppedError("its answer speaks of fact numbers")
    return text


def _clean_question(text: str) -> str:
    text = _QUESTION_PREFIX.sub("", " ".join(_MARK.sub("", nfc(text)).split()))
    if len(text) < _MIN_QUESTION_CHARS or _PLACEHOLDER.match(text):
        raise DroppedError("its question is empty")
    if _SPEAKS_OF_FACTS.search(text):
        raise DroppedError("its question speaks of fact numbers")
    return text
