"""``ondol forge``: from the corpus to a verified training dataset."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ondol.core.access import Principal
from ondol.core.errors import AccessDeniedError, ConflictError, NotFoundError, WrongUseError
from ondol.core.examples import DatasetChange, DatasetManifest
from ondol.forge.apply import Applied
from ondol.forge.card import CARD_FILE
from ondol.forge.clean import Cleaning
from ondol.forge.forget import Forgotten
from ondol.forge.initial import find_recipe, propose_recipe
from ondol.forge.overview import Overview
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
from ondol.serve.flows import Ondol

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
    try:
        path = find_recipe(recipe)
    except NotFoundError as error:
        raise WrongUseError(error.message, remedy=error.remedy) from error
    wanted = load_recipe(path)
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
    told = f"Wrote {path} for {_count(len(documents), 'document')}. Next: ondol forge run {path}"
    if not documents:
        told = f"Wrote {path}, but there are no documents yet. Next: ondol ingest PATH, then init --force."
    emit(result, as_json=as_json, show=lambda: stdout.print(told, markup=False))


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


@forge.command("show")
def show_dataset(
    name: Annotated[str, typer.Argument(help="The dataset; name@1 is a former version.")],
    home: Home = None,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Show a dataset: what is in it, what it may be used for, where it lies.

    Example: ondol forge show manual-qa
    """
    with opened(home) as ondol:
        principal = principal_of(ondol, as_)
        manifest, overview = ondol.survey_dataset(name, principal=principal)
        place = _locate(ondol, manifest.name, principal)
    emit(manifest.to_json(), as_json=as_json, show=lambda: _print_dataset(manifest, overview, place))


def _locate(ondol: Ondol, name: str, principal: Principal) -> Path | None:
    try:
        return ondol.store.datasets.locate(name, principal=principal)
    except AccessDeniedError:
        return None


def _print_dataset(manifest: DatasetManifest, overview: Overview, place: Path | None) -> None:
    kinds = sorted({kind for found in manifest.counts.values() for kind in found})
    grid = table("split", "examples", *kinds)
    for split, found in manifest.counts.items():
        grid.add_row(split, str(sum(found.values())), *(str(found.get(kind, 0)) for kind in kinds))
    print_table(grid, empty="No examples.")
    verdict = overview.verdict
    lines = [
        f"beside them  {manifest.num_rejected} rejected, {manifest.num_retention} for retention",
        f"label        {manifest.label}",
        f"licences     {', '.join(manifest.licences) or 'none'}; for {verdict.use} use: {verdict.allowed}",
        *([f"             {verdict.reason}"] if verdict.allowed != "yes" else []),
        f"coverage     {overview.documents_met} of {overview.documents} documents are quoted, "
        f"{overview.facts_taught} facts taught",
        f"made         {manifest.created_at:%F %R} UTC by Ondol {manifest.ondol_version}",
        *(
            f"changed      {change.changed_at:%F %R} UTC: {_tell_change(change)}"
            for change in manifest.history
        ),
    ]
    if place is None:
        lines.append("You may read part of it; what you may not is not counted under coverage.")
    else:
        lines += [f"folder       {place}", f"card         {place / CARD_FILE}"]
    stdout.print("\n".join(lines), markup=False)


def _tell_change(change: DatasetChange) -> str:
    corrected = f", {change.num_corrected} corrected" if change.num_corrected else ""
    confirmed = f", {change.num_confirmed} confirmed" if change.num_confirmed else ""
    return f"{change.reason}: {change.num_examples} taken out{corrected}{confirmed}"


@forge.command("apply-reviews")
def apply_reviews(
    name: Annotated[str, typer.Argument(help="The dataset.")],
    home: Home = None,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Make the experts' verdicts part of a dataset; what it was is kept as a version.

    What most of its reviewers reject leaves, what they corrected is put right, what they accept is marked so.

    Example: ondol forge apply-reviews manual-qa
    """
    with opened(home) as ondol:
        applied = ondol.apply_reviews(name, principal=principal_of(ondol, as_))
    emit(applied.to_json(), as_json=as_json, show=lambda: stdout.print(_tell_applied(applied), markup=False))


def _tell_applied(applied: Applied) -> str:
    if not applied.reviews:
        return f"Nobody has reviewed {applied.dataset}. `ondol up` opens the page where experts do."
    if applied.version:
        implied = f" ({applied.implied} because they rest on others)" if applied.implied else ""
        told = [
            f"{applied.dataset}: {_count(len(applied.rejected), 'example')} left{implied}, "
            f"{applied.corrected} corrected, {applied.confirmed} found right. "
            f"It is kept as it was under {applied.version}."
        ]
    else:
        what = _count(applied.reviews, "verdict")
        told = [f"{applied.dataset} is as its reviewers have it ({what}); nothing was changed."]
    if applied.related:
        told.append(
            f"Look at {_count(len(applied.related), 'unreviewed example')} next that teach facts of examples "
            "found wrong; --json names them."
        )
    if applied.unmatched:
        what = _count(applied.unmatched, "verdict")
        told.append(f"{what} on examples that {applied.dataset} does not have any more; kept, not used.")
    return "\n".join(told)


@forge.command("clean")
def clean(
    older_than: Annotated[
        int, typer.Option("--older-than", metavar="DAYS", min=0, help="Leave what was changed since then.")
    ] = 30,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; else it is only said what would go.")] = False,
    home: Home = None,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Remove what finished runs left behind: their ledgers, and model replies that no dataset came from.

    Datasets are not touched. A run whose ledger went starts anew when it is asked for again.

    Example: ondol forge clean --older-than 90 --yes
    """
    with opened(home) as ondol:
        cleaning = ondol.clean_forge(
            older_than=timedelta(days=older_than), remove=yes, principal=principal_of(ondol, as_)
        )
    emit(cleaning.to_json(), as_json=as_json, show=lambda: stdout.print(_tell_clean(cleaning), markup=False))


def _tell_clean(cleaning: Cleaning) -> str:
    size = f"{(cleaning.run_bytes + cleaning.call_bytes) / 1e6:.1f} MB"
    what = (
        f"{_count(len(cleaning.runs), 'ledger')} of finished runs and "
        f"{_count(cleaning.calls, 'model reply', 'model replies')}, {size}"
    )
    if not cleaning.runs and not cleaning.calls:
        told = "Nothing to remove; a smaller --older-than may find more."
    elif cleaning.done:
        told = f"Removed {what}."
    else:
        told = f"Not needed any more: {what}. --yes removes them."
    if cleaning.unfinished:
        stays = ", ".join(cleaning.unfinished)
        told += f"\n{_count(len(cleaning.unfinished), 'run')} without a finished dataset kept: {stays}."
    if cleaning.in_use:
        told += "\nModel replies stay as long as one of them was worked on within that time."
    return told


def _count(number: int, one: str, more: str = "") -> str:
    return f"{number} {one if number == 1 else more or f'{one}s'}"


@forge.command("delete-document")
def delete_document(
    document: Annotated[str, typer.Argument(help="Its address, path or id; the file may be gone already.")],
    home: Home = None,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Remove all that was made from a document: examples, ledger rows, cached replies, reviews.

    Says which datasets and models were touched, and what stays. `ondol documents remove` removes the document
    itself.

    Example: ondol forge delete-document /srv/manuals/old.pdf
    """
    with opened(home) as ondol:
        forgotten = ondol.forget(document, principal=principal_of(ondol, as_))
    emit(forgotten.to_json(), as_json=as_json, show=lambda: _show_forgotten(forgotten))


def _show_forgotten(forgotten: Forgotten) -> None:
    address = show_address(forgotten.uri)
    is_known = forgotten.in_corpus or forgotten.datasets or forgotten.runs or forgotten.num_calls
    if not is_known and not forgotten.model_names:
        stdout.print(f"Nothing here was made from {address}, and the corpus does not hold it.", markup=False)
        return
    stdout.print(
        f"{address}: {_count(forgotten.num_examples, 'example')} and "
        f"{_count(forgotten.num_calls, 'cached reply', 'cached replies')} removed; "
        f"datasets touched: {', '.join(forgotten.dataset_names) or 'none'}; "
        f"models touched: {', '.join(forgotten.model_names) or 'none'}.",
        markup=False,
    )
    for sentence in forgotten.retained:
        stderr.print(sentence, markup=False)


def show_report(report: ForgeReport) -> None:
    """Print what a run ended with, losses first."""
    if report.interrupted:
        stdout.print(
            f"Stopped with {report.accepted} of {report.target} accepted; nothing is lost. "
            "The same command goes on from here.",
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
        f"{report.seconds:.0f} s\n{report.path}\n"
        f"Next: ondol forge show {report.dataset}; experts review it on the page that `ondol up` opens.",
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
