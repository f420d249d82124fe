"""Summaries and their intervals."""

import numpy as np
import pytest

from benchmark.bootstrap import difference, interval, summarise


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


def test_sounds_of_one_cell_are_drawn_together() -> None:
    """Copies of a sound add no information: the interval stays that of the cells."""
    values = np.random.default_rng(2).normal(size=80)
    cells = np.arange(80)
    alone = interval(values, "mean")
    copied = interval(np.repeat(values, 5), "mean", clusters=np.repeat(cells, 5))
    naive = interval(np.repeat(values, 5), "mean")
    assert alone is not None
    assert copied is not None
    assert naive is not None
    assert copied[1] - copied[0] == pytest.approx(alone[1] - alone[0], rel=0.1)
    assert naive[1] - naive[0] < 0.6 * (alone[1] - alone[0])
    assert interval(values, "mean", clusters=np.zeros(80, dtype=np.int64)) is None


def test_a_pair_is_told_apart_where_two_intervals_overlap() -> None:
    rng = np.random.default_rng(3)
    hard = rng.normal(0.0, 5.0, size=200)
    first = hard + 0.2 + 0.1 * rng.normal(size=200)
    found = difference(first, hard, "mean")
    assert found is not None
    apart, (low, high) = found
    assert apart == pytest.approx(0.2, abs=0.03)
    assert 0.15 < low < apart < high < 0.25
    one, other = interval(first, "mean"), interval(hard, "mean")
    assert one is not None
    assert other is not None
    assert one[0] < other[1]


def test_a_pair_uses_the_sounds_that_both_have() -> None:
    first, second = np.array([1.0, np.nan, 3.0, 5.0]), np.array([0.0, 9.0, 2.0, 4.0])
    found = difference(first, second, "mean")
    assert found is not None
    assert (found[0], *found[1]) == pytest.approx((1.0, 1.0, 1.0))
    assert difference(first[:2], second[:2], "mean") is None
    with pytest.raises(ValueError, match="pairs are needed"):
        difference(first, second[:2], "mean")
