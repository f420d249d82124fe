"""The beta-TCVAE's regulariser: the Kullback-Leibler divergence in three parts, weighted apart.

Averaged over sounds, with the aggregate posterior q(z) = E_x[q(z|x)],

    mean KL(q(z|x) || p(z)) = KL(q(z, x) || q(z) q(x))      information between z and x
                            + KL(q(z) || prod_i q(z_i))     total correlation
                            + sum_i KL(q(z_i) || p(z_i))    dimension-wise KL

The total correlation is what dimensions say of each other. The beta-TCVAE multiplies that part
alone, so that dimensions become independent without saying less:

    alpha * information + beta * total correlation + gamma * dimension-wise KL

The sum of the three has a closed form, so only two are estimated here, and for beta = 1 and the
rest at 1 it is exactly the KL divergence:

    alpha KL + (beta - alpha) total correlation + (gamma - alpha) dimension-wise KL

Minibatch stratified sampling
-----------------------------
q(z) is a mixture over all N sounds, of which a batch shows B. The sound that z was drawn from
matters most and occurs in the mixture with 1 / N, so it gets this weight, and the others of the
batch share the rest: (N - 1) / (N (B - 1)) each. This density is unbiased. (Chen et al. give one
of the others, chosen by its place, another weight; equal weights have the same mean, vary less, and
do not depend on the order of the batch. In their published code, and in copies of it, the weight
1 / N is given to the first sound of the batch in place of the own one.)

``dataset_size`` is N. With 0, for unknown, the batch stands for the whole dataset: every weight is
1 / B, and the constant (D - 1) ln N, which plain minibatch weights add to the total correlation,
does not arise.

With weights that are at least 1 the three parts would make a bound: none is negative. Their
estimate makes none, unless all weights are equal and the closed form is all there is.

Known failure: the logarithm of an unbiased density is biased. Where posteriors are narrow and many,
few or none of a batch overlap at z: q(z) is then its own term alone, while in each dimension others
do overlap, and dimensions that are independent seem to depend on each other by nats. What is left
for a training is the gradient, which is better than the value. The table in docs/divergences.md
shows how large the bias is.

References
----------
R. T. Q. Chen, X. Li, R. Grosse and D. Duvenaud, "Isolating sources of disentanglement in
variational autoencoders", NeurIPS 2018, section 3 and appendix C.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from pydantic import NonNegativeFloat, NonNegativeInt

from baselines.divergences.drawing import posterior_samples
from baselines.divergences.kl import kl
from baselines.divergences.registry import NEVER, Divergence
from toysound.errors import UsageError


def beta_tc(
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
    num_sounds: int = 0,
    beta: NonNegativeFloat = 6.0,
    alpha: NonNegativeFloat = 1.0,
    gamma: NonNegativeFloat = 1.0,
    dataset_size: NonNegativeInt = 0,
) -> torch.Tensor:
    """Return the weighted parts of the mean KL divergence, nats, a scalar for the batch.

    Parameters
    ----------
    mean, log_variance : shape (B, D), B at least 2
    latent : one sample of each posterior, shape (B, D); drawn if not given
    seed : of these samples
    num_sounds : of the training; stands for ``dataset_size`` where that is not given
    beta : weight of the total correlation, at least 0
    alpha : weight of the information between z and x, at least 0
    gamma : weight of the dimension-wise KL divergence, at least 0
    dataset_size : number of training sounds N, at least B; 0 for what the training says, and where
        that is not known either, the batch stands for the whole

    Raises
    ------
    UsageError
        If there are more sounds in the batch than in the dataset.
    """
    total = alpha * kl(mean, log_variance).mean()
    if beta == gamma == alpha:
        return total
    samples = posterior_samples(mean, log_variance, latent, seed)
    joint, product = aggregate_log_densities(
        mean, log_variance, samples, dataset_size or num_sounds
    )
    log_prior = -(samples.square().sum(dim=1) + samples.shape[1] * math.log(2 * math.pi)) / 2
    correlation, dimension_wise = joint - product, product - log_prior
    return total + ((beta - alpha) * correlation + (gamma - alpha) * dimension_wise).mean()


def aggregate_log_densities(
    mean: torch.Tensor, log_variance: torch.Tensor, samples: torch.Tensor, dataset_size: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return estimates of ln q(z) and of sum_i ln q(z_i) at one sample a sound, each (B,).

    The mean of their difference is the total correlation.

    Parameters
    ----------
    mean, log_variance, samples : shape (B, D); row i of the samples is of posterior i
    dataset_size : number of training sounds N, at least B; 0 for B

    Raises
    ------
    UsageError
        If there are more sounds in the batch than in the dataset.
    """
    whitened = (samples[:, None] - mean) * torch.exp(-log_variance / 2)
    log_densities = -(whitened.square() + log_variance + math.log(2 * math.pi)) / 2  # (B, B, D)
    log_weights = _log_weights(len(mean), dataset_size).to(mean)
    joint = torch.logsumexp(log_weights + log_densities.sum(dim=2), dim=1)
    product = torch.logsumexp(log_weights[:, :, None] + log_densities, dim=1).sum(dim=1)
    return joint, product


def _log_weights(batch_size: int, dataset_size: int) -> torch.Tensor:
    """Return the logarithm of the share of posterior j in q(z) at a sample of i, shape (B, B)."""
    size = dataset_size or batch_size
    if batch_size > size:
        raise UsageError(
            f"dataset_size is {size} and the batch holds {batch_size} sounds; dataset_size is the "
            "number of all training sounds, or 0 if it is not known"
        )
    others = math.log((size - 1) / (size * (batch_size - 1)))
    weights = torch.full((batch_size, batch_size), others, dtype=torch.float64)
    return weights.fill_diagonal_(-math.log(size))


def _least_weight(options: Mapping[str, Any]) -> float:
    """Three equal weights are that of a closed form; an estimate may be too low by any amount."""
    alpha: float = options["alpha"]
    return 1 / alpha if alpha == options["beta"] == options["gamma"] and alpha > 0 else NEVER


BETA_TC = Divergence(
    name="beta_tc",
    function=beta_tc,
    formula="alpha I(z; x) + beta KL(q(z) || prod_i q(z_i)) + gamma sum_i KL(q(z_i) || p(z_i))",
    estimator="closed form and minibatch stratified sampling, one sample a sound",
    reference="Chen et al. 2018",
    behaviour="makes the dimensions of q(z) independent of each other and charges the rest as KL",
    least_weight=_least_weight,
    per_sound=False,
    needs_batch=True,
    needs_latent=True,
)
