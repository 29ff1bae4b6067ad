"""The line from corpus to dataset folder, by code alone and with a server that writes."""

import json

import pytest
from forging import build_home, build_recipe, forge, read_rows, write_varied
from writer_server import serving

from ondol.core.access import LOCAL_PRINCIPAL, Principal
from ondol.core.errors import NotFoundError
from ondol.core.examples import Example
from ondol.forge.select import Selector, read_turns
from ondol.forge.settle import Settler
from ondol.store import open_store
from ondol.store.forging import open_ledger

SPLITS = ("train", "validation", "test", "recall")


@pytest.fixture(scope="module")
def template(tmp_path_factory, handbook):
    return build_home(tmp_path_factory.mktemp("forge") / "home", handbook)


@pytest.fixture(scope="module")
def by_code(template):
    """A dataset made by code alone."""
    return template, forge(template, build_recipe(name="by-code", target=40))


@pytest.fixture(scope="module")
def by_model(template):
    """A dataset written by a scripted server."""
    with serving(write_varied) as server:
        report = forge(template, build_recipe(name="by-model"), base_url=server.base_url)
        return template, report, len(server.bodies)


@pytest.fixture(params=["by_code", "by_model"])
def made(request):
    return request.getfixturevalue(request.param)[:2]


def load(home, report):
    return {s: [Example(**row) for row in read_rows(home, report.dataset, s)] for s in SPLITS}


def test_the_target_is_met_and_counted(made):
    home, report = made
    rows = load(home, report)
    assert report.accepted == report.target == sum(len(rows[s]) for s in SPLITS[:3])
    assert report.shortfall == ""
    assert {s: len(rows[s]) for s in SPLITS[:3]} == report.splits
    assert len(rows["recall"]) == report.recall > 0
    assert (
        sum(report.by_reason.values()) == report.rejected == len(read_rows(home, report.dataset, "rejected"))
    )


def test_every_quotation_is_the_stored_text(made):
    home, report = made
    with open_store(home) as store:
        pages = {}
        for example in (e for rows in load(home, report).values() for e in rows):
            for e in example.provenance.evidence:
                if e.document not in pages:
                    found = store.corpus.load_pages(e.document, principal=LOCAL_PRINCIPAL)
                    pages[e.document] = {page.number or 0: page.text for page in found}
                assert pages[e.document][e.page][e.start : e.end] == e.quote
            assert example.provenance.evidence or example.kind == "not_in_documents"
            assert all(verdict.passed for verdict in example.verdicts)


def test_no_document_stands_on_two_sides(made):
    home, report = made
    rows = load(home, report)
    met = {
        split: {e.document for example in rows[split] for e in example.provenance.evidence}
        for split in SPLITS
    }
    assert not met["train"] & met["test"]
    assert not met["train"] & met["validation"]
    assert not met["validation"] & met["test"]
    assert met["test"]


def test_recall_asks_for_taught_facts_in_other_words(made):
    home, report = made
    rows = load(home, report)
    taught = {example.group for example in rows["train"]}
    asked = {example.messages[0].content for example in rows["train"]}
    for example in rows["recall"]:
        assert example.group in taught
        assert example.book == "closed"
        assert example.messages[0].content not in asked


def test_the_test_split_shows_the_documents(made):
    home, report = made
    for example in load(home, report)["test"]:
        assert example.book == "open"
        assert example.messages[0].role == "system"
        assert all(e.quote in example.messages[1].content for e in example.provenance.evidence)


def test_the_manifest_says_what_it_is_made_of(made):
    home, report = made
    manifest = json.loads((home / "datasets" / report.dataset / "manifest.json").read_text("utf-8"))
    assert manifest["hash"] == report.hash
    assert manifest["recipe"]["target"] == report.target
    assert manifest["licences"] == ["CC-BY-4.0"]
    assert len(manifest["sources"]) == 12
    assert {"train.jsonl", "README.md", "dataset_info.json"} <= set(manifest["files"])


def test_a_second_run_does_nothing(by_model):
    home, report, _ = by_model
    with serving(write_varied) as server:
        again = forge(home, build_recipe(name="by-model"), base_url=server.base_url)
        assert server.bodies == []
    assert again.hash == report.hash
    assert again.accepted == report.accepted


def test_a_packed_request_gives_several_examples(by_model):
    _, report, requests = by_model
    assert report.requests == requests
    assert requests <= 0.5 * (report.accepted + report.recall)


def test_what_cannot_be_had_is_explained(template):
    report = forge(template, build_recipe(name="too-much", target=5000))
    assert report.accepted < 5000
    assert "exhausted" in report.shortfall
    assert "capable model" in report.shortfall


def test_stopped_and_taken_up_again(tmp_path, handbook):
    home = build_home(tmp_path / "home", handbook, count=6)
    whole = forge(home, build_recipe(name="whole", target=30))
    asked = 0

    def stops_soon():
        nonlocal asked
        asked += 1
        return asked % 12 == 0

    recipe = build_recipe(name="pieces", target=30)
    report = forge(home, recipe, should_stop=stops_soon)
    assert report.interrupted
    for _ in range(200):
        if not report.interrupted:
            break
        report = forge(home, recipe, should_stop=stops_soon)
    assert report.accepted == 30
    assert strip(read_rows(home, "pieces", "train")) == strip(read_rows(home, "whole", "train"))
    assert report.by_reason == whole.by_reason


def strip(rows):
    return [(row["id"], row["messages"]) for row in rows]


def test_selection_sees_after_a_restart_what_it_saw_before(template):
    """Examples asked with the documents are judged without them, also by the process that goes on."""
    seen = []

    class Watched(Selector):
        def add(self, example):
            seen.append((example.book, read_turns(example)))
            super().add(example)

    recipe = build_recipe(name="restarted", target=30, book={"closed": 0.5, "open": 0.5}, kinds={"qa": 1.0})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ondol.forge.run.Selector", Watched)
        report = forge(template, recipe)
        first = seen.copy()
        seen.clear()
        with open_ledger(template, report.run, principal=LOCAL_PRINCIPAL) as ledger:
            assert any(example.book == "open" for _, example in ledger.examples("train"))
            settler = Settler(recipe, {"train": 24}, ledger, None, selector=Watched(None, recipe=recipe))
            settler.restore()
    assert sorted(map(str, seen)) == sorted(map(str, first))


def test_a_principal_forges_of_what_it_may_read(template):
    nobody = Principal(name="nobody", groups=frozenset())
    with open_store(template) as store:
        first = store.corpus.list_documents(principal=LOCAL_PRINCIPAL, limit=1)[0][0]
    with pytest.raises(NotFoundError, match="fits the recipe"):
        forge(template, build_recipe(sources={"documents": (first.id,)}, languages=("ko",)), principal=nobody)


def test_a_writer_that_answers_nonsense_costs_samples_nothing_else(template):
    with serving(lambda body, count: "I am sorry, I cannot do that.") as server:
        recipe = build_recipe(name="nonsense", target=20)
        report = forge(template, recipe, base_url=server.base_url, fingerprint="nonsense")
        assert len(server.bodies) < 400, "a hopeless model is not asked for ever"
    # What the model could not write, code did.
    assert report.accepted == 20
    assert report.by_reason["shape"] > 0
    assert all(row["provenance"]["writer"] != "model" for row in read_rows(template, "nonsense", "train"))


def test_faults_cost_time_not_samples(template):
    def faulty(body, count):
        if count % 20 == 0:
            return 500
        text = write_varied(body, count)
        return text[: len(text) * 2 // 3] if count % 5 == 0 else text

    with serving(faulty) as server:
        recipe = build_recipe(name="faulty")
        report = forge(template, recipe, base_url=server.base_url, fingerprint="faulty")
    assert report.accepted == report.target
    assert report.shortfall == ""
