"""MIG-sup on codes whose gap is known; beside its peer in ``test_binned_metrics.py``."""

from typing import Any

import numpy as np
import pytest

from benchmark.metrics import compute
from benchmark.metrics.information import discrete_mutual_information, entropy


def grid() -> np.ndarray[Any, np.dtype[np.int64]]:
    """A factor of 3 and one of 10 levels, every cell four times."""
    return np.stack(np.divmod(np.arange(120) % 30, 10), axis=1)


def test_one_latent_for_each_factor_is_perfect() -> None:
    found = compute("mig_sup", factors=grid(), codes=grid() * [1.5, -0.1])
    assert found == pytest.approx({"mig_sup": 1, "mig_sup_factor_entropy": 1})


def test_two_latents_that_know_the_same_are_both_good() -> None:
    codes = np.hstack([grid(), grid()[:, ::-1]])
    assert compute("mig_sup", factors=grid(), codes=codes)["mig_sup"] == pytest.approx(1)


def test_a_latent_that_knows_two_factors_closes_the_gap() -> None:
    factors = np.stack(np.divmod(np.arange(400) % 16, 4), axis=1)
    both = (factors[:, 0] * 4 + factors[:, 1])[:, None]
    found = compute("mig_sup", factors=factors, codes=both)
    assert found == pytest.approx({"mig_sup": 0, "mig_sup_factor_entropy": 0})


def test_noise_has_no_gap_and_lowers_that_of_the_others() -> None:
    rng = np.random.default_rng(0)
    factors = rng.integers(4, size=(4000, 2))
    noise = rng.standard_normal((4000, 2))
    assert compute("mig_sup", factors=factors, codes=noise)["mig_sup"] < 0.01
    beside = compute("mig_sup", factors=factors, codes=np.hstack([factors, noise]))["mig_sup"]
    assert beside == pytest.approx(0.5, abs=0.01)


def test_the_two_normalisers_differ_by_the_entropy_that_is_divided_by() -> None:
    rng = np.random.default_rng(0)
    factors = rng.integers([4, 3], size=(3000, 2))
    latent = factors[:, 0] + rng.uniform(-0.49, 0.49, size=3000)
    found = compute("mig_sup", factors=factors, codes=latent[:, None])
    bins = np.minimum((latent - latent.min()) / np.ptp(latent) * 20, 19).astype(np.int64)
    best, second = (discrete_mutual_information(bins, factor) for factor in factors.T)
    of_best, of_second = (entropy(factor) for factor in factors.T)
    assert found["mig_sup"] == pytest.approx((best - second) / entropy(bins))
    assert found["mig_sup_factor_entropy"] == pytest.approx(best / of_best - second / of_second)


def test_a_single_factor_has_none_to_be_told_from() -> None:
    factors = (np.arange(120) % 6)[:, None]
    found = compute("mig_sup", factors=factors, codes=factors * 2.0)
    assert all(np.isnan(value) for value in found.values())
