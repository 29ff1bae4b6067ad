"""Backup and restore: a consistent copy of a home, made while the server runs: one folder or ``.tar`` file.

Whatever the database is, its copy is an SQLite file, so a backup also moves a store from one kind of database
to the other. The manifest, with the hash of every file, is written last; without it a folder is not a backup.
"""

import secrets
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, Connection, delete, func, insert, select, text

from ondol.core.errors import ConflictError, NotFoundError, StorageError
from ondol.core.frozen import Frozen
from ondol.store import schema
from ondol.store.blobs import translate_os_errors
from ondol.store.contents import take_batches
from ondol.store.copying import Copy, FileRecord, FolderCopy, TarCopy, hash_file
from ondol.store.database import Database, parse_database_url
from ondol.store.forging_file import locate_ledgers
from ondol.store.home import Store, open_store
from ondol.store.locks import build_index_lock, build_writer_lock
from ondol.store.migrate import upgrade
from ondol.store.migrations import HEAD

_DATABASE = "ondol.db"
_MANIFEST = "manifest.json"
_FORMAT = 1
_WAIT_S = 60.0
_KEPT_ON_RESTORE = frozenset({"models", "locks", "ondol.toml"})


class BackupManifest(Frozen):
    """What is in a backup.

    Attributes:
        revision: of the database schema.
        files: by path in the backup.
    """

    format: int
    created_at: datetime
    revision: str
    files: dict[str, FileRecord]


class BackupReport(Frozen):
    """What was copied.

    Attributes:
        num_missing: originals that documents refer to and that were not there: ingest their sources again.
    """

    path: str
    num_files: int
    size_bytes: int
    num_documents: int
    num_blobs: int
    num_missing: int = 0


def backup(
    store: Store,
    target: Path,
    *,
    with_index: bool = True,
    with_models: bool = False,
    timeout_s: float = _WAIT_S,
) -> BackupReport:
    """Copy the store to ``target``, a new folder, or a file if its name ends in ``.tar``.

    Args:
        store: opened; it may be in use meanwhile.
        target: appears when it is complete.
        with_index: copy the search index too; otherwise it is built anew after a restore, which takes long.
        with_models: copy the model files too.
        timeout_s: how long to wait for an update of the index that is going on.

    Raises:
        ConflictError: ``target`` exists, or the index was being written all the time.
        DiskFullError: no space is left.
        StorageError: a file could not be read or written.
    """
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise ConflictError(f"{target} exists.", remedy="Name a new folder or a new .tar file.")
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        with translate_os_errors(f"writing the backup {target}"):
            target.parent.mkdir(parents=True, exist_ok=True)
            with TarCopy(partial) if target.suffix == ".tar" else FolderCopy(partial) as copy:
                report = _copy_store(
                    store, copy, target, with_index=with_index, with_models=with_models, timeout_s=timeout_s
                )
            if target.is_dir():
                target.rmdir()
            partial.replace(target)
    finally:
        _remove(partial)
    return report


def _copy_store(
    store: Store,
    copy: Copy,
    target: Path,
    *,
    with_index: bool,
    with_models: bool,
    timeout_s: float,
) -> BackupReport:
    # The index first: one that is older than the database catches up by itself.
    if with_index:
        with store.index_lock(timeout_s=timeout_s):
            copy.add_tree(store.home / "index", "index")
    with store.blobs.lock.hold(timeout_s=timeout_s, is_shared=True), _snapshot(store) as snapshot:
        copy.add_file(snapshot, _DATABASE)
        num_documents, blobs = _read_snapshot(snapshot)
        there = [sha256 for sha256 in blobs if store.blobs.has(sha256)]
        for sha256 in there:
            copy.add_file(store.blobs.path(sha256), f"blobs/{sha256[:2]}/{sha256}")
    with store.datasets.lock.hold(timeout_s=timeout_s, is_shared=True):
        copy.add_tree(store.home / "datasets", "datasets")
    for ledger in locate_ledgers(store.home):
        with _copy_sqlite(ledger, store.home) as snapshot:
            copy.add_file(snapshot, ledger.relative_to(store.home).as_posix())
    # The audit log after the database: it must reach at least as far as the head noted there.
    with store.audit.pause():
        copy.add_tree(store.home / "audit", "audit")
    if with_models:
        copy.add_tree(store.home / "models", "models")
    if (store.home / "ondol.toml").is_file():
        copy.add_file(store.home / "ondol.toml", "ondol.toml")
    manifest = BackupManifest(format=_FORMAT, created_at=store.clock(), revision=HEAD, files=copy.files)
    copy.add_bytes(manifest.model_dump_json(indent=1).encode(), _MANIFEST)
    return BackupReport(
        path=str(target),
        num_files=len(manifest.files),
        size_bytes=sum(record.size_bytes for record in manifest.files.values()),
        num_documents=num_documents,
        num_blobs=len(there),
        num_missing=len(blobs) - len(there),
    )


@contextmanager
def _snapshot(store: Store) -> Iterator[Path]:
    """Give an SQLite file with everything the database holds at one moment."""
    if store.database.path is not None:
        with _copy_sqlite(store.database.path, store.home) as path:
            yield path
        return
    with _spare_file(store.home) as path:
        _export(store.database, path)
        yield path


@contextmanager
def _copy_sqlite(file: Path, folder: Path) -> Iterator[Path]:
    """Give a copy, in ``folder``, of one moment of an SQLite file that others may be writing."""
    with _spare_file(folder) as path:
        try:
            with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(path)) as target:
                source.backup(target)  # in one step: others may write meanwhile, it copies one moment
                target.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise StorageError(
                f"The database {file} cannot be copied: {error}.", remedy="Check the disk's space and health."
            ) from error
        yield path


@contextmanager
def _spare_file(folder: Path) -> Iterator[Path]:
    path = folder / f".snapshot-{secrets.token_hex(8)}.db"
    try:
        yield path
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def _export(source: Database, path: Path) -> None:
    target = Database(URL.create("sqlite+pysqlite", database=str(path)))
    try:
        upgrade(target)
        with source.read() as reading, target.write() as writing:
            _copy_tables(reading, writing)
    finally:
        target.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def _copy_tables(reading: Connection, writing: Connection) -> None:
    for table in schema.metadata.sorted_tables:
        rows = reading.execution_options(yield_per=500).execute(select(table)).mappings()
        for batch in take_batches(rows):
            writing.execute(insert(table), [dict(row) for row in batch])


def _read_snapshot(path: Path) -> tuple[int, list[str]]:
    """Return how many documents it has, and the originals that they and its jobs need."""
    database = Database(URL.create("sqlite+pysqlite", database=str(path)))
    try:
        with database.read() as connection:
            num_documents = connection.execute(select(func.count()).select_from(schema.document)).scalar_one()
            blobs = set(connection.execute(select(schema.content.c.blob_sha256)).scalars())
    finally:
        database.close()
    return num_documents, sorted(blobs)


def restore(
    source: Path, home: Path, *, database_url: str | None = None, force: bool = False
) -> BackupReport:
    """Bring a backup back into ``home``; every file is checked before anything is touched.

    Args:
        source: what ``backup`` wrote.
        home: new or empty, or with ``force`` replaced (models stay).
        database_url: put the database there instead of into ``home``.
        force: replace what is in ``home`` and in the database.

    Raises:
        NotFoundError: ``source`` is not there.
        ConflictError: ``home`` or the database is not empty, or in use.
        StorageError: ``source`` is not a whole backup.
    """
    home = home.absolute()
    if not source.exists():
        raise NotFoundError(
            f"{source} does not exist.", remedy="Name a folder or file that `ondol backup` wrote."
        )
    _check_empty(home, force=force)
    staging = home.with_name(f".{home.name}.{secrets.token_hex(4)}.restoring")
    try:
        with translate_os_errors(f"restoring {source}"):
            staging.mkdir(mode=0o700, parents=True)
            manifest = _stage(source, staging)
            num_documents, blobs = _read_snapshot(staging / _DATABASE)
            _move_in(staging, home, database_url, force=force)
    finally:
        _remove(staging)
    with open_store(home, database_url=database_url) as store, store.database.read() as connection:
        if store.database.is_sqlite and connection.execute(text("PRAGMA quick_check")).scalar() != "ok":
            raise StorageError(f"The database in {source} is damaged.", remedy="Use another backup.")
    manifest_blobs = {name.rpartition("/")[2] for name in manifest.files if name.startswith("blobs/")}
    return BackupReport(
        path=str(home),
        num_files=len(manifest.files),
        size_bytes=sum(record.size_bytes for record in manifest.files.values()),
        num_documents=num_documents,
        num_blobs=sum(sha256 in manifest_blobs for sha256 in blobs),
        num_missing=sum(sha256 not in manifest_blobs for sha256 in blobs),
    )


def _check_empty(home: Path, *, force: bool) -> None:
    if force or not home.exists():
        return
    held = [entry.name for entry in home.iterdir() if entry.name not in _KEPT_ON_RESTORE]
    if held:
        raise ConflictError(
            f"{home} is not empty: it has {', '.join(sorted(held)[:5])}.",
            remedy="Restore into a new folder, or use --force to replace what is there.",
        )


def _stage(source: Path, staging: Path) -> BackupManifest:
    """Copy the backup beside the home and check it."""
    not_whole = StorageError(f"{source} is not a whole backup.", remedy="Use another backup.")
    if source.is_dir():
        root = source
    else:
        try:
            with tarfile.open(source, "r:") as archive:
                archive.extractall(staging, filter="data")
        except tarfile.TarError as error:
            raise not_whole from error
        root = staging
    try:
        manifest = BackupManifest.model_validate_json((root / _MANIFEST).read_bytes())
    except (FileNotFoundError, ValueError) as error:
        raise not_whole from error
    for name, record in manifest.files.items():
        file = staging / name
        if root != staging and (root / name).is_file() and file.resolve().is_relative_to(staging.resolve()):
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, file)
        if not file.is_file() or hash_file(file) != record.sha256:
            raise StorageError(
                f"{name} of the backup {source} is missing or damaged.", remedy="Use another backup."
            )
    (staging / _MANIFEST).unlink(missing_ok=True)
    return manifest


def _move_in(staging: Path, home: Path, database_url: str | None, *, force: bool) -> None:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    url = parse_database_url(home, database_url)
    with build_writer_lock(home).hold(), build_index_lock(home).hold():
        if url.get_backend_name() == "sqlite":
            database = Path(url.database or "")
            for suffix in ("-wal", "-shm"):
                database.with_name(database.name + suffix).unlink(missing_ok=True)
            shutil.move(staging / _DATABASE, database)
        else:
            _import(staging / _DATABASE, url, force=force)
            (staging / _DATABASE).unlink()
        for name in ("audit", "blobs", "index", "datasets", "runs"):
            _remove(home / name)
        for entry in sorted(staging.iterdir()):
            if entry.name not in _KEPT_ON_RESTORE or not (home / entry.name).exists():
                entry.replace(home / entry.name)


def _import(path: Path, url: URL, *, force: bool) -> None:
    """Bring a copied database into another one; raises ``ConflictError`` when that is not empty."""
    source, target = Database(URL.create("sqlite+pysqlite", database=str(path))), Database(url)
    try:
        upgrade(source)
        upgrade(target)
        with source.read() as reading, target.write() as writing:
            for table in reversed(schema.metadata.sorted_tables):
                if not force and writing.execute(select(table).limit(1)).first() is not None:
                    raise ConflictError(
                        f"The database {url.render_as_string(hide_password=True)} is not empty.",
                        remedy="Name an empty one, or use --force to replace what is in it.",
                    )
                writing.execute(delete(table))
            _copy_tables(reading, writing)
            for table in (schema.content, schema.change):
                column = table.primary_key.columns[0]
                # Ids given by hand do not move the counter that gives the next one.
                writing.execute(
                    text("SELECT setval(pg_get_serial_sequence(:table, :column), :value)"),
                    {
                        "table": table.name,
                        "column": column.name,
                        "value": (writing.execute(select(func.max(column))).scalar() or 0) + 1,
                    },
                )
    finally:
        source.close()
        target.close()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
