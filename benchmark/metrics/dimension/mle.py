"""Levina-Bickel: intrinsic dimension by maximum likelihood from the distances to k neighbours.

Problem
-------
Around a point of a d-dimensional manifold the number of other points within a radius r grows as
r^d. Seen as a Poisson process, the distances T_1 < ... < T_k to the k nearest neighbours have a
likelihood, and its maximum is an estimate of d at that point.

Definition
----------
At one point ``1 / m = mean over j < k of ln(T_k / T_j)``. Over all points, the harmonic mean of the
m, ``1 / d = mean of 1 / m``, which is the maximum of the joint likelihood: Levina and Bickel took
the arithmetic mean, which MacKay and Ghahramani showed to be biased by a factor (k - 1) / (k - 2)
on top of the errors below. The logarithms have mean 1 / d exactly where the density is even, so
``1 / d`` is unbiased there. 20 neighbours.

Beside scikit-dimension
-----------------------
Its class ``MLE`` has these defaults (20 neighbours, ``comb="mle"``) and gives the same numbers,
except that a single pair of points that coincide makes it answer 0, since ln(T_k / 0) is infinite;
here such points are counted once. It wants at least two columns; one is fine here. Its option
``unbiased=True`` corrects a single point's m and not the harmonic mean, which it then makes too
small by 1 / 19.

Known failures
--------------
Neighbours that should be beyond an edge are missing, and there is more edge the more dimensions:
2,000 points of a cube of 5 dimensions give 4.5 and of 10 dimensions 8.1; of a sphere, which has no
edge but curves within the distance of 20 neighbours, 4.9 and 9.0.
Noise adds its own dimensions at small scales. The codes of a grid are a lattice, whose dimension no
neighbour tells; it is refused (:mod:`benchmark.metrics.dimension.neighbours`).

References
----------
E. Levina, P. Bickel, "Maximum likelihood estimation of intrinsic dimension", NIPS 2004.
D. MacKay, Z. Ghahramani, "Comments on 'Maximum likelihood estimation of intrinsic dimension' by
E. Levina and P. Bickel", 2005.
"""

import numpy as np

from benchmark.metrics.dimension.neighbours import nearest_distances
from benchmark.metrics.information import Floats, Integers
from benchmark.metrics.registry import Output, metric
from toysound.errors import UsageError


def mle(
    *, codes: Floats, factors: Integers | None = None, seed: int = 0, neighbours: int = 20
) -> dict[str, float]:
    """Return the intrinsic dimension of the codes.

    Parameters
    ----------
    codes : shape (n, d)
    factors, seed : not used
    neighbours : of each point, at least 2

    Returns
    -------
    dict
        ``mle``, positive.

    Raises
    ------
    UsageError
        If ``neighbours`` is below 2.
    ToySoundError
        If no more points differ than there are neighbours, or they are a lattice.
    """
    if neighbours < 2:
        raise UsageError(f"mle needs at least 2 neighbours, got neighbours={neighbours}")
    return {"mle": likeliest_dimension(nearest_distances(codes, neighbours, "mle"))}


def likeliest_dimension(distances: Floats) -> float:
    """Return the dimension under which distances to nearest neighbours are likeliest.

    Parameters
    ----------
    distances : shape (n, k), positive, ascending along a row, not all equal
    """
    logs = np.log(distances)
    return float(1 / (logs[:, -1:] - logs[:, :-1]).mean())


MLE = metric(
    {
        "positive_scale": "scaling one latent changes which points are neighbours",
        "duplicate": "a copy weights its latent in the distances",
    },
    name="mle",
    family="dimension",
    function=mle,
    outputs=(
        Output(
            "mle",
            "mle",
            "MLE",
            "Intrinsic dimension of the codes by maximum likelihood from the distances to 20 "
            "neighbours. The truth is the number of factors; from about 6 on it reads low.",
            None,
        ),
    ),
    reference="Levina and Bickel, NIPS 2004",
    needs_factors=False,
)
