"""InfoMEC: modularity, explicitness and compactness in bits of information, not of a classifier.

Problem
-------
The normalised mutual information of each latent with each factor, a d x k matrix, is read by rows
and columns: *InfoM*, is each latent informative of one factor (the share of its largest entry in
the row, corrected for chance)? *InfoC*, is each factor known by one latent? *InfoE*, is the factor
there at all, linearly: the share of its entropy that a logistic regression from all latents
explains.

Conventions
-----------
Information by nearest neighbours (10), on all rows, in-sample, normalised by the factor's entropy.
Latents whose range is at most a twentieth of the largest are pruned from InfoM and InfoC. The
logistic regression is multinomial, unpenalised, with balanced classes, in-sample. This is the
authors' standalone implementation, so that numbers can be compared.

Known failures
--------------
Pruning depends on the scale of the latents. With one latent left InfoC is not defined, with one
factor InfoM is not. A latent that knows nothing has estimates of 0 but for one or two small ones,
and may look modular: read InfoM and InfoC only where InfoE is well above 0. (A latent whose
estimates are all 0 counts as chance here; in the authors' code it makes the score undefined.) Where
codes coincide, the estimate depends on the noise that parts them, so scores are means over five.

Speed
-----
The regressions are small: handed out to threads they take up to ten times the processor time, and
longer by the clock too as soon as the machine has other work. So they run on one thread.

Reference
---------
K. Hsu, W. Dorrell, J. Whittington, J. Wu, C. Finn, "Disentanglement via latent quantization",
NeurIPS 2023.
"""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

from benchmark.metrics.information import (
    Floats,
    Integers,
    entropy,
    nearest_neighbour_information,
)
from benchmark.metrics.registry import ONE_FACTOR, ONE_LATENT, Output, metric
from toysound.errors import UsageError

#: A latent is pruned if its range is at most this share of the largest range.
PRUNING = 1 / 20

#: Draws of the noise, which decides which of many equal codes are neighbours.
_DRAWS = 5

#: Share of codes that differ above which the noise hardly matters.
_FEW_TIES = 0.9

_ITERATIONS = 100


def infomec(
    *, factors: Integers, codes: Floats, seed: int = 0, neighbours: int = 10
) -> dict[str, float]:
    """Return InfoM, InfoE and InfoC.

    Parameters
    ----------
    factors : shape (n, k), classes
    codes : shape (n, d), no constant latent
    seed : of the noise that parts equal codes
    neighbours : of the information estimate, at least 1

    Returns
    -------
    dict
        ``infom``, ``infoe``, ``infoc``, at most 1, higher is better, about 0 by chance. NaN for
        ``infom`` of a single factor and ``infoc`` where one latent is left after pruning.

    Raises
    ------
    UsageError
        If ``neighbours`` is below 1.
    """
    if neighbours < 1:
        raise UsageError(f"infomec needs at least 1 neighbour, got neighbours={neighbours}")
    ranges = codes.max(axis=0) - codes.min(axis=0)
    live = codes[:, ranges > ranges.max() * PRUNING]
    # The same noise for every latent, so that the order of the latents does not matter.
    noises = np.random.default_rng(seed).standard_normal((_DRAWS, len(codes)))
    known = np.array(
        [[_information(z, y, neighbours, noises) / entropy(y) for y in factors.T] for z in live.T]
    )
    draws = np.moveaxis(known, -1, 0)
    return {
        "infom": float(np.mean([_largest_share(draw) for draw in draws])),
        "infoe": _explicitness(factors, codes),
        "infoc": float(np.mean([_largest_share(draw.T) for draw in draws])),
    }


def _information(latent: Floats, column: Integers, neighbours: int, noises: Floats) -> Floats:
    """Return the information of a latent about a factor for each noise, shape (draws,)."""
    tied = len(np.unique(latent)) < _FEW_TIES * len(latent)
    estimates = [
        nearest_neighbour_information(latent, column, neighbours, noise)
        for noise in (noises if tied else noises[:1])
    ]
    return np.broadcast_to(estimates, len(noises))


def _largest_share(known: Floats) -> float:
    """Return the mean share of the largest entry of each row, 0 by chance and 1 at best."""
    columns = known.shape[1]
    if columns == 1:
        return float("nan")
    total = known.sum(axis=1)
    share = np.full(len(known), 1 / columns)
    np.divide(known.max(axis=1), total, out=share, where=total > 0)
    return float((share.mean() - 1 / columns) / (1 - 1 / columns))


def _explicitness(factors: Integers, codes: Floats) -> float:
    """Return the mean share of each factor's entropy that a logistic regression explains."""
    standard = (codes - codes.mean(axis=0)) / codes.std(axis=0)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return float(np.mean([_explained(standard, column) for column in factors.T]))


def _explained(standard: Floats, column: Integers) -> float:
    """Return the share of one factor's entropy that a logistic regression explains."""
    model = LogisticRegression(C=np.inf, class_weight="balanced", max_iter=_ITERATIONS)
    model.fit(standard, column)
    left = log_loss(column, model.predict_proba(standard), labels=model.classes_)
    # Balanced classes without latents: every class is equally probable.
    chance = np.log(len(model.classes_))
    return float((chance - left) / chance)


INFOMEC = metric(
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
            undefined=ONE_FACTOR,
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
            undefined=ONE_LATENT,
        ),
    ),
    reference="Hsu et al., NeurIPS 2023",
    estimator="nearest neighbours (Ross 2014); scikit-learn LogisticRegression, unpenalised",
    needs_repeats=True,
    random=True,
)
