"""The FactorVAE score: which latent keeps stillest while one factor is held?

Problem
-------
Hold one factor at a level and let the others vary: in a disentangled code one latent hardly moves,
and it is always the same one for that factor. A batch of 64 sounds of one level is a *vote*: the
latent whose variance in the batch, divided by its variance over all sounds, is smallest. For each
latent the factor that most of its votes were cast for is what it stands for; the score is the share
of other votes that this rule gets right.

Conventions
-----------
Batches of 64 sounds, 10,000 votes to train: disentanglement_lib's protocol and that of its study.
That tests on 5,000 votes; 20,000 give the same number on average with half the spread between
seeds. The factor of a vote is drawn uniformly. The peer draws sounds anew from a whole
grid; here a row is drawn uniformly, and then 64 of its level, with replacement, out of the rows
given (levels that a single row has are passed over: nothing can vary there).

Latents whose standard deviation over all sounds is below ``threshold`` = 0.05 are *pruned*. A
latent that the model has switched off may still tremble with a factor, and divided by its own
variance that tremor counts as much as a latent in use, although no decoder makes anything of it.
The number is the study's (``prune_dims.threshold``; the library's own default of 0 prunes nothing),
and as there it is in the units of the code: it means dead *beside a prior of standard deviation 1*.
For a code without such a prior set it to 0.

Known failures
--------------
Nearly *blind to a rotation*: the latent that a factor moves most still points to it, and several
latents may stand for one factor. Five factors turned among themselves score 0.57 to 1.00 (a hundred
rotations, median 0.82), factors and noise turned together 0.78 to 1.00, where a perfect code has
1.00. So 0.8 is not much: four factors known of five score 0.96, three 0.77. Chance is 1 / k. Votes
to train and to test come from the same rows, so that noise on few sounds is partly learnt by heart:
0.26 with 600 rows, 0.20 with 15,000, for five factors. For one factor it is not defined.

Speed
-----
All draws are made at once, as row numbers, and compiled code takes the variances of these rows.

Reference
---------
H. Kim, A. Mnih, "Disentangling by factorising", ICML 2018; as in F. Locatello et al., ICML 2019.
"""

import numpy as np

from benchmark.metrics.compiled import compiled
from benchmark.metrics.disentanglement.beta_vae import (
    BATCH,
    TEST_VOTES,
    TRAIN_VOTES,
    Levels,
)
from benchmark.metrics.information import Floats, Integers
from benchmark.metrics.registry import ONE_FACTOR, Output, metric
from toysound.errors import ToySoundError, UsageError

#: Standard deviation below which disentanglement_lib's study takes a latent for dead.
THRESHOLD = 0.05

#: Digits of a normalised variance that count: latents that say the same must tie.
_DIGITS = 9


def factor_vae(
    *, factors: Integers, codes: Floats, seed: int = 0, threshold: float = THRESHOLD
) -> dict[str, float]:
    """Return how often the stillest latent tells which factor is held.

    Parameters
    ----------
    factors : shape (n, k), classes; some level of each must occur twice
    codes : shape (n, d), no constant latent
    seed : of the draws
    threshold : standard deviation below which a latent is pruned, in the units of the code, at
        least 0

    Returns
    -------
    dict
        ``factor_vae``, in [0, 1], higher is better, about 1 / k by chance; NaN for a single factor,
        where there is nothing to tell.

    Raises
    ------
    UsageError
        If the threshold is negative or not a number.
    ToySoundError
        If every latent is pruned.
    """
    if not threshold >= 0:
        raise UsageError(f"factor_vae needs a threshold of at least 0, got threshold={threshold}")
    spread = codes.std(axis=0, ddof=1)
    live = spread >= threshold
    if not live.any():
        raise ToySoundError(
            f"FactorVAE takes a latent of a standard deviation below {threshold:g} for switched "
            f"off, as it is beside a prior of 1; the largest here is {spread.max():.3g}, so none "
            "is left: scale the codes up, or lower that threshold"
        )
    if factors.shape[1] == 1:
        return {"factor_vae": float("nan")}
    kept = np.ascontiguousarray(codes[:, live])
    standard = (kept - kept.mean(axis=0)) / spread[live]
    levels = [Levels.of(factor) for factor in factors.T]
    rng = np.random.default_rng(seed)
    learnt = _votes(levels, standard, TRAIN_VOTES, rng)
    tested = _votes(levels, standard, TEST_VOTES, rng)
    stands_for = learnt.argmax(axis=0)
    right = tested[stands_for, np.arange(len(stands_for))].sum()
    return {"factor_vae": float(right / tested.sum())}


def _votes(
    levels: list[Levels], standard: Floats, count: int, rng: np.random.Generator
) -> Integers:
    """Return how often each latent was stillest while each factor was held, shape (k, d)."""
    held = rng.integers(len(levels), size=count)
    latents = standard.shape[1]
    table = np.zeros((len(levels), latents), dtype=np.int64)
    for factor, level in enumerate(levels):
        votes = int(np.count_nonzero(held == factor))
        anchor = np.broadcast_to(level.anchors((votes, 1), rng), (votes, BATCH))
        rows = level.companions(anchor, rng, other=False)
        variance = np.round(_variances(standard, rows), _DIGITS)
        table[factor] = np.bincount(variance.argmin(axis=1), minlength=latents)
    return table


@compiled
def _variances(standard: Floats, rows: Integers) -> Floats:
    """Return the variance of each latent over each vote's rows, shape (votes, d)."""
    votes, batch = rows.shape
    latents = standard.shape[1]
    mean = np.zeros((votes, latents))
    out = np.zeros((votes, latents))
    for vote in range(votes):
        for row in rows[vote]:
            for latent in range(latents):
                mean[vote, latent] += standard[row, latent] / batch
        for row in rows[vote]:
            for latent in range(latents):
                out[vote, latent] += (standard[row, latent] - mean[vote, latent]) ** 2
    out /= batch - 1
    return out


FACTOR_VAE = metric(
    {"positive_scale": "a latent of a standard deviation below 0.05 counts as dead"},
    name="factor_vae",
    family="disentanglement",
    function=factor_vae,
    outputs=(
        Output(
            "factor_vae",
            "factor_vae",
            "FactorVAE",
            "How often the latent that moves least tells which factor was held. 1 at best, but "
            "factors that are mixed with each other can score nearly as high, and chance is one "
            "over the number of factors.",
            True,
            undefined=ONE_FACTOR,
        ),
    ),
    reference="Kim and Mnih, ICML 2018",
    needs_repeats=True,
    random=True,
)
