"""Right passage first and in the first five, against bm25s, SQLite FTS5 and LanceDB on the same passages.

``python bench/retrieval.py --data FOLDER --models FOLDER`` (the data folders are described in
``docs/decisions/0004-search.md``).
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from harness import HERE, peer_python, report
from retrieval_data import LOADERS, Collection

from ondol.core.access import LOCAL_PRINCIPAL, Label
from ondol.core.documents import Chunk, Document, DocumentKind, Locator, Page, ParsedDocument
from ondol.core.ids import build_chunk_id, build_document_id, sha256_hex
from ondol.engines.catalogue import Catalogue
from ondol.engines.embed.bert import BertEmbedder
from ondol.search.indexer import Indexer
from ondol.search.query import HybridSearcher, SearchOptions
from ondol.store import Store, open_store
from ondol.text.morphemes import Analyser

PEERS = [["bm25s==0.3.16", "lancedb==0.40.0", "pyarrow==26.0.1", "PyStemmer==3.1.0", "numpy"]]
DEPTH = 10


class CachedEmbedder:
    """The default embedder; vectors are kept under ``bench/.cache`` because making them takes minutes."""

    def __init__(self, models: Path) -> None:
        catalogue = Catalogue(models)
        manifest = catalogue.find_manifest("all-minilm-l6-v2", "embed")
        if manifest is None:
            raise SystemExit(f"No embedder in {models}: run `ondol models pull all-minilm-l6-v2` first.")
        folder = catalogue.folder(manifest.name)
        self.embedder = BertEmbedder(folder, name=manifest.name, sha256=manifest.weights.sha256)
        self._path = HERE / ".cache" / f"vectors-{sha256_hex(self.embedder.fingerprint.encode())[:12]}.npz"
        self.name, self.fingerprint = self.embedder.name, self.embedder.fingerprint
        self.dimensions = self.embedder.dimensions
        self._known: dict[str, np.ndarray] = {}
        if self._path.exists():
            with np.load(self._path) as saved:
                self._known = dict(zip(saved["key"].tolist(), saved["vector"], strict=True))

    def embed(self, texts: Sequence[str], *, kind):
        keys = [sha256_hex(f"{kind}\x00{text}".encode())[:24] for text in texts]
        new = [at for at, key in enumerate(keys) if key not in self._known]
        for some in (new[at : at + 64] for at in range(0, len(new), 64)):
            vectors = self.embedder.embed([texts[at] for at in some], kind=kind)
            self._known.update({keys[at]: vector for at, vector in zip(some, vectors, strict=True)})
        return np.array([self._known[key] for key in keys])

    def save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(self._path, key=np.array(list(self._known)), vector=np.array(list(self._known.values())))


def fill(store: Store, collection: Collection) -> dict[str, int]:
    """Put each passage in as a document of its own; return the place of each chunk."""
    places = {}
    for at, passage in enumerate(collection.passages):
        blob = sha256_hex(f"{at}\x00{passage.text}".encode())
        uri = f"file:///{collection.name}/{at}"
        chunk = Chunk(
            id=build_chunk_id(blob, None, passage.text, 0),
            blob_sha256=blob,
            ordinal=0,
            text=passage.text,
            context=passage.context,
            locator=Locator(start=0, end=len(passage.text)),
        )
        document = Document(
            id=build_document_id(uri),
            uri=uri,
            title="",
            kind=DocumentKind.TEXT,
            media_type="text/plain",
            blob_sha256=blob,
            size_bytes=len(passage.text),
            label=Label(),
            licence="",
            ingested_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        parsed = ParsedDocument(
            kind=DocumentKind.TEXT, media_type="text/plain", pages=(Page(text=passage.text),)
        )
        store.corpus.save_document(document, parsed, [chunk], parser_fingerprint="bench")
        places[chunk.id] = at
    return places


def rank_ours(
    collection: Collection, embedder: CachedEmbedder, analyser: Analyser
) -> dict[str, list[list[int]]]:
    """Return the ranking of the whole searcher and of it with parts left out."""
    plain = SearchOptions(sentence_weight=0, pair_weight=0)
    variants = {
        "Ondol": (embedder, SearchOptions()),
        "Ondol without vectors": (None, SearchOptions()),
        "Ondol BM25 alone": (None, plain),
    }
    ranked: dict[str, list[list[int]]] = {}
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder)) as store:
        places = fill(store, collection)
        Indexer(store, analyser, embedder).update()
        for name, (with_embedder, options) in variants.items():
            searcher = HybridSearcher(store, analyser, with_embedder, options=options)
            ranked[name] = []
            for question in collection.questions:
                hits = searcher.search(question.text, principal=LOCAL_PRINCIPAL, k=DEPTH).hits
                ranked[name].append([places[hit.chunk_id] for hit in hits])
    return ranked


def rank_peers(collection: Collection, embedder: CachedEmbedder) -> dict[str, list[list[int]]]:
    """Return the rankings of the peers, made in their own environment."""
    python = peer_python("retrieval", PEERS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = [f"{p.context}\n{p.text}".strip() for p in collection.passages]
        questions = [q.text for q in collection.questions]
        (folder / "passages.json").write_text(json.dumps(texts), encoding="utf-8")
        (folder / "questions.json").write_text(json.dumps(questions), encoding="utf-8")
        np.save(folder / "passages.npy", embedder.embed(texts, kind="passage"))
        np.save(folder / "questions.npy", embedder.embed(questions, kind="query"))
        subprocess.run([str(python), str(HERE / "retrieval_peers.py"), name], check=True)
        ranked: dict[str, list[list[int]]] = json.loads((folder / "ranked.json").read_text(encoding="utf-8"))
        return ranked


def judge(collection: Collection, ranked: list[list[int]]) -> dict[str, float]:
    """Return the measures of a ranking."""
    first = np.mean([bool(r) and r[0] in q.right for q, r in zip(collection.questions, ranked, strict=True)])
    five = np.mean([bool(q.right & set(r[:5])) for q, r in zip(collection.questions, ranked, strict=True)])
    measures = {"first": float(first), "in five": float(five)}
    if collection.has_grades:
        gains = [_ndcg(q.right, r[:10]) for q, r in zip(collection.questions, ranked, strict=True)]
        measures["nDCG@10"] = float(np.mean(gains))
    if collection.name == "tatqa":
        pairs = list(zip(collection.questions, ranked, strict=True))
        recalls = [len(q.right & set(r[:5])) / len(q.right) for q, r in pairs if q.right]
        pages = [q.page in {collection.passages[at].page for at in r[:5]} for q, r in pairs]
        measures["recall@5"], measures["page in five"] = float(np.mean(recalls)), float(np.mean(pages))
    return measures


def _ndcg(right: frozenset[int], ranked: Sequence[int]) -> float:
    gain = sum(1 / np.log2(at + 2) for at, place in enumerate(ranked) if place in right)
    return float(gain / sum(1 / np.log2(at + 2) for at in range(min(10, len(right)))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=list(LOADERS), choices=list(LOADERS))
    parser.add_argument("--no-peers", action="store_true")
    arguments = parser.parse_args()
    embedder, analyser = CachedEmbedder(arguments.models), Analyser()
    rows = []
    for name in arguments.only:
        collection = LOADERS[name](arguments.data)
        ranked = rank_ours(collection, embedder, analyser)
        embedder.save()
        if not arguments.no_peers:
            ranked |= rank_peers(collection, embedder)
        for system, order in ranked.items():
            rows.append({"collection": name, "system": system, **judge(collection, order)})
            print(rows[-1], flush=True)
    report(
        "retrieval" if not arguments.no_peers else "retrieval-ours",
        rows,
        command="python bench/retrieval.py --data FOLDER --models FOLDER",
        notes=[
            "every system sees the same passages; LanceDB and Ondol use the same all-MiniLM-L6-v2 vectors",
            "bm25s and FTS5 with English stemming (and stop words, bm25s); none of the peers knows Korean",
        ],
    )


if __name__ == "__main__":
    main()
