"""Build the retention set: the trainee's own answers to general prompts, for replay while it is tuned.

Answers in the model's own words keep old abilities where other text does not: self-distillation (Yang et al.
2024, arXiv 2402.13669) and self-synthesised rehearsal (Huang et al. 2024, arXiv 2403.01244). Prompts come from
a shipped pool and, in the manner of Self-Instruct (Wang et al. 2022, arXiv 2212.10560), from the trainee.
"""

from collections.abc import Callable, Iterator, Sequence

from ondol.core.examples import RetentionExample
from ondol.core.frozen import Frozen
from ondol.core.protocols import ChatModel


class PoolPrompt(Frozen):
    """A general prompt."""

    id: str
    category: str
    prompt: str
    language: str


def load_pool(languages: Sequence[str] = ("en", "ko")) -> tuple[PoolPrompt, ...]:
    """Return the shipped prompts in ``languages``."""
    del languages
    return ()


def build_retention(
    count: int,
    *,
    chat: ChatModel,
    languages: Sequence[str] = ("en", "ko"),
    seed: int = 0,
    max_tokens: int = 96,
    temperature: float = 0.8,
    pool: Sequence[PoolPrompt] | None = None,
    is_contaminated: Callable[[str], bool] = lambda text: False,
    on_drop: Callable[[str], None] = lambda reason: None,
) -> Iterator[RetentionExample]:
    """Yield up to ``count`` examples; the same arguments and replies give the same ones.

    Args:
        count: wanted.
        chat: the model that is to be tuned; with ``engines.cache.CachedChat`` calls are kept and named.
        languages: of the prompts, taken in turn.
        seed: chooses prompts and sampling.
        max_tokens: of an answer.
        temperature: of an answer.
        pool: prompts to start from; the shipped ones without it.
        is_contaminated: tells of a text that must not be in a dataset.
        on_drop: told why a prompt or an answer was not taken.

    Raises:
        EngineError: the model failed.
    """
    del count, chat, languages, seed, max_tokens, temperature, pool, is_contaminated, on_drop
    yield from ()
