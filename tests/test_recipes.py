"""Recipes: what comes with the package, what is refused, and that they survive being written."""

import math
import tomllib
from contextlib import chdir
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines import likelihoods, networks, recipes, representations
from baselines.recipes import PcaRecipe, VaeRecipe, parse, to_toml, unturned
from toysound.errors import ToySoundError, UsageError

MINIMAL = """
name = "mine"
model = "pca"
latent_dim = 3
citation = ""
[representation]
name = "log_magnitude"
"""


def test_the_recipes_of_the_package() -> None:
    assert {"pca", "vae", "vae-cochlear"} <= set(recipes.names())
    assert isinstance(recipes.load("vae"), VaeRecipe)
    assert isinstance(recipes.load("pca"), PcaRecipe)


@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_is_named_after_its_file_and_cites_its_source(name: str) -> None:
    recipe = recipes.load(name)
    assert recipe.name == name
    assert recipe.citation


@pytest.mark.parametrize("name", recipes.names())
def test_a_resolved_recipe_can_be_read_again(name: str, tmp_path: Path) -> None:
    recipe = recipes.load(name)
    path = tmp_path / "recipe.toml"
    path.write_text(to_toml(recipe), encoding="utf-8")
    assert recipes.load(str(path)) == recipe
    assert to_toml(recipes.load(str(path))) == to_toml(recipe)


@given(
    name=st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), min_size=1, max_size=20),
    rate=st.floats(1e-300, 1e300),
    epochs=st.integers(1, 2**62),
)
def test_any_value_survives_being_written(name: str, rate: float, epochs: int) -> None:
    recipe = recipes.load("vae")
    assert isinstance(recipe, VaeRecipe)
    training = recipe.training.model_copy(update={"learning_rate": rate, "epochs": epochs})
    changed = recipe.model_copy(update={"name": name, "training": training})
    assert parse(to_toml(changed), "again") == changed


def test_defaults_are_filled_in() -> None:
    data = tomllib.loads(to_toml(parse(MINIMAL, "mine")))
    assert data["representation"] == {
        "name": "log_magnitude",
        "iterations": 8,
        "phase": "pghi",
    }


def test_changes_are_toml_values_and_text_needs_no_quotes() -> None:
    recipe = recipes.load("vae", ["training.epochs = 7", "name=my-vae", "network.width=5"])
    assert isinstance(recipe, VaeRecipe)
    assert (recipe.training.epochs, recipe.name, recipe.network.options["width"]) == (
        7,
        "my-vae",
        5,
    )
    assert recipes.load("vae", ['name="a b"']).name == "a b"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("training.epochz=1", "field 'training.epochz' is unknown; the fields here are batch_size"),
        ("color=1", "field 'color' is unknown; the fields here are audio, bound, citation"),
        ("network.widht=3", "in 'network', field 'widht' is unknown; the fields here are activ"),
        ("divergence.alpha=2", "in 'divergence', field 'alpha' is unknown; .* warm_up, weight"),
        ("network.name=mpl", "network 'mpl' is unknown; did you mean 'mlp'"),
        ("representation.name=fourier", "representation 'fourier' is unknown; known are: "),
        ("likelihood.name=laplacian", "likelihood 'laplacian' is unknown; did you mean 'laplace'"),
        ("divergence.name=k", "divergence 'k' is unknown; .*kl"),
        ("model=gan", "model 'gan' is unknown; it is one of 'pca', 'ppca', 'vae'"),
        ("model=pca", "field '.*' is unknown; the fields here are audio, citation, latent_dim"),
        ("latent_dim=0", "field 'latent_dim' is wrong: input should be greater than 0, got 0"),
        ("latent_dim=2.5", "field 'latent_dim' is wrong: .* integer, got 2.5"),
        ("latent_dim=true", "field 'latent_dim' is wrong: .* integer, got True"),
        ("training.learning_rate=nan", "'training.learning_rate' is wrong: .*, got nan"),
        ("divergence.weight=-1", "field 'divergence.weight' is wrong: .* equal to 0, got -1"),
        ("network.width=0", "in 'network', field 'width' is wrong: .* greater than 0, got 0"),
        ("training=3", "field 'training' is wrong: .* got 3"),
    ],
)
def test_a_wrong_field_is_named_with_the_allowed_ones(change: str, sentence: str) -> None:
    with pytest.raises(ToySoundError, match=f"recipe 'vae': .*{sentence}"):
        recipes.load("vae", [change])


@pytest.mark.parametrize("field", ["name", "model", "latent_dim", "citation", "representation"])
def test_a_missing_field_is_named(field: str) -> None:
    lines = MINIMAL.splitlines()
    if field == "representation":
        text = "\n".join(lines[:-2])
    else:
        text = "\n".join(line for i, line in enumerate(lines) if i > 4 or field not in line)
    with pytest.raises(
        ToySoundError, match=f"recipe 'mine': field '{field}' is missing; .*pca|cit"
    ):
        parse(text, "mine")


def test_a_missing_option_of_a_part_is_named() -> None:
    text = to_toml(recipes.load("vae")).replace("depth = 2\n", "")
    with pytest.raises(ToySoundError, match=r"in 'network', field 'depth' is missing; .* width"):
        parse(text, "mine")


def test_a_recipe_that_extends_another_says_only_what_differs() -> None:
    base, own = recipes.load("vae").model_dump(), recipes.load("beta-vae").model_dump()
    assert own["divergence"] == base["divergence"] | {"weight": 4.0}
    for table in ("representation", "stem", "network", "likelihood", "training"):
        assert own[table] == base[table]


def test_another_part_brings_its_own_options() -> None:
    text = 'extends = "vae"\nname = "mine"\n[likelihood]\nname = "laplace"\n'
    assert parse(text, "mine").model_dump()["likelihood"]["initial_scale"] == 1.0
    text = text.replace('"laplace"', '"gaussian"')
    assert parse(text, "mine").model_dump()["likelihood"]["initial_scale"] == 3.0


def test_a_recipe_may_extend_a_file(tmp_path: Path) -> None:
    path = tmp_path / "base.toml"
    path.write_text(to_toml(recipes.load("vae", ["latent_dim=7"])))
    assert parse(f'extends = "{path}"\nname = "mine"', "mine").latent_dim == 7
    path.write_text(f'extends = "{path}"')
    with pytest.raises(ToySoundError, match="which extends it in turn"):
        recipes.load(str(path))


@pytest.mark.parametrize(
    ("base", "sentence"),
    [('"veh"', "recipe 'veh' is unknown"), ("3", "'extends' is the name of a recipe, got 3")],
)
def test_what_cannot_be_extended_is_said(base: str, sentence: str) -> None:
    with pytest.raises(ToySoundError, match=sentence):
        parse(f"extends = {base}", "mine")


@pytest.mark.parametrize("change", ["latent_dim", "=3", "a..b=1", "."])
def test_a_malformed_change_is_a_usage_error(change: str) -> None:
    with pytest.raises(UsageError, match="must be key=value"):
        recipes.load("vae", [change])


def test_a_change_below_a_plain_value_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="'name' is no table"):
        recipes.load("vae", ["name.first=x"])


def test_an_unknown_name_is_suggested_and_a_missing_file_said() -> None:
    with pytest.raises(UsageError, match="recipe 'vea' is unknown; did you mean 'vae'"):
        recipes.load("vea")
    with pytest.raises(UsageError, match=r"there is no recipe file 'nowhere\.toml'"):
        recipes.load("nowhere.toml")


def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("name = ", encoding="utf-8")
    with pytest.raises(ToySoundError, match="is not TOML"):
        recipes.load(str(path))
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ToySoundError, match="cannot be read"):
        recipes.load(str(path))
    path.write_text("", encoding="utf-8")
    with pytest.raises(ToySoundError, match="field 'model' is missing"):
        recipes.load(str(path))


def test_the_options_of_a_recipe_build_its_parts() -> None:
    recipe = recipes.load("vae")
    assert isinstance(recipe, VaeRecipe)
    view = representations.get(
        recipe.representation.name, 16000, 8000, **recipe.representation.options
    )
    size = math.prod(view.shape)
    likelihood = likelihoods.get(recipe.likelihood.name, size, **recipe.likelihood.options)
    assert likelihood.num_dims == size
    assert recipe.likelihood.name == view.likelihood
    network = networks.encoder(recipe.network.name, (4,), 2, **recipe.network.options)
    assert sum(p.numel() for p in network.parameters()) == 4 * 384 + 384 + 384**2 + 384 + 770


def test_another_part_keeps_the_options_that_it_has_too() -> None:
    recipe = recipes.load("free-bits-vae", ["divergence.name=kl"])
    assert isinstance(recipe, VaeRecipe)
    assert recipe.divergence.name == "kl"
    assert recipe.divergence.weight == 1.0
    assert "free_nats" not in recipe.divergence.options
    laplace = recipes.load("vae", ["likelihood.name=laplace"])
    assert isinstance(laplace, VaeRecipe)
    assert laplace.likelihood.options["initial_scale"] == 3.0
    with pytest.raises(ToySoundError, match="free_nats"):
        recipes.load("vae", ["divergence.name=kl", "divergence.free_nats=1.0"])


def test_a_recipe_that_is_extended_lies_beside(tmp_path: Path) -> None:
    (tmp_path / "parent.toml").write_text('extends = "vae"\nname = "parent"\nlatent_dim = 7\n')
    (tmp_path / "child.toml").write_text('extends = "parent.toml"\nname = "child"\n')
    child = recipes.load(str(tmp_path / "child.toml"))
    assert (child.name, child.latent_dim) == ("child", 7)


def test_a_bound_of_another_order_has_weight_one() -> None:
    with pytest.raises(ToySoundError, match=r"bound of order 0.0 is one at divergence.weight=1"):
        recipes.load("iwae", ["divergence.weight=4"])


@pytest.mark.parametrize("folder", ["", "below"])
def test_recipes_in_a_folder_that_extend_each_other_are_refused(
    folder: str, tmp_path: Path
) -> None:
    place = tmp_path / folder
    place.mkdir(exist_ok=True)
    for name, other in (("own", "own"), ("one", "two"), ("two", "one")):
        (place / f"{name}.toml").write_text(f'extends = "{other}.toml"\n')
    for name in ("own", "one"):
        with pytest.raises(ToySoundError, match="which extends it in turn"):
            recipes.load(str(place / f"{name}.toml"))
        with chdir(tmp_path), pytest.raises(ToySoundError, match="which extends it in turn"):
            recipes.load(str(Path(folder) / f"{name}.toml"))


def test_what_is_trained_before_codes_are_turned() -> None:
    assert unturned(recipes.load("vae-untangled-ica")) == unturned(recipes.load("vae-untangled"))
    assert unturned(recipes.load("vae-untangled")) != unturned(recipes.load("ada-gvae"))


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("vae-untangled", [], None),
        ("pca", [], None),
        ("vae-untangled-ica", [], "that factors are independent"),
        ("pca-cochlear-ica", [], "that factors are independent"),
        ("ada-gvae", [], "pairs that share factors"),
        (
            "ada-gvae",
            ["rotation.name='ica'"],
            "pairs that share factors, that factors are independent",
        ),
    ],
)
def test_what_a_training_is_told_besides_the_sounds(
    name: str, changes: list[str], told: str | None
) -> None:
    assert recipes.load(name, changes).supervision == told
