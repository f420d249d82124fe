"""Categorical likelihood: one probability for each class of a coefficient.

With logits l_0 ... l_{C-1} for each coefficient, ``ln p(x | l) = l_x - ln sum exp(l_c)``. Nothing
is assumed of the classes, not even that neighbours are alike: any shape, any number of peaks can be
learnt, at the price of C outputs a coefficient. Half a second at 16 kHz in 256 classes is two
million numbers a sound; :mod:`baselines.likelihoods.discretised_logistic_mixture` says nearly the
same with a dozen outputs a coefficient.

A mass of classes and a density of samples are different things: these nats can be compared only
among models of the same classes.

References
----------
A. van den Oord et al., "WaveNet: a generative model for raw audio", arXiv 1609.03499, 2016: softmax
over 256 mu-law classes.
"""

import torch
from pydantic import PositiveInt

from baselines.likelihoods.base import Factorised

#: Standard deviation of what a decoder starts from, as a share of all classes.
_WIDTH = 0.05


class Categorical(Factorised):
    """Independent classes 0 ... C - 1, given as floats that are whole numbers.

    Parameters
    ----------
    num_dims : number P of coefficients of a sound
    num_classes : C, at least 2

    Attributes
    ----------
    outputs_per_dim : C, the logits; the point estimate is the most probable class, which has no
        gradient

    Raises
    ------
    ValueError
        If there is no coefficient, or fewer than two classes.
    """

    def __init__(self, num_dims: int, num_classes: PositiveInt = 256) -> None:
        if num_classes < 2:
            raise ValueError(f"num_classes must be at least 2, got {num_classes}")
        super().__init__(num_dims, num_classes)
        self.num_classes = num_classes
        self.support = (0.0, num_classes - 1.0)

    def answer(self, expected: torch.Tensor) -> torch.Tensor:
        """Return logits of a rounded normal density around each expected class, (C, P)."""
        classes = torch.arange(self.num_classes).to(expected)[:, None]
        width = max(self.num_classes * _WIDTH, 1.0)
        return -((classes - expected) / width).square() / 2

    def gains(self, deviation: float) -> tuple[float, ...]:
        """Return that each logit changes by 1 where classes change by their deviation."""
        return (1 / deviation,) * self.num_classes

    def _log_densities(self, target: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        classes = target.round().clamp(0, self.num_classes - 1).long()
        logit = outputs.gather(1, classes[:, None])[:, 0]
        return logit - torch.logsumexp(outputs, dim=1)

    def _draw(self, outputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        uniform = torch.rand(outputs[:, 0].shape, generator=generator, dtype=outputs.dtype)
        return pick(torch.softmax(outputs, dim=1), uniform).to(outputs.dtype)

    def _point(self, outputs: torch.Tensor) -> torch.Tensor:
        return outputs.argmax(dim=1).to(outputs.dtype)


def pick(probabilities: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """Return one class per coefficient, int64, shape (B, P).

    Parameters
    ----------
    probabilities : summing to 1 over axis 1, shape (B, C, P)
    uniform : random numbers in [0, 1), shape (B, P)
    """
    below = probabilities.cumsum(dim=1)[:, :-1] <= uniform[:, None]
    return below.sum(dim=1)
