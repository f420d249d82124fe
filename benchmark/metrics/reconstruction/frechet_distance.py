"""Frechet distance: do the reconstructions, as a set, sound like the sounds?

Every other measure compares a sound with its reconstruction. This one compares two sets, as it is
done for generated images and music: each sound becomes a point of an embedding, each set a Gaussian
with the mean and covariance of its points, and the squared Frechet (2-Wasserstein) distance of the
two Gaussians is the result:

    |m1 - m2|^2 + trace(C1 + C2 - 2 (C1^(1/2) C2 C1^(1/2))^(1/2))

It sees what a mean of pairs does not: reconstructions that are all a little too much alike, each
not far from its sound, have too small a covariance.

Conventions
-----------
The embedding is that of :mod:`benchmark.metrics.reconstruction.embedding`, whitened over the sounds
of the catalog: a distance of 1 is a shift of one standard deviation in one of 64 respects. No root
of a product of covariances is taken, which rounding would spoil where one is singular, as that of
equal sounds is. With ``C1 = R1.T @ R1`` and ``C2 = R2.T @ R2``, by QR of the centred points, the
trace of the root is the sum of the singular values of ``R1 @ R2.T``, to full precision. Sets of no
more sounds than the embedding has dimensions say too little of a covariance, and get no value.

Known failure: the eigenvalues of a covariance of n sounds are spread by chance, so the distance of
two independent draws of the same sounds is above 0: by about 64^2 / 2n, if they vary as the catalog
does, which is 1 for 2,000 sounds. Compare only numbers of the same test sounds. Sounds that are
exchanged among each other change nothing: a model that answers each sound with another one of the
set scores perfectly.

References
----------
D. C. Dowson and B. V. Landau, "The Frechet distance between multivariate normal distributions",
Journal of Multivariate Analysis 12, 1982.
M. Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash
equilibrium", NeurIPS 2017.
K. Kilgour, M. Zuluaga, D. Roblek and M. Sharifi, "Frechet Audio Distance", Interspeech 2019.
"""

from collections.abc import Mapping

import numpy as np

from benchmark.metrics.reconstruction.embedding import DIMENSIONS, embed
from benchmark.metrics.reconstruction.registry import Floats, SetColumn, SetMetric


def frechet_distance(reference: Floats, estimate: Floats) -> float:
    """Return the squared Frechet distance of the Gaussians of two sets of points.

    Parameters
    ----------
    reference, estimate : shape (n, E) and (m, E), n and m at least 2

    Returns
    -------
    float
        At least 0; 0 for equal means and covariances.

    Raises
    ------
    ValueError
        If the shapes do not fit or a set has fewer than 2 points.
    """
    if reference.ndim != 2 or estimate.ndim != 2 or reference.shape[1] != estimate.shape[1]:
        raise ValueError(
            f"sets must be (n, E) and (m, E), got {reference.shape} and {estimate.shape}"
        )
    if min(len(reference), len(estimate)) < 2:
        raise ValueError("a set needs at least 2 points to have a covariance")
    apart = reference.mean(axis=0) - estimate.mean(axis=0)
    first, second = _factor(reference), _factor(estimate)
    shared = np.linalg.svd(first @ second.T, compute_uv=False).sum()
    spread = np.square(first).sum() + np.square(second).sum() - 2 * shared
    return float(max(0.0, apart @ apart + spread))


def _factor(points: Floats) -> Floats:
    """Return a matrix R with ``R.T @ R`` the covariance of some points, shape (min(n, E), E)."""
    centred = points - points.mean(axis=0)
    return np.asarray(np.linalg.qr(centred, mode="r") / np.sqrt(len(points) - 1))


def finish(reference: Floats, estimate: Floats) -> Mapping[str, float]:
    """Return the distance of two sets of embeddings.

    Parameters
    ----------
    reference, estimate : shape (n, 64), row by row of the same sounds

    Returns
    -------
    dict
        ``frechet_distance``: at least 0; NaN for 64 sounds or fewer.
    """
    enough = min(len(reference), len(estimate)) > DIMENSIONS
    return {"frechet_distance": frechet_distance(reference, estimate) if enough else np.nan}


FRECHET_DISTANCE = SetMetric(
    name="frechet_distance",
    embed=embed,
    finish=finish,
    outputs=(
        SetColumn(
            key="frechet_distance",
            column="frechet_distance",
            label="Frechet",
            description="How far the reconstructions as a set are from the sounds as a set, in 64 "
            "whitened descriptors of timbre, pitch and course. 0 is identical, 1 a shift by one "
            "standard deviation in one respect; compare only numbers of the same test sounds.",
            higher_is_better=False,
            undefined=f"it needs more than {DIMENSIONS} test sounds",
        ),
    ),
    reference="Dowson and Landau 1982, Kilgour et al. 2019",
)
