"""What every command shares: its options, how it prints, how it ends.

Exit status: 0 done; 1 the work failed; 2 wrong use; 3 done but with reported losses; 130 interrupted. With
``--json`` one JSON object goes to standard output and nothing else; progress and logs go to standard error.
"""

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from ondol.core.access import LOCAL_PRINCIPAL, Principal
from ondol.core.errors import NotFoundError, OndolError
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

stdout = Console(highlight=False, soft_wrap=True)
stderr = Console(stderr=True, highlight=False, soft_wrap=True)


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
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    else:
        show()


def finish(status: int) -> NoReturn:
    """End the command with this exit status."""
    raise typer.Exit(status)


def report_error(error: OndolError, *, as_json: bool) -> None:
    """Say what happened and what to do next."""
    if as_json:
        body = {"error": {"code": error.code, "message": error.message, "remedy": error.remedy}}
        sys.stdout.write(json.dumps(body, ensure_ascii=False) + "\n")
    stderr.print(f"[red]error[/red] \\[{error.code}] ", end="")
    stderr.print(error.message, markup=False)
    if error.remedy:
        stderr.print(f"→ {error.remedy}", markup=False)


def table(*columns: str) -> Table:
    """An empty table in the house's plain style."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        grid.add_column(column, overflow="fold")
    return grid


def download_bar() -> Progress:
    """A progress bar for bytes, on standard error."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=stderr,
        transient=True,
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
        stderr.print("Stopping; what is done is kept. Ctrl-C again ends at once.")

    before = signal.signal(signal.SIGINT, ask_to_stop)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
