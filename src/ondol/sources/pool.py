"""Parsers in child processes: a bad file can hang or kill its parser, never us.

Each child (``worker``) starts once and reads many files; files go to it by path, results come back through
a pipe. It is killed when a request outlives ``Limits.timeout_s``, replaced when it dies, and retired after
a number of files, so that a library's leak stays bounded.
"""

import json
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import ondol
from ondol.core.documents import ParsedDocument
from ondol.core.errors import (
    ConflictError,
    NotFoundError,
    OndolError,
    ParseError,
    ParserCrashError,
    ParserTimeoutError,
    WrongUseError,
)
from ondol.sources.archive import Member
from ondol.sources.limits import Limits

Box = tuple[float, float, float, float]

_HEADER = struct.Struct(">I")
_FILES_PER_CHILD = 2_000
_START_TIMEOUT_S = 60.0
_READ_BYTES = 1 << 20
_MAX_REPLY_BYTES = 2**31


class ParserPool:
    """A fixed number of parser processes, started on first use. Safe to call from several threads.

    Calls wait for a free process. Use as a context manager; after ``close`` every call raises
    ``ConflictError``.
    """

    def __init__(self, workers: int = 2, limits: Limits | None = None) -> None:
        if workers < 1:
            raise WrongUseError("A parser pool needs at least one worker.")
        self._limits = limits or Limits()
        self._free = threading.Semaphore(workers)
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._is_closed = False
        # Linux kills a child when the *thread* that started it ends (PR_SET_PDEATHSIG), so one lasting
        # thread does.
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parser-starter")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def limits(self) -> Limits:
        """The bounds on each file."""
        return self._limits

    def parse(self, path: Path, *, name: str) -> ParsedDocument:
        """Read a file in a child; like ``read_document``, plus what can befall a process.

        Raises:
            ParserTimeoutError: it took longer than ``limits.timeout_s``.
            ParserCrashError: the child died or ran out of memory.
            ParseError: any other of its subclasses, as ``read_document``.
        """
        return ParsedDocument.model_validate_json(self._ask(path, {"op": "parse", "name": name}))

    def list_members(self, path: Path, *, name: str) -> tuple[Member, ...]:
        """List the documents in an archive, or a mail's attachments; raises as ``archive.list_members``."""
        found = json.loads(self._ask(path, {"op": "list_members", "name": name}))
        return tuple(Member(name=member, size=size) for member, size in found)

    def read_member(self, path: Path, member: str, *, name: str) -> bytes:
        """Return one member's bytes; raises as ``archive.read_member``."""
        return self._ask(path, {"op": "read_member", "name": name, "member": member})

    def render_page(self, path: Path, page: int, *, scale: float = 1.5) -> bytes:
        """Return a picture (PNG) of a PDF page; see ``pdf.render_page``."""
        return self._ask(path, {"op": "render_page", "name": path.name, "page": page, "scale": scale})

    def find_boxes(self, path: Path, page: int, start: int, end: int) -> list[Box]:
        """Return where a span of a PDF page's stored text stands on the page; see ``pdf.find_boxes``."""
        request = {"op": "find_boxes", "name": path.name, "page": page, "start": start, "end": end}
        return [(x0, y0, x1, y1) for x0, y0, x1, y1 in json.loads(self._ask(path, request))]

    def close(self) -> None:
        """End all children, those at work too: their callers get ``ParserCrashError``."""
        with self._lock:
            self._is_closed = True
            idle, busy = [*self._idle], [*self._busy]
            self._idle.clear()
        for child in busy:
            # Its caller reads from the pipe: that ends by itself, and the caller closes it.
            child.stop()
        for child in idle:
            child.kill()
        self._starter.shutdown(wait=True)

    def _ask(self, path: Path, request: dict[str, Any]) -> bytes:
        with self._free:
            child = self._take()
            is_healthy = False
            try:
                header, payload = child.ask({**request, "path": str(path.absolute())}, self._limits.timeout_s)
                is_healthy = (
                    child.num_files < _FILES_PER_CHILD and header.get("code") != ParserCrashError.code
                )
            except TimeoutError:
                raise ParserTimeoutError(
                    f"{request['name']} took longer than {self._limits.timeout_s:g} s and was stopped.",
                    remedy="Split the file, or raise the parser's time limit.",
                ) from None
            except _ChildDiedError as error:
                raise ParserCrashError(
                    f"The parser's process ended while reading {request['name']} ({error}).",
                    remedy="Open the file in its own program and save it again; the file may be damaged.",
                ) from None
            finally:
                self._give_back(child, is_healthy=is_healthy)
        if "code" in header:
            raise _rebuild_error(header)
        return payload

    def _take(self) -> "_Child":
        with self._lock:
            self._check_open()
            child = self._idle.pop() if self._idle else None
            if child is not None:
                self._busy.add(child)
                return child
        try:
            child = self._starter.submit(_Child, self._limits).result()
        except (TimeoutError, OSError, _ChildDiedError) as error:
            raise ParserCrashError(
                f"No parser process could be started ({error or 'it took too long'}).",
                remedy="Check the limits on memory and processes; a parser needs 200 MiB at least.",
            ) from error
        except RuntimeError as error:  # closed meanwhile
            raise ConflictError("The parser pool was closed.") from error
        with self._lock:
            if not self._is_closed:
                self._busy.add(child)
                return child
        child.kill()
        raise ConflictError("The parser pool was closed.")

    def _give_back(self, child: "_Child", *, is_healthy: bool) -> None:
        with self._lock:
            self._busy.discard(child)
            if is_healthy and not self._is_closed:
                self._idle.append(child)
                return
        child.kill()

    def _check_open(self) -> None:
        if self._is_closed:
            raise ConflictError("The parser pool is closed.", remedy="Open a new one.")


class _ChildDiedError(Exception):
    """The child's end of a pipe closed."""


class _Child:
    """One parser process and its two pipes; used by one thread at a time."""

    def __init__(self, limits: Limits) -> None:
        self.num_files = 0
        root = str(Path(ondol.__file__).resolve().parents[1])
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-s", "-P", "-B", "-m", "ondol.sources.worker", limits.model_dump_json()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={
                "PYTHONPATH": root,
                "PYTHONUTF8": "1",
                "LANG": "C.UTF-8",
                "TZ": "UTC",
                "OMP_NUM_THREADS": "1",
            },
            start_new_session=True,
            bufsize=0,
        )
        try:
            self._receive(time.monotonic() + _START_TIMEOUT_S)
        except BaseException:
            self.kill()
            raise

    def ask(self, request: dict[str, Any], timeout_s: float) -> tuple[dict[str, Any], bytes]:
        """Send a request and return the reply's header and payload.

        Raises ``TimeoutError`` or ``_ChildDiedError``.
        """
        self.num_files += 1
        deadline = time.monotonic() + timeout_s
        content = json.dumps(request).encode()
        try:
            _pipe(self._process.stdin).write(_HEADER.pack(len(content)) + content)
        except OSError:
            raise _ChildDiedError(self._say_how()) from None
        header: dict[str, Any] = json.loads(self._receive(deadline))
        return header, self._receive(deadline)

    def stop(self) -> None:
        """End the process at once, and leave the pipes to whoever reads them."""
        if self._process.poll() is None:
            self._process.kill()

    def kill(self) -> None:
        """End the process at once and close the pipes; harmless when it has ended."""
        self.stop()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            _pipe(stream).close()

    def _receive(self, deadline: float) -> bytes:
        (length,) = _HEADER.unpack(self._read(_HEADER.size, deadline))
        if length > _MAX_REPLY_BYTES:
            raise _ChildDiedError(f"it announced a reply of {length:,} bytes")
        return self._read(length, deadline)

    def _read(self, length: int, deadline: float) -> bytes:
        descriptor = _pipe(self._process.stdout).fileno()
        parts: list[bytes] = []
        missing = length
        while missing:
            ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            part = os.read(descriptor, min(missing, _READ_BYTES))
            if not part:
                raise _ChildDiedError(self._say_how())
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _say_how(self) -> str:
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "it closed its pipe"
        return signal.Signals(-status).name if status < 0 else f"exit status {status}"


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:  # cannot be: both ends were asked for
        raise _ChildDiedError("no pipe")
    return stream


def _rebuild_error(header: dict[str, Any]) -> OndolError:
    kinds: list[type[OndolError]] = [NotFoundError, WrongUseError, *_subclasses(ParseError)]
    for kind in kinds:
        if kind.code == header["code"]:
            return kind(header["message"], remedy=header["remedy"])
    return ParseError(header["message"], remedy=header["remedy"])


def _subclasses(kind: type[OndolError]) -> list[type[OndolError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in _subclasses(child))]
