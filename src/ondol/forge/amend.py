"""Keeping the card of a dataset true when examples are taken out of it or corrected.

The figures of a card are those of its run, and stay. What it says of a document that is forgotten is blanked,
files that have no row left are no longer named to training tools, and the card says that it is older than the
dataset. After a review it shows samples of what is left.
"""

import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from ondol.core.examples import DatasetChange, Example, Rejected
from ondol.forge.card import replace_samples
from ondol.forge.loaders import (
    CARD_FILE,
    DATASET_INFO_FILE,
    REJECTED_FILE,
    describe_rejected,
    renew_mark,
)

_BLANK = "(removed)"
_MIN_CHARS = 4
_MIN_PART_CHARS = 16
"""What is shorter may be any word: it is blanked where it stands alone, not where it is part of something."""
_MARKUP = " \t\r\n>|*_`#-….“”"
_OUTSIDE = ("(?<![A-Za-z0-9])", "(?![A-Za-z0-9])")
"""``1.txt`` is not in ``11.txt``, but a Korean title goes on with a particle."""
_CELLS = re.compile(r"( \| |<br>|: )")
_TEXT_OF_PICTURE = re.compile(r"(?<=>)[^<>]+(?=<)")
_GROUP_OF_PICTURE = re.compile(r"<g><title>(?P<name>[^<]*)</title>.*?</g>", re.DOTALL)
_HEAD = re.compile(r"\A---\n(.*?\n)---\n", re.DOTALL)


class CardAmender:
    """Blanks what removed examples said, and the document that they were made from.

    Args:
        document: id of the document; empty when the examples go for another reason, and it may be named.
        uri: its address.
    """

    def __init__(self, document: str, uri: str = "") -> None:
        self._document = document
        self._names: set[str] = {document} - {""}
        if uri:
            self._add_address(uri)
        self._texts: dict[str, None] = {}

    def add_example(self, example: Example) -> None:
        """Blank what an example that goes says and quotes."""
        self._texts.update(dict.fromkeys(message.content for message in example.messages))
        for evidence in example.provenance.evidence:
            if evidence.document == self._document or not self._document:
                self._texts[evidence.quote] = None
            if evidence.document == self._document:
                self._add_address(evidence.uri)
                self._names.add(evidence.title)

    def add_rejected(self, row: Rejected) -> None:
        """Blank what a rejected draft said: a card may show one for each reason."""
        said = (row.text, row.detail, *(verdict.detail for verdict in row.verdicts))
        self._texts.update(dict.fromkeys(said))

    def amend(self, name: str, data: bytes, *, change: DatasetChange, lines: Mapping[str, int]) -> bytes:
        """Return a file of the dataset as it is to be; one that holds no text stays as it is."""
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return data
        if name == DATASET_INFO_FILE:
            return _amend_info(text, lines).encode()
        blank = self._build_blank()
        if name == CARD_FILE:
            text = _amend_card(text, change, lines, blank)
        elif name.endswith(".svg"):
            text = _TEXT_OF_PICTURE.sub(lambda match: blank(match[0]), text)
            text = _GROUP_OF_PICTURE.sub(_drop_broken_name, text)
        else:
            text = blank(text)
        return text.encode()

    def _add_address(self, uri: str) -> None:
        """Blank the address of the document, as it is and as people write it."""
        path = urlsplit(uri).path
        self._names.update({uri, unquote(uri), path, unquote(path), unquote(path).rpartition("/")[2]})

    def _build_blank(self) -> Callable[[str], str]:
        """Return a function that blanks names, and what was said, in a text without markup of its own."""
        names = {name for name in self._names if len(name.strip()) >= _MIN_CHARS}
        texts = [text for text in self._texts if text.strip()]
        words = sorted({*names, *(text for text in texts if len(text) >= _MIN_PART_CHARS)}, key=len)
        forms = [form for word in reversed(words) for form in _spell(word)]
        pattern = re.compile(
            "|".join(rf"{_OUTSIDE[0]}{re.escape(form)}{_OUTSIDE[1]}" for form in dict.fromkeys(forms))
        )
        alone = {line.strip(_MARKUP) for text in texts for line in text.splitlines()} - {""}
        said = "\n".join(form for text in (*names, *texts) for form in _spell(text))

        def blank_part(part: str) -> str:
            core = part.strip(_MARKUP)
            # A card cuts and wraps what is long.
            is_said = core in alone or (len(core) >= _MIN_PART_CHARS and core in said)
            return part.replace(core, _BLANK) if is_said else part

        def blank(text: str) -> str:
            if forms:
                text = pattern.sub(_BLANK, text)
            lines = text.splitlines(keepends=True)
            return "".join("".join(map(blank_part, _CELLS.split(line))) for line in lines)

        return blank


def amend_reviewed(
    name: str, data: bytes, *, change: DatasetChange, lines: Mapping[str, int], samples: Sequence[Example]
) -> bytes:
    """Return a file of a dataset as it is to be after a review; pictures stay those of the run."""
    if name == DATASET_INFO_FILE:
        return _amend_info(data.decode(), lines).encode()
    if name != CARD_FILE:
        return data
    note = (
        f"> **{change.changed_at:%Y-%m-%d}: {change.reason}**: {change.num_examples} examples left for "
        f"`{REJECTED_FILE}`, {change.num_corrected} were corrected, {change.num_confirmed} were found right. "
        "The samples below are of what is left. The figures are those of the run; `manifest.json` has "
        "today's.\n"
    )
    card = replace_samples(data.decode(), samples)
    return _put_note(card, note, lines, lambda text: text).encode()


def _spell(text: str) -> tuple[str, ...]:
    """Return the ways in which cards and pictures spell a text."""
    flat = " ".join(text.split())
    return text, flat, html.escape(flat), html.escape(flat, quote=False).replace("|", "\\|").replace("`", "ʼ")


def _drop_broken_name(group: re.Match[str]) -> str:
    """Drop the words of a part whose name was blanked: a name broken into lines is not found in them."""
    if not group["name"].startswith(_BLANK):
        return group[0]
    return re.sub(r"<text[^>]*>[^<]*</text>", "", group[0])


def _amend_card(
    card: str, change: DatasetChange, lines: Mapping[str, int], blank: Callable[[str], str]
) -> str:
    """Return the card with a head that names the files there are, and a note that rows were taken out."""
    note = (
        f"> **{change.changed_at:%Y-%m-%d}: {change.num_examples} examples were taken out** "
        f"({change.reason}) after this card was written. The figures below are those of the run; "
        "`manifest.json` has today's.\n"
    )
    return _put_note(card, note, lines, blank)


def _put_note(card: str, note: str, lines: Mapping[str, int], blank: Callable[[str], str]) -> str:
    found = _HEAD.match(card)
    if found is None:
        return f"{note}\n{blank(card)}"
    head = _amend_head(yaml.safe_load(found[1]), lines)
    shown = yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{shown}---\n\n{note}\n{blank(card[found.end() :]).lstrip()}"


def _amend_head(head: dict[str, Any], lines: Mapping[str, int]) -> dict[str, Any]:
    configs = []
    for config in head.get("configs", []):
        files = [file for file in config["data_files"] if lines.get(file["path"])]
        if files:
            mark = renew_mark(config.get("description", ""), sorted(lines.items()))
            configs.append({**config, "data_files": files, "description": mark})
    names = {config["config_name"] for config in configs}
    schemas = [schema for schema in head.get("dataset_info", []) if schema["config_name"] in names]
    if lines.get(REJECTED_FILE) and "rejected" not in names:
        config, schema = describe_rejected(renew_mark("", sorted(lines.items())))
        configs.append(config)
        schemas.append(schema)
    changed = {"configs": configs, "dataset_info": schemas}
    return {**head, **{key: value for key, value in changed.items() if key in head}}


def _amend_info(info: str, lines: Mapping[str, int]) -> str:
    """Return ``dataset_info.json`` without the entries that lead to no row."""

    def leads_somewhere(entry: Mapping[str, str]) -> bool:
        stem = entry["split"] if entry["subset"] == "default" else entry["subset"]
        return bool(lines.get(f"{stem}.jsonl"))

    entries = {name: entry for name, entry in json.loads(info).items() if leads_somewhere(entry)}
    return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"
