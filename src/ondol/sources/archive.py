"""ZIP archives and mail attachments: their members become documents of their own, under guard.

A member of an archive is named by its path inside it; a member of an archive inside an archive by both,
joined with ``!/``: ``inner.zip!/report.docx``. Guards: number of members, bytes and ratio when unpacked,
depth of nesting, absolute paths and ``..``, encrypted members. Nothing is ever unpacked to disk here.
"""

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ondol.core.documents import DocumentKind
from ondol.core.errors import CorruptFileError, EncryptedFileError, FileLimitError, NotFoundError, ParseError
from ondol.core.frozen import Frozen
from ondol.sources.limits import Limits
from ondol.sources.load import load_bytes
from ondol.sources.sniff import detect_kind
from ondol.text.normalise import nfc

MEMBER_SEPARATOR = "!/"

_RATIO_APPLIES_FROM_BYTES = 2**20
_ENCRYPTED_FLAG = 0x1
_UTF8_FLAG = 0x800
_FORBIDDEN = "forbidden path/"
_PATH_TRICKS = re.compile(r"[/\x00!]+|\.\.")
# Left by operating systems and editors in archives; never a document.
_CLUTTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


class Member(Frozen):
    """A document inside an archive or attached to a mail.

    Attributes:
        name: path inside, ``/``-separated; through nested archives joined with ``!/``.
        size: bytes when unpacked.
    """

    name: str
    size: int


def list_members(source: Path | bytes, limits: Limits | None = None, *, name: str = "") -> list[Member]:
    """List what is inside an archive or attached to a mail, nested archives opened, in order.

    Raises:
        FileLimitError: too many members, too many bytes, too high a ratio or nested too deep.
        CorruptFileError: not an archive, or truncated.
        EncryptedFileError: every member needs a password.
    """
    limits = limits or Limits()
    name = name or _name_of(source)
    data = load_bytes(source, name=name, limits=limits)
    return list(_walk(data, name, limits, _Guard(name, limits), depth=1))


def read_member(source: Path | bytes, member: str, limits: Limits | None = None, *, name: str = "") -> bytes:
    """Return the bytes of one member, as named by ``list_members``.

    Raises:
        NotFoundError: no such member.
        ParseError: as ``list_members``, or the member itself is damaged or encrypted.
    """
    limits = limits or Limits()
    name = name or _name_of(source)
    data = load_bytes(source, name=name, limits=limits)
    for step in member.split(MEMBER_SEPARATOR):
        data = _read_one(data, name, step, limits)
        name = step
    return data


def open_zip(data: bytes, *, name: str, limits: Limits) -> zipfile.ZipFile:
    """Open a ZIP after checking what its directory declares; ``zipfile`` never unpacks beyond that.

    Raises:
        FileLimitError: too many entries, too many bytes or too high a ratio.
        CorruptFileError: not a ZIP, or truncated.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data), metadata_encoding="cp437")
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise CorruptFileError(
            f"{name} is a damaged or truncated ZIP ({error}).", remedy="Get an intact copy of the file."
        ) from error
    _Guard(name, limits).enter(archive, len(data))
    return archive


def read_entry(archive: zipfile.ZipFile, entry: str | zipfile.ZipInfo, *, name: str) -> bytes:
    """Return one entry's bytes.

    Raises:
        KeyError: no such entry.
        CorruptFileError: damaged.
        EncryptedFileError: a password is needed.
    """
    info = archive.getinfo(entry) if isinstance(entry, str) else entry
    if info.flag_bits & _ENCRYPTED_FLAG:
        raise EncryptedFileError(
            f"{info.filename} in {name} needs a password.", remedy="Provide the file without a password."
        )
    try:
        return archive.read(info)
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        ValueError,
        NotImplementedError,
        EOFError,
        RuntimeError,
    ) as error:
        raise CorruptFileError(
            f"{info.filename} in {name} is damaged ({error}).", remedy="Get an intact copy of the file."
        ) from error


class _Guard:
    """Sums up what archives declare, over all levels of nesting."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._members = 0
        self._bytes = 0

    def enter(self, archive: zipfile.ZipFile, packed_bytes: int) -> None:
        entries = archive.infolist()
        size = sum(info.file_size for info in entries)
        self._members += len(entries)
        self._bytes += size
        limits = self._limits
        if self._members > limits.max_archive_members:
            self._refuse(f"has more than {limits.max_archive_members:,} members")
        if self._bytes > limits.max_archive_bytes:
            self._refuse(f"unpacks to more than {limits.max_archive_bytes:,} bytes")
        # The ratio is that of the whole file, so that overlapping entries count as often as they unpack.
        if size > _RATIO_APPLIES_FROM_BYTES and size > limits.max_archive_ratio * packed_bytes:
            self._refuse(f"unpacks to {size / max(packed_bytes, 1):,.0f} times its size")

    def _refuse(self, what: str) -> None:
        raise FileLimitError(
            f"{self._name} {what}; this looks like a decompression bomb.",
            remedy="If the file is trustworthy, unpack it yourself or raise the archive limits.",
        )


def _name_of(source: Path | bytes) -> str:
    return source.name if isinstance(source, Path) else "archive"


def _walk(data: bytes, name: str, limits: Limits, guard: _Guard, *, depth: int) -> Iterator[Member]:
    if depth > limits.max_archive_depth:
        raise FileLimitError(
            f"{name} is nested more than {limits.max_archive_depth} archives deep.",
            remedy="Unpack the outer archive and add what is inside.",
        )
    if detect_kind(name, data) is DocumentKind.EMAIL:
        yield from (Member(name=n, size=len(content)) for n, content in _list_attachments(data, name))
        return
    with open_zip(data, name=name, limits=limits) as archive:
        guard.enter(archive, len(data))
        entries = _documents(archive)
        if entries and all(info.flag_bits & _ENCRYPTED_FLAG for _, info in entries):
            raise EncryptedFileError(
                f"{name} needs a password.", remedy="Provide the archive without a password."
            )
        for member_name, info in entries:
            if not member_name.lower().endswith(".zip"):
                yield Member(name=member_name, size=info.file_size)
                continue
            try:
                inner = _read_document(archive, info, name=name)
                for found in _walk(inner, member_name, limits, guard, depth=depth + 1):
                    yield Member(name=f"{member_name}{MEMBER_SEPARATOR}{found.name}", size=found.size)
            except FileLimitError:
                raise
            except ParseError:  # one bad inner archive: its own parse reports it, the rest goes on
                yield Member(name=member_name, size=info.file_size)


def _list_attachments(data: bytes, name: str) -> list[tuple[str, bytes]]:
    from ondol.sources.mail import list_attachments

    try:
        return list_attachments(data)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        # What the standard library raises on parts that no program ought to write.
        raise CorruptFileError(
            f"The attachments of {name} cannot be read ({type(error).__name__}: {str(error)[:200]}).",
            remedy="Save them from the mail program and add them as files.",
        ) from error


def _documents(archive: zipfile.ZipFile) -> list[tuple[str, zipfile.ZipInfo]]:
    """Return the members that are no clutter; one that would leave the archive goes by a harmless name."""
    found = {}
    for info in archive.infolist():
        member = _member_name(info)
        if info.is_dir() or stat.S_ISLNK(info.external_attr >> 16) or _is_clutter(member):
            continue
        if _is_forbidden(member):
            member = _FORBIDDEN + "_".join(part for part in _PATH_TRICKS.split(member) if part)
        found[member] = info
    return list(found.items())


def _member_name(info: zipfile.ZipInfo) -> str:
    """Undo ``zipfile``'s CP437 reading of a name.

    UTF-8 without the flag, or CP949 as Korean Windows writes it.
    """
    name = info.filename
    if not info.flag_bits & _UTF8_FLAG and not name.isascii():
        raw = name.encode("cp437", "replace")
        for encoding in ("utf-8", "cp949"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return nfc(name.replace("\\", "/"))


def _is_forbidden(member: str) -> bool:
    path = PurePosixPath(member)
    return path.is_absolute() or ".." in path.parts or "\x00" in member or MEMBER_SEPARATOR in member


def _read_document(archive: zipfile.ZipFile, info: zipfile.ZipInfo, *, name: str) -> bytes:
    if _is_forbidden(member := _member_name(info)):
        raise CorruptFileError(
            f"A member of {name} has a forbidden path ({member!r}) and is not read.",
            remedy="Such archives are made to write outside their folder; get it from elsewhere.",
        )
    return read_entry(archive, info, name=name)


def _is_clutter(member: str) -> bool:
    return member.startswith(_CLUTTER[0]) or PurePosixPath(member).name in _CLUTTER[1:]


def _read_one(data: bytes, name: str, member: str, limits: Limits) -> bytes:
    if detect_kind(name, data) is DocumentKind.EMAIL:
        found = dict(_list_attachments(data, name))
        if member in found:
            return found[member]
        raise NotFoundError(f"{name} has no attachment {member!r}.")
    with open_zip(data, name=name, limits=limits) as archive:
        for member_name, info in _documents(archive):
            if member_name == member:
                return _read_document(archive, info, name=name)
    raise NotFoundError(f"{name} has no member {member!r}.")
