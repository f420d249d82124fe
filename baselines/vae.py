"""The variational auto-encoder.

An encoder says of each sound a diagonal Gaussian q(z|x), a decoder says of each latent the
coefficients it expects, and one objective trains both, the evidence lower bound in nats:

    ELBO(x) = E_q(z|x)[ln p(x|z)] - weight * divergence(q(z|x), p(z)),  z = mean + deviation * noise

The expectation is taken with one reparametrised sample. The likelihood is normalised over all P
coefficients of a sound; with weight 1 and the Kullback-Leibler divergence the objective is a lower
bound of ln p(x).

Encoder and decoder work on coordinates between fixed linear ends, see :mod:`baselines.stem`.

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

from baselines import divergences, networks
from baselines.decoder import Decoder, Features
from baselines.recipes.schema import VaeRecipe
from baselines.stem import Stem

#: Where the posterior starts: a deviation of exp(-3) of the prior's, so that the decoder sees
#: something from the first step on.
_INITIAL_LOG_VARIANCE = -6.0

#: Range of the log-variance; far beyond what is used, so that one wild step stays finite.
_LOG_VARIANCE_RANGE = (-30.0, 10.0)

#: Samples of the posterior from which ln p(x) is estimated.
_IMPORTANCE_SAMPLES = 64


class Terms(NamedTuple):
    """The two terms of the objective, whose difference is the ELBO, and what they are made of.

    Attributes
    ----------
    log_likelihood : nats, shape (B,)
    divergence : nats, shape (B,) or ()
    answer : what the decoder said, see :meth:`Decoder.answer`
    """

    log_likelihood: torch.Tensor
    divergence: torch.Tensor
    answer: torch.Tensor


class VAE(nn.Module):
    """Encoder, posterior, decoder and likelihood, put together by a recipe.

    The weights are drawn from torch's global random generator; seed it before.

    Parameters
    ----------
    recipe : the parts
    stem : the fixed ends

    Attributes
    ----------
    latent_dim : D
    num_coefficients : P
    """

    def __init__(self, recipe: VaeRecipe, stem: Stem) -> None:
        super().__init__()
        self.latent_dim = recipe.latent_dim
        self.num_coefficients = stem.num_coefficients
        name, options = recipe.network.name, recipe.network.options
        self.encoder = networks.encoder(name, stem.shape, 2 * self.latent_dim, **options)
        self.decoder = Decoder(self.latent_dim, stem, recipe.network, recipe.likelihood)
        self._divergence = recipe.divergence

    def features(self, coefficients: torch.Tensor) -> Features:
        """Return coefficients (B, P) as network and likelihood see them."""
        return self.decoder.features(coefficients)

    def posterior(self, features: Features) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log-variance of q(z|x), each (B, D)."""
        mean, log_variance = self.encoder(features.coordinates / self.decoder.stem.scale).chunk(
            2, dim=1
        )
        return mean, (log_variance + _INITIAL_LOG_VARIANCE).clamp(*_LOG_VARIANCE_RANGE)

    def unexplained(self, features: Features, answer: torch.Tensor) -> tuple[float, float]:
        """Return what the answer leaves out, see :meth:`Decoder.unexplained`."""
        return self.decoder.unexplained(features, answer)

    def terms(self, features: Features, noise: torch.Tensor, seed: int = 0) -> Terms:
        """Return both terms of the objective for each sound, nats.

        Parameters
        ----------
        features : shape (B, ...)
        noise : standard normal, shape (B, D); the reparametrised sample is made from it
        seed : of what a divergence draws itself
        """
        mean, log_variance = self.posterior(features)
        latent = mean + torch.exp(log_variance / 2) * noise
        answer = self.decoder.answer(latent)
        log_likelihood = self.decoder.log_prob(features, answer)
        divergence = divergences.compute(
            self._divergence.name,
            mean,
            log_variance,
            latent=latent,
            seed=seed,
            **self._divergence.options,
        )
        return Terms(log_likelihood, divergence, answer)

    def encode(self, coefficients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log-variance of q(z|x), each (B, D), of coefficients (B, P)."""
        return self.posterior(self.features(coefficients))

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the coefficients to listen to, (B, P)."""
        return self.decoder.decode(latent)

    def log_likelihood(self, coefficients: torch.Tensor) -> torch.Tensor:
        """Return an estimate of ln p(coefficients) under the prior and decoder, nats, (B,).

        Importance weighting with 64 samples of the posterior: a lower bound in expectation, nearer
        than the ELBO. All sounds share the same noise, so the answer does not depend on the batch.
        """
        features = self.features(coefficients)
        mean, log_variance = self.posterior(features)
        generator = torch.Generator().manual_seed(0)
        log_weights = []
        for noise in torch.randn(_IMPORTANCE_SAMPLES, self.latent_dim, generator=generator):
            latent = mean + torch.exp(log_variance / 2) * noise
            log_prob = self.decoder.log_prob(features, self.decoder.answer(latent))
            log_joint = log_prob - latent.square().sum(dim=1) / 2
            log_posterior = -(noise.square() + log_variance).sum(dim=1) / 2
            log_weights.append(log_joint - log_posterior)
        log_sum = torch.logsumexp(torch.stack(log_weights), dim=0)
        return log_sum - math.log(_IMPORTANCE_SAMPLES)
