"""From settings to engines: a server's where a base URL is set, else the catalogue's, else ``None``."""

from pathlib import Path

from ondol.core.protocols import Embedder
from ondol.engines.catalogue import Catalogue
from ondol.engines.embed.bert import BertEmbedder
from ondol.engines.settings import ModelSettings


def open_embedder(settings: ModelSettings, models_dir: Path, name: str | None = None) -> Embedder | None:
    """Return the embedder that ``settings`` (or ``name``) asks for; nothing is loaded before its first use.

    Raises:
        NotFoundError: the model named is not installed.
        ModelFileError: its files are damaged.
    """
    catalogue = Catalogue(models_dir)
    manifest = catalogue.find_manifest(name or settings.embed.model, "embed")
    if manifest is None:
        return None
    return BertEmbedder(catalogue.folder(manifest.name), name=manifest.name, sha256=manifest.weights.sha256)
