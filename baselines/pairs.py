"""Weak supervision: pairs of sounds that share some of their factors, nobody says which.

Without labels nothing decides between a code and the same code turned. *Pairs* do: two sounds of
which one is known to be a variation of the other, some factors the same and some not, as when an
instrument plays two notes. Which factors are shared, and how many, is not told. The adaptive group
VAE (Ada-GVAE) finds out in every step: a dimension in which the two posteriors hardly differ is
taken to be shared, and both sounds are then given one posterior there, the mean of the two:

    delta_i = KL(q(z_i|x) || q(z_i|x')),   shared if delta_i < (max_j delta_j + min_j delta_j) / 2

    objective = (ELBO(x) + ELBO(x')) / 2 with these posteriors

A code that spreads a factor over dimensions, or mixes two factors in one, shares few dimensions and
pays for it.

Pairs are drawn from the grid of a dataset: of a training sound, a number of factors between one and
all but one is drawn, then which, then new values for them, until a training sound is met. Each
sound has some partners, drawn once; which of them it meets in a step is decided by the step. Models
trained so are a class of their own: they know more than the sounds.

References
----------
F. Locatello et al., "Weakly-supervised disentanglement without compromises", ICML 2020.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.decoder import Features
from baselines.vae import NOWHERE, VAE, Step, Terms
from toysound.errors import ToySoundError
from toysound.factors import FactorSpace

#: Draws of a partner, after which a sound is its own.
_TRIES = 100


def partners(
    space: FactorSpace, cells: NDArray[np.int64], count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return partners of sounds, as places in ``cells``, shape (n, count).

    Parameters
    ----------
    space : the grid
    cells : of the training sounds, each once, shape (n,)
    count : partners of each sound
    rng : of all draws

    Raises
    ------
    ToySoundError
        If the grid has a single factor: two sounds of it share all or nothing.
    """
    require_factors(space)
    factors = len(space.sizes)
    place = np.full(space.size, -1)
    place[cells] = np.arange(len(cells))
    own = np.repeat(space.classes_of(cells), count, axis=0)
    found = np.repeat(np.arange(len(cells)), count)
    waiting = np.arange(len(found))
    for _ in range(_TRIES):
        changes = rng.integers(1, factors, size=(len(waiting), 1))  # at most all but one
        order = rng.random((len(waiting), factors)).argsort(axis=1).argsort(axis=1)
        fresh = rng.integers(0, space.sizes, size=(len(waiting), factors))
        classes = np.where(order < changes, fresh, own[waiting])
        met = place[space.index_of(classes)]
        found[waiting[met >= 0]] = met[met >= 0]
        waiting = waiting[met < 0]
        if not len(waiting):
            break
    return found.reshape(len(cells), count)


def require_factors(space: FactorSpace) -> None:
    """Refuse a grid on which there are no pairs.

    Raises
    ------
    ToySoundError
        If it has a single factor: two sounds of it share all or nothing.
    """
    if len(space.sizes) < 2:
        raise ToySoundError(
            "pairs of sounds share some factors and not others, and this dataset has only "
            f"{len(space.sizes)}; take one with two or more"
        )


class PairedFeatures(NamedTuple):
    """Sounds, and the partners of each.

    Attributes
    ----------
    sounds : shape (B, ...)
    partners : places among ``everything``, shape (B, count)
    everything : all training sounds
    """

    sounds: Features
    partners: torch.Tensor
    everything: Features

    @property
    def num_sounds(self) -> int:
        """How many sounds these are."""
        return self.sounds.num_sounds

    def rows(self, which: torch.Tensor) -> "PairedFeatures":
        """Return some of the sounds."""
        return PairedFeatures(self.sounds.rows(which), self.partners[which], self.everything)

    def to(self, device: torch.device) -> "PairedFeatures":
        """Return the sounds where a model on this device finds them."""
        return PairedFeatures(self.sounds.to(device), self.partners, self.everything.to(device))

    def met(self, generator: torch.Generator) -> Features:
        """Return one partner of each sound."""
        count = self.partners.shape[1]
        drawn = torch.randint(count, (self.num_sounds, 1), generator=generator)
        return self.everything.rows(self.partners.gather(1, drawn)[:, 0])


class PairedVAE(VAE):
    """A variational auto-encoder that is trained on pairs, and is an ordinary one otherwise."""

    def terms(
        self, features: Features | PairedFeatures, noise: torch.Tensor, step: Step = NOWHERE
    ) -> Terms:
        """Return the objective's terms; the mean over both sounds of each pair, if there are pairs.

        Parameters
        ----------
        features : of sounds or of pairs, B of them
        noise : standard normal, shape (B, D) or (B, K, D); the partners have noise of their own
        step : of the training; decides which partner a sound meets
        """
        if isinstance(features, Features):
            return super().terms(features, noise, step)
        generator = torch.Generator().manual_seed(step.seed)
        other = features.met(generator)
        other_noise = torch.randn(noise.shape, generator=generator).to(noise.device)
        first, second = self.posterior(features.sounds), self.posterior(other)
        shared = _shared(first, second)
        mean = (first[0] + second[0]) / 2
        log_variance = torch.logaddexp(first[1], second[1]) - math.log(2)
        pair = [
            self.terms_of(
                sounds,
                (torch.where(shared, mean, own[0]), torch.where(shared, log_variance, own[1])),
                drawn,
                step,
            )
            for sounds, own, drawn in (
                (features.sounds, first, noise),
                (other, second, other_noise),
            )
        ]
        return Terms(
            log_likelihood=(pair[0].log_likelihood + pair[1].log_likelihood) / 2,
            divergence=(pair[0].divergence + pair[1].divergence) / 2,
            answer=pair[0].answer,
            critic_loss=(pair[0].critic_loss + pair[1].critic_loss) / 2,
            posterior=pair[0].posterior,
        )


def _shared(
    first: tuple[torch.Tensor, torch.Tensor], second: tuple[torch.Tensor, torch.Tensor]
) -> torch.Tensor:
    """Return in which dimensions two posteriors hardly differ, shape (B, D)."""
    (mean, log_variance), (other_mean, other_log_variance) = first, second
    ratio = log_variance - other_log_variance
    distance = (mean - other_mean).square() * torch.exp(-other_log_variance)
    delta = (torch.exp(ratio) + distance - 1 - ratio).detach() / 2
    threshold = (delta.amax(dim=1, keepdim=True) + delta.amin(dim=1, keepdim=True)) / 2
    return delta < threshold
