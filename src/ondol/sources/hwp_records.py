"""The records inside the streams of an HWP 5 file (HWP 5.0 revision 1.3, chapter 4).

A record is a tag, a level and a payload; the level makes the records of a stream a tree.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ondol.core.errors import CorruptFileError

CTRL_HEADER = 0x47

# Of the characters below 32, these take one code unit, all others eight (table 6 of the specification).
_SINGLE = frozenset({0, 10, 13, *range(24, 32)})
_SPOKEN = {9: "\t", 10: "\n", 24: "-", 30: " ", 31: " "}
_WITH_CONTROL = frozenset({1, 2, 3, *range(11, 19), 21, 22, 23})


@dataclass(slots=True)
class Record:
    """A record and those below it."""

    tag: int
    level: int
    data: bytes
    children: "list[Record]" = field(default_factory=list)

    @property
    def control(self) -> str:
        """Four-letter name of a control, ``""`` for other records."""
        is_control = self.tag == CTRL_HEADER and len(self.data) >= 4
        return self.data[3::-1].decode("latin-1") if is_control else ""


def parse_records(data: bytes, name: str) -> list[Record]:
    """Return the top records of a stream, each with those below it."""
    top: list[Record] = []
    stack: list[Record] = []
    at = 0
    while at + 4 <= len(data):
        (head,) = struct.unpack_from("<I", data, at)
        at += 4
        size = head >> 20
        if size == 0xFFF:
            (size,) = struct.unpack_from("<I", data, at)
            at += 4
        if at + size > len(data):
            raise CorruptFileError(f"{name} is cut off.", remedy="Get an intact copy of the file.")
        record = Record(head & 0x3FF, head >> 10 & 0x3FF, data[at : at + size])
        at += size
        while stack and stack[-1].level >= record.level:
            stack.pop()
        (stack[-1].children if stack else top).append(record)
        stack.append(record)
    return top


def walk(records: Sequence[Record]) -> Iterator[Record]:
    """Yield the records and all below them, in the order of the stream."""
    for record in records:
        yield record
        yield from walk(record.children)


def read_string(data: bytes, at: int) -> tuple[str, int]:
    """Return a length-prefixed UTF-16 string and where it ends."""
    (length,) = struct.unpack_from("<H", data, at)
    end = at + 2 + 2 * length
    return data[at + 2 : end].decode("utf-16-le", "replace"), end


def split_text(data: bytes) -> Iterator[str]:
    """Yield text, and ``""`` in the place of each control."""
    units = struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2])
    start = at = 0
    while at < len(units):
        unit = units[at]
        if unit >= 32:
            at += 1
            continue
        if start < at:
            yield data[2 * start : 2 * at].decode("utf-16-le", "replace")
        if unit in _SPOKEN:
            yield _SPOKEN[unit]
        elif unit in _WITH_CONTROL:
            yield ""
        at += 1 if unit in _SINGLE else 8
        start = at
    if start < at:
        yield data[2 * start :].decode("utf-16-le", "replace")
