"""Plan: which documents are used, on which side of the split each stands, in which order they are visited.

All of it is decided before a word is generated. A **visit** is one passage with a few of its facts; visits go
round the documents, best facts first, so that a run that stops early has met as many documents as it could.
"""

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote

from ondol.core.access import Principal
from ondol.core.documents import Chunk, Document, Filter
from ondol.core.errors import NotFoundError
from ondol.core.examples import Fact, Passage
from ondol.forge.recipe import Recipe, Sources
from ondol.forge.split import SplitItem, assign_splits, group_documents
from ondol.store.corpus_reader import CorpusReader
from ondol.store.forging import PlannedPassage, RunDocument, RunLedger
from ondol.text.language import detect_language

FindFacts = Callable[[Passage], tuple[Fact, ...]]

_PAGE = 200
MAX_FACTS_PER_VISIT = 8
"""As many facts as one packed request to a model of 3 to 8 billion parameters still serves well."""


def is_chosen(document: Document, recipe: Recipe) -> bool:
    """Tell whether the recipe uses ``document``."""
    sources = recipe.sources
    if document.language and document.language not in recipe.languages:
        return False
    if sources.labels and str(document.label) not in sources.labels:
        return False
    if any(_lies_in(document.uri, folder) for folder in sources.exclude):
        return False
    return not sources.folders or any(_lies_in(document.uri, folder) for folder in sources.folders)


def _lies_in(uri: str, folder: str) -> bool:
    """Tell whether an address is a folder's, or below it; a relative folder may stand anywhere in it."""
    path = unquote(uri)
    wanted = folder.rstrip("/")
    if "://" in wanted:
        return path == unquote(wanted) or path.startswith(unquote(wanted) + "/")
    path = path.split("://", 1)[-1]
    if wanted.startswith("/"):
        return path == wanted or path.startswith(wanted + "/")
    inner = wanted.removeprefix("./")
    return f"/{inner}/" in path or path.endswith(f"/{inner}")


def choose_documents(
    recipe: Recipe, corpus: CorpusReader, *, principal: Principal
) -> Iterator[tuple[Document, bool]]:
    """Yield every document that the principal may read, and whether the recipe uses it."""
    narrow = _narrow(recipe.sources)
    cursor: str | None = None
    while True:
        found, cursor = corpus.list_documents(principal=principal, limit=_PAGE, cursor=cursor, narrow=narrow)
        for document in found:
            yield document, is_chosen(document, recipe)
        if cursor is None:
            return


def _narrow(sources: Sources) -> Filter:
    return Filter(documents=sources.documents, kinds=sources.kinds)


def describe_corpus(recipe: Recipe, corpus: CorpusReader, *, principal: Principal) -> tuple[str, int]:
    """Return a fingerprint of the chosen documents (content, labels, licences) and their number."""
    digest = hashlib.sha256()
    count = 0
    for document, chosen in choose_documents(recipe, corpus, principal=principal):
        if chosen:
            count += 1
            row = (
                document.id,
                document.blob_sha256,
                document.num_chunks,
                str(document.label),
                document.licence,
            )
            digest.update(repr(row).encode())
    return digest.hexdigest(), count


def plan_documents(
    recipe: Recipe, corpus: CorpusReader, ledger: RunLedger, *, principal: Principal
) -> tuple[int, int]:
    """Split the chosen documents and note them in the ledger, in the order in which they will be visited.

    Near duplicates, versions and translations of one document stand on one side.

    Returns:
        How many are used, and how many readable ones are not.

    Raises:
        NotFoundError: none is left to use.
    """
    chosen: dict[str, Document] = {}
    skipped = 0
    for document, is_used in choose_documents(recipe, corpus, principal=principal):
        if is_used:
            chosen[document.id] = document
        else:
            skipped += 1
    if not chosen and not skipped:
        raise NotFoundError(
            "There is no document that you may read.", remedy="`ondol ingest PATH` adds documents."
        )
    if not chosen:
        raise NotFoundError(
            f"No document that you may read fits the recipe ({skipped} do not).",
            remedy="See `sources` and `languages` in the recipe, and `ondol documents list`.",
        )

    def items() -> Iterator[SplitItem]:
        for document in chosen.values():
            chunks = corpus.load_document_chunks(document.id, principal=principal)
            yield SplitItem(
                id=document.id,
                uri=document.uri,
                title=document.title,
                text="\n".join(chunk.text for chunk in chunks),
                language=document.language,
            )

    groups = group_documents(items())
    sizes = {document.id: max(1, document.num_chunks) for document in chosen.values()}
    held_out = recipe.held_out
    splits = assign_splits(
        groups, sizes=sizes, validation=held_out.validation, test=held_out.test, seed=recipe.seed
    )
    order = sorted(chosen, key=lambda document_id: _shuffle_key(document_id, recipe.seed))
    ledger.save_documents([
        RunDocument(
            id=document.id,
            uri=document.uri,
            title=document.title,
            language=document.language,
            label=str(document.label),
            licence=document.licence,
            blob_sha256=document.blob_sha256,
            group=groups[document.id],
            split=splits[document.id],
            topic=document.title,
            position=position,
            num_chunks=document.num_chunks,
        )
        for position, document in enumerate(chosen[document_id] for document_id in order)
    ])
    return len(chosen), skipped


def _shuffle_key(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\x00{name}".encode()).digest()


def count_facts_per_visit(target: int, documents: int, wordings: int, *, least: int) -> int:
    """Return how many facts to ask for in one visit, so that about one round over the documents suffices.

    Args:
        target: accepted examples wanted.
        documents: to be visited.
        wordings: examples that a fact may give.
        least: fewer are not worth a request.
    """
    wanted = math.ceil(1.25 * target / max(1, documents * wordings))
    return max(least, min(MAX_FACTS_PER_VISIT, wanted))


def build_passage(document: RunDocument, chunk: Chunk) -> Passage:
    """Return a chunk with what a writer must know of its document."""
    return Passage(
        document=document.id,
        uri=document.uri,
        title=document.title,
        chunk_id=chunk.id,
        ordinal=chunk.ordinal,
        page=chunk.locator.page or 0,
        start=chunk.locator.start,
        text=chunk.text,
        context=chunk.context,
        # A document may hold passages in another language than its own.
        language=detect_language(chunk.text) or document.language,
        licence=document.licence,
        label=document.label,
    )


def plan_visits(
    document: RunDocument,
    chunks: Sequence[Chunk],
    *,
    languages: Sequence[str],
    find_facts: FindFacts,
    facts_per_visit: int,
) -> list[PlannedPassage]:
    """Cut a document's facts into visits, the most worthwhile first; a fact is visited once.

    Passages in none of ``languages`` are left out.
    """
    slices: list[tuple[Passage, tuple[Fact, ...]]] = []
    bare: list[Passage] = []
    seen: set[str] = set()
    for chunk in chunks:
        passage = build_passage(document, chunk)
        if passage.language not in languages:
            continue
        # Overlapping chunks hold the same sentence twice.
        facts = [fact for fact in find_facts(passage) if fact.evidence.quote not in seen]
        seen.update(fact.evidence.quote for fact in facts)
        facts.sort(key=lambda fact: (-fact.worth, fact.evidence.start))
        if not facts:
            bare.append(passage)
        slices.extend(
            (passage, tuple(facts[at : at + facts_per_visit])) for at in range(0, len(facts), facts_per_visit)
        )
    slices.sort(key=lambda item: (-max(fact.worth for fact in item[1]), item[0].ordinal))
    every = [*slices, *((passage, ()) for passage in bare)]
    return [
        PlannedPassage(
            passage=passage, facts=facts, split=document.split, round=number, position=document.position
        )
        for number, (passage, facts) in enumerate(every)
    ]
