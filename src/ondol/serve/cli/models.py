"""``ondol models``: the catalogue of models."""

from typing import Annotated

import typer

from ondol.core.models import ModelRecord
from ondol.engines.fetch import pull as pull_model
from ondol.serve.cli.terminal import AsJson, Home, download_bar, emit, opened, print_table, stdout, table
from ondol.serve.flows import Ondol

models = typer.Typer(no_args_is_help=True, help="List, fetch and add models.")


@models.command("list")
def list_models(home: Home = None, as_json: AsJson = False) -> None:
    """List the models known here, installed or not.

    Example: ondol models list
    """
    with opened(home) as ondol:
        found = ondol.catalogue.list_models()

    def show() -> None:
        grid = table("name", "for", "licence", "size", "installed")
        for model in found:
            grid.add_row(
                model.name,
                ", ".join(model.capabilities),
                model.licence,
                f"{model.size_bytes / 1e6:.0f} MB" if model.size_bytes else "",
                "yes" if model.installed else f"no: ondol models pull {model.name}",
            )
        print_table(grid)

    emit({"models": [model.to_json() for model in found]}, as_json=as_json, show=show)


@models.command("pull")
def pull(
    name: Annotated[str, typer.Argument(help="A name from `ondol models list`.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a model; its SHA-256 is checked against the pinned one.

    Example: ondol models pull all-minilm-l6-v2
    """
    with opened(home) as ondol:
        record = fetch(ondol, name)
    emit(record.to_json(), as_json=as_json, show=lambda: _show(record))


@models.command("add")
def add(
    source: Annotated[
        str, typer.Argument(help="file:/path/model.gguf, a folder, or hf:org/repo/file@sha256.")
    ],
    name: Annotated[str | None, typer.Option("--name", help="Name to give it.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Add a model from a file or a folder; nothing is downloaded for file: sources.

    Example: ondol models add file:/media/usb/EXAONE-4.0-1.2B-Q4_K_M.gguf
    """
    with opened(home) as ondol:
        record = ondol.catalogue.add(source, name=name)
    emit(record.to_json(), as_json=as_json, show=lambda: _show(record))


def fetch(ondol: Ondol, name: str) -> ModelRecord:
    """Fetch a model with a progress bar."""
    with download_bar() as bar:
        task = bar.add_task(name, total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return pull_model(name, ondol.settings.models_dir, progress)


def _show(record: ModelRecord) -> None:
    stdout.print(f"{record.name}  {record.licence}  sha256 {record.sha256}", markup=False)
