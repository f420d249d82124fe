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

from baselines.decoder import Features
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


def log_weights(
    model: VAE, features: Features, samples: int, generator: torch.Generator
) -> torch.Tensor:
    """Return ln of the importance weights of samples of the posterior, nats, shape (K, B).

    Parameters
    ----------
    model : whose
    features : of B digits
    samples : K
    generator : of the samples

    Raises
    ------
    ValueError
        If there is no sample.
    """
    if samples < 1:
        raise ValueError(f"samples must be at least 1, got {samples}")
    rows = []
    with torch.no_grad():
        mean, log_variance = model.posterior(features)
        for _ in range(samples):
            noise = torch.randn(mean.shape, generator=generator)
            latent = mean + torch.exp(log_variance / 2) * noise
            nats = model.decoder.log_prob(features, model.decoder.answer(latent)).double()
            # ln p(z) - ln q(z|x); what both have of ln(2 pi) cancels.
            nats += (noise.square() + log_variance - latent.square()).double().sum(dim=1) / 2
            rows.append(nats)
    return torch.stack(rows)


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
    features = digits.rows(torch.arange(min(count, digits.num_sounds)))
    if features.num_sounds < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    generator = torch.Generator().manual_seed(seed)
    return float(iwae(log_weights(model, features, samples, generator)).mean())
