"""A running Ondol in a process of its own."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

ONDOL = [sys.executable, "-c", "from ondol.serve.cli import main; main()"]
START_S = 60


class Server:
    """A real server on a free port, over a home of its own, without a model unless ``settings`` name one."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.log: list[str] = []
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ONDOL_")},
            "PYTHONWARNINGS": "ignore",
            "PYTHONUNBUFFERED": "1",
            **settings,
        }

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [*ONDOL, *arguments, "--home", str(self.home)],
            capture_output=True,
            text=True,
            check=False,
            env=self._environment,
        )
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self) -> str:
        """Start to serve and return the address."""
        self._process = subprocess.Popen(
            [*ONDOL, "serve", "--port", "0", "--home", str(self.home)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment,
        )
        found: list[str] = []
        is_ready = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(found, is_ready), daemon=True)
        self._reader.start()
        is_ready.wait(START_S)
        assert found, "the server did not start:\n" + "".join(self.log)
        return found[0]

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)
        assert self._process.stderr is not None
        self._process.stderr.close()

    def _read(self, found: list[str], is_ready: threading.Event) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.log.append(line)
            address = re.search(r"http://127\.0\.0\.1:\d+", line)
            if address and not found:
                found.append(address.group())
                is_ready.set()
        is_ready.set()
