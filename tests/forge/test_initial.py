"""The first recipe: proposed for a corpus, or found among those that ship."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondol.core.access import Label
from ondol.core.documents import Document, DocumentKind
from ondol.core.errors import NotFoundError
from ondol.forge import initial
from ondol.forge.initial import find_recipe, list_recipes, propose_recipe
from ondol.forge.recipe import Recipe, load_recipe

REPO = Path(__file__).parents[2]


def make_document(at: int, **changes) -> Document:
    made = {
        "id": f"doc_{at:024x}",
        "uri": f"file:///srv/Drone%20Handbook/en/page{at}.md",
        "title": f"Page {at}",
        "kind": DocumentKind.MARKDOWN,
        "media_type": "text/markdown",
        "blob_sha256": "ab" * 32,
        "size_bytes": 10,
        "label": Label(),
        "licence": "CC-BY-4.0",
        "language": "en",
        "num_chunks": 10,
        "ingested_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Document(**(made | changes))


def load(folder: Path, text: str) -> Recipe:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return load_recipe(path)


def test_a_proposal_fits_the_corpus(tmp_path):
    documents = [make_document(n) for n in range(40)]
    documents += [
        make_document(
            100 + n,
            uri=f"file:///srv/Drone%20Handbook/ko/쪽{n}.md",
            language="ko",
            licence="CC-BY-NC-4.0",
            label=Label.parse("sensitive+hr"),
        )
        for n in range(10)
    ]
    text = propose_recipe(documents)
    recipe = load(tmp_path, text)
    assert recipe.name == "drone-handbook"
    assert recipe.languages == ("en", "ko")
    assert recipe.target == 250
    assert recipe.intended_use == "internal"
    assert "translation" in text
    assert "#   en: 40 documents" in text
    assert "CC-BY-NC-4.0 (10 documents): internal ask, commercial no, redistribute ask" in text
    assert "sensitive+hr" in text


@pytest.mark.parametrize(
    ("passages", "target"),
    [(0, 20), (30, 20), (100, 50), (353, 150), (635, 300), (9_000, 4_500), (10**7, 20_000)],
)
def test_the_target_is_round_and_within_reach(tmp_path, passages, target):
    assert load(tmp_path, propose_recipe([make_document(1, num_chunks=passages)])).target == target


def test_only_languages_that_are_there_are_proposed(tmp_path):
    korean = [make_document(n, language="ko") for n in range(3)] + [make_document(9, language="")]
    text = propose_recipe(korean)
    assert load(tmp_path, text).languages == ("ko",)
    assert "1 document in no language that can be used" in text
    assert "translation" not in text


def test_tables_are_proposed_where_there_are_some(tmp_path):
    assert "table" not in load(tmp_path, propose_recipe([make_document(1)])).kinds
    sheets = [make_document(1, kind=DocumentKind.XLSX)]
    assert load(tmp_path, propose_recipe(sheets)).share_of("table") > 0
    assert load(tmp_path, propose_recipe([make_document(1)], num_tables=5)).share_of("table") > 0


def test_a_small_corpus_holds_nothing_out(tmp_path):
    recipe = load(tmp_path, propose_recipe([make_document(1)]))
    assert recipe.held_out.validation == recipe.held_out.test == 0


def test_an_empty_corpus_gets_a_recipe_too(tmp_path):
    assert load(tmp_path, propose_recipe([])).name == "my-dataset"


@given(
    st.lists(
        st.tuples(st.text(max_size=30), st.text(max_size=30), st.sampled_from(["en", "ko", "", "fr"])),
        max_size=5,
    )
)
def test_whatever_names_and_licences_say_the_proposal_loads(tmp_path_factory, corpus):
    documents = [
        make_document(n, uri=f"file:///x/{folder}/a{n}.md", licence=licence, language=language)
        for n, (folder, licence, language) in enumerate(corpus)
    ]
    load(tmp_path_factory.getbasetemp(), propose_recipe(documents))


def test_all_shipped_recipes_load_and_are_named_like_their_files():
    shipped = list_recipes()
    assert set(shipped) == {"manual-qa", "regulation", "report", "support", "ko-en"}
    for name, path in shipped.items():
        recipe = load_recipe(path)
        assert recipe.name == name
        assert recipe.use_case
        text = path.read_text(encoding="utf-8")
        assert text.startswith("# ")
        assert max(map(len, text.splitlines())) <= 112


def test_the_manual_recipe_takes_the_english_part_and_needs_no_large_model():
    recipe = load_recipe(find_recipe("recipes/manual-qa.yaml"))
    assert recipe.languages == ("en",)
    assert set(recipe.kinds) <= {"qa", "list", "table", "not_in_documents", "dialogue"}
    assert recipe.models.judge == "none"


@pytest.mark.parametrize(
    "name", ["manual-qa", "manual-qa.yaml", "recipes/manual-qa.yaml", "recipes/manual-qa"]
)
def test_a_shipped_recipe_is_found_by_name_from_anywhere(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_recipe(name) == REPO / "recipes" / "manual-qa.yaml"


def test_a_file_of_ones_own_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "manual-qa").write_text("name: mine\n", encoding="utf-8")
    assert load_recipe(find_recipe("manual-qa")).name == "mine"


def test_installed_recipes_are_found_beside_the_package(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "share" / "ondol" / "recipes"
    folder.mkdir(parents=True)
    (folder / "manual-qa.yaml").write_text("name: manual-qa\n", encoding="utf-8")
    monkeypatch.setattr(initial.ondol, "__file__", str(tmp_path / "lib" / "site" / "ondol" / "__init__.py"))
    monkeypatch.setattr(initial.sysconfig, "get_path", lambda _: str(tmp_path / "data"))
    assert find_recipe("manual-qa") == folder / "manual-qa.yaml"


@pytest.mark.parametrize(
    ("name", "hint"), [("manual-aq", "Did you mean manual-qa"), ("my/recipe.yaml", "forge init")]
)
def test_a_recipe_that_is_not_there_is_told_with_what_is(name, hint):
    with pytest.raises(NotFoundError, match=hint) as caught:
        find_recipe(name)
    assert "manual-qa" in str(caught.value)
