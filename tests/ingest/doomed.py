"""Ingests in processes that may be killed: ``python doomed.py FOLDER``, then a home a line on standard input.

Everything is imported once; each ingest runs in a fork made before any thread or child process exists.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from killing import serve_homes
from ondol.core.access import LOCAL_PRINCIPAL
from ondol.ingest.pipeline import IngestOptions, ingest
from ondol.search.indexer import Indexer
from ondol.sources.pool import ParserPool
from ondol.store import open_store
from ondol.text.morphemes import Analyser


def run(folder: str, home: Path) -> None:
    with open_store(home) as store, ParserPool(2) as pool:
        ingest(
            [folder],
            store=store,
            pool=pool,
            indexer=Indexer(store, Analyser(), None),
            principal=LOCAL_PRINCIPAL,
            options=IngestOptions(workers=2),
        )


if __name__ == "__main__":
    serve_homes(lambda home: run(sys.argv[1], home))
