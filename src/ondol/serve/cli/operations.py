"""``ondol keys``, ``jobs``, ``backup``, ``restore``, ``audit``, ``settings`` and ``doctor``."""

from pathlib import Path
from typing import Annotated

import typer

from ondol.core.access import Label
from ondol.serve.cli.terminal import (
    As,
    AsJson,
    Home,
    emit,
    finish,
    opened,
    principal_of,
    print_table,
    settings_of,
    stderr,
    stdout,
    table,
)
from ondol.serve.doctor import check_airgap, check_installation
from ondol.store.backup import backup as write_backup
from ondol.store.backup import restore as read_backup

keys = typer.Typer(no_args_is_help=True, help="API keys, and what their owners may read.")
jobs = typer.Typer(no_args_is_help=True, help="Work that the server does in the background.")
audit = typer.Typer(no_args_is_help=True, help="The record of who did what.")


@keys.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    label: Annotated[
        str | None,
        typer.Option("--label", help="What they may read: sensitive+hr … [default: open; all for --admin]."),
    ] = None,
    admin: Annotated[bool, typer.Option("--admin", help="May change and remove documents.")] = False,
    home: Home = None,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Make an API key. It is shown once and stored only as a hash.

    Example: ondol keys add kim --label sensitive+hr
    """
    with opened(home) as ondol:
        actor = principal_of(ondol, as_)
        clearance = Label.parse(label if label is not None else "classified+*" if admin else "open")
        key_id, secret = ondol.store.keys.add_key(name, clearance, is_admin=admin)
        ondol.store.audit.append(actor=actor.name, action="key.add", resource=key_id, outcome="success")

    def show() -> None:
        stdout.print(secret, markup=False)
        stderr.print("This key is not shown again.")

    result = {"id": key_id, "name": name, "label": str(clearance), "is_admin": admin, "key": secret}
    emit(result, as_json=as_json, show=show)


@keys.command("list")
def list_keys(home: Home = None, as_json: AsJson = False, as_: As = None) -> None:
    """List keys and what their owners may read.

    Example: ondol keys list
    """
    with opened(home) as ondol:
        found = ondol.store.keys.list_keys(principal=principal_of(ondol, as_))

    def show() -> None:
        grid = table("id", "name", "label", "admin", "created", "last used")
        for key in found:
            used = key.last_used_at.isoformat(timespec="minutes") if key.last_used_at else "never"
            created = key.created_at.isoformat(timespec="minutes")
            grid.add_row(key.id, key.name, str(key.label), "yes" if key.is_admin else "", created, used)
        print_table(grid, empty="No keys. `ondol keys add NAME --label LABEL` makes one.")

    emit({"keys": [key.to_json() for key in found]}, as_json=as_json, show=show)


@keys.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="The key's id.")],
    home: Home = None,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Make a key useless, at once.

    Example: ondol keys revoke key_1f…
    """
    with opened(home) as ondol:
        actor = principal_of(ondol, as_)
        ondol.store.keys.revoke_key(key_id)
        ondol.store.audit.append(actor=actor.name, action="key.revoke", resource=key_id, outcome="success")
    emit({"revoked": key_id}, as_json=as_json, show=lambda: stdout.print(f"{key_id} revoked"))


@jobs.command("list")
def list_jobs(home: Home = None, as_json: AsJson = False, as_: As = None) -> None:
    """List jobs, newest first.

    Example: ondol jobs list
    """
    with opened(home) as ondol:
        found = ondol.store.jobs.list_jobs(principal=principal_of(ondol, as_))

    def show() -> None:
        grid = table("id", "kind", "name", "status", "updated")
        for job in found:
            grid.add_row(job.id, job.kind, job.name, job.status, job.updated_at.isoformat(timespec="seconds"))
        print_table(grid, empty="No jobs yet.")

    emit({"jobs": [job.to_json() for job in found]}, as_json=as_json, show=show)


@jobs.command("cancel")
def cancel_job(
    job_id: Annotated[str, typer.Argument(help="The job's id.")],
    home: Home = None,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Ask a job to stop at its next safe point.

    Example: ondol jobs cancel job_1f…
    """
    with opened(home) as ondol:
        job = ondol.store.jobs.cancel(job_id, principal=principal_of(ondol, as_))
    emit(job.to_json(), as_json=as_json, show=lambda: stdout.print(f"{job.id} {job.status}"))


@jobs.command("retry")
def retry_job(
    job_id: Annotated[str, typer.Argument(help="The job's id.")],
    home: Home = None,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Queue a failed or cancelled job again.

    Example: ondol jobs retry job_1f…
    """
    with opened(home) as ondol:
        job = ondol.store.jobs.retry(job_id, principal=principal_of(ondol, as_))
    emit(job.to_json(), as_json=as_json, show=lambda: stdout.print(f"{job.id} {job.status}"))


def backup(
    target: Annotated[Path, typer.Argument(help="A new folder, or a .tar file.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Copy everything but the models, consistently, while the server runs.

    Example: ondol backup /media/usb/ondol-2026-11.tar
    """
    with opened(home) as ondol:
        report = write_backup(ondol.store, target)
    emit(report.to_json(), as_json=as_json, show=lambda: stdout.print(f"written: {target}", markup=False))


def restore(
    source: Annotated[Path, typer.Argument(help="What `ondol backup` wrote.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace what is there; stop the server first.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Bring a backup back into an empty home folder.

    Example: ondol restore /media/usb/ondol-2026-11.tar --home /srv/ondol
    """
    settings = settings_of(home)
    target = settings.home
    report = read_backup(source, target, database_url=settings.database_url, force=force)
    emit(report.to_json(), as_json=as_json, show=lambda: stdout.print(f"restored: {target}", markup=False))


@audit.command("verify")
def verify_audit(home: Home = None, as_json: AsJson = False) -> None:
    """Prove that the audit log was not rewritten.

    Example: ondol audit verify
    """
    with opened(home) as ondol:
        report = ondol.store.audit.verify()
    emit(report.to_json(), as_json=as_json, show=lambda: stdout.print(report.detail, markup=False))
    if not report.ok:
        finish(1)


def show_settings(home: Home = None, as_json: AsJson = False) -> None:
    """Show every setting with its value in force; keys are hidden.

    Example: ondol settings
    """
    settings = settings_of(home)

    def show() -> None:
        grid = table("setting", "value", "meaning")
        for name, field in type(settings).model_fields.items():
            value = getattr(settings, name)
            grid.add_row(name, "" if value is None else str(value), field.description or "")
        print_table(grid)

    emit(settings.model_dump(mode="json"), as_json=as_json, show=show)


def doctor(
    airgap: Annotated[bool, typer.Option("--airgap", help="Prove that nothing leaves.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Check the installation: what works, what does not, and what to do.

    Example: ondol doctor --airgap
    """
    with opened(home) as ondol:
        checks = [*check_installation(ondol), *(check_airgap(ondol) if airgap else ())]

    def show() -> None:
        for check in checks:
            mark = "[green]ok[/green]  " if check.ok else "[red]fail[/red]"
            stdout.print(f"{mark} {check.name}: ", end="")
            stdout.print(check.detail + (f" → {check.remedy}" if check.remedy else ""), markup=False)

    emit({"checks": [check.to_json() for check in checks]}, as_json=as_json, show=show)
    if not all(check.ok for check in checks):
        finish(1)
