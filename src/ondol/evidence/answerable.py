"""Do these passages answer this question at all? A calibrated score, so that it can be said when not."""

import math

from ondol.core.frozen import Frozen
from ondol.evidence.select import Selection
from ondol.evidence.terms import is_weak

# Logistic regression, rounded. On XQuAD: a question's article in the corpus, that article taken out, its
# paragraph alone taken out; and the questions on the sample handbook. Cross-validated by article; see
# docs/decisions/0006-answers.md.
_WEIGHTS = {
    "coverage": 4.3,  # share of the question's weight in the best sentence
    "beside": 4.4,  # … in the sentences or headings beside it
    "bigrams": 3.0,
    "focus": 0.4,
    "missing_names": -1.1,  # share of names that the passage does not hold
    "missing": -3.1,  # share of strong terms that it does not hold
    "num_missing": -0.5,
    "num_terms": 0.6,
    "only_names": -1.0,  # the sentence shares a name with the question and nothing that is asked of it
}
_BIAS = -2.5
_MAX_TERMS = 6

CALIBRATED = "all-minilm-l6-v2"
"""Embedder whose cosines the score knows how to read; those of others have another scale."""

# With a similarity: logistic regression over the score above and the cosine, on XQuAD alone,
# rounded. Held out by article, unrelated false answers fall to a third at the same share of answers.
_WITH_SIMILARITY = {"words": 0.75, "cosine": 4.7, "bias": -2.35}


class Answerable(Frozen):
    """Whether an answer stands in the passages.

    Attributes:
        score: probability-like, 0 to 1.
        missing: content terms of the question that the best passage does not hold.
    """

    score: float
    missing: tuple[str, ...] = ()


def score_answerable(selection: Selection) -> Answerable:
    """Score how likely the best sentence of ``selection`` answers its question; 0 where there is none."""
    best = next((c for c in selection.ranked if c.unit.kind != "heading"), None)
    if best is None or not selection.question.terms:
        return Answerable(score=0.0)
    body = selection.bodies[best.passage]
    asked = selection.question.weights
    wholes = selection.question.wholes
    strong = [t for t, w in asked.items() if w >= 1 or (t in wholes and not is_weak(t))] or list(asked)
    names = [t for t, w in asked.items() if w > 1]
    missing = tuple(t for t in strong if body.match(t) < 0.5)
    values = {
        "coverage": best.features["coverage"],
        "beside": max(best.features["window"], best.features["context"]),
        "bigrams": best.features["bigrams"],
        "focus": best.features["focus"],
        "missing_names": sum(t in missing for t in names) / len(names) if names else 0.0,
        "missing": len(missing) / len(strong),
        "num_missing": float(len(missing)),
        "num_terms": float(min(len(strong), _MAX_TERMS)),
        "only_names": float(not any(t in best.matched for t in strong if t not in names)),
    }
    z = _BIAS + sum(_WEIGHTS[name] * value for name, value in values.items())
    cosine = _find_similarity(selection, best.passage)
    if cosine is not None:
        weights = _WITH_SIMILARITY
        z = weights["words"] * z + weights["cosine"] * cosine + weights["bias"]
    return Answerable(score=1 / (1 + math.exp(-z)), missing=missing)


def _find_similarity(selection: Selection, passage: int) -> float | None:
    """Return the cosine; a passage that the dense search missed is as far as the farthest that it found."""
    known = [s for s in selection.similarities if s is not None]
    if not known:
        return None
    own = selection.similarities[passage]
    return min(known) if own is None else own
