"""Separated attribute predictability (SAP): the gap between the two best predictors of a factor.

Problem
-------
Predict each factor from each latent alone and score the prediction. If the latents are
disentangled, one predicts the factor and the second best does not: SAP is the difference of the two
scores, averaged over factors. Which predictor is part of the definition, and two are in use whose
numbers must never be compared with each other:

* ``sap_r2``: the factor is a number; the score is the squared Pearson correlation of latent and
  class, on the train rows;
* ``sap_svm``: the factor is a class; the score is the accuracy on test rows of a linear support
  vector machine fitted to the train rows, one against the rest, with squared hinge loss, C = 0.01
  and balanced class weights.

Both are those of disentanglement_lib, ``continuous_factors=True`` and ``False``.

Circular factors
----------------
The class of a circular factor jumps where the circle closes, so a code that keeps neighbours
together, the cosine and sine of the angle, correlates poorly with it, and twice. For such a factor
``sap_r2_circular`` scores *one latent or one pair* by the share of the circle's variance that it
explains: with the angle 2 pi class / levels, the R^2 of the linear regression of (cos, sin) on one
or two latents, variances of cos and sin added. A pair (cos, sin), turned or scaled as it may be,
has 1. For uncorrelated latents and a circle evenly filled the score of a pair is half the sum of
their circular-linear correlations (Mardia 1976: the R^2 of a latent regressed on cos and sin); for
correlated ones it does not count twice what both say, so a latent and its copy have 1/2 at most.
The gap is the largest, over all latents and pairs, of the score of one less that of the best latent
or pair *outside* it. One latent that has the class itself, and jumps, explains 6 / pi^2 of the sine
and nothing of the cosine of a circle of many levels: 0.30. The other factors keep their usual gap.
``levels`` is the largest class plus one.

Known failures
--------------
``sap_r2`` sees linear relations only and takes the classes of a categorical factor for numbers.
``sap_svm`` is not scale-invariant: the penalty acts on the weight, so latents of small scale are
underfitted; and since the offset is penalised too, a shift matters. One against the rest, a
threshold on a line cannot single out a class in the middle. So a *perfect* code of factors of 3 to
16 levels scores 0.27 with 10,000 train rows, 0.21 with 2,000 or with its latents a third as large,
0.14 with a twentieth, and that of ``tones`` 0.59, where ``sap_r2`` always has 1.00. Neither sees a
latent that predicts two factors.

Speed
-----
A linear support vector machine on one latent has two unknowns and a loss that is quadratic between
kinks. Newton's method finds its minimum exactly in about ten passes over the rows, where a general
solver goes round the rows by chance up to a thousand times and stops near it.

Reference
---------
A. Kumar, P. Sattigeri, A. Balakrishnan, "Variational inference of disentangled latent concepts from
unlabeled observations", ICLR 2018. S. S. Keerthi, D. DeCoste, "A modified finite Newton method for
fast solution of large scale linear SVMs", JMLR 6, 2005. K. V. Mardia, "Linear-circular correlation
coefficients and rhythmometry", Biometrika 63, 1976. The circular variant is this project's.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.compiled import compiled
from benchmark.metrics.disentanglement.mig import gap_of_groups, gap_to_second
from benchmark.metrics.information import Floats, Integers
from benchmark.metrics.registry import NO_CIRCLE, Output, metric
from toysound.errors import ToySoundError

#: Penalty of an error of the support vector machine, as in disentanglement_lib.
PENALTY = 0.01

#: Margin within which two classes are equally near; the first of them is predicted.
_TIE = 1e-9

#: A step that promises less than this share of the objective is not taken: rounding is as large.
_CONVERGED = 1e-14

#: Share of the fall that the slope promises which a step must bring at least (Armijo's rule).
_ENOUGH = 1e-4

#: Correlation squared above which two latents count as copies of each other.
_COPY = 1 - 1e-9


def sap(
    *,
    factors: Integers,
    codes: Floats,
    seed: int = 0,
    train: int | None = None,
    kinds: Sequence[str] | None = None,
) -> dict[str, float]:
    """Return the separated attribute predictability by correlation and by classification.

    Parameters
    ----------
    factors : shape (n, k), classes; train rows first, then test rows
    codes : shape (n, d), no constant latent
    seed : not used, nothing is random
    train : number of train rows; two thirds by default
    kinds : kind of each factor, shape (k,); ``"circular"`` is what matters here

    Returns
    -------
    dict
        ``sap_r2`` and ``sap_svm``, in [0, 1], higher is better. A single latent has no second best:
        its gap is to 0. ``sap_svm`` is NaN if a factor has fewer than two sounds of a level on
        average, from which a classifier cannot be tested. If any factor is circular also
        ``sap_r2_circular``; see the top of this module.

    Raises
    ------
    ToySoundError
        If no row is left for testing, or a factor takes a single value in the train rows.
    """
    rows = len(codes)
    split = rows * 2 // 3 if train is None else train
    if not 0 < split < rows:
        raise ToySoundError(f"sap needs train and test rows; train={split} of {rows} leaves none")
    learnt = factors[:split]
    if (learnt.max(axis=0) == learnt.min(axis=0)).any():
        raise ToySoundError("sap needs every factor to take at least two values in the train rows")
    standard = _standardised(codes[:split])
    correlations = _covariances(standard, learnt) / learnt.std(axis=0)[:, None]
    gaps = gap_to_second(np.square(correlations))
    scores = {"sap_r2": float(gaps.mean()), "sap_svm": _classifier_gap(factors, codes, split)}
    circular = [column for column, kind in enumerate(kinds or ()) if kind == "circular"]
    if circular:
        for column in circular:
            levels = int(factors[:, column].max()) + 1
            gaps[column] = _circular_gap(standard, learnt[:, column], levels)
        scores["sap_r2_circular"] = float(gaps.mean())
    return scores


def _standardised(codes: Floats) -> Floats:
    """Return latents of mean 0 and variance 1; what is constant in these rows becomes 0."""
    centred, spread = codes - codes.mean(axis=0), codes.std(axis=0)
    moves = (codes.max(axis=0) > codes.min(axis=0)) & (spread > 0)
    return np.asarray(np.where(moves, centred, 0.0) / np.where(moves, spread, 1.0))


def _covariances(standard: Floats, columns: Integers | Floats) -> Floats:
    """Return the covariance of each column with each standardised latent, shape (columns, d)."""
    return np.asarray((columns - columns.mean(axis=0)).T @ standard / len(standard))


def _circular_gap(standard: Floats, factor: Integers, levels: int) -> float:
    """Return the largest gap of a latent or pair that explains a circle to the best outside it."""
    angle = 2 * np.pi * factor / levels
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    shares = _covariances(standard, circle) / np.sqrt(circle.var(axis=0).sum())
    alone, common = np.square(shares).sum(axis=0), shares.T @ shares
    between = standard.T @ standard / len(standard)
    latents = range(standard.shape[1])
    i, j = np.triu_indices(len(latents), 1)
    shared = between[i, j]
    copies = shared**2 > _COPY
    both = alone[i] + alone[j] - 2 * shared * common[i, j]
    explained = np.where(
        copies,
        np.maximum(alone[i], alone[j]),
        both / np.where(copies, 1.0, 1 - shared**2),
    )
    pairs = zip(i.tolist(), j.tolist(), strict=True)
    return gap_of_groups(np.append(alone, explained), [*((i,) for i in latents), *pairs])


def _classifier_gap(factors: Integers, codes: Floats, split: int) -> float:
    """Return the mean gap of the accuracy of support vector machines, NaN if it means nothing."""
    levels = [len(np.unique(factor)) for factor in factors.T]
    if 2 * max(levels) > len(factors):
        return float("nan")
    accuracy = [[_accuracy(latent, factor, split) for latent in codes.T] for factor in factors.T]
    return float(gap_to_second(np.array(accuracy)).mean())


def _accuracy(latent: Floats, factor: Integers, split: int) -> float:
    """Return the share of test rows whose class a linear support vector machine predicts.

    As in LIBLINEAR, the weight of a balanced class applies to its own rows where it stands against
    the rest, and the rest has weight 1; two classes stand against each other, both with weights.
    """
    labels, y, counts = np.unique(factor[:split], return_inverse=True, return_counts=True)
    costs = PENALTY * split / (len(labels) * counts)
    centre = latent[:split].mean()
    x = latent - centre
    if len(labels) == 2:
        slope, height = _squared_hinge(x[:split], y == 1, costs[1], costs[0], centre)
        margins = np.stack([np.zeros(len(x) - split), x[split:] * slope + height], axis=1)
    else:
        lines = np.array(
            [
                _squared_hinge(x[:split], y == label, cost, PENALTY, centre)
                for label, cost in enumerate(costs)
            ]
        )
        margins = x[split:, None] * lines[:, 0] + lines[:, 1]
    nearest = np.argmax(margins >= margins.max(axis=1, keepdims=True) - _TIE, axis=1)
    return float(np.mean(labels[nearest] == factor[split:]))


@compiled
def _squared_hinge(
    x: Floats, positive: NDArray[np.bool_], cost_in: float, cost_out: float, centre: float
) -> tuple[float, float]:
    """Return slope w and height h of the line w x + h that separates a class from the rest.

    It minimises (w^2 + b^2) / 2 + sum of cost * max(0, 1 - t (w x + h))^2 with t = 1 in the class
    and -1 outside, where b = h - w centre is the offset of the line for latents that are not
    centred: these rows are, which keeps the two equations well conditioned.

    Parameters
    ----------
    x : shape (n,), a centred latent
    positive : shape (n,), whether a row is of the class
    cost_in, cost_out : of rows of the class and of the others
    centre : what was subtracted
    """
    slope = height = 0.0
    value, r0, r1, s0, s1, s2 = _errors(x, positive, cost_in, cost_out, centre, slope, height)
    while True:
        offset = height - slope * centre
        gradient_slope = slope - centre * offset - 2 * r1
        gradient_height = offset - 2 * r0
        a = 1 + centre * centre + 2 * s2
        b = 2 * s1 - centre
        c = 1 + 2 * s0
        determinant = a * c - b * b
        step_slope = (b * gradient_height - c * gradient_slope) / determinant
        step_height = (b * gradient_slope - a * gradient_height) / determinant
        fall = gradient_slope * step_slope + gradient_height * step_height
        share = 1.0
        while True:
            if -fall * share <= _CONVERGED * value:
                return slope, height
            new_slope, new_height = slope + share * step_slope, height + share * step_height
            new = _errors(x, positive, cost_in, cost_out, centre, new_slope, new_height)
            if new[0] <= value + _ENOUGH * share * fall:
                break
            share /= 2  # too far: there is a kink between
        slope, height = new_slope, new_height
        value, r0, r1, s0, s1, s2 = new


@compiled
def _errors(
    x: Floats,
    positive: NDArray[np.bool_],
    cost_in: float,
    cost_out: float,
    centre: float,
    slope: float,
    height: float,
) -> tuple[float, float, float, float, float, float]:
    """Return the objective of a line, and the sums of which its derivatives are made.

    Over the rows within the margin: the costs times what is missing (r0, and r1 times x), with the
    sign of the class, and the costs times 1, x and x^2 (s0, s1, s2).
    """
    offset = height - slope * centre
    value = (slope * slope + offset * offset) / 2
    r0 = r1 = s0 = s1 = s2 = 0.0
    for row in range(len(x)):
        target = 1.0 if positive[row] else -1.0
        lack = 1.0 - target * (slope * x[row] + height)
        if lack > 0.0:
            cost = cost_in if positive[row] else cost_out
            value += cost * lack * lack
            r0 += cost * target * lack
            r1 += cost * target * lack * x[row]
            s0 += cost
            s1 += cost * x[row]
            s2 += cost * x[row] * x[row]
    return value, r0, r1, s0, s1, s2


SAP = metric(
    {
        "positive_scale": "the support vector machine penalises the weight, so scale matters",
        "shift": "the support vector machine penalises the offset, so the origin matters",
        "duplicate": "a copy of the best latent predicts as well as it, and closes the gap",
    },
    name="sap",
    family="disentanglement",
    function=sap,
    outputs=(
        Output(
            "sap_r2",
            "sap_r2",
            "SAP R2",
            "How much better the best latent predicts a factor than the second best, by squared "
            "correlation. 0 to 1; not to be compared with SAP SVM.",
            True,
        ),
        Output(
            "sap_svm",
            "sap_svm",
            "SAP SVM",
            "The same gap by the accuracy of a linear classifier of one latent. Even perfect "
            "codes stay far below 1, and it depends on the latents' scale: read it between its "
            "floor and ceiling.",
            True,
            undefined="a factor has about one sound for each level, so there is none to test on",
        ),
        Output(
            "sap_r2_circular",
            "sap_r2_circular",
            "SAP R2 circ.",
            "SAP R2 in which a factor that runs in a circle may be predicted by two latents, the "
            "cosine and the sine of its angle. 0 to 1.",
            True,
            undefined=NO_CIRCLE,
        ),
    ),
    reference="Kumar et al., ICLR 2018",
    estimator="exact linear support vector machine (as scikit-learn LinearSVC, C=0.01, balanced)",
)
