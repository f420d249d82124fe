"""DIP-VAE II: the covariance of the aggregate posterior is held at the identity.

    mean KL(q(z|x) || p(z)) + lambda_od sum_(i != j) C_ij^2 + lambda_d sum_i (C_ii - 1)^2
    C = Cov[z] = Cov_x[mean(x)] + diag(E_x[variance(x)])

As DIP-VAE I, but of z itself and not of the means: by the law of total variance the noise of the
posteriors counts as well. A dimension that says nothing has its variance from the noise alone, and
costs nothing: at the prior the divergence is 0.

The KL divergence is included, so that at weight 1 the objective is the paper's. The penalty is
never negative: it is a lower bound of the mean ln p(x).

Reference
---------
A. Kumar, P. Sattigeri and A. Balakrishnan, "Variational inference of disentangled latent concepts
from unlabeled observations", ICLR 2018.
"""

import torch
from pydantic import NonNegativeFloat

from baselines.divergences.covariance import covariance, off_identity
from baselines.divergences.kl import kl
from baselines.divergences.registry import Divergence


def dip_ii(
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
    lambda_od: NonNegativeFloat = 10.0,
    lambda_d: NonNegativeFloat = 10.0,
) -> torch.Tensor:
    """Return the mean KL divergence and the penalty of DIP-VAE II, a scalar for the batch.

    Parameters
    ----------
    mean, log_variance : shape (B, D), B at least 2
    latent, seed : not used; the closed form needs no samples
    lambda_od : weight of covariances between dimensions, at least 0
    lambda_d : weight of variances away from 1, at least 0; usually equal to ``lambda_od``
    """
    of_latents = covariance(mean) + torch.diag(log_variance.exp().mean(dim=0))
    return kl(mean, log_variance).mean() + off_identity(of_latents, lambda_od, lambda_d)


DIP_II = Divergence(
    name="dip_ii",
    function=dip_ii,
    formula="mean KL + lambda_od sum_(i!=j) C_ij^2 + lambda_d sum_i (C_ii - 1)^2, "
    "C = Cov[mean] + diag(mean variance)",
    estimator="closed form, of the batch's covariance",
    reference="Kumar, Sattigeri and Balakrishnan 2018",
    behaviour="q(z) has the prior's covariance; noise may fill what the means leave",
    least_weight=1.0,
    per_sound=False,
    needs_batch=True,
)
