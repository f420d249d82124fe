"""Active units."""

import numpy as np

from benchmark.metrics import compute


def test_counts_latents_whose_mean_moves() -> None:
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((500, 6)) * np.array([1, 0.2, 0.11, 0.09, 0.01, 0])
    assert compute("active_units", factors=None, codes=codes) == {"active_units": 3.0}
    wide = compute("active_units", factors=None, codes=codes, threshold=0.5)
    assert wide == {"active_units": 1.0}
