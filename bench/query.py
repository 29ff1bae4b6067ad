"""How long a search takes at 1,000, 10,000 and 100,000 chunks, with labels on.

``python bench/query.py --data FOLDER --models FOLDER``

The corpus is made of real sentences (English and Korean), put together anew for each chunk. Terms and vectors
are made once for each sentence; a chunk has the mean of their vectors. Questions go through everything.
The asker may read four fifths of the documents.
"""

import argparse
import json
import random
import re
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from harness import percentile, report
from retrieval import CachedEmbedder
from retrieval_data import load_handbook, load_xquad

from ondol.core.access import Grade, Label, Principal
from ondol.core.documents import Chunk, Document, DocumentKind, Locator, Page, ParsedDocument
from ondol.core.ids import build_chunk_id, build_document_id, sha256_hex
from ondol.search.indexer import Indexer
from ondol.search.query import HybridSearcher
from ondol.store import Store, open_store
from ondol.store.index import SearchIndex
from ondol.text.lexemes import Term
from ondol.text.morphemes import Analyser
from ondol.text.sentences import split_sentences

CHUNKS_A_DOCUMENT = 100
SENTENCES_A_CHUNK = 3
LABELS = ("open",) * 7 + ("open+staff", "sensitive+hr", "classified")
ASKER = Principal(name="asker", grade=Grade.SENSITIVE, groups=frozenset({"staff"}))
JOINT = "\n"


class SentenceAnalyser(Analyser):
    """The real analyser; texts made of known sentences are put together from the sentences' terms."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__()
        self._known = dict(zip(sentences, super().terms_many(sentences), strict=True))

    def terms_many(self, texts):
        return [self._join(text) for text in texts]

    def _join(self, text):
        terms, at = [], 0
        for sentence in text.split(JOINT):
            if sentence:
                terms += [Term(t.text, t.start + at, t.end + at) for t in self._known[sentence]]
            at += len(sentence) + len(JOINT)
        return terms


class SentenceEmbedder:
    """The real embedder for questions; a passage is the mean of its sentences' vectors."""

    def __init__(self, real: CachedEmbedder, sentences: Sequence[str]) -> None:
        self._real = real.embedder
        self.name, self.fingerprint, self.dimensions = "sentences", "sentences-1", real.dimensions
        self._known = dict(zip(sentences, real.embed(sentences, kind="passage"), strict=True))
        real.save()

    def embed(self, texts, *, kind):
        if kind == "query" or any(part not in self._known for part in texts[0].split(JOINT)):
            return self._real.embed(texts, kind=kind)
        vectors = np.array([sum(self._known[part] for part in text.split(JOINT)) for text in texts])
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def load_sentences(data: Path) -> list[str]:
    """Return distinct real sentences of both languages."""
    texts = [p.text for p in load_xquad(data).passages] + [p.text for p in load_handbook(data).passages]
    premises = json.loads((data / "klue/klue-nli-v1.1/klue-nli-v1.1_dev.json").read_text(encoding="utf-8"))
    texts += [item["premise"] for item in premises] + [item["hypothesis"] for item in premises]
    for archive in sorted((data / "ko_en_news_parallel").rglob("*.tar.gz")):
        with tarfile.open(archive) as files:
            for member in files:
                stream = files.extractfile(member) if member.name.endswith((".ko", ".en")) else None
                texts += stream.read().decode().splitlines() if stream else []
    found = (text[start:end] for text in texts for start, end in split_sentences(text))
    return list(dict.fromkeys(re.sub(r"\s+", " ", s) for s in found if 20 <= len(s) <= 300))


def make_documents(
    sentences: Sequence[str], seed: int
) -> Iterator[tuple[Document, ParsedDocument, list[Chunk]]]:
    """Yield documents of recombined sentences, without end."""
    chance = random.Random(seed)
    number = 0
    while True:
        texts = [JOINT.join(chance.sample(sentences, SENTENCES_A_CHUNK)) for _ in range(CHUNKS_A_DOCUMENT)]
        whole = "\n\n".join(texts)
        blob, uri = sha256_hex(whole.encode()), f"file:///corpus/{number}.txt"
        chunks, at = [], 0
        for ordinal, text in enumerate(texts):
            locator = Locator(start=at, end=at + len(text))
            name = build_chunk_id(blob, None, text, 0)
            chunks.append(Chunk(id=name, blob_sha256=blob, ordinal=ordinal, text=text, locator=locator))
            at += len(text) + 2
        document = Document(
            id=build_document_id(uri),
            uri=uri,
            title="",
            kind=DocumentKind.TEXT,
            media_type="text/plain",
            blob_sha256=blob,
            size_bytes=len(whole.encode()),
            label=Label.parse(LABELS[number % len(LABELS)]),
            licence="",
            ingested_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        parsed = ParsedDocument(kind=DocumentKind.TEXT, media_type="text/plain", pages=(Page(text=whole),))
        yield document, parsed, chunks
        number += 1


def measure(searcher: HybridSearcher, questions: Sequence[str]) -> dict[str, float]:
    """Return wall and CPU milliseconds of one search after another."""
    for question in questions[:10]:
        searcher.search(question, principal=ASKER, k=10)
    walls, cpus, steps = [], [], []
    for question in questions:
        wall, cpu = time.perf_counter(), time.process_time()
        result = searcher.search(question, principal=ASKER, k=10)
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
        steps.append(result.timings_ms)
    medians = {f"{name} p50": float(np.median([s.get(name, 0) for s in steps])) for name in steps[0]}
    return {
        "p50 ms": percentile(walls, 0.5),
        "p95 ms": percentile(walls, 0.95),
        "CPU p50 ms": percentile(cpus, 0.5),
        "CPU p95 ms": percentile(cpus, 0.95),
        **medians,
    }


def agreement(store: Store, embedder: SentenceEmbedder, questions: Sequence[str]) -> float:
    """Return the share of the 50 nearest of a full scan that the dense leg finds too."""
    reader = SearchIndex(store.index_dir).open_reader()
    assert reader is not None
    space = next(iter(reader.segments[0].folder.glob("vector-*.npy"))).stem.removeprefix("vector-")
    matrix = np.concatenate([np.asarray(s.vectors(space), dtype=np.float32) for s in reader.segments])
    selection = reader.select(Principal(name="all", grade=Grade.CLASSIFIED, groups=frozenset({"*"})), None)
    shares = []
    for question in questions:
        vector = embedder.embed([question], kind="query")[0]
        near, _ = reader.search_dense(space, vector, selection, 50)
        exact = np.argsort(-(matrix @ vector), kind="stable")[:50]
        shares.append(np.isin(exact, near).mean())
    return float(np.mean(shares))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--questions", type=int, default=100)
    arguments = parser.parse_args()
    sentences = load_sentences(arguments.data)
    print(len(sentences), "sentences", flush=True)
    analyser = SentenceAnalyser(sentences)
    embedder = SentenceEmbedder(CachedEmbedder(arguments.models), sentences)
    english = [q.text for q in load_xquad(arguments.data).questions]
    korean = [q.text for q in load_handbook(arguments.data).questions]
    chance = random.Random(7)
    asked = {
        "English": chance.sample(english, arguments.questions),
        "Korean": [chance.choice(korean) for _ in range(arguments.questions)],
    }
    rows = []
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder)) as store:
        documents, held = make_documents(sentences, seed=3), 0
        for size in arguments.sizes:
            started = time.process_time()
            while held < size:
                document, parsed, chunks = next(documents)
                store.corpus.save_document(document, parsed, chunks, parser_fingerprint="bench")
                held += len(chunks)
            saved = time.process_time()
            Indexer(store, analyser, embedder).update()
            indexed = time.process_time()
            print(
                size,
                "saved",
                round(saved - started, 1),
                "indexed",
                round(indexed - saved, 1),
                "CPU s",
                flush=True,
            )
            searcher = HybridSearcher(store, analyser, embedder)
            for language, questions in asked.items():
                figures = measure(searcher, questions)
                rows.append({
                    "chunks": size,
                    "questions": language,
                    **{k: round(v, 2) for k, v in figures.items()},
                })
                print(rows[-1], flush=True)
        share = agreement(store, embedder, asked["English"][:20])
        size_mb = sum(f.stat().st_size for f in store.index_dir.rglob("*") if f.is_file()) / 1e6
    report(
        "query",
        rows,
        command="python bench/query.py --data FOLDER --models FOLDER",
        notes=[
            "one search at a time, k = 10, a principal who may read four fifths of the documents",
            "p50 and p95 are wall time beside other load on the machine; CPU time tells what the work is",
            f"of the 50 nearest vectors of a full scan, the dense leg finds {share:.3f}",
            f"the index of the largest corpus, with the previous generation, takes {size_mb:.0f} MB",
            "Korean questions are not embedded: the default embedder does not know Korean, and is found out",
        ],
    )


if __name__ == "__main__":
    main()
