"""The audit log: who did what to what, and how it ended; ids, never text.

One file a month of JSON lines, each with the hash of the line before it, so that a changed, removed or moved
line breaks the chain (Schneier and Kelsey 1999, without their evolving key). The newest hash is also in the
database, so that a shortened log is noticed. Somebody who can rewrite both the files and the database can
forge a whole chain: copy the head that ``verify`` reports to another place to guard against that. Fields
follow OCSF, in plain words.
"""

import hashlib
import json
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import delete, insert, select

from ondol.core.access import Principal
from ondol.core.clock import Clock
from ondol.core.errors import AccessDeniedError, ConflictError, StorageError
from ondol.core.frozen import Frozen
from ondol.store import schema
from ondol.store.blobs import sync_folder, translate_os_errors
from ondol.store.database import Database
from ondol.store.locks import FileLock

Outcome = Literal["success", "failure", "denied"]

_START = "0" * 64
_WAIT_S = 30.0
_TAIL = 1 << 16


class AuditEvent(Frozen):
    """One line of the log.

    Attributes:
        actor: name of the principal.
        action: ``object.verb``, as in ``document.remove``.
        resource: id of what it was done to.
        prev: hash of the line before.
        hash: of this line, ``prev`` included.
    """

    seq: int
    time: datetime
    actor: str
    action: str
    resource: str
    outcome: Outcome
    detail: dict[str, Any]
    prev: str
    hash: str


class AuditReport(Frozen):
    """What a check of the log found.

    Attributes:
        detail: one sentence.
        head: hash of the newest line; kept elsewhere, it proves later that nothing before it was changed.
    """

    ok: bool
    detail: str
    num_events: int
    head: str


class Audit:
    """The log in one folder. Safe to use from several threads and processes."""

    def __init__(self, folder: Path, database: Database, *, clock: Clock) -> None:
        self._folder = folder
        self._database = database
        self._clock = clock
        self._guard = threading.Lock()
        self._lock = FileLock(folder / ".lock", purpose="writing the audit log")
        self._head: tuple[Path, int, int, str] | None = (
            None  # file, its size, last seq, last hash: as we left it
        )

    def append(
        self,
        *,
        actor: str,
        action: str,
        resource: str = "",
        outcome: Outcome = "success",
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Write an event; on return it survives a power cut.

        Raises:
            DiskFullError: no space is left.
            StorageError: the log cannot be written, or its end is damaged.
        """
        with self.pause(), translate_os_errors("writing the audit log"):
            file, size, seq, prev = self._read_head()
            now = self._clock()
            event: dict[str, Any] = {
                "seq": seq + 1,
                "time": now.isoformat(),
                "actor": actor,
                "action": action,
                "resource": resource,
                "outcome": outcome,
                "detail": detail or {},
                "prev": prev,
            }
            # Half a surrogate pair, as from a strange file name, has no place in UTF-8.
            event = json.loads(json.dumps(event, ensure_ascii=False).encode("utf-8", "replace"))
            event["hash"] = _hash(event)
            target = max(
                file, self._folder / f"{now:%Y-%m}.jsonl"
            )  # a clock set back does not reorder the log
            line = (json.dumps(event, ensure_ascii=False) + "\n").encode()
            size = _append_line(target, size if target == file else 0, line)
            self._head = (target, size, seq + 1, event["hash"])
            self._seal(seq + 1, event["hash"])

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Keep everyone from appending, as a backup needs it."""
        with self._guard, self._lock.hold(timeout_s=_WAIT_S):
            yield

    def verify(self) -> AuditReport:
        """Read the whole log and tell whether it is unbroken and complete."""
        with self.pause(), translate_os_errors("reading the audit log"):
            recorded = self._recorded_heads()
            seq, head = 0, _START
            for file, number, line in _walk(self._files()):
                if problem := _check_line(line, seq + 1, head):
                    return _report(f"{file.name} line {number} {problem}", seq, head)
                seq, head = seq + 1, str(json.loads(line)["hash"])
                if recorded.get(seq, head) != head:
                    return _report(f"event {seq} is not the one that was recorded", seq, head)
        newest = max(recorded, default=0)
        if newest > seq:
            return _report(f"the log ends at event {seq}, but event {newest} was recorded", seq, head)
        return AuditReport(ok=True, detail=f"{seq} events, unbroken", num_events=seq, head=head)

    def list_events(self, *, principal: Principal, limit: int = 100) -> tuple[AuditEvent, ...]:
        """Return the newest events, newest first; raises ``AccessDeniedError`` for all but administrators."""
        if not principal.is_admin:
            raise AccessDeniedError("Only administrators read the audit log.", remedy="Ask an administrator.")
        found: deque[bytes] = deque(maxlen=limit)
        with translate_os_errors("reading the audit log"):
            for file in reversed(self._files()):
                with file.open("rb") as lines:
                    newest = deque(
                        (line for line in lines if line.endswith(b"\n")), maxlen=limit - len(found)
                    )
                found.extendleft(reversed(newest))
                if len(found) >= limit:
                    break
        return tuple(AuditEvent.model_validate_json(line) for line in reversed(found))

    def _recorded_heads(self) -> dict[int, str]:
        with self._database.read() as connection:
            sealed = connection.execute(select(schema.audit_head)).first()
        heads = {sealed.seq: sealed.hash} if sealed else {}
        return heads if self._head is None else {self._head[2]: self._head[3], **heads}

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9].jsonl"))

    def _read_head(self) -> tuple[Path, int, int, str]:
        """Return file, size up to the last whole line, and that line's number and hash."""
        files = self._files()
        if not files:
            return self._folder, 0, 0, _START
        file = files[-1]
        if self._head is not None and self._head[0] == file and file.stat().st_size == self._head[1]:
            return self._head
        with file.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            start = max(0, size - _TAIL)
            log.seek(start)
            tail = log.read()
        whole = tail[: tail.rfind(b"\n") + 1]
        last = whole[:-1].rpartition(b"\n")[2]
        if not last:
            if len(files) > 1 or size:
                raise _damaged(file)
            return file, 0, 0, _START
        try:
            event = json.loads(last)
            return file, start + len(whole), int(event["seq"]), str(event["hash"])
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(file) from error

    def _seal(self, seq: int, digest: str) -> None:
        """Note the newest hash in the database; if somebody writes there now, the next event will do it."""
        try:
            with self._database.write(wait=False) as connection:
                connection.execute(delete(schema.audit_head))
                connection.execute(insert(schema.audit_head), {"id": 1, "seq": seq, "hash": digest})
        except ConflictError:
            return


def _walk(files: list[Path]) -> Iterator[tuple[Path, int, bytes]]:
    """Yield file, line number and line; not the half line that a power cut may leave at the very end."""
    for file in files:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.endswith(b"\n") or file != files[-1]:
                    yield file, number, line


def _append_line(file: Path, size: int, line: bytes) -> int:
    """Write the line at ``size``, over half a line that a power cut left there, and return the new size."""
    is_new = not file.exists()
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.ftruncate(descriptor, size)
        os.lseek(descriptor, size, os.SEEK_SET)
        view = memoryview(line)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        sync_folder(file.parent)
    return size + len(line)


def _hash(event: dict[str, Any]) -> str:
    body = {name: value for name, value in event.items() if name != "hash"}
    text = json.dumps(body, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _check_line(line: bytes, seq: int, prev: str) -> str:
    """Return what is wrong with the line, nothing when it is the one that follows."""
    try:
        event = json.loads(line)
        if event["hash"] != _hash(event):
            return "was changed"
        if event["seq"] != seq or event["prev"] != prev:
            return f"does not follow event {seq - 1}: something was removed, added or moved"
    except (ValueError, KeyError, TypeError):
        return "cannot be read"
    return ""


def _report(detail: str, seq: int, head: str) -> AuditReport:
    return AuditReport(ok=False, detail=detail, num_events=seq, head=head)


def _damaged(file: Path) -> StorageError:
    return StorageError(
        f"The end of the audit log {file} is damaged.",
        remedy="See `ondol audit verify`; restore the file from a backup, or move it away and say why.",
    )
