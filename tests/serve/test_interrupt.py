"""Ctrl-C at any moment: quiet, exit status 130, and with two ingests at once the waiting one lets go."""

import json
import os
import signal
import subprocess
import sys

from ondol.store import open_store

ONDOL = [sys.executable, "-m", "ondol"]


def test_ctrl_c_while_another_ingest_is_under_way(tmp_path):
    (tmp_path / "a.md").write_text("# A\n\nText.\n", "utf-8")
    home = tmp_path / "home"
    with open_store(home) as store, store.writer_lock():
        waiting = subprocess.Popen(
            [*ONDOL, "ingest", str(tmp_path / "a.md"), "--home", str(home), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        assert waiting.stderr.readline() == "waiting for another ingest into this home to end.\n"
        waiting.send_signal(signal.SIGINT)
        out, err = waiting.communicate(timeout=30)
    assert waiting.returncode == 130
    assert json.loads(out)["interrupted"]
    assert err == "Stopping; what is done is kept. Ctrl-C again ends at once.\n"


def test_ctrl_c_while_the_parts_are_loaded(tmp_path):
    code = (
        "import os, signal, sys\n"
        # A suite that was started in the background has inherited that the signal is ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'ondol.serve.flows':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from ondol.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
