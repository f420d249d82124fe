"""Collapse and explosion: noticed when they are there, said once, and never of a sound training."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_dataset import small_dataset

from baselines import recipes
from baselines.monitoring.health import (
    active_units,
    collapsed,
    end_of_warm_up,
    final_warning,
    warning,
)
from baselines.run import train
from baselines.schedule import Pressure
from baselines.training import Epoch

ROW = Epoch(1, 1.0, -9.0, -8.0, 1.0, -9.0, 0.5, (2.0, 0.3))
SILENT = (0.04, 0.09, 0.0)


def history(count: int, **last: object) -> list[Epoch]:
    """Return that many epochs, the last of which is special."""
    rows = [replace(ROW, epoch=epoch) for epoch in range(1, count + 1)]
    rows[-1] = replace(rows[-1], **last)  # type: ignore[arg-type]
    return rows


@pytest.mark.parametrize(
    ("kl", "expected"),
    [(SILENT, True), ((0.04, 0.1), False), ((5.0, 0.0), False), ((), False), ((0.0,), True)],
)
def test_collapsed_is_every_dimension_below_a_tenth_of_a_nat(
    kl: tuple[float, ...], expected: bool
) -> None:
    assert collapsed(kl) is expected
    assert (final_warning(kl) is not None) is expected


@given(st.lists(st.floats(0, 3), max_size=8), st.floats(0.1, 9))
def test_one_dimension_that_says_something_is_enough(kl: list[float], loud: float) -> None:
    assert not collapsed([*kl, loud])


def test_active_units_have_a_mean_that_varies() -> None:
    means = torch.zeros(100, 4)
    means[:, 1] = 7.0
    means[:50, 2] = 0.19  # a variance of 0.009
    means[:50, 3] = 0.21  # and of 0.011
    assert active_units(means) == 1
    assert active_units(means[:1]) == 0


@pytest.mark.parametrize(
    ("pressure", "epochs", "expected"),
    [
        (Pressure(1.0), 10, 0),
        (Pressure(1.0, 0.5), 10, 5),
        (Pressure(1.0, 0.15), 10, 2),
        (Pressure(1.0, 1.0), 10, 10),
        (Pressure(1.0, 0.5, "cosine"), 10, 5),
        (Pressure(1.0, 0.5, "cyclical", 4), 80, 10),
    ],
)
def test_the_end_of_the_warm_up(pressure: Pressure, epochs: int, expected: int) -> None:
    assert end_of_warm_up(pressure, epochs) == expected
    if expected:
        assert pressure.at(min(expected / epochs, 0.999)) == pytest.approx(1.0, abs=0.01)


def test_a_collapse_is_said_at_the_end_of_the_warm_up_and_nowhere_else() -> None:
    pressure = Pressure(1.0, 0.5)
    said = [warning(history(n, kl=SILENT), pressure, 10) for n in range(1, 11)]
    assert [sentence is not None for sentence in said] == [n == 5 for n in range(1, 11)]
    assert "collapsed at the end of the warm-up, after epoch 5 of 10: all 3 dim" in str(said[4])
    assert "the largest has 0.09" in str(said[4])
    assert warning(history(5), pressure, 10) is None
    assert warning(history(5, kl=SILENT), Pressure(1.0), 10) is None


@pytest.mark.parametrize("left", [10.1, 1e30, math.inf])
def test_an_explosion_is_said_once(left: float) -> None:
    rows = history(4, unexplained=left)
    sentence = warning(rows, Pressure(), 10)
    assert sentence is not None
    assert "exploded in epoch 4" in sentence
    assert "training.learning_rate" in sentence
    assert warning([*rows, replace(rows[-1], epoch=5)], Pressure(), 10) is None
    assert warning(history(4, unexplained=9.9), Pressure(), 10) is None


SMALL = ["network.width=16", "network.depth=1", "latent_dim=3", "training.batch_size=8"]


def test_a_huge_weight_collapses_a_training_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = ["divergence.weight=1e6", "training.epochs=40", "divergence.warm_up=0.5"]
    recipe = recipes.load("vae", [*SMALL, *changes, "training.learning_rate=1e-2"])
    summary, _ = train(recipe, small_dataset(), tmp_path)
    assert (summary.collapsed, summary.active_units) == (True, 0)
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("warning: the code has collapsed at the end of the warm-up, after")
    assert last.startswith("warning: the code of the trained model has collapsed: all 3 dimensions")


def test_a_sound_training_is_silent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = recipes.load("vae", [*SMALL, "training.epochs=20"])
    summary, _ = train(recipe, small_dataset(), tmp_path)
    assert not summary.collapsed
    assert summary.active_units is not None
    assert summary.active_units > 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("name", "active"), [("pca", False), ("ae", True)])
def test_a_code_without_a_posterior_cannot_collapse(
    name: str, active: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = ["latent_dim=2", *(["training.epochs=3", "network.width=16"] if active else [])]
    summary, _ = train(recipes.load(name, changes), small_dataset(), tmp_path)
    assert not summary.collapsed
    assert (summary.active_units is not None) is active
    assert "kl_1" not in (tmp_path / "history.csv").read_text()
    assert capsys.readouterr().err == ""


def test_an_explosion_in_a_training_is_said_before_it_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = ["training.epochs=6", "training.learning_rate=3.0", "training.gradient_clip=1e9"]
    train(recipes.load("vae", [*SMALL, *changes]), small_dataset(), tmp_path)
    assert "warning: the training has exploded in epoch" in capsys.readouterr().err
