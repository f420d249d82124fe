"""What changes over a training, as functions of its progress from 0 to 1."""

import math
from dataclasses import dataclass


def rise(progress: float, fraction: float) -> float:
    """Return a linear rise from 0 at the start to 1 after ``fraction`` of the training.

    With a fraction of 0 it is 1 from the start.
    """
    return 1.0 if progress >= fraction else progress / fraction


@dataclass(frozen=True)
class Pressure:
    """The weight of the divergence in the objective.

    Attributes
    ----------
    weight : at the end; 1 is the evidence lower bound
    warm_up : fraction of the training over which it rises linearly from 0
    """

    weight: float = 1.0
    warm_up: float = 0.0

    def at(self, progress: float) -> float:
        """Return the weight after this share of the training."""
        return self.weight * rise(progress, self.warm_up)


#: No divergence at all.
NO_PRESSURE = Pressure(0.0)


def half_cosine(progress: float) -> float:
    """Return a fall from 1 at the start to 0 at the end along half a cosine.

    References
    ----------
    I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
    """
    return (1 + math.cos(math.pi * progress)) / 2
