"""Archives, mail and attachments: members by name; bombs, path tricks and nesting are refused."""

import zipfile

import pytest
from making import make_overlapping_zip, make_zip
from parsed import check_invariants, outline, texts

from ondol.core.documents import DocumentKind
from ondol.core.errors import CorruptFileError, EncryptedFileError, FileLimitError, NotFoundError
from ondol.sources.archive import list_members, read_member
from ondol.sources.limits import Limits
from ondol.sources.read import read_document

MAIL = """\
From: =?ks_c_5601-1987?B?sei758DM?= <kim@example.com>
To: lee@example.com
Subject: =?UTF-8?B?7ZqM7J2Y66Gd?= 3
Date: Mon, 4 Mar 2024 10:00:00 +0900
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: multipart/alternative; boundary="c"

--c
Content-Type: text/plain; charset=utf-8

회의는 3월 5일에 한다.

--c
Content-Type: text/html; charset=utf-8

<p>HTML instead</p>
--c--
--b
Content-Type: image/png; name="logo.png"
Content-ID: <logo>

x
--b
Content-Type: text/csv
Content-Disposition: attachment; filename="../../etc/plan.csv"

a,b
1,2
--b
Content-Type: text/csv
Content-Disposition: attachment; filename="plan.csv"

c,d
--b
Content-Type: message/rfc822

Subject: inner
From: a@example.com

inner body
--b--
""".encode()


def names(data, **limits):
    return [member.name for member in list_members(data, Limits(**limits))]


def test_members_of_a_zip_come_by_name_through_nested_ones():
    inner = make_zip({"deep/report.txt": b"deep"})
    data = make_zip({
        "a.txt": b"alpha",
        "folder/b.md": b"# B",
        "inner.zip": inner,
        "__MACOSX/a": b"",
        "x/": b"",
    })
    assert names(data) == ["a.txt", "folder/b.md", "inner.zip!/deep/report.txt"]
    assert read_member(data, "inner.zip!/deep/report.txt") == b"deep"
    with pytest.raises(NotFoundError, match="no member 'nope'"):
        read_member(data, "nope")
    parsed = read_document(data, name="a.zip")
    assert (parsed.kind, parsed.pages) == (DocumentKind.ARCHIVE, ())


def test_names_written_by_korean_windows(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("PLACEHOLDER.txt"), b"x")
    korean = "회의록1.txt".encode("cp949")
    data = path.read_bytes().replace(b"PLACEHOLDER.txt", korean.ljust(15, b"_"))
    assert names(data) == [korean.ljust(15, b"_").decode("cp949")]


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/passwd", "a/../../b.txt", "x!/y.txt", "../in.zip"])
def test_paths_that_leave_the_archive_are_refused_and_the_rest_is_read(name):
    data = make_zip({name: make_zip({"inner.txt": b"x"}), "good.txt": b"good"})
    forbidden, good = names(data)
    assert forbidden.startswith("forbidden path/")
    assert ".." not in forbidden
    assert read_member(data, good) == b"good"
    with pytest.raises(CorruptFileError, match="forbidden path"):
        read_member(data, forbidden)


def test_bombs_are_refused_before_they_are_unpacked():
    with pytest.raises(FileLimitError, match="times its size"):
        names(make_zip({"a.txt": b"\0" * 50_000_000}))
    with pytest.raises(FileLimitError, match="decompression bomb"):
        names(make_overlapping_zip(2000, 20_000_000))
    with pytest.raises(FileLimitError, match="more than 10 members"):
        names(make_zip({f"{n}.txt": b"x" for n in range(11)}), max_archive_members=10)
    with pytest.raises(FileLimitError, match="more than 100 bytes"):
        names(make_zip({"a.txt": b"x" * 101}), max_archive_bytes=100)


@pytest.mark.parametrize("name", ["a.docx", "a.pptx", "a.xlsx", "a.hwpx", "a.zip"])
def test_every_format_on_zip_refuses_bombs(name):
    main = {"a.docx": "word/document.xml", "a.pptx": "ppt/presentation.xml", "a.xlsx": "xl/workbook.xml"}
    members = {main.get(name, "Contents/section0.xml"): b"<x>" + b" " * 60_000_000}
    if name == "a.hwpx":
        members["mimetype"] = b"application/hwp+zip"
    else:
        members["[Content_Types].xml"] = b"<Types/>"
    with pytest.raises(FileLimitError):
        read_document(make_zip(members), name=name)


def test_nesting_is_bounded():
    data = make_zip({"a.txt": b"x"})
    for _ in range(3):
        data = make_zip({"inner.zip": data})
    with pytest.raises(FileLimitError, match="nested more than 3"):
        names(data)
    assert names(data, max_archive_depth=4) == ["inner.zip!/inner.zip!/inner.zip!/a.txt"]


def test_a_locked_archive_is_reported():
    data = bytearray(make_zip({"a.txt": b"alpha"}, compression=zipfile.ZIP_STORED))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(EncryptedFileError, match="password"):
        names(bytes(data))


def test_a_mail_is_its_text_and_its_attachments_are_members():
    parsed = read_document(MAIL, name="a.eml")
    check_invariants(parsed)
    assert parsed.title == "회의록 3"
    assert parsed.author == "김사이 <kim@example.com>"
    assert parsed.created_at.isoformat() == "2024-03-04T01:00:00+00:00"
    assert outline(parsed) == [(1, "회의록 3")]
    assert texts(parsed)[-1] == "회의는 3월 5일에 한다."
    assert names(MAIL) == ["plan.csv", "plan (2).csv", "inner.eml"]
    assert read_member(MAIL, "plan (2).csv") == b"c,d"
    assert b"inner body" in read_member(MAIL, "inner.eml")


@pytest.mark.parametrize(
    "parameter",
    [
        b"filename*=utf-8''%EA%B3%84%EC%95%BD%EC%84%9C%20%EC%B5%9C%EC%A2%85.csv",
        b"filename*0*=utf-8''%EA%B3%84%EC%95%BD%EC%84%9C; filename*1*=%20%EC%B5%9C%EC%A2%85.csv",
        b'filename="=?UTF-8?B?6rOE7JW97IScIOy1nOyihS5jc3Y=?="',
        'filename="계약서 최종.csv"'.encode(),
        'filename="계약서 최종.csv"'.encode("cp949"),
    ],
)
def test_an_attachment_keeps_its_korean_name_however_it_was_written(parameter: bytes):
    mail = b"\r\n".join([
        b"From: kim@example.kr",
        b"Subject: x",
        b"MIME-Version: 1.0",
        b"Content-Type: multipart/mixed; boundary=c",
        b"",
        b"--c",
        b"Content-Type: text/csv",
        b"Content-Disposition: attachment; " + parameter,
        b"",
        b"a,b",
        b"1,2",
        b"--c--",
        b"",
    ])
    assert names(mail) == ["계약서 최종.csv"]
    assert read_member(mail, "계약서 최종.csv").startswith(b"a,b")


def test_a_mail_in_html_alone_is_read_as_html():
    data = b"From: a@b.c\nSubject: s\nContent-Type: text/html; charset=euc-kr\n\n<h2>" + "제목".encode(
        "cp949"
    )
    parsed = read_document(data + b"</h2><p>x</p>", name="a.eml")
    assert outline(parsed) == [(1, "s"), (2, "제목")]


def test_a_mail_that_was_cut_off_is_read_and_warned_of():
    parsed = read_document(MAIL[: MAIL.index(b"--c\nContent-Type: text/html")], name="a.eml")
    assert texts(parsed)[-1] == "회의는 3월 5일에 한다."
    assert parsed.warnings == ("The mail is damaged or cut off; parts of it may be missing.",)


def test_attachments_inside_an_archive_are_reached_too():
    data = make_zip({"post.eml": MAIL})
    assert names(data) == ["post.eml"]
    assert read_member(data, "post.eml!/plan.csv") == b"a,b\n1,2"
