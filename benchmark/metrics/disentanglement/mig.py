"""Mutual information gap (MIG).

Problem
-------
If a latent space is disentangled, one latent knows a factor and no other latent does. MIG measures
the gap: for each factor, the mutual information with the latent that knows most of it, less that
with the second best, as a fraction of the factor's entropy; averaged over factors.

Conventions
-----------
Latents are cut into 20 bins of equal width, factors are classes, information is the plug-in
estimate in nats: the definition of disentanglement_lib, so that numbers can be compared.

Known failures
--------------
Its ceiling lies below 1 for a factor of more than 20 values. It is blind to a latent that mixes two
factors, as long as both are known elsewhere less well.

Reference
---------
R. T. Q. Chen, X. Li, R. Grosse, D. Duvenaud, "Isolating sources of disentanglement in variational
autoencoders", NeurIPS 2018.
"""

import numpy as np

from benchmark.metrics.information import (
    Floats,
    Integers,
    discrete_mutual_information,
    entropy,
    histogram_bins,
)
from benchmark.metrics.registry import Output, metric
from toysound.errors import UsageError


def mig(*, factors: Integers, codes: Floats, seed: int = 0, bins: int = 20) -> dict[str, float]:
    """Return the mutual information gap.

    Parameters
    ----------
    factors : shape (n, k), classes
    codes : shape (n, d), no constant latent
    seed : not used, nothing is random
    bins : number of equal-width bins a latent is cut into, at least 2

    Returns
    -------
    dict
        ``mig``, in [0, 1], higher is better. A single latent has no second best: its gap is to 0.

    Raises
    ------
    UsageError
        If there are fewer than 2 bins.
    """
    if bins < 2:
        raise UsageError(f"mig cuts latents into at least 2 bins, got bins={bins}")
    binned = histogram_bins(codes, bins)
    gaps = []
    for factor in factors.T:
        known = np.sort([discrete_mutual_information(column, factor) for column in binned.T])
        second = known[-2] if len(known) > 1 else 0.0
        gaps.append((known[-1] - second) / entropy(factor))
    return {"mig": float(np.mean(gaps))}


MIG = metric(
    {
        "sign": "bins are closed on the left, so a mirrored latent is cut elsewhere",
        "duplicate": "a copy of the best latent is as good as it, and closes the gap",
    },
    name="mig",
    family="disentanglement",
    function=mig,
    outputs=(
        Output(
            "mig",
            "mig",
            "MIG",
            "Mutual information gap: how much more the best latent knows of a factor than "
            "the second best, as a share of the factor's entropy. 0 to 1.",
            True,
        ),
    ),
    reference="Chen et al., NeurIPS 2018",
)
