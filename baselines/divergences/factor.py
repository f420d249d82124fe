"""FactorVAE's regulariser: the Kullback-Leibler divergence and a multiple of the total correlation.

    KL(q(z|x) || p(z)) + gamma * TC,   TC = KL(q(z) || prod_i q(z_i))

Total correlation is what the dimensions of the aggregate posterior q(z) say of each other. Here it
is not computed from the densities of the posteriors, as ``beta_tc`` does, but found by a *critic*:
a network that is shown codes as they are and codes whose dimensions have been shuffled between
sounds, each dimension on its own, and has to tell them apart. Shuffled codes are draws of the
product of the marginals. The best answer of a critic that is trained by cross-entropy is

    d(z) = ln q(z) - ln prod_i q(z_i),

the logarithm of the density ratio, so that its mean over codes is the total correlation.

Both are trained at once by one step: the critic's parameters are frozen where the model is charged
for the total correlation, and the codes are frozen where the critic is charged for its mistakes.

Known failure: the estimate is too low. A critic that is as sure as it may be of each of its
answers says the divergence between the densities of its answers, which is at most that between the
codes themselves: what it has not noticed costs nothing. In a training it runs behind the codes.
Codes that it cannot tell apart are not thereby independent.

Without a critic the total correlation is estimated from the batch alone, as in ``beta_tc``.

Reference
---------
H. Kim and A. Mnih, "Disentangling by factorising", ICML 2018.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import nn
from torch.nn.functional import softplus

from baselines.divergences.beta_tc import aggregate_log_densities
from baselines.divergences.drawing import posterior_samples
from baselines.divergences.kl import kl
from baselines.divergences.registry import NEVER, Critic, Divergence

_SLOPE = 0.2


def factor(
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
    critic: nn.Module | None = None,
    gamma: NonNegativeFloat = 10.0,
    width: PositiveInt = 256,
    depth: PositiveInt = 4,
    critic_rate: PositiveFloat = 1e-3,
) -> torch.Tensor:
    """Return the mean KL divergence plus gamma times the total correlation, nats, a scalar.

    Parameters
    ----------
    mean, log_variance : shape (B, D), B at least 2
    latent : one sample of each posterior, shape (B, D); drawn if not given
    seed : of these samples
    critic : gives d(z), (B, 1), of codes (B, D); no gradient reaches its parameters
    gamma : weight of the total correlation, at least 0
    width, depth : of the critic's hidden layers
    critic_rate : learning rate of the critic
    """
    divergence = kl(mean, log_variance).mean()
    samples = posterior_samples(mean, log_variance, latent, seed)
    if critic is None:
        joint, product = aggregate_log_densities(mean, log_variance, samples)
        return divergence + gamma * (joint - product).mean()
    frozen = {name: tensor.detach() for name, tensor in critic.named_parameters()}
    ratio: torch.Tensor = torch.func.functional_call(critic, frozen, (samples,))
    return divergence + gamma * ratio.mean()


def make_critic(latent_dim: int, *, width: int = 256, depth: int = 4, **_: object) -> nn.Module:
    """Return an untrained critic of codes (B, D); its weights are drawn from torch's generator.

    Parameters
    ----------
    latent_dim : D
    width, depth : of its hidden layers
    """
    sizes = [latent_dim, *[width] * depth]
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.LeakyReLU(_SLOPE)]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 1))


def critic_loss(critic: nn.Module, latent: torch.Tensor, seed: int) -> torch.Tensor:
    """Return the cross-entropy of a critic that tells codes from shuffled codes, nats, a scalar.

    Parameters
    ----------
    critic : to be trained
    latent : codes, shape (B, D); no gradient reaches them
    seed : of the shuffles
    """
    codes = latent.detach()
    ratios = critic(torch.cat((codes, shuffled(codes, seed))))[:, 0]
    return (softplus(-ratios[: len(codes)]).mean() + softplus(ratios[len(codes) :]).mean()) / 2


def shuffled(codes: torch.Tensor, seed: int) -> torch.Tensor:
    """Return codes (B, D) with every dimension shuffled between the sounds on its own."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.rand(codes.shape, generator=generator).argsort(dim=0).to(codes.device)
    return codes.gather(0, order.to(codes.device))


def _least_weight(options: Mapping[str, Any]) -> float:
    """A critic may find a total correlation below 0: only without it is the objective a bound."""
    return 1.0 if options["gamma"] == 0 else NEVER


FACTOR = Divergence(
    name="factor",
    function=factor,
    formula="KL(q(z|x) || p(z)) + gamma KL(q(z) || prod_i q(z_i))",
    estimator="closed form, and the density ratio by a critic that is trained beside the model",
    reference="Kim and Mnih 2018",
    behaviour="makes the dimensions of q(z) independent of each other, as far as a critic can tell",
    least_weight=_least_weight,
    per_sound=False,
    needs_batch=True,
    needs_latent=True,
    critic=Critic(make_critic, critic_loss),
)
