"""The variational auto-encoder.

An encoder says of each sound a diagonal Gaussian q(z|x), a decoder says of each latent the
coefficients it expects, and one objective trains both, the evidence lower bound in nats:

    ELBO(x) = E_q(z|x)[ln p(x|z)] - weight * divergence(q(z|x), p(z)),  z = mean + deviation * noise

The expectation is taken with one reparametrised sample. The likelihood is normalised over all P
coefficients of a sound; with weight 1 and the Kullback-Leibler divergence the objective is a lower
bound of ln p(x).

Encoder and decoder work on coordinates between the fixed linear ends of a :mod:`baselines.stem`.
With an isotropic likelihood the coordinates are all that has to be compared; the energy outside of
them, which no decoder can reach, enters the likelihood as a constant of each sound, so that the
objective is that of all P coefficients. Every other likelihood is of the coefficients themselves,
and its answers, of which there may be several for each coefficient, are lifted by the same stem.

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
from baselines.recipes.schema import VaeRecipe
from baselines.stem import Stem

#: Where the posterior starts: a deviation of exp(-3) of the prior's, so that the decoder sees
#: something from the first step on.
_INITIAL_LOG_VARIANCE = -6.0

#: Range of the log-variance; far beyond what is used, so that one wild step stays finite.
_LOG_VARIANCE_RANGE = (-30.0, 10.0)

#: Samples of the posterior from which ln p(x) is estimated.
_IMPORTANCE_SAMPLES = 64


class Features(NamedTuple):
    """Sounds as the network and the likelihood see them.

    Attributes
    ----------
    coordinates : of the stem, shape (B, k)
    outside : energy outside of them, squared unit of the coefficients, shape (B,)
    coefficients : shape (B, P), where the likelihood needs them; else None
    """

    coordinates: torch.Tensor
    outside: torch.Tensor
    coefficients: torch.Tensor | None = None


class Terms(NamedTuple):
    """The two terms of the objective, whose difference is the ELBO, and what they are made of.

    Attributes
    ----------
    log_likelihood : nats, shape (B,)
    divergence : nats, shape (B,) or ()
    answer : what the decoder said, see :meth:`VAE.answer`
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
    compares_coordinates : whether the likelihood is that of the stem's coordinates
    """

    def __init__(self, recipe: VaeRecipe, stem: Stem) -> None:
        super().__init__()
        self.latent_dim = recipe.latent_dim
        self.stem = stem
        self.num_coefficients = stem.num_coefficients
        self.likelihood = likelihoods.get(
            recipe.likelihood.name, self.num_coefficients, **recipe.likelihood.options
        )
        self.compares_coordinates = self.likelihood.isotropic
        name, options = recipe.network.name, recipe.network.options
        self.encoder = networks.build(name, stem.size, 2 * self.latent_dim, **options)
        outputs = self.likelihood.outputs_per_dim * stem.size
        self.decoder = networks.build(name, self.latent_dim, outputs, **options)
        self._divergence = recipe.divergence

    def features(self, coefficients: torch.Tensor) -> Features:
        """Return coefficients (B, P) as network and likelihood see them."""
        coordinates, outside = self.stem.project(coefficients)
        return Features(coordinates, outside, None if self.compares_coordinates else coefficients)

    def posterior(self, features: Features) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log-variance of q(z|x), each (B, D)."""
        mean, log_variance = self.encoder(features.coordinates / self.stem.scale).chunk(2, dim=1)
        return mean, (log_variance + _INITIAL_LOG_VARIANCE).clamp(*_LOG_VARIANCE_RANGE)

    def answer(self, latent: torch.Tensor) -> torch.Tensor:
        """Return what the decoder says of latents (B, D), as the likelihood compares it.

        Returns
        -------
        Tensor
            Expected coordinates, (B, k); or the answer for every coefficient, (B, K * P), with K
            outputs for each.
        """
        decoded = self.decoder(latent).reshape(len(latent), -1, self.stem.size) * self.stem.scale
        if self.compares_coordinates:
            coordinates: torch.Tensor = decoded[:, 0]
            return coordinates
        gains = self.likelihood.gains(self.stem.deviation)
        start = self.likelihood.answer(self.stem.mean)
        if len(gains) == 1:
            return torch.add(start, self.stem.lift(decoded[:, 0]), alpha=gains[0])
        gain = decoded.new_tensor(gains)[:, None]
        return (start + self.stem.lift(decoded * gain)).flatten(1)

    def log_prob(self, features: Features, answer: torch.Tensor) -> torch.Tensor:
        """Return ln p(coefficients | answer) in nats, shape (B,)."""
        if features.coefficients is None:
            return self.likelihood.log_prob(features.coordinates, answer, features.outside)
        return self.likelihood.log_prob(features.coefficients, answer)

    def unexplained(self, features: Features, answer: torch.Tensor) -> tuple[float, float]:
        """Return the energy of what the answer leaves out, and that of the sounds about the mean.

        Squared units of the coefficients, summed over all sounds. The first divided by the second
        is the share of the variance that is not explained, which can be compared between views.
        """
        if features.coefficients is None:
            left = (features.coordinates - answer).square().sum() + features.outside.sum()
        else:
            left = (features.coefficients - self.likelihood.point_estimate(answer)).square().sum()
        total = features.coordinates.square().sum() + features.outside.sum()
        return float(left), float(total)

    def terms(self, features: Features, noise: torch.Tensor) -> Terms:
        """Return both terms of the objective for each sound, nats.

        Parameters
        ----------
        features : shape (B, ...)
        noise : standard normal, shape (B, D); the reparametrised sample is made from it
        """
        mean, log_variance = self.posterior(features)
        latent = mean + torch.exp(log_variance / 2) * noise
        answer = self.answer(latent)
        log_likelihood = self.log_prob(features, answer)
        divergence = divergences.compute(
            self._divergence.name, mean, log_variance, latent=latent, **self._divergence.options
        )
        return Terms(log_likelihood, divergence, answer)

    def encode(self, coefficients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log-variance of q(z|x), each (B, D), of coefficients (B, P)."""
        return self.posterior(self.features(coefficients))

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the coefficients to listen to, (B, P)."""
        answer = self.answer(latent)
        if self.compares_coordinates:
            return self.stem.expand(answer)
        return self.likelihood.point_estimate(answer)

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
            log_prob = self.log_prob(features, self.answer(latent))
            log_joint = log_prob - latent.square().sum(dim=1) / 2
            log_posterior = -(noise.square() + log_variance).sum(dim=1) / 2
            log_weights.append(log_joint - log_posterior)
        log_sum = torch.logsumexp(torch.stack(log_weights), dim=0)
        return log_sum - math.log(_IMPORTANCE_SAMPLES)
