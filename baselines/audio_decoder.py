"""A second decoder, from the frozen codes of one view to another view that sounds.

The view in which a model finds the causes of a sound need not be one that can be played: a cochlear
view forgets what the ear's filters blur, and its inverse sounds blurred. Once the codes are
trained they are frozen, and a decoder to a view of audio grade is fitted to them. Codes, metrics of
codes and the likelihood stay those of the first view; what is heard comes from the second.

Known failure: what the first view does not see, the codes do not hold, and the second decoder can
only play its mean.
"""

from typing import NamedTuple

import torch
from torch import nn

from baselines.decoder import Decoder, Features
from baselines.pca import PCA
from baselines.recipes.schema import AudioTable
from baselines.stem import Stem
from baselines.vae import NOWHERE, VAE, Step, Terms


class CodedFeatures(NamedTuple):
    """Sounds and their codes.

    Attributes
    ----------
    mean, deviation : of the posteriors, shape (B, D)
    sounds : in the view that is played
    """

    mean: torch.Tensor
    deviation: torch.Tensor
    sounds: Features

    @property
    def num_sounds(self) -> int:
        """How many sounds these are."""
        return len(self.mean)

    def rows(self, which: torch.Tensor) -> "CodedFeatures":
        """Return some of the sounds."""
        return CodedFeatures(self.mean[which], self.deviation[which], self.sounds.rows(which))

    def to(self, device: torch.device) -> "CodedFeatures":
        """Return the sounds where a model on this device finds them."""
        codes = self.mean.to(device), self.deviation.to(device)
        return CodedFeatures(*codes, self.sounds.to(device))


class AudioDecoder(nn.Module):
    """A decoder of given codes; nothing is paid for them.

    The weights are drawn from torch's global random generator; seed it before.

    Parameters
    ----------
    latent_dim : D
    table : the parts
    stem : the fixed end of the view that is played
    """

    def __init__(self, latent_dim: int, table: AudioTable, stem: Stem) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.samples = 1
        self.critic: nn.Module | None = None
        self.critic_rate = 0.0
        self.decoder = Decoder(latent_dim, stem, table.network, table.likelihood)
        self.posterior_noise = table.posterior_noise

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """What costs time: the decoder's network."""
        return (self.decoder.network,)

    def terms(self, features: CodedFeatures, noise: torch.Tensor, step: Step = NOWHERE) -> Terms:
        """Return ln p of each sound given a code near its own, nats, and no divergence."""
        latent = features.mean + self.posterior_noise * features.deviation * noise[:, 0]
        answer = self.decoder.answer(latent)
        log_likelihood = self.decoder.log_prob(features.sounds, answer)
        return Terms(log_likelihood, torch.zeros_like(log_likelihood), answer)

    def unexplained(self, features: CodedFeatures, answer: torch.Tensor) -> tuple[float, float]:
        """Return what the answer leaves out, see :meth:`Decoder.unexplained`."""
        return self.decoder.unexplained(features.sounds, answer)


class PlayedModel(nn.Module):
    """A model that encodes in one view and is played in another.

    Parameters
    ----------
    codes : the model of the first view, frozen
    audio : the decoder that is heard

    Attributes
    ----------
    latent_dim : D
    num_coefficients : of the view that is played
    """

    def __init__(self, codes: VAE | PCA, audio: AudioDecoder) -> None:
        super().__init__()
        self.codes = codes
        self.audio = audio
        self.latent_dim = codes.latent_dim
        self.has_density = codes.has_density
        self.num_coefficients = audio.decoder.num_coefficients

    def encode(self, coefficients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return mean and log-variance (or None), each (B, D), of the first view's coefficients."""
        return self.codes.encode(coefficients)

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the coefficients of the view that is played, (B, P)."""
        return self.audio.decoder.decode(latent)

    def log_likelihood(self, coefficients: torch.Tensor) -> torch.Tensor:
        """Return ln p of coefficients of the first view, nats, (B,), or an estimate of it."""
        return self.codes.log_likelihood(coefficients)
