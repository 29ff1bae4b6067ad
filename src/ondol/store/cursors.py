"""Cursors of lists: where the last page ended, in a form that nobody needs to understand."""

import base64
import binascii
import json

from ondol.core.errors import WrongUseError


def encode_cursor(*key: str | int) -> str:
    """Return a cursor that stands after the row with this sort key."""
    return base64.urlsafe_b64encode(json.dumps(key, ensure_ascii=False).encode()).decode()


def decode_cursor(cursor: str, *kinds: type) -> list[str | int]:
    """Return the sort key; raises ``WrongUseError`` for what ``encode_cursor`` never made."""
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (binascii.Error, ValueError) as error:
        raise _wrong() from error
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds):
        raise _wrong()
    return key


def _wrong() -> WrongUseError:
    return WrongUseError("This is not a cursor of this list.", remedy="Pass next_cursor as it was returned.")
