"""The maximum mean discrepancy between the aggregate posterior and the prior.

    MMD^2(q, p) = E[k(z, z')] + E[k(w, w')] - 2 E[k(z, w)],   z, z' ~ q(z),  w, w' ~ p(z)

All divergences of single sounds ask every q(z|x) to be like the prior, and so to say little. A
decoder that is fed from the prior needs less: that the sounds *together*, q(z) = E_x[q(z|x)], look
like the prior. This one compares two samples, the latents of a batch and as many draws of the
prior, through a kernel k: the distance of their means in the kernel's feature space, squared.

The estimate is the unbiased U-statistic, in which no sample meets itself. It is negative about half
of the time where q(z) is the prior, and its noise there is about 1 / B: take batches of at least
100. Its unit is that of the kernel, not nats, and it is at most 2 for each scale: weights of 10 to
1000 make nats of it.

Kernels, for D dimensions and scales s:

* ``"imq"``, inverse multiquadratic: sum_s s C / (s C + |z - w|^2) with C = 2 D, the mean squared
  distance of two draws of the prior. Its tails are heavy: a batch far away is still pulled in.
* ``"rbf"``, Gaussian: sum_s exp(-|z - w|^2 / (s C)). A batch further away than the widest scale
  feels nothing.

Several scales are safer than one: each sees structure of its own size.

Known failure: it sees little in many dimensions, where all distances are alike. A single outlier is
hardly pulled in by either kernel: the batch pushes it away almost as hard as the prior pulls. And
it says nothing of single sounds: without a KL term posteriors may become points. See ``info_vae``.

References
----------
A. Gretton et al., "A kernel two-sample test", JMLR 13, 2012, lemma 6.
I. Tolstikhin et al., "Wasserstein auto-encoders", ICLR 2018: the kernel and its scales.
S. Zhao, J. Song and S. Ermon, "InfoVAE: balancing learning and inference in variational
autoencoders", AAAI 2019.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import torch
from pydantic import Field, PositiveFloat

from baselines.divergences.drawing import posterior_samples, standard_normal
from baselines.divergences.registry import NEVER, Divergence

Kernel = Literal["imq", "rbf"]

#: At least one scale of a kernel.
Scales = Annotated[Sequence[PositiveFloat], Field(min_length=1)]

#: Those of Wasserstein auto-encoders.
SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def mmd(
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
    kernel: Kernel = "imq",
    scales: Scales = SCALES,
) -> torch.Tensor:
    """Return the unbiased estimate of MMD^2(q(z), p(z)), a scalar, at least -2 for each scale.

    Parameters
    ----------
    mean, log_variance : shape (B, D), B at least 2
    latent : one sample of each posterior, shape (B, D); drawn if not given
    seed : of the draws of the prior, and of the posteriors
    kernel : ``"imq"`` or ``"rbf"``
    scales : squared lengths of the kernel in units of 2 D, above 0
    """
    posterior = posterior_samples(mean, log_variance, latent, seed)
    prior = standard_normal((len(mean), mean.shape[1]), posterior, seed, "prior of mmd")
    within = _mean_of_others(_kernel(posterior, posterior, kernel, scales))
    expected = _mean_of_others(_kernel(prior, prior, kernel, scales))
    return within + expected - 2 * _kernel(posterior, prior, kernel, scales).mean()


def _kernel(x: torch.Tensor, y: torch.Tensor, kernel: Kernel, scales: Scales) -> torch.Tensor:
    """Return the kernel of all pairs of two samples, summed over scales, shape (B, B)."""
    squared_distance = (x[:, None] - y[None]).square().sum(dim=2)
    lengths = [2 * x.shape[1] * scale for scale in scales]
    if kernel == "imq":
        return torch.stack([1 / (1 + squared_distance / c) for c in lengths]).sum(dim=0)
    return torch.stack([torch.exp(-squared_distance / c) for c in lengths]).sum(dim=0)


def _mean_of_others(pairs: torch.Tensor) -> torch.Tensor:
    """Return the mean of a square matrix without its diagonal."""
    count = len(pairs)
    return (pairs.sum() - pairs.diagonal().sum()) / (count * (count - 1))


MMD = Divergence(
    name="mmd",
    function=mmd,
    formula="E[k(z, z')] + E[k(w, w')] - 2 E[k(z, w)], z ~ q(z), w ~ p(z)",
    estimator="U-statistic of the batch and as many draws of the prior",
    reference="Gretton et al. 2012; Tolstikhin et al. 2018",
    behaviour=(
        "makes q(z) as a whole look like the prior and leaves each q(z|x) free, so codes may be as "
        "informative as they like"
    ),
    least_weight=NEVER,
    per_sound=False,
    needs_batch=True,
    needs_latent=True,
)
