"""Explicitness: can a linear classifier read each factor from all latents together?

Problem
-------
A code may keep a factor in one latent or spread it over all: explicitness does not ask where, only
whether a simple reader finds it. For each factor a logistic regression from all latents says how
probable each level is, and each level is scored by how well its probability ranks the sounds: the
area under the ROC curve, one level against the rest. That is the probability that a sound of the
level gets a higher one than a sound of another level. Averaged over levels, then over factors: 1 if
every factor can be read linearly, 0.5 by chance.

Conventions
-----------
Multinomial logistic regression with an L2 penalty (C = 1), fitted to the train rows; codes are
standardised by the mean and standard deviation of the train rows; areas are those of the test rows,
and are not rescaled to [0, 1]. This is disentanglement_lib's definition. A level that occurs in no
train row is ranked by chance, 0.5; one that occurs in no test row, or in all, is not scored.

Known failures
--------------
It is blind to a rotation, and should be: that is what the other metrics are for. The area is kind:
the classifier need not be right, only rank, so that a code which leaves out two factors of five
still has 0.8. And it is linear: a factor that two latents tell only together, such as whether their
signs are equal, is known and not found, while levels may stand in any order along a latent.

Speed
-----
The regressions are small: handed out to threads they take up to ten times the processor time, and
longer by the clock too as soon as the machine has other work. So they run on one thread.

Reference
---------
K. Ridgeway, M. C. Mozer, "Learning deep disentangled embeddings with the f-statistic loss", NeurIPS
2018; as in F. Locatello et al., ICML 2019.
"""

import warnings

import numpy as np
import scipy.stats
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from benchmark.metrics.information import Floats, Integers
from benchmark.metrics.registry import Output, metric
from toysound.errors import ToySoundError

#: Digits of a probability that count: sounds of equal codes must tie, whatever rounding does.
_DIGITS = 10

_CHANCE = 0.5


def explicitness(
    *, factors: Integers, codes: Floats, seed: int = 0, train: int | None = None
) -> dict[str, float]:
    """Return the mean area under the ROC curve of a logistic regression for each factor.

    Parameters
    ----------
    factors : shape (n, k), classes; train rows first, then test rows
    codes : shape (n, d), no constant latent
    seed : not used, nothing is random
    train : number of train rows; two thirds by default

    Returns
    -------
    dict
        ``explicitness``, in [0, 1], higher is better, 0.5 by chance. NaN if some factor takes a
        single value in the test rows, where there is nothing to rank.

    Raises
    ------
    ToySoundError
        If no row is left for testing, or a factor takes a single value in the train rows.
    """
    rows = len(codes)
    split = rows * 2 // 3 if train is None else train
    if not 0 < split < rows:
        raise ToySoundError(
            f"explicitness needs train and test rows; train={split} of {rows} leaves none"
        )
    learnt = factors[:split]
    if (learnt.max(axis=0) == learnt.min(axis=0)).any():
        raise ToySoundError(
            "explicitness needs every factor to take at least two values in the train rows"
        )
    standard = _standardised(codes, split)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        areas = [_area_of_factor(standard, factor, split) for factor in factors.T]
    return {"explicitness": float(np.mean(areas))}


def areas_under_roc(probability: Floats, member: Floats) -> Floats:
    """Return the area under the ROC curve of each column: Mann and Whitney's U of its ranks.

    Parameters
    ----------
    probability : shape (n, levels), the higher the more likely of the level
    member : shape (n, levels), 1 for a sound of the level and 0 for another

    Returns
    -------
    ndarray
        Shape (levels,), in [0, 1]; ties count half. NaN for a level of no sound or of all.
    """
    ranks = scipy.stats.rankdata(probability, axis=0)
    inside = member.sum(axis=0)
    outside = len(member) - inside
    pairs = np.where((inside > 0) & (outside > 0), inside * outside, np.nan)
    return np.asarray(((ranks * member).sum(axis=0) - inside * (inside + 1) / 2) / pairs)


def _standardised(codes: Floats, split: int) -> Floats:
    """Return latents of mean 0 and variance 1 in the train rows; a constant there becomes 0."""
    learnt = codes[:split]
    spread = learnt.std(axis=0)
    moves = (learnt.max(axis=0) > learnt.min(axis=0)) & (spread > 0)
    centred = np.where(moves, codes - learnt.mean(axis=0), 0.0)
    return np.asarray(centred / np.where(moves, spread, 1.0))


def _area_of_factor(standard: Floats, factor: Integers, split: int) -> float:
    """Return the mean area over the levels that the test rows have, NaN if they have one."""
    model = LogisticRegression().fit(standard[:split], factor[:split])
    probability = np.round(model.predict_proba(standard[split:]), _DIGITS)
    tested = factor[split:]
    areas = areas_under_roc(probability, (tested[:, None] == model.classes_).astype(np.float64))
    unseen = np.setdiff1d(tested, model.classes_)
    scored = np.append(areas[~np.isnan(areas)], np.full(len(unseen), _CHANCE))
    return float(scored.mean()) if len(scored) else float("nan")


EXPLICITNESS = metric(
    {"duplicate": "the weights are penalised, and a copy shares its latent's weight"},
    name="explicitness",
    family="disentanglement",
    function=explicitness,
    outputs=(
        Output(
            "explicitness",
            "explicitness",
            "Explicitness",
            "How well a linear classifier of all latents ranks the levels of each factor, as area "
            "under the ROC curve. 0.5 by chance, 1 at best.",
            True,
            undefined="a factor has one level only among the sounds that it is tested on",
        ),
    ),
    reference="Ridgeway and Mozer, NeurIPS 2018",
    estimator="scikit-learn LogisticRegression, C=1",
    needs_repeats=True,
)
