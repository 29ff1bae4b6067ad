"""``ondol up`` and ``ondol serve``."""

import http.client
import json
from typing import Annotated, Any

import typer

from ondol.core.access import LOCAL_PRINCIPAL, Label
from ondol.core.errors import ConflictError, EngineError
from ondol.ingest.pipeline import IngestOptions
from ondol.serve.cli.corpus import show_report
from ondol.serve.cli.models import fetch
from ondol.serve.cli.terminal import Home, opened, showing_progress, stderr, stopping_at_interrupt
from ondol.serve.flows import Ondol
from ondol.serve.sample import SAMPLE_LABEL, SAMPLE_LICENCE, SAMPLE_QUESTIONS, find_handbook

Port = Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Port [default: 8700].")]
Host = Annotated[str | None, typer.Option("--host", help="Address [default: 127.0.0.1].")]


def serve(port: Port = None, host: Host = None, home: Home = None) -> None:
    """Serve the API and the web app.

    Example: ondol serve --port 8700
    """
    with opened(home, port=port, host=host) as ondol:
        run_server(ondol)


def up(
    port: Port = None,
    home: Home = None,
    sample: Annotated[bool, typer.Option(help="Ingest the sample handbook into an empty corpus.")] = True,
    serving: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve at the end.")] = True,
) -> None:
    """Make everything ready, then serve: default models, sample handbook, API and web app.

    Run again, it changes nothing and starts at once. Example: ondol up --port 8700
    """
    with opened(home, port=port) as ondol:
        if serving and _is_ours_running(ondol):
            stderr.print(f"Ondol already runs on http://{ondol.settings.host}:{ondol.settings.port}")
            return
        _fetch_defaults(ondol)
        if sample:
            _ingest_sample(ondol)
        if serving:
            run_server(ondol)


def run_server(ondol: Ondol) -> None:
    """Serve until interrupted.

    Raises:
        SettingsError: the address is reachable from elsewhere and nobody has a key.
        ConflictError: the port is taken.
    """
    # The web stack takes half a second to import, which no other command should pay.
    from ondol.serve.api.server import AnnouncingServer, build_server_config
    from ondol.serve.security import check_binding

    settings = ondol.settings
    check_binding(settings.host, has_keys=bool(ondol.store.keys.list_keys(principal=LOCAL_PRINCIPAL)))
    config = build_server_config(ondol)
    try:
        listener = config.bind_socket()
    except SystemExit:
        raise ConflictError(
            f"Port {settings.port} on {settings.host} is taken.", remedy="Choose another: --port 8701"
        ) from None
    port = listener.getsockname()[1]

    def announce() -> None:
        stderr.print(f"Ondol is ready: [bold]http://{settings.host}:{port}[/bold]   (Ctrl-C ends)")
        stderr.print(f"Try: {SAMPLE_QUESTIONS['en']}  ·  {SAMPLE_QUESTIONS['ko']}", markup=False)

    AnnouncingServer(config, announce=announce).run(sockets=[listener])


def _fetch_defaults(ondol: Ondol) -> None:
    """Fetch missing default models; without a network say so and go on: search and extraction still work."""
    for model in ondol.catalogue.list_models():
        if not model.default_for or model.installed:
            continue
        stderr.print(f"Fetching {model.name} ({model.size_bytes / 1e6:.0f} MB, {model.licence})")
        try:
            fetch(ondol, model.name)
        except EngineError as error:
            stderr.print(f"Not fetched: {error}", markup=False, style="yellow")
            stderr.print(f"Ondol works without it; later: ondol models pull {model.name}", style="yellow")


def _ingest_sample(ondol: Ondol) -> None:
    handbook = find_handbook()
    if handbook is None or ondol.store.corpus.counts(principal=LOCAL_PRINCIPAL).documents:
        return
    stderr.print("Reading the sample handbook (QGroundControl user guide, English and Korean, CC BY 4.0)")
    options = IngestOptions(
        label=Label.parse(SAMPLE_LABEL),
        licence=SAMPLE_LICENCE,
        default_label=ondol.settings.default_label,
        default_licence=ondol.settings.default_licence,
    )
    with showing_progress() as progress, stopping_at_interrupt() as should_stop:
        report = ondol.ingest(
            [str(handbook)],
            principal=LOCAL_PRINCIPAL,
            options=options,
            progress=progress,
            should_stop=should_stop,
        )
    show_report(report)


def _is_ours_running(ondol: Ondol) -> bool:
    """Tell whether an Ondol with this home answers on the port."""
    connection = http.client.HTTPConnection(ondol.settings.host, ondol.settings.port, timeout=2)
    try:
        connection.request("GET", "/api/v1/health", headers={"Accept": "application/json"})
        health: dict[str, Any] = json.loads(connection.getresponse().read(65_536))
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return isinstance(health, dict) and health.get("service") == "ondol"
