"""Metrics of codes, all through one function.

>>> import numpy as np
>>> from benchmark import metrics
>>> factors = np.stack(np.divmod(np.arange(1200) % 12, 4), axis=1)
>>> metrics.compute("mig", factors=factors, codes=factors.astype(float))["mig"] > 0.99
True

``factors`` are integer classes (n, k), ``codes`` the posterior means (n, d). Arguments are
keyword-only, because swapping them gives a plausible wrong number. Before every metric the inputs
are checked and constant latents are dropped: a latent that never moves says nothing, and several
published implementations break on one.
"""

import inspect
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, get_args

import numpy as np
import scipy.stats
from numpy.typing import ArrayLike, NDArray

from benchmark.metrics.dimension.active_units import active_units
from benchmark.metrics.dimension.kl_spectrum import kl_spectrum
from benchmark.metrics.dimension.participation_ratio import participation_ratio
from benchmark.metrics.dimension.twonn import twonn
from benchmark.metrics.disentanglement.dci import dci
from benchmark.metrics.disentanglement.infomec import infomec
from benchmark.metrics.disentanglement.mig import mig
from benchmark.metrics.registry import Invariance, Metric, Output
from toysound.errors import ToySoundError, UsageError, unknown_name

__all__ = ["METRICS", "Metric", "Output", "compute", "names", "series_of"]

_ALL: frozenset[Invariance] = frozenset(
    ("permutation", "constant", "positive_scale", "shift", "sign", "duplicate")
)


def _metric(lacks: Mapping[Invariance, str], **entry: Any) -> Metric:
    """Make an entry whose invariances are all that it does not give a reason to lack."""
    return Metric(invariances=_ALL - frozenset(lacks), lacks=lacks, **entry)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        _metric(
            {
                "sign": "bins are closed on the left, so a mirrored latent is cut elsewhere",
                "duplicate": "a copy of the best latent is as good as it, and closes the gap",
            },
            name="mig",
            family="disentanglement",
            function=mig,
            outputs=(
                Output(
                    "mig",
                    "mig",
                    "MIG",
                    "Mutual information gap: how much more the best latent knows of a factor than "
                    "the second best, as a share of the factor's entropy. 0 to 1.",
                    True,
                ),
            ),
            reference="Chen et al., NeurIPS 2018",
        ),
        _metric(
            {
                "sign": "bins are closed on one side, so a mirrored latent is cut elsewhere",
                "duplicate": "trees may use either copy, which shares out the importance",
            },
            name="dci",
            family="disentanglement",
            function=dci,
            outputs=(
                Output(
                    "disentanglement",
                    "dci_disentanglement",
                    "DCI D",
                    "Disentanglement: does each latent matter to one factor only, by the training "
                    "importances of boosted trees? 0 to 1.",
                    True,
                ),
                Output(
                    "completeness",
                    "dci_completeness",
                    "DCI C",
                    "Completeness: does each factor need one latent only, by the same importances? "
                    "0 to 1.",
                    True,
                ),
                Output(
                    "informativeness",
                    "dci_informativeness",
                    "DCI I",
                    "Informativeness: accuracy of boosted trees that read each factor from all "
                    "latents, on test rows. Chance to 1.",
                    True,
                ),
                Output(
                    "disentanglement_permuted",
                    "dci_disentanglement_permuted",
                    "DCI D perm.",
                    "Disentanglement by the drop in test accuracy when a latent is shuffled; not "
                    "flattered by overfitting. 0 to 1.",
                    True,
                ),
                Output(
                    "completeness_permuted",
                    "dci_completeness_permuted",
                    "DCI C perm.",
                    "Completeness by the drop in test accuracy when a latent is shuffled. 0 to 1.",
                    True,
                ),
            ),
            reference="Eastwood and Williams, ICLR 2018",
            needs_repeats=True,
        ),
        _metric(
            {
                "positive_scale": "latents of small range beside the largest are pruned",
                "duplicate": "a copy adds a row of its own and shares a factor's information",
            },
            name="infomec",
            family="disentanglement",
            function=infomec,
            outputs=(
                Output(
                    "infom",
                    "infom",
                    "InfoM",
                    "Modularity: is each latent informative of one factor only? 1 at best. A "
                    "latent that knows nothing can look modular: read it where InfoE is well above "
                    "its floor.",
                    True,
                ),
                Output(
                    "infoe",
                    "infoe",
                    "InfoE",
                    "Explicitness: the share of each factor's entropy that a logistic regression "
                    "from the latents explains. About 0 by chance, 1 at best.",
                    True,
                ),
                Output(
                    "infoc",
                    "infoc",
                    "InfoC",
                    "Compactness: is each factor known by one latent only? 1 at best. A factor "
                    "that is not known can look compact: read it where InfoE is well above its "
                    "floor.",
                    True,
                ),
            ),
            reference="Hsu et al., NeurIPS 2023",
            needs_repeats=True,
        ),
        _metric(
            {
                "positive_scale": "the threshold of 0.01 is in the latent's own unit",
                "duplicate": "a copy is one more active latent",
            },
            name="active_units",
            family="dimension",
            function=active_units,
            outputs=(
                Output(
                    "active_units",
                    "active_units",
                    "active units",
                    "Latents whose posterior mean has a variance above 0.01 over the data. The "
                    "truth is the number of factors.",
                    None,
                ),
            ),
            reference="Burda et al., ICLR 2016",
            needs_factors=False,
        ),
        _metric(
            {
                "positive_scale": "the divergence is from a prior of fixed scale",
                "shift": "the divergence is from a prior at the origin",
                "duplicate": "a copy costs its own nats",
            },
            name="kl_spectrum",
            family="dimension",
            function=kl_spectrum,
            outputs=(
                Output(
                    "kl_spectrum",
                    "kl_spectrum",
                    "KL > 0.1",
                    "Latents that carry more than 0.1 nat. The truth is the number of factors.",
                    None,
                ),
                Output(
                    "kl_total",
                    "kl_total",
                    "KL",
                    "Rate: the divergence of the posterior from the prior, summed over latents.",
                    None,
                    "nat",
                ),
            ),
            series=Output(
                "kl_",
                "kl_",
                "KL spectrum",
                "The rate of each latent, the largest first.",
                None,
                "nat",
            ),
            reference="Kingma and Welling, ICLR 2014",
            needs_factors=False,
            needs_log_variance=True,
        ),
        _metric(
            {
                "positive_scale": "scaling one latent changes its share of the variance",
                "duplicate": "a copy doubles the variance along its direction",
            },
            name="participation_ratio",
            family="dimension",
            function=participation_ratio,
            outputs=(
                Output(
                    "participation_ratio",
                    "participation_ratio",
                    "part. ratio",
                    "Over how many directions the variance of the codes is spread: 1 to the number "
                    "of latents. Linear: a curved manifold can have any value.",
                    None,
                ),
            ),
            reference="Gao et al., bioRxiv 214262, 2017",
            needs_factors=False,
        ),
        _metric(
            {
                "positive_scale": "scaling one latent changes which points are neighbours",
                "duplicate": "a copy weights its latent in the distances",
            },
            name="twonn",
            family="dimension",
            function=twonn,
            outputs=(
                Output(
                    "twonn",
                    "twonn",
                    "TwoNN",
                    "Intrinsic dimension of the codes from the distances to two neighbours. The "
                    "truth is the number of factors.",
                    None,
                ),
            ),
            reference="Facco et al., Scientific Reports 2017",
            needs_factors=False,
        ),
    )
}

_FEWEST_ROWS = 6

_LARGEST = 1e100


def series_of(column: str) -> Output | None:
    """Return the series that a column of a result belongs to, such as the KL spectrum, or None."""
    for metric in METRICS.values():
        if metric.in_series(column):
            return metric.series
    return None


def names() -> list[str]:
    """Return the names of all metrics."""
    return list(METRICS)


def compute(
    name: str,
    *,
    factors: ArrayLike | None,
    codes: ArrayLike,
    seed: int = 0,
    **options: Any,
) -> dict[str, float]:
    """Compute a metric of codes.

    Parameters
    ----------
    name : one of :func:`names`
    factors : shape (n, k), integer classes; None for a metric that does not need them
    codes : shape (n, d), posterior means
    seed : of the metric's own randomness
    options : of the metric, such as ``bins=``, ``train=``, ``log_variance=``

    Returns
    -------
    dict
        Named numbers. NaN stands for a number that is not defined for these inputs, such as the
        modularity of a single factor.

    Raises
    ------
    UsageError
        If there is no metric of that name, no such option, or its value is out of range.
    ToySoundError
        If the inputs are malformed, a factor is constant, or no latent varies.
    """
    if name not in METRICS:
        raise unknown_name("metric", name, METRICS)
    metric = METRICS[name]
    _check_options(metric, options)
    values = _checked_codes(codes)
    live = _live_latents(values)
    if metric.needs_log_variance:
        options["log_variance"] = _checked_log_variance(name, options, values)[:, live]
    else:
        options.pop("log_variance", None)
    classes = _checked_factors(metric, factors, len(values))
    return metric.function(factors=classes, codes=values[:, live], seed=seed, **options)


def _check_options(metric: Metric, options: Mapping[str, Any]) -> None:
    """Refuse an option that the metric has not, and a fraction where it counts."""
    known = inspect.signature(metric.function).parameters
    for option, value in options.items():
        if option == "log_variance":
            continue
        if option not in known:
            raise UsageError(f"metric '{metric.name}' has no option '{option}'")
        counts = float not in {known[option].annotation, *get_args(known[option].annotation)}
        if value is not None and not isinstance(value, Integral if counts else Real):
            number = "a whole number" if counts else "a number"
            raise UsageError(f"option '{option}' of {metric.name} is {number}, got {value!r}")


def _live_latents(codes: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the latents that vary, ordered by what they say and not by their place.

    Where two latents are equally good, or each gets random numbers of its own, their order decides;
    so it must not change when the model numbers, scales, shifts or mirrors them otherwise. What
    stays is which sounds of a latent are how far from its middle one.

    Raises
    ------
    ToySoundError
        If there is none.
    """
    # A latent can vary by so little that its variance underflows: that says nothing either.
    live = np.flatnonzero((codes.max(axis=0) > codes.min(axis=0)) & (codes.std(axis=0) > 0))
    if not len(live):
        raise ToySoundError("no latent varies: the codes are the same for every sound")
    rank = scipy.stats.rankdata(codes[:, live], method="dense", axis=0)
    from_middle = np.abs(2 * rank - rank.max(axis=0) - 1)
    return np.asarray(live[np.lexsort(from_middle[::-1])])


def _checked_codes(codes: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(codes)
    if array.ndim != 2 or array.dtype.kind not in "fiu" or array.shape[1] == 0:
        raise ToySoundError(
            f"codes must be numbers of shape (sounds, latents), got {array.dtype} {array.shape}"
        )
    if len(array) < _FEWEST_ROWS:
        raise ToySoundError(f"codes have {len(array)} rows; at least {_FEWEST_ROWS} are needed")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ToySoundError(f"codes hold {int((~np.isfinite(array)).sum())} values not finite")
    if np.abs(array).max() > _LARGEST:
        raise ToySoundError(f"codes reach {np.abs(array).max():.0e}; above 1e100 squares overflow")
    return array


def _checked_log_variance(
    name: str, options: Mapping[str, Any], codes: NDArray[np.float64]
) -> NDArray[np.float64]:
    given = options.get("log_variance")
    if given is None:
        raise ToySoundError(f"{name} needs log_variance, which a deterministic encoder has not")
    array = np.asarray(given, dtype=np.float64)
    if array.shape != codes.shape or not np.isfinite(array).all():
        raise ToySoundError(
            f"log_variance must be finite and of the codes' shape {codes.shape}, got {array.shape}"
        )
    return array


def _checked_factors(
    metric: Metric, factors: ArrayLike | None, rows: int
) -> NDArray[np.int64] | None:
    if factors is None:
        if metric.needs_factors:
            raise ToySoundError(f"{metric.name} needs factors: the classes of each sound")
        return None
    array = np.asarray(factors)
    if array.ndim != 2 or array.shape[1] == 0:
        raise ToySoundError(f"factors must have shape (sounds, factors), got {array.shape}")
    if array.dtype.kind not in "iu":
        raise ToySoundError(f"factors must be integer classes, got {array.dtype}")
    if len(array) != rows:
        raise ToySoundError(f"there are {len(array)} rows of factors and {rows} rows of codes")
    constant = array.max(axis=0) == array.min(axis=0)
    if constant.any() and metric.needs_factors:
        raise ToySoundError(
            f"factor {int(np.argmax(constant))} takes a single value here; leave it out"
        )
    levels = np.array([len(np.unique(column)) for column in array.T])
    if metric.needs_repeats and (2 * levels > rows).any():
        raise ToySoundError(
            f"factor {int(np.argmax(levels))} has {levels.max()} levels in {rows} sounds; "
            f"{metric.name} needs at least two sounds of a level"
        )
    return array.astype(np.int64)
