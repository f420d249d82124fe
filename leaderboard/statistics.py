"""Intervals of a mean over few training seeds.

With three to ten seeds the percentile bootstrap is far too narrow (nominal 95 % covers about 75 %
of the time for three seeds); Student's t interval keeps its promise for roughly normal scores:

    mean +- t(0.975, n - 1) * s / sqrt(n),      s the sample standard deviation (n - 1)

It speaks of the variance between training seeds only. The items that were scored are the same for
every seed, so their variance is not in it.

References
----------
Student (1908), "The probable error of a mean", Biometrika 6.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit


def t_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """Return Student's t interval (low, high) of the mean of independent values.

    Parameters
    ----------
    values : at least two finite numbers, one per seed
    confidence : coverage, between 0 and 1, both excluded

    Raises
    ------
    ValueError
        If there are fewer than two values, one is not finite, or the confidence is out of range.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or len(array) < 2 or not np.isfinite(array).all():
        raise ValueError("a t interval needs at least two finite values")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    degrees = len(array) - 1
    mean = float(array.mean())
    half = float(stdtrit(degrees, 0.5 + confidence / 2))
    half *= float(array.std(ddof=1)) / math.sqrt(len(array))
    return mean - half, mean + half
