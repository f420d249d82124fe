"""The variance of a complete design, divided up."""

import json
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from baselines import recipes
from leaderboard.experiments import views_and_losses
from leaderboard.experiments.views_and_losses import LOSSES, VIEWS, changes, divide, run, shares


def test_each_cause_alone_has_all_of_the_variance() -> None:
    zeros = np.zeros((3, 4, 2))
    views, losses = np.arange(3.0)[:, None, None], np.arange(4.0)[None, :, None]
    seeds = np.array([-1.0, 1.0])
    assert astuple(divide(zeros + views)) == pytest.approx((1, 0, 0, 0))
    assert astuple(divide(zeros + losses)) == pytest.approx((0, 1, 0, 0))
    both = (views - 1) * (losses - 1.5)
    assert astuple(divide(zeros + both)) == pytest.approx((0, 0, 1, 0))
    assert astuple(divide(zeros + seeds)) == pytest.approx((0, 0, 0, 1))


def test_independent_causes_add_up() -> None:
    views, losses = np.arange(3.0)[:, None, None], np.arange(4.0)[None, :, None]
    found = divide(views + losses + np.zeros((3, 4, 2)))
    expected = np.var(np.arange(3)), np.var(np.arange(4))
    assert found.view / found.loss == pytest.approx(expected[0] / expected[1])
    assert found.view + found.loss == pytest.approx(1)


@settings(max_examples=50)
@given(arrays(np.float64, (3, 4, 2), elements=st.floats(-1e3, 1e3)))
def test_the_shares_add_up_to_one(values: np.ndarray) -> None:
    if np.ptp(values) < 1e-3:
        values[0, 0, 0] += 1
    found = astuple(divide(values))
    assert sum(found) == pytest.approx(1)
    assert min(found) >= -1e-12


@pytest.mark.parametrize("values", [np.zeros((2, 2, 2)), np.zeros((2, 2))])
def test_what_does_not_vary_cannot_be_divided(values: np.ndarray) -> None:
    with pytest.raises(ValueError, match="that vary"):
        divide(values)


def test_every_combination_is_a_recipe() -> None:
    for view in VIEWS:
        for loss in LOSSES:
            recipe = recipes.load("vae", changes("tones", view, loss))
            assert recipe.representation.name == view


def test_a_run_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views_and_losses, "DATASETS", ("pair/pitch-level",))
    monkeypatch.setattr(views_and_losses, "VIEWS", {"raw": VIEWS["raw"], "log_mel": ()})
    monkeypatch.setattr(views_and_losses, "LOSSES", {"KL, weight 1": ()})
    monkeypatch.setattr(views_and_losses, "EPOCHS", {"pair/pitch-level": 1})
    monkeypatch.setattr(views_and_losses, "SEEDS", (0,))
    jobs = [("pair/pitch-level", view, "KL, weight 1", 0) for view in ("raw", "log_mel")]
    first = views_and_losses._train(jobs[0])
    known = {**first.__dict__, "mig": 0.125}
    for job in jobs:
        views_and_losses._file(tmp_path, job).parent.mkdir(parents=True, exist_ok=True)
    views_and_losses._file(tmp_path, jobs[0]).write_text(json.dumps(known))
    second = {**first.__dict__, "view": "log_mel", "mig": 0.25}
    views_and_losses._file(tmp_path, jobs[1]).write_text(json.dumps(second))
    runs = run(tmp_path, workers=1, show=False)
    assert [row.mig for row in runs] == [0.125, 0.25]
    assert shares(runs, "pair/pitch-level", "mig").view == pytest.approx(1)
