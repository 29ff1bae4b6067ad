"""What a file is, by its content; what cannot be read is said plainly."""

import pytest
from making import make_docx, make_ole, make_pdf, make_zip

from ondol.core.documents import DocumentKind
from ondol.core.errors import CorruptFileError, EmptyFileError, EncryptedFileError, UnsupportedFileError
from ondol.sources.sniff import detect_kind

PDF = make_pdf([[(60, 700, 12, "x")]])
MAIL = b"Received: by x\r\nFrom: a@b.c\r\nSubject: hi\r\n\r\nbody\r\n"
HTML = b"<!DOCTYPE html><html><body><p>x</p></body></html>"


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.docx", PDF, "pdf"),
        ("a", PDF, "pdf"),
        ("a.pdf", make_docx("<w:p/>"), "docx"),
        ("a.zip", make_docx("<w:p/>"), "docx"),
        ("a.docx", make_zip({"x.txt": b"x"}), "archive"),
        ("a.hwp", make_zip({"mimetype": b"application/hwp+zip", "Contents/section0.xml": b"<x/>"}), "hwpx"),
        ("a.txt", make_ole({"FileHeader": b"HWP Document File"}), "hwp"),
        ("a.txt", MAIL, "email"),
        ("a.txt", HTML, "html"),
        ("a.htm", b"<p>no root", "html"),
        ("a.md", b"plain words", "markdown"),
        ("notes", b"# Title\n\nSee [this](x.html).\n\n## More\n", "markdown"),
        ("data", b"a,b\n1,2\n3,4\n5,6\n", "csv"),
        ("a.csv", "이름,값\n가,1\n".encode("cp949"), "csv"),
        ("a.txt", "한글 텍스트".encode("utf-16"), "text"),
        ("a.txt", "한글 텍스트입니다 plain".encode("utf-16-le"), "text"),
        ("a.txt", b"Note: this is text, not a mail.\n\nTo: nobody", "text"),
        ("a.txt", b"From: only one header line\n\nso it is no mail", "text"),
        ("a.pdf", b"this is just text with a wrong name", "text"),
        ("a.txt", b"see %PDF-1.4 in the text", "text"),
    ],
)
def test_content_decides(name, data, kind):
    assert detect_kind(name, data) is DocumentKind(kind)


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (b"", EmptyFileError, "empty"),
        (bytes(range(256)) * 8, UnsupportedFileError, "not of a type"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, UnsupportedFileError, "PNG"),
        (b"{\\rtf1 hello}", UnsupportedFileError, "RTF"),
        (b"\x1f\x8b\x08\x00", UnsupportedFileError, "gzip"),
        (b"\x7fELF\x02", UnsupportedFileError, "program"),
        (make_ole({"WordDocument": b"x"}), UnsupportedFileError, "old DOC file"),
        (make_ole({"EncryptedPackage": b"x", "EncryptionInfo": b"y"}), EncryptedFileError, "password"),
        (make_ole({"Something": b"x"}), UnsupportedFileError, "unknown content"),
        (make_ole({"FileHeader": b"x"})[:600], CorruptFileError, "damaged or truncated OLE"),
        (
            make_zip({"mimetype": b"application/vnd.oasis.opendocument.text"}),
            UnsupportedFileError,
            "OpenDocument",
        ),
        (
            make_zip({"[Content_Types].xml": b"x", "visio/document.xml": b"x"}),
            UnsupportedFileError,
            "Office package",
        ),
        (make_zip({"x.txt": b"x" * 900})[:60], CorruptFileError, "damaged or truncated ZIP"),
        (b"<?xml version='1.0'?><data/>", UnsupportedFileError, "XML"),
    ],
)
def test_what_cannot_be_read_is_said(data, error, says):
    with pytest.raises(error, match=says) as found:
        detect_kind("file.bin" if error is not CorruptFileError else "file", data)
    assert found.value.remedy


def test_a_truncated_office_file_is_not_taken_for_something_else():
    assert detect_kind("a.docx", make_docx("<w:p/>")[:200]) is DocumentKind.DOCX
