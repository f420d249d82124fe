"""Continuous Bernoulli likelihood: grey levels in [0, 1].

The Bernoulli formula, p(x) proportional to exp(l x), as a density on the interval [0, 1]. Its
integral is (e^l - 1) / l, so for each coefficient, with the decoder's logit l,

    ln p(x | l) = l x - ln((e^l - 1) / l) = l (x - 1/2) - ln(sinh(l / 2) / (l / 2))

which at l = 0 is the uniform density. The cross-entropy of grey levels that is in wide use leaves
out the last term, which is why its numbers are not nats of any density.

References
----------
G. Loaiza-Ganem and J. P. Cunningham, "The continuous Bernoulli: fixing a pervasive error in
variational autoencoders", NeurIPS 2019.
"""

import math

import torch

from baselines.likelihoods.base import Factorised

#: Below, series are exact to float64 rounding where the closed forms cancel.
_SMALL = 0.02

#: Expectations this near to 0 or 1 start from a finite logit.
_LEAST = 1e-3


class ContinuousBernoulli(Factorised):
    """Independent densities on [0, 1], proportional to exp(l x).

    Parameters
    ----------
    num_dims : number P of coefficients of a sound

    Attributes
    ----------
    outputs_per_dim : 1, the logit; the point estimate is the mean

    Raises
    ------
    ValueError
        If there is no coefficient.
    """

    support = (0.0, 1.0)

    def __init__(self, num_dims: int) -> None:
        super().__init__(num_dims)

    def answer(self, expected: torch.Tensor) -> torch.Tensor:
        """Return a logit of each expected level, (1, P); that of a Bernoulli density."""
        return torch.logit(expected.clamp(_LEAST, 1 - _LEAST))[None]

    def gains(self, deviation: float) -> tuple[float, ...]:
        """Return that logits change by 1 where coefficients change by their deviation."""
        return (1 / deviation,)

    def _log_densities(self, target: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        logit = outputs[:, 0]
        return logit * (target - 0.5) - _log_sinhc(logit / 2)

    def _draw(self, outputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        logit = outputs[:, 0]
        uniform = torch.rand(logit.shape, generator=generator, dtype=logit.dtype)
        # The inverse of the cumulative distribution, mirrored so that no exponential overflows.
        rate = logit.abs()
        large = rate.clamp(min=_SMALL)
        steep = -torch.log1p(uniform * torch.expm1(-large)) / large
        flat = uniform + rate * uniform * (uniform - 1) / 2
        from_edge = torch.where(rate < _SMALL, flat, steep).clamp(0, 1)
        return torch.where(logit > 0, 1 - from_edge, from_edge)

    def _point(self, outputs: torch.Tensor) -> torch.Tensor:
        logit = outputs[:, 0]
        # Mirrored, so that no exponential overflows.
        large = logit.abs().clamp(min=_SMALL)
        above = -1 / torch.expm1(-large) - 1 / large
        steep = torch.where(logit > 0, above, 1 - above)
        near = logit.clamp(-_SMALL, _SMALL)
        return torch.where(logit.abs() < _SMALL, 0.5 + near / 12 - near**3 / 720, steep)


def _log_sinhc(half: torch.Tensor) -> torch.Tensor:
    """Return ln(sinh(u) / u), smooth at 0 and finite for large u."""
    large = half.abs().clamp(min=_SMALL)
    far = large + torch.log(-torch.expm1(-2 * large)) - torch.log(large) - math.log(2)
    near = half.clamp(-_SMALL, _SMALL).square()
    series = near / 6 - near.square() / 180 + near**3 / 2835
    return torch.where(half.abs() < _SMALL, series, far)
