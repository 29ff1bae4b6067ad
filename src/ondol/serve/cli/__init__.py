"""The ``ondol`` command."""

import sys
import traceback
from typing import Annotated, Protocol, runtime_checkable

import typer

from ondol import __version__
from ondol.core.errors import OndolError
from ondol.serve.allocator import limit_heaps
from ondol.serve.cli import corpus, forge, models, operations, query, service
from ondol.serve.cli.terminal import (
    INTERRUPTED,
    prepare_streams,
    report_error,
    report_error_json,
    stderr,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Cited answers from your own documents, inside your own network. Start with `ondol up`.",
)

app.command()(service.up)
app.command()(corpus.ingest)
app.command()(query.ask)
app.command()(query.search)
app.command()(service.serve)
app.add_typer(corpus.documents, name="documents")
app.add_typer(forge.forge, name="forge")
app.add_typer(models.models, name="models")
app.add_typer(operations.keys, name="keys")
app.add_typer(operations.jobs, name="jobs")
app.command()(operations.backup)
app.command()(operations.restore)
app.add_typer(operations.audit, name="audit")
app.command("settings")(operations.show_settings)
app.command()(operations.doctor)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"ondol {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version


@runtime_checkable
class _UsageProblem(Protocol):
    """What the command line's parser raises for a wrong option or a missing argument."""

    exit_code: int

    def format_message(self) -> str:
        """Say what is wrong."""

    def show(self) -> None:
        """Print usage and problem on standard error."""


def main() -> None:
    """Run the command; every error ends in one message, one JSON object with ``--json``, and its status."""
    limit_heaps()
    prepare_streams()
    as_json = "--json" in sys.argv[1:]
    try:
        status = app(standalone_mode=False)
    except OndolError as error:
        report_error(error, as_json=as_json)
        status = error.exit_status
    except KeyboardInterrupt:
        stderr.print("interrupted")
        status = INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        status = 0
    except Exception as error:  # noqa: BLE001 - the last place that can say what happened
        status = _report_unexpected(error, as_json=as_json)
    sys.exit(status if isinstance(status, int) else 0)


def _report_unexpected(error: Exception, *, as_json: bool) -> int:
    if isinstance(error, _UsageProblem):
        error.show()
        if as_json:
            report_error_json("wrong_use", error.format_message(), "--help shows what may be given.")
        return error.exit_code
    traceback.print_exception(error)
    if as_json:
        message = f"Something that was not foreseen went wrong ({type(error).__name__}: {error})."
        report_error_json("internal", message, "Please report it with the lines on standard error.")
    return 1
