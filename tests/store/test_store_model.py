"""Random histories against a model of a few lines: every reader sees what the model says."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from store_library import Library

from ondol.core.access import LOCAL_PRINCIPAL, Grade, Label, Principal
from ondol.core.ids import build_document_id, sha256_hex
from ondol.policy.access import can_read
from ondol.store import open_store

LABELS = ("open", "sensitive", "sensitive+hr", "open+hr", "classified+hr+finance")
READERS = (
    LOCAL_PRINCIPAL,
    Principal(name="visitor"),
    Principal(name="kim", grade=Grade.SENSITIVE, groups=frozenset({"hr"})),
)
URIS = st.sampled_from([f"file:///{name}.txt" for name in "abcd"])
TEXTS = st.sampled_from(["One.\nTwo.", "One.\nThree.", "Four."])


class History(RuleBasedStateMachine):
    """The corpus beside a dict of uri → (text, label)."""

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        self.store = open_store(Path(self.folder.name) / "home")
        self.library = Library()
        self.model: dict[str, tuple[str, str]] = {}
        self.indexed: dict[str, dict[str, list[tuple[str, str]]]] = {}
        self.seen = 0

    def teardown(self):
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()

    @rule(uri=URIS, text=TEXTS)
    def save(self, uri, text):
        saved = self.library.save(self.store, uri, text, label="open")
        assert str(saved.label) == self.model.get(uri, ("", "open"))[1], "a label set by hand stays"
        self.model[uri] = (text, str(saved.label))

    @rule(uri=URIS, label=st.sampled_from(LABELS))
    def relabel(self, uri, label):
        if uri in self.model:
            label = str(Label.parse(label))
            self.store.corpus.update_document(
                build_document_id(uri), principal=LOCAL_PRINCIPAL, label=Label.parse(label)
            )
            self.model[uri] = (self.model[uri][0], label)

    @rule(uris=st.lists(URIS, max_size=3))
    def remove(self, uris):
        removed = self.store.corpus.remove_documents([build_document_id(uri) for uri in uris])
        assert removed == len({uri for uri in uris if self.model.pop(uri, None)})

    @rule()
    def index(self):
        """Follow the change log as the index does."""
        changes = self.store.corpus.changes_since(self.seen)
        for entry in self.store.corpus.content_entries([change.blob_sha256 for change in changes]):
            self.indexed[entry.blob_sha256] = {
                item.chunk.id: [(who.uri, who.label) for who in item.holders] for item in entry.chunks
            }
        self.seen = changes[-1].seq if changes else self.seen
        wanted = {}
        for uri, (text, label) in sorted(self.model.items()):
            for chunk_id in self.library.chunk_ids(text):
                wanted.setdefault(sha256_hex(text.encode()), {}).setdefault(chunk_id, []).append((uri, label))
        assert {blob: chunks for blob, chunks in self.indexed.items() if chunks} == wanted

    @invariant()
    def every_reader_sees_what_the_model_says(self):
        if not hasattr(self, "model"):
            return
        for reader in READERS:
            mine = {
                uri: text
                for uri, (text, label) in sorted(self.model.items())
                if can_read(reader, Label.parse(label))
            }
            listed, _ = self.store.corpus.list_documents(principal=reader)
            assert [document.uri for document in listed] == list(mine)
            wanted = {}
            for uri, text in mine.items():
                for chunk_id in self.library.chunk_ids(text):
                    wanted.setdefault(chunk_id, uri)
            every = [
                chunk
                for text in ("One.\nTwo.", "One.\nThree.", "Four.")
                for chunk in self.library.chunk_ids(text)
            ]
            found = self.store.corpus.load_chunks(every, principal=reader)
            assert {chunk_id: document.uri for chunk_id, (_, document) in found.items()} == wanted


TestHistory = History.TestCase
TestHistory.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
