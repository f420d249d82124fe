"""DIP-VAE I: the covariance of the posterior means is held at the identity.

    mean KL(q(z|x) || p(z)) + lambda_od sum_(i != j) C_ij^2 + lambda_d sum_i (C_ii - 1)^2
    C = Cov_x[mean(x)]

If the aggregate posterior is the prior, then its dimensions are uncorrelated and have variance 1.
DIP ("disentangled inferred prior") asks for these moments alone. The first variant asks it of the
means: each dimension then *must* move from sound to sound with variance 1, which no collapsed one
does, whether or not there is something left to say.

The KL divergence is included, so that at weight 1 the objective is the paper's. The penalty is
never negative: it is a lower bound of the mean ln p(x).

Known failure: more dimensions than factors. The superfluous ones are forced to move, too, and carry
noise or copies. At the prior itself (all means 0) the penalty is lambda_d D, not 0.

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


def dip_i(
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
    lambda_od: NonNegativeFloat = 10.0,
    lambda_d: NonNegativeFloat = 100.0,
) -> torch.Tensor:
    """Return the mean KL divergence and the penalty of DIP-VAE I, a scalar for the batch.

    Parameters
    ----------
    mean, log_variance : shape (B, D), B at least 2
    latent, seed : not used; the closed form needs no samples
    lambda_od : weight of covariances between dimensions, at least 0
    lambda_d : weight of variances away from 1, at least 0; usually ten times ``lambda_od``
    """
    penalty = off_identity(covariance(mean), lambda_od, lambda_d)
    return kl(mean, log_variance).mean() + penalty


DIP_I = Divergence(
    name="dip_i",
    function=dip_i,
    formula="mean KL + lambda_od sum_(i!=j) C_ij^2 + lambda_d sum_i (C_ii - 1)^2, C = Cov[mean]",
    estimator="closed form, of the batch's covariance",
    reference="Kumar, Sattigeri and Balakrishnan 2018",
    behaviour="the means are uncorrelated with variance 1; q(z) is wider than the prior",
    least_weight=1.0,
    per_sound=False,
    needs_batch=True,
)
