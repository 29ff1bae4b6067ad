"""Measure parsing: speed and structure against markitdown and docling, on the same files.

Run from the repository's root::

    python bench/ingest.py --data FOLDER

``FOLDER`` holds ``docling_tests`` (MIT; its expected Markdown is Docling's own output, so Docling has a home
match there), and ``qgc_user_guide`` (CC BY 4.0; read as Markdown and, rendered, as HTML). A large sheet and a
large table are written here. Peers are installed on demand, each in an environment of its own under
``bench/.peers``. Every contestant is started once and asked file by file in turn (A B C A B C …); a file
counts with the median of its repeats, a format with the sum over the files that all contestants could read.
Writes ``bench/results/ingest.json`` and ``ingest.md``.

``ondol`` is what ingestion uses: a guarded child process, results sent back through a pipe; its CPU seconds
are those of the same reading in one process. Docling's PDF path needs models that are downloaded at run time
and is left out.
"""

import argparse
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

from harness import RESULTS, machine, peer_python

# Docling needs torch and torchvision that fit together; this pair does, on x86-64.
PEERS = {
    "markitdown": [["markitdown[pdf,docx,pptx,xlsx]"]],
    "docling": [["torch==2.14.1", "torchvision==0.29.1"], ["docling"]],
}
FORMATS = ("pdf", "docx", "pptx", "xlsx", "csv", "html", "md", "large xlsx", "large csv")
NOT_DOCLING = {"pdf"}
HERE = Path(__file__).parent


class Contestant:
    """A child process that converts one file at a time."""

    def __init__(self, name, python, output):
        self.name = name
        self.output = output / name
        self.output.mkdir()
        self.process = subprocess.Popen(
            [str(python), str(HERE / "convert.py"), name, str(self.output)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        first = self.process.stdout.readline()
        if not first:
            raise OSError(f"{name} does not start")
        self.import_s = json.loads(first)["import_s"]

    def convert(self, path):
        print(path, file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def collect_files(data, folder):
    """Return the files of each format; what has to be written is written to ``folder``."""
    files = defaultdict(list)
    for path in sorted((data / "docling_tests").glob("*/sources/*")):
        kind = path.suffix.lstrip(".").replace("xlsm", "xlsx")
        if kind in FORMATS:
            files[kind].append(path)
    guide = sorted((data / "qgc_user_guide").rglob("*.md"))[:120]
    files["md"] += guide
    from markdown_it import MarkdownIt

    render = MarkdownIt("commonmark").enable("table").render
    for number, path in enumerate(guide):
        target = folder / f"{number:03d}-{path.stem}.html"
        body = render(path.read_text("utf-8"))
        target.write_text(f"<!DOCTYPE html><html><body>{body}</body></html>", "utf-8")
        files["html"].append(target)
    files["large xlsx"].append(write_sheet(folder / "large.xlsx", 10_000))
    files["large csv"].append(write_table(folder / "large.csv", 50_000))
    return files


def make_rows(num_rows):
    chance = random.Random(7)
    yield ["part", "site", "price", "stock", "checked", "remark", "weight", "code"]
    for number in range(num_rows):
        yield [
            f"PN-{number:06d}", chance.choice(["Seoul", "Busan", "Daegu"]), round(chance.uniform(1, 900), 2),
            chance.randrange(10_000), f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d}",
            chance.choice(["stored dry", "to be checked", "blocked until tested"]), chance.random(),
            number * 17,
        ]  # fmt: skip


def write_sheet(path, num_rows):
    import openpyxl

    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("Stock")
    for row in make_rows(num_rows):
        sheet.append(row)
    workbook.save(path)
    return path


def write_table(path, num_rows):
    path.write_text("\n".join(",".join(map(str, row)) for row in make_rows(num_rows)), "utf-8")
    return path


def plain(text):
    """Bring a heading or cell to a form in which contestants agree."""
    text = re.sub(r"<[^>]+>|\\(?=\W)|[*_`$]", "", text)
    text = text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def f1(found, expected):
    found, expected = Counter(filter(None, map(plain, found))), Counter(filter(None, map(plain, expected)))
    if not expected:
        return None
    common = sum((found & expected).values())
    return 2 * common / (sum(found.values()) + sum(expected.values()))


def score_structure(contestants, files):
    """Compare with the expected Markdown; return mean F1 by format and contestant."""
    sys.path.insert(0, str(HERE))
    from convert import structure_of_markdown

    scores = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for kind in ("pdf", "docx", "pptx", "xlsx", "csv"):
        for path in files[kind]:
            truth_folder = path.parents[1] / "groundtruth"
            names = (f"{path.name}.md", f"{path.stem}.md")
            truth = next((truth_folder / name for name in names if (truth_folder / name).is_file()), None)
            if truth is None:
                continue
            expected = structure_of_markdown(truth.read_text("utf-8"))
            for contestant in contestants:
                found_path = contestant.output / f"{path.name}.json"
                if contestant.name == "ondol-pool" or (contestant.name == "docling" and kind in NOT_DOCLING):
                    continue
                empty = {"headings": [], "cells": [], "text": ""}
                found = json.loads(found_path.read_text("utf-8")) if found_path.is_file() else empty
                for what in ("headings", "cells"):
                    value = f1(found[what], expected[what])
                    if value is not None:
                        scores[kind][contestant.name][what].append(value)
                words = [re.findall(r"\w+", plain(side["text"])) for side in (found, expected)]
                value = f1(*words)
                if value is not None:
                    scores[kind][contestant.name]["words"].append(value)
    return {
        kind: {
            name: {what: [round(statistics.mean(values), 3), len(values)] for what, values in found.items()}
            for name, found in by_name.items()
        }
        for kind, by_name in scores.items()
    }


def measure(contestants, files, repeats):
    """Return per format: files and bytes counted, median seconds of each contestant, what failed."""
    results = {}
    for kind in FORMATS:
        taking = [c for c in contestants if not (c.name == "docling" and kind in NOT_DOCLING)]
        times = {c.name: defaultdict(list) for c in taking}
        failures = {c.name: {} for c in taking}
        for _ in range(repeats if not kind.startswith("large") else max(1, repeats - 2)):
            for path in files[kind]:
                for contestant in taking:
                    reply = contestant.convert(path)
                    if "error" in reply:
                        failures[contestant.name][path.name] = reply["error"]
                    times[contestant.name][path].append((reply["wall_s"], reply["cpu_s"], reply["peak_mib"]))
        counted = [
            path for path in files[kind] if not any(path.name in failed for failed in failures.values())
        ]
        units = sum(count_pages(contestants[0], path) for path in counted)
        results[kind] = {
            "files": len(counted),
            "pages": units,
            "bytes": sum(path.stat().st_size for path in counted),
            "failures": {name: failed for name, failed in failures.items() if failed},
            "contestants": {
                name: {
                    "wall_s": round(sum(statistics.median(t[0] for t in by_path[p]) for p in counted), 4),
                    "cpu_s": round(sum(statistics.median(t[1] for t in by_path[p]) for p in counted), 4),
                    "peak_mib": max(t[2] for runs in by_path.values() for t in runs),
                }
                for name, by_path in times.items()
            },
        }
        print(kind, json.dumps(results[kind]["contestants"]), file=sys.stderr, flush=True)
    return results


def count_pages(contestant, path):
    found = contestant.output / f"{path.name}.json"
    return json.loads(found.read_text("utf-8")).get("pages", 1) if found.is_file() else 0


def write_report(report, path):
    lines = [
        "# Parsing: speed and structure",
        "",
        f"`python bench/ingest.py --data FOLDER`, {report['repeats']} repeats, interleaved, medians. "
        f"{report['machine']['cores']} cores, load {report['machine']['load_1m']} at the start, "
        f"{report['load_1m_end']} at the end: trust the ratios and CPU seconds more than wall seconds.",
        "",
        f"Imports: {', '.join(f'{n} {s:.1f} s' for n, s in report['import_s'].items())}. "
        f"Peers: {', '.join(f'{n} {v}' for n, v in report['versions'].items())}.",
        "",
        "| format | files | pages | MB | ondol pages/s | ondol MB/s "
        "| markitdown s / ondol s | CPU ratio | docling s / ondol s | CPU ratio |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for kind, row in report["speed"].items():
        by_name = row["contestants"]
        ours, cpu = by_name["ondol-pool"]["wall_s"] or 1e-9, by_name["ondol"]["cpu_s"] or 1e-9
        megabytes = row["bytes"] / 1e6
        cells = [
            kind,
            row["files"],
            row["pages"],
            f"{megabytes:.2f}",
            f"{row['pages'] / ours:.0f}",
            f"{megabytes / ours:.1f}",
        ]
        for peer in ("markitdown", "docling"):
            found = by_name.get(peer)
            cells += [f"{found['wall_s'] / ours:.1f}", f"{found['cpu_s'] / cpu:.1f}"] if found else ["–", "–"]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    lines += [
        "",
        "Structure: mean F1 against Docling's expected Markdown (number of files with any).",
        "",
        "| format | contestant | headings | table cells | words |",
        "|---|---|---|---|---|",
    ]
    for kind, by_name in report["structure"].items():
        for name, found in by_name.items():
            values = [
                f"{found[w][0]:.3f} ({found[w][1]})" if w in found else "–"
                for w in ("headings", "cells", "words")
            ]
            lines.append(f"| {kind} | {name} | {' | '.join(values)} |")
    lines += ["", "Could not be read:", ""]
    for kind, row in report["speed"].items():
        for name, failed in row["failures"].items():
            lines += [
                f"- {name}, {kind}: {file} ({error.splitlines()[0][:120]})" for file, error in failed.items()
            ]
    if report["left_out"]:
        lines += ["", *(f"{name} was left out: {why}." for name, why in report["left_out"].items())]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--without", nargs="*", default=[], choices=PEERS, help="peers to leave out")
    arguments = parser.parse_args()
    report = {"machine": machine(), "repeats": arguments.repeats, "left_out": {}, "versions": {}}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        files = collect_files(arguments.data, folder)
        contestants = [Contestant(name, sys.executable, folder) for name in ("ondol", "ondol-pool")]
        for name, requirements in PEERS.items():
            if name in arguments.without:
                report["left_out"][name] = "asked for"
                continue
            try:
                python = peer_python(name, requirements)
                contestants.append(Contestant(name, python, folder))
            except (OSError, subprocess.CalledProcessError) as error:
                report["left_out"][name] = f"it could not be installed or started ({error})"
                continue
            show = f"import importlib.metadata as m; print(m.version({name!r}))"
            done = subprocess.run([str(python), "-c", show], capture_output=True, text=True, check=True)
            report["versions"][name] = done.stdout.strip()
        report["import_s"] = {contestant.name: round(contestant.import_s, 2) for contestant in contestants}
        report["speed"] = measure(contestants, files, arguments.repeats)
        report["structure"] = score_structure(contestants, files)
        for contestant in contestants:
            contestant.close()
    report["load_1m_end"] = machine()["load_1m"]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "ingest.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    write_report(report, RESULTS / "ingest.md")
    print((RESULTS / "ingest.md").read_text("utf-8"))


if __name__ == "__main__":
    main()
