"""Parser processes: what befalls them stays with them."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from making import make_ole, make_pdf, make_zip
from parsed import fingerprint

import ondol
from ondol.core.documents import DocumentKind
from ondol.core.errors import (
    ConflictError,
    EmptyFileError,
    EncryptedFileError,
    FileLimitError,
    NotFoundError,
    ParserCrashError,
    ParserTimeoutError,
    UnreadableFileError,
    WrongUseError,
)
from ondol.sources.limits import Limits
from ondol.sources.pool import ParserPool
from ondol.sources.read import read_document


def put(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    return path


def test_a_child_reads_what_we_would_read(pool, docling):
    for path in sorted(docling.iterdir()):
        assert fingerprint(pool.parse(path, name=path.name)) == fingerprint(
            read_document(path, name=path.name)
        )


def test_many_threads_share_the_children(pool, docling):
    paths = sorted(docling.iterdir()) * 3
    with ThreadPoolExecutor(6) as threads:
        titles = list(threads.map(lambda path: pool.parse(path, name=path.name).kind, paths))
    assert titles == titles[: len(paths) // 3] * 3


def test_errors_come_through_with_code_message_and_remedy(pool, tmp_path):
    locked = put(tmp_path, "x", make_ole({"EncryptedPackage": b"x"}))
    with pytest.raises(EncryptedFileError, match=r"plan\.xlsx is protected") as found:
        pool.parse(locked, name="plan.xlsx")
    assert "without a password" in found.value.remedy
    with pytest.raises(EmptyFileError, match=r"nil\.pdf is empty"):
        pool.parse(put(tmp_path, "nil", b""), name="nil.pdf")
    with pytest.raises(NotFoundError, match="no page 3"):
        pool.render_page(put(tmp_path, "a.pdf", make_pdf([[(60, 700, 12, "x")]])), 3)


def test_what_is_no_file_is_unreadable(pool, tmp_path):
    folder = tmp_path / "folder.pdf"
    folder.mkdir()
    fifo = tmp_path / "pipe.pdf"
    os.mkfifo(fifo)
    for path, says in ((folder, "folder"), (fifo, "regular"), (tmp_path / "gone", "No such file")):
        with pytest.raises(UnreadableFileError, match=says):
            pool.parse(path, name=path.name)


def test_a_huge_file_is_refused_by_its_size_alone(pool, tmp_path):
    path = tmp_path / "huge.pdf"
    with path.open("wb") as stream:
        stream.truncate(5 * 2**30)
    started = time.monotonic()
    with pytest.raises(FileLimitError, match="5,368,709,120 bytes"):
        pool.parse(path, name=path.name)
    assert time.monotonic() - started < 5


def test_members_come_from_a_child(pool, tmp_path):
    path = put(tmp_path, "a.zip", make_zip({"b/c.txt": b"abc", "d.bin": bytes(range(256))}))
    assert [(member.name, member.size) for member in pool.list_members(path, name="a.zip")] == [
        ("b/c.txt", 3),
        ("d.bin", 256),
    ]
    assert pool.read_member(path, "d.bin", name="a.zip") == bytes(range(256))
    assert pool.parse(path, name="a.zip").kind is DocumentKind.ARCHIVE


def make_slow_csv():
    return b"a,b\n" + b"1,2\n" * 3_000_000


def test_a_parser_that_hangs_is_stopped_and_the_pool_goes_on(tmp_path, docling):
    slow = put(tmp_path, "slow.csv", make_slow_csv())
    with ParserPool(1, Limits(timeout_s=1.0)) as small:
        with pytest.raises(ParserTimeoutError, match=r"slow\.csv took longer than 1 s"):
            small.parse(slow, name="slow.csv")
        assert small.parse(docling / "Strict.docx", name="Strict.docx").pages[0].text == "Some text"


def test_a_parser_out_of_memory_is_reported_and_the_pool_goes_on(tmp_path, docling):
    big = put(tmp_path, "big.csv", make_slow_csv())
    with ParserPool(1, Limits(memory_bytes=400 * 2**20)) as small:
        with pytest.raises(ParserCrashError, match=r"big\.csv"):
            small.parse(big, name="big.csv")
        assert small.parse(docling / "Strict.docx", name="Strict.docx").pages[0].text == "Some text"


def test_a_parser_that_dies_is_reported_and_the_pool_goes_on(tmp_path, docling):
    slow = put(tmp_path, "slow.csv", make_slow_csv())
    others = set(children_of(os.getpid()))
    with ParserPool(1) as small:
        small.parse(docling / "Strict.docx", name="warm.docx")
        (victim,) = set(children_of(os.getpid())) - others
        killer = threading.Timer(0.3, os.kill, (victim, signal.SIGSEGV))
        killer.start()
        with pytest.raises(ParserCrashError, match=r"slow\.csv \(SIGSEGV\)"):
            small.parse(slow, name="slow.csv")
        killer.join()
        assert small.parse(docling / "Strict.docx", name="Strict.docx").pages[0].text == "Some text"


def test_closing_ends_children_at_work(tmp_path):
    slow = put(tmp_path, "slow.csv", make_slow_csv())
    opened = ParserPool(1)
    threading.Timer(1.0, opened.close).start()
    with pytest.raises(ParserCrashError, match=r"slow\.csv"):
        opened.parse(slow, name="slow.csv")
    with pytest.raises(ConflictError, match="closed"):
        opened.parse(slow, name="slow.csv")
    with pytest.raises(WrongUseError, match="at least one"):
        ParserPool(0)


def children_of(pid):
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text("utf-8").rpartition(")")[2].split()
            command = (status.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z" and b"ondol.sources.worker" in command:
            found.append(int(status.parent.name))
    return found


def wait_until(condition, timeout_s=20.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        os.sched_yield()


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_children_die_with_a_killed_parent(tmp_path):
    slow = put(tmp_path, "slow.csv", make_slow_csv())
    script = textwrap.dedent(f"""
        from pathlib import Path
        from ondol.sources.pool import ParserPool
        ParserPool(1).parse(Path({str(slow)!r}), name="slow.csv")
    """)
    source = str(Path(ondol.__file__).parents[1])
    parent = subprocess.Popen([sys.executable, "-c", script], env={"PYTHONPATH": source})
    wait_until(lambda: children_of(parent.pid))
    (child,) = children_of(parent.pid)
    parent.kill()
    parent.wait()
    wait_until(lambda: not Path(f"/proc/{child}").exists() or is_zombie(child))


def is_zombie(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_locked_down_process_has_no_network_no_files_and_no_programs(tmp_path):
    script = textwrap.dedent(f"""
        import ctypes, os, socket, subprocess
        from ondol.sources.lockdown import lock_down
        lock_down(memory_bytes=2**31)
        def refused(call):
            try:
                call()
            except OSError:
                return True
        libc = ctypes.CDLL(None, use_errno=True)
        print(refused(lambda: socket.create_connection(("127.0.0.1", 9))))
        print(refused(lambda: subprocess.Popen(["/bin/true"])))
        print(refused(lambda: open({str(tmp_path / "out")!r}, "wb", 0).write(b"x")))
        print(libc.socket(2, 1, 0) == -1 and libc.execv(b"/bin/true", None) == -1)
        print("still here")
    """)
    source = str(Path(ondol.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split("\n") == ["True", "True", "True", "True", "still here", ""], done.stderr
