"""How near a passage is to a question in meaning; each is embedded once, since many drafts rest on it."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ondol.core.examples import Passage
from ondol.core.protocols import Embedder
from ondol.evidence.answerable import CALIBRATED

_REMEMBERED = 2048


class Nearness:
    """Cosines of questions and passages. Safe to use from several threads."""

    def __init__(self, embedder: Embedder | None) -> None:
        """Use ``embedder`` if it is the one that the score for an answer is calibrated for, else none."""
        self._embedder = embedder if embedder is not None and embedder.name == CALIBRATED else None
        self._known: OrderedDict[tuple[str, str], NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def is_known(self) -> bool:
        """Whether there is an embedder to measure with."""
        return self._embedder is not None

    def measure(self, question: str, passages: Sequence[Passage]) -> list[float | None]:
        """Return the cosine of each passage; ``None`` without an embedder. Raises ``EngineError``."""
        if self._embedder is None:
            return [None] * len(passages)
        asked = self._embedder.embed([question], kind="query")[0]
        return [float(self._load(passage, self._embedder) @ asked) for passage in passages]

    def _load(self, passage: Passage, embedder: Embedder) -> NDArray[np.float32]:
        key = (passage.chunk_id, passage.text)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        # One by one: what else is in a batch must not change a vector.
        vector: NDArray[np.float32] = embedder.embed([f"{passage.title}\n{passage.text}"], kind="passage")[0]
        with self._lock:
            self._known[key] = vector
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return vector
