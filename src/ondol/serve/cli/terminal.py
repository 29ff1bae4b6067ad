"""What every command shares: its options, how it prints, how it ends.

Exit status: 0 done; 1 the work failed; 2 wrong use; 3 done but with reported losses; 130 interrupted. With
``--json`` one JSON object goes to standard output and nothing else; progress and logs go to standard error.
"""

import io
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from ondol.core.access import LOCAL_PRINCIPAL, Principal
from ondol.core.errors import NotFoundError, OndolError
from ondol.ingest.report import IngestProgress
from ondol.ingest.uris import unquote_name
from ondol.serve.flows import Ondol
from ondol.serve.settings import Settings, load_settings

LOSSES = 3
INTERRUPTED = 130

Home = Annotated[
    Path | None,
    typer.Option("--home", help="The folder that holds everything [default: $ONDOL_HOME or ~/.ondol]."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
As = Annotated[
    str | None,
    typer.Option("--as", metavar="PRINCIPAL", help="Act as this principal (see `ondol keys`)."),
]

Progressing = TypeVar("Progressing")

stdout = Console(highlight=False, soft_wrap=True)
stderr = Console(stderr=True, highlight=False, soft_wrap=True)

_PIPED_WIDTH = 10_000
_TELL_EVERY_S = 10.0
_WAITING = "waiting for another ingest into this home to end"


@contextmanager
def opened(home: Path | None, **flags: Any) -> Iterator[Ondol]:
    """Open the home folder and close it again, whatever happens."""
    with Ondol(load_settings(home=home, **flags)) as ondol:
        yield ondol


def settings_of(home: Path | None) -> Settings:
    """Return the settings without opening anything."""
    return load_settings(home=home)


def principal_of(ondol: Ondol, name: str | None) -> Principal:
    """Resolve ``--as``; without it the owner of the machine acts.

    Raises:
        NotFoundError: nobody of that name is known.
    """
    if name is None or name == LOCAL_PRINCIPAL.name:
        return LOCAL_PRINCIPAL
    found = ondol.store.principals.find_principal(name, principal=LOCAL_PRINCIPAL)
    if found is None:
        raise NotFoundError(
            f"Nobody is called {name!r} here.",
            remedy="`ondol keys list` shows who is; `ondol keys add NAME --label LABEL` adds someone.",
        )
    return found


def emit(result: dict[str, Any], *, as_json: bool, show: Callable[[], None]) -> None:
    """Print the result: as JSON, or as ``show`` draws it for a person."""
    if as_json:
        _write_json(result)
    else:
        show()


def _write_json(result: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def finish(status: int) -> NoReturn:
    """End the command with this exit status."""
    raise typer.Exit(status)


def report_error(error: OndolError, *, as_json: bool) -> None:
    """Say what happened and what to do next."""
    if as_json:
        report_error_json(error.code, error.message, error.remedy)
    stderr.print(f"[red]error[/red] \\[{error.code}] ", end="")
    stderr.print(error.message, markup=False)
    if error.remedy:
        stderr.print(f"→ {error.remedy}", markup=False)


def report_error_json(code: str, message: str, remedy: str) -> None:
    """Write the one JSON object of a command that failed."""
    _write_json({"error": {"code": code, "message": message, "remedy": remedy}})


def prepare_streams() -> None:
    """Make printing safe in any locale: what a terminal cannot show is replaced, never an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def table(*columns: str) -> Table:
    """An empty table in the house's plain style; one line a row where no terminal sets the width."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        grid.add_column(column, overflow="fold", no_wrap=not stdout.is_terminal)
    return grid


def print_table(grid: Table, *, empty: str = "") -> None:
    """Print a table: as wide as the terminal, or one line a row for a program that reads it.

    ``empty`` is printed instead of a table without rows.
    """
    if empty and not grid.row_count:
        stdout.print(empty, markup=False)
        return
    if stdout.is_terminal:
        stdout.print(grid)
        return
    page = Console(file=io.StringIO(), width=_PIPED_WIDTH, highlight=False)
    with page.capture() as captured:
        page.print(grid)
    for line in captured.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")


def show_address(uri: str) -> str:
    """Return an address as people write it: the path of a file, nothing percent-encoded."""
    path = unquote_name(uri).removeprefix("file://")
    return "".join(character if character.isprintable() else "�" for character in path)


@contextmanager
def showing_progress() -> Iterator[Callable[[IngestProgress], None]]:
    """Show how far an ingest is, on standard error: a bar on a terminal, else a line now and then."""
    if not stderr.is_terminal:
        yield _ProgressLines().show
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TextColumn("{task.fields[speed]}"), TimeRemainingColumn(), console=stderr, transient=True
    ) as bar:
        task = bar.add_task("reading", total=None, speed="")

        def show(now: IngestProgress) -> None:
            stage = _WAITING if now.stage == "waiting" else now.stage
            total = now.total or None
            bar.update(task, completed=now.done, total=total, description=stage, speed=_say_speed(now))

        yield show


def tell_now_and_then(say: Callable[[Progressing], str]) -> Callable[[Progressing], None]:
    """Return what prints progress for a log file: a line every few seconds."""
    told_s = time.monotonic()

    def show(now: Progressing) -> None:
        nonlocal told_s
        if time.monotonic() - told_s >= _TELL_EVERY_S:
            told_s = time.monotonic()
            stderr.print(say(now), markup=False)

    return show


class _ProgressLines:
    """Progress for a log file."""

    def __init__(self) -> None:
        self._told_s = time.monotonic()
        self._is_waiting = False

    def show(self, now: IngestProgress) -> None:
        if now.stage == "waiting" and not self._is_waiting:
            self._is_waiting = True
            stderr.print(f"{_WAITING}.")
        if now.stage in {"waiting", "done"} or time.monotonic() - self._told_s < _TELL_EVERY_S:
            return
        self._told_s = time.monotonic()
        left = f", {now.eta_s:.0f} s left" if now.eta_s is not None and now.stage == "reading" else ""
        stderr.print(f"{now.stage}: {now.done} of {now.total} files, {_say_speed(now)}{left}")


def _say_speed(now: IngestProgress) -> str:
    return "" if now.stage == "waiting" else f"{now.files_per_s:.1f} files/s {now.megabytes_per_s:.1f} MB/s"


def download_bar() -> Progress:
    """A progress bar for bytes, on standard error; nothing where there is no terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=stderr,
        transient=True,
        disable=not stderr.is_terminal,
    )


@contextmanager
def stopping_at_interrupt() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a request to stop at the next safe point; the second one interrupts."""
    asked = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        # Not through `stderr`: it may be in the middle of printing, and would print that again.
        clear = "\r\x1b[2K" if stderr.is_terminal else ""
        os.write(2, f"{clear}Stopping; what is done is kept. Ctrl-C again ends at once.\n".encode())

    before = signal.signal(signal.SIGINT, ask_to_stop)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
