"""DCIMIG on codes whose value is known; beside its peer in ``test_binned_metrics.py``."""

from typing import Any

import numpy as np
import pytest
from peers.code_sets import make

from benchmark.metrics import compute


def grid() -> np.ndarray[Any, np.dtype[np.int64]]:
    """Two factors of 4 levels, every cell 25 times."""
    return np.stack(np.divmod(np.arange(400) % 16, 4), axis=1)


def test_one_latent_for_each_factor_is_perfect() -> None:
    assert compute("dcimig", factors=grid(), codes=grid() * 1.5)["dcimig"] == pytest.approx(1)


def test_copies_and_idle_latents_do_not_matter() -> None:
    idle = np.random.default_rng(0).standard_normal((400, 3))
    codes = np.hstack([grid(), grid()[:, :1], idle])
    assert compute("dcimig", factors=grid(), codes=codes)["dcimig"] == pytest.approx(1)


def test_a_factor_that_is_not_known_counts_nothing() -> None:
    found = compute("dcimig", factors=grid(), codes=grid()[:, :1])["dcimig"]
    assert found == pytest.approx(0.5)


def test_a_latent_that_knows_two_factors_counts_nothing() -> None:
    both = (grid()[:, 0] * 4 + grid()[:, 1])[:, None]
    assert compute("dcimig", factors=grid(), codes=both)["dcimig"] == pytest.approx(0)


def test_noise_counts_nearly_nothing() -> None:
    factors, codes = make("noise", 3000)
    assert compute("dcimig", factors=factors, codes=codes)["dcimig"] < 0.01


def test_a_single_factor_has_none_to_be_told_from() -> None:
    factors = grid()[:, :1]
    found = compute("dcimig", factors=factors, codes=factors * 2.0)
    assert np.isnan(found["dcimig"])
