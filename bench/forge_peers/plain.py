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
MAX_TOKENS = 512
MIN_SCORE = 7

_PAIR = re.compile(
    r"^\W*(?:Question|Q)\s*\d*\s*[:.]\**\s*(.+?)\n+\W*(?:Answer|A)\s*\d*\s*[:.]\**\s*"
    r"(.+?)(?=\n\W*(?:Question|Q)\s*\d*\s*[:.]|\n\s*\n|\Z)",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)

EXAMPLE = (
    "The kettle holds 1.7 litres. It switches itself off after 30 seconds without water. Clean it with "
    "vinegar once a month, because lime shortens its life."
)
EXAMPLE_PAIRS = [
    {"question": "How much water does the kettle hold?", "answer": "The kettle holds 1.7 litres."},
    {
        "question": "When does the kettle switch itself off?",
        "answer": "The kettle switches itself off after 30 seconds without water.",
    },
    {
        "question": "Why should the kettle be cleaned with vinegar once a month?",
        "answer": "The kettle should be cleaned with vinegar because lime shortens its life.",
    },
]

WRITE = """Here is a passage of a manual.

{passage}

Write {pairs} different questions that this passage answers, each with its answer. An answer must be true
to the passage and complete without it."""

WRITE_ONE = """Here is a passage of a manual.

{passage}

Write one question that this passage answers, with its answer. The answer must be true to the passage
and complete without it. This is question {number} of {pairs} on this passage: ask about another part of it
than the others. An example, on another passage: {example}"""

JUDGE = """Here is a passage of a manual.

{passage}

Question: {question}
Answer: {answer}

Is the question clear, and is the answer correct and supported by the passage? Reply with one number from 1
(useless) to 10 (right and useful)."""


def ask_for_pairs(passage, write):
    """Return the messages of a request for pairs, with an example of a reply: small models need one.

    Args:
        passage: to write on.
        write: gives the text of a reply that holds some pairs.
    """
    return [
        {"role": "user", "content": WRITE.format(passage=EXAMPLE, pairs=PAIRS_PER_CHUNK)},
        {"role": "assistant", "content": write(EXAMPLE_PAIRS)},
        {"role": "user", "content": WRITE.format(passage=passage, pairs=PAIRS_PER_CHUNK)},
    ]


def write_lines(pairs):
    """Return pairs as lines."""
    return "\n\n".join(f"Question: {pair['question']}\nAnswer: {pair['answer']}" for pair in pairs)


def read_arguments():
    """Return what every adapter is called with."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--base-url", required=True, help="root of the API, ending in /v1")
    parser.add_argument("--model", required=True)
    parser.add_argument("--document", type=Path, required=True)
    parser.add_argument("--chunks", type=Path, required=True, help="JSON list of strings")
    parser.add_argument("--out", type=Path, required=True, help="JSONL with question and answer")
    parser.add_argument("--at-once", type=int, default=32)
    parser.add_argument("--slice", type=int, default=1000, help="chunks to finish before the next are begun")
    parser.add_argument("--piece-chars", type=int, default=4000, help="longest chunk")
    return parser.parse_args()


def read_slices(arguments):
    """Yield the chunks of the document, some at a time; what is done counts when time is over."""
    chunks = json.loads(arguments.chunks.read_text("utf-8"))
    for start in range(0, len(chunks), arguments.slice):
        yield chunks[start : start + arguments.slice]


def write_samples(path, samples):
    """Add what the tool accepted."""
    lines = [json.dumps({"question": s["question"], "answer": s["answer"]}) for s in samples]
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))
    print(f"accepted {len(lines)}", flush=True)


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
    """Return the pairs of a reply: lines that begin with ``Question:`` and ``Answer:``, or Q and A."""
    found = _PAIR.findall(text)
    return keep_pairs({"question": question.strip(), "answer": answer.strip()} for question, answer in found)


def keep_pairs(pairs):
    """Return the pairs that are whole and do not repeat the example; at most as many as were asked for."""
    examples = {pair["question"] for pair in EXAMPLE_PAIRS}
    return [pair for pair in pairs if is_pair(pair) and pair["question"] not in examples][:PAIRS_PER_CHUNK]


def is_pair(value):
    """Tell whether there is a question and an answer, as text."""
    return isinstance(value, dict) and all(
        isinstance(value.get(key), str) and value[key].strip() for key in ("question", "answer")
    )


def parse_score(text):
    """Return the first number after the word score, or the first at all; 0 when there is none."""
    match = re.search(r"score\D{0,20}(\d+)", text or "", re.IGNORECASE) or re.search(r"(\d+)", text or "")
    return int(match[1]) if match else 0
