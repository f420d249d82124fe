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
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, get_args

import numpy as np
import scipy.stats
from numpy.typing import ArrayLike, NDArray

from benchmark.metrics.checks import as_array, finite_codes, finite_log_variance, is_numeric
from benchmark.metrics.dimension.active_units import ACTIVE_UNITS
from benchmark.metrics.dimension.fondue import FONDUE
from benchmark.metrics.dimension.kl_spectrum import KL_SPECTRUM
from benchmark.metrics.dimension.mle import MLE
from benchmark.metrics.dimension.participation_ratio import PARTICIPATION_RATIO
from benchmark.metrics.dimension.pca_dims import PCA_DIMS
from benchmark.metrics.dimension.twonn import TWONN
from benchmark.metrics.disentanglement.beta_vae import BETA_VAE
from benchmark.metrics.disentanglement.dci import DCI
from benchmark.metrics.disentanglement.dcimig import DCIMIG
from benchmark.metrics.disentanglement.explicitness import EXPLICITNESS
from benchmark.metrics.disentanglement.factor_vae import FACTOR_VAE
from benchmark.metrics.disentanglement.infomec import INFOMEC
from benchmark.metrics.disentanglement.irs import IRS
from benchmark.metrics.disentanglement.jemmig import JEMMIG
from benchmark.metrics.disentanglement.mig import MIG
from benchmark.metrics.disentanglement.mig_sup import MIG_SUP
from benchmark.metrics.disentanglement.modularity import MODULARITY
from benchmark.metrics.disentanglement.sap import SAP
from benchmark.metrics.disentanglement.udr import UDR
from benchmark.metrics.registry import Metric, Output
from toysound.errors import ToySoundError, UsageError, unknown_name
from toysound.factors import Kind

__all__ = ["METRICS", "Metric", "Output", "compute", "names"]

#: Every metric of codes, in the order in which they are shown.
METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        MIG,
        MIG_SUP,
        JEMMIG,
        DCIMIG,
        DCI,
        INFOMEC,
        SAP,
        BETA_VAE,
        FACTOR_VAE,
        IRS,
        MODULARITY,
        EXPLICITNESS,
        UDR,
        ACTIVE_UNITS,
        KL_SPECTRUM,
        PARTICIPATION_RATIO,
        PCA_DIMS,
        TWONN,
        MLE,
        FONDUE,
    )
}

#: Types of options that are numbers, which are checked here; the others a metric checks itself.
_NUMBERS = (int, float, int | None, float | None)


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
    codes : shape (n, d), posterior means; (models, n, d) for a metric of agreement between the
        training seeds of a model, such as ``udr``
    seed : of the metric's own randomness
    options : of the metric, such as ``bins=``, ``train=``, ``log_variance=``, and ``kinds=``, the
        kind of each factor, for those that treat a circular one apart

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
    if not isinstance(seed, Integral) or isinstance(seed, bool) or seed < 0:
        raise UsageError(f"seed is a whole number from 0 on, got {seed!r}")
    if metric.across_models:
        return metric.function(codes=codes, seed=seed, **options)
    values = _checked_codes(codes)
    live = _live_latents(values)
    if metric.needs_log_variance:
        options["log_variance"] = _checked_log_variance(name, options, values)[:, live]
    else:
        options.pop("log_variance", None)
    classes = _checked_factors(metric, factors, len(values))
    if options.get("kinds") is not None:
        options["kinds"] = _checked_kinds(options["kinds"], classes)
    return metric.function(factors=classes, codes=values[:, live], seed=seed, **options)


def _check_options(metric: Metric, options: Mapping[str, Any]) -> None:
    """Refuse an option that the metric has not, and a fraction where it counts."""
    known = inspect.signature(metric.function).parameters
    for option, value in options.items():
        if option == "log_variance":
            continue
        if option not in known:
            own = [name for name in known if name not in ("factors", "codes", "seed")]
            raise UsageError(
                f"metric '{metric.name}' has no option '{option}'; it has "
                f"{', '.join(own) or 'none'}"
            )
        annotation = known[option].annotation
        if annotation not in _NUMBERS:
            continue
        counts = float not in {annotation, *get_args(annotation)}
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
    array = as_array("codes", codes)
    if array.ndim != 2 or not is_numeric(array) or array.shape[1] == 0:
        raise ToySoundError(
            f"codes must be numbers of shape (sounds, latents), got {array.dtype} {array.shape}"
        )
    return finite_codes(array)


def _checked_log_variance(
    name: str, options: Mapping[str, Any], codes: NDArray[np.float64]
) -> NDArray[np.float64]:
    given = options.get("log_variance")
    if given is None:
        raise ToySoundError(f"{name} needs log_variance, which a deterministic encoder has not")
    return finite_log_variance(given, codes.shape)


def _checked_factors(
    metric: Metric, factors: ArrayLike | None, rows: int
) -> NDArray[np.int64] | None:
    if factors is None:
        if metric.needs_factors:
            raise ToySoundError(f"{metric.name} needs factors: the classes of each sound")
        return None
    array = as_array("factors", factors)
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


def _checked_kinds(kinds: Any, classes: NDArray[np.int64] | None) -> tuple[Kind, ...]:
    known = get_args(Kind)
    listed = tuple(kinds) if isinstance(kinds, Sequence) and not isinstance(kinds, str) else ()
    count = 0 if classes is None else classes.shape[1]
    if len(listed) != count or any(kind not in known for kind in listed):
        raise UsageError(
            f"kinds names the kind of each of {count} factors, out of {', '.join(known)}; got "
            f"{kinds!r}"
        )
    return listed
