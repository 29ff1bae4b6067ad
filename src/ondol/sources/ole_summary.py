"""Summary information in OLE files (MS-OLEPS): titles, authors and dates.

Reading stays within the bounds of the stream, whatever its counts say.
"""

import struct
from datetime import UTC, datetime, timedelta

from ondol.sources.encoding import decode

_MAX_PROPERTIES = 200
_TEXT, _WIDE_TEXT, _FILETIME = 0x1E, 0x1F, 0x40
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def read_property_set(data: bytes) -> dict[int, str | datetime]:
    """Return the texts and dates of the first property set by property id; what is damaged is left out.

    A count in the file is never trusted: reading ends with the data.
    """
    found: dict[int, str | datetime] = {}
    try:
        (section,) = struct.unpack_from("<I", data, 44)
        (count,) = struct.unpack_from("<I", data, section + 4)
        for index in range(min(count, _MAX_PROPERTIES)):
            key, offset = struct.unpack_from("<II", data, section + 8 + 8 * index)
            value = _read_value(data, section + offset)
            if value is not None:
                found[key] = value
    except struct.error:
        pass
    return found


def _read_value(data: bytes, at: int) -> str | datetime | None:
    try:
        kind, size = struct.unpack_from("<II", data, at)
        if kind == _FILETIME:
            (ticks,) = struct.unpack_from("<Q", data, at + 4)
            return _FILETIME_EPOCH + timedelta(microseconds=ticks // 10)
    except (struct.error, OverflowError):
        return None
    if kind == _WIDE_TEXT:
        return data[at + 8 : at + 8 + 2 * size].decode("utf-16-le", "replace").partition("\x00")[0]
    if kind == _TEXT:
        return decode(data[at + 8 : at + 8 + size].partition(b"\x00")[0])[0]
    return None
