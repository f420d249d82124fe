"""The sliced Wasserstein distance between the aggregate posterior and the prior.

    SW^2 = mean over directions d of W2^2(q(d.z), p(d.z))

On a line the Wasserstein distance is a matter of sorting: the k-th smallest of the one belongs to
the k-th smallest of the other. So the latents of a batch are projected on random directions and
sorted. The prior needs no samples: it is a standard normal in every direction, and the mass of rank
k lies between its quantiles (k - 1) / B and k / B. With their mean and the sorted latents x_k,

    W2^2 = mean_k x_k^2 + 1 - 2 sum_k x_k (f(c_(k-1)) - f(c_k)),   c_k = F^-1(k / B)

(f the normal density, F its distribution function) is exactly the distance of the batch from the
prior, with less noise than a comparison with draws.

A batch is never the aggregate posterior itself: its distance is positive, about 3 / B in the mean,
even if all latents are draws of the prior. The unit is squared latent units, not nats.

Known failure: random directions rarely meet the one that matters where there are many dimensions;
the gradient of one step is then mostly noise.

References
----------
S. Kolouri et al., "Sliced-Wasserstein auto-encoders",
ICLR 2019. N. Bonneel et al., "Sliced and Radon Wasserstein barycenters of measures", J. Math.
Imaging and Vision 51, 2015.
"""

import math

import torch
from pydantic import PositiveInt

from baselines.divergences.drawing import posterior_samples, standard_normal
from baselines.divergences.registry import NEVER, Divergence


def sliced_wasserstein(
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
    num_projections: PositiveInt = 50,
) -> torch.Tensor:
    """Return the squared sliced distance of a batch from N(0, I), squared latent units, a scalar.

    Parameters
    ----------
    mean, log_variance : shape (B, D), B at least 2
    latent : one sample of each posterior, shape (B, D); drawn if not given
    seed : of the directions, and of the posteriors' samples
    num_projections : random directions, at least 1; 50 to 100 are usual
    """
    posterior = posterior_samples(mean, log_variance, latent, seed)
    shape = (mean.shape[1], num_projections)
    directions = standard_normal(shape, posterior, seed, "directions of sliced_wasserstein")
    directions = directions / directions.norm(dim=0)
    ranked = (posterior @ directions).sort(dim=0).values
    between = _normal_means(len(ranked)).to(ranked)
    # (x - m)^2 + the prior's spread within each piece: no difference of large terms.
    spread = 1 - between.square().mean()
    distance: torch.Tensor = (ranked - between[:, None]).square().mean() + spread
    return distance


def _normal_means(count: int) -> torch.Tensor:
    """Return the mean of each of ``count`` equally likely pieces of a standard normal, (count,)."""
    edges = torch.special.ndtri(torch.linspace(0, 1, count + 1, dtype=torch.float64))
    density = torch.exp(-edges.square() / 2) / math.sqrt(2 * math.pi)
    return count * (density[:-1] - density[1:])


SLICED_WASSERSTEIN = Divergence(
    name="sliced_wasserstein",
    function=sliced_wasserstein,
    formula="mean over directions of W2^2 between the batch's projections and N(0, 1)",
    estimator="random directions, the batch against the prior's quantiles",
    reference="Kolouri et al. 2019",
    behaviour=(
        "makes q(z) look like the prior in every direction and leaves each q(z|x) free, even to be "
        "a point"
    ),
    least_weight=NEVER,
    per_sound=False,
    needs_batch=True,
    needs_latent=True,
)
