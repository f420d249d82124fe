"""The delete-d jackknife: subsets and standard errors."""

import numpy as np
import pytest

from benchmark.jackknife import FEWEST, SHARE, SUBSETS, interval, standard_error, subsets


def test_subsets_are_quarters_ascending_and_always_the_same() -> None:
    found = subsets(np.arange(400))
    assert len(found) == SUBSETS
    assert all(len(rows) == 400 * SHARE for rows in found)
    assert all((np.diff(rows) > 0).all() for rows in found)
    assert all(np.array_equal(a, b) for a, b in zip(found, subsets(np.arange(400)), strict=True))


def test_rows_of_one_cell_stay_together() -> None:
    cells = np.repeat(np.arange(FEWEST), 3)
    for rows in subsets(cells):
        assert (np.bincount(cells[rows])[np.unique(cells[rows])] == 3).all()


def test_too_few_cells_give_no_subset() -> None:
    assert subsets(np.arange(FEWEST - 1)) == ()
    assert subsets(np.zeros(500, dtype=np.int64)) == ()
    assert subsets(np.empty(0, dtype=np.int64)) == ()


def test_the_error_of_a_mean_is_that_of_the_textbook() -> None:
    """Averaged over draws of the data: ten subsets alone scatter by a quarter."""
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(60):
        values = rng.normal(size=400)
        replicates = [float(values[rows].mean()) for rows in subsets(np.arange(400))]
        error = standard_error(replicates)
        assert error is not None
        errors.append(error**2)
    assert np.sqrt(np.mean(errors)) == pytest.approx(1 / np.sqrt(400), rel=0.1)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(300):
        values = rng.normal(size=200)
        found = interval(
            float(values.mean()), [float(values[rows].mean()) for rows in subsets(np.arange(200))]
        )
        assert found is not None
        hits += found[0] <= 0 <= found[1]
    assert 0.9 <= hits / 300 <= 0.99


def test_no_error_without_numbers() -> None:
    assert standard_error([]) is None
    assert standard_error([1.0]) is None
    assert standard_error([1.0, np.nan]) is None
    assert interval(1.0, [1.0, np.inf]) is None
    assert interval(2.0, [1.0] * 10) == (2.0, 2.0)
