"""What dimensions know: known codes, gaps with and without a factor, a survey of real models."""

import json
from pathlib import Path

import numpy as np
import pytest
from small_dataset import small_dataset

from baselines import recipes
from baselines.run import train
from benchmark.metrics.disentanglement.mig import mig
from leaderboard.experiments.untangling import (
    Seen,
    Survey,
    by_objective,
    draw,
    main,
    read,
    shares,
    survey,
    table,
)
from toysound.errors import ToySoundError
from toysound.factors import Factor, FactorSpace

FACTORS = np.stack(np.meshgrid(np.arange(4), np.arange(3), np.arange(5)), axis=-1).reshape(-1, 3)


def test_each_factor_as_it_is_is_known_by_its_dimension_alone() -> None:
    known = shares(FACTORS, FACTORS[:, [2, 0, 1]].astype(float))
    assert known == pytest.approx(np.eye(3), abs=1e-9)


def test_silent_dimensions_come_last_and_constant_ones_not_at_all() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((len(FACTORS), 1))
    codes = np.concatenate([noise, FACTORS[:, ::-1], np.ones_like(noise)], axis=1)
    known = shares(FACTORS, codes)
    assert known.shape == (3, 4)
    assert known[:, :3] == pytest.approx(np.eye(3), abs=1e-9)
    assert known[:, 3].max() < 0.9


def test_a_mixed_pair_has_no_gap() -> None:
    first, second, third = FACTORS.T.astype(float)
    codes = np.stack([first + 10 * second, first + 10 * second, third], axis=1)
    seen = Seen("mixed", 0, shares(FACTORS, codes).tolist(), None, 1.0)
    assert seen.gaps == pytest.approx([0, 0, 1], abs=1e-9)
    assert seen.mig == pytest.approx(1 / 3)
    assert seen.mig_without(2) == pytest.approx(0, abs=1e-9)
    assert seen.mig_without(0) == pytest.approx(1 / 2)


def test_the_mean_gap_is_that_of_the_benchmark() -> None:
    codes = FACTORS @ np.random.default_rng(1).standard_normal((3, 4))
    seen = Seen("any", 0, shares(FACTORS, codes).tolist(), None, 1.0)
    assert seen.mig == pytest.approx(mig(factors=FACTORS, codes=codes)["mig"], abs=1e-9)


def model(row: str, seed: int, nats: float | None) -> Seen:
    return Seen(row, seed, [[0.9, 0.1], [0.2, 0.8]], nats, 9.0)


def test_the_best_restart_is_that_of_the_objective() -> None:
    models = [model("a", 0, -7.0), model("a", 1, -5.0), model("a", 2, -6.0), model("pca", 0, None)]
    assert by_objective(models).seed == 1
    with pytest.raises(ValueError, match="empty"):
        by_objective(models[3:])


def test_the_table_has_every_gap(tmp_path: Path) -> None:
    found = Survey("small", ["pitch", "level"], [model("vae", 3, -5.25), model("pca", 0, None)])
    head, _, first, second = table(found).splitlines()
    assert head == "| row | seed | MIG | pitch | level | without level | ELBO nats | CPU s |"
    assert first == "| `vae` | 3 | 0.70 | 0.80 | 0.60 | 0.80 | -5.2 | 9 |"
    assert second.split(" | ")[6] == "–"
    no_level = Survey("small", ["pitch", "attack"], found.models)
    assert table(no_level).splitlines()[2].split(" | ")[5] == "–"
    draw(found, ["pca", "vae"], tmp_path / "known.png")
    assert (tmp_path / "known.png").read_bytes().startswith(b"\x89PNG")


def test_trained_models_are_surveyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = small_dataset()
    changes = ["network.width=16", "training.epochs=1", "latent_dim=3", "stem.components=8"]
    train(recipes.load("vae", changes), dataset, tmp_path / "small/vae/4", seed=4)
    train(recipes.load("pca", ["latent_dim=3"]), dataset, tmp_path / "small/pca/0")
    found = survey(tmp_path / "small", dataset)
    assert [(m.row, m.seed, m.nats is None) for m in found.models] == [
        ("pca", 0, True), ("vae", 4, False),
    ]  # fmt: skip
    assert found.factors == ["pitch", "level", "brightness"]
    assert np.array(found.models[0].known).shape == (3, 3)
    monkeypatch.setattr("leaderboard.experiments.untangling.load", lambda name: dataset)
    page = tmp_path / "page.md"
    page.write_text("<!-- gaps small -->\nold\n<!-- /gaps small -->\n")
    files = ["--json", str(tmp_path / "small.json"), "--figure", str(tmp_path / "small.png")]
    assert main([str(tmp_path / "small"), *files, "--write", str(page)]) == 0
    assert read(tmp_path / "small.json") == found
    assert table(found) in page.read_text()
    assert main(files) == 0  # from what was found before
    assert table(found) in capsys.readouterr().out
    assert json.loads((tmp_path / "small.json").read_text())["dataset"] == "small"


def test_a_factor_that_is_always_the_same_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = small_dataset()
    colour = Factor("colour", (0.0,), "", "categorical", "nothing", ("white",))
    monkeypatch.setattr(dataset, "space", FactorSpace([*dataset.space.factors, colour]))
    train(recipes.load("pca", ["latent_dim=3"]), small_dataset(), tmp_path / "small/pca/0")
    found = survey(tmp_path / "small", dataset)
    assert found.factors == ["pitch", "level", "brightness"]
    assert np.isfinite(found.models[0].mig)


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ToySoundError, match="there are no trained models in"):
        survey(tmp_path, small_dataset())
