"""What a person who asks must be able to rely on."""

from ondol.ask.answer import Asker
from ondol.core.access import LOCAL_PRINCIPAL
from ondol.core.documents import Hit, Locator, SearchResult


class FixedSearcher:
    def __init__(self, hits):
        self.hits = tuple(hits)

    def search(self, query, *, principal, k=10, narrow=None):
        return SearchResult(hits=self.hits[:k], timings_ms={"search": 0.1})


def hit(text, rank=1, start=0, **more):
    locator = Locator(page=more.pop("page", None), start=start, end=start + len(text))
    return Hit(
        rank=rank,
        score=1 / rank,
        chunk_id=f"chk_{rank}",
        document="doc_1",
        uri="file:///a.md",
        title="A",
        locator=locator,
        text=text,
        **more,
    )


def test_an_answer_quotes_the_passage_at_its_place():
    asker = Asker(
        FixedSearcher([hit("Rain fell. The warranty lasts 24 months from delivery. Bye.", start=100, page=3)])
    )
    answer = asker.ask("How long does the warranty last?", principal=LOCAL_PRINCIPAL)
    assert answer.citations[0].quote == "The warranty lasts 24 months from delivery."
    assert answer.citations[0].locator == Locator(page=3, start=111, end=154)
    assert answer.answer.startswith("The warranty lasts 24 months from delivery. [1]")


def test_nothing_found_is_said_plainly_in_the_language_of_the_question():
    answer = Asker(FixedSearcher([])).ask("보증 기간은 얼마입니까?", principal=LOCAL_PRINCIPAL)
    assert (answer.abstained, answer.answer, answer.mode) == (True, "문서에서 답을 찾지 못했습니다.", "none")
