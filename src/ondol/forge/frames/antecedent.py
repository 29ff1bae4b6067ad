"""What *it* and *they* stand for at the head of a sentence, where that is certain.

Taken is the subject of the sentence just before, in the same paragraph, if number agrees and it is a name or
what the title or the nearest heading is about. Elsewhere nothing is said.
"""

import re

from ondol.core.examples import Fact, Passage
from ondol.evidence.terms import is_weak, simple_terms
from ondol.evidence.units import Unit, split_units
from ondol.forge.facts import strip_mark
from ondol.forge.frames.clause import Clause, read_clause, settle_first

# *It also* may mean what was spoken of two sentences before.
_PRONOUN = re.compile(r"(It|They)\s+(?=[a-z])(?!(?:\w+ )?(?:also|however|instead|therefore)\b)")


def name_subject(fact: Fact, passage: Passage) -> str:
    """Return the fact's sentence with its subject named; empty where it is not sure what is meant."""
    said = strip_mark(fact.evidence.quote.strip())
    pronoun = _PRONOUN.match(said)
    before = _find_before(fact, passage)
    clause = _read(before, passage) if pronoun and before else None
    if pronoun is None or clause is None or clause.subject in {"you", "it", "they"}:
        return ""
    is_many = clause.plural or (clause.auxiliary in {"are", "were"})
    is_known = bool(clause.verb) or clause.auxiliary in {"is", "are", "was", "were"}
    if not is_known or is_many != (pronoun[1] == "They") or not _is_topic(clause.subject, passage):
        return ""
    subject = clause.subject
    return f"{subject[0].upper()}{subject[1:]} {said[pronoun.end() :]}"


def _find_before(fact: Fact, passage: Passage) -> str:
    """Return the sentence before the fact's own, if both stand in one paragraph."""
    start = fact.evidence.start - passage.start
    last: Unit | None = None
    for unit in split_units(passage.text):
        if unit.start >= start:
            break
        last = unit
    if last is None or last.kind != "sentence" or "\n" in passage.text[last.end : start]:
        return ""
    return passage.text[last.start : last.end]


def _read(sentence: str, passage: Passage) -> Clause | None:
    said = strip_mark(sentence.strip())
    return None if "\n" in said else read_clause(settle_first(said, f"{passage.text}\n… {passage.title}"))


def _is_topic(subject: str, passage: Passage) -> bool:
    """Tell whether a subject is a name, or has no word that stands not in the title or nearest heading."""
    if re.search(r"(?<=\s)[A-Z]|^\w*[a-z][A-Z]|^[A-Z]{2}", subject):
        return True
    headings = [passage.title, passage.context.split(" > ")[-1]]
    mine = {t for t in simple_terms(subject) if not is_weak(t)}
    return any(mine and mine <= set(simple_terms(heading)) for heading in headings)
