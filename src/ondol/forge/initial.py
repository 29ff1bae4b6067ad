"""The first recipe: proposed for a corpus, or found among those that ship."""

import difflib
import re
import sysconfig
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import ondol
from ondol.core.documents import Document, DocumentKind
from ondol.core.errors import NotFoundError
from ondol.policy.licence import judge_licence

_LANGUAGES = ("en", "ko")
_TABLE_KINDS = frozenset({DocumentKind.XLSX, DocumentKind.CSV})
_EXAMPLES_PER_PASSAGE = 0.5
"""What the embedded model and code alone accept of a manual, with a margin; a capable model makes more."""
_MIN_TARGET, _MAX_TARGET = 20, 20_000
_MAX_FOLDERS = 8
_MAX_LICENCES = 6


def propose_recipe(documents: Sequence[Document], *, name: str = "", num_tables: int | None = None) -> str:
    """Return the YAML text of a recipe for these documents, with comments; ``load_recipe`` reads it.

    Args:
        documents: of the corpus, as the reader may see them.
        name: of the dataset; taken from the folder without it.
        num_tables: passages that hold table rows; guessed from the kinds of files without it.
    """
    usable = [d for d in documents if d.language in _LANGUAGES]
    languages = [lang for lang in _LANGUAGES if any(d.language == lang for d in usable)] or list(_LANGUAGES)
    passages = sum(d.num_chunks for d in usable)
    has_tables = num_tables > 0 if num_tables is not None else any(d.kind in _TABLE_KINDS for d in usable)
    root = _find_root([d.uri for d in documents])
    blocks = [
        [
            f"# A recipe for this corpus: {_count(len(usable), 'document')} in {' and '.join(languages)}, "
            f"{_count(passages, 'passage')}.",
            "# Every field: docs/reference/recipe.md. Run it with: ondol forge run THIS_FILE",
        ],
        [f"name: {_quote(name or _slug(root.name))}"],
        [
            "# What the trained model is to be good at. A capable writer reads this; be specific.",
            "use_case: >-",
            "  Answer questions about these documents, exactly and in their own words,",
            "  and say so when they do not hold the answer.",
        ],
        _propose_languages(languages, documents),
        _propose_sources(documents, root),
        [
            "# Accepted examples, counted after every check. About half the number of passages is what the",
            "# embedded model reaches on a manual; a capable model reaches several times that.",
            f"target: {_choose_target(passages)}",
        ],
        _propose_kinds(languages, has_tables=has_tables),
        _propose_use(documents),
        [
            "# Kept from training before anything is written, as shares of the documents.",
            "held_out:",
            *(
                ["  validation: 0.1", "  test: 0.1"]
                if len(usable) >= 10
                else ["  validation: 0  # too few documents to hold any out", "  test: 0"]
            ),
        ],
        [
            "# Name what you will evaluate with, and nothing of it gets into the dataset.",
            "decontaminate:",
            "  against: []  # for example [eval/questions.jsonl]",
        ],
        [
            "# The trainee's own answers to general prompts, so that tuning keeps its old abilities.",
            "retention:",
            "  share: 0  # 0.2 is a good start once `models: trainee` names the model that you will tune",
        ],
        [
            "# An empty name is the default chat model (`ondol models`); none is no model at all.",
            "models:",
            '  writer: ""',
            "  judge: none  # a capable model; used only if it passes its calibration",
        ],
        ["seed: 0"],
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def find_recipe(name_or_path: str | Path) -> Path:
    """Return the path of a recipe: the file itself, else a shipped recipe of that name.

    ``manual-qa``, ``manual-qa.yaml`` and ``recipes/manual-qa.yaml`` all name a shipped one.

    Raises:
        NotFoundError: neither is there; says where it looked and which recipes ship.
    """
    path = Path(name_or_path)
    if path.is_file():
        return path
    shipped = list_recipes()
    wanted = path.name.removesuffix(".yaml").removesuffix(".yml")
    if path.parent.name in {"", "recipes"} and wanted in shipped:
        return shipped[wanted]
    close = difflib.get_close_matches(wanted, shipped, n=1)
    hint = f"Did you mean {close[0]}? " if close else ""
    names = ", ".join(shipped) or "none"
    raise NotFoundError(
        f"There is no file {path}, and no shipped recipe is called {wanted}.",
        remedy=f"{hint}Shipped are: {names}. `ondol forge init` writes one for your corpus.",
    )


def list_recipes() -> Mapping[str, Path]:
    """Return the shipped recipes, by name; they lie in the checkout or beside the installed package."""
    checkout = Path(ondol.__file__).parents[2] / "recipes"
    installed = Path(sysconfig.get_path("data")) / "share" / "ondol" / "recipes"
    folder = next((place for place in (checkout, installed) if place.is_dir()), None)
    return {} if folder is None else {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def _propose_languages(languages: Sequence[str], documents: Sequence[Document]) -> list[str]:
    counts = Counter(d.language for d in documents)
    found = ", ".join(f"{lang}: {counts[lang]:,}" for lang in languages if counts[lang])
    lines = [f"# Documents by language: {found or 'none in a language that can be used'}."]
    others = sum(count for lang, count in counts.items() if lang not in _LANGUAGES)
    if others:
        lines.append(f"# {_count(others, 'document')} in no language that can be used, and left out.")
    return [*lines, f"languages: [{', '.join(languages)}]"]


def _propose_sources(documents: Sequence[Document], root: PurePosixPath) -> list[str]:
    lines = ["# All documents that you may read. Narrow them here; fields are combined with AND."]
    folders = _count_folders(documents, root)
    lines += [f"#   {name}: {_count(count, 'document')}" for name, count in folders[:_MAX_FOLDERS]]
    if len(folders) > _MAX_FOLDERS:
        lines.append(f"#   and {len(folders) - _MAX_FOLDERS} more folders")
    labels = sorted({str(d.label) for d in documents})
    if len(labels) > 1:
        lines.append(
            f"# Labels: {_comment(', '.join(labels))}. The dataset gets the strictest that it meets."
        )
    example = _quote(folders[0][0]) if folders else '"manuals/pumps"'
    return [*lines, "sources:", f"  folders: []  # for example [{example}]", "  exclude: []"]


def _propose_kinds(languages: Sequence[str], *, has_tables: bool) -> list[str]:
    shares = {"qa": 0.7, "list": 0.1, "not_in_documents": 0.1, "dialogue": 0.1}
    if has_tables:
        shares = {"qa": 0.55, "table": 0.2, "list": 0.05, "not_in_documents": 0.1, "dialogue": 0.1}
    asking = ["summary", "multi_hop", "reasoning", "paraphrase"]
    if len(languages) > 1:
        asking.append("translation")
    return [
        "# Shares of the kinds. With a capable writer (`ondol models`) these can be added:",
        f"#   {', '.join(asking)}",
        "kinds:",
        *(f"  {kind}: {share}" for kind, share in shares.items()),
    ]


def _propose_use(documents: Sequence[Document]) -> list[str]:
    counts = Counter(" ".join(d.licence.split()) or "unknown" for d in documents)
    lines = ["# internal, commercial or redistribute. A first reading of the licences, not legal advice:"]
    for licence, count in counts.most_common(_MAX_LICENCES):
        uses = (judge_licence(licence, use) for use in ("internal", "commercial", "redistribute"))
        said = ", ".join(f"{verdict.use} {verdict.allowed}" for verdict in uses)
        lines.append(f"#   {_comment(licence)} ({_count(count, 'document')}): {said}")
    if len(counts) > _MAX_LICENCES:
        lines.append(f"#   and {len(counts) - _MAX_LICENCES} more licences")
    return [*lines, "intended_use: internal"]


def _choose_target(passages: int) -> int:
    """Return a round number that the passages should give."""
    wanted = int(passages * _EXAMPLES_PER_PASSAGE)
    step: int = 10 ** max(1, len(str(wanted)) - 1)
    step = step // 2 if wanted >= 100 else step
    return min(_MAX_TARGET, max(_MIN_TARGET, wanted // step * step))


def _find_root(uris: Sequence[str]) -> PurePosixPath:
    """Return the deepest folder that holds all documents."""
    parents = [PurePosixPath(unquote(uri.split("://", 1)[-1])).parent for uri in uris]
    if not parents:
        return PurePosixPath("/")
    shared = parents[0]
    while not all(parent.is_relative_to(shared) for parent in parents):
        if shared == shared.parent:
            return PurePosixPath("/")
        shared = shared.parent
    return shared


def _count_folders(documents: Sequence[Document], root: PurePosixPath) -> list[tuple[str, int]]:
    """Return the folders right under the root with their documents, largest first."""
    counts: Counter[str] = Counter()
    for document in documents:
        path = PurePosixPath(unquote(document.uri.split("://", 1)[-1]))
        inner = path.relative_to(root).parts if path.is_relative_to(root) else path.parts
        if len(inner) > 1:
            counts[inner[0]] += 1
    return sorted(((_comment(n), c) for n, c in counts.items()), key=lambda pair: (-pair[1], pair[0]))


def _slug(text: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")
    return slug if len(slug) > 1 else "my-dataset"


def _comment(text: str) -> str:
    """Return text from outside as part of a comment: one line, nothing that YAML cannot hold."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
