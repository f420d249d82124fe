"""From a latent to coefficients, and what an error costs: network, stem and likelihood.

The network answers in coordinates of a :mod:`baselines.stem`. With an isotropic likelihood the
coordinates are all that has to be compared; the energy outside of them, which no answer can reach,
enters as a constant of each sound, so that ln p is that of all P coefficients. Every other
likelihood is of the coefficients themselves, and its answers, of which there may be several for
each coefficient, are lifted by the same stem.
"""

from typing import NamedTuple

import torch
from torch import nn

from baselines import likelihoods, networks
from baselines.recipes.schema import LikelihoodPart, NetworkPart
from baselines.stem import Stem


class Features(NamedTuple):
    """Sounds as networks and likelihoods see them.

    Attributes
    ----------
    coordinates : of the stem, shape (B, k)
    outside : energy outside of them, squared unit of the coefficients, shape (B,)
    coefficients : shape (B, P), where the likelihood needs them; else None
    """

    coordinates: torch.Tensor
    outside: torch.Tensor
    coefficients: torch.Tensor | None = None

    @property
    def num_sounds(self) -> int:
        """How many sounds these are."""
        return len(self.coordinates)

    def rows(self, which: torch.Tensor) -> "Features":
        """Return some of the sounds."""
        seen = None if self.coefficients is None else self.coefficients[which]
        if seen is not None:
            seen = seen.to(self.coordinates.device)
        return Features(self.coordinates[which], self.outside[which], seen)

    def to(self, device: torch.device) -> "Features":
        """Return the sounds where a model on this device finds them.

        Coefficients, which may be more than memory holds, stay where they are until their turn.
        """
        return Features(self.coordinates.to(device), self.outside.to(device), self.coefficients)


class Decoder(nn.Module):
    """Network, stem and likelihood.

    The weights are drawn from torch's global random generator; seed it before.

    Parameters
    ----------
    latent_dim : D
    stem : the fixed linear end
    network, likelihood : entries of their registries

    Attributes
    ----------
    num_coefficients : P
    compares_coordinates : whether the likelihood is that of the stem's coordinates
    """

    def __init__(
        self, latent_dim: int, stem: Stem, network: NetworkPart, likelihood: LikelihoodPart
    ) -> None:
        super().__init__()
        self.stem = stem
        self.num_coefficients = stem.num_coefficients
        self.likelihood = likelihoods.get(
            likelihood.name, self.num_coefficients, **likelihood.options
        )
        self.compares_coordinates = self.likelihood.isotropic
        outputs = self.likelihood.outputs_per_dim
        self.network = networks.decoder(
            network.name, latent_dim, stem.shape, outputs, **network.options
        )

    @property
    def compared(self) -> int:
        """Numbers that are compared for one sound; what memory grows with."""
        if self.compares_coordinates:
            return self.stem.size
        return self.num_coefficients * self.likelihood.outputs_per_dim

    def features(self, coefficients: torch.Tensor) -> Features:
        """Return coefficients (B, P) as network and likelihood see them."""
        coordinates, outside = self.stem.project(coefficients)
        return Features(coordinates, outside, None if self.compares_coordinates else coefficients)

    def answer(self, latent: torch.Tensor) -> torch.Tensor:
        """Return what the network says of latents (B, D), as the likelihood compares it.

        Returns
        -------
        Tensor
            Expected coordinates, (B, k); or the answer for every coefficient, (B, K * P), with K
            outputs for each.
        """
        said: torch.Tensor = self.network(latent)
        if self.compares_coordinates:
            return said.reshape(len(latent), self.stem.size) * self.stem.scale
        decoded = said.reshape(len(latent), -1, self.stem.size) * self.stem.scale
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

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the coefficients to listen to, (B, P), of latents (B, D)."""
        answer = self.answer(latent)
        if self.compares_coordinates:
            return self.stem.expand(answer)
        return self.likelihood.point_estimate(answer)
