"""The promise, on 200 questions: each quote is the stored text at its locator, letter for letter."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from ondol.ask.answer import Asker
from ondol.ask.prompt import build_translation
from ondol.core.access import LOCAL_PRINCIPAL
from ondol.core.answers import Answer
from ondol.core.models import ChatRequest
from ondol.engines.chat.fake import FakeChat
from ondol.ingest.pipeline import IngestOptions
from ondol.serve.flows import Ondol
from ondol.serve.settings import load_settings

REPO = Path(__file__).parents[2]
NUM_QUESTIONS = 200


@pytest.fixture(scope="module")
def ondol(tmp_path_factory, handbook: Path):
    """The handbook, read; no model, so that it needs nothing fetched."""
    with Ondol(load_settings(environ={}, home=tmp_path_factory.mktemp("home"))) as opened:
        report = opened.ingest([str(handbook)], principal=LOCAL_PRINCIPAL, options=IngestOptions())
        assert report.failed == 0
        yield opened


@pytest.fixture(scope="module")
def questions(ondol: Ondol) -> list[str]:
    """Written questions in both languages, then passages' own headings until there are enough."""
    found = [
        json.loads(line)["question"]
        for file in sorted((REPO / "bench" / "data").glob("handbook_questions*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    documents, _ = ondol.store.corpus.list_documents(principal=LOCAL_PRINCIPAL, limit=200)
    found += [f"{document.title}?" for document in documents]
    unique = list(dict.fromkeys(found))[:NUM_QUESTIONS]
    assert len(unique) == NUM_QUESTIONS
    return unique


def num_true(ondol: Ondol, answer: Answer) -> int:
    """Check every citation of an answer against the store; return how many there are."""
    for citation in answer.citations:
        pages = ondol.store.corpus.load_pages(citation.document, principal=LOCAL_PRINCIPAL)
        text = next(page.text for page in pages if page.number == citation.locator.page)
        assert text[citation.locator.start : citation.locator.end] == citation.quote
        assert f"[{citation.number}]" in answer.answer
    assert bool(answer.citations) != answer.abstained
    return len(answer.citations)


def test_extracted_citations(ondol: Ondol, questions: list[str]):
    asker = Asker(ondol.searcher, None)
    cited = sum(num_true(ondol, asker.ask(question, principal=LOCAL_PRINCIPAL)) for question in questions)
    assert cited >= NUM_QUESTIONS


TRANSLATES = tuple(build_translation("", language=language)[0].content for language in ("ko", "en"))


def refuse(quote: str) -> str:
    """Translate nothing."""
    return ""


def lie(quote: str) -> str:
    """Translate into the lie that the answer tells, at times with the numbers and names of the sentence."""
    words = quote.removeprefix("<sentence>\n").removesuffix("\n</sentence>").split()
    kept = " ".join(word for word in words if word.isascii()) if len(words) % 2 else ""
    return f"The moon is made of basalt cheese and weighs 12 tonnes {kept}.".replace(" .", ".")


@pytest.mark.parametrize("translate", [refuse, lie])
def test_citations_of_a_model_that_lies(ondol: Ondol, questions: list[str], translate: Callable[[str], str]):
    """The model copies, alters numbers, invents sentences and cites passages that do not exist."""
    chance = random.Random(20261122)

    def write(request: ChatRequest) -> str:
        if request.messages[0].content in TRANSLATES:
            return translate(request.messages[-1].content)
        lines = [line.strip() for line in request.messages[-1].content.splitlines() if len(line) > 30]
        copied = chance.choice(lines) if lines else "Nothing."
        altered = copied.replace("1", "7").replace("2", "9")
        return (
            f"{copied} [{chance.randint(1, 12)}] {altered} 8443 km. [1] "
            "The moon is made of basalt cheese and weighs 12 tonnes [2]. Unmarked claim about nothing. [99]"
        )

    asker = Asker(ondol.searcher, FakeChat(write))
    cited = withheld = 0
    for question in questions:
        answer = asker.ask(question, principal=LOCAL_PRINCIPAL)
        cited += num_true(ondol, answer)
        withheld += answer.withheld.unsupported_sentences + answer.withheld.unverified_citations
        assert "cheese" not in answer.answer
        assert "8443" not in answer.answer
    assert cited > NUM_QUESTIONS / 2
    assert withheld > NUM_QUESTIONS
