"""What a crowd, a slow client, a half-open stream or nonsense does to the server: nothing."""

import contextlib
import itertools
import json
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2 as httpx
import pytest
import uvicorn
from serve_harness import listening, serving, wait_until

from ondol.serve.api import body as body_module
from ondol.serve.api import create_app, server
from ondol.serve.api.openapi import dump_openapi
from ondol.serve.api.web import WebApp, build_web_app

REPO = Path(__file__).parents[2]


# -- the OpenAPI document


def test_the_committed_openapi_document_is_the_current_one():
    committed = (REPO / "web" / "openapi.json").read_text("utf-8")
    assert committed == dump_openapi(), "python -m ondol.serve.api.openapi > web/openapi.json"


def _operations():
    document = json.loads(dump_openapi())
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_every_operation_has_a_stable_name_a_tag_and_its_errors():
    names = [operation["operationId"] for _, _, operation in _operations()]
    assert len(names) == len(set(names))
    for path, _, operation in _operations():
        assert operation["tags"]
        assert operation["summary"]
        assert re.fullmatch(r"[a-z][A-Za-z]+", operation["operationId"])
        if path != "/api/v1/health":
            assert {"400", "401"} <= operation["responses"].keys() or path.startswith("/v1/")


NONSENSE = [
    "",
    "x",
    "%00",
    "..%2f..",
    "a" * 300,
    "%ff%fe",
    "-1",
    "doc_" + "0" * 24,
    "가",
    "1e9",
    "%F0%9F%98%80",
]
BODIES: list[bytes] = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b"{",
    b'"x"',
    b"\xff\xfe",
    b"[" * 5000,
    b'{"k": ' + b"9" * 5000 + b"}",
    b'{"question": "\\ud800", "query": "\\ud800", "title": "\\ud800", "key": "\\ud800"}',
    b'{"question": "a\\u0000b", "query": "a\\u0000b", "title": "a\\u0000b", "label": "a\\u0000b"}',
    b'{"question": 1, "query": [], "k": -1, "filter": {"documents": [1]}}',
    b'{"query": "x", "filter": {"after": "yesterday"}}',
    b'{"query": "x", "filter": {"after": "0001-01-01T00:00:00Z", "before": "9999-12-31T23:59:59Z"}}',
    b'{"query": "x", "filter": {"after": "2026-01-01T00:00:00"}}',
    b'{"query": "x", "filter": {"sources": ["", "%", "\\\\", "a_b"], "documents": ["", "x"]}}',
    b'{"query": "x", "k": 1e400}',
    b'{"question": "x", "unknown": 1}',
    b'{"question": "x", "conversation_id": "\\u0000", "model": "../../etc"}',
    b'{"question": "   ", "query": "\\n\\t"}',
    b'{"query": "\\"((( AND OR NOT ~* title:x^9999 [a TO b] {"}',
    b'{"message_id": "msg_1", "rating": "sideways"}',
    b'{"message_id": "m", "rating": "up", "comment": "\\u0000"}',
    b'{"model": "ondol", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]}',
    b'{"model": "ondol", "messages": [], "prompt": [[1]], "input": null}',
    b'{"model": "ondol", "prompt": [], "messages": [{"role": "x"}]}',
    b'{"model": "\\u0000", "prompt": "x", "input": "x", "messages": [{"role": "user", "content": "x"}]}',
]
QUERY = ["", "?limit=0", "?limit=x&cursor=%00", "?cursor=AAAA", "?cursor=%F0%9F%98%80&q=%00&label=!!&kind=x"]
QUERY += [
    "?q=%25_%5C&label=a%00",
    "?start=-1&end=x&scale=nan",
    "?start=0&end=5&scale=inf",
    "?status=x&limit=1e3",
]


@pytest.mark.parametrize("method", ["get", "post", "patch", "delete", "put", "head", "options"])
def test_nonsense_is_never_an_internal_error(client, method):
    paths = sorted({path for path, _, _ in _operations()} | {"/", "/api", "/v1", "/assets/../../x", "/%00"})
    values = itertools.cycle(NONSENSE)
    bodies = itertools.cycle(BODIES) if method in {"post", "patch", "put"} else itertools.repeat(b"")
    for path, query in itertools.product(paths, QUERY):
        rounds = len(BODIES) if (query == "" and method in {"post", "patch"}) else 3
        for _ in range(rounds):
            filled = re.sub(r"\{[^}]+\}", lambda _match: next(values), path)
            body = next(bodies)
            reply = client.request(
                method, filled + query, content=body, headers={"content-type": "application/json"}
            )
            assert reply.status_code < 500 or reply.json()["error"]["code"] == "no_model", (
                f"{method} {filled}{query} {body[:200]!r}: {reply.status_code} {reply.text[:300]}"
            )
            if reply.status_code >= 400 and method != "head" and filled.startswith(("/api/", "/v1/")):
                assert reply.json()["error"]["message"]


def test_addresses_that_are_not_there_say_so_in_the_right_shape(client):
    assert client.get("/api/v1/nothing").json()["error"]["code"] == "not_found"
    assert client.get("/v1/nothing").json()["error"]["type"] == "invalid_request_error"
    reply = client.put("/api/v1/search")
    assert (reply.status_code, reply.json()["error"]["code"]) == (405, "wrong_use")


def test_a_malformed_request_names_the_field_and_repeats_nothing(client):
    reply = client.post("/api/v1/search", json={"query": "x", "k": "secret-value"})
    assert reply.status_code == 400
    assert reply.json()["error"]["fields"] == [
        "k: Input should be a valid integer, unable to parse string as an integer"
    ]
    assert "secret-value" not in reply.text


# -- limits


def test_a_large_body_is_refused_whether_announced_or_not(client):
    large = b'{"query": "' + b"x" * (2 * 1024 * 1024) + b'"}'
    assert client.post("/api/v1/search", content=large).status_code == 413

    def pieces():
        for _ in range(40):
            yield b"x" * 64 * 1024

    reply = client.post("/api/v1/search", content=pieces(), headers={"content-type": "application/json"})
    assert reply.status_code == 413
    assert reply.json()["error"]["code"] == "too_large"


def test_a_crowd_is_told_to_come_back(open_home, monkeypatch):
    ondol = open_home(max_concurrent=2)
    go = threading.Event()
    real = ondol.ask_stream

    def wait(*arguments, **options):
        go.wait(20)
        yield from real(*arguments, **options)

    monkeypatch.setattr(ondol, "ask_stream", wait)
    with listening(ondol) as url, ThreadPoolExecutor(8) as pool, httpx.Client(timeout=30) as http:

        def ask(_number: int) -> int:
            reply = http.post(f"{url}/api/v1/ask", json={"question": "How long does it last?"})
            if reply.status_code == 429:
                assert int(reply.headers["retry-after"]) > 0
                assert reply.json()["error"]["code"] == "engine_busy"
                go.set()
            return reply.status_code

        statuses = sorted(pool.map(ask, range(8)))
    assert set(statuses) == {200, 429}
    assert statuses.count(200) >= 2


def test_who_leaves_a_stream_stops_its_work(open_home, monkeypatch):
    ondol = open_home()
    real = ondol.ask_stream
    closed = threading.Event()

    def endless(*arguments, **options):
        first = next(real(*arguments, **options))
        try:
            while True:
                yield first
                time.sleep(0.01)
        finally:
            closed.set()

    monkeypatch.setattr(ondol, "ask_stream", endless)
    with listening(ondol) as url, httpx.Client(timeout=10) as http:
        body = {"question": "How long does it last?", "stream": True}
        with http.stream("POST", f"{url}/api/v1/ask", json=body) as reply:
            next(reply.iter_bytes())
            assert not closed.is_set()
        assert closed.wait(10)


def test_who_does_not_read_a_stream_is_cut_off(open_home, monkeypatch):
    ondol = open_home()
    real = ondol.ask_stream
    closed = threading.Event()

    def endless(*arguments, **options):
        first = next(real(*arguments, **options))
        try:
            while True:
                yield first
        finally:
            closed.set()

    monkeypatch.setattr(ondol, "ask_stream", endless)
    monkeypatch.setattr("ondol.serve.bridge.EventStream.write_timeout_s", 0.3)
    with listening(ondol) as url, httpx.Client(timeout=10) as http:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as idle:
            body = json.dumps({"question": "How long does it last?", "stream": True})
            idle.sendall(
                f"POST /api/v1/ask HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            assert closed.wait(20)
            assert http.get(f"{url}/api/v1/health").status_code == 200


def test_a_stream_has_a_longest_time_and_pings(open_home, monkeypatch):
    ondol = open_home()
    real = ondol.ask_stream
    go = threading.Event()

    def slow(*arguments, **options):
        yield next(real(*arguments, **options))
        go.wait(20)

    monkeypatch.setattr(ondol, "ask_stream", slow)
    monkeypatch.setattr("ondol.serve.bridge.EventStream.ping_s", 0.05)
    monkeypatch.setattr("ondol.serve.bridge.EventStream.max_s", 0.4)
    with serving(ondol) as client:
        text = client.post("/api/v1/ask", json={"question": "How long does it last?", "stream": True}).text
        go.set()
    assert text.count(": ping\n\n") >= 2
    assert "engine_timeout" in text


def _send_slowly(url: str, text: str) -> bytes:
    """Send and return what comes back until the server closes."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(text.replace("HOST", f"{host}:{port}").encode())
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received


def test_slow_headers_and_bodies_are_cut_off(ondol, monkeypatch):
    monkeypatch.setattr(server.PatientProtocol, "header_timeout_s", 0.3)
    monkeypatch.setattr(body_module, "START_S", 0.3)
    with listening(ondol) as url:
        assert _send_slowly(url, "") == b""
        assert _send_slowly(url, "POST /api/v1/search HTTP/1.1\r\nHost: HO") == b""
        headers = "POST /api/v1/search HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\n"
        reply = _send_slowly(url, f"{headers}Content-Length: 100\r\n\r\n{{")
        assert b" 408 " in reply.split(b"\r\n")[0]
        with httpx.Client() as http:
            assert http.get(f"{url}/api/v1/health").json()["status"] == "ok"


def test_a_crowd_that_only_waits_takes_no_place_from_those_that_ask(ondol):
    crowd = ondol.settings.max_concurrent * 4 + 64 + 40
    with listening(ondol) as url, contextlib.ExitStack() as stack:
        host, port = url.removeprefix("http://").split(":")
        begun = f"POST /api/v1/ask HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 100\r\n"
        for number in range(crowd):
            connection = stack.enter_context(socket.create_connection((host, int(port))))
            connection.sendall((begun + ("\r\n{" if number % 2 else "")).encode())
        with httpx.Client() as http:
            for _ in range(3):
                reply = http.post(f"{url}/api/v1/search", json={"query": "battery"}, headers={"x-ondol": "1"})
                assert reply.status_code == 200


def test_http_1_0_counts_as_a_proxy(ondol):
    with listening(ondol) as url:
        reply = _send_slowly(url, "GET /api/v1/me HTTP/1.0\r\nHost: HOST\r\n\r\n")
    assert b" 401 " in reply.split(b"\r\n")[0]


def test_a_broken_upload_leaves_nothing_behind(ondol):
    with listening(ondol) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
            connection.sendall(
                f"POST /api/v1/documents HTTP/1.1\r\nHost: {host}:{port}\r\n"
                "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 3000000\r\n\r\n".encode()
                + head
                + b"x" * 2_000_000
            )
            uploads = ondol.settings.home / "uploads"
            wait_until(lambda: uploads.is_dir() and list(uploads.iterdir()))
        wait_until(lambda: not list(uploads.iterdir()))


# -- the web app


@pytest.fixture
def web(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Ondol</title>", "utf-8")
    (tmp_path / "assets" / "index-abc123.js").write_text("1", "utf-8")
    (tmp_path.parent / "secret.txt").write_text("secret", "utf-8")
    return tmp_path


@pytest.fixture
def web_client(ondol, web):
    with serving(ondol) as client:
        client.app.router.default = build_web_app(web)
        yield client


def test_the_web_app_is_served_at_every_page_address(web_client):
    for path in ("/", "/documents", "/c/cnv_123", "/index.html"):
        reply = web_client.get(path)
        assert reply.status_code == 200
        assert "<title>Ondol</title>" in reply.text
        assert reply.headers["cache-control"] == "no-cache"


def test_hashed_files_are_kept_for_ever_and_missing_ones_are_missing(web_client):
    reply = web_client.get("/assets/index-abc123.js")
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = web_client.get("/assets/index-abc123.js", headers={"if-none-match": reply.headers["etag"]})
    assert again.status_code == 304
    assert web_client.get("/assets/index-old.js").status_code == 404


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt"])
def test_nothing_outside_the_folder_is_served(web_client, path):
    assert "secret" not in web_client.get(path).text


def test_a_missing_web_app_is_a_plain_not_found(ondol, tmp_path):
    with serving(ondol) as client:
        client.app.router.default = build_web_app(tmp_path / "none")
        assert client.get("/").status_code == 404
        assert WebApp(tmp_path / "none")


def test_the_configuration_of_the_server_does_not_trust_forwarding_headers(ondol):
    config = server.build_server_config(ondol)
    assert isinstance(config, uvicorn.Config)
    assert config.proxy_headers is False
    assert config.http is server.PatientProtocol
    assert create_app(ondol) is not config.app
