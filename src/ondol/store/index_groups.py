"""Who holds what in the index: groups of chunks with the same holders, and the filter over them."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondol.core.access import Label, Principal
from ondol.core.documents import Filter
from ondol.policy.access import can_read
from ondol.store.records import Holder


class Group(NamedTuple):
    """Chunks of one content with the same holders.

    Attributes:
        number: unique in the index for ever.
        fingerprint: of what was indexed: chunk ids, contexts, titles.
        rows: numbers of its chunks.
    """

    number: int
    blob_sha256: str
    fingerprint: str
    first_row: int
    num_rows: int
    holders: tuple[Holder, ...]

    def to_json(self) -> list[Any]:
        """Return plain JSON types."""
        return [*self[:5], [holder.to_json() for holder in self.holders]]

    @classmethod
    def from_json(cls, value: Sequence[Any]) -> "Group":
        """Read what ``to_json`` wrote."""
        number, blob, fingerprint, first_row, num_rows, holders = value
        return cls(number, blob, fingerprint, first_row, num_rows, tuple(map(Holder.from_json, holders)))


class Selection(NamedTuple):
    """What a principal may find, narrowed: the same set for both legs.

    Attributes:
        groups: which group positions may be found; ``None`` is all.
        labels: for the lexical leg: texts of the labels allowed; ``None`` when that leg need not look.
        documents: for the lexical leg, when narrowed: ids of the documents allowed.
    """

    groups: NDArray[np.bool_] | None
    labels: tuple[str, ...] | None
    documents: tuple[str, ...] | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be found."""
        return self.groups is not None and not bool(self.groups.any())


class GroupTable:
    """The groups of a generation in arrays, so that a filter costs microseconds."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self.groups = tuple(groups)
        self.number = np.array([g.number for g in self.groups], dtype=np.int64)
        holders = [(at, holder) for at, group in enumerate(self.groups) for holder in group.holders]
        self._holders = [holder for _, holder in holders]
        self._owner = np.array([at for at, _ in holders], dtype=np.int64)
        self._label_texts = sorted({holder.label for holder in self._holders})
        place = {text: at for at, text in enumerate(self._label_texts)}
        self._labels = [Label.parse(text) for text in self._label_texts]
        self._label_of = np.array([place[h.label] for h in self._holders], dtype=np.int64)
        self._by_principal: dict[tuple[int, frozenset[str]], Selection] = {}

    def select(self, principal: Principal, narrow: Filter | None) -> Selection:
        """Return what may be found: one holder must be readable and pass ``narrow``."""
        key = (int(principal.grade), principal.groups)
        selection = self._by_principal.get(key)
        if selection is None:
            selection = self._by_principal[key] = self._select_readable(principal)
        if narrow is None or narrow == Filter():
            return selection
        readable = np.array([can_read(principal, label) for label in self._labels], dtype=bool)
        allowed = readable[self._label_of] if self._holders else np.empty(0, bool)
        allowed &= np.array([_passes(holder, narrow) for holder in self._holders], dtype=bool)
        documents = tuple(self._holders[at].document for at in np.flatnonzero(allowed))
        return Selection(self._mark(allowed), None, documents)

    def _select_readable(self, principal: Principal) -> Selection:
        readable = np.array([can_read(principal, label) for label in self._labels], dtype=bool)
        if readable.all():
            return Selection(None, None, None)
        allowed = readable[self._label_of]
        labels = tuple(text for text, may in zip(self._label_texts, readable, strict=True) if may)
        return Selection(self._mark(allowed), labels, None)

    def _mark(self, holders: NDArray[np.bool_]) -> NDArray[np.bool_]:
        marked = np.zeros(len(self.groups), dtype=bool)
        marked[self._owner[holders]] = True
        return marked


def _passes(holder: Holder, narrow: Filter) -> bool:
    dated = holder.dated_at
    return (
        (not narrow.documents or holder.document in narrow.documents)
        and (not narrow.kinds or holder.kind in narrow.kinds)
        and (narrow.after is None or (dated is not None and dated >= narrow.after))
        and (narrow.before is None or (dated is not None and dated < narrow.before))
        and (not narrow.sources or any(_is_below(holder.uri, prefix) for prefix in narrow.sources))
    )


def _is_below(uri: str, prefix: str) -> bool:
    # As the database does it: at the address, in its folder, or in its archive.
    if not prefix or prefix.endswith("/"):
        return uri.startswith(prefix)
    return uri == prefix or uri.startswith((prefix + "/", prefix + "!/"))
