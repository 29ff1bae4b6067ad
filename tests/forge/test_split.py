"""Near duplicates, versions and translations stay together; a further document moves no other."""

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondol.forge.split import SplitItem, assign_splits, group_documents
from ondol.text.language import detect_language

HANDBOOK = Path(__file__).resolve().parents[2] / "examples/drone-handbook"


def write(seed: int, words: int = 200) -> str:
    """A text of its own."""
    chance = random.Random(seed)
    return " ".join(f"w{chance.randrange(3000)}" for _ in range(words))


def item(uri: str, text: str, language: str = "") -> SplitItem:
    return SplitItem(id=f"doc:{uri}", uri=f"file:///c/{uri}", text=text, language=language)


def grouped(*items: SplitItem) -> list[set[str]]:
    """The groups of more than one, by what follows ``file:///c/``."""
    groups: dict[str, set[str]] = {}
    for document, group in group_documents(items).items():
        groups.setdefault(group, set()).add(document.removeprefix("doc:"))
    return sorted((members for members in groups.values() if len(members) > 1), key=sorted)


def change(text: str, share: float, seed: int = 5) -> str:
    chance = random.Random(seed)
    return " ".join(f"new{n}" if chance.random() < share else word for n, word in enumerate(text.split()))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("manual_v1.pdf", "manual_v2.pdf"),
        ("manual v1.0.docx", "Manual V1.1 final.docx"),
        ("운영규정_2022.hwp", "운영규정_2023년 개정.hwp"),
        ("운영규정(최종).hwp", "운영규정(최종)_수정본.hwp"),
        ("archive/Handbuch-rev3.md", "current/Handbuch-rev4.md"),
        ("report-20230115.txt", "report-20240220.txt"),
        ("안전관리지침_3차개정.hwpx", "안전관리지침_4차개정.hwpx"),
        ("plan (1).docx", "plan.docx"),
    ],
)
def test_versions_of_a_document_are_one_group(first, second):
    text = write(1)
    # A third of the words anew: no near duplicate by content alone.
    assert grouped(item(first, text), item(second, change(text, 0.15)), item("other.md", write(2))) == [
        {first, second}
    ]


def test_reports_of_one_name_with_other_content_are_not_versions():
    assert grouped(*(item(f"report-2023-{n:02}.md", write(n)) for n in range(1, 7))) == []


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("docs/en/setup/radio.md", "docs/ko/setup/radio.md"),
        ("guide_en.pdf", "guide_ko.pdf"),
        ("README.md", "README.ko.md"),
        ("guide (영문).docx", "guide (국문).docx"),
        ("en/guide_v1.md", "ko/guide_v2.md"),
        ("en_policy.txt", "kr_policy.txt"),
    ],
)
def test_translations_side_by_side_are_one_group(english, korean):
    items = [item(english, write(1), "en"), item(korean, "드론은 배터리로 난다. " * 9, "ko")]
    assert grouped(*items, item("en/other.md", write(2), "en")) == [{english, korean}]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("en/a/radio.md", "en/b/radio.md"),
        ("en/radio.md", "ko/video.md"),
        ("en/minutes-2023-01.md", "ko/minutes-2023-02.md"),
        ("token.md", "tok_en.md"),
    ],
)
def test_other_places_are_other_documents(first, second):
    assert grouped(item(first, write(1), "en"), item(second, write(2), "ko")) == []


def test_copies_and_extracts_are_one_group_whatever_they_are_called():
    text = write(1, 6000)
    extract = " ".join(text.split()[2000:2400])
    items = [item("whole.md", text), item("chapter.md", extract), item("x.md", change(text, 0.05))]
    assert grouped(*items, item("alone.md", write(2, 6000))) == [{"whole.md", "chapter.md", "x.md"}]


def test_exact_copies_beyond_any_crowd_are_one_group():
    assert len(grouped(*(item(f"{n}.md", write(1)) for n in range(60)))[0]) == 60


def test_a_footer_that_all_share_joins_nothing():
    footer = write(99, 60)
    assert grouped(*(item(f"{n}.md", f"{write(n, 150)} {footer}") for n in range(50))) == []


def test_empty_documents_are_not_alike():
    assert (
        grouped(item("a.md", ""), item("b.md", ""), item("c.md", "title"), item("d.md", "title page")) == []
    )


def test_the_order_of_reading_makes_no_difference():
    items = [item(f"f{n}_v{v}.md", change(write(n), 0.1 * v)) for n in range(6) for v in range(3)]
    shuffled = random.Random(3).sample(items, len(items))
    assert group_documents(items) == group_documents(shuffled)


def test_the_handbook_keeps_its_translations_together():
    paths = sorted(HANDBOOK.rglob("*.md"))
    items = []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(HANDBOOK).as_posix()
        items.append(SplitItem(id=name, uri=f"file:///{name}", text=text, language=detect_language(text)))
    groups = group_documents(items)
    for name in groups:
        if name.startswith("en/") and f"ko/{name[3:]}" in groups:
            assert groups[name] == groups[f"ko/{name[3:]}"]
    assert max(Counter(groups.values()).values()) < 8


GROUPS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=4), st.integers(1, 30), min_size=1, max_size=40
)
SHARES = st.floats(0.0, 0.4)


def spread(sizes: dict[str, int]) -> tuple[dict[str, str], dict[str, int]]:
    """Two documents for each group; returns documents with groups, and passages of each document."""
    groups = {f"{name}/{n}": name for name in sizes for n in range(2)}
    return groups, {document: sizes[group] for document, group in groups.items()}


@given(GROUPS, SHARES, SHARES, st.integers(0, 99))
@settings(max_examples=100)
def test_a_group_never_spans_splits_and_held_out_sets_are_never_empty(sizes, validation, test, seed):
    groups, passages = spread(sizes)
    splits = assign_splits(groups, validation=validation, test=test, seed=seed, sizes=passages)
    assert splits.keys() == groups.keys()
    by_group = {}
    for document, split in splits.items():
        assert by_group.setdefault(groups[document], split) == split
    used = set(by_group.values())
    assert "train" in used
    if len(sizes) >= 3:
        assert ("test" in used) == (test > 0)
        assert ("validation" in used) == (validation > 0)
    else:
        assert used == {"train"}


@given(st.integers(0, 50))
@settings(max_examples=15)
def test_shares_are_of_passages(seed):
    chance = random.Random(seed)
    groups, passages = spread({f"g{n}": chance.choice((1, 5, 40)) for n in range(400)})
    splits = assign_splits(groups, validation=0.1, test=0.2, seed=seed, sizes=passages)
    total = sum(passages.values())
    shares = Counter()
    for document, split in splits.items():
        shares[split] += passages[document] / total
    assert 0.05 <= shares["validation"] <= 0.2
    assert 0.1 <= shares["test"] <= 0.4


def test_a_giant_document_is_not_held_out():
    groups, passages = spread({"giant": 1000, **{f"g{n}": 10 for n in range(10)}})
    for seed in range(30):
        splits = assign_splits(groups, validation=0.05, test=0.05, seed=seed, sizes=passages)
        assert splits["giant/0"] == "train"


@given(st.integers(0, 200), st.text("xyz", min_size=1, max_size=5))
@settings(max_examples=40)
def test_a_further_document_moves_no_other(seed, name):
    groups = {f"d{n}": f"g{n}" for n in range(300)}
    before = assign_splits(groups, validation=0.1, test=0.1, seed=seed)
    after = assign_splits({**groups, name: f"new {name}"}, validation=0.1, test=0.1, seed=seed)
    assert {document: after[document] for document in before} == before


@pytest.mark.parametrize("further", ["guide_v3.md", "ko/guide_v1.md", "unrelated.md"])
def test_a_further_version_or_translation_does_not_rename_a_group(further):
    items = [item(f"guide_v{n}.md", change(write(1), 0.1 * n)) for n in (1, 2)]
    before = group_documents(items)
    text = (
        write(7)
        if further == "unrelated.md"
        else "번역된 안내서"
        if "ko" in further
        else change(write(1), 0.1)
    )
    after = group_documents([*items, item(further, text, "ko" if "ko" in further else "en")])
    assert {document: after[document] for document in before} == before


def test_another_seed_is_another_split():
    groups = {f"d{n}": f"g{n}" for n in range(50)}
    splits = [tuple(assign_splits(groups, validation=0.2, test=0.2, seed=n).values()) for n in range(5)]
    assert len(set(splits)) == 5
    assert splits[0] == tuple(assign_splits(groups, validation=0.2, test=0.2, seed=0).values())
