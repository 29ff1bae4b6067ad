"""An embedder for tests: deterministic, instant, and close texts are close."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from ondol.core.protocols import FloatMatrix


class FakeEmbedder:
    """Hashes words and trigrams into a vector (Weinberger et al. 2009): shared words bring texts close.

    Args:
        fault: called with the texts before each call; what it raises is raised.
    """

    def __init__(
        self,
        *,
        name: str = "fake-embedder",
        dimensions: int = 64,
        fault: Callable[[Sequence[str]], None] | None = None,
    ) -> None:
        self._name = name
        self._dimensions = dimensions
        self._fault = fault

    @property
    def name(self) -> str:
        """As given."""
        return self._name

    @property
    def fingerprint(self) -> str:
        """Name and size."""
        return f"{self._name}:{self._dimensions}"

    @property
    def dimensions(self) -> int:
        """As given."""
        return self._dimensions

    def embed(self, texts: Sequence[str], *, kind: Literal["query", "passage"]) -> FloatMatrix:
        """Return unit-length rows; ``kind`` makes no difference."""
        del kind
        if self._fault is not None:
            self._fault(texts)
        rows = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            folded = text.lower()
            words = folded.split()
            for feature in ["", *words, *words, *(folded[i : i + 3] for i in range(len(folded) - 2))]:
                digest = int.from_bytes(hashlib.blake2b(feature.encode(), digest_size=8).digest())
                row[digest % self._dimensions] += 1.0 if digest >> 63 else -1.0
            row[0] += 1e-3  # no text has length zero
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows

    def close(self) -> None:
        """Do nothing."""
