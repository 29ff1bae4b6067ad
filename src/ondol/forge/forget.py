"""Forget a document: everything that was made from it goes, wherever it is.

An example goes when the document is quoted in it, was shown in it, or stood in the prompt of a model call
that it came from. Doing it again is harmless, and finishes what a killed process had begun: the calls, by
which examples are found, go last.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ondol.core.access import Principal
from ondol.core.errors import AccessDeniedError, NotFoundError
from ondol.core.examples import Example
from ondol.core.frozen import Frozen
from ondol.core.ids import build_document_id
from ondol.engines.catalogue import Catalogue
from ondol.forge.amend import CardAmender
from ondol.store import Store
from ondol.store.forging_forget import RemovedRows, forget_in_runs

_REASON = "a document was withdrawn"


class TouchedDataset(Frozen):
    """A dataset that lost something.

    Attributes:
        name: with the version, for a former one.
        former_hash: of its content before; models tuned on it name it so.
        hash: of what is left.
    """

    name: str
    num_examples: int
    num_rejected: int
    former_hash: str
    hash: str


class Forgotten(Frozen):
    """What went with a document, and what stays.

    Attributes:
        document: its id.
        in_corpus: whoever asked still finds it in the corpus; a new run would use it again.
        runs: rows that left each run's ledger.
        model_names: tuned on a dataset that held examples of it, now or before an earlier call: tune anew.
        retained: what still knows of the document, and why; one sentence each.
    """

    uri: str
    document: str
    in_corpus: bool
    runs: dict[str, RemovedRows]
    datasets: tuple[TouchedDataset, ...] = ()
    num_calls: int = 0
    num_reviews: int = 0
    model_names: tuple[str, ...] = ()
    retained: tuple[str, ...] = ()

    @property
    def num_examples(self) -> int:
        """Examples that left datasets, former versions too."""
        return sum(dataset.num_examples for dataset in self.datasets)

    @property
    def dataset_names(self) -> tuple[str, ...]:
        """Names of the datasets touched."""
        return tuple(dataset.name for dataset in self.datasets)


def forget_document(
    uri: str, *, store: Store, models_dir: Path | None = None, principal: Principal
) -> Forgotten:
    """Remove everything derived from the document at ``uri``; the document itself is left to the caller.

    Args:
        uri: its address; the corpus need not hold it any more.
        store: of the home.
        models_dir: the catalogue's folder, to see which models were tuned on it.
        principal: an administrator.

    Raises:
        AccessDeniedError: ``principal`` is no administrator.
        ConflictError: a run or a dataset that holds it is being written.
        ModelFileError: a model's manifest cannot be read; everything is removed by then.
    """
    if not principal.is_admin:
        raise AccessDeniedError(
            "Only administrators make Ondol forget a document.", remedy="Ask an administrator."
        )
    document = build_document_id(uri)
    calls = store.calls.keys_for_document(document)
    runs = forget_in_runs(store.home, document, calls=calls)
    datasets, hashes, num_reviews = [], set[str](), 0

    def is_derived(example: Example) -> bool:
        return document in example.documents or not calls.isdisjoint(example.provenance.calls)

    for name in store.datasets.names():
        amender = CardAmender(document, uri)
        removal = store.datasets.remove_examples(
            name, is_derived, reason=_REASON, amender=amender, document=document
        )
        if removal is not None:
            num_reviews += store.reviews.remove_for_examples(name.partition("@")[0], removal.example_ids)
            datasets.append(
                TouchedDataset(
                    name=name,
                    num_examples=removal.change.num_examples,
                    num_rejected=removal.change.num_rejected,
                    former_hash=removal.change.former_hash,
                    hash=removal.manifest.hash,
                )
            )
        # Also what an earlier call took out: its models still know it.
        _, history = store.datasets.read_history(name)
        hashes.update(change.former_hash for change in history if change.document == document)
    num_reviews += store.reviews.remove_for_document(document)
    num_calls = store.calls.remove_for_document(document)
    models = Catalogue(models_dir).find_tuned(hashes) if models_dir is not None and hashes else []
    in_corpus = _is_in_corpus(store, document, principal)
    return Forgotten(
        uri=uri,
        document=document,
        in_corpus=in_corpus,
        datasets=tuple(datasets),
        runs=runs,
        num_calls=num_calls,
        num_reviews=num_reviews,
        model_names=tuple(models),
        retained=tuple(_explain_retained(models, in_corpus=in_corpus)),
    )


def _is_in_corpus(store: Store, document: str, principal: Principal) -> bool:
    try:
        store.corpus.load_document(document, principal=principal)
    except NotFoundError:
        return False
    return True


def _explain_retained(models: Sequence[str], *, in_corpus: bool) -> Iterator[str]:
    if in_corpus:
        yield "The corpus still has the document: remove it there, or the next run uses it again."
    for model in models:
        yield f"The weights of {model} were tuned on it and cannot forget: tune it anew and delete this one."
    yield "Answers that quoted it stay in the conversations of those who asked, as far as they may read it."
    yield "The audit log keeps the id of the document, never its text."
    yield "Backups and copies of datasets that were made before still hold it."
