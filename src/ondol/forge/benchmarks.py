"""Read evaluation sets in the layouts that are in use: what was asked, what is right, where it stands.

Columns and keys are found by name (``question``, ``prompt``, ``premise`` + ``hypothesis``, ``turns``, …), at
any depth; a table without a header is read as question, choices, answer, as MMLU's are.
"""

import csv
import gzip
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from ondol.core.errors import NotFoundError, WrongUseError
from ondol.core.frozen import Frozen
from ondol.text.normalise import nfc

SUFFIXES = frozenset({".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt"})
_NOTICE = re.compile(r"licen[cs]e|copying|readme|notice|source|requirements|cc-by", re.IGNORECASE)
_FIELD_CHARS = 1 << 24
_LETTER = re.compile(r"^\(?[A-Ea-e1-5]\)?\.?$")

# Keys in lower case without marks; of a group the first that holds text is taken.
_PAIRS = (("premise", "hypothesis"), ("sentence1", "sentence2"), ("question1", "question2"))
_QUESTIONS = (
    *("question", "query", "problem", "prompt", "instruction", "turns", "messages", "conversations"),
    *("inputs", "input", "stem", "goal", "ctx", "sentence", "context", "text", "claim", "질문", "문제"),
)
_LEADS = ("sentence", "premise", "context")  # said before a question that is only a cue ("result", "cause")
_ANSWERS = (
    *("answer", "answers", "bestanswer", "correctanswers", "correctanswer", "target", "targets", "output"),
    *(
        "outputs",
        "response",
        "solution",
        "canonicalsolution",
        "reference",
        "completion",
        "답변",
        "정답",
        "답",
    ),
)
_CHOICES = ("choices", "options", "endings", "mc1targets", "mc0targets")
_CHOICE_COLUMN = re.compile(r"^(?:choice|option|ending|sol)?_?[a-e1-5]$|^(?:choice|option|ending|sol)_?\d+$")
_NESTED = ("qas", "questions", "data", "paragraphs", "items", "examples", "samples", "rows")
_CUE_CHARS = 8


class BenchmarkItem(Frozen):
    """A question of an evaluation set.

    Attributes:
        file: name of the file, with the folder it was found in.
        line: of the file, or for JSON the item's number; from 1.
    """

    file: str
    line: int
    question: str
    answer: str = ""
    choices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"


def load_items(paths: Iterable[str | Path]) -> Iterator[BenchmarkItem]:
    """Yield the items of files and of all readable files below folders, gzipped ones too.

    Raises:
        NotFoundError: a path does not exist.
        WrongUseError: a file cannot be read, or holds no question; names it.
    """
    for given in paths:
        path = Path(given).expanduser()
        if path.is_file():
            yield from _read_some(path, path.name)
        elif path.is_dir():
            found = [p for p in sorted(path.rglob("*")) if p.is_file() and _is_set(p)]
            if not found:
                raise WrongUseError(
                    f"No evaluation file lies in {path}.",
                    remedy=f"Readable are {', '.join(sorted(SUFFIXES))}.",
                )
            for file in found:
                yield from _read_file(file, f"{path.name}/{file.relative_to(path).as_posix()}")
        else:
            raise NotFoundError(
                f"There is no evaluation set {path}.", remedy="Correct `decontaminate.against` in the recipe."
            )


def _is_set(path: Path) -> bool:
    return _suffix(path) in SUFFIXES and not _NOTICE.search(path.name) and not path.name.startswith(".")


def _suffix(path: Path) -> str:
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()


def _read_some(path: Path, name: str) -> Iterator[BenchmarkItem]:
    items = _read_file(path, name)
    first = next(items, None)
    if first is None:
        raise WrongUseError(
            f"No question was found in {path}.",
            remedy=f"Name the column or key one of {', '.join(_QUESTIONS)}.",
        )
    yield first
    yield from items


def _read_file(path: Path, name: str) -> Iterator[BenchmarkItem]:
    suffix = _suffix(path)
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as raw:
            lines = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="" if suffix == ".csv" else None)
            if suffix in {".jsonl", ".ndjson"}:
                yield from _read_lines(lines, name)
            elif suffix == ".json":
                rows = _walk(json.load(lines))
                yield from (item for n, row in enumerate(rows, 1) for item in _build(row, name, n))
            elif suffix == ".txt":
                yield from _read_text(lines, name)
            else:
                yield from _read_table(lines, name, "," if suffix == ".csv" else "\t")
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, csv.Error, EOFError) as error:
        raise WrongUseError(f"The evaluation file {path} cannot be read: {error}.") from error


def _read_lines(lines: Iterable[str], name: str) -> Iterator[BenchmarkItem]:
    for n, line in enumerate(lines, 1):
        if line.strip():
            for row in _walk(json.loads(line)):
                yield from _build(row, name, n)


def _read_text(lines: Iterable[str], name: str) -> Iterator[BenchmarkItem]:
    for n, line in enumerate(lines, 1):
        if line.strip():
            yield BenchmarkItem(file=name, line=n, question=nfc(line).strip())


def _read_table(lines: io.TextIOWrapper, name: str, delimiter: str) -> Iterator[BenchmarkItem]:
    csv.field_size_limit(_FIELD_CHARS)
    if delimiter == ",":
        reader = csv.reader(lines)
    else:
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    first = next(reader, None)
    if first is None:
        return
    header = [_plain(cell) for cell in first]
    if known := any(key in _QUESTIONS or any(key in pair for pair in _PAIRS) for key in header):
        rows: Iterable[Sequence[str]] = reader
    elif first[0].startswith("##"):
        yield from _read_annotated(reader, name)
        return
    else:
        rows = (row for some in ([first], reader) for row in some)
    for n, cells in enumerate(rows, 2 if known else 1):
        if known:
            yield from _build(dict(zip(first, cells, strict=False)), name, n)
        elif cells and cells[0].strip():
            *choices, answer = cells[1:] or [""]
            yield _make(name, n, cells[0], answer, choices)


def _read_annotated(rows: Iterable[Sequence[str]], name: str) -> Iterator[BenchmarkItem]:
    """Read a token-per-line file whose comments hold the sentences (KLUE's NER)."""
    for n, cells in enumerate(rows, 2):
        if len(cells) > 1 and cells[0].startswith("##"):
            text = re.sub(r"<([^<>]*):[A-Z]{2,}>", r"\1", cells[-1])
            if len(text) > _CUE_CHARS:
                yield _make(name, n, text, "", ())


def _walk(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the dictionaries that hold a question, at any depth."""
    if isinstance(value, list):
        for each in value:
            if isinstance(each, str):
                yield {"question": each}
            else:
                yield from _walk(each)
    elif isinstance(value, dict):
        fields = {_plain(key): each for key, each in value.items()}
        inner = next((fields[key] for key in _NESTED if isinstance(fields.get(key), list)), None)
        if inner is not None:
            yield from _walk(inner)
        elif _find_question(fields):
            yield value
        else:
            yield from (row for v in value.values() if isinstance(v, list | dict) for row in _walk(v))


def _build(row: Mapping[str, Any], name: str, line: int) -> Iterator[BenchmarkItem]:
    fields = {_plain(key): value for key, value in row.items() if isinstance(key, str)}
    question = _find_question(fields)
    if not question:
        return
    choices: list[str] = []
    for key in _CHOICES:
        choices = choices or _texts(fields.get(key))
    if not choices and isinstance(inner := fields.get("question"), dict):
        choices = _texts(inner.get("choices"))
    if not choices:
        choices = [
            text for key, value in fields.items() if _CHOICE_COLUMN.match(key) for text in _texts(value)
        ]
    answer = next((texts[0] for key in _ANSWERS if (texts := _texts(fields.get(key)))), "")
    if not answer and isinstance(place := fields.get("label", fields.get("answer")), int):
        answer = next(islice(choices, place, None), "") if place >= 0 else ""
    yield _make(name, line, question, answer, choices)


def _make(name: str, line: int, question: str, answer: str, choices: Sequence[str]) -> BenchmarkItem:
    kept = tuple(nfc(choice).strip() for choice in choices if choice.strip())
    if _LETTER.match(answer.strip()) and kept:
        place = "abcde12345".index(answer.strip("(). ").lower()) % 5
        answer = kept[place] if place < len(kept) else answer
    return BenchmarkItem(
        file=name, line=line, question=nfc(question).strip(), answer=nfc(answer).strip(), choices=kept
    )


def _find_question(fields: Mapping[str, Any]) -> str:
    for pair in _PAIRS:
        both = [_texts(fields.get(key)) for key in pair]
        if all(both):
            return "\n".join(texts[0] for texts in both)
    for key in _QUESTIONS:
        texts = _texts(fields.get(key), asked_only=True)
        if not texts:
            continue
        asked = "\n".join(texts)
        lead = [text for other in _LEADS if other != key for text in _texts(fields.get(other))[:1]]
        if key == "instruction":
            lead = []
            asked = "\n".join([asked, *_texts(fields.get("input"))])
        return "\n".join([*lead[:1], asked]) if len(asked) <= _CUE_CHARS else asked
    return ""


def _texts(value: Any, *, asked_only: bool = False) -> list[str]:
    """Return the strings in a value: of messages their content, of ARC's choices their text."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, list):
        return [text for each in value for text in _texts(each, asked_only=asked_only)]
    if isinstance(value, dict):
        role = value.get("role", value.get("from", "user"))
        if asked_only and role not in {"user", "human", "instruction"}:
            return []
        for key in ("content", "value", "stem", "text"):
            if key in value:
                return _texts(value[key])
        return [] if asked_only else [key for key in value if isinstance(key, str)]
    return []


def _plain(key: str) -> str:
    return re.sub(r"[\s_-]", "", nfc(str(key)).casefold())
