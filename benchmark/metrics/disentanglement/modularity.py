"""Modularity: does each latent know of one factor only?

Problem
-------
In a modular code every latent has information about a single factor. For each latent, the squared
information with all other factors is compared with that of its best factor: with m the largest
entry of the latent's row,

    1 - (sum of squares of the others) / (m^2 (k - 1)),

averaged over latents: 1 if a latent knows of one factor only, 0 if it knows of all equally.

Conventions
-----------
Latents are cut into 20 bins of equal width, factors are classes, information is the plug-in
estimate in nats, not normalised by entropy. A latent without any information counts 0. This is
disentanglement_lib's definition.

Known failures
--------------
The score is relative: it asks how information is shared and not how much there is. The estimates
of a latent of noise are small, but not equal, since their bias grows with the factor's levels; so
codes of pure noise score about 0.7 (0.85 on ``tones``, whose factors differ more in size), and a
perfect code with five latents of noise beside it 0.87, less than the 0.92 of one that turns factors
and noise into each other. Read it beside its floor only. For one factor it is not defined.

Reference
---------
K. Ridgeway, M. C. Mozer, "Learning deep disentangled embeddings with the f-statistic loss", NeurIPS
2018; as in F. Locatello et al., ICML 2019.
"""

import numpy as np

from benchmark.metrics.disentanglement.mig import information_table
from benchmark.metrics.information import Floats, Integers
from benchmark.metrics.registry import ONE_FACTOR, Output, metric


def modularity(
    *, factors: Integers, codes: Floats, seed: int = 0, bins: int = 20
) -> dict[str, float]:
    """Return the modularity of the latents.

    Parameters
    ----------
    factors : shape (n, k), classes
    codes : shape (n, d), no constant latent
    seed : not used, nothing is random
    bins : number of equal-width bins a latent is cut into, at least 2

    Returns
    -------
    dict
        ``modularity``, in [0, 1], higher is better; NaN for a single factor.

    Raises
    ------
    UsageError
        If there are fewer than 2 bins.
    """
    squares = np.square(information_table(factors, codes, bins))
    if len(squares) == 1:
        return {"modularity": float("nan")}  # no other factor to know of
    largest = squares.max(axis=0)
    others = squares.sum(axis=0) - largest
    shared = np.ones(len(largest))
    np.divide(others, largest * (len(squares) - 1), out=shared, where=largest > 0)
    return {"modularity": float(np.mean(1 - shared))}


MODULARITY = metric(
    {
        "sign": "bins are closed on the left, so a mirrored latent is cut elsewhere",
        "duplicate": "every latent counts alike, so a copy gives one of them twice the weight",
    },
    name="modularity",
    family="disentanglement",
    function=modularity,
    outputs=(
        Output(
            "modularity",
            "modularity",
            "Modularity",
            "Does each latent know of one factor only? 0 to 1, but pure noise gets 0.6 to 0.9: "
            "read it beside its floor.",
            True,
            undefined=ONE_FACTOR,
        ),
    ),
    reference="Ridgeway and Mozer, NeurIPS 2018",
)
