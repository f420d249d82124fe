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

Known failures
--------------
The codes of a grid are a lattice, blurred or not: an encoder that maps each cell to one point puts
many neighbours at equal distances. Where a tenth are, the metric refuses; a small sample of a large
grid passes, and its estimate means little. Noise adds its own dimensions at small scales. High
dimensions are underestimated. Points that coincide are counted once.

Reference
---------
E. Facco, M. d'Errico, A. Rodriguez, A. Laio, "Estimating the intrinsic dimension of datasets by a
minimal neighborhood information", Scientific Reports 7, 2017.
"""

import numpy as np
from scipy.spatial import cKDTree

from benchmark.metrics.information import Floats, Integers
from benchmark.metrics.registry import Output, metric
from toysound.errors import ToySoundError, UsageError

_FEWEST = 10

#: A tenth of the ratios this near to 1 are a lattice, with gaps perhaps, and no sample: for a
#: smooth density of d dimensions their share is d / 10,000.
_LATTICE = 1e-4


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
    points = np.unique(codes, axis=0)
    if len(points) < _FEWEST:
        raise ToySoundError(
            f"twonn needs at least {_FEWEST} points that differ, the codes have {len(points)}"
        )
    distances, _ = cKDTree(points).query(points, k=3)
    ratios = np.sort(distances[:, 2] / distances[:, 1])
    kept = max(1, min(int(len(ratios) * (1 - discard)), len(ratios) - 1))
    x = np.log(ratios[:kept])
    y = -np.log1p(-np.arange(1, kept + 1) / len(ratios))
    if np.quantile(x, 0.1) < _LATTICE:
        raise ToySoundError(
            "twonn finds many neighbours at equal distances: the codes are a lattice, one point "
            "for each cell, whose dimension it cannot tell"
        )
    return {"twonn": float((x * y).sum() / (x * x).sum())}


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
