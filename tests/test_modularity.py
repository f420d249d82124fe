"""Modularity on codes whose value is known; beside its peer in ``test_binned_metrics.py``.

Ubisoft's agrees with disentanglement_lib's wherever every latent has some information.
"""

from typing import Any

import numpy as np
import pytest
from peers.code_sets import make

from benchmark.metrics import compute


def grid() -> np.ndarray[Any, np.dtype[np.int64]]:
    """Three factors of 4 levels, every cell six times."""
    return np.stack(np.unravel_index(np.arange(384) % 64, (4, 4, 4)), axis=1)


def test_one_latent_for_each_factor_is_perfect_and_a_copy_too() -> None:
    codes = np.hstack([grid(), grid()[:, :1]])
    assert compute("modularity", factors=grid(), codes=codes)["modularity"] == pytest.approx(1)


def test_a_latent_that_knows_two_of_three_factors_alike_is_half_modular() -> None:
    both = (grid()[:, 0] * 4 + grid()[:, 1])[:, None]
    found = compute("modularity", factors=grid(), codes=both)["modularity"]
    assert found == pytest.approx(0.5)


def test_a_latent_that_knows_all_factors_alike_is_not_modular() -> None:
    every = (grid() @ [16, 4, 1])[:, None]
    found = compute("modularity", factors=grid(), codes=every, bins=64)["modularity"]
    assert found == pytest.approx(0)


def test_a_latent_without_any_information_counts_nothing() -> None:
    idle = (np.arange(384) // 64 % 2)[:, None]
    found = compute("modularity", factors=grid(), codes=np.hstack([grid(), idle]))["modularity"]
    assert found == pytest.approx(0.75)


def test_noise_looks_modular() -> None:
    # The known failure that makes a floor necessary.
    factors, codes = make("noise", 3000)
    assert 0.6 < compute("modularity", factors=factors, codes=codes)["modularity"] < 0.9


def test_a_single_factor_is_not_defined() -> None:
    found = compute("modularity", factors=grid()[:, :1], codes=grid())["modularity"]
    assert np.isnan(found)
