"""Ingests in processes that may be killed: ``python doomed.py FOLDER``, then a home a line on standard input.

Everything is imported once; each ingest runs in a fork made before any thread or child process exists.
"""

import os
import sys
from pathlib import Path

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


def main() -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.setsid()
            run(sys.argv[1], Path(line.strip()))
            os._exit(0)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
