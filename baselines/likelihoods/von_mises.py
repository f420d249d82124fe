"""Von Mises likelihood: angles, such as the phase of a spectrum.

An angle that is off by a turn is right. The von Mises density is the normal density of the circle:

    ln p(x | m, k) = k cos(x - m) - ln(2 pi I0(k)),   -pi < x <= pi

with the mean direction m, the concentration k (about 1 / variance where it is large, and 0 for the
uniform density) and the modified Bessel function I0.

A network that answered with m itself would have to jump from pi to -pi somewhere. The decoder gives
a vector (a, b) instead, which points towards m. Its length is the concentration by default, and the
density ``a cos x + b sin x - ln(2 pi I0(sqrt(a^2 + b^2)))`` is smooth everywhere: a bin whose phase
cannot be known, because there is no energy in it, gets a short vector.

Known failure: the phase of a bin turns with each sample of delay; a latent space of a few
dimensions can hardly follow it. Differences between frames (instantaneous frequency) stand still.

References
----------
K. V. Mardia and P. E. Jupp, "Directional statistics", Wiley, 2000, section 3.5.4.
"""

import math
from typing import Literal

import torch
from pydantic import PositiveFloat

from baselines.bounded import bounded
from baselines.likelihoods.base import KINDS, Factorised, Kind, add_log_parameter, numpy_generator
from toysound.errors import unknown_name

_LOG_2PI = math.log(2 * math.pi)

#: A standard deviation of a milliradian: keeps a perfect fit finite.
LARGEST_CONCENTRATION = 1e6

#: Length below which a vector has no direction.
_SHORTEST = 1e-10


class VonMises(Factorised):
    """Independent densities of angles in radians, with a period of 2 pi.

    Parameters
    ----------
    num_dims : number P of coefficients of a sound
    concentration : ``"decoded"``, the length of the decoder's vector; or ``"learned"``,
        ``"per_dimension"`` or ``"fixed"``, and only the vector's direction counts
    initial_concentration : k to start from, or to keep; not used where it is decoded

    Attributes
    ----------
    outputs_per_dim : 2, a and b; the point estimate is the mean direction in (-pi, pi]

    Raises
    ------
    UsageError
        If there is no such kind of concentration.
    ValueError
        If a number is not positive.
    """

    support = (-math.pi, math.pi)
    _log_concentration: torch.Tensor

    def __init__(
        self,
        num_dims: int,
        concentration: Literal["decoded", "learned", "per_dimension", "fixed"] = "decoded",
        initial_concentration: PositiveFloat = 1.0,
    ) -> None:
        super().__init__(num_dims, outputs_per_dim=2)
        if concentration not in ("decoded", *KINDS):
            raise unknown_name("concentration", concentration, ("decoded", *KINDS))
        self._decoded = concentration == "decoded"
        if concentration != "decoded":
            kind: Kind = concentration
            add_log_parameter(self, "_log_concentration", kind, initial_concentration, num_dims)

    def answer(self, expected: torch.Tensor) -> torch.Tensor:
        """Return a vector of length 1 towards each expected angle, (2, P)."""
        return torch.stack([torch.cos(expected), torch.sin(expected)])

    def gains(self, deviation: float) -> tuple[float, ...]:
        """Return that a vector changes by 1 where angles change by their deviation."""
        return (1 / deviation,) * 2

    def _log_densities(self, target: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        cosine, sine, concentration = self._direction(outputs)
        # cos(x - m) - 1 as a chord, which loses no digits where x is near m.
        chord = (torch.cos(target) - cosine).square() + (torch.sin(target) - sine).square()
        log_bessel = torch.log(torch.special.i0e(concentration))  # ln I0(k) - k
        return -concentration * chord / 2 - log_bessel - _LOG_2PI

    def _draw(self, outputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        concentration = self._direction(outputs)[2].expand(outputs[:, 0].shape)
        rng = numpy_generator(generator)
        turned = rng.vonmises(self._point(outputs).double().numpy(), concentration.double().numpy())
        return torch.from_numpy(turned).to(outputs)

    def _point(self, outputs: torch.Tensor) -> torch.Tensor:
        return torch.atan2(outputs[:, 1], outputs[:, 0])

    def _direction(self, outputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return cosine and sine of the mean direction, (B, P), and the concentration."""
        a, b = outputs[:, 0], outputs[:, 1]
        if self._decoded:
            # Never 0, so that the gradient at (0, 0) is a number.
            length = torch.hypot(torch.hypot(a, torch.full_like(a, _SHORTEST)), b)
            return a / length, b / length, bounded(length, high=LARGEST_CONCENTRATION)
        # A vector without a direction points to 0: the density must have one.
        lost = (a.abs() < _SHORTEST) & (b.abs() < _SHORTEST)
        a = torch.where(lost, torch.ones_like(a), a)
        length = torch.hypot(a, b)
        largest = math.log(LARGEST_CONCENTRATION)
        return a / length, b / length, torch.exp(bounded(self._log_concentration, high=largest))
