"""What the server does on its own."""

import os
import time

from serve_harness import put, serving, wait_until

from ondol.core.errors import StorageError
from ondol.serve import upkeep
from ondol.serve.upkeep import Upkeep


def test_what_came_in_beside_the_server_is_indexed_at_its_start(ondol):
    put(ondol, "late.txt", b"The zeppelin is silver.")
    with serving(ondol) as client:
        search = {"query": "zeppelin"}
        wait_until(lambda: client.post("/api/v1/search", json=search).json()["hits"])


def test_a_failed_update_is_tried_again(ondol, monkeypatch):
    real, calls = ondol.indexer.update, []

    def fail_twice():
        calls.append(1)
        if len(calls) < 3:
            raise StorageError("The disk is full.")
        return real()

    monkeypatch.setattr(ondol.indexer, "update", fail_twice)
    keeper = Upkeep(ondol, retry_s=0.01)
    keeper.start()
    wait_until(lambda: len(calls) == 3)
    keeper.refresh_index()
    wait_until(lambda: len(calls) == 4)
    keeper.close()


def test_left_overs_are_swept_and_what_is_needed_stays(ondol, monkeypatch):
    uploads = ondol.settings.home / "uploads"
    uploads.mkdir()
    for name, age_s in (("old.part", 7 * 3600), ("young.part", 10)):
        (uploads / name).write_bytes(b"x")
        os.utime(uploads / name, (time.time() - age_s,) * 2)
    forgotten = ondol.store.blobs.put(b"of a document deleted long ago")
    path = ondol.store.blobs.path(forgotten)
    os.utime(path, (time.time() - 7200,) * 2)
    monkeypatch.setattr(upkeep, "SWEEP_EVERY_S", 0.05)
    with serving(ondol) as client:
        wait_until(lambda: not (uploads / "old.part").exists() and not path.exists())
        assert (uploads / "young.part").exists()
        for document in client.get("/api/v1/documents").json()["documents"]:
            assert client.get(f"/api/v1/documents/{document['id']}/original").status_code == 200
