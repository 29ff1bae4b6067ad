"""Measure memory while many documents go in: it must not grow with their number.

Run from the repository's root::

    python bench/memory.py --documents 20000

Writes that many small Markdown files, each made of real sections of the sample handbook (English and Korean),
no two alike, then ingests the folder into a fresh home: parsers, chunks, database, search index (terms, no
vectors). The Korean analyser is loaded before (some 500 MB, whatever the number of documents). Prints the
peak anonymous memory of this process, and of all parser processes together, so far, at 1,000, 5,000,
10,000 and 20,000 documents. Writes ``bench/results/memory.json`` and ``memory.md``.
"""

import argparse
import random
import re
import tempfile
import threading
import time
from pathlib import Path

from harness import report

from ondol.core.access import LOCAL_PRINCIPAL
from ondol.ingest.pipeline import IngestOptions, ingest
from ondol.search.indexer import Indexer
from ondol.serve.allocator import limit_heaps
from ondol.sources.pool import ParserPool
from ondol.store import open_store
from ondol.text.morphemes import Analyser

MARKS = (1_000, 5_000, 10_000, 20_000)
HANDBOOK = Path(__file__).parents[1] / "examples" / "drone-handbook"


def anonymous_bytes(pid):
    """Memory of a process that no file backs (``RssAnon``); 0 when it has ended.

    Mapped index files and shared libraries are not counted: the kernel takes their pages back at will.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return 0
    found = re.search(r"^RssAnon:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def is_parser(pid):
    """Tell a parser from a fork of this process that is about to become one."""
    try:
        return b"ondol.sources.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def children():
    """Ids of the processes that this one started."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        try:
            found += [int(pid) for pid in (task / "children").read_text("ascii").split()]
        except OSError:
            continue
    return found


class Gauge(threading.Thread):
    """Samples memory ten times a second and keeps the peaks."""

    def __init__(self):
        super().__init__(daemon=True)
        self.own = self.parsers = 0
        self.done = threading.Event()

    def run(self):
        while not self.done.wait(0.1):
            self.own = max(self.own, anonymous_bytes("self"))
            parsers = [pid for pid in children() if is_parser(pid)]
            self.parsers = max(self.parsers, sum(map(anonymous_bytes, parsers)))


def write_documents(folder, number, chance):
    """Write documents of one to three sections each; return their bytes."""
    sections = []
    for path in sorted(HANDBOOK.rglob("*.md")):
        found = re.split(r"\n(?=#+ )", path.read_text("utf-8"))
        sections += [section.strip() for section in found if 100 < len(section) < 1500]
    total = 0
    for at in range(number):
        part = folder / f"{at // 500:03}"
        part.mkdir(exist_ok=True)
        body = "\n\n".join(chance.sample(sections, chance.randint(1, 3)))
        data = f"# Document {at}\n\n{body}\n\nWritten as number {at}.\n".encode()
        (part / f"{at:06}.md").write_bytes(data)
        total += len(data)
    return total


def measure(number):
    """Ingest and return the rows of the table, and totals."""
    rows, gauge = [], Gauge()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "documents"
        folder.mkdir()
        total_bytes = write_documents(folder, number, random.Random(7))
        marks = [mark for mark in (*MARKS, number) if mark <= number]
        marks = sorted(set(marks))

        def progress(now):
            if marks and now.done >= marks[0]:
                marks.pop(0)
                rows.append(row(now.done, gauge, time.perf_counter() - started))

        limit_heaps()  # as the command does
        analyser = Analyser()
        analyser.terms("문서를 읽습니다")
        with open_store(Path(scratch) / "home") as store, ParserPool(2) as pool:
            gauge.start()
            started = time.perf_counter()
            done = ingest(
                [str(folder)],
                store=store,
                pool=pool,
                indexer=Indexer(store, analyser, None),
                principal=LOCAL_PRINCIPAL,
                options=IngestOptions(),
                progress=progress,
            )
            rows.append(row("all, indexed", gauge, time.perf_counter() - started))
            gauge.done.set()
    totals = {
        "documents": done.added,
        "failed": done.failed,
        "chunks": done.chunks,
        "bytes": total_bytes,
    }
    return rows, totals


def row(documents, gauge, seconds):
    return {
        "documents": documents,
        "peak_own_mb": round(gauge.own / 1e6, 1),
        "peak_parsers_mb": round(gauge.parsers / 1e6, 1),
        "seconds": round(seconds, 1),
    }


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--documents", type=int, default=20_000)
    number = arguments.parse_args().documents
    rows, totals = measure(number)
    notes = [
        "peak_own_mb: anonymous memory (RssAnon) of the ingesting process, highest so far",
        str(totals),
    ]
    report("memory", rows, command=f"python bench/memory.py --documents {number}", notes=notes)


if __name__ == "__main__":
    main()
