"""Which use a licence allows: a verdict per source, followed to each example."""

from collections.abc import Iterable
from typing import Literal

from ondol.core.frozen import Frozen

Use = Literal["internal", "commercial", "redistribute"]
"""Train for use inside the organisation; sell what the model does; pass dataset or model on."""
Allowed = Literal["yes", "ask", "no"]


class LicenceVerdict(Frozen):
    """Whether a licence allows a use.

    Attributes:
        licence: as it was given.
        reason: one or two sentences in plain words.
        duties: what must be done in return, each once.
    """

    licence: str = ""
    allowed: Allowed
    reason: str
    duties: tuple[str, ...] = ()


def judge_licence(name: str, use: Use) -> LicenceVerdict:
    """Return whether the licence ``name`` allows ``use``."""
    return LicenceVerdict(licence=name, allowed="ask", reason=f"“{name}” is not judged yet for {use}.")


def combine(verdicts: Iterable[LicenceVerdict]) -> LicenceVerdict:
    """Return the strictest of the verdicts, with the duties of all."""
    found = tuple(verdicts)
    return max(found, key=lambda v: ("yes", "ask", "no").index(v.allowed))
