"""The ground: migrations, one writer and many readers, full disks, damaged files, killed processes."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, text

from ondol.core.access import LOCAL_PRINCIPAL
from ondol.core.errors import ConflictError, DiskFullError, SettingsError, StorageError, WrongUseError
from ondol.store import open_store, schema
from ondol.store.locks import FileLock
from ondol.store.migrations import HEAD

ME = LOCAL_PRINCIPAL


def test_the_migrations_lead_to_the_tables_that_the_code_knows(store):
    with store.database.write() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
        assert context.get_current_revision() == HEAD


def test_a_database_from_the_future_is_refused(sqlite_store):
    with sqlite_store.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="'9999'") as caught:
        open_store(sqlite_store.home)
    assert "newer Ondol" in caught.value.remedy


def test_many_processes_may_make_the_same_home(tmp_path):
    code = (
        "import sys; from pathlib import Path; from ondol.store import open_store;"
        "open_store(Path(sys.argv[1])).close()"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "home")], stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    results = [(process.communicate()[1], process.returncode) for process in started]
    assert results == [("", 0)] * 4


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_database_urls_that_are_of_no_use(tmp_path, url):
    with pytest.raises(SettingsError, match=r"cannot be read|cannot hold"):
        open_store(tmp_path / "home", database_url=url)


def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path):
    pytest.importorskip("psycopg", reason="psycopg is missing: pip install 'ondol[postgres]'")
    with pytest.raises(StorageError, match="cannot be reached") as caught:
        open_store(tmp_path / "home", database_url="postgresql://me:hidden@127.0.0.1:9/none")
    assert "hidden" not in str(caught.value)
    assert "ONDOL_DATABASE_URL" in caught.value.remedy


def test_a_home_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(StorageError, match="opening"):
        open_store(tmp_path / "file" / "home")


@pytest.mark.parametrize("damage", ["header", "middle"])
def test_a_damaged_database_says_so_and_what_to_do(tmp_path, library, damage):
    with open_store(tmp_path / "home") as store:
        for number in range(50):
            library.save(store, f"file:///{number}.txt", f"Text {number}.\n" * 50)
    file = tmp_path / "home" / "ondol.db"
    size = file.stat().st_size
    with file.open("r+b") as database:
        database.seek(0 if damage == "header" else size // 4)
        database.write(random.Random(0).randbytes(size // 2))
    with pytest.raises(StorageError, match="damaged") as caught:
        _use(tmp_path / "home", library)
    assert "restore" in caught.value.remedy


def _use(home, library):
    with open_store(home) as store:
        store.corpus.changes_since(0)
        for document in store.corpus.list_documents(principal=ME)[0]:
            store.corpus.load_pages(document.id, principal=ME)
        library.save(store, "file:///new.txt", "New.")


def test_a_full_disk_is_named_and_nothing_is_lost(sqlite_store, library):
    library.save(sqlite_store, "file:///a.txt", "Before.")
    sqlite_store.database.engine.dispose()
    with closing(sqlite3.connect(sqlite_store.database.path)) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    from sqlalchemy import event

    @event.listens_for(sqlite_store.database.engine, "connect")
    def limit(connection, record):
        connection.execute(f"PRAGMA max_page_count = {pages + 4}")

    with pytest.raises(DiskFullError, match="No space"):
        library.save(sqlite_store, "file:///b.txt", "Long text. " * 100_000)
    assert [d.uri for d in sqlite_store.corpus.list_documents(principal=ME)[0]] == ["file:///a.txt"]
    library.save(sqlite_store, "file:///c.txt", "Short.")


def test_half_a_character_is_refused_clearly(sqlite_store, library):
    with pytest.raises(WrongUseError, match="half a character"):
        library.save(sqlite_store, "file:///a.txt", "Text.", title="\udc80")


def test_a_contradiction_is_a_conflict(store):
    with pytest.raises(ConflictError, match="contradiction"), store.database.write() as connection:
        connection.execute(insert(schema.label), [{"text": "open"}, {"text": "open"}])


def test_a_writer_that_does_not_wait(store):
    done = threading.Event()
    held = threading.Event()

    def hold():
        with store.database.write():
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)
    try:
        with pytest.raises(ConflictError, match="Somebody else"), store.database.write(wait=False):
            pass
        with (
            open_store(
                store.home, database_url=store.database.url.render_as_string(hide_password=False)
            ) as other,
            pytest.raises(ConflictError, match="Somebody else"),
            other.database.write(wait=False),
        ):
            pass
    finally:
        done.set()
        thread.join()
    with store.database.write(wait=False) as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1


def test_a_reader_never_sees_half_a_document(store, library):
    versions = [["A.\nA.\nA."] * 20, ["B.\nB."] * 30]
    document = library.save(store, "file:///a.txt", versions[0])
    stop, wrong, looks = threading.Event(), [], []

    def look():
        while not stop.is_set():
            pages = store.corpus.load_pages(document.id, principal=ME)
            chunks = store.corpus.load_document_chunks(document.id, principal=ME)
            looks.append(len(pages))
            if (len(pages), len({page.text for page in pages})) not in {(20, 1), (30, 1)}:
                wrong.append(len(pages))
            if len(chunks) != 60:
                wrong.append(len(chunks))

    readers = [threading.Thread(target=look) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(40):
        library.save(store, "file:///a.txt", versions[number % 2])
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert {20, 30} >= set(looks) != set()


def test_threads_and_processes_write_side_by_side(store, library):
    def save(worker):
        for number in range(10):
            library.save(store, f"file:///{worker}/{number}.txt", f"Text {number}.")

    writers = [threading.Thread(target=save, args=(n,)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    counts = store.corpus.counts(principal=ME)
    assert (counts.documents, counts.chunks) == (40, 10)
    changes = store.corpus.changes_since(0)
    assert [change.seq for change in changes] == sorted({change.seq for change in changes})


_SAVING = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from store_library import Library
from ondol.store import open_store
library = Library()
with open_store(Path(sys.argv[1])) as store:
    for round in range(1000):
        for number in range(20):
            text = [f"Round {round} text {number}.\\nSecond."] * 30
            store.blobs.put("\\f".join(text).encode())
            library.save(store, f"file:///{number}.txt", text)
            if number % 5 == 4:
                store.corpus.remove_documents([library.describe(f"file:///{number - 1}.txt", ["x"]).id])
            store.audit.append(actor="x", action="x.y")
            print(round, number, flush=True)
"""


def test_a_process_killed_at_any_moment_leaves_whole_documents(tmp_path):
    chance = random.Random(7)
    home = tmp_path / "home"
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", _SAVING, str(home), str(Path(__file__).parent)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        for _ in range(chance.randrange(1, 60)):
            assert process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        process.stdout.close()
        process.wait()
        with open_store(home) as store:
            with store.database.read() as connection:
                assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
                orphans = "SELECT count(*) FROM content WHERE id NOT IN (SELECT content_id FROM document)"
                assert connection.execute(text(orphans)).scalar() == 0
            documents, _ = store.corpus.list_documents(principal=ME)
            assert documents
            for document in documents:
                pages = store.corpus.load_pages(document.id, principal=ME)
                chunks = store.corpus.load_document_chunks(document.id, principal=ME)
                assert (len(pages), len({page.text for page in pages}), len(chunks)) == (30, 1, 60)
                assert store.blobs.path(document.blob_sha256).read_bytes().decode() == "\f".join(
                    page.text for page in pages
                )
            logged = {change.blob_sha256 for change in store.corpus.changes_since(0)}
            assert {document.blob_sha256 for document in documents} <= logged
            report = store.audit.verify()
            assert report.ok, report.detail


def test_a_lock_is_exclusive_between_threads_and_open_to_its_holder(tmp_path):
    lock = FileLock(tmp_path / "locks" / "x", purpose="testing")
    outcome = []

    def other():
        try:
            with lock.hold():
                outcome.append("in")
        except ConflictError as error:
            outcome.append(error.remedy)

    def run():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        return outcome.pop()

    with lock.hold(), lock.hold():
        assert "Wait" in run()
    assert run() == "in"
    with lock.hold(is_shared=True):
        assert "Wait" in run()


def test_the_writer_lock_ends_with_its_process(sqlite_store):
    code = (
        "import sys, time; from pathlib import Path; from ondol.store import open_store\n"
        "with open_store(Path(sys.argv[1])) as store, store.writer_lock():\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(sqlite_store.home)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(ConflictError, match="ingesting"), sqlite_store.writer_lock():
        pass
    with sqlite_store.index_lock():
        process.kill()
        process.stdout.close()
        process.wait()
    with sqlite_store.writer_lock(timeout_s=5):
        pass
