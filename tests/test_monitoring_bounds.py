"""Bounds of ln p(x) while a model is trained: in order, exact where it is known, resumed."""

import csv
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from small_dataset import small_dataset

from baselines import recipes
from baselines.decoder import Features
from baselines.folder import BOUNDS_FILE
from baselines.job import Job
from baselines.monitoring import Monitoring
from baselines.monitoring.bounds import COLUMNS, SAMPLES, Bounds
from baselines.run import train
from baselines.training import Epoch, State

SMALL = [
    "network.width=16", "network.depth=1", "latent_dim=3", "training.batch_size=16",
    "training.epochs=4", "stem.components=8",
]  # fmt: skip
WATCHED = Monitoring(bounds=True)


def rows(folder: Path) -> list[dict[str, float]]:
    with (folder / BOUNDS_FILE).open(encoding="utf-8", newline="") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]


def test_the_bounds_are_in_order_and_the_gap_is_between_the_outer_two(tmp_path: Path) -> None:
    train(recipes.load("vae", SMALL), small_dataset(), tmp_path / "watched", monitoring=WATCHED)
    found = rows(tmp_path / "watched")
    assert [row["epoch"] for row in found] == [1, 2, 3, 4]
    for row in found:
        assert row["elbo"] <= row["iwae"] <= row["cubo"]
        assert row["cubo_gap"] == pytest.approx(row["cubo"] - row["elbo"], abs=1e-6)
        assert 1 <= row["effective_samples"] <= SAMPLES
    train(recipes.load("vae", SMALL), small_dataset(), tmp_path / "alone")
    models = [tmp_path / name / "model.safetensors" for name in ("watched", "alone")]
    assert models[0].read_bytes() == models[1].read_bytes()
    assert not (tmp_path / "alone" / BOUNDS_FILE).exists()


class Line(torch.nn.Module):
    """A model whose posterior is off by a known amount: ln w = shift * z - shift^2 / 2."""

    latent_dim = 1

    def __init__(self, shift: float) -> None:
        super().__init__()
        self.shift = torch.nn.Parameter(torch.tensor(shift))

    def log_weights(self, features: Features, noises: torch.Tensor) -> torch.Tensor:
        return (self.shift * noises - self.shift**2 / 2).expand(-1, features.num_sounds)


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_a_known_posterior_has_the_known_gap(shift: float, tmp_path: Path) -> None:
    model: Any = Line(shift)
    epoch = Epoch(1, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    state = State(model, torch.optim.SGD(model.parameters()), {}, [epoch])
    features = Features(torch.zeros(100, 2), torch.zeros(100))
    Bounds(tmp_path / BOUNDS_FILE, features, seed=0)(state)
    (row,) = rows(tmp_path)
    # E ln w = -shift^2 / 2, ln E w = 0, ln(E w^2) / 2 = shift^2 / 2; 64 samples
    assert row["elbo"] == pytest.approx(-(shift**2) / 2, abs=0.2 * shift)
    assert row["iwae"] == pytest.approx(0, abs=0.2 * shift)
    assert row["cubo"] == pytest.approx(shift**2 / 2, abs=0.25 * shift)
    assert row["effective_samples"] == pytest.approx(64 * math.exp(-(shift**2)), rel=0.15)


def test_a_training_that_goes_on_leaves_neither_gaps_nor_doubles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, keep = recipes.load("vae", SMALL), Job.checkpoint

    def stop(self: Job, state: State, part: str) -> None:
        if len(state.history) == 3:  # the third epoch was looked at and is lost
            raise KeyboardInterrupt
        keep(self, state, part)

    with monkeypatch.context() as patch:
        patch.setattr(Job, "checkpoint", stop)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, small_dataset(), tmp_path, checkpoint_every_s=0, monitoring=WATCHED)
    assert [row["epoch"] for row in rows(tmp_path)] == [1, 2, 3]
    train(recipe, small_dataset(), tmp_path, monitoring=WATCHED)
    assert [row["epoch"] for row in rows(tmp_path)] == [1, 2, 3, 4]
    train(recipe, small_dataset(), tmp_path / "whole", monitoring=WATCHED)
    whole = (tmp_path / "whole" / BOUNDS_FILE).read_bytes()
    assert (tmp_path / BOUNDS_FILE).read_bytes() == whole


def test_what_is_no_table_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / BOUNDS_FILE).write_text("something,else\n1,2\n")
    train(recipes.load("vae", SMALL), small_dataset(), tmp_path, monitoring=WATCHED)
    assert tuple(rows(tmp_path)[0]) == COLUMNS


def test_codes_that_are_points_have_no_weights(tmp_path: Path) -> None:
    train(recipes.load("ae", SMALL), small_dataset(), tmp_path, monitoring=WATCHED)
    assert not (tmp_path / BOUNDS_FILE).exists()
