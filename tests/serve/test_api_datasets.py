"""Datasets and experts' reviews over HTTP."""

import shutil

import pytest
from serve_harness import ServedOndol, add_key, put, serving

from ondol.core.access import LOCAL_PRINCIPAL
from ondol.forge.recipe import Recipe
from ondol.serve.settings import Settings

BASE = "/api/v1/datasets"


@pytest.fixture(scope="module")
def forged_home(tmp_path_factory, handbook):
    """Five documents, one of them sensitive, and a dataset made of them by code."""
    home = tmp_path_factory.mktemp("forged") / "home"
    names = sorted((handbook / "en").rglob("*.md"), key=lambda path: -path.stat().st_size)[:5]
    with ServedOndol(Settings(home=home)) as ondol:
        for number, path in enumerate(names):
            put(ondol, path.name, path.read_bytes(), label="sensitive+hr" if number == 0 else "open")
        recipe = Recipe(name="manual", languages=("en",), target=30, kinds={"qa": 0.9, "list": 0.1})
        report = ondol.forge(recipe, principal=LOCAL_PRINCIPAL)
        assert report.accepted == 30
    return home


@pytest.fixture
def forged(forged_home, tmp_path):
    shutil.copytree(forged_home, tmp_path / "home")
    with ServedOndol(Settings(home=tmp_path / "home")) as ondol, serving(ondol) as client:
        yield client


def as_user(client, name, label="open"):
    return add_key(client.app.state.context.ondol, name, label)


def review(client, item, **body):
    path = f"{BASE}/manual/review/{item['example']['id']}"
    return client.put(path, json={"verdict": "accept", "seconds": 4.0} | body)


def test_datasets_are_listed_with_their_counts(forged):
    (found,) = forged.get(BASE).json()["datasets"]
    assert found["name"] == "manual"
    assert found["reviewed"] == 0
    assert sum(number for split, number in found["examples"].items() if split != "recall") == 30
    assert forged.get(f"{BASE}/manual").json() == found
    assert forged.get(f"{BASE}/other").status_code == 404


def test_examples_come_in_pages(forged):
    first = forged.get(f"{BASE}/manual/examples", params={"limit": 10}).json()
    second = forged.get(f"{BASE}/manual/examples", params={"limit": 10, "after": first["next"]}).json()
    assert len(first["examples"]) == len(second["examples"]) == 10
    assert {e["id"] for e in first["examples"]}.isdisjoint(e["id"] for e in second["examples"])


def test_the_source_stands_beside_the_example(forged):
    item = forged.get(f"{BASE}/manual/review/next").json()["item"]
    assert item["pick"] == "uncertain"
    assert item["left"] >= 30
    for source in item["sources"]:
        assert source["stands"]
        text = forged.get(f"/api/v1/documents/{source['document']}/text").json()["text"]
        assert source["before"] + source["quote"] + source["after"] in text


def test_a_verdict_is_kept_and_the_next_one_comes(forged):
    seen = []
    for _ in range(6):
        item = forged.get(f"{BASE}/manual/review/next").json()["item"]
        assert item["example"]["id"] not in seen
        seen.append(item["example"]["id"])
        kept = review(forged, item).json()
        assert (kept["verdict"], kept["example_id"]) == ("accept", seen[-1])
    mine = forged.get(f"{BASE}/manual/review/mine").json()["reviews"]
    assert {one["example_id"] for one in mine} == set(seen)
    overview = forged.get(f"{BASE}/manual/review").json()
    assert overview["statistics"]["reviewed"] == 6
    assert overview["statistics"]["reviewers"][0]["per_hour"] == pytest.approx(900)
    assert "judge" not in overview


def test_what_is_in_hand_is_not_given_twice(forged):
    hand = []
    for _ in range(7):
        path = f"{BASE}/manual/review/next"
        hand.append(forged.get(path, params={"skip": [one["example"]["id"] for one in hand]}).json()["item"])
    assert len({one["example"]["id"] for one in hand}) == 7
    assert [one["left"] for one in hand] == list(range(hand[0]["left"], hand[0]["left"] - 7, -1))
    assert "random" in {one["pick"] for one in hand}
    review(forged, hand[0])
    again = forged.get(path, params={"skip": ["unknown", hand[0]["example"]["id"]]}).json()["item"]
    assert again["left"] == hand[1]["left"]


def test_one_can_go_back_and_change_a_verdict(forged):
    item = forged.get(f"{BASE}/manual/review/next").json()["item"]
    review(forged, item)
    review(forged, item, verdict="reject", reason="trivial", note="nobody asks this")
    again = forged.get(f"{BASE}/manual/review/{item['example']['id']}").json()
    assert again["mine"]["verdict"] == "reject"
    assert again["mine"]["note"] == "nobody asks this"
    statistics = forged.get(f"{BASE}/manual/review").json()["statistics"]
    assert statistics["verdicts"] == {"reject": 1}
    assert statistics["reasons"] == {"trivial": 1}


def test_a_fix_is_compared_with_the_quotation(forged):
    item = forged.get(f"{BASE}/manual/review/next").json()["item"]
    answers = [m["content"] for m in item["example"]["messages"] if m["role"] == "assistant"]
    kept = review(forged, item, verdict="fix", reason="style", answers=answers).json()
    assert kept["answers"] == answers
    assert "warning" not in kept
    wrong = ["The moon has 97 craters made of Swiss cheese." for _ in answers]
    assert "does not bear out" in review(forged, item, verdict="fix", answers=wrong).json()["warning"]


@pytest.mark.parametrize(
    "body",
    [
        {"verdict": "fix"},
        {"verdict": "fix", "answers": [" "]},
        {"verdict": "reject", "reason": "because"},
        {"verdict": "perhaps"},
    ],
)
def test_a_malformed_verdict_is_refused(forged, body):
    item = forged.get(f"{BASE}/manual/review/next").json()["item"]
    assert review(forged, item, **body).status_code == 400


def test_two_reviewers_and_their_agreement(forged):
    names = ["ann", "bob"]
    keys = {name: as_user(forged, name, "sensitive+hr") for name in names}
    verdicts = {"ann": ["accept", "accept", "reject", "accept", "reject", "accept"], "bob": []}
    for verdict in verdicts["ann"]:
        item = forged.get(f"{BASE}/manual/review/next", headers=keys["ann"]).json()["item"]
        path = f"{BASE}/manual/review/{item['example']['id']}"
        body = {"verdict": verdict, "reason": "other" if verdict == "reject" else "", "seconds": 3}
        assert forged.put(path, json=body, headers=keys["ann"]).status_code == 200
    picks = []
    for _ in range(8):
        item = forged.get(f"{BASE}/manual/review/next", headers=keys["bob"]).json()["item"]
        picks.append(item["pick"])
        path = f"{BASE}/manual/review/{item['example']['id']}"
        assert forged.put(path, json={"verdict": "accept"}, headers=keys["bob"]).status_code == 200
    assert {"uncertain", "overlap", "random"} == set(picks)
    statistics = forged.get(f"{BASE}/manual/review", headers=keys["bob"]).json()["statistics"]
    assert [one["reviewer"] for one in statistics["reviewers"]] == names
    assert statistics["overlap"] >= 2


def test_who_may_not_read_the_source_sees_no_example_of_it(forged):
    key = as_user(forged, "guest")
    sources = set()
    for _ in range(100):
        found = forged.get(f"{BASE}/manual/review/next", headers=key).json().get("item")
        if found is None:
            break
        assert found["example"]["label"] == "open"
        sources.update(source["document"] for source in found["sources"])
        path = f"{BASE}/manual/review/{found['example']['id']}"
        assert forged.put(path, json={"verdict": "accept"}, headers=key).status_code == 200
    assert sources
    hidden = forged.get(
        f"{BASE}/manual/examples", params={"limit": 200}, headers=as_user(forged, "boss", "sensitive+hr")
    )
    secret = next(e["id"] for e in hidden.json()["examples"] if e["label"] != "open")
    assert forged.get(f"{BASE}/manual/review/{secret}", headers=key).status_code == 404
    assert (
        forged.put(f"{BASE}/manual/review/{secret}", json={"verdict": "accept"}, headers=key).status_code
        == 404
    )
