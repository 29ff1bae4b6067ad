"""Who may read what: no read up (Bell and LaPadula 1973), and a need to know for every group of the label."""

from collections.abc import Iterable

from ondol.core.access import EVERY_GROUP, Label, Principal


def can_read(principal: Principal, label: Label) -> bool:
    """Tell whether ``principal``'s grade reaches the label's and it belongs to each of the label's groups."""
    if label.grade > principal.grade:
        return False
    return EVERY_GROUP in principal.groups or label.groups <= principal.groups


def readable(principal: Principal, labels: Iterable[Label]) -> frozenset[Label]:
    """Return those of ``labels`` that ``principal`` may read."""
    return frozenset(label for label in labels if can_read(principal, label))


def strictest(labels: Iterable[Label]) -> Label:
    """Return the least label that is at least as strict as each (the join of the lattice); open for none."""
    found = list(labels)
    return Label(
        grade=max((label.grade for label in found), default=Label().grade),
        groups=frozenset().union(*(label.groups for label in found)),
    )
