"""Discretised logistic mixture: the mass that a smooth density leaves on each quantised level.

A quantised coefficient takes one of N levels, equally spaced in [low, high]. The decoder describes
a mixture of K logistic densities, and the probability of a level is the mixture's integral over the
level's own cell, the two outermost cells reaching to infinity: the N probabilities sum to 1. With
the distribution function of a logistic density, the sigmoid S,

    P(x) = sum_k w_k [S((x + h - m_k) / s_k) - S((x - h - m_k) / s_k)],   h = half a cell

Unlike a categorical likelihood it knows that neighbouring levels are alike, and needs 3 K outputs
a coefficient whatever N is. The logistic density has exponential tails, like the Laplace density,
and no edge.

The difference of two nearly equal sigmoids is computed without cancellation, as
S(a) - S(b) = S(a) S(-b) (1 - exp(b - a)), so no case has to be set apart in the tails.

References
----------
T. Salimans, A. Karpathy, X. Chen and D. P. Kingma, "PixelCNN++", ICLR 2017.
A. van den Oord et al., "Parallel WaveNet: fast high-fidelity speech synthesis", ICML 2018: ten
logistic densities over 65,536 levels of sound.
"""

import math

import torch
from pydantic import PositiveFloat, PositiveInt
from torch.nn.functional import logsigmoid

from baselines.bounded import bounded
from baselines.likelihoods.base import Factorised, numpy_generator
from baselines.likelihoods.categorical import pick
from toysound.errors import UsageError

#: Scale of a component that a decoder starts from, in half-ranges.
_START_SCALE = 0.1


class DiscretisedLogisticMixture(Factorised):
    """Independent quantised coefficients under mixtures of logistic densities.

    Parameters
    ----------
    num_dims : number P of coefficients of a sound
    components : K
    levels : N, at least 2; 65,536 for 16-bit samples
    low, high : the outermost levels, in the unit of the coefficients
    smallest_scale : of a component, in cells; keeps a perfect fit finite

    Attributes
    ----------
    outputs_per_dim : 3 K: the logits of all weights, then all means, then all ln scales. Means and
        scales are in units of (high - low) / 2, means around the middle. The point estimate is the
        mean of the mixture

    Raises
    ------
    UsageError
        If ``low`` is not below ``high``.
    ValueError
        If there is no coefficient or no component, or fewer than two levels.
    """

    def __init__(
        self,
        num_dims: int,
        components: PositiveInt = 4,
        levels: PositiveInt = 65536,
        low: float = -1.0,
        high: float = 1.0,
        smallest_scale: PositiveFloat = 0.1,
    ) -> None:
        if components < 1 or levels < 2 or smallest_scale <= 0:
            raise ValueError(
                f"there must be at least 1 component, 2 levels and a positive smallest scale, got "
                f"{components}, {levels} and {smallest_scale}"
            )
        if not low < high:
            raise UsageError(f"low must be below high, got {low} and {high}")
        super().__init__(num_dims, 3 * components)
        self.components = components
        self.levels = levels
        self.low, self.high = self.support = low, high
        self._half_cell = 1 / (levels - 1)
        self._smallest_log_scale = math.log(2 * self._half_cell * smallest_scale)

    def answer(self, expected: torch.Tensor) -> torch.Tensor:
        """Return equal weights, means around the expected level, and wide scales, (3 K, P)."""
        middle, half_range = (self.high + self.low) / 2, (self.high - self.low) / 2
        around = torch.linspace(-1, 1, self.components + 2)[1:-1].to(expected)[:, None]
        means = (expected - middle) / half_range + _START_SCALE * around
        scales = torch.full_like(means, math.log(_START_SCALE))
        return torch.cat([torch.zeros_like(means), means, scales])

    def gains(self, deviation: float) -> tuple[float, ...]:
        """Return half-ranges for means, and changes by 1 of logits and ln scales."""
        free = (1 / deviation,) * self.components
        return (*free, *(2 / (self.high - self.low),) * self.components, *free)

    def _log_densities(self, target: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        log_weights, means, log_scales = self._components(outputs)
        level = ((target - self.low) / (self.high - self.low) * (self.levels - 1)).round()
        level = level.clamp(0, self.levels - 1)[:, None]
        # In units of the half-range the levels lie in [-1, 1].
        distance = level * (2 * self._half_cell) - 1 - means
        per_scale = torch.exp(-log_scales)
        upper = (distance + self._half_cell) * per_scale
        lower = (distance - self._half_cell) * per_scale
        width = 2 * self._half_cell * per_scale
        inside = logsigmoid(upper) + logsigmoid(-lower) + torch.log(-torch.expm1(-width))
        mass = torch.where(level <= 0, logsigmoid(upper), inside)
        mass = torch.where(level >= self.levels - 1, logsigmoid(-lower), mass)
        return torch.logsumexp(log_weights + mass, dim=1)

    def _draw(self, outputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        log_weights, means, log_scales = self._components(outputs)
        rng = numpy_generator(generator)
        uniform = torch.from_numpy(rng.random((2, *outputs[:, 0].shape))).to(outputs)
        chosen = pick(log_weights.exp(), uniform[0])[:, None]
        mean, log_scale = (part.gather(1, chosen)[:, 0] for part in (means, log_scales))
        smallest = torch.finfo(outputs.dtype).eps
        value = mean + torch.exp(log_scale) * torch.logit(uniform[1], eps=smallest)
        level = ((value + 1) / (2 * self._half_cell)).round().clamp(0, self.levels - 1)
        return self.low + level / (self.levels - 1) * (self.high - self.low)

    def _point(self, outputs: torch.Tensor) -> torch.Tensor:
        log_weights, means, _ = self._components(outputs)
        middle, half_range = (self.high + self.low) / 2, (self.high - self.low) / 2
        return (middle + half_range * (log_weights.exp() * means).sum(dim=1)).clamp(
            self.low, self.high
        )

    def _components(self, outputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return ln weights, means and ln scales, each (B, K, P)."""
        logits, means, log_scales = outputs.chunk(3, dim=1)
        # No scale is wider than e^10 half-ranges, where all levels are equally probable.
        log_scales = bounded(log_scales, self._smallest_log_scale, 10.0)
        return torch.log_softmax(logits, dim=1), means, log_scales
