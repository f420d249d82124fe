"""Gamma likelihood of power, whose cost is the Itakura-Saito divergence.

The power of a bin of a noise's short-time spectrum is a fluctuating number around its expectation
m. For Gaussian noise, real and imaginary part are independent normal numbers and the power has an
exponential density: the gamma density of shape a = 1. With the decoder's d = ln m,

    ln p(x | m) = a ln a - ln G(a) - a d + (a - 1) ln x - a x / m

and for a = 1 minus this is ``x / m - ln(x / m) - 1``, the Itakura-Saito divergence of x from m, up
to ln x + 1. A larger shape stands for less fluctuation: a steady partial, or an average over a
frames. Only the ratio x / m counts, so quiet bins matter as much as loud ones, as in decibels; but
unlike a normal density of decibels it is lopsided: power that is missing costs little (noise has
deep holes), power that was not expected costs much.

Units
-----
``"power"``
    Targets are powers, at least 0, and d is ln m. Near 0 the density of a shape other than 1 has no
    finite logarithm, so powers up to the floor are one event: all are charged the probability that
    the power is at most the floor, spread evenly over it.
``"dB"``
    Targets and the decoder's answer are 10 log10 of power, as in a decibel spectrogram. The density
    is that of the decibels, with the Jacobian ln(10) / 10 x, and may be compared with a normal one.

Known failure: where a spectrogram is cut off by its floor, or holds the steady partials of a tone,
decibels do not fluctuate as those of noise do, and one shape for all bins is too small for these
and too large for the rest. What ten principal components leave of the spectrograms of ``tones`` has
0.76 nats a coefficient less under this density than under a normal one. It is a likelihood for
noisy sounds.

References
----------
F. Itakura and S. Saito, "Analysis synthesis telephony based on the maximum likelihood method",
6th Int. Congress on Acoustics, 1968.
C. Fevotte, N. Bertin and J.-L. Durrieu, "Nonnegative matrix factorization with the Itakura-Saito
divergence", Neural Computation 21(3), 2009.
L. Girin, F. Roche, T. Hueber and S. Leglaive, "Notes on the use of variational autoencoders for
speech and audio spectrogram modeling", DAFx-19, 2019.
"""

import math
from typing import Any, Literal

import torch
from pydantic import PositiveFloat

from baselines.bounded import bounded
from baselines.likelihoods.base import Factorised, Kind, add_log_parameter, numpy_generator
from toysound.errors import unknown_name

UNITS = ("power", "dB")

_NEPER_PER_DB = math.log(10) / 10

#: Beyond 130 dB above the expectation the exponential goes on as its tangent, so that the cost of a
#: wild answer and its gradient stay finite. No probability is left there.
_LINEAR_FROM = 30.0

#: Probabilities below are found by a series; ln y above which all is certain; a step of ln a.
_SMALLEST_P, _LARGEST_LOG_Y, _STEP = 1e-250, 40.0, 1e-5


class Gamma(Factorised):
    """Independent gamma densities of power, given its expectation.

    Parameters
    ----------
    num_dims : number P of coefficients of a sound
    unit : ``"power"`` or ``"dB"``, of targets; the decoder's answer is ln m or 10 log10 m
    shape : how the shape a is found: ``"learned"``, ``"per_dimension"`` or ``"fixed"``
    initial_shape : to start from, or to keep; 1 is the Itakura-Saito divergence
    floor : of ``"power"``: powers up to it are not told apart

    Attributes
    ----------
    outputs_per_dim : 1; the point estimate is the expected power

    Raises
    ------
    UsageError
        If there is no such unit or kind of shape.
    ValueError
        If a number is not positive.
    """

    _log_shape: torch.Tensor

    def __init__(
        self,
        num_dims: int,
        unit: Literal["power", "dB"] = "power",
        shape: Kind = "fixed",
        initial_shape: PositiveFloat = 1.0,
        floor: PositiveFloat = 1e-10,
    ) -> None:
        super().__init__(num_dims)
        if unit not in UNITS:
            raise unknown_name("unit", unit, UNITS)
        if floor <= 0:
            raise ValueError(f"floor must be positive, got {floor}")
        self.unit = unit
        if unit == "power":
            self.support = (0.0, math.inf)
        self.floor = floor
        add_log_parameter(self, "_log_shape", shape, initial_shape, num_dims)

    @property
    def log_shape(self) -> torch.Tensor:
        """Natural logarithm of a, shape () or (num_dims,); a lies between 1e-3 and 1e6."""
        return bounded(self._log_shape, math.log(1e-3), math.log(1e6))

    def answer(self, expected: torch.Tensor) -> torch.Tensor:
        """Return the expected decibels, or ln of the expected power, (1, P)."""
        if self.unit == "dB":
            return expected[None]
        return torch.log(expected.clamp(min=self.floor))[None]

    def gains(self, deviation: float) -> tuple[float, ...]:
        """Return 1 for decibels; ln of power changes by 1 with a power's deviation."""
        return (1.0,) if self.unit == "dB" else (1 / deviation,)

    def _log_densities(self, target: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        log_shape = self.log_shape
        shape = torch.exp(log_shape)
        normaliser = shape * log_shape - torch.lgamma(shape)
        if self.unit == "dB":
            log_ratio = (target - outputs[:, 0]) * _NEPER_PER_DB
            return normaliser + shape * (log_ratio - _exp(log_ratio)) + math.log(_NEPER_PER_DB)
        log_power = torch.log(target.clamp(min=self.floor))
        log_ratio = log_power - outputs[:, 0]
        above = normaliser + shape * (log_ratio - _exp(log_ratio)) - log_power
        log_floor = math.log(self.floor)
        at_floor = log_gamma_cdf(log_shape, log_shape + log_floor - outputs[:, 0]) - log_floor
        return torch.where(target > self.floor, above, at_floor)

    def _draw(self, outputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        expected = outputs[:, 0]
        shape = torch.exp(self.log_shape).expand(expected.shape).double().cpu().numpy()
        draws = numpy_generator(generator).standard_gamma(shape) / shape
        ratio = torch.from_numpy(draws).to(expected)
        if self.unit == "dB":
            least = torch.finfo(ratio.dtype).tiny  # 380 dB below the expectation
            return expected + torch.log(ratio.clamp(min=least)) / _NEPER_PER_DB
        return torch.exp(expected) * ratio

    def _point(self, outputs: torch.Tensor) -> torch.Tensor:
        return outputs[:, 0] if self.unit == "dB" else torch.exp(outputs[:, 0])


def _exp(exponent: torch.Tensor) -> torch.Tensor:
    """Return e^x, going on as its tangent above ``_LINEAR_FROM``."""
    beyond = (exponent - _LINEAR_FROM).clamp(min=0)
    return torch.exp(exponent.clamp(max=_LINEAR_FROM)) + math.exp(_LINEAR_FROM) * beyond


class _LogGammaCdf(torch.autograd.Function):
    """ln P(a, y) of ln a and ln y, in double precision."""

    @staticmethod
    def forward(ctx: Any, log_shape: torch.Tensor, log_y: torch.Tensor) -> torch.Tensor:
        result = _log_p(log_shape, log_y)
        ctx.save_for_backward(log_shape, log_y, result)
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        (log_shape, log_y, log_p), (gradient,) = ctx.saved_tensors, gradients
        shape, y = log_shape.exp(), log_y.exp()
        by_y = torch.exp(shape * log_y - y - torch.lgamma(shape) - log_p)
        # The derivative by the shape is no function of a library: a difference across it.
        above, below = (_log_p(log_shape + step, log_y) for step in (_STEP, -_STEP))
        return gradient * (above - below) / (2 * _STEP), gradient * by_y


def log_gamma_cdf(log_shape: torch.Tensor, log_y: torch.Tensor) -> torch.Tensor:
    """Return ln P(a, y), the probability that a gamma variate of shape a is at most y.

    Parameters
    ----------
    log_shape, log_y : ln a and ln y, of shapes that can be broadcast
    """
    shape = log_shape.double() + torch.zeros_like(log_y, dtype=torch.float64)
    y = log_y.double().clamp(max=_LARGEST_LOG_Y) + torch.zeros_like(shape)
    result: torch.Tensor = _LogGammaCdf.apply(shape, y)  # type: ignore[no-untyped-call]
    return result.to(log_y)


def _log_p(log_shape: torch.Tensor, log_y: torch.Tensor) -> torch.Tensor:
    shape, y = log_shape.exp(), log_y.exp()
    probability = torch.special.gammainc(shape, y)
    # Too small for a number: the series y^a e^-y / G(a + 1) (1 + y / (a + 1) + ...), summed as
    # a geometric one.
    ratio = (y / (shape + 1)).clamp(max=0.99)
    small = shape * log_y - y - torch.lgamma(shape + 1) - torch.log1p(-ratio)
    held = probability > _SMALLEST_P
    return torch.where(held, torch.log(torch.where(held, probability, 1.0)), small)
