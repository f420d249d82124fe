"""TwoNN: intrinsic dimension from the distances to two neighbours.

Problem
-------
However curved a manifold is, around a point it is flat, and the ratio mu of the distances to the
second and the first neighbour follows a Pareto law whose exponent is the dimension:
P(mu > x) = x^-d.

Definition
----------
As in the paper: the ratios are sorted, the largest tenth, where the law holds least, is left out,
and d is the slope through the origin of -ln(1 - F) against ln mu, where F is the empirical
distribution.

Beside scikit-dimension
-----------------------
Its class ``TwoNN`` with its defaults gives the same numbers where no points coincide. Where some
do, it drops them all; here they are counted once. What it keeps are the points beside a pair that
coincides, whose two nearest neighbours are then equally far, and each pulls its estimate up: it
finds 2.5 dimensions in a plane of 2,000 points of which 500 are there twice.

Known failures
--------------
The codes of a grid are a lattice, which is refused
(:mod:`benchmark.metrics.dimension.neighbours`); a small sample of a large grid passes, and its
estimate means little. Noise adds its own dimensions at small scales. High dimensions are
underestimated where the cloud has edges: 2,000 points of a cube of 5 dimensions give 4.7 and of 10
dimensions 8.5. Two neighbours scatter more than the 20 of :mod:`benchmark.metrics.dimension.mle`:
over draws of 2,000 points of a square, by 2.7 % where that does by 0.7 %.

Reference
---------
E. Facco, M. d'Errico, A. Rodriguez, A. Laio, "Estimating the intrinsic dimension of datasets by a
minimal neighborhood information", Scientific Reports 7, 2017.
"""

import numpy as np

from benchmark.metrics.dimension.neighbours import nearest_distances
from benchmark.metrics.information import Floats, Integers
from benchmark.metrics.registry import Output, metric
from toysound.errors import UsageError


def twonn(
    *, codes: Floats, factors: Integers | None = None, seed: int = 0, discard: float = 0.1
) -> dict[str, float]:
    """Return the intrinsic dimension of the codes.

    Parameters
    ----------
    codes : shape (n, d)
    factors, seed : not used
    discard : share of the largest ratios that is left out of the fit, 0 <= discard < 1; the largest
        of all, where 1 - F is 0, always is

    Returns
    -------
    dict
        ``twonn``, positive.

    Raises
    ------
    UsageError
        If ``discard`` is out of range.
    ToySoundError
        If fewer than 10 points differ, or they are a lattice.
    """
    if not 0 <= discard < 1:
        raise UsageError(f"twonn leaves out a share from 0 to below 1, got discard={discard}")
    distances = nearest_distances(codes, 2, "twonn")
    x = np.sort(np.log(distances[:, 1] / distances[:, 0]))
    kept = max(1, min(int(len(x) * (1 - discard)), len(x) - 1))
    y = -np.log1p(-np.arange(1, kept + 1) / len(x))
    return {"twonn": float((x[:kept] * y).sum() / (x[:kept] ** 2).sum())}


TWONN = metric(
    {
        "positive_scale": "scaling one latent changes which points are neighbours",
        "duplicate": "a copy weights its latent in the distances",
    },
    name="twonn",
    family="dimension",
    function=twonn,
    outputs=(
        Output(
            "twonn",
            "twonn",
            "TwoNN",
            "Intrinsic dimension of the codes from the distances to two neighbours. The "
            "truth is the number of factors.",
            None,
        ),
    ),
    reference="Facco et al., Scientific Reports 2017",
    needs_factors=False,
)
