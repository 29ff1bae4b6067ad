"""The first recipe: proposed for a corpus, or found among those that ship."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ondol.core.documents import Document


def propose_recipe(
    documents: Sequence[Document], *, name: str = "my-dataset", num_tables: int | None = None
) -> str:
    """Return the YAML text of a recipe for these documents, with comments; ``load_recipe`` reads it."""
    return f"name: {name}\n"


def find_recipe(name_or_path: str | Path) -> Path:
    """Return the path of a recipe: the file itself, else a shipped recipe of that name."""
    return Path(name_or_path)


def list_recipes() -> Mapping[str, Path]:
    """Return the shipped recipes, by name."""
    return {}
