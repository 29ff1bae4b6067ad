"""The ``ondol`` command."""

import sys
from typing import Annotated

import typer

from ondol import __version__
from ondol.core.errors import OndolError
from ondol.serve.cli import corpus, models, operations, query, service
from ondol.serve.cli.terminal import INTERRUPTED, report_error, stderr

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


def main() -> None:
    """Run the command; every error of ours ends in one message and its exit status."""
    try:
        app()
    except OndolError as error:
        report_error(error, as_json="--json" in sys.argv[1:])
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        stderr.print("interrupted")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
