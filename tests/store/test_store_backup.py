"""Backup and restore: the round trip, between databases too, and what is refused."""

import threading

import pytest
from example_library import make_example
from sqlalchemy import select

from ondol.core.access import LOCAL_PRINCIPAL, Label
from ondol.core.errors import ConflictError, NotFoundError, StorageError
from ondol.core.models import ChatReply
from ondol.store import open_store, schema
from ondol.store.backup import backup, restore
from ondol.store.forging import Batch, open_ledger
from ondol.store.reviews import Review

ME = LOCAL_PRINCIPAL


@pytest.fixture
def full(store, library, clock):
    """A store with something of everything."""
    for number in range(5):
        text = f"Text {number}.\nWith a second sentence."
        store.blobs.put(text.encode())
        library.save(store, f"file:///{number}.txt", text, label="sensitive+hr" if number % 2 else "open")
    store.corpus.remove_documents([library.describe("file:///4.txt", ["x"]).id])
    store.keys.add_key("kim", Label.parse("hr"))
    store.jobs.enqueue("ingest", {"n": 1}, principal=ME)
    store.conversations.create_conversation(title="대화", principal=ME)
    store.calls.save_reply("k", ChatReply(text="r", model="m"), sources=["doc_1"], label="open+hr")
    review = Review(dataset="d", example_id="exm_1", reviewer="local", verdict="accept")
    store.reviews.save_review(review, documents=["doc_1"], principal=ME)
    with store.datasets.create("d") as writer:
        writer.add("train", make_example(1, 1))
        writer.add_file("pictures/p.svg", "<svg/>")
        writer.finish()
    with open_ledger(store.home, "r", principal=ME) as ledger:
        ledger.commit(Batch(accepted=[("train", make_example(1, 1))]))
    store.audit.append(actor="kim", action="x.y")
    (store.home / "index").mkdir(exist_ok=True)
    (store.home / "index" / "segment").write_bytes(b"index")
    (store.home / "models").mkdir()
    (store.home / "models" / "m.gguf").write_bytes(b"model")
    return store


def _contents(store):
    """Every row of every table, in order."""
    with store.database.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in schema.metadata.sorted_tables
        }


@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_the_round_trip_loses_nothing(full, tmp_path, clock, name):
    report = backup(full, tmp_path / "backups" / name)
    assert (report.num_documents, report.num_blobs) == (4, 4)
    restored = restore(tmp_path / "backups" / name, tmp_path / "new")
    assert (restored.num_files, restored.size_bytes) == (report.num_files, report.size_bytes)
    with open_store(tmp_path / "new", clock=clock) as other:
        assert _contents(other) == _contents(full)
        assert set(other.blobs.names()) <= set(full.blobs.names())
        for document in other.corpus.list_documents(principal=ME)[0]:
            original = full.blobs.path(document.blob_sha256).read_bytes()
            assert other.blobs.path(document.blob_sha256).read_bytes() == original
        assert other.audit.verify().head == full.audit.verify().head
        assert (other.home / "index" / "segment").read_bytes() == b"index"
        assert not (other.home / "models").exists()
        assert other.datasets.load_manifest("d", principal=ME) == full.datasets.load_manifest(
            "d", principal=ME
        )
        assert other.datasets.find_example("d", "exm_1", principal=ME) == make_example(1, 1)
        assert (other.home / "datasets" / "d" / "pictures" / "p.svg").read_text("utf-8") == "<svg/>"
        with open_ledger(other.home, "r", principal=ME) as ledger:
            assert ledger.examples() == [(1, make_example(1, 1))]
    assert not [file for file in tmp_path.rglob(".*") if file.name != ".lock"], "no left-overs"


def test_index_and_models_are_a_choice(full, tmp_path):
    backup(full, tmp_path / "copy", with_index=False, with_models=True)
    restore(tmp_path / "copy", tmp_path / "new")
    assert (tmp_path / "new" / "models" / "m.gguf").read_bytes() == b"model"
    assert not (tmp_path / "new" / "index").exists()


def test_a_backup_goes_into_the_other_kind_of_database(full, tmp_path, postgresql, library, clock):
    url = postgresql() if full.database.is_sqlite else f"sqlite:///{tmp_path / 'elsewhere.db'}"
    backup(full, tmp_path / "copy.tar")
    restore(tmp_path / "copy.tar", tmp_path / "new", database_url=url)
    with open_store(tmp_path / "new", database_url=url, clock=clock) as other:
        assert _contents(other) == _contents(full)
        before = other.corpus.last_change()
        library.save(other, "file:///later.txt", "Later.")
        assert other.corpus.last_change() > before
    if full.database.is_sqlite:
        with pytest.raises(ConflictError, match="not empty"):
            restore(tmp_path / "copy.tar", tmp_path / "newer", database_url=url)
        restore(tmp_path / "copy.tar", tmp_path / "newer", database_url=url, force=True)
        with open_store(tmp_path / "newer", database_url=url, clock=clock) as other:
            assert _contents(other) == _contents(full)


def test_a_home_that_is_not_empty_is_left_alone_unless_forced(full, tmp_path, library, clock):
    backup(full, tmp_path / "copy")
    with open_store(tmp_path / "new", clock=clock) as other:
        library.save(other, "file:///mine.txt", "Mine.")
        other.blobs.put(b"Mine.")
    with pytest.raises(ConflictError, match="not empty"):
        restore(tmp_path / "copy", tmp_path / "new")
    with open_store(tmp_path / "new", clock=clock) as other:
        assert other.corpus.counts(principal=ME).documents == 1
    restore(tmp_path / "copy", tmp_path / "new", force=True)
    with open_store(tmp_path / "new", clock=clock) as other:
        assert _contents(other) == _contents(full)
        assert len(list(other.blobs.names())) == 4


def test_a_home_in_use_is_not_replaced(full, tmp_path, clock):
    backup(full, tmp_path / "copy")
    with open_store(tmp_path / "new", clock=clock) as other:
        held, done = threading.Event(), threading.Event()

        def ingest():
            with other.writer_lock():
                held.set()
                done.wait(30)

        thread = threading.Thread(target=ingest)
        thread.start()
        held.wait(30)
        try:
            with pytest.raises(ConflictError, match="is ingesting"):
                restore(tmp_path / "copy", tmp_path / "new", force=True)
        finally:
            done.set()
            thread.join()


def test_a_missing_original_is_counted_and_stops_nothing(full, tmp_path, library):
    library.save(full, "file:///lost.txt", "Its original was never stored.")
    assert backup(full, tmp_path / "copy").num_missing == 1
    restored = restore(tmp_path / "copy", tmp_path / "new")
    assert (restored.num_blobs, restored.num_missing) == (4, 1)


def test_an_existing_target_is_not_overwritten(full, tmp_path):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "mine").write_text("x", encoding="utf-8")
    with pytest.raises(ConflictError, match="exists"):
        backup(full, tmp_path / "copy")
    assert (tmp_path / "copy" / "mine").read_text("utf-8") == "x"


def test_what_is_not_a_whole_backup_is_refused_before_anything_is_touched(full, tmp_path):
    with pytest.raises(NotFoundError, match="does not exist"):
        restore(tmp_path / "nowhere", tmp_path / "new")
    backup(full, tmp_path / "copy")
    damaged = next(file for file in (tmp_path / "copy" / "blobs").rglob("*") if file.is_file())
    damaged.write_bytes(b"other")
    with pytest.raises(StorageError, match="missing or damaged"):
        restore(tmp_path / "copy", tmp_path / "new")
    (tmp_path / "copy" / "manifest.json").unlink()
    with pytest.raises(StorageError, match="not a whole backup"):
        restore(tmp_path / "copy", tmp_path / "new")
    (tmp_path / "no.tar").write_bytes(b"not a tar")
    with pytest.raises(StorageError, match="not a whole backup"):
        restore(tmp_path / "no.tar", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_backup_cannot_write_outside_the_home(full, tmp_path):
    backup(full, tmp_path / "copy")
    manifest = tmp_path / "copy" / "manifest.json"
    (tmp_path / "evil").write_bytes(b"index")
    manifest.write_text(manifest.read_text("utf-8").replace('"index/segment"', '"../evil"'), encoding="utf-8")
    with pytest.raises(StorageError, match="missing or damaged"):
        restore(tmp_path / "copy", tmp_path / "deep" / "new")
    assert not (tmp_path / "deep" / "evil").exists()


def test_a_backup_is_of_one_moment_while_others_write(sqlite_store, library, tmp_path, clock):
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            text = f"Pair {number}."
            sqlite_store.blobs.put(text.encode())
            library.save(sqlite_store, f"file:///{number}-a.txt", text)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            backup(sqlite_store, tmp_path / f"copy{number}")
    finally:
        stop.set()
        writer.join()
    for number in range(3):
        restore(tmp_path / f"copy{number}", tmp_path / f"new{number}")
        with open_store(tmp_path / f"new{number}", clock=clock) as other:
            documents, _ = other.corpus.list_documents(principal=ME, limit=100_000)
            assert all(other.blobs.has(document.blob_sha256) for document in documents)
            assert all(other.corpus.load_pages(document.id, principal=ME) for document in documents)


def test_a_ledger_is_copied_between_two_batches_of_a_run_that_goes_on(sqlite_store, tmp_path):
    stop = threading.Event()

    def forge():
        number = 0
        with open_ledger(sqlite_store.home, "r", principal=ME) as ledger:
            while not stop.is_set():
                batch = [("train", make_example(number + each, 1)) for each in range(5)]
                number += 5
                ledger.commit(Batch(accepted=batch, meta={"place": str(number)}))

    forging = threading.Thread(target=forge)
    forging.start()
    try:
        for number in range(3):
            backup(sqlite_store, tmp_path / f"copy{number}.tar")
    finally:
        stop.set()
        forging.join()
    for number in range(3):
        restore(tmp_path / f"copy{number}.tar", tmp_path / f"new{number}")
        with open_ledger(tmp_path / f"new{number}", "r", principal=ME) as ledger:
            assert sum(ledger.counts().values()) == int(ledger.get("place") or 0)


def test_a_forced_restore_replaces_datasets_and_runs(full, tmp_path, clock):
    backup(full, tmp_path / "copy")
    with open_store(tmp_path / "new", clock=clock) as other, other.datasets.create("mine") as writer:
        writer.finish()
    restore(tmp_path / "copy", tmp_path / "new", force=True)
    with open_store(tmp_path / "new", clock=clock) as other:
        assert other.datasets.names() == ["d"]
