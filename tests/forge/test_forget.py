"""Forgetting a document: nothing made from it is left anywhere, and what was touched is named."""

import json
from datetime import UTC, datetime

import pytest

from ondol.core.access import LOCAL_PRINCIPAL, Principal
from ondol.core.errors import AccessDeniedError, ConflictError
from ondol.core.examples import DatasetSource, Evidence, Example, Provenance, Rejected
from ondol.core.ids import build_document_id
from ondol.core.models import ChatReply, Message
from ondol.forge.forget import forget_document
from ondol.store import open_store
from ondol.store.forging import Batch, RunDocument, open_ledger
from ondol.store.reviews import Review

ME = LOCAL_PRINCIPAL
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SECRET = "Channel 7 is kept free for the rescue service."
GONE = "file:///manuals/gone%20one.txt"
KEPT = "file:///manuals/kept.txt"


def _example(number, uri, quote, *, shown=(), calls=()):
    evidence = Evidence(
        document=build_document_id(uri),
        uri=uri,
        title=uri.rpartition("/")[2],
        chunk_id="chk_1",
        start=0,
        end=len(quote),
        quote=quote,
    )
    return Example(
        id=f"exm_{number}",
        messages=(Message(role="user", content=f"Q{number}?"), Message(role="assistant", content=quote)),
        kind="qa",
        book="closed",
        language="en",
        topic="t",
        group="g",
        label="open",
        licences=("CC0-1.0",),
        provenance=Provenance(evidence=(evidence,), shown=shown, writer="model", calls=calls),
        verdicts=(),
    )


EXAMPLES = (
    _example(1, GONE, SECRET),
    _example(2, KEPT, "The limit is 120 m."),
    _example(3, KEPT, "The limit is 50 m.", shown=(build_document_id(GONE),)),
    _example(4, KEPT, "The limit is 30 m.", calls=("call_1",)),
    _example(5, KEPT, "The limit is 20 m.", calls=("call_2",)),
)
REJECTED = Rejected(
    id="rej_1",
    kind="qa",
    reason="support",
    detail="",
    text=SECRET,
    documents=(build_document_id(GONE),),
    writer="model",
)


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "home", clock=lambda: NOW) as opened:
        yield opened


def _fill(store, examples=EXAMPLES, name="manual-qa", *, replace=False):
    with store.datasets.create(name, replace=replace) as writer:
        for example in examples:
            writer.add("train", example)
        writer.add_rejected(REJECTED)
        writer.add_file("README.md", f"# Card\n\n> {SECRET}\n")
        return writer.finish(
            sources=[DatasetSource(document=build_document_id(uri), uri=uri) for uri in (GONE, KEPT)]
        )


@pytest.fixture
def full(store):
    """A run, two datasets, one of them with a former version, calls and reviews."""
    with open_ledger(store.home, "r", principal=ME) as ledger:
        ledger.save_documents([
            RunDocument(id=build_document_id(uri), uri=uri, title="t", split="train", position=position)
            for position, uri in enumerate((GONE, KEPT))
        ])
        ledger.commit(Batch(accepted=[("train", example) for example in EXAMPLES], rejected=[REJECTED]))
    _fill(store)
    _fill(store, EXAMPLES[:4], replace=True)
    _fill(store, EXAMPLES[1:2], name="other")
    for key, uri in (("call_1", GONE), ("call_2", KEPT)):
        reply = ChatReply(text=SECRET if uri == GONE else "ok", model="m")
        store.calls.save_reply(key, reply, sources=[build_document_id(uri)], label="open")
    for example in EXAMPLES:
        review = Review(dataset="manual-qa", example_id=example.id, reviewer="local", verdict="accept")
        store.reviews.save_review(review, documents=example.documents, principal=ME)
    return store


def _bytes(folder):
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_nothing_made_from_it_is_left(full):
    assert SECRET.encode() in _bytes(full.home / "datasets")
    assert SECRET.encode() in _bytes(full.home / "runs")
    forgotten = forget_document(GONE, store=full, principal=ME)
    assert forgotten.document == build_document_id(GONE)
    assert [(found.name, found.num_examples, found.num_rejected) for found in forgotten.datasets] == [
        ("manual-qa", 3, 1),
        ("manual-qa@1", 3, 1),
        ("other", 0, 1),
    ]
    assert (forgotten.num_examples, forgotten.num_calls, forgotten.num_reviews) == (6, 1, 3)
    assert forgotten.runs["r"].model_dump() == {"documents": 1, "passages": 0, "examples": 3, "rejected": 1}
    assert SECRET.encode() not in _bytes(full.home / "datasets")
    assert SECRET.encode() not in _bytes(full.home / "runs")
    assert GONE.encode() not in _bytes(full.home / "datasets")
    assert full.calls.find_reply("call_1", principal=ME) is None
    assert full.calls.find_reply("call_2", principal=ME) is not None
    left, _ = full.datasets.list_examples("manual-qa@1", "train", principal=ME)
    assert [example.id for example in left] == ["exm_2", "exm_5"]
    with open_ledger(full.home, "r", principal=ME) as ledger:
        assert [example.id for _, example in ledger.examples()] == ["exm_2", "exm_5"]
        assert ledger.rejected() == []
    reviews, _ = full.reviews.list_reviews("manual-qa", principal=ME)
    assert [review.example_id for review in reviews] == ["exm_2", "exm_5"]


def test_a_second_time_there_is_nothing_to_do(full):
    forget_document(GONE, store=full, principal=ME)
    hashes = [found.hash for found in full.datasets.list_datasets(principal=ME, with_versions=True)]
    again = forget_document(GONE, store=full, principal=ME)
    assert (again.datasets, again.runs, again.num_calls, again.num_reviews) == ((), {}, 0, 0)
    assert hashes == [found.hash for found in full.datasets.list_datasets(principal=ME, with_versions=True)]


def test_a_document_that_nothing_was_made_of(full):
    forgotten = forget_document("file:///never.txt", store=full, principal=ME)
    assert (forgotten.datasets, forgotten.runs, forgotten.num_calls) == ((), {}, 0)
    assert not forgotten.in_corpus
    assert not any("corpus" in sentence for sentence in forgotten.retained)


def test_an_empty_home(store):
    assert forget_document(GONE, store=store, models_dir=store.home / "models", principal=ME).runs == {}


def test_models_tuned_on_it_are_named_also_later(full):
    former = full.datasets.load_manifest("manual-qa@1", principal=ME)
    untouched = _fill(full, EXAMPLES[4:], name="later")
    models = full.home / "models"
    for name, hashes in (("expert", [former.hash]), ("innocent", ["0" * 64]), ("plain", [])):
        folder = models / name
        folder.mkdir(parents=True)
        manifest = {
            "name": name,
            "source": "file:x",
            "format": "gguf",
            "files": [{"name": "m.gguf", "sha256": "0" * 64, "size_bytes": 1}],
            "capabilities": ["chat"],
            "datasets": hashes,
        }
        (folder / "model.json").write_text(json.dumps(manifest), encoding="utf-8")
    for _ in range(2):
        forgotten = forget_document(GONE, store=full, models_dir=models, principal=ME)
        assert forgotten.model_names == ("expert",)
        assert any("weights of expert" in sentence for sentence in forgotten.retained)
    assert untouched.hash != former.hash


def test_only_administrators_make_it_forget(full):
    before = _bytes(full.home / "datasets")
    with pytest.raises(AccessDeniedError, match="Only administrators"):
        forget_document(GONE, store=full, principal=Principal(name="lee"))
    assert _bytes(full.home / "datasets") == before


def test_a_dataset_that_is_being_written_stops_it_and_it_can_be_done_again(full):
    with full.datasets.create("manual-qa") as writer:
        with pytest.raises(ConflictError, match="writing the dataset manual-qa"):
            forget_document(GONE, store=full, principal=ME)
        writer.add("train", EXAMPLES[1])
    forgotten = forget_document(GONE, store=full, principal=ME)
    assert forgotten.num_calls == 1, "calls go last: by them the rest is found"
    assert SECRET.encode() not in _bytes(full.home / "datasets")
