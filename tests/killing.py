"""A process that works in forks of itself, so that it can be killed at any moment and asked again."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path


class Doomed:
    """Runs ``script`` with one argument: it says ``ready``, then forks for each home named on its input."""

    def __init__(self, script: Path, argument: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(script), argument], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._read() == "ready"

    def work(self, home: Path, *, kill_after_s: float | None = None) -> int:
        """Run once, perhaps not to the end; return the exit status."""
        print(home, file=self._process.stdin, flush=True)
        pid = int(self._read())
        if kill_after_s is not None:
            time.sleep(kill_after_s)
            with suppress(ProcessLookupError):  # it was done before
                os.kill(pid, signal.SIGKILL)
        return int(self._read())

    def close(self) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=30)

    def _read(self) -> str:
        return self._process.stdout.readline().strip()


def serve_homes(work) -> None:
    """The other end: call ``work`` in a fork for each home on standard input."""
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.setsid()
            work(Path(line.strip()))
            os._exit(0)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
