"""Principal components as a model: the baseline that shallow networks have to beat.

The encoder gives the coordinates along the leading components in standard deviations of the
training sounds; the decoder adds the components up again. Nothing is sampled, so there is no
log-variance.

As a density it is probabilistic PCA: a Gaussian with the variance found along each component and
one variance, that of what is left, along all other directions. That is its maximum-likelihood fit.

:class:`ProbabilisticPCA` is the same density, told as a linear variational auto-encoder whose
posterior is exact, so that its evidence lower bound *is* ln p(x):

    z ~ N(0, I),   x | z ~ N(mean + W z, s^2 I),   W = U^T (L - s^2 I)^(1/2)
    z | x ~ N(L^-1 (L - s^2 I)^(1/2) U (x - mean), s^2 L^-1)

with the components U, the variances L along them and s^2 what is left per direction. The posterior
of a component that hardly stands out of the rest is nearly the prior, and its mean nearly 0; those
of :class:`PCA` all have variance 1.

References
----------
M. E. Tipping and C. M. Bishop, "Probabilistic principal component analysis", Journal of the Royal
Statistical Society B 61(3), 1999.
"""

import math

import torch
from torch import nn

from baselines.principal import Principal

#: Smallest standard deviation: a direction along which nothing varies stays finite.
_SMALLEST = 1e-6


class PCA(nn.Module):
    """Linear encoder and decoder.

    Parameters
    ----------
    principal : the components

    Attributes
    ----------
    latent_dim : number of components
    num_coefficients : P
    """

    has_density = True
    mean: torch.Tensor
    basis: torch.Tensor
    deviation: torch.Tensor
    residual_deviation: torch.Tensor

    def __init__(self, principal: Principal) -> None:
        super().__init__()
        self.latent_dim, self.num_coefficients = principal.basis.shape
        self.register_buffer("mean", principal.mean)
        self.register_buffer("basis", principal.basis)
        self.register_buffer("deviation", principal.deviation.clamp(min=_SMALLEST))
        left = max(self.num_coefficients - self.latent_dim, 1)
        spread = principal.residual_deviation * math.sqrt(self.num_coefficients / left)
        self.register_buffer("residual_deviation", torch.tensor(max(spread, _SMALLEST)))

    def encode(self, coefficients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return coordinates in standard deviations, (B, D), and None."""
        return (coefficients - self.mean) @ self.basis.T / self.deviation, None

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return coefficients, (B, P)."""
        return (latent * self.deviation) @ self.basis + self.mean

    def log_likelihood(self, coefficients: torch.Tensor) -> torch.Tensor:
        """Return ln p(coefficients) of probabilistic PCA, exact, nats, shape (B,)."""
        centred = coefficients - self.mean
        scores = centred @ self.basis.T
        rest = (centred - scores @ self.basis).square().sum(dim=1)
        others = self.num_coefficients - self.latent_dim
        distance = (scores / self.deviation).square().sum(dim=1)
        distance = distance + rest / self.residual_deviation.square()
        volume = self.deviation.log().sum() + others * self.residual_deviation.log()
        return -distance / 2 - volume - self.num_coefficients * math.log(2 * math.pi) / 2


class ProbabilisticPCA(PCA):
    """The linear variational auto-encoder at its optimum, in closed form.

    Parameters
    ----------
    principal : the components
    """

    @property
    def _signal(self) -> torch.Tensor:
        """Share of the variance along each component that is not noise, in [0, 1), shape (D,)."""
        return (1 - (self.residual_deviation / self.deviation).square()).clamp(min=0)

    def encode(self, coefficients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log-variance of the posterior, each (B, D)."""
        scores = (coefficients - self.mean) @ self.basis.T / self.deviation
        log_variance = 2 * (self.residual_deviation / self.deviation).clamp(max=1).log()
        return scores * self._signal.sqrt(), log_variance.expand_as(scores)

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the mean coefficients, (B, P)."""
        return (latent * self.deviation * self._signal.sqrt()) @ self.basis + self.mean


#: What a recipe's ``model`` says -> the model.
PCAS: dict[str, type[PCA]] = {"pca": PCA, "ppca": ProbabilisticPCA}
