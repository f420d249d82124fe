"""The BetaVAE score: can one tell which factor two groups of sounds have in common?

Problem
-------
Take pairs of sounds that share the level of one factor and differ at random in the others. In a
disentangled code the two codes of a pair are close in the latent of that factor, so the mean
absolute difference over a batch of pairs,

    mean over 64 pairs of |z1 - z2|, shape (d,),

tells which factor they share. One such batch is a *vote*; a logistic regression learns from votes
to name the factor, and its accuracy on other votes is the score.

Conventions
-----------
Batches of 64 pairs, 10,000 votes to train, logistic regression on the differences as they are (L2
penalty, C = 1): disentanglement_lib's protocol and that of its study. That tests on 5,000 votes;
20,000 give the same number on average with half the spread between seeds. The factor of a vote is
drawn uniformly. The peer draws sounds anew from a whole grid; here a pair is a row, drawn
uniformly, and another row of the same level, both out of the rows given. A row is never its own
partner: in a factor of few sounds a level the pairs would be recognised by how often they coincide.

Known failures
--------------
It does not ask for one latent per factor, only for a linear rule. So it is *blind to a rotation*:
five factors turned among themselves score 0.75 to 1.00 (a hundred rotations, median 0.93), where a
perfect code has 1.00, and factors and noise turned together 0.94 to 1.00. A code may leave out a
factor, which then is the one to name where no other fits: four factors known of five score 1.00,
three 0.80. Chance is 1 / k. The penalty acts on weights, so latents of small scale are underfitted:
a rotated code falls from 0.98 to 0.66 if it is made a hundred times smaller, and latents that
differ by tens of orders of magnitude defeat the solver. It can tell a code that knows factors from
one that does not, and no more; for one factor it is not defined.

Speed
-----
All draws are made at once, as row numbers, and compiled code gathers the codes of these rows. The
regression is small and runs on one thread.

Reference
---------
I. Higgins, L. Matthey, A. Pal, C. Burgess, X. Glorot, M. Botvinick, S. Mohamed, A. Lerchner,
"beta-VAE: learning basic visual concepts with a constrained variational framework", ICLR 2017; as
in F. Locatello et al., ICML 2019.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from benchmark.metrics.compiled import compiled
from benchmark.metrics.information import Floats, Integers
from benchmark.metrics.registry import ONE_FACTOR, Output, metric

#: Sounds, or pairs of them, in a vote.
BATCH = 64

TRAIN_VOTES = 10_000
TEST_VOTES = 20_000


@dataclass(frozen=True, eq=False)
class Levels:
    """The rows of each level of one factor, to draw from.

    Attributes
    ----------
    rows : shape (n,), rows ordered by level
    start : shape (n,), where in ``rows`` the level of a row begins
    size : shape (n,), how many rows have the level of a row
    place : shape (n,), where in ``rows`` a row is
    shared : the rows whose level another row has too
    """

    rows: Integers
    start: Integers
    size: Integers
    place: Integers
    shared: Integers

    @classmethod
    def of(cls, factor: Integers) -> "Levels":
        """Return those of a factor, shape (n,), of which some level occurs twice."""
        _, level, counts = np.unique(factor, return_inverse=True, return_counts=True)
        rows = np.argsort(level, kind="stable").astype(np.int64)
        place = np.empty(len(rows), dtype=np.int64)
        place[rows] = np.arange(len(rows))
        start = (np.cumsum(counts) - counts)[level]
        size = counts[level]
        return cls(rows, start, size, place, np.flatnonzero(size > 1).astype(np.int64))

    def anchors(self, shape: tuple[int, ...], rng: np.random.Generator) -> Integers:
        """Return rows drawn uniformly from those whose level another row has too."""
        return np.asarray(self.shared[rng.integers(len(self.shared), size=shape)])

    def companions(self, of: Integers, rng: np.random.Generator, *, other: bool) -> Integers:
        """Return for each row one of the same level, drawn uniformly; not itself if ``other``."""
        start, size = self.start[of], self.size[of]
        drawn = start + rng.integers(size - 1 if other else size)
        if other:
            drawn += drawn >= self.place[of]
        return np.asarray(self.rows[drawn])


def beta_vae(*, factors: Integers, codes: Floats, seed: int = 0) -> dict[str, float]:
    """Return the accuracy with which a logistic regression names the factor that pairs share.

    Parameters
    ----------
    factors : shape (n, k), classes; some level of each must occur twice
    codes : shape (n, d), no constant latent
    seed : of the draws

    Returns
    -------
    dict
        ``beta_vae``, in [0, 1], higher is better, about 1 / k by chance; NaN for a single factor,
        where there is nothing to name.
    """
    if factors.shape[1] == 1:
        return {"beta_vae": float("nan")}
    levels = [Levels.of(factor) for factor in factors.T]
    rng = np.random.default_rng(seed)
    rows = np.ascontiguousarray(codes)
    points, shared = _votes(levels, rows, TRAIN_VOTES, rng)
    tested, truth = _votes(levels, rows, TEST_VOTES, rng)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression().fit(points, shared)
        return {"beta_vae": float(np.mean(model.predict(tested) == truth))}


def _votes(
    levels: list[Levels], codes: Floats, count: int, rng: np.random.Generator
) -> tuple[Floats, Integers]:
    """Return mean absolute differences, shape (count, d), and the factor that was shared."""
    shared = rng.integers(len(levels), size=count)
    points = np.empty((count, codes.shape[1]))
    for factor, level in enumerate(levels):
        votes = np.flatnonzero(shared == factor)
        first = level.anchors((len(votes), BATCH), rng)
        second = level.companions(first, rng, other=True)
        points[votes] = _mean_absolute_difference(codes, first, second)
    return points, shared


@compiled
def _mean_absolute_difference(codes: Floats, first: Integers, second: Integers) -> Floats:
    """Return the mean of |z1 - z2| over each vote's pairs of rows, shape (votes, d)."""
    votes, pairs = first.shape
    latents = codes.shape[1]
    out = np.zeros((votes, latents))
    for vote in range(votes):
        for pair in range(pairs):
            one, two = first[vote, pair], second[vote, pair]
            for latent in range(latents):
                out[vote, latent] += abs(codes[one, latent] - codes[two, latent])
    out /= pairs
    return out


BETA_VAE = metric(
    {
        "positive_scale": "the logistic regression penalises weights, so scale matters",
        "duplicate": "the weights are penalised, and a copy shares its latent's weight",
    },
    name="beta_vae",
    family="disentanglement",
    function=beta_vae,
    outputs=(
        Output(
            "beta_vae",
            "beta_vae",
            "BetaVAE",
            "How often a linear classifier names the factor that pairs of sounds share from how "
            "far apart their codes are. 1 at best, but factors that are mixed with each other "
            "score nearly as high.",
            True,
            undefined=ONE_FACTOR,
        ),
    ),
    reference="Higgins et al., ICLR 2017",
    estimator="scikit-learn LogisticRegression, C=1",
    needs_repeats=True,
    random=True,
)
