"""What a dataset amounts to, read off its rows: what of the corpus it meets, what it may be used for."""

from collections.abc import Mapping
from typing import get_args

from ondol.core.access import Principal
from ondol.core.examples import DatasetManifest, Split
from ondol.core.frozen import Frozen
from ondol.forge.card import CardInput, DocumentSummary, ModelSummary, judge_sources
from ondol.policy.licence import LicenceVerdict, Use
from ondol.store.datasets import Datasets

_PAGE = 500
_SPLITS: tuple[Split, ...] = get_args(Split)


class Overview(Frozen):
    """A dataset as one principal may see it.

    Attributes:
        documents: that could be used.
        documents_met: quoted in at least one example.
        facts_taught: facts that train teaches.
        verdict: on the licences of sources and models, for the recipe's intended use.
    """

    documents: int
    documents_met: int
    facts_taught: int
    verdict: LicenceVerdict


def survey(
    datasets: Datasets, manifest: DatasetManifest, *, model_licences: Mapping[str, str], principal: Principal
) -> Overview:
    """Read the examples that ``principal`` may read once.

    Args:
        datasets: of the home.
        manifest: of the dataset.
        model_licences: by name, where known.
        principal: who asks.
    """
    met, taught = set[str](), set[str]()
    for split in _SPLITS:
        after: int | None = 0
        while after is not None:
            found, after = datasets.list_examples(
                manifest.name, split, principal=principal, after=after, limit=_PAGE
            )
            for example in found:
                met.update(evidence.document for evidence in example.provenance.evidence)
                if split == "train":
                    taught.update(example.provenance.facts)
    return Overview(
        documents=len(manifest.sources),
        documents_met=len(met),
        facts_taught=len(taught),
        verdict=_judge(manifest, model_licences),
    )


def _judge(manifest: DatasetManifest, model_licences: Mapping[str, str]) -> LicenceVerdict:
    """Return the verdict of the card, for the examples as they are now."""
    use: Use = manifest.recipe.get("intended_use", "internal")
    return judge_sources(
        CardInput(
            name=manifest.name,
            languages=(),
            intended_use=use,
            target=0,
            accepted=0,
            drafts=0,
            splits=(),
            documents=tuple(
                DocumentSummary(
                    id=licence,
                    uri="",
                    title="",
                    sha256="",
                    licence=licence,
                    label=manifest.label,
                    split="train",
                    examples=1,
                )
                for licence in manifest.licences
            ),
            models=tuple(
                ModelSummary(role=role, name=name, licence=model_licences.get(name, "unknown"))
                for role, name in manifest.models.items()
            ),
        )
    )
