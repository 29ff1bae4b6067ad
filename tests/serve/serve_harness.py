"""What the tests of the server share: documents, clients, real servers on loopback."""

import contextlib
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import uvicorn
from starlette.testclient import TestClient

from ondol.core.access import Label
from ondol.core.documents import Document
from ondol.core.ids import build_document_id
from ondol.engines.embed.fake import FakeEmbedder
from ondol.ingest.chunk import build_chunks
from ondol.serve.api import create_app
from ondol.serve.api.server import build_server_config
from ondol.serve.flows import Ondol
from ondol.serve.settings import Settings
from ondol.sources.read import read_document
from ondol.text.morphemes import Analyser

PORT = 8700
ANALYSER = Analyser()
"""One for all tests: its Korean dictionary takes seconds to load."""

LOCAL = f"http://127.0.0.1:{PORT}"

DRONE = """# Drone battery

The battery must be charged before the flight. The battery weighs 450 g and lasts 25 minutes.

## 비행 전 점검

비행 전에는 배터리를 완전히 충전해야 한다. 프로펠러의 균열은 비행 전에 확인한다.

# Landing

The drone lands by itself when the battery falls below 15 percent.
"""
SALARY = """# 급여 규정

제12조 성과급은 매년 3월에 지급한다. 성과급은 기본급의 200 퍼센트를 넘지 않는다.

The bonus is paid in March of each year and is at most 200 percent of the base salary.
"""


class ServedOndol(Ondol):
    """A home whose chat model is given, and whose embedder is the shipped fake."""

    def __init__(self, settings: Settings, *, chat=None) -> None:
        super().__init__(settings)
        self.fake = chat

    @property
    def analyser(self):
        return ANALYSER

    @property
    def embedder(self):
        return FakeEmbedder()

    def chat(self, name=None):
        return self.fake


def put(ondol: Ondol, name: str, data: bytes, *, label: str = "open") -> Document:
    """Put a file into the corpus without parser processes."""
    parsed = read_document(data, name=name)
    sha256 = ondol.store.blobs.put(data)
    uri = f"file:///docs/{name}"
    document = Document(
        id=build_document_id(uri),
        uri=uri,
        title=parsed.title or name,
        kind=parsed.kind,
        media_type=parsed.media_type,
        blob_sha256=sha256,
        size_bytes=len(data),
        label=Label.parse(label),
        licence="CC0-1.0",
        ingested_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    chunks = build_chunks(parsed, blob_sha256=sha256)
    return ondol.store.corpus.save_document(document, parsed, chunks, parser_fingerprint="test-1")


@contextlib.contextmanager
def serving(ondol: Ondol, *, peer: str = "127.0.0.1", url: str = LOCAL) -> Iterator[TestClient]:
    """A client of the application, seen as coming from ``peer``."""
    with TestClient(create_app(ondol), base_url=url, client=(peer, 50000)) as client:
        client.headers["user-agent"] = "test"
        yield client


def add_key(ondol: Ondol, name: str, label: str, *, is_admin: bool = False) -> dict[str, str]:
    """Make a key and return the header that carries it."""
    _, secret = ondol.store.keys.add_key(name, Label.parse(label), is_admin=is_admin)
    return {"authorization": f"Bearer {secret}"}


@contextlib.contextmanager
def listening(ondol: Ondol) -> Iterator[str]:
    """The real server on a free port of loopback; gives its address."""
    with running(build_server_config(ondol)) as url:
        yield url


@contextlib.contextmanager
def running(config: uvicorn.Config) -> Iterator[str]:
    """Any application on a free port of loopback; gives its address."""
    config.port = 0
    listener = config.bind_socket()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.started
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
        assert not thread.is_alive()


def read_events(text: str) -> list[tuple[str, str]]:
    """The name and data of each server-sent event."""
    events = []
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        fields = dict(line.split(": ", 1) for line in lines)
        if fields:
            events.append((fields.get("event", "message"), fields["data"]))
    return events


def wait_until(condition, *, timeout_s: float = 30.0) -> None:
    """Return once the condition holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def wait_for_job(client, job_id: str, *, headers=None) -> dict:
    """Return the job once it has ended."""
    found = {}

    def has_ended() -> bool:
        found.update(client.get(f"/api/v1/jobs/{job_id}", headers=headers).json())
        return found["status"] in {"done", "failed", "cancelled"}

    wait_until(has_ended)
    return found
