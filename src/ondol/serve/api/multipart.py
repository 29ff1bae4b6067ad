"""Reads a multipart body as it comes: files go to disk piece by piece, fields stay small."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from ondol.core.errors import TooLargeError, WrongUseError

MAX_FIELD_BYTES = 4096
MAX_FIELDS = 16
MAX_HEADER_BYTES = 8192

_MALFORMED = "The multipart body is malformed."


@dataclass
class UploadedFile:
    """A file on disk that the caller now owns."""

    name: str
    path: Path
    size_bytes: int = 0


@dataclass
class Form:
    """What a multipart body held."""

    files: list[UploadedFile] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)

    def discard(self) -> None:
        """Delete the files."""
        for file in self.files:
            file.path.unlink(missing_ok=True)


class FormReader:
    """Takes the pieces of one body.

    Args:
        content_type: header with the boundary.
        open_file: makes a path for the next file.
        max_files: more are refused.

    Raises:
        WrongUseError: not a multipart body (on making it and on feeding it).
        TooLargeError: too many files or fields (on feeding it).
    """

    def __init__(self, content_type: str, *, open_file: Callable[[], Path], max_files: int) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 0 < len(boundary) <= 200:
            raise WrongUseError(
                "An upload must be multipart/form-data with a boundary.",
                remedy="Send the files in fields called `files`.",
            )
        self.form = Form()
        self._open_file, self._max_files = open_file, max_files
        self._header_name, self._header_value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._field_name = ""
        self._value = bytearray()
        self._stream: BinaryIO | None = None
        self._is_complete = False
        callbacks: Any = {
            "on_part_begin": self._begin_part,
            "on_header_field": self._add_header_name,
            "on_header_value": self._add_header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._begin_data,
            "on_part_data": self._add_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }
        self._parser = MultipartParser(boundary, callbacks)

    def feed(self, data: bytes) -> None:
        """Take the next piece; writes to disk."""
        try:
            self._parser.write(data)
        except MultipartParseError as error:
            raise WrongUseError(_MALFORMED, remedy="Send it with a library.") from error

    def finish(self) -> Form:
        """Return what was read; raises ``WrongUseError`` when the body broke off."""
        self.close()
        if not self._is_complete:
            raise WrongUseError("The multipart body broke off.", remedy="Send it again.")
        return self.form

    def close(self) -> None:
        """Close an open file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _begin_part(self) -> None:
        self._headers, self._value = {}, bytearray()

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]
        self._check_header()

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]
        self._check_header()

    def _check_header(self) -> None:
        if len(self._header_name) + len(self._header_value) > MAX_HEADER_BYTES:
            raise WrongUseError(_MALFORMED)

    def _end_header(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name, self._header_value = b"", b""

    def _begin_data(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._field_name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in options:
            if len(self.form.fields) >= MAX_FIELDS:
                raise TooLargeError(f"The form has more than {MAX_FIELDS} fields.")
            return
        if len(self.form.files) >= self._max_files:
            raise TooLargeError(
                f"At most {self._max_files} files are taken at once.", remedy="Send them in parts."
            )
        file = UploadedFile(name=options[b"filename"].decode("utf-8", "replace"), path=self._open_file())
        self.form.files.append(file)
        self._stream = file.path.open("xb")

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._stream is not None:
            self._stream.write(data[start:end])
            self.form.files[-1].size_bytes += end - start
            return
        self._value += data[start:end]
        if len(self._value) > MAX_FIELD_BYTES:
            raise TooLargeError(
                f"The field {self._field_name[:80]!r} is longer than {MAX_FIELD_BYTES} bytes."
            )

    def _end_part(self) -> None:
        if self._stream is not None:
            self.close()
        else:
            self.form.fields[self._field_name] = self._value.decode("utf-8", "replace")

    def _end(self) -> None:
        self._is_complete = True


async def gather_pieces(stream: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    """Yield larger pieces, so that fewer trips to a thread are needed."""
    held = bytearray()
    async for piece in stream:
        held += piece
        if len(held) >= size:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
