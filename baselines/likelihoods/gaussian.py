"""Gaussian likelihood with one learned scale.

``ln p(x | m) = -|x - m|^2 / (2 s^2) - P (ln s + ln(2 pi) / 2)`` for P coefficients. The scale s is
learned with the network: it settles where the mean squared error is, and sets by itself how many
nats the code is worth.

The density depends on x only through the distance |x - m|, so it is the same in any orthonormal
basis: a model that works in a subspace adds the squared distance outside of it and still has the
exact density of *all* coefficients.

References
----------
D. P. Kingma and M. Welling, "Auto-encoding variational Bayes", ICLR 2014, appendix C.2.
"""

import math

import torch
from pydantic import PositiveFloat

from baselines.likelihoods.protocol import Likelihood

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


class Gaussian(Likelihood):
    """Independent normal densities of one common scale.

    Parameters
    ----------
    num_dims : number P of coefficients of a sound
    initial_scale : standard deviation to start from, in the unit of the coefficients
    minimum_scale : the learned scale never goes below, so that a perfect fit stays finite

    Raises
    ------
    ValueError
        If a parameter is not positive, or the initial scale is below the minimum.
    """

    def __init__(
        self, num_dims: int, initial_scale: PositiveFloat = 1.0, minimum_scale: PositiveFloat = 1e-3
    ) -> None:
        super().__init__()
        if num_dims < 1:
            raise ValueError(f"num_dims must be at least 1, got {num_dims}")
        if not 0 < minimum_scale <= initial_scale:
            raise ValueError(
                f"scales must be positive, the initial one at least the minimum, got "
                f"{initial_scale} and {minimum_scale}"
            )
        self.num_dims = num_dims
        self.minimum_scale = minimum_scale
        self._log_scale = torch.nn.Parameter(torch.tensor(math.log(initial_scale)))

    @property
    def log_scale(self) -> torch.Tensor:
        """Natural logarithm of the standard deviation, a scalar."""
        return self._log_scale.clamp(min=math.log(self.minimum_scale))

    def log_prob(
        self,
        target: torch.Tensor,
        decoded: torch.Tensor,
        outside: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return ln p(target | decoded) in nats, shape (B,); see the base class."""
        squared_distance = (target - decoded).square().sum(dim=1)
        if outside is not None:
            squared_distance = squared_distance + outside
        normaliser = self.num_dims * (self.log_scale + _HALF_LOG_2PI)
        return -squared_distance / 2 * torch.exp(-2 * self.log_scale) - normaliser
