"""The Kullback-Leibler divergence with a free allowance for each dimension.

    sum_i max(free_nats, mean over the batch of KL(q(z_i|x) || N(0, 1)))

At the start of a training the decoder cannot use the latents yet, and the KL divergence switches
them off before it learns to. Here the first ``free_nats`` of each dimension cost nothing: below,
the gradient is 0 and the dimension is left alone. The allowance is of the batch's mean, so sounds
may share it unequally.

It is nowhere below the batch's mean KL divergence, so the mean objective is a lower bound of the
mean ln p(x), by at most D * free_nats looser than the evidence lower bound.

Known failure: dimensions settle at the allowance and stay there, useful or not: count active
dimensions at a threshold above it.

Reference
---------
D. P. Kingma et al., "Improving variational inference with inverse autoregressive flow", NIPS 2016,
appendix C.8.
"""

import torch
from pydantic import NonNegativeFloat

from baselines.divergences.kl import kl_per_dimension
from baselines.divergences.registry import Divergence


def free_bits(
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
    free_nats: NonNegativeFloat = 0.25,
) -> torch.Tensor:
    """Return the KL divergence with an allowance, nats, a scalar for the batch.

    Parameters
    ----------
    mean, log_variance : shape (B, D)
    latent, seed : not used; the closed form needs no samples
    free_nats : what a dimension may say for nothing, at least 0; 0.1 to 0.5 are usual
    """
    return kl_per_dimension(mean, log_variance).mean(dim=0).clamp(min=free_nats).sum()


FREE_BITS = Divergence(
    name="free_bits",
    function=free_bits,
    formula="sum_i max(free_nats, mean_x KL(q(z_i|x) || p(z_i)))",
    estimator="closed form, of the batch's mean",
    reference="Kingma et al. 2016, appendix C.8",
    behaviour=(
        "as KL, but every dimension keeps its allowance: no collapse, and no dimension that is "
        "exactly the prior"
    ),
    least_weight=1.0,
    per_sound=False,
)
