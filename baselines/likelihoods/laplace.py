"""Laplace likelihood: the absolute difference is the cost.

``ln p(x | m) = -|x - m| / b - ln(2 b)`` for each coefficient. Transforms of sound that keep the
sign, such as the MDCT, have coefficients of which most are nearly nothing and a few are large: a
peaked density with heavy tails, which the Laplace density is and the normal one is not. Its best
answer is the median and not the mean, and its scale b settles at the mean absolute difference.

Unlike a Gaussian it is not the same in every orthonormal basis, so the part of a sound outside of a
subspace is not enough to know: such a decoder needs all coefficients.

Known failure: the density has an edge at m, where the gradient jumps from one sign to the other;
the last steps of a training oscillate.

References
----------
E. Lam, J. Goodman, "A mathematical analysis of the DCT coefficient distributions for images", IEEE
Trans. Image Processing 9, 2000 (why transform coefficients look so).
"""

import math

import torch
from pydantic import PositiveFloat

from baselines.likelihoods.base import Kind, LocationScale


class Laplace(LocationScale):
    """Independent Laplace densities.

    Parameters
    ----------
    num_dims : number P of coefficients of a sound
    initial_scale : b to start from, or to keep, in the unit of the coefficients
    minimum_scale : the learned scale never goes below
    scale : ``"learned"``, ``"per_dimension"`` or ``"fixed"``

    Attributes
    ----------
    outputs_per_dim : 1, the median

    Raises
    ------
    UsageError
        If there is no such kind of scale.
    ValueError
        If a number is not positive, or the initial scale is below the minimum.
    """

    def __init__(
        self,
        num_dims: int,
        initial_scale: PositiveFloat = 1.0,
        minimum_scale: PositiveFloat = 1e-4,
        scale: Kind = "learned",
    ) -> None:
        super().__init__(num_dims, initial_scale, minimum_scale, scale)

    def _log_densities(self, target: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        distance = (target - outputs[:, 0]).abs() * torch.exp(-self.log_scale)
        return -distance - self.log_scale - math.log(2)

    def _draw(self, outputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        median = outputs[:, 0]
        # The difference of two exponential numbers; 1 - u lies in (0, 1].
        uniform = torch.rand((2, *median.shape), generator=generator, dtype=median.dtype)
        log_first, log_second = torch.log1p(-uniform).unbind()
        return median + (log_second - log_first) * torch.exp(self.log_scale)
