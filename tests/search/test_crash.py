"""Killed while it writes, the index is whole: that of before or a later one; the next update completes it."""

import random
import signal
import subprocess
import sys
import time

import pytest

from ondol.core.access import LOCAL_PRINCIPAL
from ondol.engines.embed.fake import FakeEmbedder
from ondol.search.indexer import Indexer
from ondol.search.query import HybridSearcher
from ondol.store.index import SearchIndex

WRITER = """
import sys
from pathlib import Path
from ondol.engines.embed.fake import FakeEmbedder
from ondol.search.indexer import Indexer
from ondol.store import open_store
from ondol.text.morphemes import Analyser
with open_store(Path(sys.argv[1])) as store:
    print("ready", flush=True)
    Indexer(store, Analyser(), FakeEmbedder(), publish_every_s=0.0).update()
"""


@pytest.mark.slow
def test_killed_at_any_moment(shelf, analyser):
    chance = random.Random(5)
    for number in range(60):
        shelf.put(f"n{number}.txt", f"word{number} is in paragraph {number}.\n\nAnother of {number}.")
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(shelf.store.home)], stdout=subprocess.PIPE, text=True
        ) as child:
            child.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.4))
            child.send_signal(signal.SIGKILL)
        reader = SearchIndex(shelf.store.index_dir).open_reader()
        if reader is not None:
            positions, _ = reader.search_lexical(
                [("paragraph", 1.0)], reader.select(LOCAL_PRINCIPAL, None), 100
            )
            assert len(set(reader.chunk_ids(positions))) == len(positions)
            assert len(positions) <= 60
    embedder = FakeEmbedder()
    Indexer(shelf.store, analyser, embedder).update()
    searcher = HybridSearcher(shelf.store, analyser, embedder)
    for number in range(60):
        hit = searcher.search(f"word{number}", principal=LOCAL_PRINCIPAL, k=1).hits[0]
        assert hit.text.startswith(f"word{number} ")
        assert hit.dense_score is not None
    reader = SearchIndex(shelf.store.index_dir).open_reader()
    assert reader.num_chunks == 120
