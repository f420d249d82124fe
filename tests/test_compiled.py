"""A compiled function is the function: the same numbers, also where it calls another."""

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def _square(number: float) -> float:
    return number * number


@compiled
def _running(values: Floats) -> tuple[Floats, int]:
    """Return the sum of squares up to each value, and how many are negative."""
    sums = np.empty(len(values))
    total, negative = 0.0, 0
    for place in range(len(values)):
        total += _square(values[place])
        negative += values[place] < 0
        sums[place] = total
    return sums, negative


def test_it_gives_what_numpy_gives() -> None:
    values = np.random.default_rng(0).standard_normal(1000)
    sums, negative = _running(values)
    np.testing.assert_allclose(sums, np.cumsum(values**2), rtol=1e-12)
    assert negative == (values < 0).sum()


def test_it_keeps_its_name_and_its_text() -> None:
    assert _running.__name__ == "_running"
    assert "sum of squares" in str(_running.__doc__)
