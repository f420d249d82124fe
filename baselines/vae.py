"""The variational auto-encoder.

An encoder says of each sound a diagonal Gaussian q(z|x), a decoder says of each latent the
coefficients it expects, and one objective trains both, the evidence lower bound in nats:

    ELBO(x) = E_q(z|x)[ln p(x|z)] - weight * divergence(q(z|x), p(z)),  z = mean + deviation * noise

The expectation is taken with one reparametrised sample. The likelihood is normalised over all P
coefficients of a sound; with weight 1 and the Kullback-Leibler divergence the objective is a lower
bound of ln p(x).

Encoder and decoder work on coordinates between fixed linear ends, see :mod:`baselines.stem`. All
latents are in units of the prior, see :mod:`baselines.priors`.

References
----------
D. P. Kingma and M. Welling, "Auto-encoding variational Bayes", ICLR 2014.
C. K. Sonderby et al., "Ladder variational autoencoders", NIPS 2016: the divergence's warm-up.
Y. Burda, R. Grosse and R. Salakhutdinov, "Importance weighted autoencoders", ICLR 2016: the
estimate of ln p(x).
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import nn

from baselines import divergences, networks
from baselines.decoder import Decoder, Features
from baselines.importance import iwae, renyi_bound
from baselines.posteriors import POSTERIORS
from baselines.priors import PRIORS
from baselines.recipes.schema import VaeRecipe
from baselines.stem import Stem

#: Samples of the posterior from which ln p(x) is estimated.
_IMPORTANCE_SAMPLES = 64


class Step(NamedTuple):
    """Where in a training an objective is asked for.

    Attributes
    ----------
    seed : of what a divergence draws itself
    progress : share of the training that is done
    num_sounds : of all training; 0 if it is not known
    """

    seed: int = 0
    progress: float = 1.0
    num_sounds: int = 0


class Terms(NamedTuple):
    """The two terms of the objective, whose difference is the ELBO, and what they are made of.

    Attributes
    ----------
    log_likelihood : nats, shape (B,)
    divergence : nats, shape (B,) or ()
    answer : what the decoder said, see :meth:`Decoder.answer`
    critic_loss : what a critic is trained to make small; 0 where there is none
    posterior : mean and log-variance of q(z|x), each (B, D); None where a code is a point or given
    """

    log_likelihood: torch.Tensor
    divergence: torch.Tensor
    answer: torch.Tensor
    critic_loss: torch.Tensor | float = 0.0
    posterior: tuple[torch.Tensor, torch.Tensor] | None = None


#: Outside of any training, or at its end.
NOWHERE = Step()


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
    samples : K, of each posterior
    has_density : whether sounds are probable or not, which takes a posterior that is sampled
    critic : network that the divergence is found by; None for most
    critic_rate : its learning rate
    """

    def __init__(self, recipe: VaeRecipe, stem: Stem) -> None:
        super().__init__()
        self.latent_dim = recipe.latent_dim
        self.num_coefficients = stem.num_coefficients
        name, options = recipe.network.name, recipe.network.options
        self.q = POSTERIORS[recipe.posterior.name](self.latent_dim, **recipe.posterior.options)
        self.prior = PRIORS[recipe.prior.name if recipe.prior else "standard"](self.latent_dim)
        said = self.q.outputs_per_dim * self.latent_dim
        self.encoder = networks.encoder(name, stem.shape, said, **options)
        self.decoder = Decoder(self.latent_dim, stem, recipe.network, recipe.likelihood)
        self._divergence = recipe.divergence
        entry, options = divergences.DIVERGENCES[recipe.divergence.name], recipe.divergence.options
        self.critic = entry.critic.make(self.latent_dim, **options) if entry.critic else None
        self.critic_rate: float = options.get("critic_rate", 0.0)
        alpha = recipe.bound.alpha
        self.has_density = self.q.sampled
        self._alpha = -math.inf if alpha == "max" else alpha
        self.samples = recipe.bound.samples

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """What costs time: the encoder and the decoder's network."""
        return self.encoder, self.decoder.network

    def features(self, coefficients: torch.Tensor) -> Features:
        """Return coefficients (B, P) as network and likelihood see them."""
        return self.decoder.features(coefficients)

    def posterior(self, features: Features) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log-variance of q(z|x) in units of the prior, each (B, D)."""
        said = self.encoder(features.coordinates / self.decoder.stem.scale)
        return self.prior.standardised(*self.q(said))

    def answer(self, latent: torch.Tensor) -> torch.Tensor:
        """Return what the decoder says of standardised latents, see :meth:`Decoder.answer`."""
        return self.decoder.answer(self.prior.stretched(latent))

    def unexplained(self, features: Features, answer: torch.Tensor) -> tuple[float, float]:
        """Return what the answer leaves out, see :meth:`Decoder.unexplained`."""
        return self.decoder.unexplained(features, answer)

    def terms(self, features: Features, noise: torch.Tensor, step: Step = NOWHERE) -> Terms:
        """Return both terms of the objective for each sound, nats.

        With a bound of another order than 1 the divergence is what the bound lacks of the mean
        log-likelihood, so that their difference is the bound.

        Parameters
        ----------
        features : shape (B, ...)
        noise : standard normal, shape (B, D), or (B, K, D) for K samples of each posterior; the
            reparametrised samples are made from it
        step : of the training
        """
        return self.terms_of(features, self.posterior(features), noise, step)

    def terms_of(
        self,
        features: Features,
        posterior: tuple[torch.Tensor, torch.Tensor],
        noise: torch.Tensor,
        step: Step,
    ) -> Terms:
        """Return what :meth:`terms` does, given mean and log-variance of q(z|x), each (B, D)."""
        mean, log_variance = posterior
        noise = noise.reshape(len(mean), -1, self.latent_dim)
        deviation = torch.exp(log_variance / 2) if self.q.sampled else torch.zeros_like(mean)
        log_likelihoods, log_ratios = [], []
        for k in range(noise.shape[1]):
            latent = mean + deviation * noise[:, k]
            answer = self.answer(latent)
            log_likelihoods.append(self.decoder.log_prob(features, answer))
            if self._alpha != 1:
                log_ratios.append(_log_ratio(latent, noise[:, k], log_variance))
        log_likelihood = _mean(log_likelihoods)
        spread = posterior if self.q.sampled else None
        if self._alpha != 1:
            log_weights = torch.stack(log_likelihoods) + torch.stack(log_ratios)
            bound = renyi_bound(log_weights, self._alpha)
            return Terms(log_likelihood, log_likelihood - bound, answer, posterior=spread)
        part = self._divergence
        divergence = divergences.compute(
            part.name,
            mean,
            log_variance,
            latent=latent,
            critic=self.critic,
            **step._asdict(),
            **part.options,
        )
        critic_loss = self._critic_loss(latent, step.seed)
        return Terms(log_likelihood, divergence, answer, critic_loss, spread)

    def _critic_loss(self, latent: torch.Tensor, seed: int) -> torch.Tensor | float:
        critic = divergences.DIVERGENCES[self._divergence.name].critic
        if critic is None or self.critic is None:
            return 0.0
        return critic.loss(self.critic, latent, seed)

    def encode(self, coefficients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return mean and log-variance of q(z|x), each (B, D), of coefficients (B, P).

        In units of the prior. The log-variance is None where the posterior is a point.
        """
        mean, log_variance = self.posterior(self.features(coefficients))
        return mean, log_variance if self.q.sampled else None

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the coefficients to listen to, (B, P)."""
        return self.decoder.decode(self.prior.stretched(latent))

    def log_likelihood(self, coefficients: torch.Tensor) -> torch.Tensor:
        """Return an estimate of ln p(coefficients) under the prior and decoder, nats, (B,).

        Importance weighting with 64 samples of the posterior: a lower bound in expectation, nearer
        than the ELBO. All sounds share the same noise, so the answer does not depend on the batch.
        """
        generator = torch.Generator().manual_seed(0)
        noises = torch.randn(_IMPORTANCE_SAMPLES, self.latent_dim, generator=generator)
        return iwae(self.log_weights(self.features(coefficients), noises))

    def log_weights(self, features: Features, noises: Iterable[torch.Tensor]) -> torch.Tensor:
        """Return ln of the importance weights of samples of q(z|x), nats, shape (K, B).

        Parameters
        ----------
        features : shape (B, ...)
        noises : standard normal, K times shape (B, D), or (D,) for the same noise in all sounds
        """
        mean, log_variance = self.posterior(features)
        log_weights = []
        for noise in noises:
            latent = mean + torch.exp(log_variance / 2) * noise
            log_prob = self.decoder.log_prob(features, self.answer(latent))
            log_weights.append(log_prob + _log_ratio(latent, noise, log_variance))
        return torch.stack(log_weights)


def _mean(values: list[torch.Tensor]) -> torch.Tensor:
    """Return the mean of tensors of one shape; one alone is not touched, which costs nothing."""
    return values[0] if len(values) == 1 else torch.stack(values).mean(dim=0)


def _log_ratio(
    latent: torch.Tensor, noise: torch.Tensor, log_variance: torch.Tensor
) -> torch.Tensor:
    """Return ln p(z) - ln q(z|x) of samples, nats, shape (B,)."""
    return (noise.square() + log_variance - latent.square()).sum(dim=1) / 2
