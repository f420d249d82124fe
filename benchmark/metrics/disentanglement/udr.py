"""Unsupervised disentanglement ranking (UDR): do trainings of one recipe find the same latents?

Problem
-------
Without labels one cannot see whether a latent is a factor. But a model that found the factors will
find them again from another seed, up to their order, sign and scale, while entangled codes come out
differently each time. UDR compares the codes that models of one recipe, trained from different
seeds, give for the same sounds. For models i and j a matrix R of similarities, one row for each
latent of i and one column for each of j, is made in one of two ways:

* ``udr``: R_ab is the absolute weight of latent a of i in a linear regression of latent b of j on
  all latents of i, with an L1 penalty (Lasso, alpha = 0.1);
* ``udr_spearman``: R_ab is the absolute rank correlation of the two latents.

If each latent has one counterpart, every row and column has one large entry and no other. So a row
or column scores (its largest entry)^2 / (its sum), and the pair the mean over rows and the mean
over columns, averaged. A model's score is the median over its pairs with all others.

Conventions
-----------
Codes are standardised. Only *informative* latents count: those whose mean KL divergence from the
standard normal prior is above 0.01 nats and that are not constant; for a deterministic encoder,
``log_variance=None``, those that are not constant. This is disentanglement_lib's definition (its
repository; the wheel lacks it), but that a latent whose mean is constant is left out here even if
its divergence is large. The paper divides the sum over rows and columns by their common number,
which is the same where the two models have equally many informative latents. A model without any
agrees with none and scores 0. Shown is the *median over models*; to rank them one by one, as the
paper does, see :func:`model_scores`.

Known failures
--------------
It measures agreement and not truth: models that share the axes of their data, such as principal
components, agree perfectly whatever these axes mean. The Spearman score is not 0 for noise or for
rotated codes, since every entry of R is a small positive number there, and a perfect pair is pulled
below 1 likewise. Lasso shrinks every weight by 0.1, so that identical codes score 0.9 and not 1.
Where latents are highly correlated weights can be large, and a score above 0.9 says that.

Speed
-----
With standardised latents a Lasso needs only correlations, a d x d and a d x (all others) matrix
instead of the rows. Coordinate descent on these solves all regressions from one model at once.

Reference
---------
S. Duan, L. Matthey, A. Saraiva, N. Watters, C. P. Burgess, A. Lerchner, I. Higgins, "Unsupervised
model selection for variational disentangled representation learning", ICLR 2020.
"""

from typing import Literal

import numpy as np
import scipy.stats
from numpy.typing import ArrayLike

from benchmark.metrics.checks import finite_codes, finite_log_variance, is_numeric
from benchmark.metrics.information import Floats, Integers
from benchmark.metrics.registry import Output, metric
from toysound.errors import ToySoundError, unknown_name

#: How similar two latents are: by the weights of a penalised regression, or by rank correlation.
Method = Literal["lasso", "spearman"]

METHODS: tuple[Method, ...] = ("lasso", "spearman")

#: Mean KL divergence in nats below which a latent says nothing.
INFORMATIVE = 0.01

#: L1 penalty of the regression, on standardised latents.
PENALTY = 0.1

#: Coordinate descent ends when no weight moves by more than this, or after so many rounds.
_STILL = 1e-9
_ROUNDS = 2_000


def udr(
    *,
    codes: ArrayLike,
    log_variance: ArrayLike | None = None,
    factors: Integers | None = None,
    seed: int = 0,
) -> dict[str, float]:
    """Return how well the codes of models agree that differ in their training seed.

    Parameters
    ----------
    codes : shape (models, n, d), posterior means of the same n sounds; at least two models
    log_variance : shape (models, n, d), or None for deterministic encoders
    factors : not used, it needs no labels
    seed : not used, nothing is random

    Returns
    -------
    dict
        ``udr`` (by Lasso, 0.9 for identical codes) and ``udr_spearman`` (in [0, 1]), medians over
        models, higher is better.

    Raises
    ------
    ToySoundError
        If the inputs are malformed, there is one model only, or no model has an informative latent.
    """
    means, log_variances = _checked(codes, log_variance)
    latents = _informative(means, log_variances)
    scores = {method: float(np.median(_scores(latents, method))) for method in METHODS}
    return {"udr": scores["lasso"], "udr_spearman": scores["spearman"]}


def model_scores(
    codes: ArrayLike, log_variance: ArrayLike | None = None, *, method: str = "lasso"
) -> Floats:
    """Return the score of each model, by which models of one recipe can be ranked without labels.

    Parameters
    ----------
    codes, log_variance : as for :func:`udr`
    method : one of :data:`METHODS`

    Returns
    -------
    ndarray
        Shape (models,): median over a model's pairs with all others.

    Raises
    ------
    UsageError
        If the method is unknown.
    ToySoundError
        As :func:`udr`.
    """
    for known in METHODS:
        if method == known:
            return _scores(_informative(*_checked(codes, log_variance)), known)
    raise unknown_name("method", method, METHODS)


def relative_strength(similarity: Floats) -> float:
    """Return how nearly a matrix of similarities has one entry in each row and column.

    Parameters
    ----------
    similarity : shape (a, b), not negative

    Returns
    -------
    float
        Mean of (largest entry)^2 / sum over the rows and the same over the columns, averaged. A row
        or column of zeros counts 0, and so does a matrix without any.
    """
    if not similarity.size:
        return 0.0
    means = []
    for axis in (0, 1):
        total = similarity.sum(axis=axis)
        strength = np.zeros(len(total))
        np.divide(similarity.max(axis=axis) ** 2, total, out=strength, where=total > 0)
        means.append(float(strength.mean()))
    return (means[0] + means[1]) / 2


def lasso_weights(gram: Floats, targets: Floats, penalty: float = PENALTY) -> Floats:
    """Return the weights of linear regressions with an L1 penalty, from correlations alone.

    Each column w minimises ``w' gram w / 2 - targets' w + penalty * sum |w|``: for standardised
    predictors X and target y, ``|y - X w|^2 / (2 n) + penalty * sum |w|``. Coordinate descent
    minimises it over one weight after the other, exactly, for all targets at once.

    Parameters
    ----------
    gram : shape (d, d), correlations of the predictors with each other, 1 on the diagonal
    targets : shape (d, t), correlations of the predictors with each target
    penalty : at least 0

    Returns
    -------
    ndarray
        Shape (d, t).

    References
    ----------
    J. Friedman, T. Hastie, R. Tibshirani, "Regularization paths for generalized linear models via
    coordinate descent", Journal of Statistical Software 33(1), 2010.
    """
    weights = np.zeros_like(targets)
    for _ in range(_ROUNDS):
        largest_step = 0.0
        for place, row in enumerate(gram):
            left = targets[place] - row @ weights + weights[place]
            new = np.sign(left) * np.maximum(np.abs(left) - penalty, 0)
            largest_step = max(largest_step, float(np.abs(new - weights[place]).max(initial=0.0)))
            weights[place] = new
        if largest_step < _STILL:
            break
    return weights


def _checked(codes: ArrayLike, log_variance: ArrayLike | None) -> tuple[Floats, Floats | None]:
    """Return the inputs as float64.

    Raises
    ------
    ToySoundError
        If they are malformed or of a single model.
    """
    try:
        array = np.asarray(codes)
    except ValueError:
        raise ToySoundError(
            "udr compares models on the same sounds: their codes must be of one shape"
        ) from None
    if array.ndim != 3 or not is_numeric(array) or not array.size:
        raise ToySoundError(
            f"udr needs codes of shape (models, sounds, latents), got {array.dtype} {array.shape}"
        )
    if len(array) < 2:
        raise ToySoundError(
            "udr compares models of different training seeds, so it needs at least 2, got 1"
        )
    means = finite_codes(array)
    return means, None if log_variance is None else finite_log_variance(log_variance, means.shape)


def _informative(means: Floats, log_variances: Floats | None) -> list[Floats]:
    """Return the informative latents of each model, standardised, each of shape (n, its latents).

    Raises
    ------
    ToySoundError
        If there is none in any model.
    """
    latents = []
    for model, mean in enumerate(means):
        spread = mean.std(axis=0)
        kept = (mean.max(axis=0) > mean.min(axis=0)) & (spread > 0)
        if log_variances is not None:
            log_variance = log_variances[model]
            divergence = (mean**2 + np.exp(log_variance) - log_variance - 1).mean(axis=0) / 2
            kept &= divergence > INFORMATIVE
        latents.append((mean[:, kept] - mean[:, kept].mean(axis=0)) / spread[kept])
    if not any(latent.shape[1] for latent in latents):
        raise ToySoundError("no model has an informative latent: there is nothing to compare")
    return latents


def _scores(latents: list[Floats], method: Method) -> Floats:
    """Return the median over each model's pairs with all others, shape (models,)."""
    if method == "spearman":
        latents = [_standardised_ranks(latent) for latent in latents]
    beside = np.hstack(latents)
    ends = np.cumsum([latent.shape[1] for latent in latents])
    pairs = np.empty((len(latents), len(latents)))
    for i, latent in enumerate(latents):
        similar = latent.T @ beside / len(beside)
        if method == "lasso":
            similar = lasso_weights(latent.T @ latent / len(latent), similar)
        blocks = np.split(np.abs(similar), ends[:-1], axis=1)
        pairs[i] = [relative_strength(block) for block in blocks]
    others = ~np.eye(len(latents), dtype=bool)
    return np.array([np.median(pairs[others[:, j], j]) for j in range(len(latents))])


def _standardised_ranks(latents: Floats) -> Floats:
    """Return the ranks of each latent with mean 0 and variance 1, ties sharing theirs."""
    ranks = scipy.stats.rankdata(latents, axis=0) if latents.shape[1] else latents
    centred = ranks - ranks.mean(axis=0)
    return np.asarray(centred / centred.std(axis=0))


_SCALE = "with log_variance, a latent counts by its divergence from the prior, "

UDR = metric(
    {
        "positive_scale": _SCALE + "which depends on its scale",
        "shift": _SCALE + "which depends on its mean",
        "duplicate": "a copy shares a counterpart with its latent, and neither is the only one",
    },
    name="udr",
    family="disentanglement",
    function=udr,
    outputs=(
        Output(
            "udr",
            "udr",
            "UDR",
            "Do trainings from different seeds find the same latents, up to order and sign? By "
            "sparse regression between their codes: 0 if none is found again, 0.9 if all are.",
            True,
        ),
        Output(
            "udr_spearman",
            "udr_spearman",
            "UDR Spearman",
            "The same agreement by rank correlation of single latents. 1 at best; codes that have "
            "nothing in common score slightly above 0.",
            True,
        ),
    ),
    reference="Duan et al., ICLR 2020",
    estimator="Lasso, alpha=0.1; Spearman correlation",
    needs_factors=False,
    across_models=True,
)
