"""The variational auto-encoder.

An encoder says of each sound a diagonal Gaussian q(z|x), a decoder says of each latent the
coefficients it expects, and one objective trains both, the evidence lower bound in nats:

    ELBO(x) = E_q(z|x)[ln p(x|z)] - weight * divergence(q(z|x), p(z)),  z = mean + deviation * noise

The expectation is taken with one reparametrised sample. The likelihood is normalised over all P
coefficients of a sound; with weight 1 and the Kullback-Leibler divergence the objective is a lower
bound of ln p(x).

The *stem*: encoder and decoder work on k coordinates along fixed orthonormal principal components,
which a network would have to learn at the cost of most of its time. The energy outside of these
components, which no decoder can reach, enters the likelihood as a constant of each sound, so that
the objective is that of all P coefficients and not of k.

References
----------
D. P. Kingma and M. Welling, "Auto-encoding variational Bayes", ICLR 2014.
C. K. Sonderby et al., "Ladder variational autoencoders", NIPS 2016: the divergence's warm-up.
Y. Burda, R. Grosse and R. Salakhutdinov, "Importance weighted autoencoders", ICLR 2016: the
estimate of ln p(x).
"""

import math
from typing import NamedTuple

import torch
from torch import nn

from baselines import divergences, likelihoods, networks
from baselines.principal import Principal
from baselines.recipes.schema import VaeRecipe

#: Where the posterior starts: a deviation of exp(-3) of the prior's, so that the decoder sees
#: something from the first step on.
_INITIAL_LOG_VARIANCE = -6.0

#: Range of the log-variance; far beyond what is used, so that one wild step stays finite.
_LOG_VARIANCE_RANGE = (-30.0, 10.0)

#: Samples of the posterior from which ln p(x) is estimated.
_IMPORTANCE_SAMPLES = 64


class Features(NamedTuple):
    """Sounds as the network sees them.

    Attributes
    ----------
    coordinates : along the components of the stem, unit of the coefficients, shape (B, k)
    outside : energy outside of them, squared unit of the coefficients, shape (B,)
    """

    coordinates: torch.Tensor
    outside: torch.Tensor


class Terms(NamedTuple):
    """The two terms of the objective, nats, shape (B,) or (); the ELBO is their difference."""

    log_likelihood: torch.Tensor
    divergence: torch.Tensor


class Stem(nn.Module):
    """Fixed linear ends: coefficients <-> coordinates along principal components.

    Parameters
    ----------
    principal : the components, k of P coefficients
    smallest_scale : smallest scale of a coordinate, as a fraction of the largest
    """

    mean: torch.Tensor
    basis: torch.Tensor
    scale: torch.Tensor

    def __init__(self, principal: Principal, smallest_scale: float) -> None:
        super().__init__()
        self.size, self.num_coefficients = principal.basis.shape
        smallest = max(smallest_scale * float(principal.deviation.max()), 1e-6)
        self.register_buffer("mean", principal.mean)
        self.register_buffer("basis", principal.basis)
        self.register_buffer("scale", principal.deviation.clamp(min=smallest))

    def project(self, coefficients: torch.Tensor) -> Features:
        """Return coefficients (B, P) as the network sees them."""
        centred = coefficients - self.mean
        coordinates = centred @ self.basis.T
        outside = (centred - coordinates @ self.basis).square().sum(dim=1)
        return Features(coordinates, outside)

    def expand(self, coordinates: torch.Tensor) -> torch.Tensor:
        """Return the coefficients (B, P) of coordinates (B, k)."""
        return coordinates @ self.basis + self.mean


class VAE(nn.Module):
    """Encoder, posterior, decoder and likelihood, put together by a recipe.

    The weights are drawn from torch's global random generator; seed it before.

    Parameters
    ----------
    recipe : the parts
    principal : components for the stem

    Attributes
    ----------
    latent_dim : D
    num_coefficients : P
    """

    def __init__(self, recipe: VaeRecipe, principal: Principal) -> None:
        super().__init__()
        self.latent_dim = recipe.latent_dim
        self.stem = Stem(principal, recipe.stem.smallest_scale)
        self.num_coefficients = self.stem.num_coefficients
        name, options = recipe.network.name, recipe.network.options
        self.encoder = networks.build(name, self.stem.size, 2 * self.latent_dim, **options)
        self.decoder = networks.build(name, self.latent_dim, self.stem.size, **options)
        self.likelihood = likelihoods.get(
            recipe.likelihood.name, self.num_coefficients, **recipe.likelihood.options
        )
        self._divergence = recipe.divergence

    def posterior(self, features: Features) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log-variance of q(z|x), each (B, D)."""
        mean, log_variance = self.encoder(features.coordinates / self.stem.scale).chunk(2, dim=1)
        return mean, (log_variance + _INITIAL_LOG_VARIANCE).clamp(*_LOG_VARIANCE_RANGE)

    def decode_coordinates(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the expected coordinates along the stem's components, (B, k)."""
        coordinates: torch.Tensor = self.decoder(latent) * self.stem.scale
        return coordinates

    def terms(self, features: Features, noise: torch.Tensor) -> Terms:
        """Return both terms of the objective for each sound, nats.

        Parameters
        ----------
        features : shape (B, ...)
        noise : standard normal, shape (B, D); the reparametrised sample is made from it
        """
        mean, log_variance = self.posterior(features)
        latent = mean + torch.exp(log_variance / 2) * noise
        log_likelihood = self.likelihood.log_prob(
            features.coordinates, self.decode_coordinates(latent), features.outside
        )
        divergence = divergences.compute(
            self._divergence.name, mean, log_variance, latent=latent, **self._divergence.options
        )
        return Terms(log_likelihood, divergence)

    def encode(self, coefficients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log-variance of q(z|x), each (B, D), of coefficients (B, P)."""
        return self.posterior(self.stem.project(coefficients))

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the expected coefficients, (B, P)."""
        return self.stem.expand(self.decode_coordinates(latent))

    def log_likelihood(self, coefficients: torch.Tensor) -> torch.Tensor:
        """Return an estimate of ln p(coefficients) under the prior and decoder, nats, (B,).

        Importance weighting with 64 samples of the posterior: a lower bound in expectation, nearer
        than the ELBO. All sounds share the same noise, so the answer does not depend on the batch.
        """
        features = self.stem.project(coefficients)
        mean, log_variance = self.posterior(features)
        generator = torch.Generator().manual_seed(0)
        log_weights = []
        for noise in torch.randn(_IMPORTANCE_SAMPLES, self.latent_dim, generator=generator):
            latent = mean + torch.exp(log_variance / 2) * noise
            log_joint = self.likelihood.log_prob(
                features.coordinates, self.decode_coordinates(latent), features.outside
            )
            log_joint = log_joint - latent.square().sum(dim=1) / 2
            log_posterior = -(noise.square() + log_variance).sum(dim=1) / 2
            log_weights.append(log_joint - log_posterior)
        log_sum = torch.logsumexp(torch.stack(log_weights), dim=0)
        return log_sum - math.log(_IMPORTANCE_SAMPLES)
