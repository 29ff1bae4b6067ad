"""All checks of a draft, cheap ones first; the first that fails is the reason, and every verdict is kept."""

from collections.abc import Sequence

from ondol.core.examples import Draft, Passage, Verdict
from ondol.core.protocols import Embedder
from ondol.evidence.judge import Calibration, Judge
from ondol.evidence.terms import TermSource, build_terms
from ondol.forge.order import Check
from ondol.forge.verify.answerable import AbsenceCheck, AnswerableCheck
from ondol.forge.verify.injection import InjectionCheck
from ondol.forge.verify.judged import JudgeCheck
from ondol.forge.verify.language import LanguageCheck
from ondol.forge.verify.leak import LeakCheck
from ondol.forge.verify.nearness import Nearness
from ondol.forge.verify.personal import PersonalCheck
from ondol.forge.verify.quotation import QuotationCheck
from ondol.forge.verify.reasoning import ReasoningCheck
from ondol.forge.verify.shape import ShapeCheck
from ondol.forge.verify.standalone import StandaloneCheck
from ondol.forge.verify.support import SupportCheck, Translate
from ondol.forge.verify.toxicity import ToxicityCheck


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
    embedder: Embedder | None = None,
    judge: Judge | None = None,
    calibration: Calibration | None = None,
    translate: Translate | None = None,
    remnants: Sequence[str] = (),
) -> Verifier:
    """Return the verifier of a run.

    Args:
        analyser: cuts text into terms (``text.morphemes.Analyser``).
        embedder: lets the checks for an answer see meaning beside words.
        judge: asked last, and only if ``calibration`` says that it may be.
        calibration: how well ``judge`` did on true and planted items; without one it is not asked.
        translate: lets an answer in another language than its quotation be compared word by word.
        remnants: examples of the prompts in use, which no draft may repeat.
    """
    terms, nearness = build_terms(analyser), Nearness(embedder)
    checks: list[Check] = [
        ShapeCheck(),
        QuotationCheck(),
        LanguageCheck(),
        LeakCheck(terms, remnants=remnants),
        InjectionCheck(),
        ToxicityCheck(),
        PersonalCheck(),
        ReasoningCheck(),
        StandaloneCheck(terms),
        SupportCheck(terms, translate=translate),
        AnswerableCheck(terms, nearness=nearness),
        AbsenceCheck(terms, nearness=nearness),
    ]
    if judge is not None and calibration is not None and calibration.usable:
        checks.append(JudgeCheck(judge, threshold=calibration.threshold))
    return Verifier(checks)
