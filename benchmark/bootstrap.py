"""From one number per sound to one number per model, with its uncertainty.

The interval is the percentile bootstrap over sounds (Efron and Tibshirani 1993, chapter 13): the
sounds are drawn again with replacement, many times, and the middle 95 % of the results is the
interval. The draws come from a fixed generator and are the same for every model, so that two models
scored on the same sounds may be compared pair by pair. It says how much the score depends on which
sounds were tested; it says nothing of how much it depends on the seed of the training.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.reconstruction.registry import Floats, Summary

RESAMPLES = 1000

#: Resamples drawn at a time; bounds the memory at ``_CHUNK * n`` numbers.
_CHUNK = 100

_SUMMARIES: dict[Summary, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "mean": lambda values: np.mean(values, axis=-1),
    "median": lambda values: np.median(values, axis=-1),
    "root_mean": lambda values: np.sqrt(np.mean(np.square(values), axis=-1)),
}


def summarise(values: Floats, summary: Summary) -> float | None:
    """Return the summary of one number per sound.

    Parameters
    ----------
    values : shape (n,); NaN where there is none
    summary : ``mean``, ``median`` or ``root_mean``

    Returns
    -------
    float or None
        Over the sounds that have a number; None if fewer than half of them have one.
    """
    known = values[np.isfinite(values)]
    if len(known) == 0 or 2 * len(known) < len(values):
        return None
    return float(_SUMMARIES[summary](known))


def interval(values: Floats, summary: Summary, level: float = 0.95) -> tuple[float, float] | None:
    """Return the bootstrap interval of :func:`summarise`; None for fewer than two numbers.

    Parameters
    ----------
    values : shape (n,); NaN where there is none
    summary : as in :func:`summarise`
    level : probability mass of the interval
    """
    known = values[np.isfinite(values)]
    if len(known) < 2 or 2 * len(known) < len(values):
        return None
    rng = np.random.default_rng(0)
    draws = [
        _SUMMARIES[summary](known[rng.integers(0, len(known), size=(_CHUNK, len(known)))])
        for _ in range(RESAMPLES // _CHUNK)
    ]
    tail = (1 - level) / 2
    low, high = np.quantile(np.concatenate(draws), [tail, 1 - tail])
    return float(low), float(high)
