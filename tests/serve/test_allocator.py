"""Threads that come and go do not leave a heap each behind."""

import os
import subprocess
import sys

import pytest

_COUNT = """
import ctypes, threading
from pathlib import Path
from ondol.serve.allocator import limit_heaps
limit_heaps()
malloc = ctypes.CDLL(None).malloc
malloc.restype = ctypes.c_void_p
gate = threading.Barrier(24)
def work():
    malloc(1000)
    gate.wait()
threads = [threading.Thread(target=work) for _ in range(24)]
[t.start() for t in threads]
[t.join() for t in threads]
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
stream = libc.fopen(b"/dev/stdout", b"w")
libc.malloc_info(0, ctypes.c_void_p(stream))
libc.fclose(ctypes.c_void_p(stream))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc only")
def test_heaps_are_few():
    done = subprocess.run([sys.executable, "-c", _COUNT], capture_output=True, text=True, check=True)
    assert 1 <= done.stdout.count("<heap nr=") <= max(2, os.cpu_count() or 1)
