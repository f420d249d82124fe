"""What an encoder says of a sound: the family of q(z|x), by name.

``gaussian``
    a mean and a variance for each latent, both from the encoder; a sample is reparametrised,
    z = mean + deviation * noise, so that a gradient reaches both (Kingma and Welling).
``shared``
    the mean from the encoder, one learned variance for each latent, the same for all sounds: the
    posterior of a linear Gaussian model (Lucas et al.), and a simple cure against sounds of which
    the encoder is too sure.
``point``
    the mean alone. Nothing is sampled, so there is no bound of ln p(x) and no density: what is left
    of the objective is that of an auto-encoder, plus a divergence of the aggregate if one is asked
    for (a Wasserstein auto-encoder).

References
----------
D. P. Kingma and M. Welling, "Auto-encoding variational Bayes", ICLR 2014.
J. Lucas, G. Tucker, R. Grosse and M. Norouzi, "Don't blame the ELBO! A linear VAE perspective on
posterior collapse", NeurIPS 2019.
"""

from abc import ABC, abstractmethod

import torch

from baselines.bounded import bounded

#: Where a posterior starts: a variance of exp(-6) of the prior's, so that the decoder sees
#: something from the first step on.
_INITIAL_LOG_VARIANCE = -6.0

#: Range of the log-variance; far beyond what is used, so that one wild step stays finite.
_LOG_VARIANCE_RANGE = (-30.0, 10.0)


class Posterior(torch.nn.Module, ABC):
    """A family of distributions of latents.

    Parameters
    ----------
    latent_dim : D

    Attributes
    ----------
    outputs_per_dim : numbers that the encoder has to give for each latent
    sampled : whether it is a distribution at all
    """

    outputs_per_dim: int
    sampled = True

    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        self.latent_dim = latent_dim

    @abstractmethod
    def forward(self, outputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log-variance, each (B, D), of what the encoder said, (B, K * D)."""


class Gaussian(Posterior):
    """Mean and log-variance from the encoder."""

    outputs_per_dim = 2

    def forward(self, outputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the first half of the outputs, and the second from where it starts."""
        mean, log_variance = outputs.chunk(2, dim=1)
        # What one sound drives beyond the range, others lead back: the weights are the same.
        return mean, (log_variance + _INITIAL_LOG_VARIANCE).clamp(*_LOG_VARIANCE_RANGE)


class Shared(Posterior):
    """The mean from the encoder, one learned log-variance for each latent."""

    outputs_per_dim = 1

    def __init__(self, latent_dim: int) -> None:
        super().__init__(latent_dim)
        self.log_variance = torch.nn.Parameter(torch.full((latent_dim,), _INITIAL_LOG_VARIANCE))

    def forward(self, outputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the outputs, and the variance of all sounds."""
        return outputs, bounded(self.log_variance, *_LOG_VARIANCE_RANGE).expand_as(outputs)


class Point(Posterior):
    """The mean alone; its variance is as good as nothing."""

    outputs_per_dim = 1
    sampled = False

    def forward(self, outputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the outputs, and the smallest log-variance there is."""
        return outputs, torch.full_like(outputs, _LOG_VARIANCE_RANGE[0])


#: Name -> a function of the number of latents.
POSTERIORS: dict[str, type[Posterior]] = {"gaussian": Gaussian, "shared": Shared, "point": Point}
