"""What changes over a training, as functions of its progress from 0 to 1."""

import math


def rise(progress: float, fraction: float) -> float:
    """Return a linear rise from 0 at the start to 1 after ``fraction`` of the training.

    With a fraction of 0 it is 1 from the start.
    """
    return 1.0 if progress >= fraction else progress / fraction


def half_cosine(progress: float) -> float:
    """Return a fall from 1 at the start to 0 at the end along half a cosine.

    References
    ----------
    I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
    """
    return (1 + math.cos(math.pi * progress)) / 2
