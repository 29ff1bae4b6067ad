"""Runs in the peers' own environment: ranks the same passages with bm25s, SQLite FTS5 and LanceDB's hybrid
search.

Each peer is set up as its documentation says for English: stemming and stop words where it offers them.
Arguments: a folder with ``passages.json``, ``questions.json`` and, for LanceDB, ``passages.npy`` and
``questions.npy``.
"""

import json
import re
import sqlite3
import sys
import tempfile
from pathlib import Path

import bm25s
import lancedb
import numpy as np
import Stemmer

DEPTH = 50


def rank_bm25s(passages, questions):
    stemmer = Stemmer.Stemmer("english")
    retriever = bm25s.BM25()
    options = {"stopwords": "en", "stemmer": stemmer, "show_progress": False}
    retriever.index(bm25s.tokenize(passages, **options), show_progress=False)
    tokens = bm25s.tokenize(questions, **options)
    found, _ = retriever.retrieve(tokens, k=min(DEPTH, len(passages)), show_progress=False)
    return [[int(at) for at in row] for row in found]


def rank_fts5(passages, questions):
    base = sqlite3.connect(":memory:")
    base.execute("CREATE VIRTUAL TABLE passage USING fts5(text, tokenize='porter unicode61')")
    base.executemany("INSERT INTO passage(rowid, text) VALUES (?, ?)", list(enumerate(passages)))
    ranked = []
    for question in questions:
        words = re.findall(r"\w+", question)
        query = " OR ".join(f'"{word}"' for word in words)
        rows = base.execute(
            "SELECT rowid FROM passage WHERE passage MATCH ? ORDER BY rank LIMIT ?", (query, DEPTH)
        ).fetchall()
        ranked.append([row[0] for row in rows])
    return ranked


def rank_lancedb(passages, questions, vectors, asked):
    with tempfile.TemporaryDirectory() as folder:
        base = lancedb.connect(folder)
        rows = [{"place": at, "text": text, "vector": vectors[at]} for at, text in enumerate(passages)]
        table = base.create_table("passage", rows)
        table.create_fts_index("text", use_tantivy=False, stem=True, remove_stop_words=True)
        ranked = []
        for at, question in enumerate(questions):
            words = re.sub(r"[^\w\s]", " ", question)
            search = table.search(query_type="hybrid").vector(asked[at]).text(words).metric("cosine")
            ranked.append([row["place"] for row in search.limit(DEPTH).to_list()])
        return ranked


def main(folder):
    passages = json.loads((folder / "passages.json").read_text(encoding="utf-8"))
    questions = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
    ranked = {"bm25s": rank_bm25s(passages, questions), "SQLite FTS5": rank_fts5(passages, questions)}
    if (folder / "passages.npy").exists():
        vectors, asked = np.load(folder / "passages.npy"), np.load(folder / "questions.npy")
        ranked["LanceDB hybrid"] = rank_lancedb(passages, questions, vectors, asked)
    (folder / "ranked.json").write_text(json.dumps(ranked), encoding="utf-8")


main(Path(sys.argv[1]))
