"""Addresses of documents: ``file:///…`` for files, ``…!/…`` for what is inside an archive or mail, ``upload:///…``."""

import os
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes, urlsplit

from ondol.sources.archive import MEMBER_SEPARATOR
from ondol.text.normalise import nfc

UPLOAD_SCHEME = "upload"


def to_uri(path: str | Path) -> str:
    """Return the address of a file or folder: absolute, ``..`` resolved, links not followed.

    An address is returned as it is, so that callers may take either.
    """
    text = str(path)
    if urlsplit(text).scheme in {"file", UPLOAD_SCHEME} and ":///" in text:
        return text
    return Path(os.path.abspath(text)).as_uri()  # noqa: PTH100 - Path.resolve would follow links


def member_uri(container: str, member: str) -> str:
    """Return the address of a document inside an archive or mail; ``member`` as ``list_members`` names it."""
    return container + MEMBER_SEPARATOR + quote(member, safe="/!")


def upload_uri(blob_sha256: str, name: str) -> str:
    """Return the address of an uploaded file: the same bytes under the same name are the same document."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1] or "file"
    return f"{UPLOAD_SCHEME}:///{blob_sha256[:12]}/{quote(nfc(base), safe='')}"


def show_name(uri: str) -> str:
    """Return the last part of an address as people read it."""
    return unquote_name(uri.rstrip("/").rsplit("/", 1)[-1])


def unquote_name(quoted: str) -> str:
    """Undo percent-encoding; a name that old Korean programs wrote in CP949 is read as such."""
    raw = unquote_to_bytes(quoted)
    for encoding in ("utf-8", "cp949"):
        try:
            return nfc(raw.decode(encoding))
        except UnicodeDecodeError:
            continue
    return nfc(raw.decode("utf-8", "replace"))


def is_within(uri: str, prefix: str) -> bool:
    """Whether ``uri`` is ``prefix`` or lies below it, in its folder or in its archive."""
    if not prefix or uri == prefix:
        return True
    if prefix.endswith("/"):
        return uri.startswith(prefix)
    return uri.startswith((prefix + "/", prefix + MEMBER_SEPARATOR))
