"""Killed with -9 at any moment and run again: the corpus is that of an undisturbed run."""

import random
import shutil
import time
import zipfile
from pathlib import Path

import pytest

from killing import Doomed
from ondol.store import open_store

HANGUL = Path(__file__).parents[1] / "data" / "hangul"
KILLS = 20


@pytest.fixture
def folder(tmp_path: Path, handbook: Path) -> Path:
    """A small folder with everything: pages, a copy, an archive, HWP, files that fail.

    In English, so that no run spends its seconds on loading the Korean analyser.
    """
    target = tmp_path / "folder"
    target.mkdir()
    for number, path in enumerate(sorted((handbook / "en").rglob("*.md"))[::6]):
        shutil.copy(path, target / f"{number:02}.md")
    shutil.copy(target / "01.md", target / "copy.md")
    shutil.copy(HANGUL / "table.hwp", target)
    with zipfile.ZipFile(target / "all.zip", "w") as archive:
        for name in ("02.md", "03.md", "table.hwp"):
            archive.write(target / name, f"inner/{name}")
        archive.writestr("bad.pdf", b"%PDF-1.4 nothing")
    (target / "empty.txt").write_bytes(b"")
    return target


@pytest.mark.slow
def test_killed_at_random_moments(folder: Path, tmp_path: Path, pool, analyser, corpus):
    corpus.ingest(folder)
    undisturbed = corpus.dump()
    assert len(undisturbed["documents"]) >= 15
    assert any(undisturbed["found"].values())
    doomed = Doomed(Path(__file__).with_name("doomed.py"), str(folder))
    try:
        started_s = time.monotonic()
        assert doomed.work(tmp_path / "whole") == 0
        whole_s = time.monotonic() - started_s
        chance = random.Random(20)
        num_killed = 0
        for number in range(KILLS):
            home = tmp_path / f"home-{number}"
            num_killed += doomed.work(home, kill_after_s=chance.uniform(0.0, whole_s)) != 0
            with open_store(home) as store:
                again = type(corpus)(store, pool, analyser)
                again.ingest(folder)
                assert again.dump() == undisturbed, f"kill {number}"
            shutil.rmtree(home)
        assert num_killed >= KILLS // 4
    finally:
        doomed.close()
