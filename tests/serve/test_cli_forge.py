"""``ondol forge`` on the command line: its JSON, its exit status, what a person is told at every end."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest
from serve_harness import ServedOndol, put

from ondol.core.access import Label
from ondol.serve.cli import main
from ondol.serve.settings import Settings
from ondol.store.reviews import Review

ONDOL = [sys.executable, "-m", "ondol"]
RECIPE = """\
name: manual
languages: [en]
target: 50
kinds: {qa: 0.8, dialogue: 0.1, not_in_documents: 0.1}
held_out: {validation: 0, test: 0.04}
models: {writer: none, judge: none}
"""
NUM_DOCUMENTS = 6
SECRET = "sensitive+hr"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory, handbook):
    """A few documents, one of them secret, and somebody who may not read that one."""
    home = tmp_path_factory.mktemp("cli-forge") / "home"
    files = sorted((handbook / "en").rglob("*.md"), key=lambda path: -path.stat().st_size)[:NUM_DOCUMENTS]
    with ServedOndol(Settings(home=home)) as ondol:
        for number, path in enumerate(files):
            put(ondol, path.name, path.read_bytes(), label="open" if number else SECRET)
        ondol.store.keys.add_key("guest", Label.parse("open"), is_admin=False)
    return home


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "manual.yaml"
    path.write_text(RECIPE, "utf-8")
    return path


def forge_in_process(home, recipe, *options):
    command = [*ONDOL, "forge", "run", str(recipe), "--home", str(home), "--json", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=quiet())


@pytest.fixture(scope="module")
def made(corpus, recipe, tmp_path_factory):
    """A home with the dataset of a run that met its target, and what the process printed."""
    home = tmp_path_factory.mktemp("made") / "home"
    shutil.copytree(corpus, home)
    return home, forge_in_process(home, recipe)


@pytest.fixture(scope="module")
def exhausted(corpus, recipe, tmp_path_factory):
    """The same of a run that could not meet its target."""
    home = tmp_path_factory.mktemp("exhausted") / "home"
    shutil.copytree(corpus, home)
    return home, forge_in_process(home, recipe, "--target", "900")


def quiet():
    return {**os.environ, "PYTHONWARNINGS": "ignore"}


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run `ondol forge` in this process in an empty home; returns exit status, output and standard error."""
    monkeypatch.setenv("ONDOL_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def run_one(*arguments):
        monkeypatch.setattr("sys.argv", ["ondol", "forge", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return run_one


@pytest.fixture
def filled(corpus, tmp_path):
    shutil.copytree(corpus, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def forged(made, tmp_path):
    shutil.copytree(made[0], tmp_path / "home")
    return tmp_path / "home"


def read_rows(home, name, file="train"):
    text = (home / "datasets" / name / f"{file}.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


# -- run --------------------------------------------------------------------------------------------------


def test_a_run_prints_one_json_object_and_nothing_else(made):
    home, done = made
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert report["dataset"] == "manual"
    assert report["accepted"] == report["target"] == 50
    assert report["rejected"] == sum(report["by_reason"].values())
    assert report["requests"] == 0
    assert report["tokens"] == {"prompt": 0, "completion": 0}
    assert report["seconds"] > 0
    assert report["shortfall"] == ""
    assert len(read_rows(home, "manual")) == report["splits"]["train"]


def test_progress_goes_to_standard_error(run, filled, recipe, monkeypatch):
    monkeypatch.setattr("ondol.serve.cli.terminal._TELL_EVERY_S", 0.0)
    status, out, err = run("run", recipe, "--target", "10", "--json")
    assert (status, json.loads(out)["accepted"]) == (0, 10)
    stages = {line.partition(":")[0] for line in err.splitlines()}
    assert {"planning", "reading", "writing", "saving", "done"} <= stages
    assert "/min, 0 requests, " in err


def test_a_person_is_told_what_there_is_and_what_comes_next(run, filled, recipe):
    status, out, err = run("run", recipe, "--target", "12", "--out", "small")
    assert (status, err) == (0, "")
    assert "small: 12 of 12 accepted" in out
    assert str(filled / "datasets" / "small") in out
    assert "Next: ondol forge show small" in out
    assert not (filled / "datasets" / "manual").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: x\nlangages: [en]\n", "did you mean languages?"),
        ("name: x\ntarget: -3\n", "target: "),
        ("name: x\nkinds: {dialog: 1}\n", "kinds.dialog: there is no such key; did you mean dialogue?"),
        ("name: [x\n", "is not YAML: line "),
        ("languages: [en]\n", "name: is missing"),
        ("name: x\nkinds: {summary: 1}\nmodels: {writer: none}\n", "Nothing here can write summary"),
    ],
)
def test_a_wrong_recipe_is_wrong_use_and_says_where(run, filled, tmp_path, text, told):
    (tmp_path / "wrong.yaml").write_text(text, "utf-8")
    status, out, err = run("run", "wrong.yaml", "--json")
    error = json.loads(out)["error"]
    assert (status, error["code"]) == (2, "wrong_use")
    assert told in error["message"]
    assert error["remedy"]
    assert told in err


def test_an_unknown_recipe_is_wrong_use_and_names_those_there_are(run):
    status, out, err = run("run", "manual-qs")
    assert (status, out) == (2, "")
    assert "There is no file manual-qs" in err
    assert "Did you mean manual-qa?" in err
    assert "`ondol forge init`" in err


@pytest.mark.parametrize("wrong", [("--target", "0"), ("--concurrency", "many"), ("--out", "No Name")])
def test_a_wrong_option_is_wrong_use_before_anything_is_done(run, filled, recipe, wrong):
    status, out, _ = run("run", recipe, *wrong, "--json")
    assert (status, json.loads(out)["error"]["code"]) == (2, "wrong_use")
    assert json.loads(out)["error"]["remedy"]
    assert not (filled / "runs").exists()


def test_fewer_than_wanted_ends_with_3_and_the_reason(run, exhausted, recipe, tmp_path):
    report = json.loads(exhausted[1].stdout)
    assert (exhausted[1].returncode, exhausted[1].stderr) == (3, "")
    assert 0 < report["accepted"] < 900
    assert "exhausted" in report["shortfall"]
    assert "What would help: " in report["shortfall"]
    shutil.copytree(exhausted[0], tmp_path / "home")
    status, out, err = run("run", recipe, "--target", "900")
    assert status == 3
    assert f"fewer than wanted {report['shortfall']}" in err
    assert f"{report['accepted']} of 900 accepted" in out


def test_an_empty_home_says_what_to_do_first(run, recipe):
    status, out, err = run("run", recipe)
    assert (status, out) == (1, "")
    assert "There is no document that you may read." in err
    assert "`ondol ingest PATH`" in err


def test_another_dataset_of_that_name_is_not_overwritten(run, forged, recipe):
    status, out, _ = run("run", recipe, "--target", "15", "--json")
    error = json.loads(out)["error"]
    assert (status, error["code"]) == (1, "conflict")
    assert "--replace" in error["remedy"]
    assert len(list((forged / "runs").iterdir())) == 1, "it is said before the work is done"
    assert len(read_rows(forged, "manual")) > 15
    status, out, _ = run("run", recipe, "--target", "15", "--replace", "--json")
    assert (status, json.loads(out)["accepted"]) == (0, 15)
    assert len(read_rows(forged, "manual@1")) > 15
    # The same again changes nothing, and needs no --replace.
    assert json.loads(run("run", recipe, "--target", "15", "--json")[1])["hash"] == json.loads(out)["hash"]
    assert not (forged / "datasets" / "manual@2").exists()


def test_who_may_read_part_makes_a_dataset_of_that_part(run, filled, recipe):
    status, out, _ = run("run", recipe, "--target", "20", "--as", "guest", "--json")
    report = json.loads(out)
    assert (status, report["accepted"]) == (0, 20)
    manifest = json.loads((filled / "datasets" / "manual" / "manifest.json").read_text("utf-8"))
    assert manifest["label"] == "open"
    with ServedOndol(Settings(home=filled)) as ondol:
        (secret,) = [d for d in ondol.all_documents(principal=guest(ondol, None)) if str(d.label) != "open"]
    for path in (filled / "datasets" / "manual").rglob("*"):
        assert path.is_dir() or secret.id.encode() not in path.read_bytes(), path
        assert path.is_dir() or secret.uri.encode() not in path.read_bytes(), path


def guest(ondol, name="guest"):
    from ondol.serve.cli.terminal import principal_of

    return principal_of(ondol, name)


# -- interrupted ------------------------------------------------------------------------------------------


def test_interrupted_in_the_middle_the_same_command_completes_it(exhausted, corpus, recipe, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(corpus, home)
    process = subprocess.Popen(
        [*ONDOL, "forge", "run", str(recipe), "--home", str(home), "--json", "--target", "900"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=quiet(),
    )
    wait_for_examples(home, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    whole, report = json.loads(exhausted[1].stdout), json.loads(out)
    assert process.returncode == 130
    assert err == "Stopping; what is done is kept. Ctrl-C again ends at once.\n"
    assert report["interrupted"]
    assert 0 < report["accepted"] < whole["accepted"]
    assert not (home / "datasets" / "manual").exists()
    done = forge_in_process(home, recipe, "--target", "900")
    again = json.loads(done.stdout)
    assert done.returncode == exhausted[1].returncode
    assert (again["hash"], again["by_reason"]) == (whole["hash"], whole["by_reason"])


def wait_for_examples(home, process):
    """Return as soon as the first examples are in the ledger."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        for path in (home / "runs").glob("*/ledger.db"):
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
                try:
                    if connection.execute("SELECT count(*) FROM example").fetchone()[0]:
                        return
                except sqlite3.OperationalError:
                    pass  # the tables are being made
        time.sleep(0.01)
    raise AssertionError(f"the run ended or hung: {process.poll()}")


def test_a_person_who_interrupts_is_told_how_to_go_on(run, filled, recipe, monkeypatch):
    from ondol.forge.rounds import Interrupted

    def interrupt(*arguments):
        raise Interrupted

    monkeypatch.setattr("ondol.forge.run.ForgeRun.write", interrupt)
    status, out, _ = run("run", recipe)
    assert status == 130
    assert out == "Stopped with 0 of 50 accepted; nothing is lost. The same command goes on from here.\n"


# -- init, list, show -------------------------------------------------------------------------------------


def test_init_in_an_empty_home_says_what_comes_first(run, tmp_path):
    status, out, _ = run("init")
    assert status == 0
    assert "no documents yet. Next: ondol ingest PATH" in out
    status, _, err = run("init")
    assert status == 1
    assert "--force" in err
    status, out, _ = run("init", "--force", "--json")
    assert (status, json.loads(out)) == (0, {"recipe": "recipe.yaml", "documents": 0})


def test_the_recipe_that_init_writes_runs(run, filled):
    status, out, _ = run("init", "mine.yaml")
    assert status == 0
    assert out == f"Wrote mine.yaml for {NUM_DOCUMENTS} documents. Next: ondol forge run mine.yaml\n"
    status, out, _ = run("run", "mine.yaml", "--target", "10", "--json")
    assert (status, json.loads(out)["accepted"]) == (0, 10)


def test_list_and_its_empty_state(run, tmp_path, made):
    assert "No datasets. `ondol forge init`" in run("list")[1]
    assert json.loads(run("list", "--json")[1]) == {"datasets": []}
    shutil.rmtree(tmp_path / "home")
    shutil.copytree(made[0], tmp_path / "home")
    lines = run("list")[1].splitlines()
    assert len(lines) == 2
    assert lines[1].split()[0] == "manual"
    assert SECRET in lines[1]


def test_show_says_what_a_dataset_is(run, forged):
    status, out, _ = run("show", "manual")
    assert status == 0
    for told in ("train", "test", f"label        {SECRET}", "CC0-1.0; for internal use: yes", "README.md"):
        assert told in out
    assert f"of {NUM_DOCUMENTS} documents are quoted" in out
    manifest = json.loads((forged / "datasets" / "manual" / "manifest.json").read_text("utf-8"))
    assert json.loads(run("show", "manual", "--json")[1])["hash"] == manifest["hash"]
    status, _, err = run("show", "other")
    assert status == 1
    assert "`ondol forge list`" in err


def test_show_to_who_may_read_part(run, forged):
    status, out, _ = run("show", "manual", "--as", "guest")
    assert status == 0
    assert "You may read part of it" in out
    assert "README.md" not in out
    shown = json.loads(run("show", "manual", "--as", "guest", "--json")[1])
    assert {source["label"] for source in shown["sources"]} == {"open"}


# -- reviews, cleaning, forgetting ------------------------------------------------------------------------


def review(home, verdict, number=0):
    with ServedOndol(Settings(home=home)) as ondol:
        me = guest(ondol, None)
        found, _ = ondol.store.datasets.list_examples("manual", "train", principal=me)
        example = found[number]
        said = Review(
            dataset="manual",
            example_id=example.id,
            reviewer=me.name,
            verdict=verdict,
            reason="wrong" if verdict == "reject" else "",
            label=example.label,
        )
        ondol.store.reviews.save_review(said, documents=example.documents, principal=me)
        return example.id


def test_apply_reviews(run, forged):
    assert "Nobody has reviewed manual. `ondol up`" in run("apply-reviews", "manual")[1]
    gone = review(forged, "reject")
    review(forged, "accept", 1)
    status, out, _ = run("apply-reviews", "manual", "--json")
    applied = json.loads(out)
    assert status == 0
    assert gone in applied["rejected"]
    assert (applied["version"], applied["confirmed"]) == ("manual@1", 1)
    assert gone not in {row["id"] for row in read_rows(forged, "manual")}
    assert "is as its reviewers have it (2 verdicts)" in run("apply-reviews", "manual")[1]
    assert "taken out, 1 confirmed" in run("show", "manual")[1]
    with ServedOndol(Settings(home=forged)) as ondol:
        events = ondol.store.audit.list_events(principal=guest(ondol, None))
        assert [e.resource for e in events if e.action == "dataset.review"] == ["manual"]
    status, _, err = run("apply-reviews", "manual", "--as", "guest")
    assert status == 1
    assert "may not read" in err


def test_clean_says_what_would_go_and_removes_it_when_told(run, forged, recipe):
    before = json.loads(run("show", "manual", "--json")[1])
    assert "Nothing to remove" in run("clean")[1], "all of it is of today"
    status, out, _ = run("clean", "--older-than", "0")
    assert status == 0
    assert "1 ledger of finished runs and 0 model replies" in out
    assert "--yes removes them" in out
    (ledger,) = (forged / "runs").glob("*/ledger.db")
    assert ledger.exists()
    found = json.loads(run("clean", "--older-than", "0", "--yes", "--json")[1])
    assert found["done"]
    assert len(found["runs"]) == 1
    assert not ledger.parent.exists()
    # The dataset is what it was, and the same command makes the same again.
    assert json.loads(run("show", "manual", "--json")[1]) == before
    assert json.loads(run("run", recipe, "--json")[1])["hash"] == before["hash"]
    assert run("clean", "--as", "guest")[0] == 1


def test_delete_document_takes_an_address_a_path_or_an_id(run, forged):
    row = read_rows(forged, "manual")[0]
    document, uri = (row["provenance"]["evidence"][0][key] for key in ("document", "uri"))
    status, out, err = run("delete-document", uri.removeprefix("file://"))
    assert status == 0
    assert "datasets touched: manual" in out
    assert "The corpus still has the document" in err
    assert document not in (forged / "datasets" / "manual" / "train.jsonl").read_text("utf-8")
    again = json.loads(run("delete-document", document, "--json")[1])
    assert (again["document"], again["datasets"]) == (document, [])
    assert json.loads(run("delete-document", uri, "--json")[1])["uri"] == uri
    assert "Nothing here was made from /srv/other.pdf" in run("delete-document", "/srv/other.pdf")[1]
    assert run("delete-document", uri, "--as", "guest")[0] == 1


@pytest.mark.parametrize(
    "command", ["run", "init", "list", "show", "apply-reviews", "clean", "delete-document"]
)
def test_each_command_explains_itself(run, command):
    status, out, err = run(command, "--help")
    assert (status, err) == (0, "")
    assert f"Example: ondol forge {command}" in out
    assert "--json" in out
    assert "--as" in out
