"""Interpolation: are the sounds between two sounds on the way from one to the other?

Between the codes of two sounds lies a straight line. What is played along it should go from the
factors of the one to those of the other without a detour: what both share should stay, what differs
should pass through what lies between.

Definition
----------
The path runs straight from the true position of the first sound to that of the second, along the
shorter arc in a circular factor. The error of a sound in between is its distance to the nearest
point of the path (root mean square over factors, each at most 1), so it does not matter how fast
the path is walked. The true ends are taken, not what is read at them: a decoder that plays the same
sound for every code stays on no path.
"""

from collections.abc import Sequence

import numpy as np

from benchmark.metrics.control.axes import Axis, distances, parts
from benchmark.metrics.information import Floats

#: Points of the path at which the distance is taken.
POINTS = 41


def interpolation_error(
    axes: Sequence[Axis], start: Floats, end: Floats, between: Floats
) -> Floats:
    """Return the mean distance of the sounds between two sounds from the path, shape (n,).

    Parameters
    ----------
    axes : the factors
    start, end : true positions, shape (n, W)
    between : positions as read, shape (n, T, W)

    Returns
    -------
    ndarray
        From 0 to 1 for each pair.
    """
    path = _path(axes, start, end)
    apart = distances(axes, between[:, :, None], path[:, None])
    nearest = np.sqrt(np.square(apart).mean(axis=-1)).min(axis=2)
    return np.asarray(nearest.mean(axis=1))


def _path(axes: Sequence[Axis], start: Floats, end: Floats) -> Floats:
    """Return points from start to end, shape (n, POINTS, W)."""
    share = np.linspace(0, 1, POINTS)[:, None]
    columns = []
    for axis, first, last in zip(axes, parts(axes, start), parts(axes, end), strict=True):
        if axis.kind == "circular":
            angles = [np.arctan2(point[:, 1], point[:, 0]) for point in (first, last)]
            turn = (angles[1] - angles[0] + np.pi) % (2 * np.pi) - np.pi
            angle = angles[0][:, None] + turn[:, None] * share[:, 0]
            columns.append(np.stack([np.cos(angle), np.sin(angle)], axis=-1) / 2)
        else:
            columns.append(first[:, None] * (1 - share) + last[:, None] * share)
    return np.concatenate(columns, axis=-1)
