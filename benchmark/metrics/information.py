"""Entropy and mutual information from samples, in nats.

Two estimators serve the metrics. The *histogram* one cuts a latent into bins of equal width between
its smallest and largest value, as disentanglement_lib does, and counts. The *nearest-neighbour* one
(Ross 2014) needs no bins: it compares, around each sample, how dense a latent is among samples of
the same class with how dense it is among all.

Conventions
-----------
classes : int64, shape (n,), levels of one factor
codes : float64, shape (n, d) or (n,) for one latent

References
----------
B. C. Ross, "Mutual information between discrete and continuous data sets", PLoS ONE 9(2), 2014.
A. Kraskov, H. Stoegbauer, P. Grassberger, "Estimating mutual information", Phys. Rev. E 69, 2004.
"""

import numpy as np
import scipy.special
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: How near to the edge of a bin a value is on it, in widths of a bin.
_ON_EDGE = 1e-9

#: Size of the noise that parts equal codes, in standard deviations of the latent.
_NOISE = 1e-10


def entropy(classes: Integers) -> float:
    """Return the entropy of a discrete variable in nats (plug-in estimate)."""
    _, counts = np.unique(classes, return_counts=True)
    p = counts / counts.sum()
    return float(-(p * np.log(p)).sum())


def histogram_bins(codes: Floats, bins: int) -> Integers:
    """Cut each latent into ``bins`` bins of equal width over its range, shape (n, d).

    Bins are closed on the left, the last one on both sides. A value within rounding of an edge is
    on it: codes of a grid often are, and must not change bins when a latent is scaled or shifted.

    Parameters
    ----------
    codes : shape (n, d), no constant latent
    bins : at least 1

    Returns
    -------
    ndarray
        Bins from 0 to ``bins - 1``, shape (n, d).
    """
    low, high = codes.min(axis=0), codes.max(axis=0)
    position = (codes - low) / (high - low) * bins
    edge = np.rint(position)
    on_edge = np.abs(position - edge) < _ON_EDGE
    lower = np.where(on_edge, edge, np.floor(position))
    return np.asarray(np.minimum(lower, bins - 1), dtype=np.int64)


def discrete_mutual_information(first: Integers, second: Integers) -> float:
    """Return the mutual information of two discrete variables in nats (plug-in estimate)."""
    _, a = np.unique(first, return_inverse=True)
    _, b = np.unique(second, return_inverse=True)
    joint = np.bincount(a * (b.max() + 1) + b, minlength=(a.max() + 1) * (b.max() + 1))
    p = joint.reshape(a.max() + 1, b.max() + 1) / len(a)
    expected = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
    there = p > 0
    return float((p[there] * np.log(p[there] / expected[there])).sum())


def nearest_neighbour_information(
    latent: Floats, classes: Integers, neighbours: int, noise: Floats
) -> float:
    """Return the mutual information of a continuous latent and a discrete factor in nats.

    Ross's estimator: ``psi(N) + <psi(k)> - <psi(N_class)> - <psi(m)>``, where m counts the samples
    (itself included) that are closer than the k-th neighbour of the same class. Neighbours on a
    line are neighbours in sorted order, so that sorting takes the place of a search tree. As in
    scikit-learn, the latent receives noise of 1e-10 of its standard deviation, which parts equal
    values; classes with one sample are left out; negative estimates are 0. The noise is mirrored
    with the latent, so that its sign does not matter.

    Parameters
    ----------
    latent : shape (n,)
    classes : shape (n,)
    neighbours : number k of neighbours
    noise : shape (n,), standard normal draws that part equal values
    """
    values = (latent - latent.mean()) / (latent.std() or 1.0)
    values = values + _NOISE * _orientation(values) * noise
    labels, inverse, counts = np.unique(classes, return_inverse=True, return_counts=True)
    radius = np.zeros(len(values))
    k_of = np.zeros(len(values))
    for label in range(len(labels)):
        rows = np.flatnonzero(inverse == label)
        if len(rows) > 1:
            k = min(neighbours, len(rows) - 1)
            rows = rows[np.argsort(values[rows])]
            radius[rows] = _kth_distance(values[rows], k)
            k_of[rows] = k
    kept = counts[inverse] > 1
    if not kept.any():
        return 0.0
    information = (
        scipy.special.digamma(kept.sum())
        + scipy.special.digamma(k_of[kept]).mean()
        - scipy.special.digamma(counts[inverse][kept]).mean()
        - scipy.special.digamma(_count_closer(values[kept], radius[kept])).mean()
    )
    return max(0.0, float(information))


def _orientation(centred: Floats) -> float:
    """Return the side, 1 or -1, of the first row off the centre: it flips with the latent."""
    off = np.flatnonzero(np.abs(centred) > 1e-6)
    return float(np.sign(centred[off[0]])) if len(off) else 1.0


def _kth_distance(ordered: Floats, k: int) -> Floats:
    """Return the distance of each sorted value to its k-th nearest neighbour.

    The k nearest of a value are k + 1 consecutive ones that include it; the smallest of the k + 1
    windows' larger ends is the distance.
    """
    n = len(ordered)
    distance = np.full(n, np.inf)
    for left in range(k + 1):
        first = np.arange(n) - left
        last = first + k
        fits = (first >= 0) & (last < n)
        here = np.flatnonzero(fits)
        span = np.maximum(ordered[here] - ordered[first[here]], ordered[last[here]] - ordered[here])
        distance[here] = np.minimum(distance[here], span)
    return distance


def _count_closer(values: Floats, radius: Floats) -> Integers:
    """Return for each value how many, itself included, are closer to it than its radius.

    Where codes coincide the radius is as small as the noise, and ``value + radius`` rounds onto the
    neighbour on the rim, which must not count: it is worth a tenth of a nat. So the bounds that the
    sums find are moved until the differences, which are exact for near values, agree.
    """
    order = np.argsort(values)
    x, r = values[order], radius[order]
    padded = np.concatenate(([-np.inf], x, [np.inf]))
    first = np.searchsorted(x, x - r, side="right")  # of those that are closer
    end = np.searchsorted(x, x + r)  # the first beyond them
    while True:
        back = (x - padded[first] < r).astype(np.int64) - (x - padded[first + 1] >= r)
        on = (padded[end + 1] - x < r).astype(np.int64) - (padded[end] - x >= r)
        if not (back.any() or on.any()):
            break
        first -= back
        end += on
    count = np.empty(len(values), dtype=np.int64)
    count[order] = end - first
    return count
