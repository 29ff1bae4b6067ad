"""A dataset's card after examples were taken out: nothing of them is in it, the rest is as it was."""

import json
from datetime import UTC, datetime
from xml.dom import minidom

import pytest
import yaml

from ondol.core.examples import DatasetChange, Evidence, Example, Provenance, Rejected
from ondol.core.ids import build_document_id
from ondol.core.models import Message
from ondol.forge.amend import CardAmender
from ondol.forge.card import (
    CardInput,
    DocumentSummary,
    RejectionSummary,
    RetentionSummary,
    SplitSummary,
    TopicSummary,
    build_card,
    build_dataset_info,
    build_pictures,
)

URI = "file:///manuals/%EB%B9%84%EC%83%81%20%EC%B0%A9%EB%A5%99.txt"
TITLE = "비상 착륙 & 회수"
OTHER = "file:///manuals/other.txt"
CHANGE = DatasetChange(
    changed_at=datetime(2026, 11, 22, tzinfo=UTC),
    reason="a document was withdrawn",
    num_examples=3,
    former_hash="0",
)
LONG = "회수 신호는 433.92 MHz이며 " + "배터리가 남아 있는 동안 되풀이해서 보낸다. " * 12


def _example(number, uri, title, answer):
    evidence = Evidence(
        document=build_document_id(uri),
        uri=uri,
        title=title,
        chunk_id="chk_1",
        start=0,
        end=len(answer),
        quote=answer,
    )
    return Example(
        id=f"exm_{number}",
        messages=(
            Message(role="user", content=f"What does rule {number} say | exactly?"),
            Message(role="assistant", content=answer),
        ),
        kind="qa",
        book="closed",
        language="en",
        topic=title,
        group="g",
        label="open",
        licences=("CC0-1.0",),
        provenance=Provenance(evidence=(evidence,), writer="frames"),
        verdicts=(),
    )


GONE = (
    _example(1, URI, TITLE, "Keep 12 m away."),
    _example(2, URI, TITLE, LONG),
    _example(3, URI, TITLE, "string"),
)
KEPT = _example(4, OTHER, "Other", "Keep the string of rule 4 tight & dry.")
REJECTED = Rejected(
    id="rej_1",
    kind="qa",
    reason="support",
    detail="“77 m/s” is not in | the quotation about the parachute.",
    text="Q: How fast?\nA: 77 m/s",
    writer="model",
)


@pytest.fixture
def facts():
    return CardInput(
        name="d",
        languages=("en", "ko"),
        intended_use="internal",
        target=4,
        accepted=4,
        drafts=5,
        splits=(
            SplitSummary(split="train", examples={"qa": 3}, documents=2),
            SplitSummary(split="test", examples={"qa": 1}, documents=1),
        ),
        rejections=(
            RejectionSummary(reason="support", count=1, detail=REJECTED.detail),
            RejectionSummary(reason="shape", count=2, detail="No JSON was found."),
        ),
        retention=RetentionSummary(model="m", examples=1, from_pool=1),
        topics=tuple(TopicSummary(topic=t, facts=3, taught=1, examples=1) for t in (TITLE, "Other")),
        documents=tuple(
            DocumentSummary(
                id=build_document_id(uri),
                uri=uri,
                title=title,
                sha256="0" * 64,
                licence="CC0-1.0",
                label="open",
                split="train",
                examples=1,
            )
            for uri, title in ((URI, TITLE), (OTHER, "Other"))
        ),
        samples=(*GONE, KEPT),
    )


@pytest.fixture
def amend():
    amender = CardAmender(build_document_id(URI), URI)
    for example in GONE:
        amender.add_example(example)
    amender.add_rejected(REJECTED)
    lines = {"train.jsonl": 2, "retention.jsonl": 1}
    return lambda name, text: amender.amend(name, text.encode(), change=CHANGE, lines=lines).decode()


def test_the_card_says_nothing_of_the_document_and_all_of_the_others(facts, amend):
    before = build_card(facts)
    after = amend("README.md", before)
    for word in (
        "비상",
        "%EB%B9",
        build_document_id(URI),
        "12 m",
        "433.92",
        "되풀이",
        "77 m/s",
        "rule 1 say",
    ):
        assert word in before or word == build_document_id(URI)
        assert word not in after, word
    for word in ("Other", OTHER, "rule 4 say", "string of rule 4 tight", "No JSON was found", "recall"):
        assert word in after, word
    bodies = [card.partition("\n# d\n")[2].count("\n") for card in (before, after)]
    assert bodies[0] == bodies[1], "no more than it must"


def test_the_card_says_that_it_is_older(facts, amend):
    after = amend("README.md", build_card(facts))
    head, _, body = after.removeprefix("---\n").partition("---\n")
    assert body.strip().startswith("> **2026-11-22: 3 examples were taken out** (a document was withdrawn)")
    assert yaml.safe_load(head)["pretty_name"] == "d"


def test_the_head_names_the_files_there_are_and_keeps_its_schema(facts, amend):
    def read(card):
        return yaml.safe_load(card.split("---\n")[1])

    before, after = read(build_card(facts)), read(amend("README.md", build_card(facts)))
    assert [config["config_name"] for config in before["configs"]] == ["default", "retention", "rejected"]
    assert [config["config_name"] for config in after["configs"]] == ["default", "retention"]
    assert after["configs"][0]["data_files"] == [{"split": "train", "path": "train.jsonl"}]
    assert after["dataset_info"] == before["dataset_info"][:2], "an answer that says string is no schema"
    assert {**before, "configs": 0, "dataset_info": 0} == {**after, "configs": 0, "dataset_info": 0}


def test_the_list_for_training_tools_leads_to_rows(amend):
    info = build_dataset_info("d", ["train", "test"], retention=True)
    assert list(json.loads(info)) == ["d", "d_test", "d_retention"]
    assert list(json.loads(amend("dataset_info.json", info))) == ["d", "d_retention"]


def test_pictures_stay_pictures(facts, amend):
    for name, picture in build_pictures(facts).items():
        amended = amend(f"pictures/{name}", picture)
        minidom.parseString(amended.encode())
        assert "비상" not in amended
        assert ("Other" in amended) == ("Other" in picture)


def test_what_is_no_text_stays(amend):
    data = b"\x89PNG\xff\x00" + TITLE.encode()
    assert CardAmender("", "").amend("p.png", data, change=CHANGE, lines={}) == data


def test_a_name_within_another_one_is_left(facts):
    amender = CardAmender("doc_1", "file:///a/1.txt")
    amended = amender.amend(
        "README.md", b"1.txt 11.txt x1.txt /a/1.txt 1.txt\xeb\x8a\x94", change=CHANGE, lines={}
    )
    assert amended.decode().splitlines()[-1] == "(removed) 11.txt x1.txt (removed) (removed)는"


def test_a_card_without_a_head(amend):
    after = amend("README.md", f"# d\n\n{TITLE}\n")
    assert after.startswith("> **2026-11-22")
    assert after.endswith("# d\n\n(removed)\n")
