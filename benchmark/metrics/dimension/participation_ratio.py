"""Participation ratio: over how many directions is the variance of the codes spread?

With eigenvalues l of the covariance of the codes, ``(sum l)^2 / sum l^2``: d for an isotropic cloud
in d dimensions, 1 for a line. It is linear: a curved one-dimensional manifold can have any value.

Reference: P. Gao et al., "A theory of multineuronal dimensionality, dynamics and measurement",
bioRxiv 214262, 2017.
"""

import numpy as np

from benchmark.metrics.information import Floats, Integers
from benchmark.metrics.registry import Output, metric


def participation_ratio(
    *, codes: Floats, factors: Integers | None = None, seed: int = 0
) -> dict[str, float]:
    """Return the participation ratio of the codes' covariance.

    Parameters
    ----------
    codes : shape (n, d), no constant latent
    factors, seed : not used

    Returns
    -------
    dict
        ``participation_ratio``, from 1 to d.
    """
    # Divided by the largest deviation, which drops out: fourth powers must not overflow.
    covariance = np.atleast_2d(np.cov(codes / codes.std(axis=0).max(), rowvar=False))
    return {"participation_ratio": float(np.trace(covariance) ** 2 / np.sum(covariance**2))}


PARTICIPATION_RATIO = metric(
    {
        "positive_scale": "scaling one latent changes its share of the variance",
        "duplicate": "a copy doubles the variance along its direction",
    },
    name="participation_ratio",
    family="dimension",
    function=participation_ratio,
    outputs=(
        Output(
            "participation_ratio",
            "participation_ratio",
            "part. ratio",
            "Over how many directions the variance of the codes is spread: 1 to the number "
            "of latents. Linear: a curved manifold can have any value.",
            None,
        ),
    ),
    reference="Gao et al., bioRxiv 214262, 2017",
    needs_factors=False,
)
