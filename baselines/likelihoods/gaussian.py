"""Gaussian likelihood with one scale, or one for each coefficient.

``ln p(x | m) = -|x - m|^2 / (2 s^2) - P (ln s + ln(2 pi) / 2)`` for P coefficients. The scale s is
learned with the network: it settles where the mean squared error is, and sets by itself how many
nats the code is worth. Fixed, it says beforehand how exact a reconstruction has to be; one for each
coefficient suits coefficients that cannot all be predicted equally well.

With one scale the density depends on x only through the distance |x - m|, so it is the same in any
orthonormal basis: a model that works in a subspace adds the squared distance outside of it and
still has the exact density of *all* coefficients.

References
----------
D. P. Kingma and M. Welling, "Auto-encoding variational Bayes", ICLR 2014, appendix C.2.
"""

import math

import torch
from pydantic import PositiveFloat

from baselines.likelihoods.base import Kind, LocationScale

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


class Gaussian(LocationScale):
    """Independent normal densities.

    Parameters
    ----------
    num_dims : number P of coefficients of a sound
    initial_scale : standard deviation to start from, or to keep, in the unit of the coefficients
    minimum_scale : the learned scale never goes below, so that a perfect fit stays finite
    scale : ``"learned"``, one for all; learned ``"per_dimension"``; or ``"fixed"``

    Attributes
    ----------
    outputs_per_dim : 1, the mean
    isotropic : whether a model may work in a subspace: not with a scale per dimension

    Raises
    ------
    UsageError
        If there is no such kind of scale.
    ValueError
        If a parameter is not positive, or the initial scale is below the minimum.
    """

    def __init__(
        self,
        num_dims: int,
        initial_scale: PositiveFloat = 1.0,
        minimum_scale: PositiveFloat = 1e-3,
        scale: Kind = "learned",
    ) -> None:
        super().__init__(num_dims, initial_scale, minimum_scale, scale)
        self.isotropic = scale != "per_dimension"

    def log_prob(
        self,
        target: torch.Tensor,
        decoded: torch.Tensor,
        outside: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return ln p(target | decoded) in nats, shape (B,); see the base class.

        Raises
        ------
        UsageError
            If ``outside`` is given and each coefficient has a scale of its own.
        """
        if not self.isotropic:
            return super().log_prob(target, decoded, outside)
        squared_distance = (target - decoded).square().sum(dim=1)
        if outside is not None:
            squared_distance = squared_distance + outside
        log_scale = self.log_scale
        normaliser = self.num_dims * (log_scale + _HALF_LOG_2PI)
        return -squared_distance / 2 * torch.exp(-2 * log_scale) - normaliser

    def _log_densities(self, target: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        distance = (target - outputs[:, 0]) * torch.exp(-self.log_scale)
        return -distance.square() / 2 - self.log_scale - _HALF_LOG_2PI

    def _draw(self, outputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        mean = outputs[:, 0]
        noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype)
        return mean + noise * torch.exp(self.log_scale)
