"""Gradient boosted trees for DCI: the classifier that disentanglement_lib uses, made fast.

DCI reads how important each latent is to a classifier of each factor, so the classifier is part
of the metric: another one gives other numbers (a random forest gives a perfect code 0.61 where
boosting gives 1.00). The literature's is scikit-learn's ``GradientBoostingClassifier`` at its
defaults, 100 rounds of depth-3 trees on the multinomial deviance with a learning rate of 0.1. At
the customary 10,000 training rows it sorts every latent at every node and takes minutes.

This is the same algorithm with the same defaults, on latents cut into at most 255 quantile bins, so
that a node is a histogram and no sorting is left; of two children only the smaller is counted, the
other is the rest of its parent. Latents of fewer than 256 values are exact.

Conventions
-----------
bins : uint8, shape (n, d)
labels : int64, shape (n,), 0 <= label < num_classes, every class present
raw : float64, shape (n, c): class scores before the softmax; one column for two classes

References
----------
J. H. Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics
29, 2001. The trees' importances are Breiman's mean decrease of impurity.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.compiled import compiled

Bins = NDArray[np.uint8]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NAME = "ToySound histogram gradient boosting (scikit-learn GradientBoostingClassifier defaults)"

ROUNDS = 100
DEPTH = 3
LEARNING_RATE = 0.1
MAX_BINS = 255

#: A linear congruential generator of 64 bits (Knuth, MMIX).
_MULTIPLIER = np.uint64(6364136223846793005)
_INCREMENT = np.uint64(1442695040888963407)

_LEAVES = 2**DEPTH
_SPLITS = _LEAVES - 1


@dataclass(frozen=True)
class Binning:
    """Thresholds that cut each latent into bins, fitted on training rows.

    Attributes
    ----------
    thresholds : for each latent, ascending; bin b holds thresholds[b-1] < value <= thresholds[b]
    """

    thresholds: tuple[Floats, ...]

    @classmethod
    def fit(cls, codes: Floats) -> "Binning":
        """Cut each column of ``codes`` (n, d) at its quantiles, or between all its values."""
        return cls(tuple(_thresholds(column) for column in codes.T))

    def apply(self, codes: Floats) -> NDArray[np.uint8]:
        """Return the bins of ``codes`` (n, d), shape (n, d)."""
        columns = zip(self.thresholds, codes.T, strict=True)
        bins = [np.searchsorted(t, c, side="left") for t, c in columns]
        return np.ascontiguousarray(np.stack(bins, axis=1).astype(np.uint8))


def _thresholds(column: Floats) -> Floats:
    values = np.unique(column)
    if len(values) > MAX_BINS:
        quantiles = np.linspace(0, 1, MAX_BINS + 1)[1:-1]
        values = np.unique(np.quantile(column, quantiles, method="inverted_cdf"))
    return np.asarray((values[:-1] + values[1:]) / 2)


@dataclass(frozen=True)
class Classifier:
    """A fitted ensemble.

    Attributes
    ----------
    importances : shape (d,), mean decrease of impurity, sums to 1 (all 0 if nothing was split)
    start : shape (c,), class scores before the first tree
    features, cuts : shape (rounds, c, 7), the split of each inner node in heap order; a row goes
        left if its bin is at most the cut; feature -1 sends every row left
    leaves : shape (rounds, c, 8), what each leaf adds
    """

    importances: Floats
    start: Floats
    features: NDArray[np.int64]
    cuts: NDArray[np.int64]
    leaves: Floats

    def predict(self, bins: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the most probable class of each row of bins (n, d)."""
        return _classes(_raw_scores(bins, self.start, self.features, self.cuts, self.leaves))

    def uses(self, feature: int) -> bool:
        """Return whether any tree splits on a latent."""
        return bool((self.features == feature).any())


def fit(bins: NDArray[np.uint8], labels: NDArray[np.int64], num_classes: int) -> Classifier:
    """Fit the ensemble; the same data give the same ensemble.

    Parameters
    ----------
    bins : shape (n, d)
    labels : shape (n,), every class from 0 to ``num_classes - 1`` present
    num_classes : at least 2
    """
    return Classifier(*_boost(np.ascontiguousarray(bins), labels, num_classes))


def _classes(raw: Floats) -> NDArray[np.int64]:
    if raw.shape[1] == 1:
        return (raw[:, 0] > 0).astype(np.int64)
    return np.asarray(np.argmax(raw, axis=1))


@compiled
def _boost(
    bins: Bins, labels: Integers, num_classes: int
) -> tuple[Floats, Floats, Integers, Integers, Floats]:
    """Fit all rounds; see :func:`fit`."""
    n, d = bins.shape
    columns = 1 if num_classes == 2 else num_classes
    scale = 1.0 if num_classes == 2 else (num_classes - 1) / num_classes
    start = np.zeros(columns)
    counts = np.zeros(num_classes)
    for row in range(n):
        counts[labels[row]] += 1
    if columns == 1:
        start[0] = np.log(counts[1] / counts[0])
    else:
        for c in range(columns):
            start[c] = np.log(counts[c] / n)
    raw = np.empty((columns, n))
    for c in range(columns):
        raw[c] = start[c]
    importances = np.zeros(d)
    features = np.full((ROUNDS, columns, _SPLITS), -1, np.int64)
    cuts = np.zeros((ROUNDS, columns, _SPLITS), np.int64)
    leaves = np.zeros((ROUNDS, columns, _LEAVES))
    chance = np.empty((columns, n))
    residual = np.empty(n)
    rows = np.empty(n, np.int64)
    ends = np.empty(_LEAVES + 1, np.int64)
    counted = np.zeros((d, 256))
    ties = np.zeros(1, np.uint64)
    for row in range(n):
        for feature in range(d):
            counted[feature, bins[row, feature]] += 1.0
    for step in range(ROUNDS):
        _softmax(raw, chance)
        for c in range(columns):
            target = 1 if columns == 1 else c
            for row in range(n):
                residual[row] = (1.0 if labels[row] == target else 0.0) - chance[c, row]
            _grow(
                bins,
                residual,
                counted,
                rows,
                ends,
                features[step, c],
                cuts[step, c],
                importances,
                ties,
            )
            for leaf in range(_LEAVES):
                top, bottom = 0.0, 0.0
                for at in range(ends[leaf], ends[leaf + 1]):
                    p = chance[c, rows[at]]
                    top += residual[rows[at]]
                    bottom += p * (1.0 - p)
                if bottom > 1e-150:
                    leaves[step, c, leaf] = LEARNING_RATE * scale * top / bottom
                    for at in range(ends[leaf], ends[leaf + 1]):
                        raw[c, rows[at]] += leaves[step, c, leaf]
    total = importances.sum()
    if total > 0:
        importances /= total
    return importances, start, features, cuts, leaves


@compiled
def _softmax(raw: Floats, chance: Floats) -> None:
    """Write class probabilities of raw scores, both (c, n)."""
    columns, n = raw.shape
    if columns == 1:
        for row in range(n):
            chance[0, row] = 1.0 / (1.0 + np.exp(-raw[0, row]))
        return
    # A leaf that holds one improbable row alone adds 0.1 / p, which can be thousands, so a row's
    # largest score is taken off before the exponential.
    highest = raw[0].copy()
    for c in range(1, columns):
        for row in range(n):
            highest[row] = max(highest[row], raw[c, row])
    total = np.zeros(n)
    for c in range(columns):
        for row in range(n):
            chance[c, row] = np.exp(raw[c, row] - highest[row])
            total[row] += chance[c, row]
    for c in range(columns):
        for row in range(n):
            chance[c, row] /= total[row]


@compiled
def _count(
    bins: Bins,
    residual: Floats,
    rows: Integers,
    first: int,
    last: int,
    sums: Floats,
    counts: Floats,
) -> None:
    """Fill the histograms of a node, (d, 256) each, from its rows."""
    sums[:] = 0.0
    counts[:] = 0.0
    for at in range(first, last):
        row = rows[at]
        value = residual[row]
        for feature in range(bins.shape[1]):
            sums[feature, bins[row, feature]] += value
            counts[feature, bins[row, feature]] += 1.0


@compiled
def _best_split(sums: Floats, counts: Floats, ties: NDArray[np.uint64]) -> tuple[int, int, float]:
    """Return the split of a node with the largest decrease in squared error, feature -1 if none.

    Among latents that are equally good chance decides, as in scikit-learn, so that copies of a
    latent share its importance; ``ties`` is the state of a linear congruential generator.
    """
    best_feature, best_cut, best_gain = -1, 0, 0.0
    equals = 1
    count = counts[0].sum()
    total = sums[0].sum()
    least = 1e-14 * count
    for feature in range(sums.shape[0]):
        cut_here, gain_here = 0, least
        left, left_count = 0.0, 0.0
        for cut in range(255):
            if counts[feature, cut] < 0.5:
                continue
            left += sums[feature, cut]
            left_count += counts[feature, cut]
            right_count = count - left_count
            if right_count < 0.5:
                break
            difference = left / left_count - (total - left) / right_count
            gain = difference * difference * left_count * right_count / count
            if gain > gain_here * (1 + 1e-12):
                cut_here, gain_here = cut, gain
        if gain_here <= least or gain_here < best_gain * (1 - 1e-12):
            continue
        if gain_here > best_gain * (1 + 1e-12):
            equals = 1
        else:
            equals += 1
            ties[0] = ties[0] * _MULTIPLIER + _INCREMENT
            if (ties[0] >> np.uint64(33)) % np.uint64(equals) != 0:
                continue
        best_feature, best_cut, best_gain = feature, cut_here, gain_here
    return best_feature, best_cut, best_gain


@compiled
def _grow(
    bins: Bins,
    residual: Floats,
    counted: Floats,
    rows: Integers,
    ends: Integers,
    features: Integers,
    cuts: Integers,
    importances: Floats,
    ties: NDArray[np.uint64],
) -> None:
    """Grow one regression tree on the residuals, level by level.

    Writes the splits, sorts ``rows`` by leaf with ``ends`` as the bounds, and adds to each latent's
    importance the decrease in squared error of its splits.
    """
    n, d = bins.shape
    sums = np.zeros((_SPLITS, d, 256))
    counts = np.zeros((_SPLITS, d, 256))
    spare = np.empty(n, np.int64)
    for row in range(n):
        rows[row] = row
        for feature in range(d):
            sums[0, feature, bins[row, feature]] += residual[row]
    counts[0] = counted
    ends[0], ends[1] = 0, n
    for level in range(DEPTH):
        width = 2**level
        bounds = ends[: width + 1].copy()
        for k in range(width):
            here = width - 1 + k
            first, last = bounds[k], bounds[k + 1]
            feature, cut, gain = _best_split(sums[here], counts[here], ties)
            features[here], cuts[here] = feature, cut
            middle, right = first, 0
            if feature < 0:
                middle = last
            else:
                importances[feature] += gain / n
                for at in range(first, last):
                    if bins[rows[at], feature] <= cut:
                        rows[middle] = rows[at]
                        middle += 1
                    else:
                        spare[right] = rows[at]
                        right += 1
                for at in range(right):
                    rows[middle + at] = spare[at]
            ends[2 * k], ends[2 * k + 1], ends[2 * k + 2] = first, middle, last
            if level + 1 < DEPTH:
                low, high = 2 * here + 1, 2 * here + 2
                if middle - first > last - middle:
                    low, high = high, low
                    _count(bins, residual, rows, middle, last, sums[low], counts[low])
                else:
                    _count(bins, residual, rows, first, middle, sums[low], counts[low])
                sums[high] = sums[here] - sums[low]
                counts[high] = counts[here] - counts[low]


@compiled
def _raw_scores(
    bins: Bins, start: Floats, features: Integers, cuts: Integers, leaves: Floats
) -> Floats:
    """Return the class scores of rows, shape (n, c).

    Tree by tree, not row by row: one tree stays in the fastest memory, all of them do not.
    """
    n = bins.shape[0]
    rounds, columns, _ = features.shape
    raw = np.empty((columns, n))
    column = np.empty(_SPLITS, np.int64)
    limit = np.empty(_SPLITS, np.int64)
    for c in range(columns):
        raw[c] = start[c]
        for step in range(rounds):
            for k in range(_SPLITS):
                split = features[step, c, k] >= 0
                column[k] = features[step, c, k] if split else 0
                limit[k] = cuts[step, c, k] if split else MAX_BINS
            leaf = leaves[step, c]
            for row in range(n):
                k = 0
                for _ in range(DEPTH):
                    k = 2 * k + 1 + (bins[row, column[k]] > limit[k])
                raw[c, row] += leaf[k - _SPLITS]
    return raw.T
