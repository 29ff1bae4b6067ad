"""Keeps freed memory in use: one heap a core instead of eight.

Every index update starts threads of its own, and glibc gives each of them a heap of its own from which
little goes back: an ingest of 20,000 documents grew by 120 MB of free memory. With one heap a core it stays
flat and is as fast (``bench/memory.py``).
"""

import ctypes
import os

_M_ARENA_MAX = -8


def limit_heaps() -> None:
    """Limit the C library's heaps to one a core, two at least; does nothing where it is not glibc."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    mallopt(_M_ARENA_MAX, max(2, os.cpu_count() or 1))
