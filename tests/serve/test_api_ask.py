"""Search, answers whole and streamed, conversations and feedback."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx2 as httpx
import pytest
from serve_harness import add_key, listening, read_events, serving

from ondol.core.errors import EngineUnavailableError


def test_search_finds_what_the_local_principal_may_read(client):
    reply = client.post("/api/v1/search", json={"query": "battery weight", "k": 3})
    assert reply.status_code == 200
    body = reply.json()
    assert "450 g" in body["hits"][0]["text"]
    assert body["hits"][0]["rank"] == 1
    assert body["timings_ms"]


def test_search_is_narrowed_by_its_filter(client):
    document = next(d for d in client.get("/api/v1/documents").json()["documents"] if "drone" in d["uri"])
    narrow = {"documents": [document["id"]]}
    hits = client.post("/api/v1/search", json={"query": "bonus March battery", "filter": narrow}).json()[
        "hits"
    ]
    assert hits
    assert {hit["document"] for hit in hits} == {document["id"]}


def test_search_shows_nothing_above_the_asker(ondol):
    kim = add_key(ondol, "kim", "open")
    with serving(ondol) as client:
        hits = client.post("/api/v1/search", json={"query": "성과급 bonus"}, headers=kim).json()["hits"]
        assert all("성과급" not in hit["text"] and "bonus" not in hit["text"] for hit in hits)


def test_an_answer_cites_and_its_quotes_are_the_stored_text(client):
    answer = client.post("/api/v1/ask", json={"question": "How much does the battery weigh?"}).json()
    assert not answer["abstained"]
    assert "450 g" in answer["answer"]
    for citation in answer["citations"]:
        text = client.get(f"/api/v1/documents/{citation['document']}/text").json()["text"]
        assert text[citation["locator"]["start"] : citation["locator"]["end"]] == citation["quote"]


def test_a_question_that_the_documents_do_not_answer_is_an_abstention(client):
    answer = client.post("/api/v1/ask", json={"question": "Who won the chess championship in 1972?"}).json()
    assert answer["abstained"]
    assert answer["citations"] == []


def test_a_stream_brings_sources_then_deltas_then_the_same_answer(client):
    reply = client.post("/api/v1/ask", json={"question": "How much does the battery weigh?", "stream": True})
    assert reply.headers["content-type"].startswith("text/event-stream")
    events = [(name, json.loads(data)) for name, data in read_events(reply.text)]
    names = [name for name, _ in events]
    assert names[0] == "sources"
    assert names[-1] == "done"
    assert set(names[1:-1]) == {"delta"}
    answer = events[-1][1]["answer"]
    assert "".join(data["text"] for name, data in events if name == "delta") == answer["answer"]
    assert events[0][1].keys() == {"hits"}


def test_a_follow_up_stays_in_its_conversation(client):
    first = client.post("/api/v1/ask", json={"question": "How much does the battery weigh?"}).json()
    again = {"question": "And how long does it last?", "conversation_id": first["conversation_id"]}
    second = client.post("/api/v1/ask", json=again).json()
    assert second["conversation_id"] == first["conversation_id"]
    conversation = client.get(f"/api/v1/conversations/{first['conversation_id']}").json()
    assert [m["id"] for m in conversation["messages"]] == [first["message_id"], second["message_id"]]
    assert conversation["title"] == "How much does the battery weigh?"
    assert conversation["messages"][0]["answer"]["answer"] == first["answer"]


def test_an_unknown_conversation_is_not_found_even_when_streamed(client):
    body = {"question": "How long?", "conversation_id": "cnv_" + "0" * 24, "stream": True}
    reply = client.post("/api/v1/ask", json=body)
    assert reply.status_code == 404
    assert reply.json()["error"]["code"] == "not_found"


def test_conversations_belong_to_one_principal(ondol):
    kim, lee = add_key(ondol, "kim", "open"), add_key(ondol, "lee", "open", is_admin=True)
    with serving(ondol) as client:
        asked = client.post("/api/v1/ask", json={"question": "How long does it last?"}, headers=kim).json()
        address = f"/api/v1/conversations/{asked['conversation_id']}"
        assert client.get(address, headers=kim).status_code == 200
        assert client.get(address, headers=lee).status_code == 404
        assert client.patch(address, json={"title": "mine"}, headers=lee).status_code == 404
        assert client.delete(address, headers=lee).status_code == 404
        assert client.get("/api/v1/conversations", headers=lee).json()["conversations"] == []


def test_a_conversation_is_begun_renamed_listed_and_deleted(client):
    begun = client.post("/api/v1/conversations", json={}).json()
    address = f"/api/v1/conversations/{begun['id']}"
    assert client.patch(address, json={"title": "배터리"}).json()["title"] == "배터리"
    assert [c["title"] for c in client.get("/api/v1/conversations").json()["conversations"]] == ["배터리"]
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


def test_conversations_are_paged(client):
    made = [client.post("/api/v1/conversations", json={"title": f"t{n}"}).json()["id"] for n in range(5)]
    seen, cursor = [], None
    while True:
        page = client.get(
            "/api/v1/conversations", params={"limit": 2} | ({"cursor": cursor} if cursor else {})
        )
        seen += [c["id"] for c in page.json()["conversations"]]
        cursor = page.json().get("next_cursor")
        if cursor is None:
            break
    assert sorted(seen) == sorted(made)


def test_feedback_is_kept_with_its_message(client):
    asked = client.post("/api/v1/ask", json={"question": "How much does the battery weigh?"}).json()
    body = {"message_id": asked["message_id"], "rating": "down", "correction": "450 grams"}
    assert client.post("/api/v1/feedback", json=body).status_code == 200
    conversation = client.get(f"/api/v1/conversations/{asked['conversation_id']}").json()
    assert conversation["messages"][0]["feedback"]["correction"] == "450 grams"
    unknown = {"message_id": "msg_" + "0" * 24, "rating": "up"}
    assert client.post("/api/v1/feedback", json=unknown).status_code == 404


def test_a_question_over_the_limit_is_refused(open_home):
    with serving(open_home(max_question_chars=50)) as client:
        reply = client.post("/api/v1/ask", json={"question": "x" * 51})
        assert reply.status_code == 413
        assert reply.json()["error"]["code"] == "too_large"


@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_before_the_first_event_has_its_status(open_home, monkeypatch, stream):
    ondol = open_home()
    failure = EngineUnavailableError("It is gone.", remedy="Wait.")

    def fail(*_args, **_options):
        raise failure

    monkeypatch.setattr(ondol, "ask_stream", fail)
    with serving(ondol) as client:
        reply = client.post("/api/v1/ask", json={"question": "How long?", "stream": stream})
    assert reply.status_code == 503
    assert reply.json() == {
        "error": {"code": "engine_unavailable", "message": "It is gone.", "remedy": "Wait."}
    }
    assert reply.headers["retry-after"]


def test_a_failure_in_mid_stream_is_the_last_event(open_home, monkeypatch):
    ondol = open_home()
    real = ondol.ask_stream

    def break_off(*arguments, **options):
        yield next(real(*arguments, **options))
        raise ZeroDivisionError

    monkeypatch.setattr(ondol, "ask_stream", break_off)
    with serving(ondol) as client:
        reply = client.post("/api/v1/ask", json={"question": "How long does it last?", "stream": True})
    events = read_events(reply.text)
    assert [name for name, _ in events] == ["sources", "error"]
    assert json.loads(events[-1][1])["error"]["code"] == "ondol_error"
    assert "ZeroDivisionError" not in reply.text


def test_thirty_two_streams_at_once_lose_nothing(ondol):
    with listening(ondol) as url:

        def ask(number: int) -> str:
            body = {"question": f"How much does the battery weigh? ({number})", "stream": True}
            with httpx.Client(timeout=60) as http:
                return http.post(f"{url}/api/v1/ask", json=body).text

        with ThreadPoolExecutor(32) as pool:
            replies = list(pool.map(ask, range(32)))
        for number, text in enumerate(replies):
            events = [(name, json.loads(data)) for name, data in read_events(text)]
            assert events[0][0] == "sources"
            assert events[-1][0] == "done"
            answer = events[-1][1]["answer"]
            assert f"({number})" in answer["question"]
            assert "".join(data["text"] for name, data in events if name == "delta") == answer["answer"]
        with httpx.Client() as http:
            listed = http.get(f"{url}/api/v1/conversations", params={"limit": 100}).json()["conversations"]
        assert len(listed) == 32


@pytest.mark.parametrize("when", ["2026-01-01T00:00:00", "2026-01-01", "0001-01-01", "9999-12-31"])
def test_dates_without_a_zone_are_utc(client, when):
    for route in ("search", "ask"):
        body = {"query": "battery"} if route == "search" else {"question": "battery"}
        reply = client.post(f"/api/v1/{route}", json={**body, "filter": {"after": when, "before": when}})
        assert reply.status_code == 200, reply.text


def test_a_model_that_cannot_answer_is_named_with_those_that_can(client):
    for name in ("nope", "all-minilm-l6-v2"):
        reply = client.post("/api/v1/ask", json={"question": "battery", "model": name})
        assert reply.status_code == 404
        assert "extractive" in reply.json()["error"]["remedy"]
        assert "/" not in reply.json()["error"]["message"]  # no path of the server
    for name in ("ondol", "extractive"):
        assert client.post("/api/v1/ask", json={"question": "battery", "model": name}).status_code == 200


def test_invisible_characters_are_no_question(client):
    assert client.post("/api/v1/ask", json={"question": "\u0000\u200b"}).status_code == 400
    asked = client.post("/api/v1/ask", json={"question": "battery\u0000 weight"}).json()
    assert asked["question"] == "battery weight"
