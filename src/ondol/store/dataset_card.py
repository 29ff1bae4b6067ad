"""Keeping the text files of a dataset true when examples are taken out of it.

Whoever made the dataset knows how to write its card; the store does not. So nothing is written anew here:
what names or quotes the forgotten document is blanked, and the card says that it is older than the dataset.
"""

import html
import re
from urllib.parse import unquote, urlsplit

from ondol.core.examples import DatasetChange, Example, Rejected

CARD = "README.md"
_BLANK = "(removed)"
_MIN_CHARS = 4
_MIN_LINE_CHARS = 16
_MARKUP = " \t\r\n>|*_`#-…."
_HEAD = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


class Blanker:
    """Blanks what a document's removed examples said.

    Args:
        document: id of the document; empty when the examples go for another reason, and it may be named.
    """

    def __init__(self, document: str) -> None:
        self._document = document
        self._names: set[str] = {document} - {""}
        self._texts: dict[str, None] = {}

    def add_address(self, uri: str) -> None:
        """Blank the address of the document, as it is and as people write it."""
        path = urlsplit(uri).path
        self._names.update({uri, unquote(uri), path, unquote(path), unquote(path).rpartition("/")[2]})

    def add_example(self, example: Example) -> None:
        """Blank what an example that goes says and quotes."""
        self._texts.update(dict.fromkeys(message.content for message in example.messages))
        for evidence in example.provenance.evidence:
            if evidence.document == self._document or not self._document:
                self._texts[evidence.quote] = None
            if evidence.document == self._document:
                self.add_address(evidence.uri)
                self._names.add(evidence.title)

    def add_rejected(self, row: Rejected) -> None:
        """Blank what a rejected draft said: a card may show one for each reason."""
        said = (row.text, row.detail, *(verdict.detail for verdict in row.verdicts))
        self._texts.update(dict.fromkeys(said))

    def blank(self, data: bytes) -> bytes:
        """Return a file of text without these; another file stays as it is."""
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return data
        words = {word for word in (*self._names, *self._texts) if len(word.strip()) >= _MIN_CHARS}
        for word in sorted(words | {html.escape(word) for word in words}, key=len, reverse=True):
            text = text.replace(word, _BLANK)
        said = "\n".join((*self._texts, *map(html.escape, self._texts)))
        return "".join(_blank_line(line, said) for line in text.splitlines(keepends=True)).encode()


def note_change(card: bytes, change: DatasetChange) -> bytes:
    """Return the card with a note, below its head, that the dataset is smaller now."""
    text = card.decode()
    head = _HEAD.match(text)
    end = head.end() if head else 0
    note = (
        f"> **{change.changed_at:%Y-%m-%d}: {change.num_examples} examples were taken out** "
        f"({change.reason}) after this card was written. The figures below are those of the run; "
        "`manifest.json` has today's.\n"
    )
    return f"{text[:end]}\n{note}\n{text[end:].lstrip()}".encode()


def _blank_line(line: str, said: str) -> str:
    """Return the line, blanked if it is part of something said: long samples are cut and wrapped."""
    core = line.strip(_MARKUP)
    if len(core) < _MIN_LINE_CHARS or core not in said:
        return line
    return line.replace(core, _BLANK)
