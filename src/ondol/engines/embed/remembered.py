"""An embedder that remembers the newest vectors: checks ask for the same passages again and again."""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ondol.core.protocols import Embedder, FloatMatrix

Kind = Literal["query", "passage"]


class RememberingEmbedder:
    """An embedder over another one. Safe to call from several threads.

    Args:
        embedder: asked for what is not remembered.
        capacity: vectors kept; the one used longest ago goes first.
    """

    def __init__(self, embedder: Embedder, *, capacity: int = 4096) -> None:
        self._embedder = embedder
        self._capacity = capacity
        self._lock = Lock()
        self._known: OrderedDict[tuple[Kind, str], NDArray[np.float32]] = OrderedDict()

    @property
    def name(self) -> str:
        """Of the embedder beneath."""
        return self._embedder.name

    @property
    def fingerprint(self) -> str:
        """Of the embedder beneath."""
        return self._embedder.fingerprint

    @property
    def dimensions(self) -> int:
        """Of the embedder beneath."""
        return self._embedder.dimensions

    def embed(self, texts: Sequence[str], *, kind: Kind) -> FloatMatrix:
        """Return unit-length rows, shape (len(texts), dimensions)."""
        found: dict[str, NDArray[np.float32]] = {}
        with self._lock:
            for text in texts:
                if (kind, text) in self._known:
                    self._known.move_to_end((kind, text))
                    found[text] = self._known[kind, text]
        # One at a time: padding to a longer neighbour changes the last bits, and a vector must not depend on
        # what else was asked for.
        for text in dict.fromkeys(texts):
            if text not in found:
                found[text] = self._embedder.embed([text], kind=kind)[0]
                self._keep((kind, text), found[text])
        rows = [found[text] for text in texts]
        return np.stack(rows) if rows else np.empty((0, self.dimensions), dtype=np.float32)

    def _keep(self, key: tuple[Kind, str], vector: NDArray[np.float32]) -> None:
        with self._lock:
            self._known[key] = vector
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)
