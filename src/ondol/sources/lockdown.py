"""What a parser's process gives up for good: memory, core dumps, writing files, sockets, starting programs.

Resource limits hold everywhere. On Linux the process also dies with its parent (``prctl(2)``,
PR_SET_PDEATHSIG) and, on x86-64 and arm64, a seccomp filter (``seccomp(2)``) makes the kernel refuse
sockets and ``execve``. Python's own audit hook refuses the same where the kernel cannot be asked.
"""

import contextlib
import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2

# linux/bpf_common.h, linux/seccomp.h, asm/unistd.h
_LOAD_WORD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_OFFSET_OF_NUMBER, _OFFSET_OF_ARCHITECTURE = 0, 4
_ALLOW, _REFUSE_EPERM = 0x7FFF0000, 0x00050001
_SYSCALLS = {
    "x86_64": (0xC000003E, {"socket": 41, "socketpair": 53, "execve": 59, "ptrace": 101, "execveat": 322}),
    "aarch64": (
        0xC00000B7,
        {"socket": 198, "socketpair": 199, "execve": 221, "ptrace": 117, "execveat": 281},
    ),
}

_REFUSED_EVENTS = frozenset({
    "socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system",
    "os.exec", "os.posix_spawn", "os.fork", "os.forkpty",
})  # fmt: skip


def lock_down(*, memory_bytes: int) -> None:
    """Apply all of it to this process; what the platform lacks is left out, never an error."""
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    if sys.platform == "linux":
        _die_with_parent()
        _filter_syscalls()
    sys.addaudithook(_refuse)


def _limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(ValueError, OSError):  # macOS refuses some
        resource.setrlimit(what, (wanted, hard))


def _die_with_parent() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getppid()
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if parent == 1 or os.getppid() != parent:  # it died before we asked
        sys.exit(0)


def _filter_syscalls() -> None:
    """Install a classic BPF program.

    On our architecture refuse the listed calls with EPERM, allow all else.
    """
    if platform.machine() not in _SYSCALLS:
        return
    architecture, numbers = _SYSCALLS[platform.machine()]
    refused = list(numbers.values())
    program = [
        (_LOAD_WORD, 0, 0, _OFFSET_OF_ARCHITECTURE),
        (_JUMP_IF_EQUAL, 0, len(refused) + 1, architecture),
        (_LOAD_WORD, 0, 0, _OFFSET_OF_NUMBER),
        *((_JUMP_IF_EQUAL, len(refused) - i, 0, number) for i, number in enumerate(refused)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE_EPERM),
    ]
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack(
        "HxxxxxxP" if struct.calcsize("P") == 8 else "HxxP", len(program), ctypes.addressof(buffer)
    )
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(header), 0, 0)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:  # noqa: ARG001 - the hook's signature
    if event in _REFUSED_EVENTS:
        raise PermissionError(f"A parser may not do this: {event}.")
