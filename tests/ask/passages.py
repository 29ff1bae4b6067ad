"""Passages for the tests of ask: what a search would find."""

from ondol.core.documents import Hit, Locator, SearchResult


class FixedSearcher:
    """Finds the same passages whatever is asked, and remembers what was."""

    def __init__(self, hits):
        self.hits = tuple(hits)
        self.queries = []

    def search(self, query, *, principal, k=10, narrow=None):
        self.queries.append(query)
        return SearchResult(hits=self.hits[:k], timings_ms={"lexical": 0.1})


def hit(text, rank=1, *, start=0, page=None, title="Handbook", context="", **more):
    locator = Locator(page=page, start=start, end=start + len(text), **more)
    return Hit(
        rank=rank,
        score=1 / rank,
        chunk_id=f"chk_{rank:024x}",
        document="doc_" + "0" * 24,
        uri="file:///handbook.md",
        title=title,
        locator=locator,
        text=text,
        context=context,
    )


WARRANTY = hit(
    "Rain fell in May. The warranty lasts 24 months from delivery. It does not cover batteries. "
    "Repairs cost $350 at most.",
    start=100,
    page=3,
)
GEOFENCE = hit(
    "지오펜스를 생성하려면:\n\n1. 계획 뷰로 이동\n2. 임무 명령 목록 위의 지오펜스 라디오 버튼을 선택합니다.\n"
    "3. 원형 울타리 버튼을 눌러 영역을 삽입합니다.\n\n지오펜스 삭제\n\n지역은 Del 버튼을 눌러 삭제할 수 "
    "있습니다.",
    2,
    title="계획 뷰",
    context="계획 뷰 > 지오펜스 생성",
)
PRICES = hit(
    "Motor mount | 12 | 3.50\nPropeller | 40 | 1.25\nBattery 4S | 7 | 39.90",
    3,
    title="Parts",
    context="Parts > Price list > Part | Stock | Price",
    sheet="Price list",
    row=2,
)
LEAVE = hit(
    "연차 휴가는 1년에 15일입니다. 병가는 최대 60일까지 사용할 수 있습니다. 김철수 부장이 휴가를 승인합니다. "
    "휴가 신청은 3일 전까지 하여야 합니다.",
    4,
    title="취업 규칙",
    context="취업 규칙 > 제12조 휴가",
)
EVERYTHING = (WARRANTY, GEOFENCE, PRICES, LEAVE)


def stored(document_hit):
    """The stored text around a hit, as long as its locator says; a stand-in for the page in the store."""
    return " " * document_hit.locator.start + document_hit.text


def assert_true(answer, hits):
    """Every citation equals the stored text at its place, and every mark has its citation."""
    by_id = {h.chunk_id: h for h in hits}
    for citation in answer.citations:
        found = by_id[citation.chunk_id]
        place = citation.locator
        assert stored(found)[place.start : place.end] == citation.quote
        assert (place.page, place.sheet, place.row) == (
            found.locator.page,
            found.locator.sheet,
            found.locator.row,
        )
        assert f"[{citation.number}]" in answer.answer
    assert [c.number for c in answer.citations] == list(range(1, len(answer.citations) + 1))
