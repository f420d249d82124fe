"""Laplace likelihood with one learned scale.

``ln p(x | m) = -sum |x - m| / b - P ln(2 b)`` for P coefficients. Transforms of sound that keep the
sign, such as the MDCT, have coefficients of which most are nearly nothing and a few are large: a
peaked density with heavy tails, which the Laplace density is and the normal one is not. Its best
answer is the median and not the mean.

Unlike a Gaussian it is not the same in every orthonormal basis, so the part of a sound outside of a
subspace is not enough to know: such a decoder needs all coefficients.

References
----------
E. Lam, J. Goodman, "A mathematical analysis of the DCT coefficient distributions for images", IEEE
Trans. Image Processing 9, 2000 (why transform coefficients look so).
"""

import math

import torch
from pydantic import PositiveFloat

from baselines.likelihoods.protocol import Likelihood
from toysound.errors import UsageError


class Laplace(Likelihood):
    """Independent Laplace densities of one common scale.

    Parameters
    ----------
    num_dims : number P of coefficients of a sound
    initial_scale : scale b to start from, in the unit of the coefficients
    minimum_scale : the learned scale never goes below, so that a perfect fit stays finite

    Raises
    ------
    ValueError
        If a parameter is not positive, or the initial scale is below the minimum.
    """

    def __init__(
        self, num_dims: int, initial_scale: PositiveFloat = 1.0, minimum_scale: PositiveFloat = 1e-4
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
        """Natural logarithm of the scale b, a scalar."""
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
            If ``outside`` is given: the density does not depend on distances alone.
        """
        if outside is not None:
            raise UsageError(
                "the likelihood 'laplace' needs every coefficient, and this decoder answers in a "
                "subspace; use the likelihood 'gaussian' with it"
            )
        distance = (target - decoded).abs().sum(dim=1)
        normaliser = self.num_dims * (self.log_scale + math.log(2))
        return -distance * torch.exp(-self.log_scale) - normaliser
