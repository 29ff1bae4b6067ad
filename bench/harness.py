"""What every benchmark shares: interleaved runs, CPU seconds of the whole process tree, honest tables.

A claim is a row that a script here printed. Contestants run in turn (A B A B); the median counts.
Machines are noisy, so the load is printed beside the figures and CPU seconds beside wall time.
"""

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PEERS = HERE / ".peers"


def cpu_seconds() -> float:
    """CPU time of this process and of its finished children."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def interleave(contestants: Mapping[str, Callable[[], Any]], *, repeats: int) -> dict[str, dict[str, float]]:
    """Run each contestant ``repeats`` times, in turn; return medians of wall and CPU seconds."""
    walls: dict[str, list[float]] = {name: [] for name in contestants}
    cpus: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(repeats):
        for name, run in contestants.items():
            wall, cpu = time.perf_counter(), cpu_seconds()
            run()
            walls[name].append(time.perf_counter() - wall)
            cpus[name].append(cpu_seconds() - cpu)
    return {
        name: {"wall_s": statistics.median(walls[name]), "cpu_s": statistics.median(cpus[name])}
        for name in contestants
    }


def percentile(values: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def peer_python(name: str, requirements: Sequence[Sequence[str]], parent: Path = PEERS) -> Path:
    """Return the interpreter of a peer's own environment, made on demand.

    Args:
        name: folder under ``parent``.
        requirements: one list of pip arguments per install step, in order.
        parent: where environments are kept.
    """
    folder = parent / name
    python = folder / "bin" / "python"
    stamp = folder / ".installed"
    wanted = json.dumps(requirements)
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        for step in requirements:
            subprocess.run([str(python), "-m", "pip", "install", "-q", *step], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return python


def machine() -> dict[str, Any]:
    """Describe where the figures come from."""
    return {
        "cores": os.cpu_count(),
        "load_1m": round(os.getloadavg()[0], 2),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


def report(name: str, rows: Sequence[Mapping[str, Any]], *, command: str, notes: Sequence[str] = ()) -> None:
    """Print the rows as a Markdown table and write it, with JSON beside it, under ``bench/results``."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = [f"# {name}", "", f"`{command}`", ""]
    lines += ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(_cell(row.get(column)) for column in columns) + " |" for row in rows]
    where = machine()
    lines += ["", *(f"- {note}" for note in notes), f"- {where}"]
    RESULTS.mkdir(exist_ok=True)
    text = "\n".join(lines) + "\n"
    print(text)
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
    body = {"name": name, "command": command, "rows": list(rows), "notes": list(notes), "machine": where}
    (RESULTS / f"{name}.json").write_text(
        json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
