"""What ``docs/representations.md`` says is what the committed results say."""

import csv
from pathlib import Path

import pytest

from baselines import recipes, representations
from baselines.recipes import VaeRecipe
from leaderboard import plan
from leaderboard.experiments import representation_figures
from leaderboard.experiments.marked import table_of
from leaderboard.experiments.representations import PHASES, tables
from leaderboard.experiments.view_rows import rows_of, views
from leaderboard.experiments.views_and_losses import DATASETS
from leaderboard.rows import Board, boards_of, load_folder, packaged_results

ROOT = Path(__file__).parents[1]
DATA = ROOT / "docs" / "data"
PAGE = (ROOT / "docs" / "representations.md").read_text(encoding="utf-8")
AGAIN = "python -m leaderboard.experiments.representations --write docs/representations.md"


@pytest.fixture(scope="module")
def boards() -> dict[str, Board]:
    return {board.dataset: board for board in boards_of(load_folder())}


def test_every_table_is_that_of_the_results() -> None:
    for name, table in tables(None, DATA).items():
        assert table_of(PAGE, name) == table, f"run: {AGAIN}"


def test_every_view_is_on_the_page() -> None:
    for name in representations.names():
        assert f"`{name}`" in PAGE


@pytest.mark.parametrize("dataset", [*DATASETS, *PHASES])
def test_every_row_of_the_plan_has_its_result_recipe_and_curve(
    dataset: str, boards: dict[str, Board]
) -> None:
    rows = {views()[view]: row for view, row in rows_of(boards[dataset]).items()}
    name = "phases" if dataset in PHASES else "representations"
    jobs = plan.jobs(plan.load(name), datasets=[dataset])
    assert len(jobs) == len(rows)
    for job in jobs:
        row = rows[job.row]
        assert row.seeds == (job.seed,)
        folder = packaged_results() / dataset / job.row
        recipe = recipes.load(str(folder / f"{job.seed}.recipe.toml"))
        assert recipes.to_toml(recipe) == job.recipe
        assert row.representation is not None
        assert row.representation.startswith(recipe.representation.name)
        with (folder / f"{job.seed}.history.csv").open(encoding="utf-8") as file:
            curve = [float(line["unexplained"]) for line in csv.DictReader(file)]
        assert isinstance(recipe, VaeRecipe)
        assert len(curve) == recipe.training.epochs
        assert curve[-1] < curve[0]


def test_the_same_steps_network_and_latent_size_on_every_view() -> None:
    jobs = [job for name in ("representations", "phases") for job in plan.jobs(plan.load(name))]
    for job in jobs:
        recipe = recipes.parse(job.recipe or "", job.row)
        assert isinstance(recipe, VaeRecipe)
        shared = recipes.load("vae", ["training.epochs=25"])
        assert isinstance(shared, VaeRecipe)
        for part in ("latent_dim", "network", "stem", "divergence", "training"):
            assert getattr(recipe, part) == getattr(shared, part), (job.row, part)


@pytest.mark.parametrize("dataset", ["tones", "gesture", *PHASES])
def test_the_default_is_the_view_that_the_experiment_supports(
    dataset: str, boards: dict[str, Board]
) -> None:
    """The page's reason: nothing that is played as it is sounds nearer."""
    distance = {
        view: row.cells["reconstruction", "log_spectral_distance"].value or 0.0
        for view, row in rows_of(boards[dataset]).items()
        if not view.endswith("-played")
    }
    assert min(distance, key=lambda view: distance[view]) == (
        recipes.load("vae").representation.name
    )


def test_the_figures_are_drawn(tmp_path: Path) -> None:
    representation_figures.draw(None, DATA, tmp_path)
    drawn = {path.name for path in tmp_path.iterdir()}
    assert drawn == {
        "ceilings.png", "representations.png", "representation-curves.png", "views-and-losses.png",
    }  # fmt: skip
    for name in drawn:
        assert f"images/{name}" in PAGE
        assert (ROOT / "docs" / "images" / name).exists()
