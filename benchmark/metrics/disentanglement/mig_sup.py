"""MIG-sup: the mutual information gap of a latent, over factors.

Problem
-------
MIG asks of each factor whether one latent knows it; it does not see that this latent also knows
another factor. MIG-sup asks the supplementary question: of each latent, how much more does it know
of its best factor than of its second best? Averaged over latents. A code should be high in both.

Conventions
-----------
Latents are cut into 20 bins of equal width, factors are classes, information is the plug-in
estimate in nats. Before its gap is taken, the information of factor y and latent z is normalised:

* ``mig_sup``: by the latent's entropy H(z), as in the implementation of Ubisoft La Forge, whose
  comparison of metrics made this the customary form;
* ``mig_sup_factor_entropy``: by the factor's entropy H(y), as in the paper.

Known failures
--------------
Every live latent counts alike, so a latent that knows nothing lowers the score: a perfect code of
five factors with five latents of noise beside it gets 0.5. A latent that knows its factor *and* is
noisy has entropy left over, which ``mig_sup`` punishes and ``mig_sup_factor_entropy`` does not; on
the other hand a latent has at most log(bins) nats, so a factor of more than ``bins`` levels keeps
the latter below 1.

Reference
---------
Z. Li, J. V. Murkute, P. K. Gyawali, L. Wang, "Progressive learning and disentanglement of
hierarchical representations", ICLR 2020; M.-A. Carbonneau, J. Zaidi, J. Boilard, G. Gagnon,
"Measuring disentanglement: a review of metrics", IEEE TNNLS 2022 (Ubisoft La Forge).
"""

import numpy as np

from benchmark.metrics.disentanglement.mig import gap_to_second, information_table
from benchmark.metrics.information import Floats, Integers, entropy, histogram_bins
from benchmark.metrics.registry import ONE_FACTOR, Output, metric


def mig_sup(*, factors: Integers, codes: Floats, seed: int = 0, bins: int = 20) -> dict[str, float]:
    """Return the mutual information gap of latents over factors.

    Parameters
    ----------
    factors : shape (n, k), classes
    codes : shape (n, d), no constant latent
    seed : not used, nothing is random
    bins : number of equal-width bins a latent is cut into, at least 2

    Returns
    -------
    dict
        ``mig_sup`` and ``mig_sup_factor_entropy``, in [0, 1], higher is better; NaN for a single
        factor, which has no other to be told from.

    Raises
    ------
    UsageError
        If there are fewer than 2 bins.
    """
    if factors.shape[1] == 1:
        return {"mig_sup": float("nan"), "mig_sup_factor_entropy": float("nan")}
    known = information_table(factors, codes, bins)
    of_factors = np.array([entropy(factor) for factor in factors.T])
    of_latents = np.array([entropy(latent) for latent in histogram_bins(codes, bins).T])
    return {
        "mig_sup": float(np.mean(gap_to_second((known / of_latents).T))),
        "mig_sup_factor_entropy": float(np.mean(gap_to_second((known / of_factors[:, None]).T))),
    }


MIG_SUP = metric(
    {
        "sign": "bins are closed on the left, so a mirrored latent is cut elsewhere",
        "duplicate": "every latent counts alike, so a copy gives one of them twice the weight",
    },
    name="mig_sup",
    family="disentanglement",
    function=mig_sup,
    outputs=(
        Output(
            "mig_sup",
            "mig_sup",
            "MIG-sup",
            "How much more a latent knows of its best factor than of its second best, as a share "
            "of the latent's entropy, averaged over latents. 0 to 1; latents of noise lower it.",
            True,
            undefined=ONE_FACTOR,
        ),
        Output(
            "mig_sup_factor_entropy",
            "mig_sup_factor_entropy",
            "MIG-sup H(y)",
            "MIG-sup as its paper has it: the same gap with information as a share of the "
            "factor's entropy. 0 to 1; latents of noise lower it.",
            True,
            undefined=ONE_FACTOR,
        ),
    ),
    reference="Li et al., ICLR 2020",
)
