"""Who gets in: loopback, keys, sessions, proxies, and pages of other sites."""

import pytest
from serve_harness import LOCAL, add_key, serving

from ondol.core.access import Label
from ondol.core.errors import SettingsError
from ondol.serve import security
from ondol.serve.security import is_loopback, split_host

LAN = "http://ondol.example:8700"
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}


def test_on_loopback_without_keys_the_asker_is_the_local_principal(client):
    me = client.get("/api/v1/me").json()
    assert me == {
        "name": "local",
        "label": "classified+*",
        "is_admin": True,
        "local": True,
        "can_label": ["open", "sensitive", "classified", "sensitive+hr"],
        "session": False,
    }


@pytest.mark.parametrize("host", ["127.0.0.1:8700", "localhost:8700", "[::1]:8700", "LOCALHOST:8700"])
def test_loopback_names_are_taken(client, host):
    assert client.get("/api/v1/me", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8700", "localhost:9999", "127.0.0.1", "127.0.0.1.evil.example:8700", ""],
)
def test_a_name_rebound_to_loopback_is_refused(client, host):
    reply = client.get("/api/v1/documents", headers={"host": host})
    assert reply.status_code == 403
    assert reply.json()["error"]["code"] == "access_denied"


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "https://127.0.0.1.evil.example", "null", "http://localhost:3000", "file://"],
)
def test_a_page_of_another_site_is_refused(client, origin):
    for method, path in [("GET", "/api/v1/me"), ("POST", "/api/v1/search"), ("GET", "/v1/models")]:
        reply = client.request(method, path, headers={"origin": origin}, json={"query": "x"})
        assert reply.status_code == 403
        assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize("origin", [LOCAL, "http://localhost:8700"])
def test_our_own_page_is_taken(client, origin):
    reply = client.post("/api/v1/search", headers={"origin": origin} | BROWSER, json={"query": "battery"})
    assert reply.status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_the_browser_calls_another_site_is_refused(client, site):
    assert client.get("/api/v1/me", headers={"sec-fetch-site": site}).status_code == 403


def test_a_form_of_another_site_cannot_change_anything(client):
    files = {"files": ("a.txt", b"hello", "text/plain")}
    assert client.post("/api/v1/documents", files=files, headers=BROWSER).status_code == 403
    assert client.post("/api/v1/jobs/job_1/cancel", headers=BROWSER).status_code == 403
    own = BROWSER | {"sec-fetch-site": "same-origin"}
    assert client.post("/api/v1/jobs/job_1/cancel", headers=own).status_code == 404
    assert client.post("/api/v1/jobs/job_1/cancel", headers=BROWSER | {"x-ondol": "1"}).status_code == 404


def test_a_preflight_gets_no_permission(client):
    headers = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    reply = client.options("/api/v1/search", headers=headers)
    assert reply.status_code >= 400
    assert not [name for name in reply.headers if name.startswith("access-control")]


PROXIED = [
    {"x-forwarded-for": "10.0.0.5"},
    {"forwarded": "for=10.0.0.5"},
    {"x-real-ip": "10.0.0.5"},
    {"via": "1.1 proxy"},
    {"x-forwarded-host": "ondol.example"},
    {"x-forwarded-server": "proxy"},
    {"cf-connecting-ip": "10.0.0.5"},
]


@pytest.mark.parametrize("headers", PROXIED)
def test_behind_a_proxy_a_key_is_needed(ondol, headers):
    kim = add_key(ondol, "kim", "open")
    with serving(ondol) as client:
        reply = client.get("/api/v1/me", headers=headers)
        assert reply.status_code == 401
        assert reply.headers["www-authenticate"].startswith("Bearer")
        assert client.get("/api/v1/me", headers=headers | kim).json()["name"] == "kim"


def test_from_another_machine_a_key_is_needed(ondol):
    kim = add_key(ondol, "kim", "sensitive+hr")
    with serving(ondol, peer="10.0.0.5", url=LAN) as client:
        assert client.get("/api/v1/me").status_code == 401
        me = client.get("/api/v1/me", headers=kim).json()
        assert (me["name"], me["local"], me["is_admin"]) == ("kim", False, False)
        assert me["can_label"] == ["open", "sensitive", "open+hr", "sensitive+hr"]


def test_the_first_key_ends_the_local_principal(open_home, monkeypatch):
    monkeypatch.setattr(security, "KEYS_SEEN_S", 0.0)
    ondol = open_home()
    with serving(ondol) as client:
        assert client.get("/api/v1/me").json()["name"] == "local"
        key_id, secret = ondol.store.keys.add_key("kim", Label())
        assert client.get("/api/v1/me").status_code == 401
        kim = {"authorization": f"Bearer {secret}"}
        assert client.get("/api/v1/me", headers=kim).json()["name"] == "kim"
        ondol.store.keys.revoke_key(key_id)
        assert client.get("/api/v1/me").json()["name"] == "local"


@pytest.mark.parametrize("settings", [{"require_keys": True}, {"behind_proxy": True}])
def test_settings_ask_for_keys_before_there_are_any(open_home, settings):
    with serving(open_home(**settings)) as client:
        assert client.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize("secret", ["ondol_wrong", "ondol_" + "x" * 5000, "ondol_"])
def test_a_wrong_key_is_refused_even_on_loopback(client, secret):
    reply = client.get("/api/v1/me", headers={"authorization": f"Bearer {secret}"})
    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == "not_authenticated"


def test_a_revoked_key_is_useless_at_once(ondol):
    key_id, secret = ondol.store.keys.add_key("kim", Label.parse("open"))
    headers = {"authorization": f"Bearer {secret}"}
    with serving(ondol, peer="10.0.0.5", url=LAN) as client:
        client.post("/api/v1/session", json={"key": secret})
        assert client.get("/api/v1/me").json()["session"]
        ondol.store.keys.revoke_key(key_id)
        assert client.get("/api/v1/me", headers=headers).status_code == 401
        assert client.get("/api/v1/me").status_code == 401


def test_a_key_is_exchanged_for_a_cookie_that_scripts_cannot_read(ondol):
    _, secret = ondol.store.keys.add_key("kim", Label.parse("open"))
    with serving(ondol, peer="10.0.0.5", url=LAN) as client:
        assert client.post("/api/v1/session", json={"key": "ondol_wrong"}).status_code == 401
        reply = client.post("/api/v1/session", json={"key": secret})
        cookie = reply.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert secret not in reply.headers["set-cookie"]
        assert client.get("/api/v1/me").json()["name"] == "kim"
        evil = {"origin": "http://evil.example"}
        assert client.post("/api/v1/search", json={"query": "x"}, headers=evil).status_code == 403
        own = {"origin": LAN} | BROWSER
        assert client.post("/api/v1/search", json={"query": "x"}, headers=own).status_code == 200
        assert client.delete("/api/v1/session").status_code == 204
        assert client.get("/api/v1/me").status_code == 401


def test_the_cookie_is_secure_under_https(ondol):
    _, secret = ondol.store.keys.add_key("kim", Label.parse("open"))
    with serving(ondol, peer="10.0.0.5", url="https://ondol.example") as client:
        assert "secure" in client.post("/api/v1/session", json={"key": secret}).headers["set-cookie"].lower()


def test_allowed_hosts_shut_out_other_names(open_home):
    ondol = open_home(allowed_hosts=("ondol.example",), require_keys=True)
    kim = add_key(ondol, "kim", "open")
    with serving(ondol, peer="10.0.0.5", url=LAN) as client:
        assert client.get("/api/v1/me", headers=kim).status_code == 200
        assert client.get("/api/v1/me", headers=kim | {"host": "evil.example"}).status_code == 403


def test_nobody_is_told_only_that_the_server_is_up(ondol):
    with serving(ondol, peer="10.0.0.5", url=LAN) as client:
        assert client.get("/api/v1/health").json() == {"service": "ondol", "status": "ok"}
        for path in ("/api/v1/openapi.json", "/api/v1/models", "/api/v1/labels", "/v1/models"):
            assert client.get(path).status_code == 401


def test_without_keys_the_server_refuses_to_listen_beyond_this_machine(open_home):
    with pytest.raises(SettingsError, match="no API key"), serving(open_home(host="0.0.0.0")):
        pass


def test_bound_elsewhere_even_loopback_needs_a_key(open_home):
    ondol = open_home(host="0.0.0.0")
    add_key(ondol, "kim", "open")
    with serving(ondol) as client:
        assert client.get("/api/v1/me").status_code == 401


def test_security_headers_are_on_every_response(client):
    for path in ("/", "/api/v1/health", "/api/v1/nothing", "/v1/nothing", "/nothing.js"):
        headers = client.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_what_one_may_not_read_does_not_exist(ondol):
    kim, boss = add_key(ondol, "kim", "open"), add_key(ondol, "boss", "classified+hr")
    with serving(ondol) as client:
        documents = client.get("/api/v1/documents", headers=boss).json()["documents"]
        secret = next(d for d in documents if d["label"] == "sensitive+hr")
        absent = "doc_" + "0" * 24
        for path in ("", "/text", "/original", "/pages/1/image", "/pages/1/boxes?start=0&end=1"):
            hidden = client.get(f"/api/v1/documents/{secret['id']}{path}", headers=kim)
            missing = client.get(f"/api/v1/documents/{absent}{path}", headers=kim)
            assert hidden.status_code == missing.status_code == 404
            assert (
                hidden.json()["error"]["message"].replace(secret["id"], absent)
                == missing.json()["error"]["message"]
            )
        assert client.get(f"/api/v1/documents/{secret['id']}", headers=boss).status_code == 200
        listed = client.get("/api/v1/documents", headers=kim).json()["documents"]
        assert [d["label"] for d in listed] == ["open"]
        assert client.get("/api/v1/labels", headers=kim).json() == {"labels": ["open"]}
        assert client.get("/api/v1/health", headers=kim).json()["documents"] == 1


def test_use_is_in_the_audit_by_ids_only(ondol):
    with serving(ondol) as client:
        client.post("/api/v1/search", json={"query": "a very private question"})
        client.post("/api/v1/ask", json={"question": "another private question about the battery"})
        document = client.get("/api/v1/documents").json()["documents"][0]
        client.get(f"/api/v1/documents/{document['id']}/original")
        client.get(f"/api/v1/documents/{document['id']}/text")
        client.patch(f"/api/v1/documents/{document['id']}", json={"label": "sensitive"})
    assert ondol.store.audit.verify().ok
    log = "".join(path.read_text("utf-8") for path in sorted((ondol.settings.home / "audit").glob("*.jsonl")))
    for action in ("search", "ask", "document.original", "document.read", "document.change"):
        assert f'"action": "{action}"' in log
    assert document["id"] in log
    assert "private" not in log


def test_wrong_keys_and_sign_ins_are_in_the_audit(ondol):
    _, secret = ondol.store.keys.add_key("kim", Label.parse("open"))
    with serving(ondol) as client:
        for _ in range(50):
            client.get("/api/v1/me", headers={"authorization": "Bearer ondol_wrong"})
        client.post("/api/v1/session", json={"key": secret})
    log = "".join(path.read_text("utf-8") for path in sorted((ondol.settings.home / "audit").glob("*.jsonl")))
    assert log.count('"action": "key.refuse"') == 1  # many in a row do not flood the log
    assert '"actor": "kim", "action": "session.open"' in log
    assert secret not in log


def test_a_failing_audit_log_is_seen_and_stops_reads(open_home, monkeypatch):
    from ondol.core.errors import StorageError

    ondol = open_home()

    def refuse(**_event):
        raise StorageError("The audit log cannot be written.")

    with serving(ondol) as client:
        monkeypatch.setattr(ondol.store.audit, "append", refuse)
        client.post("/api/v1/search", json={"query": "battery"})
        client.app.state.context.trail.close()
        assert client.get("/api/v1/health").json()["status"] == "degraded"
        assert client.post("/api/v1/search", json={"query": "battery"}).status_code == 500


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("evil.localhost.example", False),
        ("::", False),
        ("", False),
    ],
)
def test_loopback_addresses(host, expected):
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:1", ("a", 1)),
        ("a", ("a", None)),
        ("[::1]:8700", ("[::1]", 8700)),
        ("[::1]", ("[::1]", None)),
        ("a:", ("a", None)),
        ("a:b", ("a", None)),
        ("", ("", None)),
    ],
)
def test_hosts_are_split(text, expected):
    assert split_host(text) == expected
