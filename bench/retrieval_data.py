"""The collections that retrieval is judged on: passages, questions and which passages are right."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from ondol.ingest.chunk import build_chunks
from ondol.sources.read import read_document

HERE = Path(__file__).parent


class Passage(NamedTuple):
    """A passage; ``page`` is the number of the page it is from."""

    text: str
    context: str
    page: int


class Question(NamedTuple):
    """A question; ``right`` are the places of the right passages, ``page`` that of the right page."""

    text: str
    right: frozenset[int]
    page: int = -1


class Collection(NamedTuple):
    """Passages and questions; ``has_grades`` means many right passages for each question."""

    name: str
    passages: Sequence[Passage]
    questions: Sequence[Question]
    has_grades: bool = False


def load_xquad(data: Path) -> Collection:
    """240 paragraphs of Wikipedia, 1,190 questions (SQuAD v1.1 dev); one paragraph is right."""
    articles = json.loads((data / "xquad_en/xquad.en.json").read_text(encoding="utf-8"))["data"]
    passages: list[Passage] = []
    questions: list[Question] = []
    for page, article in enumerate(articles):
        for paragraph in article["paragraphs"]:
            right = frozenset({len(passages)})
            questions += [Question(qa["question"], right, page) for qa in paragraph["qas"]]
            passages.append(Passage(paragraph["context"], "", page))
    return Collection("xquad_en", passages, questions)


def load_cranfield(data: Path) -> Collection:
    """1,400 abstracts, 225 queries; those judged above 0 are right."""
    documents = (data / "cranfield/cran.all.1400.xml").read_text(encoding="utf-8")
    place: dict[str, int] = {}
    passages = []
    pattern = r"<docno>(\d+)</docno>\s*<title>(.*?)</title>.*?<text>(.*?)</text>"
    for match in re.finditer(pattern, documents, re.DOTALL):
        place[match[1]] = len(passages)
        body = " ".join(match[3].split()) or " ".join(match[2].split())
        passages.append(Passage(body, "", len(passages)))
    queries = (data / "cranfield/cran.qry.xml").read_text(encoding="utf-8")
    texts = [" ".join(m[1].split()) for m in re.finditer(r"<title>(.*?)</title>", queries, re.DOTALL)]
    right: list[set[int]] = [set() for _ in texts]
    # The judgments number the queries 1 to 225 in order, not by the numbers written in the queries.
    for line in (data / "cranfield/cranqrel.trec.txt").read_text(encoding="utf-8").splitlines():
        number, _, name, grade = line.split()
        if int(grade) > 0 and name in place:
            right[int(number) - 1].add(place[name])
    questions = [Question(text, frozenset(r)) for text, r in zip(texts, right, strict=True) if r]
    return Collection("cranfield", passages, questions, has_grades=True)


def load_tatqa(data: Path) -> Collection:
    """278 pages of reports as tables and paragraphs, 1,668 questions; table or paragraphs may be right."""
    pages = json.loads((data / "tatqa/tatqa_dataset_dev.json").read_text(encoding="utf-8"))
    passages: list[Passage] = []
    questions: list[Question] = []
    for number, page in enumerate(pages):
        table = len(passages)
        rows = page["table"]["table"]
        passages.append(Passage("\n".join(" | ".join(c for c in row if c) for row in rows), "", number))
        order: dict[str, int] = {}
        for paragraph in page["paragraphs"]:
            order[str(paragraph["order"])] = len(passages)
            passages.append(Passage(paragraph["text"], "", number))
        for item in page["questions"]:
            right = {table} if "table" in item["answer_from"] else set()
            if "text" in item["answer_from"]:
                right |= {order[name] for name in item["rel_paragraphs"] if name in order}
            questions.append(Question(item["question"], frozenset(right), number))
    return Collection("tatqa", passages, questions)


def load_handbook(_data: Path) -> Collection:
    """The Korean handbook as ingest cuts it, 77 questions; passages with the quotation are right."""
    root = HERE.parent / "examples/drone-handbook/ko"
    passages: list[Passage] = []
    for page, path in enumerate(sorted(root.rglob("*.md"))):
        raw = path.read_bytes()
        chunks = build_chunks(read_document(raw, name=path.name), blob_sha256=path.stem)
        passages.extend(Passage(chunk.text, chunk.context, page) for chunk in chunks)
    lines = (HERE / "data/handbook_questions_ko.jsonl").read_text(encoding="utf-8").splitlines()
    questions = []
    for item in map(json.loads, lines):
        quote = _bare(item["quote"])
        right = frozenset(at for at, p in enumerate(passages) if quote in _bare(p.text))
        if not right:
            raise ValueError(f"No passage holds {item['quote']!r}.")
        questions.append(Question(item["question"], right, passages[min(right)].page))
    return Collection("handbook_ko", passages, questions)


def _bare(text: str) -> str:
    return re.sub(r"[^\w]", "", text)


LOADERS: dict[str, Callable[[Path], Collection]] = {
    "xquad_en": load_xquad,
    "cranfield": load_cranfield,
    "tatqa": load_tatqa,
    "handbook_ko": load_handbook,
}
