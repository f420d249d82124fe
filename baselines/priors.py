"""What is expected of a code before any sound is heard: the prior p(z), by name.

``standard``
    independent, standard normal.
``ard``
    independent, normal with a variance s_i for each dimension that is learnt beside everything else
    (*automatic relevance determination*, the evidence of the data maximised over the variances).

One scale for all
-----------------
Every prior here is a standard normal, stretched: z = sqrt(s) u with u ~ N(0, I). A model says and
hears *standardised* codes u, and the stretch sits where the decoder begins:

    q(u|x) = N(mean / sqrt(s), diag(variance / s)),    p(x|u) = decoder(sqrt(s) u)

A density of z and that of u differ by the same factor in prior and posterior, so that nothing that
is made of their ratio notices:

    KL(q(z|x) || N(0, s)) = sum_i (mean_i^2 / s_i + variance_i / s_i - 1 - ln(variance_i / s_i)) / 2
                          = KL(q(u|x) || N(0, I)),
    ln p(z) - ln q(z|x)   = ln p(u) - ln q(u|x)

Every divergence, importance weight, sample of the prior and estimate of ln p(x) is therefore that
of a standard normal prior, and all use the learnt variances without knowing of them. For any s the
objective with KL at weight 1 is a lower bound of ln p(x) of the model with *that* prior.

What is learnt
--------------
For a given encoder and decoder the best s_i is the second moment of the codes, E_x[mean_i^2 +
variance_i], and learning it raises the bound by (s_i - 1 - ln s_i) / 2 nats in dimension i. Then

    relevance_i = 1 - E_x[variance_i] / s_i

is the share of the prior's variance that the codes resolve: 1 for a dimension that is known of
every sound, 0 for one in which every posterior is the prior. Their sum is MacKay's number of
well-determined parameters, here of dimensions, and no threshold is needed to count.

Known failure: a decoder whose first layer is free can undo any stretch, so that a learnt variance
alone switches nothing off that the standard prior keeps. Not the variances, which depend on these
weights, but the relevances, which do not, say how many dimensions there are; and a dimension that
holds a single nat of the thousands that a sound has is kept by both priors.

References
----------
D. J. C. MacKay, "Bayesian interpolation", Neural Computation 4(3), 1992: gamma, the number of
well-determined parameters.
S. Saha, S. Joshi and R. Whitaker, "ARD-VAE: a statistical formulation to find the relevant latent
dimensions of variational autoencoders", arXiv:2501.10901, 2025: the variances are estimated from
encoded data under a hierarchical prior.
"""

import torch
from torch import nn


class Prior(nn.Module):
    """The standard normal prior: codes are what they are.

    Parameters
    ----------
    latent_dim : D
    """

    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        self.latent_dim = latent_dim

    def standardised(
        self, mean: torch.Tensor, log_variance: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log-variance of q(u|x) given those of q(z|x), all (B, D)."""
        return mean, log_variance

    def stretched(self, latent: torch.Tensor) -> torch.Tensor:
        """Return z of standardised codes u, both (B, D)."""
        return latent


class Ard(Prior):
    """A variance for each dimension, 1 at first."""

    def __init__(self, latent_dim: int) -> None:
        super().__init__(latent_dim)
        self.log_variance = nn.Parameter(torch.zeros(latent_dim))

    def standardised(
        self, mean: torch.Tensor, log_variance: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log-variance in units of the prior."""
        return mean * torch.exp(-self.log_variance / 2), log_variance - self.log_variance

    def stretched(self, latent: torch.Tensor) -> torch.Tensor:
        """Return codes as wide as the prior."""
        return latent * torch.exp(self.log_variance / 2)


def relevance(log_variance: torch.Tensor) -> torch.Tensor:
    """Return the share of the prior's variance that codes resolve, in [0, 1], shape (D,).

    Parameters
    ----------
    log_variance : of standardised posteriors, shape (B, D); one that is wider than the prior counts
        as the prior
    """
    return (1 - torch.exp(log_variance.clamp(max=0)).mean(dim=0)).clamp(min=0)


#: Name -> a function of the number of latents.
PRIORS: dict[str, type[Prior]] = {"standard": Prior, "ard": Ard}
