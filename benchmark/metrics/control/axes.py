"""Where a sound lies in the space of its factors, level by level and between the levels.

Factors differ in kind, and yet it has to be said how far a sound is from another in each of them.
So every factor gets coordinates in which two sounds are at most 1 apart:

============ ============================ ===============================================
kind         coordinates                  distance 1 is
============ ============================ ===============================================
continuous,  one: the level from 0 to 1,  the whole range
ordinal      spaced as the values are
             on their perceptual scale
circular     two: (cos, sin) / 2          the opposite of the circle
categorical  one for each value: 1 or 0,  another value
             divided by the root of 2
============ ============================ ===============================================

A *position* is a row of the coordinates of all factors side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.information import Floats, Integers
from toysound.factors import Kind


@dataclass(frozen=True)
class Axis:
    """One factor.

    Attributes
    ----------
    name, kind, unit : of the factor
    values : of its levels, in order, at least two
    """

    name: str
    kind: Kind
    unit: str
    values: tuple[float, ...]

    @property
    def width(self) -> int:
        """Number of its coordinates."""
        return {"circular": 2, "categorical": len(self.values)}.get(self.kind, 1)

    def coordinates(self, classes: Integers) -> Floats:
        """Return the coordinates of some levels, shape (n, width)."""
        count = len(self.values)
        if self.kind == "categorical":
            return np.asarray(np.eye(count)[classes] / np.sqrt(2))
        if self.kind == "circular":
            angle = 2 * np.pi * classes / count
            return np.asarray(np.stack([np.cos(angle), np.sin(angle)], axis=-1) / 2)
        return np.asarray(classes[:, None] / (count - 1), dtype=np.float64)

    def error(self, coordinates: Floats, classes: Integers) -> Floats:
        """Return how far a reading is from the truth, in :attr:`error_unit`, shape (n,).

        Parameters
        ----------
        coordinates : as read, shape (n, width)
        classes : true levels, shape (n,)
        """
        count = len(self.values)
        if self.kind == "categorical":
            return np.where(coordinates.argmax(axis=1) == classes, 0.0, 100.0)
        if self.kind == "circular":
            turn = np.arctan2(coordinates[:, 1], coordinates[:, 0]) / (2 * np.pi) % 1 * count
            apart = np.abs(turn - classes)
            step = (self.values[-1] - self.values[0]) / (count - 1)
            return np.asarray(np.minimum(apart, count - apart) * abs(step))
        values = np.asarray(self.values)
        read = np.interp(coordinates[:, 0] * (count - 1), np.arange(count), values)
        return np.asarray(np.abs(read - values[classes]))

    @property
    def error_unit(self) -> str:
        """Unit of :meth:`error`: ``%`` of wrong values for a categorical factor."""
        return "%" if self.kind == "categorical" else self.unit


def positions(axes: Sequence[Axis], classes: Integers) -> Floats:
    """Return the position of each row of levels, shape (n, W).

    Parameters
    ----------
    axes : the k factors
    classes : shape (n, k)
    """
    if not axes:
        return np.zeros((len(classes), 0))
    columns = [axis.coordinates(c) for axis, c in zip(axes, classes.T, strict=True)]
    return np.concatenate(columns, axis=1)


def parts(axes: Sequence[Axis], positions: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return the coordinates of each factor: positions (..., W) cut along their last axis."""
    ends = np.cumsum([axis.width for axis in axes])[:-1]
    return np.split(positions, ends, axis=-1) if axes else []


def distances(axes: Sequence[Axis], first: Floats, second: Floats) -> Floats:
    """Return how far positions are apart in each factor, shape (..., k), at most 1.

    Parameters
    ----------
    axes : the k factors
    first, second : positions, shapes (..., W) that broadcast
    """
    apart = [np.linalg.norm(part, axis=-1) for part in parts(axes, first - second)]
    return np.asarray(np.minimum(np.stack(apart, axis=-1), 1.0))
