"""Active units."""

import numpy as np

from benchmark.metrics import compute


def test_counts_latents_whose_mean_moves() -> None:
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((500, 6)) * np.array([1, 0.2, 0.11, 0.09, 0.01, 0])
    assert compute("active_units", factors=None, codes=codes) == {"active_units": 3.0}
    wide = compute("active_units", factors=None, codes=codes, threshold=0.5)
    assert wide == {"active_units": 1.0}


def test_a_variance_at_the_threshold_is_not_above_it() -> None:
    codes = np.where(np.arange(100) % 2, 0.125, -0.125)[:, None]  # variance 1 / 64, exactly
    assert compute("active_units", factors=None, codes=codes, threshold=1 / 64)["active_units"] == 0
    assert compute("active_units", factors=None, codes=codes, threshold=1 / 65)["active_units"] == 1
