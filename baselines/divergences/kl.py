"""The Kullback-Leibler divergence of the posterior from the prior.

    KL(q || p) = E_q[ln q(z|x) - ln p(z)] = sum_i (mean_i^2 + variance_i - 1 - ln variance_i) / 2

It is the price, in nats, of telling the decoder which sound it was, on top of what the prior says
already. With it and weight 1 the objective is the evidence lower bound; with a larger weight (the
beta-VAE) a looser one, with a smaller weight none.

Known failure: it is the sum of the information that z holds on x and of the distance of the
aggregate posterior from the prior, and punishes both. A dimension that pays less than it costs is
switched off, at once and for good if the weight is high while the decoder cannot use it yet.

References
----------
D. P. Kingma and M. Welling, "Auto-encoding variational Bayes", ICLR 2014, appendix B.
I. Higgins et al., "beta-VAE: learning basic visual concepts with a constrained variational
framework", ICLR 2017.
"""

import torch

from baselines.divergences.registry import Divergence


def kl_per_dimension(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Return KL(q(z_i|x) || N(0, 1)) of each latent dimension, nats, shape (B, D)."""
    return (mean.square() + torch.expm1(log_variance) - log_variance) / 2


def kl(
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
) -> torch.Tensor:
    """Return KL(q(z|x) || N(0, I)) in closed form, nats, shape (B,).

    Parameters
    ----------
    mean, log_variance : shape (B, D)
    latent, seed : not used; the closed form needs no samples
    """
    return kl_per_dimension(mean, log_variance).sum(dim=1)


KL = Divergence(
    name="kl",
    function=kl,
    formula="sum_i (mean_i^2 + variance_i - 1 - ln variance_i) / 2",
    estimator="closed form",
    reference="Kingma and Welling 2014, appendix B",
    behaviour=(
        "pulls every q(z|x) to the prior, and with them q(z); a dimension that the decoder gains "
        "less from than it costs collapses"
    ),
    least_weight=1.0,
)
