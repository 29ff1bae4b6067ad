"""One llama.cpp child process per home and model: started when needed, shared, started again when it dies.

Who finds the model's lock free starts the child and hands it the lock; everyone else reads the endpoint file
and attaches. The lock is the child's, so it is free again the moment the child is gone, however it went.
"""

import fcntl
import os
import secrets
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeVar

from pydantic import ValidationError

from ondol.core.errors import (
    EngineError,
    EngineTimeoutError,
    EngineUnavailableError,
    ModelFileError,
    StorageError,
)
from ondol.engines.endpoint import Endpoint
from ondol.engines.http import EMBEDDED, HttpClient
from ondol.engines.orders import EndpointRecord, EngineKind, Orders
from ondol.engines.settings import EngineLimits

_T = TypeVar("_T")

_PROBE_TIMEOUT_S = 5.0
_POLL_S = 0.05
_LOG_TAIL = 4000
_LOG_BYTES = 4 << 20


class EngineProcess:
    """The child that serves one GGUF file. Safe to use from several threads.

    Args:
        model_path: the weights.
        home: its ``run/`` gets lock and endpoint file, its ``logs/engine.log`` what the child has to say.
        sha256: of the weights; engines are told apart by it.
    """

    def __init__(
        self, model_path: Path, *, home: Path, name: str, sha256: str, kind: EngineKind, limits: EngineLimits
    ) -> None:
        self._model_path = model_path
        self._home = home
        self._name = name
        self._sha256 = sha256
        self._kind: EngineKind = kind
        self._limits = limits
        stem = f"{kind}-{sha256[:16]}"
        self._lock_path = home / "run" / f"{stem}.lock"
        self._endpoint_path = home / "run" / f"{stem}.json"
        self._log_path = home / "logs" / "engine.log"
        self._mutex = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._record: EndpointRecord | None = None

    def endpoint(self) -> Endpoint:
        """Return the running child's address; starts it or attaches to another process's when there is none.

        Raises:
            ModelFileError: llama.cpp cannot load the file; says why.
            EngineTimeoutError: it did not get ready within ``limits.start_timeout_s``.
        """
        with self._mutex:
            if self._record is None or not self._is_locked():
                self._record = self._find_or_start()
            return _build_endpoint(self._record)

    def renew(self, failed: Endpoint) -> None:
        """Forget ``failed``, which broke off, unless it answers now or was replaced already."""
        with self._mutex:
            if self._record is not None and _build_endpoint(self._record) == failed and not _answers(failed):
                self._record = None
                self._stop()

    @property
    def pid(self) -> int | None:
        """The child's, when one is known."""
        return self._record.pid if self._record else None

    def close(self) -> None:
        """Stop the child if this process started it."""
        with self._mutex:
            self._record = None
            self._stop()

    def _is_locked(self) -> bool:
        """Tell whether a child lives: the lock is its own."""
        with self._lock_path.open("w") as lock:
            return not _try_lock(lock)

    def _find_or_start(self) -> EndpointRecord:
        self._stop()
        try:
            self._lock_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._log_path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"{error.filename} could not be made: {error.strerror}.",
                remedy="Make the home folder writable, or choose another with --home.",
            ) from error
        deadline = time.monotonic() + self._limits.start_timeout_s
        while True:
            with self._lock_path.open("w") as lock:
                if _try_lock(lock):
                    return self._start(lock, deadline)
            # Someone else's child holds the lock: it serves already, or is still loading.
            record = self._read_record()
            if record is not None and _answers(_build_endpoint(record)):
                return record
            if time.monotonic() > deadline:
                raise self._late()
            time.sleep(_POLL_S)

    def _start(self, lock: IO[str], deadline: float) -> EndpointRecord:
        self._endpoint_path.unlink(missing_ok=True)
        cores = os.cpu_count() or 1
        orders = Orders(
            kind=self._kind,
            model=self._name,
            model_path=str(self._model_path),
            sha256=self._sha256,
            endpoint_path=str(self._endpoint_path),
            api_key=secrets.token_urlsafe(32),
            slots=self._limits.slots,
            context_tokens=self._limits.context_tokens,
            threads=self._limits.threads or max(1, cores - 1),
            cache_mib=self._limits.cache_mib,
        )
        with self._log_path.open("ab") as log:
            if log.tell() > _LOG_BYTES:
                log.truncate(0)
            log_start = log.tell()
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-m", "ondol.engines.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # Nothing of our environment, so no secret; waiting threads sleep instead of spinning (5 times
                # faster on a busy machine).
                env={"PATH": os.defpath, "LANG": "C.UTF-8", "OMP_WAIT_POLICY": "passive"},
                pass_fds=[lock.fileno()],
                start_new_session=True,  # Ctrl-C is for us; the child ends when we do
            )
        return self._wait_until_ready(self._child, orders, deadline, log_start)

    def _wait_until_ready(
        self, child: "subprocess.Popen[bytes]", orders: Orders, deadline: float, log_start: int
    ) -> EndpointRecord:
        if child.stdin is None or child.stdout is None:
            raise EngineUnavailableError("The engine process has no pipes.", remedy="Try again.")
        try:
            child.stdin.write(orders.model_dump_json().encode() + b"\n")
            child.stdin.flush()
        except BrokenPipeError:  # it died already; the log says why
            child.stdin = None
        ready, _, _ = select.select([child.stdout], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            self._stop()
            raise self._late()
        said = child.stdout.readline()
        record = self._read_record() if said else None
        if record is None:
            self._stop()
            raise ModelFileError(
                f"The engine could not load {self._model_path}: {self._read_log(log_start)}",
                remedy=f"See {self._log_path}; check the file with `ondol doctor`, or fetch it again.",
            )
        return record

    def _late(self) -> EngineError:
        return EngineTimeoutError(
            f"The engine for {self._name} was not ready after {self._limits.start_timeout_s:.0f} seconds.",
            remedy=f"See {self._log_path}; a big model on a slow disk needs a longer start_timeout_s.",
        )

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()

    def _read_record(self) -> EndpointRecord | None:
        try:
            record = EndpointRecord.model_validate_json(self._endpoint_path.read_bytes())
        except (OSError, ValidationError):
            return None
        return record if record.sha256 == self._sha256 else None

    def _read_log(self, start: int) -> str:
        """Return what the child said last that looks like a reason."""
        text = self._log_path.read_bytes()[start:][-_LOG_TAIL:].decode("utf-8", "replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        reasons = [line for line in lines if "error" in line.lower() or "fail" in line.lower()]
        return "; ".join((reasons or lines)[:2]) or "it ended without a word."


def call_engine(process: EngineProcess, call: Callable[[Endpoint], _T]) -> _T:
    """Run ``call`` with the child's endpoint, and once more with a new child if the first one is gone."""
    endpoint = process.endpoint()
    try:
        return call(endpoint)
    except EngineUnavailableError:
        process.renew(endpoint)
        return call(process.endpoint())


def _build_endpoint(record: EndpointRecord) -> Endpoint:
    return Endpoint(
        base_url=record.address + "/v1",
        headers={"Authorization": f"Bearer {record.api_key}"},
        model=record.model,
    )


def _answers(endpoint: Endpoint) -> bool:
    """Tell whether the server there is ours: it accepts the key."""
    try:
        HttpClient(endpoint, role=EMBEDDED).get_json("/models", timeout_s=_PROBE_TIMEOUT_S)
    except EngineError:
        return False
    return True


def _try_lock(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
