"""What is found, and what is known to have vanished."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondol.ingest.scan import scan
from ondol.ingest.uris import is_within, member_uri, show_name, to_uri, upload_uri


def names(found) -> list[str]:
    return [file.path.name for file in found.files]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "a.md",
        "b.txt",
        "c.png",
        "README",
        ".hidden.md",
        "~$a.docx",
        "x/d.pdf",
        "x/.git/e.md",
        "x/y/f.hwp",
    ):
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text", "utf-8")
    return tmp_path / "tree"


def test_folders_are_walked_without_what_is_hidden(tree):
    found = scan([str(tree)])
    assert names(found) == ["README", "a.md", "b.txt", "d.pdf", "f.hwp"]
    assert found.skipped == 1
    assert found.prefixes == [tree.as_uri()]


def test_named_files_are_always_taken_and_once(tree):
    found = scan([
        str(tree / "c.png"),
        str(tree / "a.md"),
        str(tree / "x" / ".." / "a.md"),
        (tree / "a.md").as_uri(),
    ])
    assert names(found) == ["a.md", "c.png"]
    assert found.has_vanished(to_uri(tree / "a.md"))
    assert not found.has_vanished(to_uri(tree / "b.txt"))


def test_links_in_a_circle_end(tree):
    (tree / "x" / "loop").symlink_to(tree, target_is_directory=True)
    (tree / "x" / "nowhere.md").symlink_to(tree / "gone.md")
    outside = tree.parent / "outside"
    outside.mkdir()
    (outside / "o.md").write_text("text", "utf-8")
    (tree / "link").symlink_to(outside, target_is_directory=True)
    found = scan([str(tree)])
    assert names(found) == ["README", "a.md", "b.txt", "o.md", "d.pdf", "f.hwp"]
    assert found.failures == []


def test_globs_know_what_they_would_have_matched(tree):
    found = scan([str(tree / "**" / "*.md"), str(tree / "x" / "*.pdf")])
    assert names(found) == ["a.md", "d.pdf"]
    for uri, has_vanished in (
        ("z.md", True),
        ("x/y/z.md", True),
        ("x/z.pdf", True),
        ("x/y/z.pdf", False),
        ("z.pdf", False),
        ("z.txt", False),
    ):
        assert found.has_vanished(f"{tree.as_uri()}/{uri}") is has_vanished, uri
    assert not found.has_vanished(tree.as_uri() + "-sibling/z.md")
    assert [code for _, code in scan([str(tree / "*.xyz")]).missing]


def test_pipes_and_devices_are_not_opened(tree):
    os.mkfifo(tree / "pipe.md")
    assert "pipe.md" not in names(scan([str(tree)]))


def test_names_that_are_not_utf8(tree):
    raw = os.fsencode(tree) + b"/\xc7\xd1\xb1\xdb.md"
    Path(os.fsdecode(raw)).write_bytes(b"text")
    found = [file for file in scan([str(tree)]).files if file.uri.endswith("%C7%D1%B1%DB.md")]
    assert len(found) == 1
    assert show_name(found[0].uri) == "한글.md"  # the name as CP949


def test_addresses():
    assert to_uri("/a b/한.md") == "file:///a%20b/%ED%95%9C.md"
    assert to_uri("file:///a%20b") == "file:///a%20b"
    assert member_uri("file:///a.zip", "in ner.zip!/b#.md") == "file:///a.zip!/in%20ner.zip!/b%23.md"
    assert upload_uri("ab" * 32, "C:\\docs\\가?.md") == "upload:///abababababab/%EA%B0%80%3F.md"
    assert show_name("upload:///abababababab/%EA%B0%80%3F.md") == "가?.md"


@given(st.text(alphabet="ab/!.", max_size=12), st.text(alphabet="ab/!.", max_size=12))
def test_a_prefix_ends_at_a_boundary(prefix: str, rest: str):
    inside = is_within(prefix + rest, prefix)
    assert inside == (not prefix or not rest or prefix.endswith("/") or rest.startswith(("/", "!/")))
