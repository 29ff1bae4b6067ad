"""Dataset folders: whole or not there, read by label, versions, removal, killed writers."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from example_library import doc_of, make_example, make_rejected, make_retention, uri_of

from ondol.core.access import LOCAL_PRINCIPAL, Grade, Principal
from ondol.core.errors import AccessDeniedError, ConflictError, NotFoundError, StorageError, WrongUseError
from ondol.core.examples import DatasetSource, Example
from ondol.core.ids import sha256_hex
from ondol.store.datasets import Datasets

ME = LOCAL_PRINCIPAL
KIM = Principal(name="kim", grade=Grade.SENSITIVE, groups=frozenset({"hr"}))
LEE = Principal(name="lee")


@pytest.fixture
def datasets(tmp_path, clock):
    return Datasets(tmp_path, clock=clock)


def _source(number, label="open"):
    return DatasetSource(document=doc_of(number), uri=uri_of(number), licence="CC0-1.0", label=label)


def _make(datasets, name="d", numbers=range(5), *, replace=False, **finished):
    with datasets.create(name, replace=replace) as writer:
        for number in numbers:
            writer.add("train", make_example(number, number))
        return writer.finish(**finished)


def _left_overs(datasets):
    return [entry.name for entry in datasets._folder.iterdir() if entry.name.startswith(".")]


def test_a_dataset_is_read_as_it_was_written(datasets, tmp_path):
    with datasets.create("manual-qa") as writer:
        writer.add("train", make_example(1, 1))
        writer.add("train", make_example(2, 2, kind="list", label="sensitive+hr"))
        writer.add("test", make_example(3, 3))
        writer.add_rejected(make_rejected(1, 1))
        writer.add_retention(make_retention(1))
        writer.add_file("README.md", "# 카드\n")
        writer.add_file("pictures/topics.svg", b"<svg/>")
        assert not datasets.list_datasets(principal=ME), "it is not there before it is whole"
        made = writer.finish(
            fingerprint="f",
            recipe={"name": "manual-qa", "target": 3},
            sources=[_source(1), _source(2, "sensitive+hr"), _source(3)],
            models={"writer": "m"},
            ondol_version="9",
        )
    assert made == datasets.load_manifest("manual-qa", principal=ME)
    assert made.counts == {"train": {"list": 1, "qa": 1}, "test": {"qa": 1}}
    assert (made.num_examples, made.num_rejected, made.num_retention) == (3, 1, 1)
    assert (made.label, made.labels) == ("sensitive+hr", ("open", "sensitive+hr"))
    assert (made.licences, made.recipe["target"]) == (("CC0-1.0",), 3)
    folder = tmp_path / "datasets" / "manual-qa"
    on_disk = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert on_disk == {*made.files, "manifest.json"}
    for name, file in made.files.items():
        data = (folder / name).read_bytes()
        assert (sha256_hex(data), len(data)) == (file.sha256, file.size_bytes)
        assert file.lines == (data.count(b"\n") if name.endswith(".jsonl") else 0)
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text("utf-8").splitlines()]
    assert Example.model_validate(rows[1]) == make_example(2, 2, kind="list", label="sensitive+hr")
    assert not _left_overs(datasets)


def test_the_hash_is_of_the_rows_alone(datasets, clock):
    one = _make(datasets, "one", fingerprint="a")
    clock.advance(60)
    with datasets.create("two") as writer:
        for number in range(5):
            writer.add("train", make_example(number, number))
        writer.add_file("README.md", "another card")
        two = writer.finish(fingerprint="b")
    assert (one.hash, one.created_at) != (two.hash, two.created_at)
    assert one.hash == two.hash
    assert _make(datasets, "three", range(4)).hash != one.hash


def test_everyone_sees_what_they_may_read(datasets):
    with datasets.create("d") as writer:
        for number in range(6):
            writer.add("train", make_example(number, number, label="sensitive+hr" if number % 2 else "open"))
        writer.add_rejected(make_rejected(1, 1))
        writer.add_rejected(make_rejected(2, 2))
        writer.add_rejected(make_rejected(3))
        writer.add_retention(make_retention(1))
        writer.finish(sources=[_source(n, "sensitive+hr" if n % 2 else "open") for n in range(6)])
    examples, after = datasets.list_examples("d", "train", principal=LEE)
    assert ([example.id for example in examples], after) == (["exm_0", "exm_2", "exm_4"], None)
    assert len(datasets.list_examples("d", "train", principal=KIM)[0]) == 6
    assert datasets.find_example("d", "exm_1", principal=KIM) == make_example(1, 1, label="sensitive+hr")
    assert datasets.find_example("d", "exm_1", principal=LEE) is None
    assert datasets.find_example("d", "exm_9", principal=ME) is None
    seen = datasets.load_manifest("d", principal=LEE)
    assert [source.document for source in seen.sources] == [doc_of(0), doc_of(2), doc_of(4)]
    assert [row.id for row in datasets.list_rejected("d", principal=LEE)[0]] == ["rej_2"]
    assert len(datasets.list_rejected("d", principal=KIM)[0]) == 3
    assert len(datasets.list_retention("d", principal=LEE)[0]) == 1
    assert datasets.locate("d", principal=KIM).name == "d"
    with pytest.raises(AccessDeniedError, match="lee may not read"):
        datasets.locate("d", principal=LEE)


def test_a_dataset_of_which_nothing_may_be_read_is_not_there(datasets):
    with datasets.create("d") as writer:
        writer.add("train", make_example(1, 1, label="sensitive+hr"))
        writer.finish()
    assert datasets.list_datasets(principal=LEE) == ()
    for read in (datasets.load_manifest, datasets.locate, datasets.list_rejected):
        with pytest.raises(NotFoundError, match="no dataset 'd'"):
            read("d", principal=LEE)
    with pytest.raises(NotFoundError, match="no dataset 'none'"):
        datasets.load_manifest("none", principal=ME)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
def test_pages_hold_each_example_once(datasets, limit):
    with datasets.create("d") as writer:
        for number in range(7):
            writer.add("train", make_example(number, number, label="hr" if number % 3 == 0 else "open"))
        writer.finish()
    for principal, wanted in ((ME, range(7)), (LEE, [1, 2, 4, 5])):
        seen, after = [], 0
        while after is not None:
            page, after = datasets.list_examples("d", "train", principal=principal, after=after, limit=limit)
            seen += [example.id for example in page]
        assert seen == [f"exm_{number}" for number in wanted]
    assert datasets.list_examples("d", "test", principal=ME) == ((), None)


def test_a_cursor_that_was_never_given_is_refused(datasets):
    _make(datasets)
    with pytest.raises(WrongUseError, match="not the end of a line"):
        datasets.list_examples("d", "train", principal=ME, after=5)


def test_another_dataset_of_the_name_needs_leave_and_is_kept(datasets):
    first = _make(datasets)
    with pytest.raises(ConflictError, match="exists with other content"):
        _make(datasets, numbers=range(6))
    assert datasets.load_manifest("d", principal=ME) == first
    assert not _left_overs(datasets)
    second = _make(datasets, numbers=range(6), replace=True)
    third = _make(datasets, numbers=range(7), replace=True)
    again = _make(datasets, numbers=range(7))
    assert again.hash == third.hash == datasets.load_manifest("d", principal=ME).hash
    former = datasets.load_manifest("d@1", principal=ME)
    assert (former.hash, former.name) == (first.hash, "d@1")
    assert datasets.load_manifest("d@2", principal=ME).hash == second.hash
    assert len(datasets.list_examples("d@1", "train", principal=ME)[0]) == 5
    assert [found.name for found in datasets.list_datasets(principal=ME)] == ["d"]
    versions = datasets.list_datasets(principal=ME, with_versions=True)
    assert [found.name for found in versions] == ["d", "d@1", "d@2"]
    assert datasets.delete("d@1") == 1
    _make(datasets, numbers=range(8), replace=True)
    assert datasets.names() == ["d", "d@2", "d@3"], "a number is not given twice while a later one is there"
    assert datasets.delete("d") == 3
    assert datasets.names() == []


def test_a_writer_that_stops_leaves_nothing(datasets):
    def stop():
        with datasets.create("d") as writer:
            writer.add("train", make_example(1, 1))
            raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        stop()
    with datasets.create("d") as writer:
        writer.add("train", make_example(1, 1))
    assert datasets.names() == []
    assert not _left_overs(datasets)


@pytest.mark.parametrize("name", ["", "A", "../x", ".x", "a/b", "d@1", "x" * 65, "d\n"])
def test_names_that_cannot_be(datasets, name):
    with pytest.raises(WrongUseError, match="cannot be the name"), datasets.create(name):
        pass
    if name != "d@1":
        with pytest.raises(WrongUseError, match="not the name"):
            datasets.load_manifest(name, principal=ME)


@pytest.mark.parametrize(
    "name", ["manifest.json", "train.jsonl", "/etc/x", "../x", "a/../../x", ".hidden", ""]
)
def test_files_that_cannot_be_added(datasets, name):
    with datasets.create("d") as writer, pytest.raises(WrongUseError, match="cannot be added"):
        writer.add_file(name, "x")


def test_a_damaged_manifest_says_so(datasets):
    _make(datasets)
    (datasets._folder / "d" / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(StorageError, match="damaged"):
        datasets.load_manifest("d", principal=ME)


class Recorder:
    """An amender that remembers what it is told and writes its name into every file."""

    def __init__(self):
        self.gone = []
        self.lines = {}

    def add_example(self, example):
        self.gone.append(example.id)

    def add_rejected(self, row):
        self.gone.append(row.id)

    def amend(self, name, data, *, change, lines):
        self.lines = dict(lines)
        return data + f" {change.num_examples} gone".encode()


def test_examples_are_taken_out_for_good(datasets, clock):
    with datasets.create("d") as writer:
        for number in range(4):
            writer.add("train", make_example(number, number))
        writer.add("test", make_example(9, 1))
        writer.add_rejected(make_rejected(1, 1))
        writer.add_rejected(make_rejected(2, 2))
        writer.add_retention(make_retention(1))
        writer.add_file("README.md", "# d")
        writer.add_file("pictures/dots.png", b"\x89PNG\x00\xff")
        made = writer.finish(fingerprint="f", recipe={"a": 1}, sources=[_source(n) for n in range(4)])
    clock.advance(3600)
    recorder = Recorder()
    removal = datasets.remove_examples(
        "d",
        lambda example: doc_of(1) in example.documents,
        reason="a document was withdrawn",
        document=doc_of(1),
        amender=recorder,
    )
    left = datasets.load_manifest("d", principal=ME)
    assert removal.manifest == left
    assert removal.example_ids == ("exm_1", "exm_9")
    assert recorder.gone == ["exm_1", "exm_9", "rej_1"]
    assert recorder.lines == {"train.jsonl": 3, "rejected.jsonl": 1, "retention.jsonl": 1}
    assert left.counts == {"train": {"qa": 3}}
    assert left.history == (removal.change,)
    assert (removal.change.former_hash, removal.change.num_rejected) == (made.hash, 1)
    assert (left.created_at, left.fingerprint, left.recipe) == (made.created_at, "f", {"a": 1})
    assert [source.uri for source in left.sources] == [uri_of(0), uri_of(2), uri_of(3)]
    assert left.hash != made.hash
    assert set(made.files) - set(left.files) == {"test.jsonl"}, "a file without rows is none"
    assert left.files["retention.jsonl"] == made.files["retention.jsonl"]
    folder = datasets.locate("d", principal=ME)
    held = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert held.count(doc_of(1).encode()) == 1, "the history alone names the document"
    assert uri_of(1).encode() not in held
    assert (folder / "README.md").read_text("utf-8") == "# d 2 gone"
    assert not _left_overs(datasets)
    again = datasets.remove_examples("d", lambda _: False, reason="x", document=doc_of(1), amender=Recorder())
    assert again is None
    assert datasets.names() == ["d"], "what was taken out is kept in no version"


def test_examples_may_go_for_another_reason(datasets):
    _make(datasets, sources=[_source(n) for n in range(5)])
    removal = datasets.remove_examples(
        "d", lambda example: example.id == "exm_3", reason="rejected by kim", amender=Recorder()
    )
    assert removal.change.document == ""
    assert len(removal.manifest.sources) == 5
    assert datasets.find_example("d", "exm_3", principal=ME) is None


def test_a_dataset_that_is_published_again_keeps_its_history(datasets):
    _make(datasets, sources=[_source(n) for n in range(5)])
    removal = datasets.remove_examples(
        "d", lambda example: example.id == "exm_4", reason="x", amender=Recorder(), document=doc_of(4)
    )
    again = _make(datasets, numbers=range(4))
    assert again.history == (removal.change,)
    assert datasets.load_manifest("d", principal=ME) == again
    other = _make(datasets, numbers=range(3), replace=True)
    assert other.history == ()
    assert datasets.load_manifest("d@1", principal=ME).history == (removal.change,)


def test_one_process_writes_a_dataset(datasets):
    code = (
        "import sys; from pathlib import Path; from ondol.core.clock import utc_now;"
        "from ondol.store.datasets import Datasets;"
        "w = Datasets(Path(sys.argv[1]), clock=utc_now).create('d'); w.__enter__();"
        "print('in', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(datasets._home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout.readline() == "in\n"
        with pytest.raises(ConflictError, match="writing the dataset d"):
            _make(datasets)
        _make(datasets, "other")
        assert datasets.names() == ["other"]
        process.kill()
    _make(datasets)
    assert not _left_overs(datasets), "what the killed one left is gone"


@pytest.mark.parametrize("killed", ["before the new one is in", "before the former one is gone"])
def test_a_process_killed_between_two_renames_loses_nothing(datasets, tmp_path, killed):
    made = _make(datasets)
    place, partial = datasets._folder / "d", datasets._folder / ".d.00000000.partial"
    former = datasets._folder / ".d.11111111.former"
    if killed.startswith("before the new"):
        shutil.copytree(place, partial)
        place.rename(former)
    else:
        shutil.copytree(place, former)
    assert datasets.names() == ["d"]
    assert datasets.load_manifest("d", principal=ME) == made
    _make(datasets)
    assert not _left_overs(datasets)


def test_readers_never_miss_a_dataset_that_is_replaced(datasets):
    _make(datasets)
    stop = threading.Event()

    def read():
        seen = set()
        while not stop.is_set():
            seen.add(datasets.load_manifest("d", principal=ME).num_examples)
            assert "d" in [found.name for found in datasets.list_datasets(principal=ME)]
        return seen

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        for turn in range(20):
            _make(datasets, numbers=range(4 + turn % 2), replace=True)
        stop.set()
        for reader in readers:
            assert reader.result() <= {4, 5}
            assert reader.result()


def test_half_a_folder_is_never_taken_for_a_dataset(datasets):
    _make(datasets, "other")
    half = datasets._folder / ".d.00000000.partial"
    half.mkdir()
    (half / "train.jsonl").write_text("{}", encoding="utf-8")
    assert datasets.names() == ["other"]
    with pytest.raises(NotFoundError, match="no dataset 'd'"):
        datasets.load_manifest("d", principal=ME)


_WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from example_library import make_example
from ondol.core.clock import utc_now
from ondol.store.datasets import Datasets

datasets = Datasets(Path(sys.argv[1]), clock=utc_now)
print("ready", flush=True)
for turn in range(1_000):
    with datasets.create("d", replace=True) as writer:
        for number in range(5 + turn % 2):
            writer.add("train", make_example(number, number))
        writer.finish()
"""


def test_killed_at_any_moment_a_dataset_is_whole(datasets, tmp_path):
    chance = random.Random(5)
    _make(datasets)
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path), str(Path(__file__).parent)], stdout=subprocess.PIPE
        )
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.15))
        os.kill(process.pid, signal.SIGKILL)
        process.stdout.close()
        process.wait()
        for name in datasets.names():
            manifest = datasets.load_manifest(name, principal=ME)
            for file, record in manifest.files.items():
                assert sha256_hex((datasets._folder / name / file).read_bytes()) == record.sha256
        assert "d" in datasets.names()
    with datasets.create("d", replace=True) as writer:
        writer.finish()
    assert not _left_overs(datasets)
