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

#: Shrinks a distance to the k-th neighbour so that rounding of value + distance leaves it outside,
#: where the estimator wants it.
_WITHIN = 1 - 1e-6

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def entropy(classes: Integers) -> float:
    """Return the entropy of a discrete variable in nats (plug-in estimate)."""
    _, counts = np.unique(classes, return_counts=True)
    p = counts / counts.sum()
    return float(-(p * np.log(p)).sum())


def histogram_bins(codes: Floats, bins: int) -> Integers:
    """Cut each latent into ``bins`` bins of equal width over its range, shape (n, d).

    The largest value gets a bin of its own, as in disentanglement_lib, whose left-closed last edge
    leaves it outside the others.
    """
    out = np.empty(codes.shape, dtype=np.int64)
    for column, values in enumerate(codes.T):
        edges = np.histogram_bin_edges(values, bins)
        out[:, column] = np.digitize(values, edges[:-1])
    return out


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
    within the distance of the k-th neighbour of the same class. Neighbours on a line are
    neighbours in sorted order, so that sorting takes the place of a search tree. As in
    scikit-learn, the latent is scaled by its standard deviation and receives noise of 1e-10 of its
    mean magnitude, which parts equal values; classes with one sample are left out; negative
    estimates are 0.

    Parameters
    ----------
    latent : shape (n,)
    classes : shape (n,)
    neighbours : number k of neighbours
    noise : shape (n,), standard normal draws that part equal values
    """
    values = latent / (latent.std() or 1.0)
    values = values + 1e-10 * max(1.0, np.abs(values).mean()) * noise
    labels, inverse, counts = np.unique(classes, return_inverse=True, return_counts=True)
    radius = np.zeros(len(values))
    k_of = np.zeros(len(values))
    for label in range(len(labels)):
        rows = np.flatnonzero(inverse == label)
        if len(rows) > 1:
            k = min(neighbours, len(rows) - 1)
            rows = rows[np.argsort(values[rows])]
            radius[rows] = _kth_distance(values[rows], k) * _WITHIN
            k_of[rows] = k
    kept = counts[inverse] > 1
    if not kept.any():
        return 0.0
    everything = np.sort(values[kept])
    upper = np.searchsorted(everything, values[kept] + radius[kept], side="right")
    lower = np.searchsorted(everything, values[kept] - radius[kept], side="left")
    information = (
        scipy.special.digamma(kept.sum())
        + scipy.special.digamma(k_of[kept]).mean()
        - scipy.special.digamma(counts[inverse][kept]).mean()
        - scipy.special.digamma(upper - lower).mean()
    )
    return max(0.0, float(information))


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
