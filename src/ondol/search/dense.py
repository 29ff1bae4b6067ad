"""The dense leg: one embedder, its vectors in the index, and how far it may be trusted with a question.

An embedder that was trained on English gives Korean texts vectors too, only meaningless ones. Whether it
knows Korean is found out by asking it: a few questions must find their own answers among the others,
without a word in common.
"""

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ondol.core.protocols import Embedder
from ondol.search.indexer import vector_space
from ondol.store.index_groups import Selection
from ondol.store.index_reader import IndexReader
from ondol.text.language import detect_language

_PROBES: Sequence[tuple[str, str]] = (
    ("강아지가 아플 때 어디로 데려가야 하나요?", "동물병원은 반려견의 질병을 치료한다."),
    ("집세는 언제 내야 합니까?", "월 임대료의 납부 기한은 매달 말일이다."),
    ("자동차가 멈추지 않아요.", "브레이크 고장은 제동력을 잃게 한다."),
    ("비가 많이 와서 길이 잠겼다.", "집중 호우로 도로가 침수되었다."),
    ("회사를 그만두려면 어떻게 하죠?", "퇴직 희망자는 사직서를 제출한다."),
    ("밤에 잠이 오지 않습니다.", "불면증은 수면 장애의 하나이다."),
    ("아이가 태어났을 때 받는 돈은?", "출산 장려금은 신생아 가정에 지급된다."),
    ("바다에서 고기를 잡는 사람", "어부는 해상에서 수산물을 포획한다."),
    ("물건값을 돌려받고 싶어요.", "구매 대금의 환불 절차를 안내한다."),
    ("나라에서 거두는 세금", "국세청은 조세를 징수하는 기관이다."),
    ("새들이 추위를 피해 떠난다.", "철새는 겨울이 되면 남쪽으로 이동한다."),
    ("책을 빌리는 곳은 어디지?", "도서관은 자료를 대출해 준다."),
)
_CHANCE = 0.5
_SURE = 0.9


class DenseLeg:
    """Finds passages by their vectors. Safe to use from several threads."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._space = vector_space(embedder) or ""
        self._lock = threading.Lock()
        self._korean: float | None = None

    def trust(self, query: str) -> float:
        """Return how far, from 0 to 1, the embedder understands the language of ``query``."""
        return 1.0 if detect_language(query) != "ko" else self._trust_in_korean()

    def search(
        self, reader: IndexReader, query: str, selection: Selection, limit: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return positions and cosines, best first; nothing while the index has no vectors of this embedder.

        Raises:
            EngineError: the embedder failed.
        """
        if reader.vector_leg(self._space) is None:
            return np.empty(0, np.int64), np.empty(0, np.float64)
        vector = self._embedder.embed([query], kind="query")[0]
        return reader.search_dense(self._space, vector, selection, limit)

    def _trust_in_korean(self) -> float:
        with self._lock:
            if self._korean is None:
                self._korean = self._probe()
            return self._korean

    def _probe(self) -> float:
        questions = self._embedder.embed([question for question, _ in _PROBES], kind="query")
        answers = self._embedder.embed([answer for _, answer in _PROBES], kind="passage")
        chosen = np.argmax(questions @ answers.T, axis=1)
        share = float((chosen == np.arange(len(_PROBES))).mean())
        return min(1.0, max(0.0, (share - _CHANCE) / (_SURE - _CHANCE)))
