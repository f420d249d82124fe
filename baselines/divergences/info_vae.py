"""The regulariser of the InfoVAE: divergences of single sounds and of all together.

    (1 - a) mean KL(q(z|x) || p(z)) + (a + l - 1) MMD^2(q(z), p(z))

KL of single sounds is the information between z and x plus KL(q(z) || p(z)). InfoVAE weighs the two
apart: it takes ``a`` of the information off, scales the distance of the aggregate posterior by
``l`` and measures it by the maximum mean discrepancy. With a = 0 and l = 1 it is the KL divergence;
with a = 1 what is left is an MMD-VAE (the Wasserstein auto-encoder's regulariser, with noise); the
default, a = 0 and l = 1000, is an evidence lower bound that insists on the aggregate.

At a weight of 1 / (1 - a) and above the objective is a lower bound, as long as a is below 1: MMD^2
is not negative. (A single estimate may be.)

Both factors should not be negative. Some published code has defaults with which the second is
nearly -1 and rewards the mismatch; that is refused here.

Reference
---------
S. Zhao, J. Song and S. Ermon, "InfoVAE: balancing learning and inference in variational
autoencoders", AAAI 2019.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import torch
from pydantic import Field, NonNegativeFloat

from baselines.divergences.kl import kl
from baselines.divergences.mmd import SCALES, Kernel, Scales, mmd
from baselines.divergences.registry import NEVER, Divergence
from toysound.errors import UsageError


def info_vae(
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
    alpha: Annotated[float, Field(le=1)] = 0.0,
    scale: NonNegativeFloat = 1000.0,
    kernel: Kernel = "imq",
    scales: Scales = SCALES,
) -> torch.Tensor:
    """Return the mean KL divergence and MMD^2, weighted, a scalar for the batch.

    Parameters
    ----------
    mean, log_variance : shape (B, D), B at least 2
    latent : one sample of each posterior, shape (B, D); drawn if not given
    seed : of the draws of the prior, and of the posteriors
    alpha : weight that is taken off the information between z and x, at most 1
    scale : weight of the aggregate posterior's distance (lambda), at least 1 - alpha
    kernel, scales : of the maximum mean discrepancy

    Raises
    ------
    UsageError
        If ``alpha + scale`` is below 1, so that a distance from the prior would be rewarded.
    """
    if alpha + scale < 1:
        raise UsageError(
            f"info_vae with alpha = {alpha:g} and scale = {scale:g} would reward a distance of "
            f"the aggregate posterior from the prior; scale must be at least {1 - alpha:g}"
        )
    distance = mmd(mean, log_variance, latent=latent, seed=seed, kernel=kernel, scales=scales)
    return (1 - alpha) * kl(mean, log_variance).mean() + (alpha + scale - 1) * distance


def _least_weight(options: Mapping[str, Any]) -> float:
    alpha: float = options["alpha"]
    return 1 / (1 - alpha) if alpha < 1 <= alpha + options["scale"] else NEVER


INFO_VAE = Divergence(
    name="info_vae",
    function=info_vae,
    formula="(1 - a) mean KL(q(z|x) || p(z)) + (a + l - 1) MMD^2(q(z), p(z))",
    estimator="closed form and U-statistic of the batch and as many draws of the prior",
    reference="Zhao, Song and Ermon 2019",
    behaviour="q(z) as a whole is held at the prior, and information is charged for apart from it",
    least_weight=_least_weight,
    per_sound=False,
    needs_batch=True,
    needs_latent=True,
)
