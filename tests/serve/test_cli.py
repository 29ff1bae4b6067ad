"""The command line's contract: one JSON object whatever happens, its exit status, output fit for a pipe."""

import json
from pathlib import Path

import pytest

from ondol.serve.cli import main


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run `ondol` in this process; returns exit status, standard output and standard error."""
    monkeypatch.setenv("ONDOL_HOME", str(tmp_path / "home"))

    def run_one(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["ondol", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return run_one


@pytest.fixture
def documents(tmp_path) -> Path:
    folder = tmp_path / "문서 폴더"
    folder.mkdir()
    (folder / "휴가.txt").write_text("제12조(연차휴가) 연차휴가는 열닷새이다.\n", "utf-8")
    (folder / "빈 파일.txt").write_text("", "utf-8")
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("search",),
        ("frob",),
        ("search", "x", "--kind", "nope"),
        ("search", "x", "-k", "0"),
        ("ask", ""),
        ("ask", "  \n "),
        ("search", "가" * 9_000),
        ("ingest", ".", "--label", "secret?"),
    ],
)
def test_wrong_use_is_one_json_object_and_exit_2(run, arguments: tuple[str, ...]):
    status, out, err = run(*arguments, "--json")
    assert status == 2
    error = json.loads(out)["error"]
    assert error["code"] in {"wrong_use", "too_large"}
    assert error["message"]
    assert error["remedy"]
    assert err


def test_an_unknown_name_is_one_json_object_and_exit_1(run):
    status, out, _ = run("search", "x", "--as", "nobody", "--json")
    assert (status, json.loads(out)["error"]["code"]) == (1, "not_found")


def test_what_was_not_foreseen_is_json_too_with_its_traceback(run, monkeypatch):
    def fail(*arguments, **options):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("ondol.serve.flows.Ondol.search", fail)
    status, out, err = run("search", "x", "--json")
    assert (status, json.loads(out)["error"]["code"]) == (1, "internal")
    assert "ZeroDivisionError: oh" in err


def test_an_ingest_into_a_pipe_is_tidy_and_shows_paths_as_people_write_them(run, documents):
    status, out, err = run("ingest", str(documents))
    assert status == 3
    assert out.startswith("1 added, 0 changed, 0 unchanged, 0 removed, 1 failed")
    assert out.count("\n") == 1
    assert err.startswith(f"failed [empty_file] {documents}/빈 파일.txt: ")
    assert err.count("\n") == 1
    status, out, err = run("ingest", str(documents), "--json")
    assert (status, err) == (3, "")
    assert json.loads(out)["failed"] == 1


def test_hits_and_citations_name_the_path(run, documents):
    run("ingest", str(documents))
    assert f"{documents}/휴가.txt" in run("search", "연차휴가")[1]
    _, out, err = run("ask", "연차휴가는 며칠인가?")
    assert f"{documents}/휴가.txt" in out
    assert "No chat model is installed" in err
    assert "No chat model" not in run("ask", "연차휴가는 며칠인가?", "--model", "extractive")[2]


def test_nothing_found_says_why(run, documents):
    assert "ondol ingest" in run("search", "walrus")[1]
    run("ingest", str(documents))
    assert run("search", "walrus")[1] == "Nothing found.\n"
    assert "--source and --kind" in run("search", "연차휴가", "--kind", "pdf")[1]


def test_a_table_in_a_pipe_is_one_line_a_row(run, documents):
    run("ingest", str(documents))
    lines = run("documents", "list")[1].splitlines()
    assert len(lines) == 2
    assert lines[1].split()[1:] == ["휴가", "text", "open", "1"]
    assert len(lines[1].split()[0]) == len("doc_") + 24
    assert run("documents", "list", "walrus")[1] == "No document has 'walrus' in title or address.\n"


def test_a_question_with_broken_characters_is_searched_all_the_same(run, documents):
    run("ingest", str(documents))
    status, out, _ = run("search", "\udcff 연차휴가", "--json")
    assert status == 0
    assert json.loads(out)["hits"]
