"""All checks of a draft, cheap ones first; the first that fails is the reason, and every verdict is kept."""

from collections.abc import Sequence

from ondol.core.examples import Draft, Passage, Verdict
from ondol.core.protocols import Embedder
from ondol.evidence.terms import TermSource, build_terms
from ondol.forge.order import Check
from ondol.forge.verify.quotation import QuotationCheck
from ondol.forge.verify.shape import ShapeCheck
from ondol.forge.verify.support import SupportCheck, Translate


class Verifier:
    """Runs checks in their order. Safe to use from several threads."""

    def __init__(self, checks: Sequence[Check]) -> None:
        """Take the checks in the order in which they run."""
        self._checks = tuple(checks)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the checks, in order."""
        return tuple(check.name for check in self._checks)

    def verify(self, draft: Draft, passages: Sequence[Passage]) -> tuple[Verdict, ...]:
        """Return the verdicts up to and with the first failure; the draft is good when the last one passed.

        Args:
            draft: what a writer proposed.
            passages: all those that its evidence was taken from, and further ones that must not answer it.
        """
        verdicts: list[Verdict] = []
        for check in self._checks:
            verdicts.append(check.judge(draft, passages))
            if not verdicts[-1].passed:
                break
        return tuple(verdicts)


def is_accepted(verdicts: Sequence[Verdict]) -> bool:
    """Tell whether every check passed; no verdict is no acceptance."""
    return bool(verdicts) and all(v.passed for v in verdicts)


def build_verifier(
    *,
    analyser: TermSource,
    embedder: Embedder | None = None,  # noqa: ARG001
    translate: Translate | None = None,
) -> Verifier:
    """Return the verifier of a run.

    Args:
        analyser: cuts text into terms (``text.morphemes.Analyser``).
        embedder: lets the check for an answer see meaning beside words.
        translate: lets an answer in another language than its quotation be compared word by word.
    """
    terms = build_terms(analyser)
    return Verifier((ShapeCheck(), QuotationCheck(), SupportCheck(terms, translate=translate)))
