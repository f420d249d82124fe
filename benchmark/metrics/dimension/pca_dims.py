"""How many principal components do the codes have?

Problem
-------
The principal components of d latents are d, however little the last ones hold. Two ways to say how
many count: those that are needed for a share of the variance, and those that are larger than chance
would make them.

Definition
----------
``pca_dims_90``, ``_95``, ``_99``: the fewest components of the covariance that hold that share of
the variance.

``pca_dims``: Horn's parallel analysis. The eigenvalues of the correlation matrix are compared, the
largest with the largest and so on, with those of latents that have nothing to do with each other:
here the same latents, each shuffled among the sounds on its own, 20 times (Buja and Eyuboglu). The
components before the first one that does not exceed the 95th percentile of its rank are counted.

Correlation and not covariance, as with Horn: a rank is then compared with 1 and a little. On
covariances the eigenvalues of shuffled latents are the latents' own variances, and a component is
lost if any single latent is louder: three loud copies of one cause hide two quieter copies of
another. The price is that a latent that is switched off would count as much as any other, so
latents with a standard deviation of at most a twentieth of the largest are left out. The shares of
variance are of the covariance, where such a latent adds next to nothing.

Beside scikit-dimension
-----------------------
Its ``lPCA(ver="parallel")`` works on covariances. On standardised latents it gives the same count,
and loses quiet causes on others: it finds 1 where four causes of sizes 10, 5, 2 and 1 are copied
to ten latents, and 4 are found here.

Known failures
--------------
*Parallel analysis counts what latents share.* Uncorrelated latents share nothing: a code that gives
each factor a latent of its own has 0 such components, as noise has. Read it on data and on mixed
codes, and the shares of variance on untangled ones. Components that are weaker than the strong ones
by far are missed, since all eigenvalues of a correlation matrix add up to d. Everything here is
linear: a curve bends into as many components as there are latents.

References
----------
J. L. Horn, "A rationale and test for the number of factors in factor analysis", Psychometrika 30,
1965.
A. Buja, N. Eyuboglu, "Remarks on parallel analysis", Multivariate Behavioral Research 27, 1992.
"""

import numpy as np
from threadpoolctl import threadpool_limits

from benchmark.metrics.information import Floats, Integers
from benchmark.metrics.registry import Output, metric
from toysound.errors import UsageError

#: A latent is switched off if its standard deviation is at most this share of the largest.
PRUNING = 1 / 20

#: Shares of the variance for which components are counted, in percent.
SHARES = (90, 95, 99)

#: By how much an eigenvalue must exceed its threshold, relatively: rounding decides on nothing.
_ROUNDING = 1e-9


def pca_dims(
    *,
    codes: Floats,
    factors: Integers | None = None,
    seed: int = 0,
    permutations: int = 20,
    percentile: float = 95.0,
) -> dict[str, float]:
    """Return the number of principal components, counted in four ways.

    Parameters
    ----------
    codes : shape (n, d), no constant latent
    factors : not used
    seed : of the permutations
    permutations : of the parallel analysis, at least 1
    percentile : of the eigenvalues of shuffled latents that a component must exceed, 0 to 100

    Returns
    -------
    dict
        ``pca_dims``, from 0 to d; ``pca_dims_90``, ``pca_dims_95``, ``pca_dims_99``, from 1 to d.

    Raises
    ------
    UsageError
        If ``permutations`` is below 1 or ``percentile`` out of range.
    """
    if permutations < 1:
        raise UsageError(f"pca_dims needs at least 1 permutation, got permutations={permutations}")
    if not 0 <= percentile <= 100:
        raise UsageError(f"pca_dims takes a percentile from 0 to 100, got {percentile}")
    centred = codes - codes.mean(axis=0)
    centred /= np.abs(centred).max()
    spread = centred.std(axis=0)
    live = spread > PRUNING * spread.max()
    standard = centred[:, live] / spread[live]
    with threadpool_limits(1):
        found = {"pca_dims": _exceeding(standard, seed, permutations, percentile)}
        return found | _holding(eigenvalues(centred))


def eigenvalues(centred: Floats) -> Floats:
    """Return the eigenvalues of the covariance of centred codes, largest first, none below 0.

    Parameters
    ----------
    centred : shape (n, d)

    Returns
    -------
    ndarray
        Shape (min(n, d),): the others are 0.
    """
    rows, columns = centred.shape
    product = centred @ centred.T if rows < columns else centred.T @ centred
    return np.maximum(np.linalg.eigvalsh(product / rows)[::-1], 0)


def _exceeding(standard: Floats, seed: int, permutations: int, percentile: float) -> float:
    """Return the number of leading components that exceed those of shuffled latents."""
    rng = np.random.default_rng(seed)
    shuffled = [eigenvalues(rng.permuted(standard, axis=0)) for _ in range(permutations)]
    chance = np.percentile(shuffled, percentile, axis=0)
    exceeds = eigenvalues(standard) > chance * (1 + _ROUNDING)
    return float(len(exceeds) if exceeds.all() else np.argmin(exceeds))


def _holding(variances: Floats) -> dict[str, float]:
    """Return the number of components that hold each share of the variance."""
    held = np.cumsum(variances) / variances.sum() * (1 + _ROUNDING)
    counts = {share: np.searchsorted(held, share / 100) + 1 for share in SHARES}
    return {f"pca_dims_{share}": float(count) for share, count in counts.items()}


PCA_DIMS = metric(
    {
        "positive_scale": "scaling one latent changes its share of the variance",
        "duplicate": "a copy is correlated, and doubles the variance along its direction",
    },
    name="pca_dims",
    family="dimension",
    function=pca_dims,
    outputs=(
        Output(
            "pca_dims",
            "pca_dims",
            "PCA parallel",
            "Principal components that latents share beyond chance, by Horn's parallel analysis: "
            "0 to the number of latents. 0 where latents are uncorrelated, as those of a "
            "perfectly untangled code are; noise has 0 as well.",
            None,
            "components",
        ),
        *(
            Output(
                f"pca_dims_{share}",
                f"pca_dims_{share}",
                f"PCA {share} %",
                f"Principal components that hold {share} % of the variance of the codes: 1 to the "
                "number of latents. Linear: a curved manifold takes more than it has dimensions.",
                None,
            )
            for share in SHARES
        ),
    ),
    reference="Horn, Psychometrika 1965",
    needs_factors=False,
    random=True,
)
