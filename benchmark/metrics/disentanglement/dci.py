"""Disentanglement, completeness and informativeness (DCI).

Problem
-------
Train a classifier of each factor from all latents and ask it which latents it uses. The importances
R (d latents x k factors) give

* *disentanglement*: does a latent matter to one factor only? One minus the entropy (base k) of each
  row of R, averaged with the latent's share of all importance as weight;
* *completeness*: does a factor need one latent only? The same for columns (base d);
* *informativeness*: how well is the factor predicted at all? Accuracy on test rows.

Two kinds of importance
-----------------------
``disentanglement`` and ``completeness`` use the importances of training, the mean decrease of
impurity, as the literature does. These flatter latents that overfitting makes look useful. The
``_permuted`` keys use the drop in accuracy on *test* rows when a latent is shuffled among them,
where a drop below twice its standard error counts as none; when nothing matters, the score is 0.
Importances are read relative to each other, so a single one that passes by chance would make noise
look perfect. So a factor whose latents all stay below a raised threshold counts as not known: it is
raised (Bonferroni) until all pairs of a latent and a factor together have one chance in a hundred
to pass it. A factor that is known keeps every importance above twice its standard error: holding
each to the raised threshold would drop the small ones and flatter entangled codes of few rows.

The classifier decides the number, so it is part of the definition: gradient boosted trees, see
:mod:`benchmark.metrics.boosting`.

Reference
---------
C. Eastwood, C. K. I. Williams, "A framework for the quantitative evaluation of disentangled
representations", ICLR 2018; boosted trees as in F. Locatello et al., ICML 2019.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import scipy.stats
from numpy.typing import NDArray

from benchmark.metrics.boosting import NAME, Binning, fit
from benchmark.metrics.information import Floats, Integers
from benchmark.metrics.registry import ONE_FACTOR, ONE_LATENT, Output, metric
from toysound.errors import ToySoundError

#: Test rows times shuffles per latent: enough for a standard error of half a per cent.
_SHUFFLED_ROWS = 10_000
_MOST_SHUFFLES = 10

#: Standard errors below which a drop of accuracy counts as none.
_ERRORS = 2.0

#: Chance that any importance of a code that knows nothing counts.
_FALSE_ALARMS = 0.01

#: Threads that fit factors side by side; the result does not depend on it.
_THREADS = 2


def dci(
    *, factors: Integers, codes: Floats, seed: int = 0, train: int | None = None
) -> dict[str, float]:
    """Return disentanglement, completeness and informativeness.

    Parameters
    ----------
    factors : shape (n, k), classes; train rows first, then test rows
    codes : shape (n, d), no constant latent
    seed : of the shuffles of the permutation importance
    train : number of train rows; two thirds by default

    Returns
    -------
    dict
        ``disentanglement``, ``completeness``, ``informativeness``, ``disentanglement_permuted``,
        ``completeness_permuted``; all in [0, 1], higher is better. NaN for the disentanglement of a
        single factor and the completeness of a single latent.

    Raises
    ------
    ToySoundError
        If no row is left for testing, or a factor takes a single value in the train rows.
    """
    found = importances(factors=factors, codes=codes, seed=seed, train=train)
    return {
        "disentanglement": disentanglement(found.trained),
        "completeness": completeness(found.trained),
        "informativeness": float(found.accuracy.mean()),
        "disentanglement_permuted": disentanglement(found.permuted),
        "completeness_permuted": completeness(found.permuted),
    }


@dataclass(frozen=True)
class Importances:
    """What the classifiers of d latents and k factors say.

    Attributes
    ----------
    trained : shape (d, k), decrease of impurity in training; each column sums to 1
    permuted : shape (d, k), drop of test accuracy when the latent is shuffled, 0 if not significant
    accuracy : shape (k,), share of test rows whose class is right
    """

    trained: Floats
    permuted: Floats
    accuracy: Floats


def importances(
    *, factors: Integers, codes: Floats, seed: int = 0, train: int | None = None
) -> Importances:
    """Return how much each latent matters to the classifier of each factor; see :func:`dci`."""
    rows = len(codes)
    split = rows * 2 // 3 if train is None else train
    if not 0 < split < rows:
        raise ToySoundError(f"dci needs train and test rows; train={split} of {rows} leaves none")
    binning = Binning.fit(codes[:split])
    bins = binning.apply(codes)
    learn, test = bins[:split], bins[split:]
    streams = np.random.default_rng(seed).spawn(factors.shape[1])

    pairs = bins.shape[1] * factors.shape[1]
    threshold = max(_ERRORS, float(scipy.stats.norm.isf(_FALSE_ALARMS / pairs)))

    def one(column: int) -> tuple[Floats, Floats, float]:
        return _one_factor(
            learn,
            factors[:split, column],
            test,
            factors[split:, column],
            streams[column],
            threshold,
        )

    with ThreadPoolExecutor(_THREADS) as pool:
        trained, permuted, accuracy = zip(*pool.map(one, range(factors.shape[1])), strict=True)
    return Importances(np.stack(trained, axis=1), np.stack(permuted, axis=1), np.array(accuracy))


def disentanglement(matrix: Floats) -> float:
    """Return how far each latent matters to one factor only.

    Parameters
    ----------
    matrix : importances, shape (d, k), not negative

    Returns
    -------
    float
        In [0, 1]; 0 if nothing matters, NaN for a single factor.
    """
    return _concentration(matrix)


def completeness(matrix: Floats) -> float:
    """Return how far each factor needs one latent only; see :func:`disentanglement`."""
    return _concentration(matrix.T)


def _concentration(rows: Floats) -> float:
    """Return the mean over rows of 1 - entropy, weighted by each row's share of the total."""
    if rows.shape[1] == 1:
        return float("nan")  # nothing to be spread over
    total = rows.sum()
    if total <= 0:
        return 0.0
    weight = rows.sum(axis=1)
    p = np.divide(rows, weight[:, None], out=np.zeros_like(rows), where=weight[:, None] > 0)
    logs = np.log(p, out=np.zeros_like(p), where=p > 0)
    spread = -(p * logs).sum(axis=1) / np.log(rows.shape[1])
    return float(((1 - spread) * weight).sum() / total)


def _one_factor(
    learn: NDArray[np.uint8],
    labels: Integers,
    test: NDArray[np.uint8],
    truth: Integers,
    rng: np.random.Generator,
    threshold: float,
) -> tuple[Floats, Floats, float]:
    """Return training importances, permuted importances and test accuracy of one factor."""
    known, y = np.unique(labels, return_inverse=True)
    if len(known) < 2:
        raise ToySoundError("dci needs every factor to take at least two values in the train rows")
    model = fit(learn, y.astype(np.int64), len(known))
    right = known[model.predict(test)] == truth
    shuffles = int(np.clip(_SHUFFLED_ROWS // len(test), 1, _MOST_SHUFFLES))
    # The same shuffles for every latent, so that the order of the latents does not matter.
    orders = [rng.permutation(len(test)) for _ in range(shuffles)]
    permuted = np.zeros(learn.shape[1])
    found = False
    for latent in range(learn.shape[1]):
        if model.uses(latent):
            drops = [
                right.astype(float)
                - (known[model.predict(_shuffled(test, latent, order))] == truth)
                for order in orders
            ]
            drop = np.mean(drops, axis=0)
            permuted[latent] = _significant(drop, _ERRORS)
            found = found or _significant(drop, threshold) > 0
    return model.importances, permuted * found, float(right.mean())


def _shuffled(test: NDArray[np.uint8], latent: int, order: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the test rows with one latent in another order."""
    copy = test.copy()
    copy[:, latent] = test[order, latent]
    return copy


def _significant(drop: Floats, threshold: float) -> float:
    """Return the mean drop of accuracy over rows, 0 below ``threshold`` standard errors."""
    error = drop.std() / np.sqrt(len(drop))
    return float(drop.mean()) if drop.mean() > threshold * error else 0.0


DCI = metric(
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
            undefined=ONE_FACTOR,
        ),
        Output(
            "completeness",
            "dci_completeness",
            "DCI C",
            "Completeness: does each factor need one latent only, by the same importances? 0 to 1.",
            True,
            undefined=ONE_LATENT,
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
            "flattered by overfitting, but by codes of which little can be read: read it where "
            "DCI I is well above its floor. 0 to 1.",
            True,
            undefined=ONE_FACTOR,
        ),
        Output(
            "completeness_permuted",
            "dci_completeness_permuted",
            "DCI C perm.",
            "Completeness by the drop in test accuracy when a latent is shuffled. 0 to 1.",
            True,
            undefined=ONE_LATENT,
        ),
    ),
    reference="Eastwood and Williams, ICLR 2018",
    estimator=NAME,
    needs_repeats=True,
    random=True,
)
