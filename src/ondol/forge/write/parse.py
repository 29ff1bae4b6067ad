"""Read structured output as models really write it, and never more than they wrote.

Thinking, code fences and prose around it are passed over; single quotes, trailing commas, missing brackets
and several objects in a row are mended (by `json-repair`). What was cut off in the middle is dropped and
reported: a mended half sentence would be an invention. Text like ``Q: … A: …`` is the last resort.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import json_repair

_THINK = re.compile(
    r"<(think|thinking|thought|reasoning)>.*?</\1>|<\|channel\|>analysis.*?(?=<\|channel\|>final|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_THINK_CLOSE = re.compile(r"\A.*</(?:think|thinking|thought|reasoning)>", re.DOTALL | re.IGNORECASE)
_THINK_OPEN = re.compile(r"<(?:think|thinking|thought|reasoning)>.*\Z", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```[ \t]*[\w+-]*[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_OPENING = re.compile(r"[{\[]")
# Joined to the end of broken text: whatever it is found in had no end. Letters, so that a number is not taken
# for whole before it.
_END = "zqcutqz"
_QUOTE = "[\"'“”‘’]"
_MORE = re.compile(r"[\"“{\[,:]|\A\s*'")
_FILED = re.compile(r"(?:fact[\s_-]?|사실\s?)?\[?(\d{1,2})\]?", re.IGNORECASE)
_MAX_CHARS = 400_000
_MAX_MENDED = 40_000  # mending takes time in the square of the length at worst: 4 s for 24,000
_MAX_DEPTH = 6
_MAX_TRIES = 200

_LABEL = re.compile(
    r"^[ \t>*_#-]*(?:\(?\d{1,3}[.):][ \t]*)?[*_]*"
    r"(?P<label>questions?|q|질문|문|answers?|a|답변|답|facts?|fact numbers?|사실|근거)"
    r"[ \t]*(?P<number>\d{1,3})?[ \t]*[*_]*[ \t]*(?:[:.)：]|(?<=\d)[*_]*$)[*_]*[ \t]*(?P<text>.*)$",
    re.IGNORECASE,
)
_ENTRY = re.compile(r"(?:[-*•]|\(?\d{1,2}[.)])\s+[\"“]?(.+?)[\"”]?\s*\Z")
_LABELS = {"q": "question", "질문": "question", "문": "question", "a": "answer", "답": "answer"}
_LABELS |= {"답변": "answer", "사실": "facts", "근거": "facts"}


@dataclass(frozen=True)
class Reading:
    """What could be read.

    Attributes:
        items: objects in their order, keys in lower case with underscores.
        is_cut: something at the end was not whole and was dropped.
        is_mended: it was not valid JSON as it stood.
    """

    items: tuple[dict[str, Any], ...] = ()
    is_cut: bool = False
    is_mended: bool = False


@dataclass
class _Found:
    values: list[Any] = field(default_factory=list)
    is_cut: bool = False
    is_mended: bool = False


def read_items(text: str, *, keys: Mapping[str, str], is_cut: bool = False) -> Reading:
    """Return the objects in ``text`` that have one of ``keys``, wherever they are nested.

    Args:
        text: a model's reply.
        keys: names by which an item is known, lower case, each with the field that it stands for.
        is_cut: the engine says that the reply was cut off.
    """
    with suppress(ValueError, RecursionError):  # marks of thinking and fences within a text of it are text
        items = tuple(_find_items(json.loads(text, strict=False), keys, _MAX_DEPTH))
        if items:
            return Reading(items, is_cut=is_cut)
    body = strip_thinking(text)[:_MAX_CHARS]
    found = _Found()
    if body.startswith('"'):
        with suppress(ValueError):
            body = str(json.loads(body))
    for region in _find_regions(body):
        _read_region(region, found)
    items = tuple(item for value in found.values for item in _find_items(value, keys, _MAX_DEPTH))
    if not items:
        items = tuple(item for item in _read_labelled(body, is_cut=is_cut) if keys.keys() & item.keys())
        return Reading(items, is_cut=is_cut or found.is_cut, is_mended=bool(items))
    return Reading(items, is_cut=is_cut or found.is_cut, is_mended=found.is_mended)


def strip_thinking(text: str) -> str:
    """Return ``text`` without what the model thought, closed or not, whichever marks were left in it."""
    text = _THINK.sub("", text)
    text = _THINK_CLOSE.sub("", text)
    return _THINK_OPEN.sub("", text).strip()


def _find_regions(text: str) -> list[str]:
    """Return the fenced blocks that may hold JSON, or the whole text."""
    if text[:1] in {"{", "["}:
        return [text]
    fenced = [match[1] for match in _FENCE.finditer(text) if _OPENING.search(match[1])]
    return fenced or [text]


def _read_region(text: str, found: _Found) -> None:
    """Read value after value; from the first one that is broken on, the rest is mended at once."""
    decoder = json.JSONDecoder(strict=False)
    at = 0
    for _ in range(_MAX_TRIES):
        opening = _OPENING.search(text, at)
        if opening is None:
            return
        try:
            value, at = decoder.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            if _is_prose(text, opening.start()):
                at = opening.end()
                continue
            _mend(text[opening.start() :], found)
            return
        found.values.append(value)


def _is_prose(text: str, at: int) -> bool:
    """Tell whether a bracket opens a remark rather than JSON: ``[see below]``, ``{placeholder}``."""
    following = text[at + 1 :].lstrip()[:1]
    return bool(following) and following not in "{[\"'}]“‘" and not following.isdigit() and following != "-"


def _mend(text: str, found: _Found) -> None:
    found.is_mended = True
    if len(text) > _MAX_MENDED:
        text, found.is_cut = text[:_MAX_MENDED], True
    try:
        value = json_repair.loads(text.rstrip().rstrip("`").rstrip() + _END, skip_json_loads=True)
    except (ValueError, RecursionError):  # hostile nesting
        return
    ended = _Pruner()
    value = ended.prune(value)
    if not ended.has_met_end and _is_open(text):
        value = _drop_uncertain(value, text)
        found.is_cut = True
    found.is_cut |= ended.has_dropped or _is_open(text)
    found.values.append(_drop_pieces(value, text))


class _Pruner:
    """Drops every value that the end of the text was joined to."""

    def __init__(self) -> None:
        self.has_met_end = False
        self.has_dropped = False

    def prune(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._prune_text(value)
        if isinstance(value, list):
            return [kept for part in value if (kept := self.prune(part)) is not None]
        if isinstance(value, dict):
            pairs = ((key, self.prune(part)) for key, part in value.items() if _END not in key)
            return {key: part for key, part in pairs if part is not None}
        return value

    def _prune_text(self, value: str) -> str | None:
        if _END not in value:
            return value
        alone = value == _END
        self.has_met_end |= not alone
        self.has_dropped |= not alone
        return None


def _is_open(text: str) -> bool:
    """Tell whether broken text stops before its brackets are closed, by what follows the last of them."""
    tail = text[max(text.rfind("}"), text.rfind("]")) + 1 :]
    return len(tail) == len(text) or _MORE.search(tail) is not None


def _drop_uncertain(value: Any, text: str) -> Any:
    """Drop the last text of ``value`` unless the reply ends with it and its closing quote."""
    if isinstance(value, list) and value:
        last = _drop_uncertain(value[-1], text)
        return value[:-1] if last is None else [*value[:-1], last]
    if isinstance(value, dict) and value:
        name = list(value)[-1]
        last = _drop_uncertain(value[name], text)
        rest = {key: part for key, part in value.items() if key != name}
        return rest if last is None else {**rest, name: last}
    if isinstance(value, str):
        tail = text.rstrip(" \t\r\n,]})`;")
        written = json.dumps(value, ensure_ascii=False)[1:-1]
        is_whole = any(tail.endswith(f"{form}{quote}") for form in (written, value) for quote in "\"'")
        # A space before the quote: an opening quote within the text, not its end.
        return value if is_whole and not value[-1:].isspace() else None
    return value


def _find_items(value: Any, keys: Mapping[str, str], depth: int) -> Iterator[dict[str, Any]]:
    if depth == 0:
        return
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        with suppress(ValueError, RecursionError):  # JSON that was written as a text
            yield from _find_items(json.loads(value, strict=False), keys, depth - 1)
        return
    if isinstance(value, dict):
        named = {_name(key): part for key, part in value.items()}
        met = {keys[name] for name in named if name in keys}
        if met:
            # {"questions": [{"question": …, "answer": …}]}: what has all fields of an item is one.
            whole = len(met) == len(set(keys.values()))
            inner = [] if whole else list(_find_items(list(named.values()), keys, depth - 1))
            yield from inner or [named]
            return
        value = [_number(key, part) for key, part in value.items()]
    if isinstance(value, list):
        for part in value:
            yield from _find_items(part, keys, depth - 1)


def _number(key: str, value: Any) -> Any:
    """Return ``value`` with the fact that it is filed under: ``{"2": {"question": …}}``."""
    match = _FILED.fullmatch(str(key))
    if match is None or not isinstance(value, dict) or "facts" in value or "fact" in value:
        return value
    return {"facts": [int(match[1])], **value}


def _drop_pieces(value: Any, text: str) -> Any:
    """Drop pieces that a quote within a listed text made of it: ``["What's new?"]`` is no list of two."""
    if isinstance(value, dict):
        return {key: _drop_pieces(part, text) for key, part in value.items()}
    if isinstance(value, list):
        kept = (part for part in value if not isinstance(part, str) or _stands_whole(part, text))
        return [_drop_pieces(part, text) for part in kept]
    return value


def _stands_whole(part: str, text: str) -> bool:
    """Tell whether ``part`` stands in ``text`` between quotes with a separator on both sides."""
    forms = {re.escape(part), re.escape(json.dumps(part, ensure_ascii=False)[1:-1])}
    return any(
        re.search(rf"(?:[\[,]\s*|{_QUOTE}\s+){_QUOTE}{form}{_QUOTE}(?:\s*[,\]}}]|\s*\Z|\s+{_QUOTE})", text)
        for form in forms
    )


def _name(key: Any) -> str:
    return re.sub(r"[\s-]+", "_", str(key).strip().lower())


def _read_labelled(text: str, *, is_cut: bool) -> Iterator[dict[str, Any]]:
    """Yield items from lines such as ``Q: …`` and ``A: …``; a text goes on until the next label.

    Items begin with their facts, if these are stated, else with what the first one begins with.
    """
    first = ""
    label = ""
    item: dict[str, Any] = {}
    for line in text.splitlines():
        match = _LABEL.match(line)
        if match is None:
            label = _go_on(item, label, line)
            continue
        label = _label(match["label"])
        first = first or ("" if label == "facts" else label)
        repeats = label in item and label in {"answer", first}
        if repeats or (label == "facts" and "answer" in item):
            yield from _complete(item)
            item = {}
        said = match["text"].strip().strip("*_").strip()
        item[label] = said or match["number"] or "" if label == "facts" else said
    if is_cut and label in item:
        listed = item.pop(label)
        if isinstance(listed, list) and len(listed) > 1:
            item[label] = listed[:-1]
    yield from _complete(item)


def _go_on(item: dict[str, Any], label: str, line: str) -> str:
    """Add a line without a label to what it continues, and return the label that still holds."""
    said = line.strip()
    if not label or not said or said.startswith("```"):
        return "" if not said and label and item[label] else label
    entry = _ENTRY.match(said)
    if entry is not None and label == "question" and (not item[label] or isinstance(item[label], list)):
        item[label] = [*item[label], entry[1]]
    elif isinstance(item[label], str):
        item[label] = f"{item[label]} {said}".strip()
    return label


def _complete(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if item.get("answer") and item.get("question"):
        yield item


def _label(word: str) -> str:
    folded = word.lower()
    if folded.startswith("fact"):
        return "facts"
    if folded in _LABELS:
        return _LABELS[folded]
    return "question" if folded.startswith("q") else "answer"
