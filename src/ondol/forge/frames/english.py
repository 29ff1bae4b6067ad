"""Questions and answers of an English sentence."""

from ondol.core.examples import Fact, Passage
from ondol.forge.facts import strip_mark
from ondol.forge.frames.wording import Wording
from ondol.text.morphemes import Analyser


def frame(fact: Fact, passage: Passage, *, analyser: Analyser) -> tuple[Wording, ...]:
    """Return the wordings of a fact, the best first; none where its structure is not certain."""
    del passage, analyser
    said = strip_mark(fact.evidence.quote)
    subject, verb, _ = said.partition(" is used to ")
    if not verb or not fact.standalone or not subject.startswith("The "):
        return ()
    subject = "the" + subject[3:]
    return (
        Wording(f"What is {subject} used for?", said, "use", 0.9),
        Wording(f"What is the purpose of {subject}?", said, "use", 0.9),
    )
