"""The Kullback-Leibler divergence of the prior from the posterior.

    KL(p || q) = sum_i ((1 + mean_i^2) / variance_i - 1 + ln variance_i) / 2

The other direction asks of q to cover all of p rather than to lie within it: a posterior that is
narrower than the prior costs its inverse variance, not the logarithm of it. It is one end of the
skew-geometric Jensen-Shannon divergence.

An affine map of z changes no divergence. The one that takes q(z|x) to the standard normal takes the
prior to mean ``-mean / deviation`` and log-variance ``-log_variance``; by symmetry the sign of the
mean does not matter. :func:`swapped` gives these, so that any divergence D(q || p) of this package
is D(p || q) of the swapped arguments.

Known failure: information about x needs narrow posteriors, which cost so much here that almost none
is kept.

Reference
---------
T. Minka, "Divergence measures and message passing", Microsoft Research MSR-TR-2005-173, 2005.
"""

import torch

from baselines.divergences.kl import kl_per_dimension
from baselines.divergences.registry import NEVER, Divergence


def swapped(mean: torch.Tensor, log_variance: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and log-variance, each (B, D), of the prior where the posterior is standard."""
    return mean * torch.exp(-log_variance / 2), -log_variance


def reverse_kl(
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
) -> torch.Tensor:
    """Return KL(N(0, I) || q(z|x)) in closed form, nats, shape (B,).

    Parameters
    ----------
    mean, log_variance : shape (B, D)
    latent, seed : not used; the closed form needs no samples
    """
    return kl_per_dimension(*swapped(mean, log_variance)).sum(dim=1)


REVERSE_KL = Divergence(
    name="reverse_kl",
    function=reverse_kl,
    formula="sum_i ((1 + mean_i^2) / variance_i - 1 + ln variance_i) / 2",
    estimator="closed form",
    reference="Minka 2005",
    behaviour=(
        "each q(z|x) must cover the prior, so posteriors stay wide and the means near 0: q(z) is "
        "wider than the prior and holds little information"
    ),
    least_weight=NEVER,
)
