"""``ondol doctor``: each part is used for real, and what fails says what to do."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ondol.core.access import LOCAL_PRINCIPAL
from ondol.core.errors import OndolError
from ondol.core.frozen import Frozen
from ondol.core.models import ChatRequest, Message
from ondol.serve.flows import Ondol

MIN_FREE_BYTES = 1024**3
_WEB = Path(__file__).parent / "web" / "index.html"


class Check(Frozen):
    """One line of the report."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def check_installation(ondol: Ondol) -> Iterable[Check]:
    """Use each part once and report what happened."""
    checks: tuple[tuple[str, Callable[[Ondol], Check]], ...] = (
        ("python", _check_python),
        ("home", _check_home),
        ("database", _check_database),
        ("index", _check_index),
        ("korean analysis", _check_korean),
        ("parsers", _check_parsers),
        ("models", _check_models),
        ("chat", _check_chat),
        ("embedding", _check_embedding),
        ("web app", _check_web),
        ("audit log", _check_audit),
    )
    for name, check in checks:
        try:
            yield check(ondol)
        except OndolError as error:
            yield Check(name=name, ok=False, detail=error.message, remedy=error.remedy)


def _check_python(ondol: Ondol) -> Check:
    del ondol
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Check(name="python", ok=sys.version_info >= (3, 11), detail=version)


def _check_home(ondol: Ondol) -> Check:
    home = ondol.settings.home
    home.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        return Check(name="home", ok=False, detail=f"{home}: {error}", remedy="Make the folder writable.")
    free = shutil.disk_usage(home).free
    return Check(
        name="home",
        ok=free >= MIN_FREE_BYTES,
        detail=f"{home}, {free / 1e9:.1f} GB free",
        remedy="" if free >= MIN_FREE_BYTES else "Free some space: at least 1 GB.",
    )


def _check_database(ondol: Ondol) -> Check:
    counts = ondol.store.corpus.counts(principal=LOCAL_PRINCIPAL)
    return Check(name="database", ok=True, detail=f"{counts.documents} documents, {counts.chunks} passages")


def _check_index(ondol: Ondol) -> Check:
    # An update does nothing to a current index and repairs one that a crash left behind.
    report = ondol.indexer.update()
    repaired = report.added + report.removed + report.relabelled
    detail = f"generation {report.generation}" + (
        f", {repaired} passages brought up to date" if repaired else ""
    )
    return Check(name="index", ok=True, detail=detail)


def _check_korean(ondol: Ondol) -> Check:
    terms = ondol.analyser.tokens("배터리를 교체합니다")
    return Check(
        name="korean analysis",
        ok=any("배터리" in term for term in terms),
        detail=f"Kiwi, {len(terms)} terms",
        remedy="",
    )


def _check_parsers(ondol: Ondol) -> Check:
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "check.md"
        sample.write_text("# Check\n\nA parser process read this.\n", encoding="utf-8")
        parsed = ondol.pool.parse(sample, name=sample.name)
    return Check(name="parsers", ok=parsed.title == "Check", detail="a parser process works")


def _check_models(ondol: Ondol) -> Check:
    models = ondol.catalogue.list_models()
    missing = [model.name for model in models if model.default_for and not model.installed]
    names = ", ".join(model.name for model in models if model.installed) or "none"
    return Check(
        name="models",
        ok=not missing,
        detail=f"installed: {names}",
        remedy=f"ondol models pull {missing[0]}" if missing else "",
    )


def _check_chat(ondol: Ondol) -> Check:
    chat = ondol.chat()
    if chat is None:
        return Check(
            name="chat", ok=False, detail="no chat model", remedy="ondol models list shows how to get one."
        )
    reply = chat.complete(
        ChatRequest(messages=(Message(role="user", content="Say yes."),), max_tokens=8, timeout_s=60)
    )
    return Check(name="chat", ok=bool(reply.completion_tokens), detail=f"{chat.profile.name} answers")


def _check_embedding(ondol: Ondol) -> Check:
    embedder = ondol.embedder
    if embedder is None:
        remedy = "ondol models list shows how to get one."
        return Check(
            name="embedding", ok=False, detail="no embedding model: search is lexical", remedy=remedy
        )
    vectors = embedder.embed(["battery failsafe"], kind="query")
    return Check(
        name="embedding", ok=bool(vectors.shape[1]), detail=f"{embedder.name}, {vectors.shape[1]} dimensions"
    )


def _check_web(ondol: Ondol) -> Check:
    del ondol
    found = _WEB.is_file()
    return Check(
        name="web app",
        ok=found,
        detail="built" if found else f"{_WEB} is missing",
        remedy="" if found else "make web",
    )


def _check_audit(ondol: Ondol) -> Check:
    report = ondol.store.audit.verify()
    remedy = "" if report.ok else "Compare with your last backup: the log was changed."
    return Check(name="audit log", ok=report.ok, detail=report.detail, remedy=remedy)


def check_airgap(ondol: Ondol) -> Iterable[Check]:
    """Watch every connection this process opens while it works, and list what the settings let out."""
    outside: list[str] = []

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and isinstance(arguments[1], tuple):
            host = str(arguments[1][0])
            if not host.startswith("127.") and host not in {"::1", "localhost"}:
                outside.append(host)

    sys.addaudithook(watch)
    ondol.search("geofence 지오펜스", principal=LOCAL_PRINCIPAL, k=3)
    ondol.ask("What is a geofence?", principal=LOCAL_PRINCIPAL)
    yield Check(
        name="outbound connections",
        ok=not outside,
        detail=f"to {', '.join(sorted(set(outside)))}" if outside else "none while searching and asking",
        remedy="These come from the servers named in the settings." if outside else "",
    )
    opened = [url for url in ondol.model_settings.base_urls() if not _is_local(url)]
    yield Check(
        name="addresses opened by settings",
        ok=not opened,
        detail=", ".join(opened) if opened else "none",
        remedy="Remove the base URLs from the settings to close them." if opened else "",
    )


def _is_local(url: str) -> bool:
    host = url.split("://", 1)[-1].split("/", 1)[0].rsplit("@", 1)[-1]
    return host.startswith(("127.", "localhost", "[::1]"))
