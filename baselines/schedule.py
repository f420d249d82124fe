"""What changes over a training, as functions of its progress from 0 to 1."""

import math
from dataclasses import dataclass
from typing import Literal


def rise(progress: float, fraction: float) -> float:
    """Return a linear rise from 0 at the start to 1 after ``fraction`` of the training.

    With a fraction of 0 it is 1 from the start.
    """
    return 1.0 if progress >= fraction else progress / fraction


#: How a weight comes to its full size.
Shape = Literal["linear", "cosine", "cyclical"]


@dataclass(frozen=True)
class Pressure:
    """The weight of the divergence in the objective.

    Attributes
    ----------
    weight : at the end; 1 is the evidence lower bound
    warm_up : fraction of the training, or of each cycle, over which it rises from 0
    shape : ``"linear"``; ``"cosine"``, which starts and ends without a bend; or ``"cyclical"``, a
        linear rise again and again, so that latents that were given up get another chance
    cycles : how often, if cyclical

    References
    ----------
    C. K. Sonderby et al., "Ladder variational autoencoders", NIPS 2016: the warm-up.
    H. Fu et al., "Cyclical annealing schedule", NAACL 2019: four cycles with a rise over half.
    """

    weight: float = 1.0
    warm_up: float = 0.0
    shape: Shape = "linear"
    cycles: int = 4

    def at(self, progress: float) -> float:
        """Return the weight after this share of the training, in [0, 1)."""
        if self.shape == "cyclical":
            return self.weight * rise(progress * self.cycles % 1, self.warm_up)
        risen = rise(progress, self.warm_up)
        return self.weight * (1 - half_cosine(risen) if self.shape == "cosine" else risen)


#: No divergence at all.
NO_PRESSURE = Pressure(0.0)


def half_cosine(progress: float) -> float:
    """Return a fall from 1 at the start to 0 at the end along half a cosine.

    References
    ----------
    I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
    """
    return (1 + math.cos(math.pi * progress)) / 2
