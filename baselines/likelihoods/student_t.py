"""Student's t likelihood: large errors cost their logarithm.

With n degrees of freedom and a scale s, for each coefficient,

    ln p(x | m) = ln G((n + 1) / 2) - ln G(n / 2) - ln(n pi) / 2 - ln s
                  - (n + 1) / 2 * ln(1 + (x - m)^2 / (n s^2))

It is a normal density whose precision is itself drawn from a gamma density, once a coefficient. One
degree is the Cauchy density, many are nearly normal; with 4, the default, the variance is 2 s^2.
A coefficient that the model cannot explain pulls ever less the further away it is: partials that
start at an unexpected time, clicks, coefficients of a lapped transform.

Known failure: that a far error hardly pulls holds at the start of a training too; a decoder that
begins far away, in scales, learns slowly. Start with a scale of the size of the data.

References
----------
K. L. Lange, R. J. A. Little and J. M. G. Taylor, "Robust statistical modeling using the t
distribution", J. Am. Stat. Assoc. 84, 1989.
R. W. Bailey, "Polar generation of random variates with the t-distribution", Math. Comp. 62, 1994.
"""

import math

import torch
from pydantic import PositiveFloat

from baselines.likelihoods.base import Kind, LocationScale

#: Degrees of freedom from which on the series of the normaliser is exact in double precision.
_MANY = 1e4


class StudentT(LocationScale):
    """Independent Student's t densities.

    Parameters
    ----------
    num_dims : number P of coefficients of a sound
    degrees : of freedom n
    initial_scale : s to start from, or to keep, in the unit of the coefficients
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
        degrees: PositiveFloat = 4.0,
        initial_scale: PositiveFloat = 1.0,
        minimum_scale: PositiveFloat = 1e-4,
        scale: Kind = "learned",
    ) -> None:
        super().__init__(num_dims, initial_scale, minimum_scale, scale)
        if not 0 < degrees < math.inf:
            raise ValueError(f"degrees must be positive, got {degrees}")
        self.degrees = degrees
        self._normaliser = _log_normaliser(degrees)

    def _log_densities(self, target: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        distance = (target - outputs[:, 0]) * torch.exp(-self.log_scale) / math.sqrt(self.degrees)
        return self._normaliser - self.log_scale - (self.degrees + 1) * _half_log1p_square(distance)

    def _draw(self, outputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        median = outputs[:, 0]
        # Bailey's polar method: as Box and Muller's for normal numbers, for any degrees.
        uniform, turns = torch.rand((2, *median.shape), generator=generator, dtype=median.dtype)
        squared_radius = self.degrees * torch.expm1(-2 / self.degrees * torch.log1p(-uniform))
        deviation = squared_radius.sqrt() * torch.cos(2 * math.pi * turns)
        return median + deviation * torch.exp(self.log_scale)


def _log_normaliser(degrees: float) -> float:
    """Return ln of the density at the median, for a scale of 1."""
    if degrees > _MANY:  # the difference of two large numbers: its series instead
        return -math.log(2 * math.pi) / 2 - 1 / (4 * degrees) + 1 / (24 * degrees**3)
    return (
        math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2) - math.log(degrees * math.pi) / 2
    )


def _half_log1p_square(distance: torch.Tensor) -> torch.Tensor:
    """Return ln sqrt(1 + d^2): no square overflows, and nothing is lost where d is small."""
    near = torch.log1p(distance.clamp(-1, 1).square()) / 2
    far = torch.log(torch.hypot(distance, torch.ones_like(distance)))
    return torch.where(distance.abs() < 1, near, far)
