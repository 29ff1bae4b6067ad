"""Forges in processes that may be killed: ``python doomed_forge.py BASE_URL``, then a home a line on stdin.

Everything is imported once; each run works in a fork made before any thread exists. Each finished model call
is noted in ``calls.log`` of the home: its key, and whether it was replayed.
"""

import os
import sys
from pathlib import Path

from forging import build_recipe, forge


def run(base_url: str, home: Path) -> None:
    log = os.open(home / "calls.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(keyed) -> None:
        os.write(log, f"{keyed.key} {'replayed' if keyed.replayed else 'made'}\n".encode())

    recipe = build_recipe(retention={"share": 0.1, "max_tokens": 32})
    report = forge(home, recipe, base_url=base_url, on_call=note)
    (home / "hash").write_text(report.hash)


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
