"""JEMMIG: the joint entropy minus the mutual information gap.

Problem
-------
MIG does not see whether the latent that knows a factor carries anything else. JEMMIG adds that: for
factor y, let z* be the latent that knows most of it, I1 what it knows and I2 what the second best
knows. ``H(y, z*) - I1 + I2`` is small only if z* says y, the whole of y and nothing but y, and no
other latent says it too.

Conventions
-----------
Latents are cut into 20 bins of equal width, factors are classes, information is the plug-in
estimate in nats. The raw number is best at 0 and grows with the sizes, so it is given in the
normalised form of Ubisoft La Forge, where 1 is best,

    1 - (H(y, z*) - I1 + I2) / (H(y) + log(bins)),

averaged over factors. Where two latents know equally much, z* is the one of smaller joint entropy.

Known failures
--------------
Its floor is not 0: the joint entropy of a code that knows nothing is H(y) + H(z*), and H(z*) is
less than log(bins) unless the bins are equally full. Normal noise scores 0.10 to 0.14. Of a code
that is noisy the entropy left over counts against it even where it tells the levels apart. Its
ceiling lies below 1 for a factor of more than ``bins`` levels.

Reference
---------
K. Do, T. Tran, "Theory and evaluation metrics for learning disentangled representations", ICLR
2020; normalised as in M.-A. Carbonneau, J. Zaidi, J. Boilard, G. Gagnon, "Measuring
disentanglement: a review of metrics", IEEE TNNLS 2022 (Ubisoft La Forge).
"""

import numpy as np

from benchmark.metrics.disentanglement.mig import gap_to_second, information_table
from benchmark.metrics.information import Floats, Integers, entropy, histogram_bins
from benchmark.metrics.registry import Output, metric

#: Information, in nats, within which two latents count as knowing equally much.
_EQUAL = 1e-9


def jemmig(*, factors: Integers, codes: Floats, seed: int = 0, bins: int = 20) -> dict[str, float]:
    """Return the normalised joint entropy minus mutual information gap.

    Parameters
    ----------
    factors : shape (n, k), classes
    codes : shape (n, d), no constant latent
    seed : not used, nothing is random
    bins : number of equal-width bins a latent is cut into, at least 2

    Returns
    -------
    dict
        ``jemmig``, in [0, 1], higher is better. A single latent has no second best: its gap is to
        0.

    Raises
    ------
    UsageError
        If there are fewer than 2 bins.
    """
    known = information_table(factors, codes, bins)
    of_factors = np.array([entropy(factor) for factor in factors.T])
    of_latents = np.array([entropy(latent) for latent in histogram_bins(codes, bins).T])
    joint = of_factors[:, None] + of_latents - known
    best = known >= known.max(axis=1, keepdims=True) - _EQUAL
    smallest = np.where(best, joint, np.inf).min(axis=1)
    spread = (smallest - gap_to_second(known)) / (of_factors + np.log(bins))
    return {"jemmig": float(np.mean(1 - spread))}


JEMMIG = metric(
    {
        "sign": "bins are closed on the left, so a mirrored latent is cut elsewhere",
        "duplicate": "a copy of the best latent is as good as it, and closes the gap",
    },
    name="jemmig",
    family="disentanglement",
    function=jemmig,
    outputs=(
        Output(
            "jemmig",
            "jemmig",
            "JEMMIG",
            "Does one latent say a factor, all of it and nothing else, and no other latent too? "
            "Joint entropy and information gap in one number, 0 to 1; noise gets about 0.1.",
            True,
        ),
    ),
    reference="Do and Tran, ICLR 2020",
)
