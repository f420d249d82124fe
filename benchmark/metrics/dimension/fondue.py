"""FONDUE: how many dimensions the noise of the posterior adds to the codes.

Problem
-------
A VAE with more latents than it needs leaves some *passive*: their mean hardly moves, and their
samples are draws from the prior, the same for every sound. The means then lie on a manifold of few
dimensions, and the samples, what the decoder hears, fill as many more as there are passive latents.
The gap between the two intrinsic dimensions says how many latents the model could lose.

Definition
----------
``fondue_mean`` is the intrinsic dimension of the posterior means, ``fondue_sampled`` that of one
sample from each posterior, ``mean + exp(log_variance / 2) * noise``, and ``fondue`` is the second
less the first. Both are the maximum likelihood estimate of Levina and Bickel with 20 neighbours,
averaged as MacKay and Ghahramani say (:mod:`benchmark.metrics.dimension.mle`), and on all rows. The
sample is drawn several times, so that the draws together hold 20,000 points, and the harmonic mean
is taken.

The algorithm of the paper trains several models for an epoch or two each and searches for the
number of latents at which this gap reaches a threshold. Here a model is trained already, so the gap
itself is reported and nothing is searched.

Known failures
--------------
A latent whose mean is exactly constant is dropped before every metric, and its noise with it: the
gap then misses it. The noise of a latent in use adds a part of a dimension too, as far as it is
seen among 20 neighbours, so a model without a passive latent may have a gap above 0. The estimator
reads low from about 6 dimensions on, and lower for samples than for means, which have fewer. Means
on a lattice have no dimension that neighbours tell: they are refused, and with them the gap.

References
----------
L. Bonheme, M. Grzes, "FONDUE: an algorithm to automatically find the dimensionality of the latent
representations of variational autoencoders", arXiv 2209.12806, 2022.
L. Bonheme, M. Grzes, "Be more active! Understanding the differences between mean and sampled
representations of variational autoencoders", Journal of Machine Learning Research 24, 2023.
"""

import numpy as np

from benchmark.metrics.dimension.mle import likeliest_dimension
from benchmark.metrics.dimension.neighbours import nearest_distances
from benchmark.metrics.information import Floats, Integers
from benchmark.metrics.registry import Output, metric
from toysound.errors import UsageError

#: Points that all samples together have at least: keeps what the seed decides small.
_POINTS = 20_000


def fondue(
    *,
    codes: Floats,
    log_variance: Floats,
    factors: Integers | None = None,
    seed: int = 0,
    neighbours: int = 20,
) -> dict[str, float]:
    """Return the intrinsic dimension of samples, of means, and the gap between them.

    Parameters
    ----------
    codes : shape (n, d), posterior means
    log_variance : shape (n, d), ln of the posterior variances
    factors : not used
    seed : of the samples
    neighbours : of each point, at least 2

    Returns
    -------
    dict
        ``fondue`` (the gap, of either sign), ``fondue_mean`` and ``fondue_sampled`` (positive).

    Raises
    ------
    UsageError
        If ``neighbours`` is below 2.
    ToySoundError
        If no more points differ than there are neighbours, or the means are a lattice.
    """
    if neighbours < 2:
        raise UsageError(f"fondue needs at least 2 neighbours, got neighbours={neighbours}")
    of_means = likeliest_dimension(nearest_distances(codes, neighbours, "fondue"))
    spread = np.exp(log_variance / 2)
    rng = np.random.default_rng(seed)
    inverses = []
    for _ in range(-(-_POINTS // len(codes))):
        sample = codes + spread * rng.standard_normal(codes.shape)
        inverses.append(1 / likeliest_dimension(nearest_distances(sample, neighbours, "fondue")))
    of_samples = float(1 / np.mean(inverses))
    return {
        "fondue": of_samples - of_means,
        "fondue_mean": of_means,
        "fondue_sampled": of_samples,
    }


FONDUE = metric(
    {
        "positive_scale": "scaling one latent changes which points are neighbours",
        "sign": "the noise of the samples is not mirrored with the latent",
        "duplicate": "a copy weights its latent in the distances and gets noise of its own",
    },
    name="fondue",
    family="dimension",
    function=fondue,
    outputs=(
        Output(
            "fondue",
            "fondue",
            "FONDUE gap",
            "Intrinsic dimension of samples from the posterior less that of its means: about how "
            "many latents are switched off and only add noise. 0 if none is.",
            None,
            "dimensions",
        ),
        Output(
            "fondue_mean",
            "fondue_mean",
            "FONDUE means",
            "Intrinsic dimension of the posterior means. The truth is the number of factors.",
            None,
        ),
        Output(
            "fondue_sampled",
            "fondue_sampled",
            "FONDUE samples",
            "Intrinsic dimension of samples from the posterior: up to the number of latents.",
            None,
            "dimensions",
        ),
    ),
    reference="Bonheme and Grzes, arXiv 2209.12806, 2022",
    needs_factors=False,
    needs_log_variance=True,
    random=True,
)
