"""Forges in processes that may be killed: ``python doomed_forge.py BASE_URL``, then a home a line on stdin.

Everything is imported once; each run works in a fork made before any thread exists. Each finished model call
is noted in ``calls.log`` of the home: its key, and whether it was replayed.
"""

import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from forging import build_recipe, forge

from killing import serve_homes


def run(base_url: str, home: Path) -> None:
    log = os.open(home / "calls.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(keyed) -> None:
        os.write(log, f"{keyed.key} {'replayed' if keyed.replayed else 'made'}\n".encode())

    recipe = build_recipe(retention={"share": 0.1, "max_tokens": 32})
    report = forge(home, recipe, base_url=base_url, on_call=note)
    (home / "hash").write_text(report.hash)


if __name__ == "__main__":
    serve_homes(lambda home: run(sys.argv[1], home))
