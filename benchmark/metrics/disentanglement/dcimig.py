"""DCIMIG (3CharM): information gaps of latents, credited to factors.

Problem
-------
MIG averages over factors and does not see a latent that mixes two; MIG-sup averages over latents
and is lowered by latents that are idle. DCIMIG takes the gap of each latent over factors, credits
it to the factor that the latent knows best, and keeps for each factor only the largest credit. So a
latent that mixes counts little, an idle one neither helps nor harms, and a factor that no latent
singles out counts 0.

Conventions
-----------
Latents are cut into 20 bins of equal width, factors are classes, information is the plug-in
estimate in nats. The score is the sum of the factors' credits over the sum of their entropies: a
factor of many levels weighs more.

Known failures
--------------
Several latents that know the same factor are as good as one: it says nothing of compactness, in
spite of the C in its name. Its ceiling lies below 1 for a factor of more than 20 levels.

Reference
---------
A. Sepliarskaia, J. Kiseleva, M. de Rijke, "How to not measure disentanglement" (first "Evaluating
disentangled representations"), arXiv:1910.05587, 2019; in the form of Ubisoft La Forge
(M.-A. Carbonneau et al., "Measuring disentanglement: a review of metrics", IEEE TNNLS 2022).
"""

import numpy as np

from benchmark.metrics.disentanglement.mig import gap_to_second, information_table
from benchmark.metrics.information import Floats, Integers, entropy
from benchmark.metrics.registry import ONE_FACTOR, Output, metric


def dcimig(*, factors: Integers, codes: Floats, seed: int = 0, bins: int = 20) -> dict[str, float]:
    """Return the information gaps of latents that are credited to factors.

    Parameters
    ----------
    factors : shape (n, k), classes
    codes : shape (n, d), no constant latent
    seed : not used, nothing is random
    bins : number of equal-width bins a latent is cut into, at least 2

    Returns
    -------
    dict
        ``dcimig``, in [0, 1], higher is better; NaN for a single factor, which has no other to be
        told from.

    Raises
    ------
    UsageError
        If there are fewer than 2 bins.
    """
    if factors.shape[1] == 1:
        return {"dcimig": float("nan")}
    known = information_table(factors, codes, bins)
    gaps, credited = gap_to_second(known.T), known.argmax(axis=0)
    credits = [gaps[credited == column].max(initial=0.0) for column in range(len(known))]
    return {"dcimig": float(np.sum(credits) / sum(entropy(factor) for factor in factors.T))}


DCIMIG = metric(
    {"sign": "bins are closed on the left, so a mirrored latent is cut elsewhere"},
    name="dcimig",
    family="disentanglement",
    function=dcimig,
    outputs=(
        Output(
            "dcimig",
            "dcimig",
            "DCIMIG",
            "For each factor the latent that singles it out best: how much more it knows of this "
            "factor than of any other, summed, as a share of all factors' entropy. 0 to 1.",
            True,
            undefined=ONE_FACTOR,
        ),
    ),
    reference="Sepliarskaia et al., 2019",
)
