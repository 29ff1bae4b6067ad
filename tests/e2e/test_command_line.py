"""The command line as people and scripts use it: a real home, real processes, the sample handbook."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ONDOL = [sys.executable, "-c", "from ondol.serve.cli import main; main()"]


class Home:
    """A home folder and the command that works on it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *arguments: str, expect: int = 0) -> dict:
        done = subprocess.run(
            [*ONDOL, *arguments, "--home", str(self.path), "--json"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        assert done.returncode == expect, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def docs(tmp_path_factory, handbook: Path) -> Path:
    """A few pages of the handbook that this module may change."""
    folder = tmp_path_factory.mktemp("docs")
    for name in ("en/SetupView/Safety.md", "en/PlanView/PlanGeoFence.md", "ko/SetupView/safety_ardupilot.md"):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(handbook / name, target)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory, docs: Path) -> Home:
    """A home that has read the pages once."""
    opened = Home(tmp_path_factory.mktemp("home"))
    report = opened.run("ingest", str(docs), "--licence", "CC-BY-4.0")
    assert (report["added"], report["failed"]) == (3, 0)
    assert report["chunks"] >= 3
    assert report["bytes"] > 0
    return opened


def stored_text(home: Home, document: str, page: int | None) -> str:
    """The stored text of a place, read the way the API serves it."""
    from ondol.core.access import LOCAL_PRINCIPAL
    from ondol.store import open_store

    store = open_store(home.path)
    try:
        pages = store.corpus.load_pages(document, principal=LOCAL_PRINCIPAL)
        return next(found.text for found in pages if found.number == page)
    finally:
        store.close()


def test_a_second_ingest_changes_nothing(home: Home, docs: Path):
    report = home.run("ingest", str(docs))
    assert (report["added"], report["changed"], report["unchanged"], report["removed"]) == (0, 0, 3, 0)


@pytest.mark.parametrize("question", ["What is a GeoFence used for?", "배터리 안전장치는 무엇을 설정하나요?"])
def test_every_citation_is_true(home: Home, question: str):
    answer = home.run("ask", question)
    assert not answer["abstained"]
    assert answer["citations"]
    for citation in answer["citations"]:
        place = citation["locator"]
        text = stored_text(home, citation["document"], place.get("page"))
        assert text[place["start"] : place["end"]] == citation["quote"]


def test_what_is_not_there_is_said_to_be_not_there(home: Home):
    answer = home.run("ask", "Who won the 1998 football world cup final in Paris?")
    assert answer["abstained"]
    assert answer["citations"] == []
    assert answer["reason"]


def test_search_returns_exact_slices(home: Home):
    result = home.run("search", "geofence breach action", "-k", "4")
    assert 1 <= len(result["hits"]) <= 4
    assert [hit["rank"] for hit in result["hits"]] == list(range(1, len(result["hits"]) + 1))
    for hit in result["hits"]:
        place = hit["locator"]
        text = stored_text(home, hit["document"], place.get("page"))
        assert text[place["start"] : place["end"]] == hit["text"]


def test_one_bad_file_never_stops_the_rest(tmp_path: Path, handbook: Path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    shutil.copy(handbook / "en/PlanView/PlanGeoFence.md", folder / "good.md")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n" + os.urandom(2000))
    (folder / "broken.docx").write_bytes(b"PK\x03\x04" + os.urandom(500))
    home = Home(tmp_path / "home")
    report = home.run("ingest", str(folder), expect=3)
    assert (report["added"], report["failed"]) == (1, 3)
    assert {Path(failure["uri"]).name for failure in report["failures"]} == {
        "empty.txt",
        "broken.pdf",
        "broken.docx",
    }
    assert all(failure["code"] and failure["message"] for failure in report["failures"])


def test_a_vanished_file_is_gone_and_a_sibling_stays(tmp_path: Path, handbook: Path):
    inside, beside = tmp_path / "asked", tmp_path / "asked-sibling"
    for folder in (inside, beside):
        folder.mkdir()
        shutil.copy(handbook / "en/PlanView/PlanGeoFence.md", folder / "fence.md")
        with (folder / "fence.md").open("a", encoding="utf-8") as file:
            file.write(f"\n\nThis copy lies in {folder.name}.\n")
    home = Home(tmp_path / "home")
    home.run("ingest", str(inside), str(beside))
    (inside / "fence.md").unlink()
    report = home.run("ingest", str(inside))
    assert report["removed"] == 1
    uris = {hit["uri"] for hit in home.run("search", "geofence")["hits"]}
    assert uris == {(beside / "fence.md").as_uri()}


def test_labels_travel_to_answers(tmp_path: Path, handbook: Path):
    home = Home(tmp_path / "home")
    home.run("ingest", str(handbook / "en/PlanView/PlanGeoFence.md"), "--label", "sensitive+hr")
    home.run("keys", "add", "kim", "--label", "sensitive+hr")
    home.run("keys", "add", "lee", "--label", "sensitive")
    assert home.run("search", "geofence", "--as", "kim")["hits"]
    assert home.run("search", "geofence", "--as", "lee")["hits"] == []
    refused = home.run("ask", "What is a GeoFence used for?", "--as", "lee")
    assert refused["abstained"]
    assert refused.get("nearest", []) == []


def test_backup_and_restore_round_trip(home: Home, tmp_path: Path):
    before = home.run("search", "geofence")["hits"]
    home.run("backup", str(tmp_path / "copy.tar"))
    restored = Home(tmp_path / "restored")
    restored.run("restore", str(tmp_path / "copy.tar"))
    assert restored.run("search", "geofence")["hits"] == before


def test_wrong_use_is_exit_2(home: Home):
    assert home.run("ingest", "x.md", "--label", "no spaces!", expect=2)["error"]["code"] == "wrong_use"


def test_unknown_principal_is_an_error(home: Home):
    assert home.run("search", "x", "--as", "nobody", expect=1)["error"]["code"] == "not_found"
