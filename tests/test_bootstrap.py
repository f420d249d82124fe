"""Summaries and their intervals."""

import numpy as np
import pytest

from benchmark.bootstrap import interval, summarise


def test_summaries_by_hand() -> None:
    values = np.array([1.0, 2.0, 6.0])
    assert summarise(values, "mean") == 3.0
    assert summarise(values, "median") == 2.0
    assert summarise(values, "root_mean") == pytest.approx(np.sqrt(41 / 3))


def test_undefined_sounds_are_left_out_until_they_are_the_majority() -> None:
    assert summarise(np.array([1.0, 3.0, np.nan]), "mean") == 2.0
    assert summarise(np.array([1.0, np.nan, np.nan]), "mean") is None
    assert summarise(np.array([]), "mean") is None
    assert interval(np.array([1.0, np.nan, np.nan]), "mean") is None


def test_no_interval_from_a_single_sound() -> None:
    assert interval(np.array([1.0]), "mean") is None


def test_the_interval_is_that_of_the_textbook_for_a_mean() -> None:
    values = np.random.default_rng(0).normal(5.0, 2.0, size=400)
    found = interval(values, "mean")
    assert found is not None
    half = 1.96 * values.std() / np.sqrt(400)
    assert found == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(200):
        found = interval(rng.normal(0.0, 1.0, size=60), "mean")
        assert found is not None
        hits += found[0] <= 0.0 <= found[1]
    assert 0.90 <= hits / 200 <= 0.99


def test_the_draws_are_the_same_each_time() -> None:
    values = np.random.default_rng(2).uniform(size=50)
    assert interval(values, "median") == interval(values, "median")
    shifted = interval(values + 10, "median")
    found = interval(values, "median")
    assert found is not None
    assert shifted == pytest.approx((found[0] + 10, found[1] + 10))
