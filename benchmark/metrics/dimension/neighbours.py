"""Distances to the nearest neighbours, and when they say nothing of a dimension.

TwoNN, the maximum likelihood estimate and FONDUE all read the dimension of a cloud of points off
the distances from each point to its nearest neighbours: in d dimensions a ball of twice the radius
holds 2^d times as many. This holds for points drawn at random from a smooth density, so two kinds
of input are put right or refused here:

* *Points that coincide* have no distance to read. They are counted once.
* *A lattice* is no random draw: its neighbours sit at equal distances, as many as it has directions
  and whatever the density. An encoder that maps each cell of a grid to one point makes one. The
  estimators would answer with a number, and a wrong one: for the integers 0 to 199 TwoNN's law
  gives infinity. Where the two nearest neighbours of a tenth of the points are equally far, the
  cloud is refused.

Known failure
-------------
A small sample of a large lattice has few exact ties and passes. So does a lattice that is blurred
by less than its spacing; up to the scale of the blur it has the dimension of the blur.
"""

import numpy as np
from scipy.spatial import cKDTree

from benchmark.metrics.information import Floats
from toysound.errors import ToySoundError

#: Fewer points that differ are no sample.
FEWEST = 10

#: A tenth of the log ratios of second to first distance this near to 0 are a lattice, with gaps
#: perhaps, and no sample: for a smooth density of d dimensions their share is d / 10,000.
_LATTICE = 1e-4

#: Up to this dimension a tree finds neighbours faster than comparing all pairs does.
_TREE = 16

#: Points in a leaf of the tree: measured on 10,000 points of 10 dimensions, a third faster than 16.
_LEAF = 64

#: Points whose distances to all others are held at a time.
_STRIDE = 256


def nearest_distances(codes: Floats, count: int, name: str) -> Floats:
    """Return the distances from each point to its nearest neighbours.

    Parameters
    ----------
    codes : shape (n, d), not all equal
    count : neighbours, at least 2
    name : of the estimator that asks, for the sentence of a refusal

    Returns
    -------
    ndarray
        Shape (m, count), positive, ascending along a row, of the m points that differ; in units of
        the largest coordinate, since an estimate of dimension has no scale.

    Raises
    ------
    ToySoundError
        If too few points differ, or they are a lattice.
    """
    points = np.unique(codes, axis=0)
    needed = max(FEWEST, count + 1)
    if len(points) < needed:
        raise ToySoundError(
            f"{name} needs at least {needed} points that differ, there are {len(points)}"
        )
    points = points - points.mean(axis=0)
    points /= np.abs(points).max()
    search = _tree if points.shape[1] <= _TREE else _all_pairs
    distances = np.maximum(search(points, count), np.finfo(np.float64).tiny)
    ratios = np.log(distances[:, 1] / distances[:, 0])
    if np.quantile(ratios, 0.1) < _LATTICE:
        raise ToySoundError(
            f"{name} finds many neighbours at equal distances: the points are a lattice, one for "
            "each cell of a grid, whose dimension it cannot tell"
        )
    return distances


def _tree(points: Floats, count: int) -> Floats:
    distances, _ = cKDTree(points, leafsize=_LEAF).query(points, k=count + 1)
    return np.asarray(distances[:, 1:])


def _all_pairs(points: Floats, count: int) -> Floats:
    """Find neighbours by inner products, and measure the distances to them without."""
    squares = np.einsum("nd,nd->n", points, points)
    out = np.empty((len(points), count))
    for start in range(0, len(points), _STRIDE):
        some = points[start : start + _STRIDE]
        apart = squares - 2 * some @ points.T  # each row less the square of its own point
        rows = np.arange(len(some))
        apart[rows, start + rows] = np.inf
        nearest = np.argpartition(apart, count - 1, axis=1)[:, :count]
        for place in range(count):
            difference = some - points[nearest[:, place]]
            out[start + rows, place] = np.sqrt(np.einsum("nd,nd->n", difference, difference))
    return np.sort(out, axis=1)
