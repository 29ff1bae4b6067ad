"""Killed with -9 at any moment and run again: the same dataset, and no finished model call made twice."""

import random
import shutil
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from forging import build_home, read_rows, write_varied
from writer_server import serving

from killing import Doomed

KILLS = 20
LATENCY_S = 0.02


def answer(body, count):
    """Reply as a writer; a general prompt gets a general answer."""
    time.sleep(LATENCY_S)
    if "</facts>" in body["messages"][-1]["content"]:
        return write_varied(body, count)
    return "A good answer takes a few words, and this one takes exactly as many as it needs."


def count_calls(home: Path) -> Counter[str]:
    lines = (home / "calls.log").read_text().splitlines()
    return Counter(
        key for key, how in (line.split() for line in lines if line.count(" ") == 1) if how == "made"
    )


def read_calls(home: Path) -> set[str]:
    """Return the keys of the calls that the dataset's rows name."""
    rows = [
        row for file in ("train", "validation", "test", "recall") for row in read_rows(home, "trial", file)
    ]
    named = {call for row in rows for call in row["provenance"]["calls"]}
    named |= {row["call"] for row in read_rows(home, "trial", "retention")}
    assert len(named) >= 10
    return named


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path, handbook):
    template = build_home(tmp_path / "template", handbook)
    rng = random.Random(20)
    with serving(answer) as server:
        doomed = Doomed(Path(__file__).with_name("doomed_forge.py"), server.base_url)
        try:
            undisturbed = tmp_path / "undisturbed"
            shutil.copytree(template, undisturbed)
            began = time.monotonic()
            assert doomed.work(undisturbed) == 0
            seconds = time.monotonic() - began
            wanted, calls = (undisturbed / "hash").read_text(), count_calls(undisturbed)
            assert wanted
            assert len(calls) >= 10

            home = tmp_path / "killed"
            shutil.copytree(template, home)
            kills = runs = 0
            while kills < KILLS:
                status = doomed.work(home, kill_after_s=rng.uniform(0.05, 0.9) * seconds)
                runs += 1
                kills += status == -signal.SIGKILL
                if status == 0:
                    assert (home / "hash").read_text() == wanted
                    shutil.rmtree(home)
                    shutil.copytree(template, home)
                else:
                    assert status == -signal.SIGKILL
                assert (
                    max(count_calls(home).values(), default=0) <= 1 if (home / "calls.log").exists() else True
                )
            assert doomed.work(home) == 0
            assert (home / "hash").read_text() == wanted
            made = count_calls(home)
            # How far a run looks ahead depends on the clock; what its rows rest on does not.
            assert read_calls(home) == read_calls(undisturbed) <= set(made) & set(calls)
            assert max(made.values()) == 1, "a finished call was made again"
        finally:
            doomed.close()
