"""The recipe file: what it may say, and what is said of one that is wrong."""

from pathlib import Path

import pytest
import yaml

from ondol.core.errors import NotFoundError, WrongUseError
from ondol.forge.recipe import Recipe, load_recipe
from ondol.forge.reference import COMMAND, KINDS, build_reference

REPO = Path(__file__).parents[2]


def load(folder: Path, text: str) -> Recipe:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return load_recipe(path)


def test_a_name_is_enough(tmp_path):
    recipe = load(tmp_path, "name: handbook\n")
    assert recipe.target == 200
    assert recipe.share_of("qa") == pytest.approx(0.8)
    assert recipe.share_of("summary") == 0


def test_shares_need_not_sum_to_one(tmp_path):
    recipe = load(tmp_path, "name: a\nkinds: {qa: 3, table: 1}\n")
    assert recipe.share_of("table") == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: a\ntargt: 3", "targt: there is no such field; did you mean target?"),
        ("name: a\nsources:\n  folder: [x]", "sources.folder: there is no such field; did you mean folders?"),
        (
            "name: a\nagainst: [x]",
            "against: there is no such field here; did you mean decontaminate.against?",
        ),
        ("name: a\nsources:\n  zzz: 1", "sources.zzz: there is no such field; there are folders, documents"),
        ("name: a\nkinds: {qaa: 1}", "kinds.qaa: there is no such key; did you mean qa?"),
        ("name: a\nkinds: {poem: 1}", "kinds.poem: there is no such key; there are qa, list, table"),
        ("name: a\nkinds: {qa: much}", "kinds.qa: input should be a valid number"),
        ("name: a\nkinds: {qa: 0}", "kinds: shares are numbers of at least 0"),
        ("name: a\nkinds: {qa: -1}", "kinds: shares are numbers of at least 0"),
        ("name: a\nkinds: {qa: .nan}", "kinds: shares are numbers of at least 0"),
        ("name: a\nkinds: {qa: .inf}", "kinds: shares are numbers of at least 0"),
        ("name: a\nkinds: [qa]", "kinds: this is a section"),
        ("name: a\nsources: en", "sources: this is a section"),
        ("name: a\nlanguages: [english]", "languages.0: input should be 'en' or 'ko' (found 'english')."),
        ("name: a\nintended_use: comercial", "did you mean commercial?"),
        ("name: a\nsources: {kinds: [pfd]}", "did you mean pdf?"),
        ("name: a\nbook: {closd: 1}", "book.closd: there is no such key; did you mean closed?"),
        ("name: a\ntarget: -3", "target: input should be greater than or equal to 1 (found -3)."),
        ("name: a\ntarget: many", "target: input should be a valid integer"),
        ("name: a\nheld_out: {validation: 0.9}", "held_out.validation: input should be less than 0.5"),
        ("name: a\nheld_out: {validation: 0.46, test: 0.46}", "held_out leaves nothing to train on."),
        ("name: A B", "name: small letters, digits"),
        ("name: ../../etc", "name: small letters, digits"),
        ("target: 3", "name: is missing."),
        ("name: [a\nb: 3", "is not YAML: line 2, column 2"),
        ("name: a\n\tb: 3", "is not YAML: line 2, column 1"),
        ("name: a\nkinds: {qa: 1}\nkinds: {list: 1}", "line 3, column 1: kinds stands twice"),
        ("name: a\nkinds: {qa: 1, qa: 2}", "qa stands twice"),
        ("name: !!python/object/apply:os.getcwd []", "is not YAML: line 1"),
        ("- a", "holds no recipe"),
        ("", "holds no recipe"),
    ],
)
def test_a_wrong_recipe_is_told_what_is_wrong_and_what_may_be_meant(tmp_path, text, said):
    with pytest.raises(WrongUseError) as caught:
        load(tmp_path, text)
    assert said in caught.value.message
    assert "recipe.yaml" in caught.value.message


def test_every_wrong_field_is_told_at_once(tmp_path):
    with pytest.raises(WrongUseError, match=r"targt.*wordings"):
        load(tmp_path, "name: a\ntargt: 3\nwordings: 90\n")


def test_a_missing_recipe_and_one_that_is_no_text(tmp_path):
    with pytest.raises(NotFoundError, match="forge init"):
        load_recipe(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WrongUseError, match="cannot be read"):
        load_recipe(tmp_path / "binary.yaml")
    with pytest.raises(WrongUseError, match="cannot be read"):
        load_recipe(tmp_path)


def test_a_recipe_survives_the_way_through_yaml(tmp_path):
    recipe = load(tmp_path, "name: a\nkinds: {qa: 1, translation: 0.5}\nsources: {kinds: [pdf]}\n")
    assert load(tmp_path, yaml.safe_dump(recipe.to_json())) == recipe


def test_the_reference_page_is_up_to_date():
    page = REPO / "docs" / "reference" / "recipe.md"
    assert page.read_text(encoding="utf-8") == build_reference(), f"run: {COMMAND}"


def test_the_reference_explains_every_field_and_kind():
    page = build_reference()
    assert set(KINDS) == set(Recipe.model_fields["kinds"].annotation.__args__[0].__args__)
    for line in page.splitlines():
        if line.startswith("| `"):
            assert not line.endswith("|  |"), f"no meaning: {line}"
    for name in Recipe.model_fields:
        assert f"| `{name}` |" in page
