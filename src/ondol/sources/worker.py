"""The parser's process: reads requests on standard input, answers on standard output, touches nothing else.

Started by ``pool`` as ``python -m ondol.sources.worker LIMITS_JSON``. A frame is four bytes of length (big-
endian) and as many bytes of content. A request is one frame of JSON. A reply is two frames: JSON, then a
payload (may be empty). Before the first request the process gives up what a parser never needs: memory
beyond its limit, core dumps, writing files, the network and starting programs; it dies with its parent.
"""

import gc
import json
import os
import resource
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from ondol.core.errors import OndolError, ParserCrashError
from ondol.sources.limits import Limits
from ondol.sources.lockdown import lock_down

_HEADER = struct.Struct(">I")
_OUT_OF_MEMORY_STATUS = 3
# Blocks of a large table are many and never in cycles: looking through them again and again took a third
# of the time.
_COLLECT_EVERY = 200_000


def write_frame(stream: BinaryIO, content: bytes) -> None:
    """Write one frame and flush."""
    stream.write(_HEADER.pack(len(content)))
    stream.write(content)
    stream.flush()


def main() -> None:
    """Serve requests until standard input ends."""
    limits = Limits.model_validate_json(sys.argv[1])
    requests, replies = _claim_pipes()
    lock_down(memory_bytes=limits.memory_bytes)
    gc.set_threshold(_COLLECT_EVERY, 20, 20)
    write_frame(replies, b"{}")
    while (request := _read_frame(requests)) is not None:
        _limit_cpu(limits.timeout_s)
        header, payload, is_usable = _answer(json.loads(request), limits)
        write_frame(replies, json.dumps(header).encode())
        write_frame(replies, payload)
        if not is_usable:
            sys.exit(_OUT_OF_MEMORY_STATUS)


def _claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the two pipes to ourselves, so that no library can read from or print into them."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(null, descriptor)
    os.close(null)
    return requests, replies


def _read_frame(stream: BinaryIO) -> bytes | None:
    head = stream.read(_HEADER.size)
    if len(head) < _HEADER.size:
        return None
    (length,) = _HEADER.unpack(head)
    content = stream.read(length)
    return content if len(content) == length else None


def _limit_cpu(timeout_s: float) -> None:
    """A second clock beside the parent's: the kernel's, which works when the parent is gone."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + timeout_s) + 2, hard))


def _answer(request: dict[str, Any], limits: Limits) -> tuple[dict[str, Any], bytes, bool]:
    try:
        payload = _OPERATIONS[request["op"]](request, limits)
    except OndolError as error:
        return {"code": error.code, "message": error.message, "remedy": error.remedy}, b"", True
    except MemoryError:
        message = (
            f"{request['name']} needs more than the {limits.memory_bytes // 2**20:,} MiB a parser may use."
        )
        remedy = "Split the file, or raise the parser's memory limit."
        return {"code": ParserCrashError.code, "message": message, "remedy": remedy}, b"", False
    return {}, payload, True


def _parse(request: dict[str, Any], limits: Limits) -> bytes:
    from ondol.sources.read import read_document

    parsed = read_document(Path(request["path"]), name=request["name"], limits=limits)
    return parsed.model_dump_json(exclude_defaults=True).encode("utf-8", "replace")


def _list_members(request: dict[str, Any], limits: Limits) -> bytes:
    from ondol.sources.archive import list_members

    members = list_members(Path(request["path"]), limits, name=request["name"])
    return json.dumps([[member.name, member.size] for member in members]).encode()


def _read_member(request: dict[str, Any], limits: Limits) -> bytes:
    from ondol.sources.archive import read_member

    return read_member(Path(request["path"]), request["member"], limits, name=request["name"])


def _render_page(request: dict[str, Any], limits: Limits) -> bytes:  # noqa: ARG001 - one signature for all
    from ondol.sources.pdf import render_page

    return render_page(Path(request["path"]), request["page"], scale=request["scale"])


def _find_boxes(request: dict[str, Any], limits: Limits) -> bytes:  # noqa: ARG001 - one signature for all
    from ondol.sources.pdf import find_boxes

    boxes = find_boxes(Path(request["path"]), request["page"], request["start"], request["end"])
    return json.dumps(boxes).encode()


_OPERATIONS: dict[str, Callable[[dict[str, Any], Limits], bytes]] = {
    "parse": _parse,
    "list_members": _list_members,
    "read_member": _read_member,
    "render_page": _render_page,
    "find_boxes": _find_boxes,
}


if __name__ == "__main__":
    main()
