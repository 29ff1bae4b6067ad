"""Measure how well the foundry keeps a model server busy: requests out, replies in, drafts read.

Run from the repository's root::

    python bench/forge_orchestration.py

An endpoint in a process of its own answers each packed request after half a second, at most 32 at once, with
true sentences. The foundry's own pipeline (visits, threads, model writer, call cache) works off all passages
of the English handbook; drafts are read and put in order, and not checked: checks cost the same CPU whatever
the server does, and ``forge.py`` has them in its figures. Prints the time from the first request to the last
reply against the least that so many requests can take. Writes ``results/forge_orchestration.{json,md}``.
"""

import math
import statistics
import tempfile
from pathlib import Path

from harness import cpu_seconds, report

from forge import ask, serving
from ondol.core.access import LOCAL_PRINCIPAL
from ondol.engines.cache import CachedChat
from ondol.engines.chat.openai import OpenAIChat
from ondol.forge.facts import find_facts
from ondol.forge.order import Order
from ondol.forge.plan import plan_visits
from ondol.forge.produce import Line, Visit, Workshop
from ondol.forge.verify.verifier import Verifier
from ondol.forge.write.model import ModelWriter
from ondol.ingest.pipeline import IngestOptions, ingest
from ondol.search.indexer import Indexer
from ondol.sources.pool import ParserPool
from ondol.store import open_store
from ondol.store.forging import RunDocument
from ondol.text.morphemes import Analyser

HANDBOOK = Path(__file__).parents[1] / "examples" / "drone-handbook" / "en"
LATENCY_S, AT_ONCE = 0.5, 32
REPEATS = 5
FACTS, WORDINGS = 8, 2


def read_visits(store):
    """Return a visit with one packed order for every passage with facts."""
    analyser = Analyser()
    visits = []
    documents, _ = store.corpus.list_documents(principal=LOCAL_PRINCIPAL, limit=1000)
    for position, document in enumerate(documents):
        row = RunDocument(
            id=document.id,
            uri=document.uri,
            title=document.title,
            language="en",
            split="train",
            position=position,
        )
        chunks = store.corpus.load_document_chunks(document.id, principal=LOCAL_PRINCIPAL)
        planned = plan_visits(
            row,
            chunks,
            languages=("en",),
            find_facts=lambda passage: find_facts(passage, analyser=analyser),
            facts_per_visit=FACTS,
        )
        for each in planned:
            order = Order(
                id=f"{each.passage.chunk_id}:{each.round}",
                kind="qa",
                language="en",
                split="train",
                passage=each.passage,
                facts=each.facts,
                wordings=WORDINGS,
            )
            if each.facts:
                visits.append(Visit(len(visits) + 1, each, (order,)))
    return visits


def work_off(store, url, visits, number):
    """Write all visits once; return drafts, CPU seconds and what the endpoint counted."""
    ask(f"{url}/reset", "POST")
    chat = OpenAIChat(f"{url}/v1", "mock", profile={"context_tokens": 8192})
    cached = CachedChat(chat, store.calls, fingerprint=f"mock-{number}", principal=LOCAL_PRINCIPAL)
    writer = ModelWriter(cached, name="mock", max_attempts=1)
    began, drafts = cpu_seconds(), 0
    with Workshop({"qa": writer}, Verifier([]), concurrency=AT_ONCE) as workshop:
        line = Line(workshop, visits)
        while (taken := line.take(lambda: line.fill(len(visits), at_once=2 * AT_ONCE))) is not None:
            drafts += sum(len(result.written.drafts) for result in taken[1])
    return drafts, cpu_seconds() - began, ask(f"{url}/stats")


def main():
    rows = []
    with tempfile.TemporaryDirectory() as folder, serving("mock") as url, open_store(Path(folder)) as store:
        with ParserPool(1) as pool:
            ingest(
                [str(HANDBOOK)],
                store=store,
                pool=pool,
                indexer=Indexer(store, Analyser(), None),
                principal=LOCAL_PRINCIPAL,
                options=IngestOptions(),
            )
        visits = read_visits(store)
        for number in range(REPEATS):
            drafts, cpu, stats = work_off(store, url, visits, number)
            bound = math.ceil(stats["requests"] / AT_ONCE) * LATENCY_S
            rows.append({
                "run": number + 1,
                "drafts": drafts,
                "requests": stats["requests"],
                "requests/draft": round(stats["requests"] / drafts, 3),
                "first request to last reply s": round(stats["span_s"], 2),
                "bound s": bound,
                "× bound": round(stats["span_s"] / bound, 3),
                "CPU s": round(cpu, 2),
            })
            print(rows[-1], flush=True)
    median = statistics.median(row["× bound"] for row in rows)
    report(
        "forge_orchestration",
        rows,
        command="python bench/forge_orchestration.py",
        notes=[
            f"median: {median:.3f} × bound",
            "bound: requests / 32, rounded up, times 0.5 s; drafts are read and put in order, not checked",
            "each passage is asked once: a second question to it can only follow the first reply",
        ],
    )


if __name__ == "__main__":
    main()
