"""The Jensen-Shannon divergence between posterior and prior, by sampling.

    JS(q, p) = (KL(q || m) + KL(p || m)) / 2,    m = (q + p) / 2

The mixture of two Gaussians is none, so there is no closed form. But JS is the information, in
nats, that z holds on which of the two it was drawn from. Given z, with the log ratio
t = ln q(z) - ln p(z), the answer is q with probability sigmoid(t), so

    JS = ln 2 - E_m[H(sigmoid(t))],    H the entropy of a yes or no, in nats

The estimate is the mean of ``ln 2 - H(sigmoid(t))`` over equally many reparametrised samples of
both. Each term lies in [0, ln 2] and is 0 where q = p: unlike the mean of log ratios, which it
equals in expectation, the estimate is never negative, never above ln 2, exactly 0 at the prior, and
it varies less.

It is at most ln 2 = 0.69 for a whole sound, however many dimensions: beside a likelihood of
thousands of nats that is nothing, and once q and p hardly overlap the gradient is 0. So weigh it by
tens or hundreds, or take the sum over dimensions (``per_dimension=True``), which is at most D ln 2
and goes on pulling dimensions that still overlap. The sum is a divergence too, but another one.

It never is a bound at any weight: KL(q || p) is not bounded by any multiple of ln 2.

References
----------
J. Lin, "Divergence measures based on the Shannon entropy", IEEE Trans. Inf. Theory 37, 1991.
"""

import math

import torch
from pydantic import PositiveInt
from torch.nn.functional import logsigmoid

from baselines.divergences.drawing import standard_normal
from baselines.divergences.registry import NEVER, Divergence


def jensen_shannon(
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
    num_samples: PositiveInt = 16,
    per_dimension: bool = False,
) -> torch.Tensor:
    """Return an estimate of JS(q(z|x), N(0, I)), nats in [0, ln 2], shape (B,).

    Parameters
    ----------
    mean, log_variance : shape (B, D)
    latent : not used; it draws from posterior and prior alike
    seed : of the samples
    num_samples : of each of the two, for every sound; at least 1
    per_dimension : take the sum of JS(q(z_i|x), N(0, 1)) over dimensions, in [0, D ln 2]
    """
    shape = (num_samples, *mean.shape)
    of_posterior = standard_normal(shape, mean, seed, "posterior of jensen_shannon")
    of_prior = standard_normal(shape, mean, seed, "prior of jensen_shannon")
    latents = mean + torch.exp(log_variance / 2) * of_posterior
    # ln q - ln p, in which the samples of q know their noise and lose no digits.
    at_posterior = latents.square() - of_posterior.square() - log_variance
    whitened = (of_prior - mean) * torch.exp(-log_variance / 2)
    at_prior = of_prior.square() - whitened.square() - log_variance
    log_ratio = torch.cat([at_posterior, at_prior]) / 2
    if per_dimension:
        return _information(log_ratio).mean(dim=0).sum(dim=1)
    return _information(log_ratio.sum(dim=2)).mean(dim=0)


def _information(log_ratio: torch.Tensor) -> torch.Tensor:
    """Return ln 2 - H(sigmoid(t)): what is known of a fair choice once the log ratio is seen."""
    first = torch.sigmoid(log_ratio) * logsigmoid(log_ratio)
    second = torch.sigmoid(-log_ratio) * logsigmoid(-log_ratio)
    return math.log(2) + first + second


JENSEN_SHANNON = Divergence(
    name="jensen_shannon",
    function=jensen_shannon,
    formula="(KL(q || m) + KL(p || m)) / 2, m = (q + p) / 2; at most ln 2",
    estimator="Monte Carlo, 16 samples of posterior and prior a sound",
    reference="Lin 1991",
    behaviour=(
        "flat far from the prior: sounds that gain more than it can cost leave the prior, so q(z) "
        "becomes spots far apart unless the weight is large"
    ),
    least_weight=NEVER,
)
