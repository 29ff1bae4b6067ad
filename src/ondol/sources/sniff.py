"""Decides what a file is: by its content first, by its name only where the content leaves it open.

A wrong extension therefore does no harm: a PDF named ``.docx`` is read as a PDF.
"""

import io
import re
import struct
import zipfile
import zlib
from pathlib import PurePosixPath

from ondol.core.documents import DocumentKind
from ondol.core.errors import CorruptFileError, EmptyFileError, EncryptedFileError, UnsupportedFileError
from ondol.sources.encoding import decode

_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_PDF_HEADER_WITHIN = 1024
_TEXT_SAMPLE = 64 * 1024

_BY_EXTENSION = {
    "pdf": DocumentKind.PDF,
    **dict.fromkeys(("docx", "docm", "dotx", "dotm"), DocumentKind.DOCX),
    **dict.fromkeys(("pptx", "pptm", "ppsx", "ppsm", "potx", "potm"), DocumentKind.PPTX),
    **dict.fromkeys(("xlsx", "xlsm", "xltx", "xltm"), DocumentKind.XLSX),
    **dict.fromkeys(("csv", "tsv", "tab"), DocumentKind.CSV),
    **dict.fromkeys(("html", "htm", "xhtml"), DocumentKind.HTML),
    **dict.fromkeys(("md", "markdown", "mdown", "mkd"), DocumentKind.MARKDOWN),
    **dict.fromkeys(("txt", "text", "log", "rst", "adoc"), DocumentKind.TEXT),
    **dict.fromkeys(("eml", "mht", "mhtml"), DocumentKind.EMAIL),
    "hwpx": DocumentKind.HWPX,
    "hwp": DocumentKind.HWP,
    "zip": DocumentKind.ARCHIVE,
}
_TEXTUAL = frozenset({
    DocumentKind.CSV, DocumentKind.HTML, DocumentKind.MARKDOWN, DocumentKind.TEXT, DocumentKind.EMAIL,
})  # fmt: skip

EXTENSIONS = frozenset(_BY_EXTENSION)
"""Extensions, without the dot, that name a known kind."""

_OPC_MAIN_PARTS = (
    ("word/", DocumentKind.DOCX),
    ("ppt/", DocumentKind.PPTX),
    ("xl/", DocumentKind.XLSX),
)
_OLE_STREAMS = (
    ("FileHeader", DocumentKind.HWP),
    ("WordDocument", "DOC"),
    ("Workbook", "XLS"),
    ("Book", "XLS"),
    ("PowerPoint Document", "PPT"),
    ("__properties_version1.0", "MSG"),
)
_SAVE_AS = {"DOC": "DOCX", "XLS": "XLSX", "PPT": "PPTX", "MSG": "EML"}
_OTHER_MAGICS = (
    (b"{\\rtf", "an RTF file", "Save it as DOCX."),
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG)", "Run it through OCR first, then add the result."),
    (b"\xff\xd8\xff", "a picture (JPEG)", "Run it through OCR first, then add the result."),
    (b"GIF8", "a picture (GIF)", "Run it through OCR first, then add the result."),
    (b"II*\x00", "a picture (TIFF)", "Run it through OCR first, then add the result."),
    (b"MM\x00*", "a picture (TIFF)", "Run it through OCR first, then add the result."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it, or pack it as ZIP."),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "Unpack it, or pack it as ZIP."),
    (b"Rar!\x1a\x07", "a RAR archive", "Unpack it, or pack it as ZIP."),
    (b"%!PS", "a PostScript file", "Convert it to PDF."),
    (b"\x7fELF", "a program", "Leave it out."),
    (b"HWP Document File V", "an HWP file of version 2 or 3", "Save it as HWPX or HWP 5."),
)
_MAIL_HEADER = re.compile(
    rb"\A(?:From |(?:return-path|received|delivered-to|message-id|mime-version|from|to|cc|date|subject|"
    rb"x-[\w-]+|content-type|dkim-signature|reply-to|arc-[\w-]+|authentication-results|"
    rb"snapshot-content-location)"
    rb"[ \t]*:)[^\n]*\n",
    re.IGNORECASE,
)
_MAIL_MARKS = re.compile(
    rb"^(?:from|subject|message-id|mime-version|date|to)[ \t]*:", re.IGNORECASE | re.MULTILINE
)
_HTML_START = re.compile(
    r"\A\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_MARKDOWN_LINE = re.compile(
    r"^(?:#{1,6} \S|```|~~~|\|.*\|[ \t]*$\n^\|[ :|-]+\|[ \t]*$|.*\[[^\]\n]+\]\([^)\n]+\))", re.MULTILINE
)
_XML_START = re.compile(r"\A\s*<\?xml\b")


def detect_kind(name: str, head: bytes) -> DocumentKind:
    """Tell what a file is.

    Args:
        name: its name; only the extension is looked at.
        head: its bytes; all of them where possible, since ZIP and OLE files keep their directory elsewhere
            than at the start. With only a beginning the extension decides between their kinds.

    Raises:
        EmptyFileError: no bytes.
        UnsupportedFileError: nothing that can be read; the remedy says what to convert it to.
        EncryptedFileError: a password-protected Office file.
        CorruptFileError: a ZIP or OLE file whose directory is missing and whose name does not help.
    """
    if not head:
        raise EmptyFileError(f"{name} is empty.", remedy="Save the file again, or leave it out.")
    by_name = _BY_EXTENSION.get(PurePosixPath(name.replace("\\", "/")).suffix.lower().lstrip("."))
    if head.startswith(_OLE_MAGIC):
        return _detect_ole(name, head, by_name)
    if head.startswith(_ZIP_MAGICS):
        return _detect_zip(name, head, by_name)
    for magic, what, remedy in _OTHER_MAGICS:
        if head.startswith(magic):
            raise UnsupportedFileError(f"{name} is {what}, which is not read.", remedy=remedy)
    if head.find(b"%PDF-", 0, _PDF_HEADER_WITHIN) >= 0 and (by_name is None or not _looks_textual(head[:16])):
        return DocumentKind.PDF
    if head.startswith(b"%PDF-"):
        return DocumentKind.PDF
    return _detect_text(name, head, by_name)


def _detect_ole(name: str, data: bytes, by_name: DocumentKind | None) -> DocumentKind:
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            if ole.exists("EncryptedPackage") or ole.exists("EncryptionInfo"):
                raise EncryptedFileError(
                    f"{name} is protected by a password.",
                    remedy="Save it without a password and add it again.",
                )
            found = next((kind for stream, kind in _OLE_STREAMS if ole.exists(stream)), None)
    except (
        OSError,
        ValueError,
        IndexError,
        struct.error,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        if by_name is DocumentKind.HWP:
            return by_name
        raise CorruptFileError(
            f"{name} is a damaged or truncated OLE file ({error}).", remedy="Get an intact copy of the file."
        ) from error
    if isinstance(found, DocumentKind):
        return found
    remedy = f"Save it as {_SAVE_AS[found]}." if found else "Convert it to PDF or DOCX."
    what = f"an old {found} file" if found else "an OLE file of unknown content"
    raise UnsupportedFileError(f"{name} is {what}, which is not read.", remedy=remedy)


def _detect_zip(name: str, data: bytes, by_name: DocumentKind | None) -> DocumentKind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.namelist()
            mimetype = archive.read("mimetype")[:100] if "mimetype" in entries else b""
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        ValueError,
        NotImplementedError,
        EOFError,
        RuntimeError,
    ) as error:
        if by_name is not None and by_name not in _TEXTUAL:
            return by_name if by_name is not DocumentKind.PDF else DocumentKind.ARCHIVE
        raise CorruptFileError(
            f"{name} is a damaged or truncated ZIP ({error}).", remedy="Get an intact copy of the file."
        ) from error
    present = set(entries)
    if mimetype.startswith(b"application/hwp+zip") or any(
        entry.startswith("Contents/section") for entry in entries
    ):
        return DocumentKind.HWPX
    if mimetype.startswith((b"application/vnd.oasis", b"application/epub")):
        kind = "an EPUB" if b"epub" in mimetype else "an OpenDocument file"
        raise UnsupportedFileError(
            f"{name} is {kind}, which is not read.", remedy="Save it as DOCX, XLSX, PPTX or PDF."
        )
    if "[Content_Types].xml" in present:
        for folder, kind in _OPC_MAIN_PARTS:
            if any(entry.startswith(folder) for entry in entries):
                return kind
        raise UnsupportedFileError(
            f"{name} is an Office package of unknown content.", remedy="Save it as DOCX, XLSX, PPTX or PDF."
        )
    return DocumentKind.ARCHIVE


def _detect_text(name: str, head: bytes, by_name: DocumentKind | None) -> DocumentKind:
    if not _looks_textual(head[:_TEXT_SAMPLE]):
        raise UnsupportedFileError(
            f"{name} is not of a type that can be read.",
            remedy="Convert it to PDF, DOCX, XLSX, PPTX, HWPX, HTML, Markdown, CSV or plain text.",
        )
    if _looks_like_mail(head):
        return DocumentKind.EMAIL
    text, _ = decode(head[:_TEXT_SAMPLE])
    if _HTML_START.match(text):
        return DocumentKind.HTML
    if by_name in _TEXTUAL:
        return by_name
    if by_name is None and _XML_START.match(text):
        raise UnsupportedFileError(
            f"{name} is an XML file of unknown content.", remedy="Convert it to HTML or CSV."
        )
    if by_name is not None:  # a binary kind by name, text by content
        if text.strip():
            return _guess_text(text)
        raise CorruptFileError(
            f"{name} does not hold what its name says.", remedy="Get an intact copy of the file."
        )
    return _guess_text(text)


def _guess_text(text: str) -> DocumentKind:
    if len(_MARKDOWN_LINE.findall(text)) >= 2:
        return DocumentKind.MARKDOWN
    lines = text.splitlines()[:-1][:50] or text.splitlines()
    for delimiter in ("\t", ";", ","):
        counts = {line.count(delimiter) for line in lines}
        if len(lines) >= 3 and len(counts) == 1 and counts.pop() >= 1:
            return DocumentKind.CSV
    return DocumentKind.TEXT


def _looks_textual(sample: bytes) -> bool:
    """Tell whether bytes can be text in any encoding that ``encoding.decode`` knows."""
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    if b"\x00" in sample:  # UTF-16 without a mark, or no text
        return decode(sample)[1].startswith("utf-16")
    control = sum(sample.count(byte) for byte in (*range(1, 9), *range(14, 27), *range(28, 32)))
    return control * 100 <= len(sample)


def _looks_like_mail(head: bytes) -> bool:
    start = head[:8192].replace(b"\r\n", b"\n").lstrip(b"\n")
    header, _, _ = start.partition(b"\n\n")
    if not _MAIL_HEADER.match(header + b"\n"):
        return False
    marks = {match.group().split(b":")[0].strip().lower() for match in _MAIL_MARKS.finditer(header)}
    return len(marks) >= 2
