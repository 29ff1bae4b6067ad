"""Datasets: folders under ``datasets/``, each whole or not there.

A folder is written beside its place and moved there when it is complete. A former dataset of the same name is
kept as ``name@1``, ``name@2``, …; it is read under that name.
"""

import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import ValidationError

from ondol.core.access import Principal
from ondol.core.clock import Clock
from ondol.core.errors import AccessDeniedError, ConflictError, NotFoundError, StorageError, WrongUseError
from ondol.core.examples import (
    DatasetChange,
    DatasetManifest,
    Example,
    Rejected,
    RetentionExample,
    Split,
)
from ondol.core.frozen import Frozen
from ondol.policy.access import can_read
from ondol.store.blobs import sync_folder, translate_os_errors
from ondol.store.dataset_writer import (
    MANIFEST,
    REJECTED,
    RETENTION,
    SPLITS,
    DatasetWriter,
    name_file,
    write_manifest,
)
from ondol.store.locks import FileLock
from ondol.store.rows import parse_label

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
_VERSIONED = re.compile(r"([a-z0-9][a-z0-9._-]{0,63})@([1-9][0-9]{0,8})\Z")
_WAIT_S = 60.0
_T = TypeVar("_T", bound=Frozen)


class Removal(Frozen):
    """What was taken out of a dataset.

    Attributes:
        dataset: its name, with the version if it is a former one.
        example_ids: of what was taken out.
        change: as the manifest tells it.
        manifest: of what is left.
    """

    dataset: str
    example_ids: tuple[str, ...]
    change: DatasetChange
    manifest: DatasetManifest


class Amender(Protocol):
    """Keeps the card and other text files true when examples are taken out; the store cannot read them."""

    def add_example(self, example: Example) -> None:
        """Learn of an example that goes."""

    def add_rejected(self, row: Rejected) -> None:
        """Learn of a rejected draft that goes."""

    def amend(self, name: str, data: bytes, *, change: DatasetChange, lines: Mapping[str, int]) -> bytes:
        """Return a file as it is to be; ``lines`` are those of the files of rows that are left, by name."""


class Reviser(Amender, Protocol):
    """Decides on every example of a dataset that is revised, then keeps its text files true."""

    def revise(self, split: Split, example: Example) -> Example | Rejected:
        """Return the example as it is to be, or why it goes."""

    def describe(self, former_hash: str, changed_at: datetime) -> DatasetChange:
        """Return what happened, for the history; asked when all examples were seen."""


class Datasets:
    """The datasets of a home. Safe to use from several threads and processes."""

    def __init__(self, home: Path, *, clock: Clock) -> None:
        self._home = home
        self._folder = home / "datasets"
        self._clock = clock
        self.lock = FileLock(home / "locks" / "datasets", purpose="moving or copying datasets")

    def list_datasets(
        self, *, principal: Principal, with_versions: bool = False
    ) -> tuple[DatasetManifest, ...]:
        """Return the manifests of the datasets of which ``principal`` may read something, by name.

        Args:
            principal: who asks.
            with_versions: former ones too; their manifests are named ``name@1``, …
        """
        found = []
        for name in self._names(with_versions=with_versions):
            try:
                found.append(self.load_manifest(name, principal=principal))
            except NotFoundError:
                continue  # not for this principal, or deleted meanwhile
        return tuple(found)

    def load_manifest(self, name: str, *, principal: Principal) -> DatasetManifest:
        """Return what is known of a dataset, without the sources that ``principal`` may not read.

        Raises:
            NotFoundError: there is none of which ``principal`` may read something.
            StorageError: its manifest is damaged.
        """
        found = _show(self._read_manifest(name), principal)
        if found is None:
            raise _missing(name)
        return found

    def locate(self, name: str, *, principal: Principal) -> Path:
        """Return the folder of a dataset.

        Raises:
            NotFoundError: there is none of which ``principal`` may read something.
            AccessDeniedError: ``principal`` may not read all of it.
        """
        manifest = self.load_manifest(name, principal=principal)
        if not can_read(principal, parse_label(manifest.label)):
            raise AccessDeniedError(
                f"The dataset {name} holds examples that {principal.name} may not read.",
                remedy="Ask its owner, or make one of the documents that you may read.",
            )
        return self._place(name)

    def find_example(self, name: str, example_id: str, *, principal: Principal) -> Example | None:
        """Return an example, if ``principal`` may read it; raises ``NotFoundError`` for the dataset."""
        manifest = self.load_manifest(name, principal=principal)
        sought = example_id.encode()
        for split in SPLITS:
            for _, line in self._walk(manifest, split, 0):
                if sought not in line:
                    continue  # reading JSON is slow, and most lines are others
                example = Example.model_validate_json(line)
                if example.id == example_id:
                    return example if can_read(principal, parse_label(example.label)) else None
        return None

    def list_examples(
        self, name: str, split: Split, *, principal: Principal, after: int = 0, limit: int = 100
    ) -> tuple[tuple[Example, ...], int | None]:
        """Return examples that ``principal`` may read, in the order of the file.

        Args:
            name: of the dataset.
            split: whose file is read; without one it has no examples.
            principal: who asks.
            after: what was returned for the page before; 0 for the first.
            limit: at most so many.

        Returns:
            The examples, and ``after`` of the next page or ``None``.
        """
        manifest = self.load_manifest(name, principal=principal)

        def is_shown(example: Example) -> bool:
            return can_read(principal, parse_label(example.label))

        return self._page(manifest, split, Example, is_shown, after=after, limit=limit)

    def list_rejected(
        self, name: str, *, principal: Principal, after: int = 0, limit: int = 100
    ) -> tuple[tuple[Rejected, ...], int | None]:
        """Return what was rejected, of documents that ``principal`` may read; like ``list_examples``."""
        manifest = self.load_manifest(name, principal=principal)
        # The sources shown to this principal: a document that is not among them may not be read.
        readable = {source.document for source in manifest.sources}
        reads_all = can_read(principal, parse_label(manifest.label))

        def is_shown(row: Rejected) -> bool:
            return reads_all or (bool(row.documents) and readable.issuperset(row.documents))

        return self._page(manifest, REJECTED, Rejected, is_shown, after=after, limit=limit)

    def list_retention(
        self, name: str, *, principal: Principal, after: int = 0, limit: int = 100
    ) -> tuple[tuple[RetentionExample, ...], int | None]:
        """Return the retention examples, which hold nothing of the documents; like ``list_examples``."""
        manifest = self.load_manifest(name, principal=principal)
        return self._page(manifest, RETENTION, RetentionExample, lambda _: True, after=after, limit=limit)

    def claim(self, name: str, fingerprint: str, *, replace: bool = False) -> None:
        """Refuse early what ``create`` would refuse after the work is done.

        Args:
            name: of the dataset to be made.
            fingerprint: of what makes it; a dataset of this name that was made by the same gives way.
            replace: so does any other.

        Raises:
            WrongUseError: this cannot be a name.
            ConflictError: a dataset of this name was made by something else.
        """
        _check_name(name)
        if not replace and self._exists(name) and self._read_manifest(name).fingerprint != fingerprint:
            raise _taken(name)

    @contextmanager
    def create(self, name: str, *, replace: bool = False) -> Iterator[DatasetWriter]:
        """Give a writer; the dataset appears with its ``finish``, or not at all.

        A dataset with the same content under this name gives way; one that came of the same content by
        experts' reviews stays.

        Args:
            name: of the dataset, no version.
            replace: one with other content gives way too, and is kept as a version.

        Raises:
            WrongUseError: this cannot be a name.
            ConflictError: another process writes a dataset of this name; from ``finish``: there is one with
                other content.
        """
        _check_name(name)

        def install(partial: Path, manifest: DatasetManifest) -> DatasetManifest:
            with self.lock.hold(timeout_s=_WAIT_S):
                former = self._read_manifest(name) if self._place(name).exists() else None
                if former is not None and not replace and _was_reviewed(former, manifest.hash):
                    shutil.rmtree(partial)
                    return former
                if former is not None and former.hash != manifest.hash:
                    if not replace:
                        raise _taken(name)
                    self._place(name).replace(self._folder / f"{name}@{self._next_version(name)}")
                elif former is not None and former.history:
                    # The run that it came from was published again: what it was before is still true.
                    manifest = manifest.model_copy(update={"history": former.history})
                    write_manifest(partial, manifest)
                self._move_in(partial, name)
            return manifest

        with self._write(name, install) as writer:
            yield writer

    def remove_examples(
        self,
        name: str,
        is_removed: Callable[[Example], bool],
        *,
        reason: str,
        amender: Amender,
        document: str = "",
    ) -> Removal | None:
        """Take examples out of a dataset for good: it is not kept as it was.

        Args:
            name: of the dataset, or of a version.
            is_removed: whether an example goes.
            reason: for the history in the manifest.
            amender: sees what goes, then each file that is not of rows.
            document: id of a document that is forgotten: it leaves sources and rejected rows too.

        Returns:
            What was taken out; ``None`` when there was nothing to take out.

        Raises:
            NotFoundError: no such dataset.
            ConflictError: another process writes it.
        """
        self._read_manifest(name)

        def install(partial: Path, installed: DatasetManifest) -> DatasetManifest:
            with self.lock.hold(timeout_s=_WAIT_S):
                self._move_in(partial, name)
            return installed

        with self._write(name, install) as writer:
            manifest = self._read_manifest(name)
            removed = self._copy_examples(manifest, writer, is_removed, amender)
            num_rejected = self._copy_others(manifest, writer, document, amender)
            sources = tuple(source for source in manifest.sources if source.document != document)
            if not removed and not num_rejected and len(sources) == len(manifest.sources):
                return None
            change = DatasetChange(
                changed_at=self._clock(),
                reason=reason,
                document=document,
                num_examples=len(removed),
                num_rejected=num_rejected,
                former_hash=manifest.hash,
            )
            for file in manifest.files:
                if not file.endswith(".jsonl"):
                    data = (self._place(name) / file).read_bytes()
                    writer.add_file(file, amender.amend(file, data, change=change, lines=writer.lines))
            left = writer.finish(
                fingerprint=manifest.fingerprint,
                recipe=manifest.recipe,
                sources=sources,
                models=manifest.models,
                ondol_version=manifest.ondol_version,
                created_at=manifest.created_at,
                history=(*manifest.history, change),
            )
        return Removal(dataset=name, example_ids=tuple(removed), change=change, manifest=left)

    def revise(self, name: str, reviser: Reviser) -> tuple[DatasetManifest, str]:
        """Write a dataset anew as ``reviser`` has it; what it was is kept as a version.

        An example that goes is written to the rejected rows.

        Args:
            name: of the dataset, no version.
            reviser: sees every example, then each file that is not of rows.

        Returns:
            The manifest, and the name of the version; empty when nothing was changed.

        Raises:
            NotFoundError: no such dataset.
            ConflictError: another process writes it.
        """
        _check_name(name)
        manifest = self._read_manifest(name)
        version = ""

        def install(partial: Path, installed: DatasetManifest) -> DatasetManifest:
            nonlocal version
            with self.lock.hold(timeout_s=_WAIT_S):
                version = f"{name}@{self._next_version(name)}"
                self._place(name).replace(self._folder / version)
                self._move_in(partial, name)
            return installed

        with self._write(name, install) as writer:
            manifest = self._read_manifest(name)
            if not self._revise_examples(manifest, writer, reviser):
                return manifest, ""
            change = reviser.describe(manifest.hash, self._clock())
            for file in manifest.files:
                if not file.endswith(".jsonl"):
                    data = (self._place(name) / file).read_bytes()
                    writer.add_file(file, reviser.amend(file, data, change=change, lines=writer.lines))
            revised = writer.finish(
                fingerprint=manifest.fingerprint,
                recipe=manifest.recipe,
                sources=manifest.sources,
                models=manifest.models,
                ondol_version=manifest.ondol_version,
                created_at=manifest.created_at,
                history=(*manifest.history, change),
            )
        return revised, version

    def read_examples(self, name: str) -> Iterator[tuple[Split, Example]]:
        """Yield every example; for whoever may work on all of a dataset, so nobody is asked for."""
        manifest = self._read_manifest(name)
        for split in SPLITS:
            for _, line in self._walk(manifest, split, 0):
                yield split, Example.model_validate_json(line)

    def delete(self, name: str) -> int:
        """Delete a dataset and its versions, or one version; return how many; raises ``NotFoundError``."""
        names = [name, *self._versions(name)] if _NAME.match(name) else [name]
        self._read_manifest(name)
        with self._writing(name.partition("@")[0]), self.lock.hold(timeout_s=_WAIT_S):
            for found in names:
                self._drop(found)
        return len(names)

    def names(self) -> list[str]:
        """Return the names of all datasets, former versions too; for whoever works on every one."""
        return self._names(with_versions=True)

    def read_history(self, name: str) -> tuple[str, tuple[DatasetChange, ...]]:
        """Return the hash of a dataset and what was taken out of it."""
        manifest = self._read_manifest(name)
        return manifest.hash, manifest.history

    def _copy_examples(
        self,
        manifest: DatasetManifest,
        writer: DatasetWriter,
        is_removed: Callable[[Example], bool],
        amender: Amender,
    ) -> list[str]:
        """Copy what stays and return the ids of what goes."""
        removed = []
        for split in SPLITS:
            for _, line in self._walk(manifest, split, 0):
                example = Example.model_validate_json(line)
                if is_removed(example):
                    removed.append(example.id)
                    amender.add_example(example)
                else:
                    writer.add_line(split, example, line)
        return removed

    def _revise_examples(self, manifest: DatasetManifest, writer: DatasetWriter, reviser: Reviser) -> bool:
        """Write the rows as they are to be; return whether any is another one."""
        gone: list[Rejected] = []
        is_changed = False
        for split in SPLITS:
            for _, line in self._walk(manifest, split, 0):
                example = Example.model_validate_json(line)
                revised = reviser.revise(split, example)
                if isinstance(revised, Rejected):
                    gone.append(revised)
                elif revised == example:
                    writer.add_line(split, example, line)
                else:
                    is_changed = True
                    writer.add(split, revised)
        for stem in (REJECTED, RETENTION):
            for _, line in self._walk(manifest, stem, 0):
                writer.add_raw(stem, line)
        for row in gone:
            writer.add_rejected(row)
        return is_changed or bool(gone)

    def _copy_others(
        self, manifest: DatasetManifest, writer: DatasetWriter, document: str, amender: Amender
    ) -> int:
        """Copy retention and rejected rows and return how many of these did not stay."""
        count = 0
        for stem in (REJECTED, RETENTION):
            for _, line in self._walk(manifest, stem, 0):
                if stem == REJECTED and document and document.encode() in line:
                    count += 1
                    amender.add_rejected(Rejected.model_validate_json(line))
                else:
                    writer.add_raw(stem, line)
        return count

    def _page(
        self,
        manifest: DatasetManifest,
        stem: str,
        kind: type[_T],
        is_shown: Callable[[_T], bool],
        *,
        after: int,
        limit: int,
    ) -> tuple[tuple[_T, ...], int | None]:
        found: list[_T] = []
        for end, line in self._walk(manifest, stem, after):
            row = kind.model_validate_json(line)
            if is_shown(row):
                found.append(row)
            if len(found) == limit:
                is_last = end >= manifest.files[name_file(stem)].size_bytes
                return tuple(found), None if is_last else end
        return tuple(found), None

    def _walk(self, manifest: DatasetManifest, stem: str, after: int) -> Iterator[tuple[int, bytes]]:
        """Yield the lines of a file from a byte on, each with where it ends."""
        if name_file(stem) not in manifest.files:
            return
        path = self._place(manifest.name) / name_file(stem)
        with translate_os_errors(f"reading the dataset {manifest.name}"), path.open("rb") as file:
            if after and (file.seek(after - 1), file.read(1))[1] != b"\n":
                raise WrongUseError(
                    f"{after} is not the end of a line of {path.name}.",
                    remedy="Pass on what the page before returned.",
                )
            end = after
            for line in file:
                end += len(line)
                yield end, line

    @contextmanager
    def _write(
        self, name: str, install: Callable[[Path, DatasetManifest], DatasetManifest]
    ) -> Iterator[DatasetWriter]:
        with self._writing(name.partition("@")[0]):
            self._clean(name)
            partial = self._folder / f".{name}.{secrets.token_hex(4)}.partial"
            writer = DatasetWriter(
                name, partial, now=self._clock(), install=lambda manifest: install(partial, manifest)
            )
            try:
                yield writer
            finally:
                writer.discard()

    @contextmanager
    def _writing(self, name: str) -> Iterator[None]:
        lock = FileLock(self._home / "locks" / f"dataset-{name}", purpose=f"writing the dataset {name}")
        with lock.hold():
            yield

    def _move_in(self, partial: Path, name: str) -> None:
        """Put a whole folder in the place of another one, which goes."""
        place = self._place(name)
        former = self._folder / f".{name}.{secrets.token_hex(4)}.former"
        if place.exists():
            place.replace(former)
        # A process killed here leaves the whole folder beside its place, where ``_heal`` finds it.
        partial.replace(place)
        sync_folder(self._folder)
        if former.exists():
            shutil.rmtree(former)

    def _heal(self, name: str) -> None:
        """Finish what a process that was killed in ``_move_in`` had begun."""
        try:
            with self._writing(name.partition("@")[0]), self.lock.hold(timeout_s=_WAIT_S):
                if self._place(name).exists():
                    return
                for kind in ("partial", "former"):
                    for folder in self._left_overs(name, kind):
                        if (folder / MANIFEST).is_file():
                            folder.replace(self._place(name))
                            sync_folder(self._folder)
                            return
        except ConflictError:
            # Somebody is writing it: if it is being moved, wait until it is there.
            with self.lock.hold(timeout_s=_WAIT_S, is_shared=True):
                return

    def _clean(self, name: str) -> None:
        """Remove what killed writers of this dataset left; nobody else writes it now."""
        self._exists(name)
        for folder in self._left_overs(name, "(partial|former|dropped)"):
            shutil.rmtree(folder)

    def _left_overs(self, name: str, kind: str) -> list[Path]:
        pattern = re.compile(rf"\.{re.escape(name)}\.[0-9a-f]{{8}}\.{kind}\Z")
        if not self._folder.is_dir():
            return []
        return sorted(entry for entry in self._folder.iterdir() if pattern.match(entry.name))

    def _exists(self, name: str) -> bool:
        if not self._place(name).exists() and self._left_overs(name, "(partial|former)"):
            self._heal(name)
        return self._place(name).exists()

    def _place(self, name: str) -> Path:
        if not (_NAME.match(name) or _VERSIONED.match(name)):
            raise WrongUseError(
                f"{name[:80]!r} is not the name of a dataset.",
                remedy="Use up to 64 lower-case letters, digits, dots, dashes and underscores.",
            )
        return self._folder / name

    def _read_manifest(self, name: str) -> DatasetManifest:
        path = self._place(name) / MANIFEST
        data = self._read_file(name, path)
        if data is None:  # moved this moment: when it is done, another one is there
            with self.lock.hold(timeout_s=_WAIT_S, is_shared=True):
                data = self._read_file(name, path)
        if data is None:
            raise _missing(name)
        try:
            manifest = DatasetManifest.model_validate_json(data)
        except ValidationError as error:
            raise StorageError(
                f"{path} is damaged, or was written by a newer Ondol.", remedy="Restore a backup."
            ) from error
        return manifest.model_copy(update={"name": name})

    def _read_file(self, name: str, path: Path) -> bytes | None:
        with translate_os_errors(f"reading the dataset {name}"):
            try:
                return path.read_bytes() if self._exists(name) else None
            except FileNotFoundError:
                return None

    def _names(self, *, with_versions: bool) -> list[str]:
        if not self._folder.is_dir():
            return []
        # A listing taken while a dataset gives way to another may show neither.
        with self.lock.hold(timeout_s=_WAIT_S, is_shared=True):
            found = {entry.name for entry in self._folder.iterdir() if entry.is_dir()}
        broken = (re.match(r"\.(.+)\.[0-9a-f]{8}\.(?:partial|former)\Z", name) for name in found)
        for match in [match for match in broken if match]:
            if match[1] not in found and self._exists(match[1]):
                found.add(match[1])
        return sorted(
            name for name in found if _NAME.match(name) or (with_versions and _VERSIONED.match(name))
        )

    def _versions(self, name: str) -> list[str]:
        found = (_VERSIONED.match(other) for other in self._names(with_versions=True))
        return [match[0] for match in found if match and match[1] == name]

    def _next_version(self, name: str) -> int:
        return max((int(version.partition("@")[2]) for version in self._versions(name)), default=0) + 1

    def _drop(self, name: str) -> None:
        # Renamed first, so that nobody sees half of it.
        dropped = self._folder / f".{name}.{secrets.token_hex(4)}.dropped"
        self._place(name).replace(dropped)
        shutil.rmtree(dropped)


def _check_name(name: str) -> None:
    if not _NAME.match(name):
        raise WrongUseError(
            f"{name[:80]!r} cannot be the name of a dataset.",
            remedy="Use up to 64 lower-case letters, digits, dots, dashes and underscores.",
        )


def _was_reviewed(manifest: DatasetManifest, former_hash: str) -> bool:
    """Tell whether a dataset came of rows with this hash by reviews, which are not to be lost."""
    return any(not change.document and change.former_hash == former_hash for change in manifest.history)


def _taken(name: str) -> ConflictError:
    return ConflictError(
        f"The dataset {name} exists with other content.",
        remedy="Use --replace to keep it as a version, or choose another name.",
    )


def _missing(name: str) -> NotFoundError:
    return NotFoundError(f"There is no dataset {name[:80]!r}.", remedy="`ondol forge list` shows all.")


def _show(manifest: DatasetManifest, principal: Principal) -> DatasetManifest | None:
    """Return the manifest as ``principal`` may see it, ``None`` if nothing of the dataset may be read."""
    readable = {text for text in manifest.labels if can_read(principal, parse_label(text))}
    if manifest.labels and not readable:
        return None
    sources = tuple(source for source in manifest.sources if source.label in readable)
    return manifest.model_copy(update={"sources": sources})
