"""What every peer is given that ships no prompts of its own: chunks, two plain prompts, tolerant parsing.

Runs inside the peers' environments, so it needs the standard library alone.
"""

import argparse
import json
import re
from pathlib import Path

PAIRS_PER_CHUNK = 3
TEMPERATURE = 0.7
JUDGE_TEMPERATURE = 0.1
MAX_TOKENS = 1024
MIN_SCORE = 7

WRITE = """Here is a passage of a manual.

{passage}

Write {pairs} different questions that this passage answers, each with its answer. An answer must be true
to the passage and complete without it. Reply with JSON only, a list of objects with the keys
"question" and "answer"."""

WRITE_ONE = """Here is a passage of a manual.

{passage}

Write one question that this passage answers, with its answer. The answer must be true to the passage
and complete without it. This is question {number} of {pairs} on this passage: ask about another part of it
than the others."""

JUDGE = """Here is a passage of a manual.

{passage}

Question: {question}
Answer: {answer}

Is the question clear, and is the answer correct and supported by the passage? Reply with JSON only:
{{"score": N}}, where N is from 1 (useless) to 10 (right and useful)."""


def read_arguments():
    """Return what every adapter is called with."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--base-url", required=True, help="root of the API, ending in /v1")
    parser.add_argument("--model", required=True)
    parser.add_argument("--document", type=Path, required=True)
    parser.add_argument("--chunks", type=Path, required=True, help="JSON list of strings")
    parser.add_argument("--out", type=Path, required=True, help="JSONL with question and answer")
    parser.add_argument("--at-once", type=int, default=32)
    return parser.parse_args()


def read_chunks(path):
    """Return the chunks of the document."""
    return json.loads(path.read_text("utf-8"))


def write_samples(path, samples):
    """Write what the tool accepted."""
    lines = [json.dumps({"question": s["question"], "answer": s["answer"]}) for s in samples]
    path.write_text("".join(line + "\n" for line in lines), "utf-8")
    print(f"accepted {len(lines)}")


def split_text(text, limit=4000):
    """Cut at blank lines into pieces of at most ``limit`` characters."""
    pieces, current = [], ""
    for block in re.split(r"\n\s*\n", text):
        for start in range(0, max(1, len(block)), limit):
            part = block[start : start + limit].strip()
            if current and len(current) + 2 + len(part) > limit:
                pieces.append(current)
                current = ""
            current = f"{current}\n\n{part}" if current else part
    return [*pieces, current] if current else pieces


def parse_pairs(text):
    """Return the pairs of a reply: a JSON list, whole or cut off, fenced or among prose."""
    found = []
    decoder = json.JSONDecoder()
    for match in re.finditer(r"\{", text):
        try:
            value, _ = decoder.raw_decode(text, match.start())
        except ValueError:
            continue
        if is_pair(value):
            found.append({"question": value["question"].strip(), "answer": value["answer"].strip()})
    return found


def is_pair(value):
    """Tell whether there is a question and an answer, as text."""
    return isinstance(value, dict) and all(
        isinstance(value.get(key), str) and value[key].strip() for key in ("question", "answer")
    )


def parse_score(text):
    """Return the first number after the word score, or the first at all; 0 when there is none."""
    match = re.search(r"score\D{0,20}(\d+)", text or "", re.IGNORECASE) or re.search(r"(\d+)", text or "")
    return int(match[1]) if match else 0
