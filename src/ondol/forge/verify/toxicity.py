"""Is there an insult or an obscenity in the sample?"""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import yaml

from ondol.core.examples import Draft, Passage, Verdict
from ondol.forge.verify.verdict import accept, refuse
from ondol.text.normalise import fold

_WORDS = Path(__file__).with_name("toxic.yaml")


class ToxicityCheck:
    """No word of ``toxic.yaml`` in question or answer.

    Cannot see contempt in polite words, nor spelling that hides a word.
    """

    name = "toxicity"

    def judge(self, draft: Draft, passages: Sequence[Passage]) -> Verdict:  # noqa: ARG002 - protocol
        """Look at each text by itself."""
        for turn in draft.turns:
            if found := find_toxic(f"{turn.question}\n{turn.answer}"):
                return refuse(self.name, f"There is a word of the list in it: {found!r}.")
        return accept(self.name)


def find_toxic(text: str) -> str:
    """Return the first word of the list in ``text``, folded, or nothing."""
    found = _pattern().search(fold(text))
    return found[0] if found else ""


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    words = yaml.safe_load(_WORDS.read_text(encoding="utf-8"))
    english, korean = "|".join(words["en"]), "|".join(words["ko"])
    # Hangul words take particles behind, never syllables before.
    return re.compile(rf"\b(?:{english})\b|(?<![가-힣])(?:{korean})")
