"""What a trained model is worth, on digits it has not seen.

test ELBO
    mean over digits of ln p(x|z) - KL with one sample z of the posterior, nats, at weight 1
    whatever weight it was trained with.
importance-weighted bound
    ln of the mean of K weights p(x, z) / q(z|x), nearer to ln p(x) from below than the ELBO; its
    negative is what papers call NLL. It still rises with K, so K belongs to the number.
active units
    dimensions whose posterior mean has a variance over the digits above 0.01 (Burda et al.).
dimensions over 0.1 nat
    those with a mean KL divergence above that. The two disagree where there are many dimensions:
    a mean may move a little in a dimension that says next to nothing. Both are reported, with the
    whole spectrum of KL divergences, largest first.

References
----------
Y. Burda, R. Grosse and R. Salakhutdinov, "Importance weighted autoencoders", ICLR 2016.
"""

import math
from typing import NamedTuple

import torch

from baselines.divergences.kl import kl_per_dimension
from baselines.importance import iwae
from baselines.training import Sounds
from baselines.vae import VAE

#: Variance of a mean above which a dimension is active; KL divergence, nats, from which it counts.
_ACTIVE_VARIANCE, _INFORMED_NATS = 0.01, 0.1

#: Digits that are encoded at a time.
_BLOCK = 1000


class Posteriors(NamedTuple):
    """Of each digit: mean and log-variance, shape (N, D)."""

    mean: torch.Tensor
    log_variance: torch.Tensor


def posteriors(model: VAE, digits: Sounds) -> Posteriors:
    """Return the posteriors of digits."""
    blocks_needed = math.ceil(digits.num_sounds / _BLOCK)
    with torch.no_grad():
        blocks = [
            model.posterior(digits.rows(rows))
            for rows in torch.arange(digits.num_sounds).tensor_split(blocks_needed)
        ]
    means, log_variances = zip(*blocks, strict=True)
    return Posteriors(torch.cat(means), torch.cat(log_variances))


def active_units(found: Posteriors) -> int:
    """Return how many dimensions have a mean that varies from digit to digit."""
    return int((found.mean.double().var(dim=0, correction=0) > _ACTIVE_VARIANCE).sum())


class Spectrum(NamedTuple):
    """KL divergence of each dimension from the prior, mean over digits.

    Attributes
    ----------
    nats : largest first
    order : which dimensions these are, counted from 0
    """

    nats: list[float]
    order: list[int]

    @property
    def informed(self) -> int:
        """How many dimensions are above 0.1 nat."""
        return sum(nats > _INFORMED_NATS for nats in self.nats)


def kl_spectrum(found: Posteriors) -> Spectrum:
    """Return how much each dimension says."""
    nats, order = kl_per_dimension(*found).double().mean(dim=0).sort(descending=True, stable=True)
    return Spectrum(nats.tolist(), order.tolist())


def rmse(model: VAE, digits: Sounds) -> float:
    """Return the root mean square error of the ink of digits decoded from their means."""
    with torch.no_grad():
        seen = digits.rows(torch.arange(digits.num_sounds))
        ink = model.decode(model.posterior(seen)[0])
        return float((ink - seen.coordinates).square().mean().sqrt())


def importance_bound(model: VAE, digits: Sounds, count: int, samples: int, seed: int = 0) -> float:
    """Return the importance-weighted bound, mean over the first ``count`` digits, nats.

    Parameters
    ----------
    model : whose
    digits : of which the first are taken; all where there are fewer
    count : how many digits
    samples : weights of each
    seed : of the samples

    Raises
    ------
    ValueError
        If there is no digit or no sample.
    """
    if min(count, samples, digits.num_sounds) < 1:
        raise ValueError(f"count and samples must be at least 1, got {count} and {samples}")
    features = digits.rows(torch.arange(min(count, digits.num_sounds)))
    size = features.num_sounds, model.latent_dim
    generator = torch.Generator().manual_seed(seed)
    noises = (torch.randn(size, generator=generator) for _ in range(samples))
    with torch.no_grad():
        return float(iwae(model.log_weights(features, noises)).double().mean())
