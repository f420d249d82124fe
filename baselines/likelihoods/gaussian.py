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

from baselines.likelihoods.base import Kind, add_log_parameter, check_scales, not_isotropic
from baselines.likelihoods.protocol import Likelihood

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


class Gaussian(Likelihood):
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

    outputs_per_dim = 1
    _log_scale: torch.Tensor

    def __init__(
        self,
        num_dims: int,
        initial_scale: PositiveFloat = 1.0,
        minimum_scale: PositiveFloat = 1e-3,
        scale: Kind = "learned",
    ) -> None:
        super().__init__()
        if num_dims < 1:
            raise ValueError(f"num_dims must be at least 1, got {num_dims}")
        check_scales(initial_scale, minimum_scale)
        self.num_dims = num_dims
        self.minimum_scale = minimum_scale
        self.isotropic = scale != "per_dimension"
        add_log_parameter(self, "_log_scale", scale, initial_scale, num_dims)

    @property
    def log_scale(self) -> torch.Tensor:
        """Natural logarithm of the standard deviation, shape () or (num_dims,)."""
        return self._log_scale.clamp(min=math.log(self.minimum_scale))

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
        if self.isotropic:
            squared_distance = (target - decoded).square().sum(dim=1)
            if outside is not None:
                squared_distance = squared_distance + outside
            normaliser = self.num_dims * (self.log_scale + _HALF_LOG_2PI)
            return -squared_distance / 2 * torch.exp(-2 * self.log_scale) - normaliser
        if outside is not None:
            raise not_isotropic("Gaussian with a scale per dimension")
        distance = (target - decoded) * torch.exp(-self.log_scale)
        return -distance.square().sum(dim=1) / 2 - (self.log_scale + _HALF_LOG_2PI).sum()

    def sample(self, decoded: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Return one draw of p(. | decoded) per row, shape (B, num_dims).

        Parameters
        ----------
        decoded : means, shape (B, num_dims)
        generator : every random number comes from it
        """
        with torch.no_grad():
            noise = torch.randn(decoded.shape, generator=generator, dtype=decoded.dtype)
            return decoded + noise * torch.exp(self.log_scale)

    def point_estimate(self, decoded: torch.Tensor) -> torch.Tensor:
        """Return the coefficients to listen to, the means, shape (B, num_dims)."""
        return decoded
