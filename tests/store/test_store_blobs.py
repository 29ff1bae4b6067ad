"""Originals: stored once, whole or not at all, and swept only when nothing needs them."""

import errno
import os
import stat

import pytest

from ondol.core.access import LOCAL_PRINCIPAL, Principal
from ondol.core.errors import DiskFullError, NotFoundError, StorageError, WrongUseError
from ondol.core.ids import sha256_hex
from ondol.store.blobs import translate_os_errors


def _age(store, seconds, clock):
    for file in (store.home / "blobs").rglob("*"):
        if file.is_file():
            then = clock().timestamp() - seconds
            os.utime(file, (then, then))


def test_bytes_and_files_are_stored_once(sqlite_store, tmp_path):
    data = os.urandom(3_000_000)
    (tmp_path / "original").write_bytes(data)
    name = sqlite_store.blobs.put(data)
    assert name == sqlite_store.blobs.put(tmp_path / "original") == sha256_hex(data)
    assert sqlite_store.blobs.path(name).read_bytes() == data
    assert list(sqlite_store.blobs.names()) == [name]
    assert not list((sqlite_store.home / "blobs" / "incoming").iterdir())
    assert sqlite_store.blobs.put(b"") == sha256_hex(b"")


def test_originals_are_for_the_owner_alone(sqlite_store):
    path = sqlite_store.blobs.path(sqlite_store.blobs.put(b"secret"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert stat.S_IMODE(sqlite_store.home.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_names_that_are_no_hash_are_refused(sqlite_store, name):
    with pytest.raises(WrongUseError, match="not a SHA-256"):
        sqlite_store.blobs.path(name)


def test_an_original_that_is_not_there(sqlite_store):
    with pytest.raises(NotFoundError, match="not in"):
        sqlite_store.blobs.path("a" * 64)
    assert not sqlite_store.blobs.has("a" * 64)


def test_a_sweep_leaves_what_documents_jobs_and_newcomers_need(store, library, clock):
    kept = store.blobs.put(b"Kept words.")
    library.save(store, "file:///a.txt", "Kept words.")
    queued = store.blobs.put(b"queued")
    store.jobs.enqueue("ingest", {"blob_sha256": queued}, principal=LOCAL_PRINCIPAL)
    orphan = store.blobs.put(b"orphan")
    _age(store, 7200, clock)
    young, again = store.blobs.put(b"young"), store.blobs.put(b"again")
    (store.home / "blobs" / "incoming" / "left-over").write_bytes(b"half")
    _age_one(store.home / "blobs" / "incoming" / "left-over", clock)
    _age_one(store.blobs.path(young), clock, seconds=10)
    _age_one(store.blobs.path(again), clock)
    os.utime(store.blobs.path(again), (clock().timestamp(), clock().timestamp()))
    assert store.sweep_blobs() == 1
    assert set(store.blobs.names()) == {kept, queued, young, again}
    assert not store.blobs.has(orphan)
    assert not list((store.home / "blobs" / "incoming").iterdir())


def _age_one(file, clock, seconds=7200):
    then = clock().timestamp() - seconds
    os.utime(file, (then, then))


def test_a_job_that_ended_well_needs_its_original_no_more(sqlite_store, clock):
    name = sqlite_store.blobs.put(b"upload")
    kim = Principal(name="kim")
    job = sqlite_store.jobs.enqueue("ingest", {"blob_sha256": name}, principal=kim)
    _age(sqlite_store, 7200, clock)
    assert sqlite_store.sweep_blobs() == 0
    sqlite_store.jobs.lease("w", 30)
    sqlite_store.jobs.finish(job.id, {}, worker="w")
    assert sqlite_store.sweep_blobs() == 1


def test_a_sweep_waits_for_nobody(sqlite_store, clock, tmp_path):
    sqlite_store.blobs.put(b"orphan")
    _age(sqlite_store, 7200, clock)
    descriptor = os.open(sqlite_store.home / "blobs" / ".lock", os.O_RDWR | os.O_CREAT)
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_SH)
        assert sqlite_store.sweep_blobs() == 0, "a backup is copying"
    finally:
        os.close(descriptor)
    assert sqlite_store.sweep_blobs() == 1


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.ENOSPC, DiskFullError), (errno.EDQUOT, DiskFullError), (errno.EACCES, StorageError)],
)
def test_what_the_operating_system_refuses_is_named(number, kind):
    with pytest.raises(kind, match="storing") as caught, translate_os_errors("storing an original"):
        raise OSError(number, "no", "/some/file")
    assert type(caught.value) is kind
    assert caught.value.remedy


def test_a_full_disk_leaves_nothing_half_stored(sqlite_store):
    """The kernel ends a file at a limit as it ends it on a full disk: in the middle of writing."""
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
        with pytest.raises(StorageError, match="storing an original"):
            sqlite_store.blobs.put(os.urandom(2_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(sqlite_store.blobs.names()) == []
    assert not list((sqlite_store.home / "blobs" / "incoming").iterdir())
