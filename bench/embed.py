"""Measure ways to run the default embedder: tokens per CPU second, query time, memory, agreement.

Run from the repository's root, with the default models in ``MODELS`` (``make up`` fetches them)::

    python bench/embed.py --models ~/.ondol/models

Passages are those of the sample handbook (English), about 150 words each. Contestants run in turn, each in a
process of its own with what it decides itself about threads; CPU seconds include llama.cpp's child. Writes
``bench/results/embed``.
"""

import argparse
import hashlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import harness
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
QUERY = "how do I set the return altitude for failsafe"
OURS = "NumPy (ours)"
CONTESTANTS = (
    OURS,
    "NumPy, OpenBLAS's own threads",
    "llama.cpp f16, child",
    "ONNX Runtime f32",
    "ONNX Runtime int8",
)
PEER = [["onnxruntime", "onnx", "tokenizers", "safetensors", "numpy"]]


def read_passages(count: int) -> list[str]:
    words = []
    for path in sorted((ROOT / "examples/drone-handbook/en").rglob("*.md")):
        words += path.read_text(encoding="utf-8").split()
    return [" ".join(words[i : i + 150]) for i in range(0, len(words), 150)][:count]


def measure(embed, count_tokens, passages, *, child_cpu=lambda: 0.0) -> dict:
    embed(["warm up"])
    cpu, wall = time.process_time() + child_cpu(), time.perf_counter()
    vectors = embed(passages)
    cpu, wall = time.process_time() + child_cpu() - cpu, time.perf_counter() - wall
    times = []
    for _ in range(100):
        start = time.perf_counter()
        embed([QUERY])
        times.append(time.perf_counter() - start)
    tokens = count_tokens(passages)
    return {
        "tokens": tokens,
        "tokens_per_cpu_s": tokens / cpu,
        "tokens_per_s": tokens / wall,
        "query_p50_ms": statistics.median(times) * 1e3,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
        "vectors": np.asarray(vectors, dtype=np.float64).round(7).tolist(),
    }


def build_counter(folder: Path, limit: int = 256):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(limit)
    return lambda texts: sum(len(e.ids) for e in tokenizer.encode_batch(texts))


def run_ours(folder: Path, passages: list[str], *, own_threads: bool) -> dict:
    from threadpoolctl import threadpool_info, threadpool_limits

    from ondol.engines.embed.bert import BertEmbedder

    before = max(info["num_threads"] for info in threadpool_info())
    embedder = BertEmbedder(folder, name="m", sha256="0" * 64, threads=1 if own_threads else 0)
    embedder.embed(["load"], kind="query")
    if own_threads:
        threadpool_limits(limits=before, user_api="blas")
    return measure(lambda t: embedder.embed(t, kind="passage"), build_counter(folder), passages)


def run_llama(folder: Path, passages: list[str]) -> dict:
    sys.path.insert(0, str(ROOT / "tests/contracts"))
    from minilm_gguf import write_minilm

    from ondol.engines.embed.embedded import EmbeddedEmbedder

    with tempfile.TemporaryDirectory() as home:
        path = write_minilm(folder, Path(home) / "minilm.gguf", half=True)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        embedder = EmbeddedEmbedder(path, home=Path(home), name="m", sha256=sha256, max_tokens=512)
        embedder.endpoint()
        pid = embedder.pid

        def child_cpu():
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / 100

        result = measure(
            lambda t: embedder.embed(t, kind="passage"),
            build_counter(folder, 512),
            passages,
            child_cpu=child_cpu,
        )
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        result["peak_mb"] = int(status.partition("VmHWM:")[2].split()[0]) / 1e3
        embedder.close()
        return result


def run_worker(name: str, folder: Path, passages: list[str]) -> dict:
    if name.startswith("ONNX"):
        from embed_onnx import run_onnx

        return run_onnx(folder, passages, int8=name.endswith("int8"), measure=measure, counter=build_counter)
    if name.startswith("llama"):
        return run_llama(folder, passages)
    return run_ours(folder, passages, own_threads=name != OURS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--passages", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--worker")
    arguments = parser.parse_args()
    folder = arguments.models / "all-minilm-l6-v2"
    passages = read_passages(arguments.passages)
    if arguments.worker:
        print(json.dumps(run_worker(arguments.worker, folder, passages)))
        return
    peer = harness.peer_python("onnxruntime", PEER)
    runs = {name: [] for name in CONTESTANTS}
    for _ in range(arguments.repeats):
        for name in CONTESTANTS:
            python = peer if name.startswith("ONNX") else sys.executable
            command = [str(python), __file__, "--models", str(arguments.models), "--worker", name]
            command += ["--passages", str(arguments.passages)]
            out = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
            runs[name].append(json.loads(out.splitlines()[-1]))
    reference = np.asarray(runs[OURS][0]["vectors"])
    rows = []
    for name, results in runs.items():
        middle = {key: statistics.median(r[key] for r in results) for key in results[0] if key != "vectors"}
        agreement = (reference * np.asarray(results[0]["vectors"])).sum(axis=1)
        cosine = {
            "cosine_to_ours_min": float(agreement.min()),
            "cosine_to_ours_mean": float(agreement.mean()),
        }
        rows.append({"way": name, **middle, **cosine})
    notes = [
        "Medians. llama.cpp reads up to 512 tokens, the others 256; its memory is its child’s.",
        "Kernels of OpenBLAS (OPENBLAS_CORETYPE in the environment decides, where it is set): "
        + ", ".join(sorted({i["architecture"] for i in _blas_info()})),
        "`NumPy (ours)` against float64: tests/engines/test_bert.py (cosine above 0.999999).",
    ]
    harness.report("embed", rows, command="python bench/embed.py --models MODELS", notes=notes)


def _blas_info() -> list[dict]:
    from threadpoolctl import threadpool_info

    return [info for info in threadpool_info() if info["user_api"] == "blas"]


if __name__ == "__main__":
    main()
