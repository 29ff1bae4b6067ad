"""What training tools read of a dataset folder: the schema and the list of files, in each tool's own form.

``datasets`` (and with it TRL and Axolotl) takes both from the YAML head of ``README.md``. The schema is
written down, because a reader that guesses it from the first megabytes of a file meets an empty list there,
takes it for a list of nothing, and fails at the first one that is filled. The head has a mark of the rows,
because ``datasets`` finds what it has read before by the folder's name and its head alone: without one, a
dataset made anew would be read as it was. LLaMA-Factory is sent to the same head by ``dataset_info.json``.
"""

import json
import re
from collections.abc import Sequence
from types import UnionType
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel

from ondol.core.examples import Example, Rejected, RetentionExample, Split
from ondol.core.ids import sha256_hex

CARD_FILE = "README.md"
DATASET_INFO_FILE = "dataset_info.json"
RETENTION_FILE = "retention.jsonl"
REJECTED_FILE = "rejected.jsonl"

_MARK_CHARS = 24
_DTYPES: dict[object, str] = {str: "string", int: "int64", float: "float64", bool: "bool"}
_HUB_LICENCES = re.compile(
    r"apache-2\.0|mit|cc0-1\.0|cc-by(-nc)?(-sa|-nd)?-[34]\.0|bsd-3-clause|(a|l)?gpl-3\.0"
)


def build_head(
    name: str,
    *,
    splits: dict[Split, int],
    retention: int = 0,
    rejected: int = 0,
    languages: Sequence[str],
    licences: Sequence[str],
    mark: str = "",
) -> str:
    """Return the YAML head of the card, without the lines that fence it.

    Args:
        name: of the dataset.
        splits: lines by split; a file without any is not listed.
        retention: lines of ``retention.jsonl``.
        rejected: lines of ``rejected.jsonl``.
        languages: of the examples.
        licences: of the sources; the head names one only if there is just one.
        mark: changes with the rows.
    """
    files = {split: f"{split}.jsonl" for split, count in splits.items() if count}
    configs = [_describe_config("default", files, Example, mark)] if files else []
    if retention:
        configs.append(_describe_config("retention", {"train": RETENTION_FILE}, RetentionExample, mark))
    if rejected:
        configs.append(_describe_config("rejected", {"train": REJECTED_FILE}, Rejected, mark))
    head = {
        "pretty_name": name,
        "language": list(languages),
        **_name_licence(licences),
        "task_categories": ["question-answering", "text-generation"],
        "tags": ["ondol", "synthetic", "grounded", "supervised-fine-tuning"],
        "size_categories": [_size_class(sum(splits.values()))],
        "configs": [config for config, _ in configs],
        "dataset_info": [schema for _, schema in configs],
    }
    return yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=100)


def describe_rejected(mark: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the head's two entries for ``rejected.jsonl``: its place and its schema."""
    return _describe_config("rejected", {"train": REJECTED_FILE}, Rejected, mark)


def renew_mark(mark: str, *changes: object) -> str:
    """Return another mark for rows that were changed."""
    return sha256_hex(json.dumps([mark, *map(str, changes)]).encode())[:_MARK_CHARS]


def build_dataset_info(name: str, splits: Sequence[Split], *, retention: bool = False) -> str:
    """Return ``dataset_info.json`` for LLaMA-Factory: an entry per file, messages in OpenAI's form.

    ``name`` is the training split; the others are ``name_validation`` and so on. The entries lead through the
    head of ``README.md`` and so to its schema, which an entry with a bare ``file_name`` would not.
    """
    entries = {
        name if split == "train" else f"{name}_{split}": _describe_entry("default", split) for split in splits
    }
    if retention:
        entries[f"{name}_retention"] = _describe_entry("retention", "train")
    return json.dumps(entries, indent=2) + "\n"


def describe_features(model: type[BaseModel]) -> list[dict[str, Any]]:
    """Return the schema of a row in the YAML form of ``datasets``."""
    return [{"name": name, **_describe_type(field.annotation)} for name, field in model.model_fields.items()]


def _describe_type(annotation: Any) -> dict[str, Any]:
    origin = get_origin(annotation)
    if annotation in _DTYPES:
        return {"dtype": _DTYPES[annotation]}
    if origin is Literal:
        return {"dtype": "string"}
    if origin is tuple:
        item = _describe_type(get_args(annotation)[0])
        return {"list": item.get("struct") or item["dtype"]}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {"struct": describe_features(annotation)}
    if isinstance(annotation, UnionType):
        raise TypeError(f"A row's field is always there, so it cannot be {annotation}.")
    raise TypeError(f"{annotation} has no place in a row of a dataset.")


def _describe_config(
    name: str, files: dict[Any, str], model: type[BaseModel], mark: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    data_files = [{"split": split, "path": path} for split, path in files.items()]
    config: dict[str, Any] = {"config_name": name, "data_files": data_files}
    if mark:
        config["description"] = mark
    if name == "default":
        config["default"] = True
    return config, {"config_name": name, "features": describe_features(model)}


def _describe_entry(config: str, split: str) -> dict[str, Any]:
    return {
        "script_url": ".",
        "subset": config,
        "split": split,
        "formatting": "sharegpt",
        "columns": {"messages": "messages"},
        "tags": {
            "role_tag": "role",
            "content_tag": "content",
            "user_tag": "user",
            "assistant_tag": "assistant",
            "system_tag": "system",
        },
    }


def _name_licence(licences: Sequence[str]) -> dict[str, str]:
    names = {licence.strip().lower() for licence in licences}
    if len(names) == 1 and _HUB_LICENCES.fullmatch(name := next(iter(names))):
        return {"license": name}
    return {"license": "other", "license_name": "licences-of-the-sources", "license_link": CARD_FILE}


def _size_class(count: int) -> str:
    bounds = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
    return next((name for bound, name in bounds if count < bound), "1M<n<10M")
