"""``ondol ingest`` and ``ondol documents``: what is in the corpus."""

from typing import Annotated

import typer

from ondol.core.access import Label
from ondol.core.documents import Document
from ondol.ingest.pipeline import IngestOptions, IngestReport, watch
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
    showing_progress,
    stderr,
    stdout,
    stopping_at_interrupt,
    table,
)
from ondol.serve.flows import Ondol

NO_DOCUMENTS = "No documents. `ondol ingest PATH` adds some."

documents = typer.Typer(no_args_is_help=True, help="List, show, label and remove documents.")


def ingest(
    paths: Annotated[list[str], typer.Argument(help="Files, folders or globs; ZIP archives are opened.")],
    label: Annotated[
        str | None, typer.Option("--label", help="open, sensitive, classified, +group …")
    ] = None,
    licence: Annotated[str | None, typer.Option("--licence", help="SPDX name, or the licence's own.")] = None,
    watching: Annotated[bool, typer.Option("--watch", help="Stay and follow changes.")] = False,
    home: Home = None,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Read documents into the corpus; only what changed is read again.

    Example: ondol ingest ~/manuals --label sensitive+hr --licence CC-BY-4.0
    """
    with opened(home) as ondol:
        options = IngestOptions(
            label=Label.parse(label) if label is not None else None,
            licence=licence,
            default_label=ondol.settings.default_label,
            default_licence=ondol.settings.default_licence,
        )
        report = _run(ondol, paths, options=options, as_=as_)
        _emit_report(report, as_json=as_json)
        if watching and not report.interrupted:
            stderr.print("Watching for changes; Ctrl-C ends.")
            for changed in watch(paths):
                report = _run(ondol, [str(path) for path in changed], options=options, as_=as_)
                _emit_report(report, as_json=as_json)
    if report.interrupted:
        finish(INTERRUPTED)
    if report.failed:
        finish(LOSSES)


def _emit_report(report: IngestReport, *, as_json: bool) -> None:
    emit(report.to_json(), as_json=as_json, show=lambda: show_report(report))


def _run(ondol: Ondol, paths: list[str], *, options: IngestOptions, as_: str | None) -> IngestReport:
    principal = principal_of(ondol, as_)
    with showing_progress() as progress, stopping_at_interrupt() as should_stop:
        return ondol.ingest(
            paths, principal=principal, options=options, progress=progress, should_stop=should_stop
        )


def show_report(report: IngestReport) -> None:
    """Print what an ingest did, losses first."""
    for failure in report.failures:
        stderr.print(f"[yellow]failed[/yellow] \\[{failure.code}] ", end="")
        stderr.print(f"{show_address(failure.uri)}: {failure.message} {failure.remedy}", markup=False)
    stdout.print(
        f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged, "
        f"{report.removed} removed, {report.failed} failed; "
        f"{report.chunks} passages, {report.bytes / 1e6:.1f} MB in {report.seconds:.1f} s"
    )


@documents.command("list")
def list_documents(
    query: Annotated[str | None, typer.Argument(help="Part of a title or an address.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 100,
    home: Home = None,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """List documents.

    Example: ondol documents list handbook
    """
    with opened(home) as ondol:
        found, cursor = ondol.store.corpus.list_documents(
            principal=principal_of(ondol, as_), limit=limit, query=query
        )
    result = {"documents": [document.to_json() for document in found]}

    def show() -> None:
        grid = table("id", "title", "kind", "label", "passages")
        for document in found:
            grid.add_row(
                document.id, document.title, document.kind, str(document.label), str(document.num_chunks)
            )
        print_table(grid, empty=f"No document has {query!r} in title or address." if query else NO_DOCUMENTS)

    emit(result | ({"next_cursor": cursor} if cursor else {}), as_json=as_json, show=show)


@documents.command("label")
def label_document(
    document_id: Annotated[str, typer.Argument(help="The document's id.")],
    label: Annotated[str, typer.Argument(help="open, sensitive, classified, +group …")],
    home: Home = None,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Change who may read a document; answers follow at once.

    Example: ondol documents label doc_1f… sensitive+hr
    """
    with opened(home) as ondol:
        principal = principal_of(ondol, as_)
        changed = ondol.relabel(document_id, Label.parse(label), principal=principal)
    emit(changed.to_json(), as_json=as_json, show=lambda: _show_document(changed))


@documents.command("remove")
def remove_document(
    document_id: Annotated[str, typer.Argument(help="The document's id.")],
    home: Home = None,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Remove a document from the corpus; the file it came from is left alone.

    Example: ondol documents remove doc_1f…
    """
    with opened(home) as ondol:
        removed = ondol.remove(document_id, principal=principal_of(ondol, as_))
    emit({"removed": removed.to_json()}, as_json=as_json, show=lambda: _show_document(removed))


def _show_document(document: Document) -> None:
    stdout.print(
        f"{document.id}  {document.title}  [{document.label}]  {show_address(document.uri)}", markup=False
    )
