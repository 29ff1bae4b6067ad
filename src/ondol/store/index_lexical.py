"""The lexical leg on disk: a tantivy index over terms that were made elsewhere.

Terms are joined by spaces and split at spaces again, so tantivy adds no language rules of its own. Scores
are BM25 with k1 = 1.2 and b = 0.75 (Robertson and Zaragoza 2009).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tantivy
from numpy.typing import NDArray

from ondol.core.errors import DiskFullError, SearchIndexError

_HEAP_BYTES = 64_000_000
_TOKENIZER = "spaces"


class LexicalRow(NamedTuple):
    """A chunk as the lexical index keeps it.

    Attributes:
        row: number of the chunk, unique in the index for ever.
        group: number of the set of holders.
        labels: text forms of the holders' labels.
        documents: ids of the holders.
        terms: of the context and the text, joined by spaces.
    """

    row: int
    group: int
    labels: Sequence[str]
    documents: Sequence[str]
    terms: str


def _build_schema() -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("row", stored=True, indexed=False, fast=True)
    # As text: deleting by a numeric term silently deletes nothing in tantivy-py 0.27.
    builder.add_text_field("group", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("label", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("document", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("terms", stored=True, tokenizer_name=_TOKENIZER, index_option="freq")
    return builder.build()


def _register(index: Any) -> Any:
    spaces = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer(_TOKENIZER, spaces)
    return index


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, OSError) as error:
        if "No space left" in str(error):
            raise DiskFullError(
                f"No space is left for the search index in {folder}.",
                remedy="Free some space, then try again.",
            ) from error
        raise SearchIndexError(
            f"The search index in {folder} could not be written: {error}.",
            remedy="Check the folder's permissions and space, then try again.",
        ) from error


class LexicalWriter:
    """Changes a tantivy index in a folder of its own; one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with _translated(folder):
            folder.mkdir(parents=True, exist_ok=True)
            if tantivy.Index.exists(str(folder)):
                self._index = _register(tantivy.Index.open(str(folder)))
            else:
                self._index = _register(tantivy.Index(_build_schema(), path=str(folder)))
            # One indexing thread: the morpheme analyser needs the cores, and few segments make quick queries.
            self._writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=1)

    def add(self, rows: Iterable[LexicalRow]) -> None:
        """Add chunks."""
        for row in rows:
            document = tantivy.Document()
            document.add_unsigned("row", row.row)
            document.add_text("group", str(row.group))
            for label in row.labels:
                document.add_text("label", label)
            for holder in row.documents:
                document.add_text("document", holder)
            document.add_text("terms", row.terms)
            with _translated(self._folder):
                self._writer.add_document(document)

    def remove_group(self, group: int) -> None:
        """Remove the chunks of a group that were added before."""
        self._writer.delete_documents_by_term("group", str(group))

    def load_terms(self, group: int, limit: int) -> list[tuple[int, str]]:
        """Return row and terms of each committed chunk of ``group``, by row."""
        self._index.reload()
        searcher = self._index.searcher()
        query = tantivy.Query.term_query(self._index.schema, "group", str(group))
        hits = searcher.search(query, limit=max(1, limit), count=False).hits
        documents = [searcher.doc(address) for _, address in hits]
        return sorted((doc.get_first("row"), doc.get_first("terms")) for doc in documents)

    def commit(self) -> None:
        """Make what was added durable in the folder."""
        with _translated(self._folder):
            self._writer.commit()

    def close(self) -> None:
        """Commit, wait for merges and let go of the folder."""
        with _translated(self._folder):
            self._writer.commit()
            self._writer.garbage_collect_files()
            self._writer.wait_merging_threads()


class LexicalReader:
    """Asks a tantivy index; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        try:
            self._index = _register(tantivy.Index.open(str(folder)))
            self._index.config_reader("manual")
            self._index.reload()
            self._searcher = self._index.searcher()
        except (ValueError, OSError) as error:
            raise SearchIndexError(
                f"The lexical index in {folder} cannot be opened: {error}.",
                remedy="It is rebuilt from the database by the next ingest, or by searching again.",
            ) from error
        self._schema = self._index.schema

    @property
    def num_docs(self) -> int:
        """Chunks that can be found."""
        return int(self._searcher.num_docs)

    def doc_freqs(self, terms: Sequence[str]) -> NDArray[np.float64]:
        """Return for each term the number of chunks that hold it."""
        return np.array([self._searcher.doc_freq("terms", term) for term in terms], dtype=np.float64)

    def search(
        self,
        terms: Sequence[tuple[str, float]],
        *,
        limit: int,
        near: Sequence[tuple[str, float]] = (),
        labels: Sequence[str] | None = None,
        documents: Sequence[str] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return rows and BM25 scores, best first.

        Args:
            terms: each with its weight.
            limit: at most so many rows.
            near: words that the index does not know, each with a constant score for a word one edit away.
            labels: only chunks with a holder marked with one of these; ``None`` does not narrow.
            documents: only chunks held by one of these; ``None`` does not narrow.
        """
        if not (terms or near) or limit < 1:
            return np.empty(0, np.int64), np.empty(0, np.float64)
        query = self._build_query(terms, near, labels, documents)
        hits = self._searcher.search(query, limit=limit, count=False).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        return np.array(rows, dtype=np.int64), np.array([score for score, _ in hits], dtype=np.float64)

    def _build_query(
        self,
        terms: Sequence[tuple[str, float]],
        near: Sequence[tuple[str, float]],
        labels: Sequence[str] | None,
        documents: Sequence[str] | None,
    ) -> Any:
        query, occur = tantivy.Query, tantivy.Occur
        words = [
            query.boost_query(query.term_query(self._schema, "terms", term, "freq"), weight)
            for term, weight in terms
        ]
        words += [
            query.const_score_query(query.fuzzy_term_query(self._schema, "terms", term, 1), score)
            for term, score in near
        ]
        matches = query.boolean_query([(occur.Should, word) for word in words])
        clauses = [(occur.Must, matches)]
        for field, values in (("label", labels), ("document", documents)):
            if values is not None:
                allowed = query.term_set_query(self._schema, field, list(values))
                clauses.append((occur.Must, query.const_score_query(allowed, 0.0)))
        return matches if len(clauses) == 1 else query.boolean_query(clauses)
