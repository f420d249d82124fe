"""The headline of latent dimension: how many factors a model seems to have found, and the truth.

The metrics of the family count different things and disagree (:mod:`benchmark.metrics.dimension`).
One of them has to be the estimate that is compared with the true number of factors, and it is
chosen here by what the model is, never by what it scores:

1. **A stochastic encoder: the latents that carry more than 0.1 nat** (``kl_spectrum``). The rate is
   what the model itself paid for a latent, so the count needs no threshold in units of the code, no
   random draw and no neighbours. Active units count latents as well, but also those that say next
   to nothing: a model of 200 latents can have 64 of them and 25 above 0.1 nat.
2. **A deterministic encoder: the intrinsic dimension of the codes** (``mle``). It pays nothing for
   a latent and uses all it has, whatever the data, so counting them says how it was built. Of the
   two estimates by neighbours, the one that looks at 20 scatters less and stands a grid better.
3. **A deterministic encoder whose codes are a lattice**, one point for each cell at equal steps,
   has no neighbours to read (``mle`` refuses). A lattice is flat, so there the number of its
   principal components is its dimension (``pca_dims_99``).

Known failures
--------------
A factor that a latent cannot hold counts for more than one: a circular factor takes two latents, a
categorical one up to one for each level less one. Such a model errs by being right. The count of
latents also misses what they share: two latents that hold one factor are two. The intrinsic
dimension reads low from about 6 factors on and on coarse grids, and high where noise of the encoder
is as large as the distances between sounds.
"""

from collections.abc import Mapping
from dataclasses import replace

from benchmark.code_metrics import Reading
from benchmark.metrics.registry import Output

DIMENSION_ESTIMATE = Output(
    "dimension_estimate",
    "dimension_estimate",
    "dimension",
    "The number of factors that the model seems to have found: latents above 0.1 nat of a "
    "stochastic encoder, intrinsic dimension of the codes of a deterministic one. The truth is the "
    "number of factors.",
    None,
)

DIMENSION_ERROR = Output(
    "dimension_error",
    "dimension_error",
    "dimension error",
    "How far the estimated number of factors is from the true one. 0 is best. Where the estimate "
    "is below the truth, factors were lost or merged; above it, a factor takes several latents.",
    False,
    "dimensions",
)

#: What is read: the first of these that has a number.
_PREFERRED = ("kl_spectrum", "mle", "pca_dims_99")


def headline(readings: Mapping[str, Reading], true_factors: int) -> dict[str, Reading]:
    """Return the estimated number of factors and its error.

    Parameters
    ----------
    readings : columns of the family ``dimension`` of one model
    true_factors : number of factors that vary over the sounds; 0 where it is not known

    Returns
    -------
    dict
        ``dimension_estimate`` and its distance ``dimension_error`` from the truth, each with the
        interval and replicates of the metric that was read, or the reason why there is none.
    """
    estimate = next(
        (readings[name] for name in _PREFERRED if readings[name].value is not None),
        Reading(None, readings[_PREFERRED[-1]].reason),
    )
    return {
        DIMENSION_ESTIMATE.column: estimate,
        DIMENSION_ERROR.column: _distance(estimate, true_factors),
    }


def _distance(estimate: Reading, true_factors: int) -> Reading:
    """Return how far a reading is from a number; its interval reaches to 0 if it holds it."""
    if estimate.value is None:
        return estimate
    if not true_factors:
        return Reading(None, "nobody knows the number of factors of these sounds")
    interval = estimate.interval
    if interval is not None:
        ends = sorted(abs(end - true_factors) for end in interval)
        holds = interval[0] <= true_factors <= interval[1]
        interval = (0.0 if holds else ends[0], ends[1])
    return replace(
        estimate,
        value=abs(estimate.value - true_factors),
        interval=interval,
        replicates=tuple(abs(value - true_factors) for value in estimate.replicates),
    )
