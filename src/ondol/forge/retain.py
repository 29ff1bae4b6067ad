"""Build the retention set: the trainee's own answers to general prompts, for replay while it is tuned.

Answers in the model's own words keep old abilities where other text does not: self-distillation (Yang et al.
2024, arXiv 2402.13669) and self-synthesised rehearsal (Huang et al. 2024, arXiv 2403.01244). Prompts come
from a shipped pool (CC0) and, after Self-Instruct (Wang et al. 2022, arXiv 2212.10560), from the trainee.
"""

import json
import random
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice

from ondol.core.examples import RetentionExample
from ondol.core.frozen import Frozen
from ondol.core.ids import sha256_hex
from ondol.core.models import ChatReply, ChatRequest, Message
from ondol.core.protocols import ChatModel
from ondol.forge.write.asking import Asker, derive_seed
from ondol.text.language import detect_language
from ondol.text.normalise import fold, nfc
from ondol.text.shingles import Hashes, containment, jaccard, shingle

_LANGUAGES = ("en", "ko")
_THINK_UP = {
    "en": (
        "Here are tasks that people gave to a helpful assistant:\n\n{examples}\n\nThink of {count} further "
        "tasks. Each one is different in subject and kind, short, complete in itself (whatever text it is "
        "about stands in it) and can be answered in a few sentences. Write one task on each line, numbered, "
        "and nothing else."
    ),
    "ko": (
        "다음은 사람들이 도우미에게 부탁한 일입니다.\n\n{examples}\n\n이와 다른 부탁을 {count}개 더 생각해 "
        "내세요. 서로 주제와 종류가 달라야 하고, 짧고, 그 자체로 완결되어야 하며(다룰 글이 있으면 부탁 안에 "
        "적습니다), 몇 문장으로 답할 수 있어야 합니다. 번호를 붙여 한 줄에 하나씩, 다른 말 없이 한국어로 "
        "쓰세요."
    ),
}
_EXAMPLES = 5
_NEW_AT_ONCE = 8
_THINK_UP_TOKENS = 400
_THINKING_TOKENS = 2048  # for a model that always thinks, beside its answer
_MODEL_EVERY = 3  # each third prompt is the trainee's own while the pool lasts
_MAX_BARREN = 6  # requests in a row that gave no new prompt
# A language is given up after so many prompts that were answered wrongly, or not, …
_MAX_FOREIGN, _MIN_ANSWERED = 12, 0.25  # … if those answered well are fewer than this share of them
_MAX_FAILED, _LEAST_ANSWERED = 100, 0.05  # the same for answers that were cut off too
_TRIES = 2
_DEADLINE_S = 1800.0
_TIMEOUT_S = 300.0
_NEAR = 0.6
_PIECE = 0.85

_LINE = re.compile(r"^\s*(?:\d{1,2}[.):]|[-*•])\s+(.+?)\s*$", re.MULTILINE)
_BOLD = re.compile(r"\*\*|__|^[\"“]|[\"”]$")
_WHOLE = re.compile(r"[.?!…。\"”'’)\]`*|}]\s*\Z|[다요죠까오음함됨세자네]\s*\Z")
_MISSING = re.compile(
    r"\b(?:(?:following|above|below|attached|given|provided|this) (?:text|article|passage|paragraph|story"
    r"|image|picture|code|list|sentence|email|essay|table|document|poem|dialogue|data)|insert)\b"
    r"|\b(?:text|passage|story|image|code|list|email|table) (?:above|below)\b"
    r"|\[[^\]]*\]|_{3,}|(?:다음|위|아래|주어진|이) (?:글|문장|지문|기사|그림|사진|코드|표|목록|이야기)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“「'‘`].{8,}|:\s*\S.{8,}", re.DOTALL)
_CONTROL = re.compile(
    r"<\|[^|>\n]{1,40}\|>|\[/?INST\]|</?s>|<(?:start|end)_of_turn>|</?think>", re.IGNORECASE
)
_FOREIGN = re.compile(
    r"\btranslat|\b(?:French|Spanish|German|Italian|Korean|Japanese|Chinese|Latin)\b|[영독불중]어|일본어"
    r"|한국어로 옮|번역|외국인|영문|알파벳",
    re.IGNORECASE,
)
_REPEATING = frozenset({"rewriting", "extraction", "format", "translation", "summarising"})
_MIN_ECHO, _MIN_ECHOED = 0.85, 0.5
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


class PoolPrompt(Frozen):
    """A general prompt.

    Attributes:
        category: ``knowledge``, ``maths``, ``code``, …; empty for what a model thought of.
    """

    id: str
    category: str
    prompt: str
    language: str


def load_pool(languages: Sequence[str] = _LANGUAGES) -> tuple[PoolPrompt, ...]:
    """Return the shipped prompts in ``languages``, which are in the public domain (CC0)."""
    pool: list[PoolPrompt] = []
    for language in languages:
        if language in _LANGUAGES:
            text = (files("ondol.forge.prompts") / f"retention_{language}.jsonl").read_text(encoding="utf-8")
            rows = (json.loads(line) for line in text.splitlines())
            pool.extend(PoolPrompt(language=language, **row) for row in rows)
    return tuple(pool)


def build_retention(
    count: int,
    *,
    chat: ChatModel,
    languages: Sequence[str] = _LANGUAGES,
    seed: int = 0,
    max_tokens: int = 96,
    temperature: float = 0.8,
    concurrency: int = 1,
    is_contaminated: Callable[[str], bool] | None = None,
) -> Iterator[RetentionExample]:
    """Yield up to ``count`` examples; the same arguments and replies give the same ones.

    Args:
        count: wanted; fewer come when the trainee has nothing new to ask or cannot answer.
        chat: the model that is to be tuned; with ``engines.cache.CachedChat`` calls are kept and named.
        languages: of the prompts, taken in turn; one that the trainee does not master is given up.
        seed: chooses prompts and sampling.
        max_tokens: of an answer.
        temperature: of an answer.
        concurrency: answers asked for at once; it does not change what comes out.
        is_contaminated: tells of a text that must not be in a dataset.

    Raises:
        EngineError: the model failed, and went on failing for half an hour.
    """
    rehearsal = Rehearsal(
        chat,
        load_pool(languages),
        languages=languages,
        seed=seed,
        max_tokens=max_tokens,
        temperature=temperature,
    )
    yield from rehearsal.run(count, concurrency=concurrency, is_contaminated=is_contaminated)


class Rehearsal:
    """The making of a retention set.

    Args:
        chat: the trainee.
        pool: prompts to start from.
        languages: taken in turn.
        seed: chooses prompts and sampling.
        max_tokens: of an answer.
        temperature: of an answer.

    Attributes:
        dropped: how many prompts and answers were not taken, by reason.
    """

    def __init__(
        self,
        chat: ChatModel,
        pool: Sequence[PoolPrompt],
        *,
        languages: Sequence[str],
        seed: int,
        max_tokens: int,
        temperature: float,
    ) -> None:
        self._chat = chat
        self._asker = Asker(chat)
        self._seed = seed
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._sources = [
            _PromptSource(self, language, [prompt for prompt in pool if prompt.language == language], seed)
            for language in dict.fromkeys(languages)
            if language in _LANGUAGES
        ]
        self.dropped: Counter[str] = Counter()

    def run(
        self,
        count: int,
        *,
        concurrency: int = 1,
        is_contaminated: Callable[[str], bool] | None = None,
    ) -> Iterator[RetentionExample]:
        """Yield up to ``count`` examples, the languages in turn; raises ``EngineError``."""
        given_up: set[str] = set()
        answered: Counter[str] = Counter()
        failed: Counter[str] = Counter()
        foreign: Counter[str] = Counter()
        for prompt, tried in self._answer_all(given_up, concurrency, is_contaminated):
            language = prompt.language
            if count <= 0:
                return
            if language in given_up:
                continue
            self.dropped.update(tried.faults)
            if tried.example is None:
                failed[language] += 1
                foreign[language] += "cut" not in tried.faults
                if _is_beyond(answered[language], failed[language], foreign[language]):
                    self.dropped["language given up"] += 1
                    given_up.add(language)
                continue
            answered[language] += 1
            if is_contaminated is not None and is_contaminated(tried.example.messages[-1].content):
                self.dropped["contaminated"] += 1
                continue
            count -= 1
            yield tried.example
            if not count:
                return

    def _answer_all(
        self, given_up: Set[str], concurrency: int, is_contaminated: Callable[[str], bool] | None
    ) -> Iterator[tuple[PoolPrompt, "_Tried"]]:
        """Yield prompts with what the trainee said, in the order of the prompts."""
        prompts = self._take_prompts(given_up, is_contaminated)
        waiting: deque[tuple[PoolPrompt, Future[_Tried]]] = deque()
        with ThreadPoolExecutor(concurrency, thread_name_prefix="ondol-retain") as executor:
            try:
                while True:
                    for prompt in islice(prompts, concurrency - len(waiting)):
                        waiting.append((prompt, executor.submit(self._answer, prompt)))
                    if not waiting:
                        return
                    first, future = waiting.popleft()
                    yield first, future.result()
            finally:
                for _, future in waiting:
                    future.cancel()

    def _take_prompts(
        self, given_up: Set[str], is_contaminated: Callable[[str], bool] | None
    ) -> Iterator[PoolPrompt]:
        turn = deque(self._sources)
        while turn:
            source = turn.popleft()
            prompt = None if source.language in given_up else source.take()
            if prompt is None:
                continue
            turn.append(source)
            if is_contaminated is not None and is_contaminated(prompt.prompt):
                self.dropped["contaminated"] += 1
            else:
                yield prompt

    def ask(self, text: str, *, max_tokens: int, temperature: float, seed: int) -> tuple[ChatReply, str]:
        """Ask the trainee, without any system prompt; returns its reply and the key of the call."""
        reasoning = self._chat.profile.reasoning
        request = ChatRequest(
            messages=(Message(role="user", content=text),),
            max_tokens=max_tokens + (_THINKING_TOKENS if reasoning == "always" else 0),
            temperature=temperature,
            seed=seed,
            think=False if reasoning == "switch" else None,
            timeout_s=_TIMEOUT_S,
        )
        errand = self._asker.begin(deadline_s=_DEADLINE_S, sources=(), label="open", seed=seed)
        return errand.ask(request)

    def _answer(self, prompt: PoolPrompt) -> "_Tried":
        faults: list[str] = []
        for attempt in range(_TRIES):
            seed = derive_seed("retention", self._seed, prompt.prompt, attempt)
            reply, call = self.ask(
                prompt.prompt, max_tokens=self._max_tokens, temperature=self._temperature, seed=seed
            )
            text = nfc(reply.text).strip()
            fault = find_fault(prompt, text, is_cut=reply.finish_reason == "length")
            if fault:
                faults.append(fault)
                continue
            example = RetentionExample(
                id="ret_" + sha256_hex(f"{prompt.prompt}\x00{text}".encode())[:24],
                messages=(
                    Message(role="user", content=prompt.prompt),
                    Message(role="assistant", content=text),
                ),
                language=prompt.language,
                source="pool" if prompt.category else "model",
                model=self._chat.profile.name,
                call=call,
            )
            return _Tried(example, tuple(faults))
        return _Tried(None, tuple(faults))


def _is_beyond(answered: int, failed: int, foreign: int) -> bool:
    """Tell whether a trainee does not master a language; answers that are merely too long say little."""
    if foreign >= _MAX_FOREIGN and answered < _MIN_ANSWERED * foreign:
        return True
    return failed >= _MAX_FAILED and answered < _LEAST_ANSWERED * failed


@dataclass(frozen=True)
class _Tried:
    """An answer that can be used, if there is one, and why others cannot."""

    example: RetentionExample | None
    faults: tuple[str, ...]


class _PromptSource:
    """The prompts of one language: from the pool, in seeded order, and from the trainee; none comes twice."""

    def __init__(self, rehearsal: Rehearsal, language: str, pool: list[PoolPrompt], seed: int) -> None:
        self._rehearsal = rehearsal
        self.language = language
        self._seed = seed
        # Chance for variety, not for secrets.
        self._rng = random.Random(derive_seed("pool", seed, language))  # noqa: S311
        self._examples = list(pool)
        self._rng.shuffle(pool)
        self._pool = deque(pool)
        self._fresh: deque[PoolPrompt] = deque()
        self._seen: list[Hashes] = [shingle(prompt.prompt) for prompt in pool]
        self._known = {fold(prompt.prompt) for prompt in pool}
        self._num_taken = self._num_batches = self._num_barren = 0

    def take(self) -> PoolPrompt | None:
        """Return the next prompt, or ``None`` when there will be none any more."""
        self._num_taken += 1
        if self._num_taken % _MODEL_EVERY == 0 or not self._pool:
            while not self._fresh and self._num_barren < _MAX_BARREN:
                self._think_up()
            if self._fresh:
                return self._fresh.popleft()
        return self._pool.popleft() if self._pool else None

    def _think_up(self) -> None:
        examples = self._rng.sample(self._examples, min(_EXAMPLES, len(self._examples)))
        listed = "\n".join(f"{n}. {' '.join(e.prompt.split())}" for n, e in enumerate(examples, 1))
        text = _THINK_UP[self.language].format(examples=listed, count=_NEW_AT_ONCE)
        seed = derive_seed("think-up", self._seed, self.language, self._num_batches)
        self._num_batches += 1
        reply, _ = self._rehearsal.ask(text, max_tokens=_THINK_UP_TOKENS, temperature=1.0, seed=seed)
        found = _LINE.findall(nfc(reply.text))
        if reply.finish_reason == "length" and found:
            found.pop()  # the last one may be half a prompt
        before = len(self._fresh)
        for line in found[: 2 * _NEW_AT_ONCE]:
            self._consider(_BOLD.sub("", line).strip())
        self._num_barren = 0 if len(self._fresh) > before else self._num_barren + 1

    def _consider(self, prompt: str) -> None:
        if not is_sensible(prompt, self.language):
            self._rehearsal.dropped["prompt without sense"] += 1
            return
        hashes = shingle(prompt)
        if fold(prompt) in self._known or any(_is_near(hashes, other) for other in self._seen):
            self._rehearsal.dropped["prompt known"] += 1
            return
        self._known.add(fold(prompt))
        self._seen.append(hashes)
        name = f"{self.language}-own-{len(self._seen)}"
        self._fresh.append(PoolPrompt(id=name, category="", prompt=prompt, language=self.language))


def _is_near(new: Hashes, known: Hashes) -> bool:
    """Tell whether a prompt is another one, or a piece of it."""
    return jaccard(new, known) >= _NEAR or containment(new, known) >= _PIECE


def is_sensible(prompt: str, language: str) -> bool:
    """Tell whether a prompt that a model thought of can stand alone: whole, with all it speaks of."""
    least = 8 if language == "ko" else 15
    if not least <= len(prompt) <= 400 or len(prompt.split()) < 3 or detect_language(prompt) != language:
        return False
    if not _WHOLE.search(prompt) or prompt.endswith(":") or _CONTROL.search(prompt) or is_looping(prompt):
        return False
    if language == "en" and not prompt[0].isupper() and not prompt[0].isdigit():
        return False
    return not _MISSING.search(prompt) or _QUOTED.search(prompt) is not None


def find_fault(prompt: PoolPrompt, answer: str, *, is_cut: bool) -> str:
    """Return why an answer is useless, in a word (``empty``, ``echo``, ``marks``, …), or ``""``."""
    if not re.search(r"\w", answer) or fold(answer) == fold(prompt.prompt):
        return "empty"
    if prompt.category not in _REPEATING and _is_echo(answer, prompt.prompt):
        return "echo"
    if _CONTROL.search(answer) or (not is_cut and answer.count("```") % 2):
        return "marks"
    if is_looping(answer):
        return "looping"
    if is_cut and (not _WHOLE.search(answer) or answer.count("```") % 2):
        return "cut"
    free = prompt.category == "translation" or _FOREIGN.search(prompt.prompt)
    prose = _CODE.sub("", answer)
    if not free and detect_language(prose) not in {prompt.language, ""}:
        return "language"
    return ""


def _is_echo(answer: str, prompt: str) -> bool:
    """Tell whether an answer says the prompt again and next to nothing else."""
    said, asked = shingle(answer, run=1), shingle(prompt, run=1)
    return containment(said, asked) >= _MIN_ECHO and containment(asked, said) >= _MIN_ECHOED


def is_looping(text: str) -> bool:
    """Tell whether a text repeats itself: most of its runs of four words, or a line three times."""
    words = fold(text).split()
    runs = [tuple(words[at : at + 4]) for at in range(len(words) - 3)]
    if len(runs) >= 16 and len(set(runs)) < 0.6 * len(runs):
        return True
    lines = Counter(line.strip() for line in text.splitlines() if len(line.strip()) > 12)
    if any(number >= 3 for number in lines.values()):
        return True
    return re.search(r"(.{2,24}?)\1{6,}", text, re.DOTALL) is not None
