"""How a check says yes or no."""

from ondol.core.examples import Verdict


def accept(check: str, *, score: float = 1.0) -> Verdict:
    """Return a verdict that lets the draft pass."""
    return Verdict(check=check, passed=True, score=_clip(score))


def refuse(check: str, detail: str, *, score: float = 0.0) -> Verdict:
    """Return a verdict that stops the draft; ``detail`` is one sentence for ``rejected.jsonl``."""
    return Verdict(check=check, passed=False, score=_clip(score), detail=detail)


def _clip(score: float) -> float:
    return round(min(1.0, max(0.0, score)), 4)
