"""``ondol forge``: from the corpus to a verified training dataset."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ondol.core.errors import ConflictError
from ondol.forge.initial import find_recipe, propose_recipe
from ondol.forge.recipe import load_recipe
from ondol.forge.report import ForgeProgress, ForgeReport
from ondol.serve.cli.terminal import (
    INTERRUPTED,
    LOSSES,
    As,
    AsJson,
    Home,
    emit,
    finish,
    opened,
    principal_of,
    print_table,
    show_address,
    stderr,
    stdout,
    stopping_at_interrupt,
    table,
    tell_now_and_then,
)

NO_DATASETS = (
    "No datasets. `ondol forge init` writes a recipe, `ondol forge run RECIPE` makes a dataset of it."
)

forge = typer.Typer(no_args_is_help=True, help="Make verified training data of the documents.")


@forge.command("run")
def run(
    recipe: Annotated[
        str, typer.Argument(help="A recipe file, or the name of one that ships: manual-qa, regulation, …")
    ],
    target: Annotated[
        int | None,
        typer.Option("--target", min=1, help="Accepted examples wanted, in place of the recipe's."),
    ] = None,
    out: Annotated[
        str | None, typer.Option("--out", help="Name of the dataset [default: the recipe's].")
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option(
            "--concurrency",
            min=1,
            max=512,
            help="Requests at once [default: 32 for a server, 1 for the embedded model].",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Keep a dataset of this name as an older version.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Make a dataset: N accepted examples, each with its proof, or the reason why there are fewer.

    Stopped at any moment, the same command goes on where it was.

    Example: ondol forge run manual-qa --target 200
    """
    wanted = load_recipe(find_recipe(recipe))
    if target is not None:
        wanted = wanted.model_copy(update={"target": target})
    with opened(home) as ondol:
        principal = principal_of(ondol, as_)
        with showing_forge() as progress, stopping_at_interrupt() as should_stop:
            report = ondol.forge(
                wanted,
                principal=principal,
                name=out,
                concurrency=concurrency,
                replace=replace,
                progress=progress,
                should_stop=should_stop,
            )
    emit(report.to_json(), as_json=as_json, show=lambda: show_report(report))
    if report.interrupted:
        finish(INTERRUPTED)
    if report.shortfall:
        finish(LOSSES)


@forge.command("init")
def init(
    path: Annotated[Path, typer.Argument(help="Where to write the recipe.")] = Path("recipe.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    home: Home = None,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Write a recipe that fits the corpus: its languages, licences, folders and size.

    Example: ondol forge init handbook.yaml
    """
    with opened(home) as ondol:
        documents = ondol.all_documents(principal=principal_of(ondol, as_))
    text = propose_recipe(documents)
    if path.exists() and not force:
        raise ConflictError(f"{path} is there already.", remedy="Name another file, or add --force.")
    path.write_text(text, encoding="utf-8")
    result = {"recipe": str(path), "documents": len(documents)}
    emit(
        result,
        as_json=as_json,
        show=lambda: stdout.print(f"Wrote {path}. Next: ondol forge run {path}", markup=False),
    )


@forge.command("list")
def list_datasets(home: Home = None, as_json: AsJson = False, as_: As = None) -> None:
    """List the datasets that you may read.

    Example: ondol forge list
    """
    with opened(home) as ondol:
        found = ondol.store.datasets.list_datasets(principal=principal_of(ondol, as_))
    grid = table("name", "examples", "label", "licences", "made")
    for manifest in found:
        grid.add_row(
            manifest.name,
            str(manifest.num_examples),
            manifest.label,
            ", ".join(manifest.licences),
            f"{manifest.created_at:%F %R}",
        )
    result = {"datasets": [manifest.to_json() for manifest in found]}
    emit(result, as_json=as_json, show=lambda: print_table(grid, empty=NO_DATASETS))


@forge.command("delete-document")
def delete_document(
    uri: Annotated[str, typer.Argument(help="The document's address or path; it may be gone already.")],
    home: Home = None,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Remove a document and everything derived from it: examples, ledger rows, cached calls, reviews.

    Says which datasets and models were touched; a model that was trained on it has to be tuned again.

    Example: ondol forge delete-document file:///srv/manuals/old.pdf
    """
    with opened(home) as ondol:
        forgotten = ondol.forget(uri, principal=principal_of(ondol, as_))

    def show() -> None:
        stdout.print(
            f"{show_address(forgotten.uri)}: {forgotten.num_examples} examples, {forgotten.num_calls} cached "
            f"calls removed; datasets touched: {', '.join(forgotten.dataset_names) or 'none'}; "
            f"models touched: {', '.join(forgotten.model_names) or 'none'}.",
            markup=False,
        )

    emit(forgotten.to_json(), as_json=as_json, show=show)


def show_report(report: ForgeReport) -> None:
    """Print what a run ended with, losses first."""
    if report.interrupted:
        stdout.print(
            f"Stopped with {report.accepted} of {report.target} accepted; the same command goes on.",
            markup=False,
        )
        return
    grid = table("rejected by", "drafts")
    for reason, count in report.by_reason.items():
        grid.add_row(reason, str(count))
    if report.by_reason:
        print_table(grid)
    for note in report.notes:
        stderr.print(note, markup=False)
    if report.shortfall:
        stderr.print("[yellow]fewer than wanted[/yellow] ", end="")
        stderr.print(report.shortfall, markup=False)
    stdout.print(
        f"{report.dataset}: {report.accepted} of {report.target} accepted, {report.rejected} rejected; "
        f"{report.recall} for recall, {report.retention} for retention; {report.requests} requests, "
        f"{report.coverage.documents_met} of {report.coverage.documents} documents met, "
        f"{report.seconds:.0f} s\n{report.path}",
        markup=False,
    )


@contextmanager
def showing_forge() -> Iterator[Callable[[ForgeProgress], None]]:
    """Show how far a run is, on standard error: a bar on a terminal, else a line now and then."""
    if not stderr.is_terminal:
        yield tell_now_and_then(_say)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TextColumn("{task.fields[detail]}"), TimeRemainingColumn(), console=stderr, transient=True
    ) as bar:
        task = bar.add_task("planning", total=None, detail="")

        def show(now: ForgeProgress) -> None:
            bar.update(
                task, completed=now.done, total=now.total or None, description=now.stage, detail=_detail(now)
            )

        yield show


def _say(now: ForgeProgress) -> str:
    left = f", {now.eta_s:.0f} s left" if now.eta_s is not None else ""
    detail = _detail(now)
    return f"{now.stage}: {now.done} of {now.total}{', ' + detail if detail else ''}{left}"


def _detail(now: ForgeProgress) -> str:
    if now.stage != "writing":
        return ""
    most = sorted(now.by_check.items(), key=lambda item: -item[1])[:3]
    reasons = ", ".join(f"{name} {count}" for name, count in most)
    return f"{now.per_minute:.0f}/min, {now.requests} requests, {now.rejected} rejected ({reasons or 'none'})"
