"""What experts say of examples becomes part of the dataset, which is kept as it was beside it."""

import hashlib
import json
import shutil

import pytest
import yaml
from forging import build_home, build_recipe, forge, read_rows

from ondol.core.access import LOCAL_PRINCIPAL, Grade, Principal
from ondol.core.errors import AccessDeniedError, NotFoundError, WrongUseError
from ondol.core.examples import DatasetManifest, Example
from ondol.forge.apply import apply_reviews
from ondol.forge.review import ReviewDesk
from ondol.store import open_store
from ondol.store.reviews import Review

SPLITS = ("train", "validation", "test", "recall")
ADMIN = Principal(name="admin", is_admin=True)
READER = Principal(name="reader", grade=Grade.SENSITIVE)


@pytest.fixture(scope="module")
def template(tmp_path_factory, handbook):
    home = build_home(tmp_path_factory.mktemp("review") / "home", handbook, count=6)
    report = forge(home, build_recipe(name="manual", target=30))
    assert report.accepted == 30
    return home


@pytest.fixture
def home(template, tmp_path):
    shutil.copytree(template, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def store(home):
    with open_store(home) as opened:
        yield opened


def load(home, split="train", name="manual"):
    return [Example(**row) for row in read_rows(home, name, split)]


def say(store, example, verdict, *, who="ann", reason="", note="", answer=""):
    principal = Principal(name=who, grade=Grade.CLASSIFIED, groups=LOCAL_PRINCIPAL.groups)
    messages = ()
    if answer:
        messages = tuple(
            message.model_copy(update={"content": answer}) if message.role == "assistant" else message
            for message in example.messages
        )
    review = Review(
        dataset="manual",
        example_id=example.id,
        reviewer=who,
        verdict=verdict,
        reason=reason,
        note=note,
        messages=messages,
        label=example.label,
    )
    store.reviews.save_review(review, documents=example.documents, principal=principal)


def load_single(home):
    """Return the examples of train that no dialogue was built of."""
    rows = load(home)
    inside = [m for example in rows if example.kind == "dialogue" for m in example.messages]
    return [e for e in rows if e.kind != "dialogue" and e.messages[0] not in inside]


def apply(store, principal=LOCAL_PRINCIPAL):
    return apply_reviews(store, "manual", principal=principal)


def review_of(example):
    (verdict,) = [verdict for verdict in example.verdicts if verdict.check == "review"]
    return verdict


def find(home, example_id):
    return next(e for split in SPLITS for e in load(home, split) if e.id == example_id)


def test_without_reviews_nothing_happens(store, home):
    before = (home / "datasets" / "manual" / "manifest.json").read_bytes()
    applied = apply(store)
    assert (applied.version, applied.reviews, applied.hash) == ("", 0, applied.former_hash)
    assert (home / "datasets" / "manual" / "manifest.json").read_bytes() == before


def test_what_most_reject_leaves_with_their_reasons(store, home):
    first, second, third = load_single(home)[:3]
    say(store, first, "reject", reason="wrong", note="it is 30 m")
    say(store, first, "reject", who="bob", reason="unsupported")
    say(store, first, "accept", who="eve")
    say(store, second, "reject", reason="trivial")
    say(store, second, "accept", who="bob")
    say(store, third, "accept")
    applied = apply(store)
    assert first.id in applied.rejected
    assert first.id not in {example.id for example in load(home)}
    row = next(row for row in read_rows(home, "manual", "rejected") if row["id"] == first.id)
    assert row["reason"] == "review"
    assert row["detail"] == "2 of 3 reviewers reject it: wrong: it is 30 m; unsupported"
    assert first.messages[-1].content in row["text"]
    assert row["documents"] == list(first.documents)
    assert review_of(find(home, second.id)).score == 0.5, "no majority rejects it"
    assert review_of(find(home, third.id)).score == 1.0
    assert "ann" not in json.dumps(row)


def test_the_newest_fix_counts_and_the_id_stays(store, home):
    example = load_single(home)[0]
    say(store, example, "fix", answer="Older words.")
    say(store, example, "fix", who="bob", answer="Newer words.", reason="style")
    applied = apply(store)
    found = find(home, example.id)
    assert found.messages[-1].content == "Newer words."
    assert found.messages[0] == example.messages[0]
    assert review_of(found).passed
    assert (applied.corrected, applied.rejected, applied.related) == (1, (), ())
    # Who corrected it accepts it as it is now: the words stay.
    say(store, example, "accept", who="bob")
    say(store, example, "accept")
    apply(store)
    assert find(home, example.id).messages[-1].content == "Newer words."
    assert review_of(find(home, example.id)).score == 1.0


def test_doing_it_twice_changes_nothing(store, home):
    first, second, third = load_single(home)[:3]
    say(store, first, "reject", reason="wrong")
    say(store, second, "fix", answer="Other words.")
    say(store, third, "accept")
    applied = apply(store)
    assert applied.version == "manual@1"
    manifest = (home / "datasets" / "manual" / "manifest.json").read_bytes()
    again = apply(store)
    assert (again.version, again.rejected, again.hash) == ("", (), applied.hash)
    assert again.unmatched == 0, "a review of what left is no orphan"
    assert (again.corrected, again.confirmed) == (1, 1)
    assert (home / "datasets" / "manual" / "manifest.json").read_bytes() == manifest
    assert store.datasets.names() == ["manual", "manual@1"]


def test_the_former_dataset_is_kept_and_the_new_one_is_true_to_its_manifest(store, home):
    before = {path.name: path.read_bytes() for path in (home / "datasets" / "manual").glob("*.*")}
    gone, fixed = load_single(home)[:2]
    say(store, gone, "reject", reason="wrong")
    say(store, fixed, "fix", answer="Put right by hand.")
    applied = apply(store)
    folder = home / "datasets" / "manual"
    assert {path.name: path.read_bytes() for path in (home / "datasets" / "manual@1").glob("*.*")} == before
    manifest = DatasetManifest.model_validate_json((folder / "manifest.json").read_bytes())
    assert manifest.hash == applied.hash != applied.former_hash
    for name, file in manifest.files.items():
        data = (folder / name).read_bytes()
        assert (file.sha256, file.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert manifest.counts.keys() == {split for split in SPLITS if load(home, split)}
    assert sum(manifest.counts["train"].values()) == len(load(home))
    assert manifest.num_rejected == len(read_rows(home, "manual", "rejected"))
    (change,) = manifest.history
    assert change.former_hash == applied.former_hash
    assert change.num_examples == len(applied.rejected)
    assert change.num_corrected == 1


def test_the_card_tells_it_and_shows_what_is_left(store, home):
    card = (home / "datasets" / "manual" / "README.md").read_text("utf-8")
    shown = [example for example in load(home) if example.messages[0].content in card]
    assert shown
    for example in shown:
        say(store, example, "reject", reason="wrong")
    apply(store)
    after = (home / "datasets" / "manual" / "README.md").read_text("utf-8")
    for example in shown:
        assert f"user: {example.messages[0].content}" not in after
    assert "experts' reviews were applied**:" in after
    assert any(example.messages[0].content in after for example in load(home))
    head = yaml.safe_load(after.split("---\n")[1])
    paths = {file["path"] for config in head["configs"] for file in config["data_files"]}
    assert paths == {path.name for path in (home / "datasets" / "manual").glob("*.jsonl")}
    assert after.partition("## Held-out")[2] == card.partition("## Held-out")[2], "the rest is as it was"


def test_recall_asks_only_for_what_is_still_taught(store, home):
    asked = load(home, "recall")[0]
    facts = set(asked.provenance.facts)
    teachers = [example for example in load(home) if facts & set(example.provenance.facts)]
    assert teachers
    for example in teachers:
        say(store, example, "reject", reason="trivial")
    applied = apply(store)
    assert asked.id in applied.rejected
    assert applied.implied >= 1
    taught = {fact for example in load(home) for fact in example.provenance.facts}
    assert all(taught.issuperset(example.provenance.facts) for example in load(home, "recall"))


def build_of(home):
    """Return a dialogue and an example that it was built of."""
    for dialogue in load(home):
        if dialogue.kind == "dialogue":
            for part in load(home):
                if part.kind != "dialogue" and part.messages[0] in dialogue.messages:
                    return dialogue, part
    raise AssertionError("no dialogue was built")


def test_what_is_said_of_a_part_holds_for_the_dialogue(store, home):
    dialogue, part = build_of(home)
    say(store, part, "fix", answer="Put right by hand.", reason="style")
    applied = apply(store)
    at = dialogue.messages.index(part.messages[0]) + 1
    found = find(home, dialogue.id)
    assert found.messages[at].content == "Put right by hand."
    assert found.messages[:at] == dialogue.messages[:at]
    assert apply(store).corrected == applied.corrected == 2
    say(store, part, "reject", reason="style")
    again = apply(store)
    assert {part.id, dialogue.id} <= set(again.rejected)
    assert again.implied >= 1


def test_a_dialogue_that_was_reviewed_is_judged_by_its_own_reviews(store, home):
    dialogue, part = build_of(home)
    say(store, part, "reject", reason="trivial")
    say(store, dialogue, "accept")
    apply(store)
    assert find(home, dialogue.id).messages == dialogue.messages


def test_what_teaches_a_doubted_fact_is_named(store, home):
    wrong = next(
        example
        for example in load(home)
        if any(other.group == example.group and other.id != example.id for other in load(home))
    )
    say(store, wrong, "reject", reason="wrong")
    related = set(apply(store).related)
    expected = {
        example.id
        for split in SPLITS
        for example in load(home, split)
        if not set(wrong.provenance.facts).isdisjoint(example.provenance.facts)
    }
    assert related == expected != set()
    assert set(apply(store).related) == related, "it is said until they are reviewed"


def test_reviews_of_what_is_not_there_are_counted(store, home):
    stranger = load(home)[0].model_copy(update={"id": "exm_of_another_run"})
    say(store, stranger, "reject", reason="wrong")
    assert apply(store).unmatched == 1


def test_what_left_stays_in_the_statistics_and_counts_against_the_judge(store, home):
    first, second = load(home)[:2]
    say(store, first, "reject", reason="wrong")
    say(store, second, "accept")
    apply(store)
    statistics = ReviewDesk(store.datasets, store.reviews, "manual", principal=LOCAL_PRINCIPAL).measure()
    assert statistics.verdicts == {"accept": 1, "reject": 1}
    assert statistics.reviewed == 1


def test_the_same_run_again_leaves_it_as_the_experts_left_it(store, home):
    say(store, load(home)[0], "reject", reason="wrong")
    applied = apply(store)
    report = forge(home, build_recipe(name="manual", target=30))
    assert report.hash == applied.hash
    assert "Experts' reviews were applied" in " ".join(report.notes)
    assert store.datasets.names() == ["manual", "manual@1"]
    replaced = forge(home, build_recipe(name="manual", target=30), replace=True)
    assert replaced.hash == applied.former_hash
    assert store.datasets.names() == ["manual", "manual@1", "manual@2"]
    assert apply(store).hash == applied.hash


def test_killed_while_the_new_one_is_moved_in_it_is_there_all_the_same(store, home):
    say(store, load_single(home)[0], "reject", reason="wrong")
    applied = apply(store)
    # What a process leaves that is killed between its two renames.
    (home / "datasets" / "manual").rename(home / "datasets" / ".manual.0123abcd.partial")
    assert apply(store).hash == applied.hash
    assert store.datasets.names() == ["manual", "manual@1"]


def test_who_may(store, home, template):
    secret = load(home)[0].provenance.evidence[0].document
    path = home / "datasets" / "manual" / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest["labels"] = ["open", "sensitive+hr"]
    manifest["label"] = "sensitive+hr"
    path.write_text(json.dumps(manifest), "utf-8")
    assert secret
    say(store, load(home)[0], "reject", reason="wrong")
    with pytest.raises(AccessDeniedError, match="may not read"):
        apply(store, READER)
    with pytest.raises(NotFoundError):
        apply_reviews(store, "other", principal=LOCAL_PRINCIPAL)
    assert apply(store, ADMIN).version
    with pytest.raises(WrongUseError, match="former version"):
        apply_reviews(store, "manual@1", principal=LOCAL_PRINCIPAL)
