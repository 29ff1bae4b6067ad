"""``ondol search`` and ``ondol ask``."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.text import Text

from ondol.core.answers import Answer, Citation
from ondol.core.documents import DocumentKind, Filter, Hit
from ondol.core.errors import TooLargeError, WrongUseError
from ondol.serve.cli.corpus import NO_DOCUMENTS
from ondol.serve.cli.terminal import (
    As,
    AsJson,
    Home,
    emit,
    opened,
    principal_of,
    show_address,
    stderr,
    stdout,
)
from ondol.serve.flows import EXTRACTIVE, Ondol

Source = Annotated[list[str] | None, typer.Option("--source", help="Only under this file or folder; repeat.")]
Kind = Annotated[list[DocumentKind] | None, typer.Option("--kind", help="Only this kind; repeat.")]


def search(
    text: Annotated[str, typer.Argument(help="What to look for, in Korean or English.")],
    k: Annotated[int, typer.Option("-k", min=1, max=200, help="How many passages.")] = 10,
    source: Source = None,
    kind: Kind = None,
    home: Home = None,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Find passages: ranked, with the place in the original.

    Example: ondol search "battery failsafe" -k 5
    """
    narrow = _narrow(source, kind)
    with opened(home) as ondol:
        principal = principal_of(ondol, as_)
        result = ondol.search(_check(ondol, text), principal=principal, k=k, narrow=narrow)
        has_any = bool(result.hits) or ondol.store.corpus.counts(principal=principal).documents > 0

    def show() -> None:
        for hit in result.hits:
            _show_hit(hit)
        if not result.hits:
            where = " there; without --source and --kind more is searched" if narrow else ""
            stdout.print(f"Nothing found{where}." if has_any else NO_DOCUMENTS)

    emit(result.to_json(), as_json=as_json, show=show)


def ask(
    text: Annotated[str, typer.Argument(help="The question, in Korean or English.")],
    k: Annotated[int, typer.Option("-k", min=1, max=50, help="How many passages to read.")] = 8,
    model: Annotated[str | None, typer.Option("--model", help="Chat model, or `extractive`.")] = None,
    think: Annotated[
        bool | None, typer.Option("--think/--no-think", help="Let a reasoning model think first, or not.")
    ] = None,
    source: Source = None,
    kind: Kind = None,
    home: Home = None,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Answer a question from your documents, with citations that are true.

    Example: ondol ask "How do I set a geofence?"
    """
    with opened(home) as ondol:
        answer = ondol.ask(
            _check(ondol, text),
            principal=principal_of(ondol, as_),
            k=k,
            model=model,
            think=think,
            narrow=_narrow(source, kind),
        )
        has_model = model == EXTRACTIVE or ondol.chat(model) is not None
    if not has_model:
        stderr.print(
            "No chat model is installed, so answers are your documents' own sentences; "
            "`ondol models list` shows what can be had.",
            style="dim",
        )
    emit(answer.to_json(), as_json=as_json, show=lambda: _show_answer(answer))


def _check(ondol: Ondol, text: str) -> str:
    """Return the question; raises ``WrongUseError`` for one that says nothing or too much."""
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip()
    if not text:
        raise WrongUseError("The question is empty.", remedy='Write it in quotes: ondol ask "…"')
    most = ondol.settings.max_question_chars
    if len(text) > most:
        raise TooLargeError(
            f"The question has {len(text):,} characters; at most {most:,} are taken.",
            remedy="Shorten it, or raise the setting max_question_chars.",
        )
    return text


def _narrow(source: list[str] | None, kind: list[DocumentKind] | None) -> Filter | None:
    if not source and not kind:
        return None
    from ondol.ingest.uris import to_uri

    return Filter(sources=tuple(to_uri(path) for path in source or ()), kinds=tuple(kind or ()))


def _show_hit(hit: Hit) -> None:
    stdout.print(f"[bold]{hit.rank}. {escape(hit.title)}[/bold]  [dim]{escape(_place(hit))}[/dim]")
    body = Text(hit.text)
    for start, end in hit.highlights:
        body.stylize("bold yellow", start, end)
    stdout.print(body)
    stdout.print()


def _show_answer(answer: Answer) -> None:
    stdout.print(answer.answer, markup=False)
    if answer.citations:
        stdout.print()
    for citation in answer.citations:
        place = escape(_place(citation))
        stdout.print(f"\\[{citation.number}] [bold]{escape(citation.title)}[/bold]  [dim]{place}[/dim]")
        stdout.print(f"    “{citation.quote}”", markup=False, style="dim")
    if answer.abstained and answer.nearest:
        stdout.print("\nNearest passages:")
        for hit in answer.nearest[:3]:
            _show_hit(hit)
    if answer.withheld.unsupported_sentences or answer.withheld.unverified_citations:
        stderr.print(
            f"withheld: {answer.withheld.unsupported_sentences} sentences without support, "
            f"{answer.withheld.unverified_citations} citations not found",
            style="dim",
        )


def _place(found: Hit | Citation) -> str:
    locator = found.locator
    parts = [show_address(found.uri)]
    if locator.page is not None:
        parts.append(f"p. {locator.page}")
    if locator.sheet is not None:
        parts.append(locator.sheet)
    if locator.row is not None:
        parts.append(f"row {locator.row}")
    return " · ".join(parts)
