"""How much does a metric of codes depend on which sounds it saw?

The bootstrap draws sounds twice, and a metric that looks for neighbours, or splits rows into train
and test, takes a copy for a confirmation: on copied rows the information of a latent is
overestimated and a classifier has seen its test. So rows are left out, not copied: the metric is
computed again on a few random quarters of the sounds, and the scatter of the results, scaled from
the quarter to the whole, is the standard error (the delete-d jackknife with random subsets).

The subsets come from a fixed generator and are the same for every model, so that two models scored
on the same sounds may be compared subset by subset. Sounds of one cell of the grid are taken or
left together.

Conventions
-----------
rows : indices into the rows of the codes, ascending, so that "train rows first" still holds
error : standard error of the metric on all n rows
interval : value -/+ the 97.5 % quantile of Student's t times the error

Known failure
-------------
A metric that is biased by few rows has the bias of a quarter in every replicate; it drops out of
the scatter, and the interval says nothing about it.

Reference
---------
J. Shao and C. F. J. Wu, "A general theory for jackknife variance estimation", Annals of Statistics
17, 1989.
"""

from collections.abc import Sequence

import numpy as np
import scipy.stats
from numpy.typing import NDArray

#: Subsets, and the share of the sounds in each.
SUBSETS = 10
SHARE = 0.25

#: Fewer clusters than this say nothing about a scatter.
FEWEST = 100


def subsets(clusters: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Return the rows of each subset; none if there are too few clusters.

    Parameters
    ----------
    clusters : shape (n,), which rows belong together
    """
    _, inverse = np.unique(clusters, return_inverse=True)
    count = int(inverse.max(initial=-1)) + 1
    if count < FEWEST:
        return ()
    rng = np.random.default_rng(0)
    kept = round(SHARE * count)
    chosen = (rng.choice(count, size=kept, replace=False) for _ in range(SUBSETS))
    return tuple(np.flatnonzero(np.isin(inverse, some)) for some in chosen)


def standard_error(replicates: Sequence[float]) -> float | None:
    """Return the standard error of a metric on all rows from its values on the subsets.

    Parameters
    ----------
    replicates : one number for each subset

    Returns
    -------
    float or None
        None for fewer than two numbers, or if one is not finite.
    """
    values = np.asarray(replicates, dtype=np.float64)
    if len(values) < 2 or not np.isfinite(values).all():
        return None
    return float(np.sqrt(SHARE / (1 - SHARE) * values.var(ddof=1)))


def interval(value: float, replicates: Sequence[float]) -> tuple[float, float] | None:
    """Return the 95 % interval of a metric; None where there is no standard error."""
    error = standard_error(replicates)
    if error is None:
        return None
    half = float(scipy.stats.t.ppf(0.975, len(replicates) - 1)) * error
    return value - half, value + half
