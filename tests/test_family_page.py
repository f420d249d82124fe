"""``docs/family.md``: its tables are the committed results, and what it says of them holds."""

import json
from pathlib import Path

import numpy as np

from baselines import recipes
from leaderboard import plan
from leaderboard.experiments.betas import WEIGHTS
from leaderboard.experiments.marked import table_of
from leaderboard.experiments.plan_tables import board_of, rows_of, table
from leaderboard.rows import Row, packaged_results

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "family.md").read_text(encoding="utf-8")
ROWS = {row.model: row for row in rows_of(board_of(None, "tones"), "family")}

#: The rows with three seeds.
MAIN = [
    "vae", "ae", "cochlear-vae", "beta-vae", "annealed-vae", "factor-vae", "beta-tcvae", "iwae",
    "mmd-vae", "js-vae",
]  # fmt: skip
SPECTROGRAM = set(ROWS) - {"pca", "ppca", "vae-conv", "vae-recurrent", "cochlear-vae"}


def mean(row: Row, family: str, metric: str) -> float:
    numbers = [result.metrics[family][metric].value for result in row.results]
    return float(np.mean([number for number in numbers if number is not None]))


def test_the_table_is_the_results() -> None:
    assert table_of(PAGE, "family tones") == table(list(ROWS.values()))


def test_every_row_of_the_plan_is_there_with_its_recipe() -> None:
    jobs = plan.jobs(plan.load("family"))
    assert len(jobs) == 51
    assert list(dict.fromkeys(job.row for job in jobs)) == list(ROWS)
    for job in jobs:
        recipe = recipes.load(
            str(packaged_results() / job.dataset / job.row / f"{job.seed}.recipe.toml")
        )
        assert recipes.to_toml(recipe) == job.recipe, job.label
    assert [name for name, row in ROWS.items() if len(row.seeds) == 3] == MAIN


def test_the_divergence_hardly_matters() -> None:
    usual = SPECTROGRAM - {"annealed-vae", "ard-vae"}
    distances = [mean(ROWS[name], "reconstruction", "log_spectral_distance") for name in usual]
    assert max(distances) - min(distances) < 0.03
    known = [mean(ROWS[name], "disentanglement", "dci_disentanglement") for name in usual]
    assert 0.08 < min(known) < max(known) < 0.16
    rates = [mean(ROWS[f"beta-vae-{w}"], "dimension", "kl_total") for w in (0, 0.25, 0.5, 1, 2)]
    rates.append(mean(ROWS["beta-vae"], "dimension", "kl_total"))
    assert rates == sorted(rates, reverse=True)
    assert (round(rates[0]), round(rates[-1])) == (76, 59)


def test_the_view_matters() -> None:
    cochlear, plain = (
        mean(ROWS[name], "disentanglement", "dci_disentanglement")
        for name in ("cochlear-vae", "vae")
    )
    assert cochlear > 2.5 * plain


def test_bounds_of_several_samples_say_it_in_fewer_nats() -> None:
    for name in ("iwae", "renyi-vae", "vr-max", "renyi-vae-minus-1"):
        assert 51 < mean(ROWS[name], "dimension", "kl_total") < 53
        assert mean(ROWS[name], "likelihood", "nll_nats") < 12_500
    assert mean(ROWS["renyi-vae-2"], "dimension", "kl_total") > 75


def test_how_many_dimensions_are_kept() -> None:
    assert mean(ROWS["ard-vae"], "dimension", "active_units") == 11
    seeds = [r.metrics["dimension"]["active_units"].value for r in ROWS["annealed-vae"].results]
    assert set(seeds) == {7.0, 8.0}
    assert abs(mean(ROWS["annealed-vae"], "dimension", "kl_total") - 25) < 0.2


ELSEWHERE = {row.model: row for row in rows_of(board_of(None, "timbre"), "family-elsewhere")}


def test_the_table_of_other_sounds_is_the_results() -> None:
    assert table_of(PAGE, "family-elsewhere timbre") == table(list(ELSEWHERE.values()))
    for job in plan.jobs(plan.load("family-elsewhere")):
        path = packaged_results() / job.dataset / job.row / f"{job.seed}.recipe.toml"
        assert recipes.to_toml(recipes.load(str(path))) == job.recipe, job.label


def test_what_holds_on_other_sounds_and_what_does_not() -> None:
    lsd, d = (
        {name: mean(row, *metric) for name, row in ELSEWHERE.items()}
        for metric in (
            ("reconstruction", "log_spectral_distance"),
            ("disentanglement", "dci_disentanglement"),
        )
    )
    usual = ["vae", "ae", "beta-vae", "factor-vae", "beta-tcvae", "iwae", "js-vae"]
    assert max(lsd[name] for name in usual) - min(lsd[name] for name in usual) < 0.015
    assert min(lsd, key=lambda name: lsd[name]) == "mmd-vae"
    assert mean(ELSEWHERE["ard-vae"], "dimension", "active_units") == 11
    assert mean(ELSEWHERE["annealed-vae"], "dimension", "active_units") == 8
    assert sorted(d, key=lambda name: -d[name])[:2] == ["ard-vae", "pca"]
    assert d["cochlear-vae"] < d["vae"]
    assert min(d, key=lambda name: d[name]) == "ae"


BETAS = json.loads((DOCS / "data" / "betas.json").read_text(encoding="utf-8"))


def points(data: str) -> dict[float, tuple[float, float]]:
    """Return rate and distortion by weight."""
    found = {p["weight"]: (p["rate"], p["distortion"]) for p in BETAS if p["data"] == data}
    assert list(found) == list(WEIGHTS)
    return found


def test_on_digits_the_curve_is_the_one_of_the_books() -> None:
    found = points("digits")
    rates, distortions = zip(*found.values(), strict=True)
    assert list(rates) == sorted(rates, reverse=True)
    assert list(distortions) == sorted(distortions)
    elbo = {weight: -sum(point) for weight, point in found.items()}
    assert max(elbo, key=lambda weight: elbo[weight]) == 1.0
    assert round(elbo[1.0], 1) == -103.1
    assert round(found[0.0][0] - found[0.25][0]) == 196
    assert round(found[0.25][1] - found[0.0][1], 1) in (2.9, 3.0)
    assert (round(found[4.0][1] - found[1.0][1]), round(found[1.0][0] - found[4.0][0])) == (32, 16)
    closed = next(p for p in BETAS if p["data"] == "digits" and p["weight"] == 4.0)["spectrum"]
    assert sum(nats <= 0.1 for nats in closed) == 4


def test_on_sounds_the_same_weights_do_next_to_nothing() -> None:
    found = points("tones")
    rates, distortions = zip(*found.values(), strict=True)
    assert (round(rates[0]), round(rates[-1])) == (88, 62)
    assert max(distortions) - min(distortions) < 0.006 * min(distortions)
    assert list(distortions) != sorted(distortions)
    for point in (p for p in BETAS if p["data"] == "tones"):
        assert min(point["spectrum"]) > 0.1
