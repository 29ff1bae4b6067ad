"""Sources to corpus: only what changed, nothing lost, one bad file never stops the rest."""

import os
import zipfile
from pathlib import Path

import pytest

from ondol.core.access import LOCAL_PRINCIPAL, Label, Principal
from ondol.core.errors import ConflictError, DiskFullError
from ondol.core.ids import build_document_id
from ondol.ingest.chunk import ChunkOptions
from ondol.store import open_store
from ondol.store.blobs import Blobs

HANGUL = Path(__file__).parents[1] / "data" / "hangul"


def counts(report) -> tuple[int, int, int, int, int]:
    return report.added, report.changed, report.unchanged, report.removed, report.failed


def make_zip(path: Path, members: dict[str, bytes | str]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def rewrite(path: Path, text: str) -> None:
    """Write, and make sure that the time differs."""
    before = path.stat().st_mtime_ns
    path.write_text(text, "utf-8")
    os.utime(path, ns=(before + 1_000_000, before + 1_000_000))


def test_only_what_changed_is_read(corpus, docs):
    first = corpus.ingest(docs)
    assert counts(first) == (3, 0, 0, 0, 0)
    assert first.chunks == 3
    assert first.bytes == sum(path.stat().st_size for path in docs.rglob("*.*"))
    assert counts(corpus.ingest(docs)) == (0, 0, 3, 0, 0)
    rewrite(docs / "fence.md", "# Geofence\n\nIt was replaced by an okapi.\n")
    assert counts(corpus.ingest(docs)) == (0, 1, 2, 0, 0)
    assert corpus.find("okapi")
    assert corpus.find("zebra") == []


def test_a_touched_file_is_looked_at_and_left(corpus, docs):
    corpus.ingest(docs)
    before = corpus.documents()["fence.md"]
    rewrite(docs / "fence.md", (docs / "fence.md").read_text("utf-8"))
    report = corpus.ingest(docs)
    assert counts(report) == (0, 0, 3, 0, 0)
    assert report.chunks == 0
    assert corpus.documents()["fence.md"] == before
    state = corpus.store.corpus.source_states("", principal=LOCAL_PRINCIPAL)[(docs / "fence.md").as_uri()]
    assert state.mtime_ns == (docs / "fence.md").stat().st_mtime_ns


def test_what_vanished_is_gone_and_what_was_not_asked_stays(corpus, docs):
    beside = docs.parent / "docs-sibling"
    beside.mkdir()
    (beside / "a.md").write_text("# Sibling\n\nA walrus lives here.\n", "utf-8")
    corpus.ingest(docs, beside)
    (docs / "fence.md").unlink()
    (beside / "a.md").unlink()
    report = corpus.ingest(docs)
    assert counts(report) == (0, 0, 2, 1, 0)
    assert [d.status for d in report.documents] == ["removed"]
    assert corpus.find("zebra") == []
    assert corpus.find("walrus")
    assert counts(corpus.ingest(docs / "sub")) == (0, 0, 2, 0, 0)
    assert corpus.find("walrus")


def test_a_named_file_that_is_gone_is_removed(corpus, docs):
    corpus.ingest(docs)
    (docs / "fence.md").unlink()
    assert counts(corpus.ingest(docs / "fence.md")) == (0, 0, 0, 1, 0)
    never = corpus.ingest(docs / "fence.md", docs.parent / "no" / "such" / "folder")
    assert [f.code for f in never.failures] == ["unreadable", "unreadable"]


def test_a_folder_that_is_gone_takes_nothing_with_it_unless_its_parent_is_there(corpus, docs):
    corpus.ingest(docs)
    moved = docs.rename(docs.parent / "elsewhere")
    (moved / "docs").mkdir()
    assert counts(corpus.ingest(docs / "sub")) == (0, 0, 0, 0, 1)
    assert len(corpus.uris()) == 3
    assert counts(corpus.ingest(docs)) == (0, 0, 0, 3, 0)


def test_the_same_content_is_stored_once(corpus, docs):
    text = (docs / "fence.md").read_bytes()
    (docs / "copy.md").write_bytes(text)
    report = corpus.ingest(docs, workers=1)
    assert counts(report) == (4, 0, 0, 0, 0)
    assert corpus.store.corpus.counts(principal=LOCAL_PRINCIPAL).chunks == 3
    assert len(list(corpus.store.blobs.names())) == 3
    (docs / "fence.md").unlink()
    corpus.ingest(docs)
    assert corpus.find("zebra") == [(docs / "copy.md").as_uri()]


def test_a_title_falls_back_to_the_name_whichever_copy_came_first(corpus, docs):
    for name in ("one.txt", "two.txt"):
        (docs / name).write_text("this has no title, only this sentence about a lynx.", "utf-8")
    corpus.ingest(docs, workers=1)
    found = corpus.documents()
    assert (found["one.txt"].title, found["two.txt"].title) == ("one", "two")
    assert found["two.txt"].modified_at is not None


def test_every_bad_file_is_told_and_none_stops_the_rest(corpus, docs):
    (docs / "empty.txt").write_bytes(b"")
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 8)
    (docs / "broken.docx").write_bytes(b"PK\x03\x04" + bytes(range(200)))
    (docs / "wrong.docx").write_bytes((docs / "fence.md").read_bytes())
    (docs / "old.doc").write_bytes(b"{\\rtf1 not a doc}")
    (docs / "cut.hwp").write_bytes((HANGUL / "table.hwp").read_bytes()[:5000])
    (docs / "three.hwp").write_bytes(b"HWP Document File V3.00 \x1a" + bytes(100))
    with zipfile.ZipFile(docs / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b" " * 40_000_000)
    with (docs / "huge.pdf").open("wb") as file:
        file.truncate(5_000_000_000)
    report = corpus.ingest(docs)
    codes = {failure.uri.rsplit("/", 1)[-1]: failure.code for failure in report.failures}
    assert codes == {
        "empty.txt": "empty_file",
        "broken.pdf": "corrupt_file",
        "broken.docx": "corrupt_file",
        "old.doc": "unsupported_type",
        "cut.hwp": "corrupt_file",
        "three.hwp": "unsupported_type",
        "bomb.zip": "file_limit",
        "huge.pdf": "file_limit",
    }
    assert all(failure.message and failure.remedy for failure in report.failures)
    assert report.added == 4
    assert len(corpus.store.corpus.list_failures(principal=LOCAL_PRINCIPAL)) == 8
    assert corpus.ingest(docs).failed == 8


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(corpus, docs):
    (docs / "fence.md").chmod(0)
    assert [f.code for f in corpus.ingest(docs).failures] == ["unreadable"]


def test_a_failed_change_keeps_the_version_before(corpus, docs):
    corpus.ingest(docs)
    (docs / "fence.md").write_bytes(b"")
    report = corpus.ingest(docs)
    assert counts(report) == (0, 0, 2, 0, 1)
    assert "version read before is kept" in report.failures[0].message
    assert corpus.find("zebra")
    rewrite(docs / "fence.md", "# Fence\n\nNow an okapi.\n")
    assert counts(corpus.ingest(docs)) == (0, 1, 2, 0, 0)
    assert corpus.store.corpus.list_failures(principal=LOCAL_PRINCIPAL) == ()


def test_archives_and_mails_hold_documents(corpus, docs):
    mail = (
        b"From: a@example.org\r\nTo: b@example.org\r\nSubject: Report\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n'
        b"The heron is attached.\r\n--x\r\nContent-Type: text/markdown\r\n"
        b'Content-Disposition: attachment; filename="note.md"\r\n\r\n'
        b"# Note\r\n\r\nAn ibis stands here.\r\n--x--\r\n"
    )
    archive = docs / "all.zip"
    members = {
        "a.md": "# A\n\nA lemur.\n",
        "b/나.txt": "둘째 문서에는 두루미가 있다.",
        "mail.eml": mail,
        "pic.png": b"\x89PNG",
    }
    make_zip(archive, members)
    report = corpus.ingest(docs)
    base = archive.as_uri()
    assert counts(report) == (7, 0, 0, 0, 0)
    assert report.skipped == 1
    assert corpus.find("lemur") == [f"{base}!/a.md"]
    assert corpus.find("heron") == [f"{base}!/mail.eml"]
    assert corpus.find("ibis") == [f"{base}!/mail.eml!/note.md"]
    assert corpus.find("두루미") == [f"{base}!/b/%EB%82%98.txt"]
    assert counts(corpus.ingest(docs)) == (0, 0, 7, 0, 0)

    make_zip(
        archive, {"a.md": "# A\n\nA lemur.\n", "b/나.txt": "이제는 황새가 있다.", "bad.pdf": b"%PDF-1.4 no"}
    )
    os.utime(archive, ns=(1, 1))
    changed = corpus.ingest(docs)
    assert counts(changed) == (0, 1, 4, 2, 1)
    assert [f.uri for f in changed.failures] == [f"{base}!/bad.pdf"]
    assert corpus.find("heron") == corpus.find("ibis") == []
    assert corpus.ingest(docs).failed == 1

    archive.unlink()
    assert corpus.ingest(docs).removed == 2
    assert corpus.find("lemur") == []


def test_a_damaged_archive_keeps_what_was_in_it(corpus, docs):
    make_zip(docs / "a.zip", {"a.md": "# A\n\nA lemur.\n"})
    corpus.ingest(docs)
    (docs / "a.zip").write_bytes((docs / "a.zip").read_bytes()[:60])
    report = corpus.ingest(docs)
    assert counts(report) == (0, 0, 3, 0, 1)
    assert "kept" in report.failures[0].message
    assert corpus.find("lemur")


def test_marks_are_given_kept_and_changed_without_reading(corpus, docs):
    corpus.ingest(docs, label=Label.parse("sensitive+hr"), licence="CC-BY-4.0")
    found = corpus.documents()["fence.md"]
    assert (str(found.label), found.licence) == ("sensitive+hr", "CC-BY-4.0")
    assert counts(corpus.ingest(docs)) == (0, 0, 3, 0, 0)
    assert str(corpus.documents()["fence.md"].label) == "sensitive+hr"
    report = corpus.ingest(docs, label=Label.parse("sensitive+law"))
    assert counts(report) == (0, 3, 0, 0, 0)
    assert report.chunks == 0
    found = corpus.documents()["fence.md"]
    assert (str(found.label), found.licence) == ("sensitive+law", "CC-BY-4.0")
    hr = Principal(name="kim", grade=1, groups=frozenset({"hr"}))
    law = Principal(name="lee", grade=1, groups=frozenset({"law"}))
    assert corpus.find("zebra", principal=hr) == []
    assert corpus.find("zebra", principal=law)


def test_defaults_and_marks_set_by_hand(corpus, docs):
    corpus.ingest(docs)
    found = corpus.documents()["fence.md"]
    assert (found.label, found.licence) == (Label(), "unknown")
    corpus.store.corpus.update_document(found.id, principal=LOCAL_PRINCIPAL, label=Label.parse("classified"))
    rewrite(docs / "fence.md", "# Fence\n\nChanged.\n")
    corpus.ingest(docs)
    assert str(corpus.documents()["fence.md"].label) == "classified"


def test_what_may_not_be_read_may_not_be_replaced_or_removed(corpus, docs):
    corpus.ingest(docs, label=Label.parse("classified"))
    rewrite(docs / "fence.md", "# Fence\n\nForged.\n")
    (docs / "sub" / "mission.txt").unlink()
    report = corpus.ingest(docs, principal=Principal(name="guest"))
    assert counts(report) == (0, 0, 0, 0, 2)
    assert {f.code for f in report.failures} == {"access_denied"}
    assert corpus.find("zebra")
    assert corpus.find("giraffe")


def test_another_way_of_cutting_reads_again(corpus, docs):
    corpus.ingest(docs)
    report = corpus.ingest(docs, chunks=ChunkOptions(target=20, maximum=30, minimum=0))
    assert counts(report) == (0, 3, 0, 0, 0)
    assert report.chunks > 3


def test_uploads_take_the_same_way(corpus):
    report = corpus.upload(
        "# 제목\n\n업로드된 문서에 사슴이 있다.\n".encode(), "../보고서.md", label=Label.parse("hr")
    )
    assert counts(report) == (1, 0, 0, 0, 0)
    (document,) = corpus.documents().values()
    assert document.uri.startswith("upload:///")
    assert document.title == "제목"
    assert str(document.label) == "open+hr"
    assert counts(corpus.upload("# 제목\n\n업로드된 문서에 사슴이 있다.\n".encode(), "보고서.md")) == (
        0,
        0,
        1,
        0,
        0,
    )
    failed = corpus.upload(b"\x89PNG\r\n\x1a\n123", "a.png")
    assert [f.code for f in failed.failures] == ["unsupported_type"]


def test_a_stop_keeps_what_was_done_and_the_next_run_finishes(corpus, docs, tmp_path, pool, analyser):
    for number in range(30):
        (docs / f"{number:02}.md").write_text(f"# Page {number}\n\nThe vehicle number {number}.\n", "utf-8")
    asked = iter(range(10_000))
    report = corpus.ingest(docs, should_stop=lambda: next(asked) > 12, workers=1)
    assert report.interrupted
    assert 0 < report.added < 33
    assert len(corpus.uris()) == report.added
    rest = corpus.ingest(docs)
    assert rest.added == 33 - report.added
    with open_store(tmp_path / "other") as store:
        undisturbed = type(corpus)(store, pool, analyser)
        undisturbed.ingest(docs)
        assert undisturbed.dump() == corpus.dump()


def test_an_interrupt_is_a_stop(corpus, docs):
    def interrupt(progress):
        if progress.stage == "reading" and progress.done:
            raise KeyboardInterrupt

    report = corpus.ingest(docs, progress=interrupt)
    assert report.interrupted
    assert corpus.ingest(docs).failed == 0
    assert len(corpus.uris()) == 3


class FullDisk(Blobs):
    """Originals on a disk that is full after the first one."""

    def put(self, source):
        if list(self.names()):
            raise DiskFullError("No space is left.", remedy="Free some.")
        return super().put(source)


def test_a_full_disk_ends_the_run_with_a_clear_report(corpus, docs):
    original = corpus.store.blobs
    corpus.store.blobs = FullDisk(corpus.store.home / "blobs", clock=corpus.store.clock)
    report = corpus.ingest(docs, workers=1)
    assert report.stopped_by == "disk_full"
    assert report.failures[0].code == "disk_full"
    assert report.added == 1
    corpus.store.blobs = original
    assert counts(corpus.ingest(docs)) == (2, 0, 1, 0, 0)


def test_progress_counts_up_to_the_end(corpus, docs):
    seen = []
    corpus.ingest(docs, progress=seen.append)
    assert seen[0].stage == "reading"
    assert seen[-1].stage == "done"
    assert (seen[-1].done, seen[-1].total) == (3, 3)
    assert seen[-1].bytes == seen[-1].total_bytes > 0
    assert seen[-1].eta_s == 0


def test_two_ingests_into_one_home_wait_for_each_other(corpus, docs):
    from threading import Thread

    caught = []

    def second():
        try:
            corpus.ingest(docs, lock_timeout_s=0.0)
        except ConflictError as error:
            caught.append(error)

    with corpus.store.writer_lock():
        thread = Thread(target=second)
        thread.start()
        thread.join()
    assert len(caught) == 1


def test_the_report_in_json(corpus, docs):
    (docs / "empty.md").write_bytes(b"")
    report = corpus.ingest(docs).to_json()
    assert report["documents"][0].keys() == {"id", "uri", "status"}
    assert report["documents"][0]["id"] == build_document_id(report["documents"][0]["uri"])
    assert report["failures"][0].keys() == {"uri", "code", "message", "remedy"}
    assert {
        "added",
        "changed",
        "unchanged",
        "removed",
        "failed",
        "chunks",
        "seconds",
        "bytes",
    } <= report.keys()
