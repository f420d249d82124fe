"""From one number per sound to one number per model, with its uncertainty.

The interval is the percentile bootstrap over sounds (Efron and Tibshirani 1993, chapter 13): the
sounds are drawn again with replacement, many times, and the middle 95 % of the results is the
interval. The draws come from a fixed generator and are the same for every model, so that two models
scored on the same sounds may be compared pair by pair, which :func:`difference` does. Sounds of the
same cell of the grid, which differ in a nuisance alone, are drawn together: they are not
independent. It says how much the score depends on which sounds were tested; it says nothing of how
much it depends on the seed of the training.
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


def interval(
    values: Floats,
    summary: Summary,
    level: float = 0.95,
    clusters: NDArray[np.int64] | None = None,
) -> tuple[float, float] | None:
    """Return the bootstrap interval of :func:`summarise`; None for fewer than two clusters.

    Parameters
    ----------
    values : shape (n,); NaN where there is none
    summary : as in :func:`summarise`
    level : probability mass of the interval
    clusters : shape (n,), which sounds are drawn together; None: each is on its own
    """
    known = np.isfinite(values)
    if known.sum() < 2 or 2 * known.sum() < len(values):
        return None
    draws = _draws(values[known], summary, None if clusters is None else clusters[known])
    return None if draws is None else _middle(draws, level)


def difference(
    first: Floats,
    second: Floats,
    summary: Summary,
    level: float = 0.95,
    clusters: NDArray[np.int64] | None = None,
) -> tuple[float, tuple[float, float]] | None:
    """Return by how much one model differs from another on the same sounds, and its interval.

    Both are resampled with the same draws, so what makes a sound hard for both cancels.

    Parameters
    ----------
    first, second : shape (n,), the same sounds in the same order; only those are used for which
        both have a number
    summary, level, clusters : as in :func:`interval`

    Returns
    -------
    tuple or None
        Summary of ``first`` less that of ``second``, and its interval; None for fewer than two
        clusters.

    Raises
    ------
    ValueError
        If the numbers of sounds differ.
    """
    if first.shape != second.shape:
        raise ValueError(f"pairs are needed, got {first.shape} and {second.shape}")
    known = np.isfinite(first) & np.isfinite(second)
    if known.sum() < 2 or 2 * known.sum() < len(first):
        return None
    groups = None if clusters is None else clusters[known]
    one, other = (_draws(values[known], summary, groups) for values in (first, second))
    if one is None or other is None:
        return None
    apart = _SUMMARIES[summary](first[known]) - _SUMMARIES[summary](second[known])
    return float(apart), _middle(one - other, level)


def _draws(
    values: Floats, summary: Summary, clusters: NDArray[np.int64] | None
) -> NDArray[np.float64] | None:
    """Return the summary of each resample, shape (RESAMPLES,); None for a single cluster."""
    rng = np.random.default_rng(0)
    if clusters is None or len(np.unique(clusters)) == len(values):
        chunks = (
            values[rng.integers(0, len(values), size=(_CHUNK, len(values)))]
            for _ in range(RESAMPLES // _CHUNK)
        )
        return np.concatenate([_SUMMARIES[summary](chunk) for chunk in chunks])
    _, inverse = np.unique(clusters, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    groups = np.split(values[order], np.cumsum(np.bincount(inverse))[:-1])
    if len(groups) < 2:
        return None
    draws = (rng.integers(0, len(groups), size=len(groups)) for _ in range(RESAMPLES))
    return np.array([_SUMMARIES[summary](np.concatenate([groups[i] for i in d])) for d in draws])


def _middle(draws: NDArray[np.float64], level: float) -> tuple[float, float]:
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return float(low), float(high)
