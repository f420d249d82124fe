"""Plans: what is to be done, resolved before any of it is begun."""

from pathlib import Path

import pytest

from baselines import recipes
from leaderboard import plan
from toysound.errors import ToySoundError, UsageError

PLAN = """
name = "tiny"
question = "Does it work?"
datasets = ["mono/level", "mono/pitch"]
seeds = [0, 1]
set = ["latent_dim=3"]

[[models]]
name = "pca-3"
recipe = "pca"

[[models]]
name = "pca-2"
recipe = "pca"
set = ["latent_dim=2"]
datasets = ["mono/pitch"]

[[models]]
name = "oracle"
model = "oracle"
seeds = [0]
"""


def written(folder: Path, text: str = PLAN) -> str:
    path = folder / "plan.toml"
    path.write_text(text)
    return str(path)


def test_jobs_come_dataset_by_dataset(tmp_path: Path) -> None:
    jobs = plan.jobs(plan.load(written(tmp_path)))
    assert [(job.dataset, job.row, job.seed) for job in jobs] == [
        ("mono/level", "pca-3", 0), ("mono/level", "pca-3", 1), ("mono/level", "oracle", 0),
        ("mono/pitch", "pca-3", 0), ("mono/pitch", "pca-3", 1), ("mono/pitch", "pca-2", 0),
        ("mono/pitch", "pca-2", 1), ("mono/pitch", "oracle", 0),
    ]  # fmt: skip


def test_a_recipe_is_resolved_with_its_own_changes_last(tmp_path: Path) -> None:
    jobs = {job.row: job for job in plan.jobs(plan.load(written(tmp_path)))}
    for row, latents in (("pca-3", 3), ("pca-2", 2)):
        recipe = recipes.parse(jobs[row].recipe or "", row)
        assert (recipe.name, recipe.latent_dim) == (row, latents)
    assert jobs["oracle"].recipe is None
    assert jobs["oracle"].model == "oracle"


def test_rows_datasets_and_seeds_can_be_chosen(tmp_path: Path) -> None:
    loaded = plan.load(written(tmp_path))
    jobs = plan.jobs(loaded, only=["pca-*"], datasets=["mono/level"], seeds=[7])
    assert [job.label for job in jobs] == [
        "pca-3 on mono/level, seed 7", "pca-2 on mono/level, seed 7",
    ]  # fmt: skip


@pytest.mark.parametrize("name", plan.names())
def test_every_plan_of_the_package_can_be_resolved(name: str) -> None:
    loaded = plan.load(name)
    assert loaded.name == name
    assert loaded.question.endswith("?")
    assert plan.jobs(loaded)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('question = "Does it work?"', "", "field 'question' is missing; the fields here are"),
        ("seeds = [0, 1]", "seeds = []", "field 'seeds' is wrong"),
        ("seeds = [0, 1]", "seeds = [-1]", r"field 'seeds\.0' is wrong"),
        ("seeds = [0, 1]", "sneeds = [0]", "the fields here are datasets, models, name"),
        ('recipe = "pca"', 'recipy = "pca"', "unknown; the fields here are datasets, model, name"),
        ('model = "oracle"', "", "'oracle' needs either 'recipe' or 'model'"),
        ('model = "oracle"', 'model = "oracle"\nrecipe = "pca"', "either 'recipe' or 'model'"),
        ('model = "oracle"', 'model = "oracle"\nset = ["a=1"]', "'set' is for recipes"),
        ('model = "oracle"', 'model = "oracle"\nturns = "pca-3"', "'turns' is for recipes"),
        ('name = "pca-2"', 'name = "pca-2"\nturns = "pca-4"', "turns 'pca-4', which is no model"),
        ('name = "pca-2"', 'name = "pca-2"\nturns = "oracle"', "which is no model that stands"),
        ('name = "pca-2"', 'name = "pca-3"', "two models are called 'pca-3'"),
        ('name = "pca-2"', 'name = "../up"', r"field 'models\.1\.name' is wrong"),
        ("datasets = [", "datasets = ", "is not TOML"),
    ],
)
def test_a_wrong_plan_is_refused(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ToySoundError, match=sentence):
        plan.load(written(tmp_path, PLAN.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"latent_dim=2"', '"latent_dim=0"', "model 'pca-2': .* 'latent_dim' is wrong"),
        ('recipe = "pca"', 'recipe = "pcca"', "model 'pca-3': recipe 'pcca' is unknown"),
        ('"mono/level"', '"mono/lavel"', "dataset 'mono/lavel' is unknown"),
    ],
)
def test_what_a_plan_names_must_exist(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    loaded = plan.load(written(tmp_path, PLAN.replace(old, new, 1)))
    with pytest.raises(ToySoundError, match=sentence):
        plan.jobs(loaded)


TURNS = """
[[models]]
name = "pca-turned"
recipe = "pca"
set = ["rotation.name='ica'"]
turns = "pca-3"
"""


def test_a_row_that_turns_another_has_a_rotation_and_is_the_same_else(tmp_path: Path) -> None:
    jobs = plan.jobs(plan.load(written(tmp_path, PLAN + TURNS)), only=["pca-turned"])
    assert {job.turns for job in jobs} == {"pca-3"}
    wrong = {
        TURNS.replace("set = [\"rotation.name='ica'\"]\n", ""): "has no rotation to turn it by",
        TURNS.replace('"pca-3"', '"pca-2"'): "their recipes differ in more than the rotation",
        TURNS.replace('recipe = "pca"', 'recipe = "ppca"'): "differ in more than the rotation",
        TURNS.replace('"pca-3"', '"oracle"'): "'oracle', which is no recipe without a rotation",
        TURNS + TURNS.replace("pca-turned", "again").replace("pca-3", "pca-turned"): (
            "model 'again' turns 'pca-turned', which is no recipe without a rotation"
        ),
    }
    for text, sentence in wrong.items():
        with pytest.raises(ToySoundError, match=sentence):
            plan.jobs(plan.load(written(tmp_path, PLAN + text)))


def test_a_pattern_that_fits_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"fits .vae-\*.; they are pca-3, pca-2, oracle"):
        plan.jobs(plan.load(written(tmp_path)), only=["vae-*"])


def test_a_plan_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="plan 'represent' is unknown; did you mean"):
        plan.load("represent")
    with pytest.raises(UsageError, match="there is no plan"):
        plan.load(str(tmp_path / "none.toml"))
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ToySoundError, match="cannot be read"):
        plan.load(str(tmp_path / "bytes.toml"))


def test_what_is_named_twice_is_taken_once(tmp_path: Path) -> None:
    text = PLAN.replace("seeds = [0, 1]", "seeds = [0, 0]")
    text = text.replace('["mono/level", "mono/pitch"]', '["mono/level", "mono/level"]')
    labels = [job.label for job in plan.jobs(plan.load(written(tmp_path, text)), only=["pca-3"])]
    assert labels == ["pca-3 on mono/level, seed 0"]


def test_a_message_keeps_the_letters_of_a_rule(tmp_path: Path) -> None:
    text = PLAN.replace('name = "pca-3"', 'name = "PCA 3"')
    with pytest.raises(ToySoundError, match=r"\[A-Za-z0-9\]"):
        plan.load(written(tmp_path, text))
