"""Data foundries side by side: true samples per minute, packing of requests, and what faults cost.

Run from the repository's root::

    python bench/forge.py                       # all parts, about 25 minutes on two cores
    python bench/forge.py --parts mock faults --only ondol distilabel
    python bench/forge.py --smoke               # ours alone, below a minute

Three parts:

- ``model``: everyone makes question-answer pairs from the same English file (two folders of the sample
  handbook; pieces of at most 1,600 characters, which suits a small model; three pairs a piece) with the same
  model, the embedded SmolLM2-135M-Instruct behind one local OpenAI-compatible endpoint. Accepted samples go
  through one external check (``forge_check.py``), and up to 20 of each tool are judged by hand
  (``results/forge_verdicts.jsonl``).
- ``mock``: about 200 samples from the whole handbook in pieces of at most 3,600 characters; the endpoint
  answers well and truly after 0.5 s, at most 32 at a time. Measures orchestration and packing, not truth.
- ``faults``: the same with every 5th answer cut off and every 20th an HTTP 500.

Each peer has an environment of its own (made on demand under ``~/.cache/ondol-bench``), its own prompts where
it ships some (synthetic-data-kit, sdg_hub) and the same plain ones otherwise, temperature 0.7 for writing and
0.1 for judging, at least 7 of 10. Ours is called as a user would: ``ondol ingest`` and ``ondol forge run``;
both count. The clock starts before a process does. After the installs everything runs in a network namespace
with loopback alone, where the system allows it. Writes ``results/forge.md``, ``forge.json`` and the drawn
samples.
"""

import argparse
import hashlib
import json
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import harness

HERE = Path(__file__).parent
ROOT = HERE.parent
HANDBOOK = ROOT / "examples" / "drone-handbook" / "en"
FOLDERS = ("FlyView", "getting_started")
MODEL = "smollm2-135m-instruct"
MOCK = "mock"
SMALL_PIECE = 1600
LARGE_PIECE = 3600
CACHE = Path.home() / ".cache" / "ondol-bench"
OFFLINE = "ONDOL_BENCH_OFFLINE"

PEERS = {
    "distilabel": ("distilabel_qa.py", [["distilabel[openai]==1.5.3", "requests"]]),
    "data-designer": ("data_designer_qa.py", [["data-designer==0.9.6"]]),
    "synthetic-data-kit": ("synthetic_data_kit_qa.py", [["synthetic-data-kit==0.0.5"]]),
    "bespokelabs-curator": ("curator_qa.py", [["bespokelabs-curator==0.1.31"]]),
    "sdg_hub": ("sdg_hub_qa.py", [["sdg-hub==0.9.4"]]),
}
# Single-turn questions only, each fact asked once, nothing held out of one document.
RECIPE = {
    "name": "bench",
    "use_case": "Answer questions about the manual.",
    "languages": ["en"],
    "kinds": {"qa": 1.0},
    "wordings": 1,
    "held_out": {"validation": 0.0, "test": 0.0},
}
_LOSS = re.compile(
    r"\b(?:fail\w*|errors?|dropp?\w*|truncat\w*|retry\w*|retries|reject\w*|lost|deferred|malformed)\b",
    re.IGNORECASE,
)
_NO_LOSS = re.compile(
    r"\b(?:0|no) (?:failed|errors?|dropped|rejected)|(?:failed|errors?)\W+0\b", re.IGNORECASE
)
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "NEMO_TELEMETRY_ENABLED": "false",
    "TELEMETRY_ENABLED": "False",
    "CURATOR_DISABLE_RICH_DISPLAY": "1",
}


@dataclass
class Run:
    """What one tool did; seconds of its commands, CPU seconds of its processes and of the model's."""

    tool: str
    samples: list = field(default_factory=list)
    wall_s: float = 0.0
    cpu_s: float = 0.0
    model_cpu_s: float = 0.0
    exit: int = 0
    is_stopped: bool = False
    stats: dict = field(default_factory=dict)
    said: list = field(default_factory=list)
    load: float = 0.0


@dataclass(kw_only=True)
class Bench:
    """Runs tools against one endpoint; ``target`` is what ours is asked for, and what peers can reach."""

    folder: Path
    url: str
    model: str
    models: Path
    document: Path
    chunks: Path
    target: int
    budget_s: float
    at_once: int
    piece_chars: int
    slice: int = 1000
    engine_pid: int = 0

    def run(self, tool, *, name=""):
        """Run a tool over the document; return what came of it."""
        folder = self.folder / (name or tool)
        folder.mkdir()
        ask(f"{self.url}/reset", method="POST")
        run = Run(name or tool, load=round(os.getloadavg()[0], 1))
        prepare = prepare_ondol if tool == "ondol" else prepare_peer
        commands, environment, read = prepare(tool, folder, self)
        engine = read_cpu(self.engine_pid) if self.engine_pid else 0.0
        log = folder / "log.txt"
        for command in commands:
            left = self.budget_s - run.wall_s
            done = run_timed(command, folder, environment, log, left)
            run.wall_s += done["wall_s"]
            run.cpu_s += done["cpu_s"]
            run.exit, run.is_stopped = done["exit"], done["is_stopped"]
            if run.exit or run.is_stopped:
                break
        run.model_cpu_s = read_cpu(self.engine_pid) - engine if self.engine_pid else 0.0
        run.stats = ask(f"{self.url}/stats")
        run.samples = read(folder)
        run.said = find_complaints(log.read_text("utf-8", "replace"))
        row = asdict(run) | {"samples": len(run.samples), "said": len(run.said)}
        print(json.dumps(row), file=sys.stderr, flush=True)
        return run


def prepare_peer(tool, folder, bench):
    """Return commands, environment and reader of a peer."""
    script, requirements = PEERS[tool]
    python = harness.peer_python(tool, requirements, CACHE)
    command = [
        *(str(python), str(HERE / "forge_peers" / script), "--base-url", f"{bench.url}/v1"),
        *("--model", bench.model),
        *("--document", str(bench.document), "--chunks", str(bench.chunks)),
        *("--out", str(folder / "out.jsonl"), "--at-once", str(bench.at_once)),
        *("--piece-chars", str(bench.piece_chars)),
        *("--slice", str(bench.slice)),
    ]
    tokenizers = python.parent.parent / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    tokenizers = tokenizers / "site-packages" / "litellm" / "litellm_core_utils" / "tokenizers"
    environment = os.environ | QUIET | {"TIKTOKEN_CACHE_DIR": str(tokenizers), "HOME": str(folder)}
    return [command], environment, lambda folder: read_lines(folder / "out.jsonl")


def prepare_ondol(_, folder, bench):
    """Return commands, environment and reader of ours."""
    home = folder / "home"
    home.mkdir()
    (home / "models").symlink_to(bench.models, target_is_directory=True)
    recipe = folder / "recipe.yaml"
    recipe.write_text(json.dumps(RECIPE), "utf-8")  # JSON is YAML
    ondol = [sys.executable, "-c", "from ondol.serve.cli import main; main()"]
    commands = [
        [*ondol, "ingest", str(bench.document), "--json"],
        [
            *(*ondol, "forge", "run", str(recipe), "--target", str(bench.target)),
            *("--concurrency", str(bench.at_once), "--json"),
        ],
    ]
    environment = os.environ | {
        "ONDOL_HOME": str(home),
        "ONDOL_CHAT_BASE_URL": f"{bench.url}/v1",
        "ONDOL_CHAT_MODEL": bench.model,
    }
    return commands, environment, read_dataset


def read_dataset(folder):
    """Return the single-turn samples of train, validation and test."""
    samples = []
    for name in ("train", "validation", "test"):
        for path in sorted((folder / "home").glob(f"**/{name}.jsonl")):
            for row in read_lines(path):
                said = [message for message in row["messages"] if message["role"] != "system"]
                samples.append({"question": said[0]["content"], "answer": said[1]["content"]})
    return samples


def read_lines(path):
    """Return the objects of a JSONL file; none when it is not there."""
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def find_complaints(text):
    """Return the lines of a tool's output that tell of something lost or tried again."""
    return [line for line in text.splitlines() if _LOSS.search(line) and not _NO_LOSS.search(line)]


# --- processes ---


def run_timed(command, folder, environment, log, budget_s):
    """Run a command to its end or its budget's; CPU seconds are those of its whole session."""
    waited = harness.cpu_seconds()
    with log.open("ab") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        meter, is_stopped = SessionMeter(process.pid), False
        try:
            process.wait(max(1.0, budget_s))
        except subprocess.TimeoutExpired:
            is_stopped = True
        finally:
            wall = time.perf_counter() - began
            meter.stop()
            end_session(process)
    cpu = max(meter.cpu_s, harness.cpu_seconds() - waited)
    return {"wall_s": wall, "cpu_s": cpu, "exit": process.returncode, "is_stopped": is_stopped}


def end_session(process):
    """End what is left of a session, politely first."""
    for word, patience in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0)):
        try:
            os.killpg(process.pid, word)
        except ProcessLookupError:
            break
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        time.sleep(0.2)


class SessionMeter:
    """Adds up the CPU time of all processes of a session, sampled from ``/proc``."""

    def __init__(self, session):
        self._session, self._seen, self._is_over = session, {}, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def cpu_s(self):
        """CPU seconds seen so far."""
        return sum(self._seen.values())

    def stop(self):
        """Look a last time and end."""
        self._is_over.set()
        self._thread.join()

    def _watch(self):
        while True:
            for path in Path("/proc").glob("[0-9]*/stat"):
                fields = _read_stat(path)
                if fields and int(fields[3]) == self._session:
                    self._seen[path] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            if self._is_over.wait(0.2):
                return


def read_cpu(pid):
    """Return the CPU seconds of a process that runs."""
    fields = _read_stat(Path(f"/proc/{pid}/stat"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _read_stat(path):
    try:
        return path.read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return None


def ask(url, method="GET"):
    request = urllib.request.Request(url, method=method)
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.loads(reply.read())


@contextmanager
def serving(model, *options, environment=None):
    """Run the shared endpoint and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, str(HERE / "forge_peers" / "endpoint.py"), "--port", str(port)]
    process = subprocess.Popen([*command, "--model", model, *options], env=os.environ | (environment or {}))
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                ask(f"{url}/stats")
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def beside_model(arguments, folder, folders):
    """Give a bench with the model in our own engine's process, eight slots on all cores."""
    from ondol.engines.open import open_chat
    from ondol.engines.settings import EngineLimits, ModelChoice, ModelSettings

    document, pieces, num_pieces = write_document(folder, folders, SMALL_PIECE)
    limits = EngineLimits(slots=8, threads=os.cpu_count() or 1, context_tokens=4096)
    chat = open_chat(
        ModelSettings(chat=ModelChoice(model=MODEL), limits=limits), arguments.models, home=folder
    )
    engine = chat.endpoint()
    key = {"UPSTREAM_KEY": engine.headers["Authorization"].removeprefix("Bearer ")}
    try:
        with serving(MODEL, "--upstream", engine.base_url, environment=key) as url:
            yield Bench(
                folder=folder,
                url=url,
                model=MODEL,
                models=arguments.models,
                document=document,
                chunks=pieces,
                target=3 * num_pieces,
                budget_s=arguments.budget,
                at_once=8,
                piece_chars=SMALL_PIECE,
                slice=4,
                engine_pid=chat.pid,
            )
    finally:
        chat.close()


@contextmanager
def beside_mock(arguments, folder, *options):
    """Give a bench whose endpoint answers after half a second."""
    document, pieces, num_pieces = write_document(folder, (), LARGE_PIECE)
    latency = ("--latency", "0.5", "--at-once", "32", "--context", "32768")
    with serving(MOCK, *latency, *options) as url:
        yield Bench(
            folder=folder,
            url=url,
            model=MOCK,
            models=arguments.models,
            document=document,
            chunks=pieces,
            target=3 * num_pieces,
            budget_s=arguments.budget,
            at_once=32,
            piece_chars=LARGE_PIECE,
        )


# --- parts ---


def write_document(folder, folders, piece_chars):
    """Write the document and its pieces; return both paths and the number of pieces."""
    sys.path.insert(0, str(HERE / "forge_peers"))
    from plain import split_text

    paths = [path for path in sorted(HANDBOOK.rglob("*.md")) if not folders or path.parent.name in folders]
    text = "\n\n".join(path.read_text("utf-8").strip() for path in paths) + "\n"
    document, pieces = folder / "handbook.md", folder / "pieces.json"
    chunks = split_text(text, piece_chars)
    document.write_text(text, "utf-8")
    pieces.write_text(json.dumps(chunks), "utf-8")
    return document, pieces, len(chunks)


def measure_model(arguments, folder):
    """Part one: same document, same model, same external check."""
    from forge_check import Checker

    names = set()
    with beside_model(arguments, folder, FOLDERS) as bench:
        checker = Checker(bench.document.read_text("utf-8"))
        for number, tool in enumerate(arguments.order):
            name = tool if tool not in names else f"{tool} ({number})"
            names.add(name)
            run = bench.run(tool, name=name)
            record("model", score(run, checker), judge_samples(run, checker))


def compare(rows):
    """Add how each tool stands to the best peer, where a peer has anything that counts."""
    for rate in ("true/min", "true/CPU min", "plain/min"):
        best = max((row[rate] for row in rows if not row["tool"].startswith("ondol")), default=0.0)
        for row in rows:
            row.pop(f"{rate} × best peer", None)
            if best:
                row[f"{rate} × best peer"] = row[rate] / best


def score(run, checker):
    """Return the row of a tool."""
    outcomes = checker.check(run.samples)
    accepted, true = len(outcomes), sum(outcome.is_true for outcome in outcomes)
    plain = sum(outcome.is_plain for outcome in outcomes)
    tokens = run.stats["prompt_tokens"] + run.stats["completion_tokens"]
    return {
        "tool": run.tool,
        "accepted": accepted,
        "true": true,
        "precision": true / accepted if accepted else None,
        "plain": plain,
        "plain precision": plain / accepted if accepted else None,
        "duplicates": sum(outcome.why == "duplicate" for outcome in outcomes),
        "wall s": round(run.wall_s, 1),
        "CPU s": round(run.cpu_s + run.model_cpu_s, 1),
        "of it model": round(run.model_cpu_s, 1),
        "requests": run.stats["requests"],
        "tokens/accepted": round(tokens / accepted) if accepted else None,
        "true/CPU min": 60 * true / (run.cpu_s + run.model_cpu_s),
        "true/min": 60 * true / run.wall_s,
        "plain/min": 60 * plain / run.wall_s,
        "exit": "stopped" if run.is_stopped else run.exit,
        "load before": run.load,
    }


def judge_samples(run, checker):
    """Return all accepted samples with what the check said."""
    found = zip(run.samples, checker.check(run.samples), strict=True)
    return [
        {
            "id": hashlib.sha256(f"{run.tool}\n{sample['question']}".encode()).hexdigest()[:12],
            "tool": run.tool,
            "question": sample["question"],
            "answer": sample["answer"],
            "true": outcome.is_true,
            "plain": outcome.is_plain,
            "why": outcome.why,
        }
        for sample, outcome in found
    ]


def draw(accepted, count=20):
    """Return samples of each tool for the hand check: at most ``count``, drawn by their ids."""
    by_tool = {}
    for sample in sorted(accepted, key=lambda sample: sample["id"]):
        by_tool.setdefault(sample["tool"], []).append(sample)
    return [sample for samples in by_tool.values() for sample in samples[:count]]


def measure_mock(arguments, folder, *, faults):
    """Parts two and three: a mock endpoint of 0.5 s and 32 at once."""
    with beside_mock(arguments, folder, *(["--faults"] if faults else [])) as bench:
        for tool in arguments.only:
            run = bench.run(tool)
            if faults:
                record("faults", explain_faults(run, bench.target))
            else:
                record("mock", explain_mock(run))


def explain_mock(run):
    """Return the row of a tool before the mock."""
    requests, accepted = run.stats["requests"], len(run.samples)
    bound = math.ceil(requests / 32) * 0.5
    return {
        "tool": run.tool,
        "accepted": accepted,
        "requests": requests,
        "requests/accepted": requests / accepted if accepted else None,
        "wall s": round(run.wall_s, 1),
        "bound s": bound,
        "first request to last reply s": run.stats["span_s"],
        "× bound": run.stats["span_s"] / bound if bound else None,
        "CPU s": round(run.cpu_s, 1),
        "most at once": run.stats["most_at_once"],
    }


def explain_faults(run, possible):
    """Return the row of a tool before the failing mock."""
    return {
        "tool": run.tool,
        "kept": f"{len(run.samples)}/{possible}",
        "requests": run.stats["requests"],
        "HTTP 500": run.stats["errors"],
        "cut off": run.stats["truncated"],
        "lines that say so": len(run.said),
        "exit": "stopped" if run.is_stopped else run.exit,
        "wall s": round(run.wall_s, 1),
    }


# --- report ---


def add_hand(rows, drawn):
    """Add what the judges by hand found; samples nobody judged yet are not counted."""
    verdicts = {row["id"]: row for row in read_lines(harness.RESULTS / "forge_verdicts.jsonl")}
    for row in rows:
        judged = [verdicts[s["id"]] for s in drawn if s["tool"] == row["tool"] and s["id"] in verdicts]
        if judged:
            row["by hand right"] = f"{sum(v['right'] for v in judged)}/{len(judged)}"
            row["right and useful"] = f"{sum(v['right'] and v['useful'] for v in judged)}/{len(judged)}"


def write_report(report):
    """Write what was measured, as Markdown and JSON."""
    lines = ["# Data foundries side by side", "", f"`{report['command']}`", ""]
    for title, rows in report["parts"].items():
        lines += [f"## {title}", "", *_table(rows), ""]
    lines += [*(f"- {note}" for note in report["notes"]), f"- {report['machine']}", ""]
    harness.RESULTS.mkdir(exist_ok=True)
    (harness.RESULTS / "forge.md").write_text("\n".join(lines), "utf-8")
    (harness.RESULTS / "forge.json").write_text(
        json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8"
    )


def _table(rows):
    columns = list(dict.fromkeys(key for row in rows for key in row))
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        cells = (row.get(column) for column in columns)
        yield "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(value):
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) and value < 1000 else str(value)


PARTS = {
    "model": "Same document, same model, same check",
    "mock": "Mock endpoint, 0.5 s latency, 32 at once: orchestration and packing",
    "faults": "Faults: every 5th answer cut off, every 20th an HTTP 500",
}
NOTES = (
    "true: strict check by our own `ondol.evidence.support` on the best passages of the document, and the "
    "question's content words stand there; plain: 80 % of the answer's words and all its numbers stand in "
    "one passage, no code of ours; both without duplicates (`bench/forge_check.py`)",
    "by hand: one judge, `forge_verdicts.jsonl`; not blind, since the peers' few samples are easily told: "
    "right = true to the document and answers the question; useful = worth training on",
    "exit 3 of Ondol: fewer than asked for (66), with the reason; the file holds no more certain facts",
    "requests abandoned by a tool that was stopped burden the model's CPU of the next, such as `ondol (6)`",
    "wall s of Ondol includes `ondol ingest`; CPU s is the tool's whole process tree and the model's process",
    "Ondol writes its questions in code where a sentence's structure is certain and lets the small model "
    "reword; the peers leave all writing to the model, which is what a 135M model cannot do",
    "bound s: requests / 32, rounded up, times 0.5 s; × bound compares the time from the first request "
    "to the last reply with it",
    "in the mock part Ondol has the fewest requests and not the shortest command: its checks, selection and "
    "embedding take more CPU than so few requests take time, where the others check nothing or ask a model",
    "lines that say so: found by words such as failed, retry, dropped; some are noise",
    "a ratio to the best peer is given where a peer has a true sample at all",
    "stopped: the tool's time was over (180 s); peers go through the document four pieces at a time, and "
    "what they had accepted by then counts",
    "the machine is shared with other work: trust ratios and CPU seconds more than wall seconds",
)


def main():
    """Measure what was asked for and report."""
    arguments = read_arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is ended
    wanted = {"ondol"} if arguments.smoke else {*arguments.only, *arguments.order}
    for tool in sorted(wanted & PEERS.keys()):
        harness.peer_python(tool, PEERS[tool][1], CACHE)
    go_offline()
    with tempfile.TemporaryDirectory(dir=arguments.work) as temporary:
        folder = Path(temporary)
        if arguments.smoke:
            smoke(arguments, folder)
            return
        for part in arguments.parts:
            (folder / part).mkdir()
            if part == "model":
                measure_model(arguments, folder / part)
            else:
                measure_mock(arguments, folder / part, faults=part == "faults")
    print((harness.RESULTS / "forge.md").read_text("utf-8"))


def record(part, row, accepted=()):
    """Put a tool's row into the report at once; what was measured before stays."""
    kept = harness.RESULTS / "forge.json"
    report = json.loads(kept.read_text("utf-8")) if kept.is_file() else {"parts": {}, "accepted": []}
    title = PARTS[part]
    report["parts"][title] = replace_rows(report["parts"].get(title, []), [row])
    if part == "model":
        others = [sample for sample in report["accepted"] if sample["tool"] != row["tool"]]
        report["accepted"] = [*others, *accepted]
        drawn = draw(report["accepted"])
        publish_samples(drawn)
        compare(report["parts"][title])
        add_hand(report["parts"][title], drawn)
    write_report({
        "command": "python bench/forge.py",
        "parts": report["parts"],
        "notes": [*NOTES, f"peers: {', '.join(install[0][0] for _, install in PEERS.values())}"],
        "machine": harness.machine() | {"offline": OFFLINE in os.environ},
        "accepted": report["accepted"],
    })


def replace_rows(before, rows):
    """Return rows in which those measured again stand for those of before; ours first."""
    by_tool = {row["tool"]: row for row in [*before, *rows]}
    return sorted(by_tool.values(), key=lambda row: not row["tool"].startswith("ondol"))


def read_arguments():
    """Return the command line's."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    everyone = ["ondol", *PEERS]
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--only", nargs="+", choices=everyone, default=everyone)
    parser.add_argument("--order", nargs="+", choices=everyone, help="of part one; a tool may run twice")
    parser.add_argument("--budget", type=float, default=180.0, help="longest time of a tool, in seconds")
    parser.add_argument("--models", type=Path, default=ROOT / ".models")
    parser.add_argument("--work", type=Path, help="folder for what is written on the way")
    parser.add_argument("--smoke", action="store_true", help="ours alone, ten samples; writes no result")
    arguments = parser.parse_args()
    arguments.models = arguments.models.resolve()
    # Ours first and last: what the machine does meanwhile shows in the difference.
    both_ends = [*arguments.only, *(["ondol"] if "ondol" in arguments.only[:1] else [])]
    arguments.order = arguments.order or both_ends
    return arguments


def smoke(arguments, folder):
    """Run ours for ten samples; fails when there are none."""
    from forge_check import Checker

    with beside_model(arguments, folder, ("getting_started",)) as bench:
        bench.target = 10
        run = bench.run("ondol")
    row = score(run, Checker(bench.document.read_text("utf-8")))
    print(json.dumps(row))
    if not row["true"]:
        raise SystemExit("no true sample")


def go_offline():
    """Start again in a network namespace that has loopback alone, where the system allows it."""
    if OFFLINE in os.environ or not shutil.which("unshare") or not shutil.which("ip"):
        return
    inside = ["unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        print("no network namespace: peers could reach the network", file=sys.stderr)
        return
    os.execvpe("unshare", [*inside, sys.executable, *sys.argv], os.environ | {OFFLINE: "1"})


def publish_samples(samples):
    """Write the drawn samples for the hand check: in the order of their ids, without the tool's name."""
    rows = [
        {key: sample[key] for key in ("id", "question", "answer")}
        for sample in sorted(samples, key=lambda sample: sample["id"])
    ]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (harness.RESULTS / "forge_drawn.jsonl").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
