"""The card of a dataset and what loaders read of its folder."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pydantic import BaseModel

from ondol.core.examples import (
    Evidence,
    Example,
    Provenance,
    Rejected,
    RetentionExample,
    Verdict,
)
from ondol.core.models import Message
from ondol.forge.card import (
    CardInput,
    CheckSummary,
    CostSummary,
    DecontaminationSummary,
    DocumentSummary,
    JudgeSummary,
    ModelSummary,
    RejectionSummary,
    RetentionSummary,
    SplitSummary,
    TopicSummary,
    build_card,
    build_dataset_info,
    build_pictures,
    judge_sources,
)
from ondol.forge.loaders import build_head, describe_features
from ondol.forge.markdown import cell, fence, table

QUOTE = "배터리가 15 %이면 기체가 착륙합니다."


def make_example(kind: str = "qa", *, evidence: bool = True) -> Example:
    quoted = Evidence(
        document="doc_1",
        uri="file:///설명서/배터리.md",
        title="배터리 | `안전장치` <b>",
        chunk_id="chk_1",
        start=0,
        end=len(QUOTE),
        quote=QUOTE,
        licence="CC-BY-4.0",
    )
    return Example(
        id="exm_1",
        messages=(
            Message(role="user", content="기체는 언제 착륙하나요?\n```\n# Not a heading"),
            Message(role="assistant", content=QUOTE),
        ),
        kind=kind,
        book="closed",
        language="ko",
        topic="배터리",
        group="grp_1",
        label="open",
        licences=("CC-BY-4.0",) if evidence else (),
        provenance=Provenance(evidence=(quoted,) if evidence else (), writer="frames"),
        verdicts=(Verdict(check="quotation", passed=True),),
    )


def make_facts(**changes) -> CardInput:
    made = CardInput(
        name="drone-manual",
        use_case="Answer pilots' questions.\nIn Korean & English.",
        languages=("en", "ko"),
        intended_use="commercial",
        made_at="2026-11-22T22:00:00Z",
        ondol_version="0.1.0",
        recipe="name: drone-manual\n",
        target=200,
        accepted=190,
        drafts=400,
        stopped_because="the sources hold no more facts.",
        splits=(
            SplitSummary(split="train", examples={"qa": 150, "dialogue": 10}, documents=100),
            SplitSummary(split="validation", examples={"qa": 15}, documents=12),
            SplitSummary(split="test", examples={"qa": 15}, documents=12),
            SplitSummary(split="recall", examples={"qa": 50}, documents=90),
        ),
        held_out_validation=0.1,
        held_out_test=0.1,
        rejections=(
            RejectionSummary(reason="support", count=100, detail="“20” is not in the quotation | <b>"),
            RejectionSummary(reason="near_duplicate", count=60),
        ),
        checks=(
            CheckSummary(name="quotation", passed=400, failed=0),
            CheckSummary(
                name="support",
                what="numbers, units and names of the answer are the quotation's",
                passed=300,
                failed=100,
                precision=0.97,
                recall=0.955,
                measured_on="400 samples with planted errors",
            ),
        ),
        documents_usable=153,
        facts=900,
        facts_taught=190,
        topics=(TopicSummary(topic="배터리", facts=30, taught=10, examples=12),),
        models=(ModelSummary(role="writer", name="smollm2-135m", licence="Apache-2.0"),),
        costs=CostSummary(requests=80, prompt_tokens=9_000, completion_tokens=1_200, seconds=480.0),
        documents=(
            DocumentSummary(
                id="doc_1",
                uri="file:///manual/a|b.md",
                title="Battery <script>",
                sha256="ab" * 32,
                licence="CC-BY-4.0",
                label="open",
                split="train",
                examples=12,
            ),
            DocumentSummary(
                id="doc_2",
                uri="file:///manual/unused.md",
                title="Unused",
                sha256="cd" * 32,
                licence="CC-BY-NC-4.0",
                label="open",
                split="train",
                examples=0,
            ),
        ),
        labels={"open": 240},
        decontamination=(
            DecontaminationSummary(path="eval.jsonl", sha256="ef" * 32, items=50, removed={"ngram": 3}),
        ),
        retention=RetentionSummary(model="trainee", examples=40, from_pool=30, from_model=10),
        samples=(make_example(), make_example("not_in_documents", evidence=False)),
        limits=("Tables were left out.",),
    )
    return made.model_copy(update=changes)


def read_head(card: str) -> dict:
    _, head, _ = card.split("---\n", 2)
    return yaml.safe_load(head)


def test_a_card_says_everything_that_must_be_known():
    card = build_card(make_facts())
    for wanted in (
        "190 / 200",
        "**10 fewer than wanted**, because the sources hold no more facts.",
        "240 of 400 drafts were accepted (60 %)",
        "| `support` | 100 |",
        "97 %",
        "95.5 %",
        "400 samples with planted errors",
        "No judge was used, because the recipe names none.",
        "0.33 per accepted example",
        "3 by ngram",
        "40 answers of `trainee` itself",
        "abababababababab…",
        "ondol forge delete-document",
        "dataset: drone-manual,drone-manual_retention",
        "type: chat_template",
        "Tables were left out.",
        "not legal advice",
        "## Limits · 한계",
    ):
        assert wanted in card, wanted


def test_pictures_that_the_card_shows_are_built():
    facts = make_facts()
    card, pictures = build_card(facts), build_pictures(facts)
    assert len(pictures) == 4
    for name in pictures:
        assert f"](pictures/{name})" in card


def test_documents_that_gave_no_example_do_not_count():
    facts = make_facts()
    assert judge_sources(facts).allowed == "yes"
    assert "CC-BY-NC-4.0" not in build_card(facts)
    used = tuple(d.model_copy(update={"examples": 1}) for d in facts.documents)
    assert judge_sources(make_facts(documents=used)).allowed == "no"
    assert "**not allowed** · 불가" in build_card(make_facts(documents=used))


def test_the_licence_of_the_model_that_wrote_counts_and_that_of_the_judge_does_not():
    exaone = ModelSummary(role="writer", name="exaone", licence="EXAONE 1.1-NC")
    assert judge_sources(make_facts(models=(exaone,))).allowed == "no"
    judge = exaone.model_copy(update={"role": "judge"})
    assert judge_sources(make_facts(models=(judge,))).allowed == "yes"


@pytest.mark.parametrize(("used", "wanted"), [(True, "and was used"), (False, "**not** used")])
def test_a_judge_is_named_with_its_calibration(used, wanted):
    judge = JudgeSummary(
        model="big",
        used=used,
        precision=0.9,
        recall=0.8,
        threshold=0.5,
        planted=100,
        by_error={"wrong_entity": 0.7},
    )
    card = build_card(make_facts(judge=judge))
    assert "precision 90 %, recall 80 % at threshold 0.5" in card
    assert "wrong entity 70 %" in card
    assert wanted in card


def test_an_empty_dataset_still_has_a_card():
    empty = CardInput(
        name="empty", languages=("en",), intended_use="internal", target=5, accepted=0, drafts=0, splits=()
    )
    card = build_card(empty)
    assert "No model was asked" in card
    assert "Against nothing" in card
    assert read_head(card)["configs"] == []
    assert build_pictures(empty)


def test_what_documents_say_cannot_pose_as_the_card():
    html = (
        MarkdownIt("commonmark", {"html": True})
        .enable("table")
        .render(build_card(make_facts()).split("---\n", 2)[2])
    )
    assert "<script" not in html
    assert "<b>" not in html
    assert "<h1>Not a heading</h1>" not in html


def test_tables_keep_their_columns():
    tokens = MarkdownIt("commonmark").enable("table").parse(build_card(make_facts()).split("---\n", 2)[2])
    width, rows = 0, 0
    for token in tokens:
        if token.type == "tr_open":
            width = 0
        if token.type in {"th_open", "td_open"}:
            width += 1
        if token.type == "tr_close":
            rows += 1
            assert width in {2, 3, 4, 6}
    assert rows > 20


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_words_stay_in_their_cell(first, second):
    markdown = table(("a", "b"), [(f"`{cell(first)}`", cell(second))])
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown)
    assert [token.type for token in tokens].count("td_open") == 2
    inner = [child.type for token in tokens if token.children for child in token.children]
    assert not {"html_inline", "image", "link_open"} & set(inner)


@given(st.text(alphabet="`~ab\n", max_size=40))
def test_any_words_stay_in_their_block(words):
    tokens = MarkdownIt("commonmark").parse(fence(words))
    assert [token.type for token in tokens] == ["fence"]


def test_a_corpus_of_thousands_does_not_make_a_card_of_thousands_of_lines():
    one = make_facts().documents[0]
    many = tuple(one.model_copy(update={"id": f"doc_{n}", "uri": f"file:///{n}"}) for n in range(5_000))
    card = build_card(make_facts(documents=many))
    assert "And 4,900 more" in card
    assert len(card) < 60_000


def test_the_head_lists_the_files_and_their_schema():
    head = read_head(build_card(make_facts()))
    default, retention, rejected = head["configs"]
    assert [file["split"] for file in default["data_files"]] == ["train", "validation", "test", "recall"]
    assert retention["data_files"] == [{"split": "train", "path": "retention.jsonl"}]
    assert rejected["config_name"] == "rejected"
    assert head["license"] == "cc-by-4.0"
    assert head["language"] == ["en", "ko"]
    assert [each["config_name"] for each in head["dataset_info"]] == ["default", "retention", "rejected"]


def test_a_file_without_lines_is_not_listed():
    head = yaml.safe_load(
        build_head("x", splits={"train": 2, "recall": 0}, languages=["en"], licences=["MIT", "CC-BY-4.0"])
    )
    assert [file["path"] for file in head["configs"][0]["data_files"]] == ["train.jsonl"]
    assert head["license"] == "other"


def test_llamafactory_is_told_of_every_split():
    info = json.loads(build_dataset_info("drone", ["train", "test", "recall"], retention=True))
    assert list(info) == ["drone", "drone_test", "drone_recall", "drone_retention"]
    assert info["drone_recall"]["split"] == "recall"
    assert info["drone_retention"]["subset"] == "retention"


def matches(value: object, feature: dict) -> bool:
    """Tell whether a JSON value is exactly of a feature's type."""
    if "dtype" in feature:
        wanted = {"string": str, "int64": int, "float64": float, "bool": bool}[feature["dtype"]]
        return type(value) is wanted
    if "struct" in feature:
        return isinstance(value, dict) and matches_row(value, feature["struct"])
    item = feature["list"]
    inner = {"dtype": item} if isinstance(item, str) else {"struct": item}
    return isinstance(value, list) and all(matches(each, inner) for each in value)


def matches_row(row: dict, features: list[dict]) -> bool:
    return list(row) == [f["name"] for f in features] and all(matches(row[f["name"]], f) for f in features)


@given(st.data())
@pytest.mark.parametrize("model", [Example, RetentionExample, Rejected])
def test_every_line_has_every_field_of_the_schema_in_its_type(model: type[BaseModel], data):
    row = data.draw(st.from_type(model))
    line = json.loads(json.dumps(row.to_json(), ensure_ascii=False))
    assert matches_row(line, describe_features(model))


def test_a_field_that_may_be_missing_is_refused():
    class Loose(BaseModel):
        note: str | None = None

    with pytest.raises(TypeError, match="always there"):
        describe_features(Loose)


def test_the_head_changes_with_the_rows_so_that_no_loader_reads_an_older_dataset_from_its_cache():
    first = read_head(build_card(make_facts(content="a")))["configs"]
    second = read_head(build_card(make_facts(content="b")))["configs"]
    assert all(one["description"] != two["description"] for one, two in zip(first, second, strict=True))
    assert read_head(build_card(make_facts(content="a")))["configs"] == first


def test_the_licence_of_a_built_in_model_is_known_and_that_of_a_server_s_must_be_asked_for():
    built_in = ModelSummary(role="writer", name="smollm2-135m-instruct")
    assert judge_sources(make_facts(models=(built_in,))).allowed == "yes"
    served = ModelSummary(role="writer", name="some-large-model")
    assert judge_sources(make_facts(models=(served,))).allowed == "ask"


def test_reasons_that_are_no_check_of_a_draft_stand_among_the_checks_too():
    card = build_card(make_facts())
    assert "| `near_duplicate`: almost the same was there already | – | 60 |" in card
