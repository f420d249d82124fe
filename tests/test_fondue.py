"""FONDUE's gap on posteriors whose passive latents are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark.metrics.dimension.fondue import FONDUE, fondue
from benchmark.metrics.dimension.mle import mle
from toysound.errors import ToySoundError, UsageError

Codes = NDArray[np.float64]


def posterior(active: int, passive: int, rows: int = 2000, noise: float = 0.1) -> tuple[Codes, ...]:
    """Active latents of this posterior standard deviation, and passive ones that hardly move."""
    rng = np.random.default_rng([active, passive])
    mean = np.hstack(
        [rng.standard_normal((rows, active)), 1e-5 * rng.standard_normal((rows, passive))]
    )
    variance = np.hstack([np.full((rows, active), noise**2), np.ones((rows, passive))])
    return mean, np.log(variance)


@pytest.mark.parametrize(("active", "passive"), [(1, 1), (2, 1), (1, 3), (2, 3)])
def test_the_gap_counts_passive_latents(active: int, passive: int) -> None:
    mean, log_variance = posterior(active, passive)
    found = fondue(codes=mean, log_variance=log_variance)
    assert found["fondue"] == pytest.approx(passive, rel=0.1)
    assert found["fondue_mean"] == pytest.approx(active, rel=0.05)
    assert found["fondue_sampled"] == pytest.approx(active + passive, rel=0.06)


def test_ten_dimensions_read_low_and_so_does_the_gap() -> None:
    mean, log_variance = posterior(5, 5)
    assert 3.8 < fondue(codes=mean, log_variance=log_variance)["fondue"] < 4.4


@pytest.mark.parametrize("active", [1, 3, 5])
def test_no_gap_without_passive_latents(active: int) -> None:
    mean, log_variance = posterior(active, 0)
    assert fondue(codes=mean, log_variance=log_variance)["fondue"] == pytest.approx(0, abs=0.05)


def test_noise_off_the_manifold_of_the_means_is_a_gap_too() -> None:
    # Means on a line in three latents: each sample leaves it, no latent is passive.
    line = np.random.default_rng(0).random((2000, 1)) @ np.ones((1, 3))
    found = fondue(codes=line, log_variance=np.full(line.shape, 2 * np.log(0.1)))
    assert found["fondue_mean"] == pytest.approx(1, rel=0.05)
    assert found["fondue"] > 1


def test_a_posterior_without_spread_is_its_mean() -> None:
    mean, log_variance = posterior(2, 1, rows=500)
    found = fondue(codes=mean, log_variance=np.full_like(log_variance, -80.0))
    assert found["fondue"] == pytest.approx(0, abs=1e-9)
    assert found["fondue_mean"] == pytest.approx(mle(codes=mean)["mle"], rel=1e-12)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_the_gap_is_the_difference_and_its_seed_decides_little(seed: int) -> None:
    mean, log_variance = posterior(2, 1, rows=400)
    found = fondue(codes=mean, log_variance=log_variance, seed=seed)
    assert found["fondue"] == found["fondue_sampled"] - found["fondue_mean"]
    assert found == fondue(codes=mean, log_variance=log_variance, seed=seed)
    other = fondue(codes=mean, log_variance=log_variance, seed=seed + 1)
    assert other["fondue_mean"] == found["fondue_mean"]
    assert 0 < abs(other["fondue"] - found["fondue"]) < 0.05


def test_lattices_few_points_and_few_neighbours_are_refused() -> None:
    grid = np.stack(np.divmod(np.arange(400.0), 20), axis=1)
    with pytest.raises(ToySoundError, match="fondue finds many neighbours at equal distances"):
        fondue(codes=grid, log_variance=np.zeros_like(grid))
    with pytest.raises(ToySoundError, match="at least 21 points"):
        fondue(codes=grid[:20], log_variance=np.zeros((20, 2)))
    with pytest.raises(UsageError, match="at least 2 neighbours"):
        fondue(codes=grid, log_variance=np.zeros_like(grid), neighbours=1)


def test_the_entry_asks_for_log_variance_and_a_seed() -> None:
    assert FONDUE.needs_log_variance
    assert FONDUE.random
