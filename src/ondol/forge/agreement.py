"""How far reviewers agree beyond chance: Krippendorff's alpha for nominal data.

Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability": any number of reviewers, missing values
allowed. (The library that computes it is under the GPL.)
"""

from collections import Counter
from collections.abc import Iterable, Sequence


def compute_alpha(units: Iterable[Sequence[str]]) -> float | None:
    """Return alpha: 1 is full agreement, 0 is what chance gives, below 0 is systematic disagreement.

    Args:
        units: for each item, the values that its reviewers gave; an item with one value says nothing.

    Returns:
        ``None`` when no item has two values, or when only one value was ever given: then agreement cannot be
        told from a habit.
    """
    observed = 0.0
    totals: Counter[str] = Counter()
    for values in units:
        if len(values) < 2:
            continue
        counts = Counter(values)
        totals.update(counts)
        unequal = len(values) ** 2 - sum(count * count for count in counts.values())
        observed += unequal / (len(values) - 1)
    size = totals.total()
    expected = size**2 - sum(count * count for count in totals.values())
    if not expected:
        return None
    return 1 - (size - 1) * observed / expected
