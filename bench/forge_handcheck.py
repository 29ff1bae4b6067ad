"""Draw samples of a forged training set to be judged one by one, and print the verdicts as a table.

Run from the repository's root::

    ondol forge run manual-qa --target 200
    python bench/forge_handcheck.py draw --dataset FOLDER --seed 51 > judged.jsonl
    python bench/forge_handcheck.py table bench/data/forge_handcheck_en.jsonl ...

``FOLDER`` is the dataset's (``datasets/manual-qa`` in the home). ``draw`` writes JSON lines: id, split, kind,
the questions as asked (without the passages of an open book), the answers, the quotations of each, and the
source. Whoever judges adds three fields to each:

* ``right``: grammatical, understandable without the page, the answer true by the source and to the question;
* ``useful``: a user might ask it and learn from the answer; not about the page itself, not trivial;
* ``note``: why not, where one of them is false.

``table`` prints and writes ``bench/results/forge_handcheck.md``: shares by kind, with 95 % Wilson intervals
(Wilson 1927). The verdicts in ``bench/data`` are ours; the sentences are of the sample handbook (CC BY 4.0).
"""

import argparse
import json
import math
import random
import sys
from collections import Counter, defaultdict
from pathlib import Path

import harness

SPLITS = ("train", "validation", "test", "recall")
_ASKED = ("\n\nQuestion: ", "\n\n질문: ")


def read_examples(folder):
    for split in SPLITS:
        path = folder / f"{split}.jsonl"
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                yield split, json.loads(line)


def read_question(content):
    """Return what is asked, without the passages shown before it."""
    for mark in _ASKED:
        if content.startswith("[") and mark in content:
            return content.rsplit(mark, 1)[1]
    return content


def build_row(split, example, *, with_passages=False):
    said = [m for m in example["messages"] if m["role"] != "system"]
    evidence = example["provenance"]["evidence"]
    row = {
        "id": example["id"],
        "split": split,
        "kind": example["kind"],
        "questions": [read_question(m["content"]) for m in said if m["role"] == "user"],
        "answers": [m["content"] for m in said if m["role"] == "assistant"],
        "quotes": list(dict.fromkeys(e["quote"] for e in evidence)),
        "source": evidence[0]["context"] or evidence[0]["title"] if evidence else example["topic"],
    }
    if with_passages and example["book"] == "open":
        row["passages"] = said[0]["content"]
    return row


def draw(folder, *, num, seed, with_passages=False):
    """Return ``num`` samples of all splits together, chosen by ``seed``."""
    every = sorted(read_examples(folder), key=lambda item: item[1]["id"])
    chosen = random.Random(seed).sample(every, min(num, len(every)))
    return [build_row(split, example, with_passages=with_passages) for split, example in chosen]


def wilson(num_right, num, z=1.96):
    """Return the bounds of the 95 % interval of a share (Wilson 1927)."""
    share = num_right / num
    middle = share + z * z / (2 * num)
    spread = z * math.sqrt(share * (1 - share) / num + z * z / (4 * num * num))
    return (middle - spread) / (1 + z * z / num), (middle + spread) / (1 + z * z / num)


def tabulate(paths):
    rows = []
    for path in paths:
        judged = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        groups = defaultdict(list, all=judged)
        for item in judged:
            groups[item["kind"]].append(item)
        for kind, items in sorted(groups.items(), key=lambda group: -len(group[1])):
            both = sum(item["right"] and item["useful"] for item in items)
            low, high = wilson(both, len(items))
            rows.append({
                "verdicts": path.name,
                "kind": kind,
                "samples": len(items),
                "right": sum(item["right"] for item in items),
                "useful": sum(item["useful"] for item in items),
                "right and useful": both,
                "share": f"{both / len(items):.0%}",
                "95 % interval": f"{low:.0%} to {high:.0%}",
            })
    return rows


def describe_faults(paths):
    for path in paths:
        judged = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for item in judged:
            if not (item["right"] and item["useful"]):
                missing = " and ".join(f"not {name}" for name in ("right", "useful") if not item[name])
                yield f"{path.stem.rsplit('_', 1)[-1]}, {missing}: “{item['questions'][0]}” {item['note']}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    drawing = commands.add_parser("draw")
    drawing.add_argument("--dataset", type=Path, required=True)
    drawing.add_argument("--num", type=int, default=50)
    drawing.add_argument("--seed", type=int, default=50)
    drawing.add_argument("--passages", action="store_true", help="also what an open book shows")
    table = commands.add_parser("table")
    table.add_argument("verdicts", type=Path, nargs="+")
    table.add_argument("--note", action="append", default=[], help="a line below the table")
    args = parser.parse_args()
    if args.command == "draw":
        for row in draw(args.dataset, num=args.num, seed=args.seed, with_passages=args.passages):
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        return
    kinds = Counter(path.suffix for path in args.verdicts)
    if set(kinds) != {".jsonl"}:
        raise SystemExit("Verdicts are files of JSON lines, as draw writes them.")
    notes = [*args.note, *describe_faults(args.verdicts)]
    harness.report(
        "forge_handcheck",
        tabulate(args.verdicts),
        command="python bench/forge_handcheck.py table "
        + " ".join(f"bench/data/{path.name}" for path in args.verdicts),
        notes=notes,
    )


if __name__ == "__main__":
    main()
