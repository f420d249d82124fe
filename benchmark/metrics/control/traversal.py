"""Traversals: what one latent does when it is moved alone.

Problem
-------
A musician turns one knob and listens. A good knob moves one thing, steadily, over all of its range,
in even steps, and leaves the rest alone. From several sounds each latent is swept over the range
that it takes over the data, the others held, and the factors are read from what is played.

Definitions
-----------
For latent i, factor j and a sound b from which the sweep starts, with positions r_t (t = 1 ... T):

* *movement* m_ij: the root of the mean over b of the variance of r_t over the sweep, less what is
  no movement: the mean squared error of the readers on true sounds, or half the mean square of
  successive steps (von Neumann's estimate of noise about a slow course) where that is more. It is
  0 unless it stands three standard errors over b above 0: a decoder that plays something else at
  every step moves nothing.
* *selectivity*: m_ij / sum over all factors of m_il. 1 if nothing else moves.
* *monotonicity*: |r_T - r_1| / sum of |r_t+1 - r_t|. 1 if it never turns back. Along a circle
  angles are unrolled; for a categorical factor it is the values visited less one over the changes
  of value: 1 if no value comes back.
* *range*: largest less smallest r_t, in shares of the factor's range; of a circle the arc, of a
  categorical factor the values visited less one over all less one.
* *smoothness*: (r_T - r_1)^2 / (T - 1) / sum of squared steps. 1 if all steps are equal, 1 over
  their number if it jumps once, 0 if it comes back. A categorical factor can only jump and has
  none.

Each factor takes the latent that moves it most. The scores are means over factors; one that no
latent moves counts 0.

Reference
---------
J. von Neumann, "Distribution of the ratio of the mean square successive difference to the
variance", Annals of Mathematical Statistics 12, 1941.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.control.axes import Axis, parts
from benchmark.metrics.information import Floats

#: Standard errors over starts that a movement needs.
_ERRORS = 3.0

#: A circular reading this near to the centre has no angle that means anything.
_LEAST_RADIUS = 0.15

_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Sweeps:
    """What was found on each sweep.

    Attributes
    ----------
    variance : shape (b, d, k), of the position over the sweep
    jitter : shape (b, d, k), half the mean square of its successive steps
    monotonicity, range, smoothness : shape (b, d, k); smoothness is NaN for a categorical factor
    noise : shape (k,), mean squared error of the readers on true sounds
    """

    variance: Floats
    jitter: Floats
    monotonicity: Floats
    range: Floats
    smoothness: Floats
    noise: Floats

    def movement(self, starts: NDArray[np.int64] | None = None) -> Floats:
        """Return how much each latent moves each factor, shape (d, k).

        Parameters
        ----------
        starts : which sounds the sweeps start from; all by default
        """
        rows = np.arange(len(self.variance)) if starts is None else starts
        excess = self.variance[rows] - np.maximum(self.jitter[rows], self.noise)
        moved = excess.mean(axis=0)
        least = _ERRORS * excess.std(axis=0) / np.sqrt(len(rows))
        return np.sqrt(np.where(moved > np.maximum(least, _TINY), moved, 0.0))

    def scores(self, starts: NDArray[np.int64] | None = None) -> dict[str, float]:
        """Return selectivity, monotonicity, range and smoothness, means over factors."""
        rows = np.arange(len(self.variance)) if starts is None else starts
        moved = self.movement(rows)
        best = moved.argmax(axis=0)
        factor = np.arange(moved.shape[1])
        there = moved[best, factor] > 0
        total = moved.sum(axis=1)[best]
        share = np.divide(moved[best, factor], total, out=np.zeros(len(best)), where=total > 0)
        found = {"selectivity": float(share.mean())}
        for name in ("monotonicity", "range", "smoothness"):
            per_factor = getattr(self, name)[rows][:, best, factor].mean(axis=0)
            defined = ~np.isnan(per_factor)
            values = np.where(there, np.nan_to_num(per_factor), 0.0)[defined]
            found[name] = float(values.mean()) if defined.any() else float("nan")
        return found


def sweeps(axes: Sequence[Axis], positions: Floats, noise: Floats) -> Sweeps:
    """Return what was found on each sweep.

    Parameters
    ----------
    axes : the k factors
    positions : as read, shape (b, d, T, W): sounds from which the sweep starts, latents, steps
    noise : shape (k,), mean squared error of the readers on true sounds
    """
    variances: list[Floats] = []
    jitters: list[Floats] = []
    directness: list[Floats] = []
    ranges: list[Floats] = []
    evenness: list[Floats] = []
    for axis, part in zip(axes, parts(axes, positions), strict=True):
        variances.append(part.var(axis=2).sum(axis=-1))
        steps = np.square(np.diff(part, axis=2)).sum(axis=-1)
        jitters.append(steps.mean(axis=2) / 2)
        if axis.kind == "categorical":
            found = _values_visited(part)
        elif axis.kind == "circular":
            found = _along(_unrolled(part))
        else:
            found = _along(part[..., 0])
        for kept, value in zip((directness, ranges, evenness), found, strict=True):
            kept.append(value)
    return Sweeps(
        variance=np.stack(variances, axis=-1),
        jitter=np.stack(jitters, axis=-1),
        monotonicity=np.stack(directness, axis=-1),
        range=np.stack(ranges, axis=-1),
        smoothness=np.stack(evenness, axis=-1),
        noise=noise,
    )


def _along(line: Floats) -> tuple[Floats, Floats, Floats]:
    """Return monotonicity, range and smoothness of paths along a line, shape (..., T)."""
    steps = np.diff(line, axis=-1)
    total = np.abs(steps).sum(axis=-1)
    squares = np.square(steps).sum(axis=-1)
    moved = total > _TINY
    net = np.abs(line[..., -1] - line[..., 0])
    direct = net / np.where(moved, total, 1)
    even = net**2 / np.where(moved, steps.shape[-1] * squares, 1)
    span = np.minimum(np.ptp(line, axis=-1), 1.0)
    return np.where(moved, direct, 0.0), span, np.where(moved, even, 0.0)


def _unrolled(circle: Floats) -> Floats:
    """Return the angles of a path on a circle, unrolled, in turns, shape (..., T).

    Where a reading is near the centre the path stays where it was.
    """
    turns = np.arctan2(circle[..., 1], circle[..., 0]) / (2 * np.pi)
    known = np.linalg.norm(circle, axis=-1) > _LEAST_RADIUS
    line = np.zeros(turns.shape)
    last = np.where(known[..., 0], turns[..., 0], 0.0)
    place = last.copy()
    line[..., 0] = place
    for t in range(1, turns.shape[-1]):
        step = (turns[..., t] - last + 0.5) % 1 - 0.5
        place = place + np.where(known[..., t], step, 0.0)
        last = np.where(known[..., t], turns[..., t], last)
        line[..., t] = place
    return line


def _values_visited(part: Floats) -> tuple[Floats, Floats, Floats]:
    """Return monotonicity and range of paths through values, shape (..., T, values)."""
    value = part.argmax(axis=-1)
    count = part.shape[-1]
    visited = (value[..., None] == np.arange(count)).any(axis=-2).sum(axis=-1) - 1
    changes = (np.diff(value, axis=-1) != 0).sum(axis=-1)
    direct = np.divide(visited, changes, out=np.zeros(visited.shape), where=changes > 0)
    return direct, visited / (count - 1), np.full(visited.shape, np.nan)
