"""Questions and answers of a lists fact."""

from ondol.core.examples import Fact, Passage
from ondol.forge.frames.wording import Wording
from ondol.text.morphemes import Analyser


def frame(fact: Fact, passage: Passage, *, analyser: Analyser) -> tuple[Wording, ...]:
    """Return the wordings of a fact, the best first; none where its structure is not certain."""
    del fact, passage, analyser
    return ()
