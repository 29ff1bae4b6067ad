"""Documents over HTTP: upload, list, change, delete, text, originals, page pictures."""

import io
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest
from serve_harness import DRONE, add_key, put, serving, wait_for_job

PDF = Path(__file__).parents[1] / "data" / "docling" / "multi_page.pdf"


def upload(client, *files, headers=None, **fields):
    return client.post(
        "/api/v1/documents",
        files=[("files", (name, data, "application/octet-stream")) for name, data in files],
        data=fields,
        headers=headers,
    )


def test_an_upload_is_ingested_and_answers_at_once(client):
    reply = upload(client, ("Crane.md", b"# Crane\n\nThe crane lifts 12 tonnes.\n"))
    assert reply.status_code == 202
    job = wait_for_job(client, reply.json()["jobs"][0]["id"])
    assert job["status"] == "done"
    assert (job["kind"], job["name"]) == ("ingest_upload", "Crane.md")
    assert job["result"]["added"] == 1
    answer = client.post("/api/v1/ask", json={"question": "How many tonnes does the crane lift?"}).json()
    assert "12 tonnes" in answer["answer"]
    document = client.get(f"/api/v1/documents/{answer['citations'][0]['document']}").json()
    assert document["uri"].startswith("upload:///")
    assert document["label"] == "open"
    assert not list((client.app.state.context.ondol.settings.home / "uploads").iterdir())


def test_several_files_are_several_jobs_and_a_bad_one_fails_alone(client):
    good, bad = ("a.txt", "가나다 라마바사".encode()), ("b.pdf", b"%PDF-1.7\nnot really")
    jobs = upload(client, good, bad).json()["jobs"]
    ended = {job["name"]: wait_for_job(client, job["id"]) for job in jobs}
    assert ended["a.txt"]["status"] == "done"
    assert ended["b.pdf"]["status"] == "failed"
    assert ended["b.pdf"]["error"]["code"]
    assert ended["b.pdf"]["error"]["message"]
    assert ended["b.pdf"]["error"]["remedy"]


def test_an_archive_brings_its_members(client):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.txt", "The first file is about hydrogen.")
        archive.writestr("two/two.md", "# Two\n\nThe second file is about helium.")
    job = wait_for_job(client, upload(client, ("pack.zip", packed.getvalue())).json()["jobs"][0]["id"])
    assert job["result"]["added"] == 2
    hits = client.post("/api/v1/search", json={"query": "helium"}).json()["hits"]
    assert hits[0]["uri"].endswith("two/two.md")


def test_label_and_licence_come_with_the_upload(client):
    reply = upload(client, ("a.txt", b"Some text of ours."), label="sensitive+hr", licence="CC-BY-4.0")
    wait_for_job(client, reply.json()["jobs"][0]["id"])
    documents = client.get("/api/v1/documents", params={"q": "a.txt"}).json()["documents"]
    assert [(d["label"], d["licence"]) for d in documents] == [("sensitive+hr", "CC-BY-4.0")]


def test_nobody_gives_a_label_above_their_own(open_home):
    ondol = open_home(default_label="sensitive+hr")
    kim = add_key(ondol, "kim", "open+lab")
    with serving(ondol) as client:
        assert upload(client, ("a.txt", b"text"), headers=kim, label="sensitive").status_code == 400
        assert upload(client, ("a.txt", b"text"), headers=kim).status_code == 400
        assert upload(client, ("a.txt", b"text"), headers=kim, label="not a label!").status_code == 400
        reply = upload(client, ("a.txt", b"text of the lab"), headers=kim, label="lab")
        assert reply.status_code == 202
        assert wait_for_job(client, reply.json()["jobs"][0]["id"], headers=kim)["status"] == "done"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\kim\\보고서.txt", "보고서.txt"),
        ("a\u202egnp.txt", "agnp.txt"),
        ("...", "unnamed"),
        ("x" * 300 + ".txt", "x" * 196 + ".txt"),
    ],
)
def test_names_are_cleaned(client, sent, kept):
    job = upload(client, (sent, b"text")).json()["jobs"][0]
    assert job["name"] == kept


def test_uploads_are_limited(open_home):
    with serving(open_home(max_upload_bytes=10_000)) as client:
        assert upload(client, ("a.txt", b"x" * 20_000)).status_code == 413

        def pieces():
            yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
            for _ in range(40):
                yield b"x" * 1000

        headers = {"content-type": "multipart/form-data; boundary=b"}
        assert client.post("/api/v1/documents", content=pieces(), headers=headers).status_code == 413
        assert not list((client.app.state.context.ondol.settings.home / "uploads").iterdir())
    with serving(open_home(max_file_bytes=100)) as client:
        reply = upload(client, ("big.txt", b"x" * 200), ("small.txt", b"some words"))
        assert [job["name"] for job in reply.json()["jobs"]] == ["small.txt"]
        assert [refused["error"]["code"] for refused in reply.json()["refused"]] == ["too_large"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", b"hello"),
        ("multipart/form-data", b"hello"),
        ("multipart/form-data; boundary=b", b"hello"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="files"'),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n--b--\r\n',
        ),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"x" * 20_000 + b": y\r\n\r\n"),
        ("multipart/form-data; boundary=b", b""),
        ("", b"hello"),
    ],
)
def test_malformed_uploads_are_refused(client, content_type, body):
    reply = client.post("/api/v1/documents", content=body, headers={"content-type": content_type})
    assert 400 <= reply.status_code < 500
    assert reply.json()["error"]["code"] == "wrong_use"


def test_documents_are_listed_in_pages_and_narrowed(ondol):
    for number in range(5):
        put(ondol, f"note-{number}.txt", f"note {number}".encode())
    with serving(ondol) as client:
        seen, cursor = [], None
        while True:
            params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = client.get("/api/v1/documents", params=params).json()
            seen += [d["uri"] for d in page["documents"]]
            cursor = page.get("next_cursor")
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == 7
        found = client.get("/api/v1/documents", params={"kind": "markdown"}).json()["documents"]
        assert {d["kind"] for d in found} == {"markdown"}
        found = client.get("/api/v1/documents", params={"label": "sensitive+hr"}).json()["documents"]
        assert [d["label"] for d in found] == ["sensitive+hr"]
        found = client.get("/api/v1/documents", params={"q": "NOTE-3"}).json()["documents"]
        assert [d["uri"] for d in found] == ["file:///docs/note-3.txt"]


def test_a_new_label_holds_at_once(ondol):
    kim, boss = add_key(ondol, "kim", "open"), add_key(ondol, "boss", "classified+*", is_admin=True)
    with serving(ondol) as client:
        client.headers.update(boss)
        document = next(
            d for d in client.get("/api/v1/documents").json()["documents"] if d["label"] == "open"
        )
        address = f"/api/v1/documents/{document['id']}"
        assert client.post("/api/v1/search", json={"query": "battery"}, headers=kim).json()["hits"]
        changed = client.patch(address, json={"label": "classified", "title": "Secret drone"}).json()
        assert (changed["label"], changed["title"]) == ("classified", "Secret drone")
        assert client.post("/api/v1/search", json={"query": "battery"}, headers=kim).json()["hits"] == []
        assert client.get(address, headers=kim).status_code == 404


def test_only_an_administrator_changes_or_deletes(ondol):
    kim, boss = add_key(ondol, "kim", "sensitive+hr"), add_key(ondol, "boss", "sensitive+hr", is_admin=True)
    with serving(ondol) as client:
        document = client.get("/api/v1/documents", headers=kim).json()["documents"][0]
        address = f"/api/v1/documents/{document['id']}"
        assert client.patch(address, json={"title": "x"}, headers=kim).status_code == 403
        assert client.delete(address, headers=kim).status_code == 403
        assert client.patch(address, json={"label": "classified"}, headers=boss).status_code == 400
        assert client.delete(address, headers=boss).status_code == 204
        assert client.get(address, headers=boss).status_code == 404


def test_a_deleted_document_is_gone_from_every_answer(client):
    document = next(d for d in client.get("/api/v1/documents").json()["documents"] if "drone" in d["uri"])
    assert client.delete(f"/api/v1/documents/{document['id']}").status_code == 204
    hits = client.post("/api/v1/search", json={"query": "battery"}).json()["hits"]
    assert document["id"] not in {hit["document"] for hit in hits}
    assert client.post("/api/v1/ask", json={"question": "How heavy is the battery?"}).json()["abstained"]


def test_an_original_is_an_attachment_that_no_browser_runs(client):
    documents = client.get("/api/v1/documents").json()["documents"]
    drone = next(d for d in documents if "drone" in d["uri"])
    reply = client.get(f"/api/v1/documents/{drone['id']}/original")
    assert reply.content == DRONE.encode()
    assert reply.headers["content-disposition"].startswith("attachment")
    assert reply.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert reply.headers["x-content-type-options"] == "nosniff"
    korean = next(d for d in documents if "drone" not in d["uri"])
    disposition = client.get(f"/api/v1/documents/{korean['id']}/original").headers["content-disposition"]
    assert "filename*=UTF-8''%EA%B8%89%EC%97%AC.md" in disposition


def test_a_page_is_drawn_and_a_passage_found_on_it(ondol):
    document = put(ondol, "pages.pdf", PDF.read_bytes())
    with serving(ondol) as client:
        address = f"/api/v1/documents/{document.id}"
        pages = client.get(f"{address}/text").json()["pages"]
        reply = client.get(f"{address}/pages/2/image", params={"scale": 1})
        assert reply.headers["content-type"] == "image/png"
        assert reply.content.startswith(b"\x89PNG")
        etag = reply.headers["etag"]
        again = client.get(f"{address}/pages/2/image", params={"scale": 1}, headers={"if-none-match": etag})
        assert (again.status_code, again.content) == (304, b"")
        text = pages[1]["text"]
        start = len(text) // 2
        boxes = client.get(f"{address}/pages/2/boxes", params={"start": start, "end": start + 20}).json()[
            "boxes"
        ]
        assert boxes
        for x0, y0, x1, y1 in boxes:
            assert 0 <= x0 < x1 <= 1
            assert 0 <= y0 < y1 <= 1
        for page in (0, -1, len(pages) + 1, 10**9):
            assert client.get(f"{address}/pages/{page}/image").status_code == 404
        assert client.get(f"{address}/pages/1/image", params={"scale": 100}).status_code == 400
        beyond = client.get(f"{address}/pages/1/boxes", params={"start": 0, "end": 10**7})
        assert beyond.status_code in {200, 400, 404}


def test_a_download_has_the_name_of_the_file(client):
    name = "한글 문서 #1 100%.md"
    job = wait_for_job(
        client, upload(client, (name, "온돌은 방을 데운다.\n".encode())).json()["jobs"][0]["id"]
    )
    document = job["result"]["documents"][0]["id"]
    disposition = client.get(f"/api/v1/documents/{document}/original").headers["content-disposition"]
    assert unquote(disposition.partition("filename*=UTF-8''")[2]) == name


def test_a_title_is_one_line_that_turns_nothing_around(client):
    document = client.get("/api/v1/documents").json()["documents"][0]["id"]
    address = f"/api/v1/documents/{document}"
    changed = client.patch(address, json={"title": "a\u0000b\u202e\n c"})
    assert changed.json()["title"] == "ab c"
    assert client.patch(address, json={"title": "\u0000\u202e "}).status_code == 400


def test_nobody_learns_what_others_uploaded_by_uploading_it(ondol):
    same = ("plan.md", b"# Plan\n\nThe secret plan is to build a kiln.\n")
    kim, lee = add_key(ondol, "kim", "sensitive+hr"), add_key(ondol, "lee", "open")
    with serving(ondol) as client:
        ended = [
            wait_for_job(
                client, upload(client, same, headers=who, label=label).json()["jobs"][0]["id"], headers=who
            )
            for who, label in ((kim, "sensitive+hr"), (lee, "open"))
        ]
        assert [job["status"] for job in ended] == ["done", "done"]
        hers, his = (job["result"]["documents"][0]["id"] for job in ended)
        assert hers != his
        assert client.get(f"/api/v1/documents/{hers}", headers=kim).json()["label"] == "sensitive+hr"
        assert client.get(f"/api/v1/documents/{hers}", headers=lee).status_code == 404


def test_uploading_what_is_there_already_does_not_relabel_it(ondol):
    same = ("plan.md", b"# Plan\n\nThe open plan is to build a kiln.\n")
    kim, lee = add_key(ondol, "kim", "sensitive+hr"), add_key(ondol, "lee", "open")
    boss = add_key(ondol, "boss", "sensitive+hr", is_admin=True)
    with serving(ondol) as client:

        def send(who, label: str) -> dict:
            job = upload(client, same, headers=who, label=label).json()["jobs"][0]["id"]
            return wait_for_job(client, job, headers=who)["result"]

        first = send(lee, "open")["documents"][0]["id"]
        second = send(kim, "sensitive")["documents"][0]["id"]
        assert second != first
        assert client.get(f"/api/v1/documents/{first}", headers=lee).json()["label"] == "open"
        send(boss, "sensitive")
        assert client.get(f"/api/v1/documents/{first}", headers=lee).status_code == 404


def test_a_licence_of_an_upload_is_one_plain_line(client):
    sent = upload(client, ("a.txt", b"Some text of ours."), licence="CC\u0000-BY\r\n4.0")
    job = wait_for_job(client, sent.json()["jobs"][0]["id"])
    document = job["result"]["documents"][0]["id"]
    assert client.get(f"/api/v1/documents/{document}").json()["licence"] == "CC-BY 4.0"
