"""Mutual information gap (MIG), and what the metrics of binned latents share.

Problem
-------
If a latent space is disentangled, one latent knows a factor and no other latent does. MIG measures
the gap: for each factor, the mutual information with the latent that knows most of it, less that
with the second best, as a fraction of the factor's entropy; averaged over factors.

Conventions
-----------
Latents are cut into 20 bins of equal width, factors are classes, information is the plug-in
estimate in nats: the definition of disentanglement_lib, so that numbers can be compared.

Circular factors
----------------
No single latent codes a circle continuously: a code that keeps neighbours together needs two, the
cosine and the sine of the angle. MIG takes this honest pair for two latents that share a factor and
scores it low. ``mig_circular`` lets a circular factor be known by *one latent or one pair*, where a
pair says its angle: atan2 of the two standardised latents, cut into ``bins`` equal sectors. The gap
is the largest, over all latents and pairs, of what one knows less what the best latent or pair
*outside* it knows; with single latents alone that is MIG's own gap. The other factors keep theirs.

Known failures
--------------
Its ceiling lies below 1 for a factor of more than 20 values. It is blind to a latent that mixes two
factors, as long as both are known elsewhere less well. ``mig_circular`` does not see that two
latents of a pair are copies: their angle says on which side of the centre they are, one bit of the
factor that MIG would not count. Its d (d + 1) / 2 estimates take long for hundreds of latents.

Reference
---------
R. T. Q. Chen, X. Li, R. Grosse, D. Duvenaud, "Isolating sources of disentanglement in variational
autoencoders", NeurIPS 2018. The circular variant is this project's.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from benchmark.metrics.information import (
    Floats,
    Integers,
    discrete_mutual_information,
    entropy,
    histogram_bins,
)
from benchmark.metrics.registry import NO_CIRCLE, Output, metric
from toysound.errors import UsageError

#: Standardised value within which a latent is at its centre, so that rounding turns no angle.
_CENTRE = 1e-9

#: How near to the edge of a sector an angle is on it, in widths of a sector.
_ON_EDGE = 1e-9


def mig(
    *,
    factors: Integers,
    codes: Floats,
    seed: int = 0,
    bins: int = 20,
    kinds: Sequence[str] | None = None,
) -> dict[str, float]:
    """Return the mutual information gap.

    Parameters
    ----------
    factors : shape (n, k), classes
    codes : shape (n, d), no constant latent
    seed : not used, nothing is random
    bins : number of equal-width bins a latent is cut into, at least 2
    kinds : kind of each factor, shape (k,); ``"circular"`` is what matters here

    Returns
    -------
    dict
        ``mig``, in [0, 1], higher is better. A single latent has no second best: its gap is to 0.
        If any factor is circular also ``mig_circular``, likewise, in which a circular factor may be
        known by the angle of a pair of latents; see the top of this module.

    Raises
    ------
    UsageError
        If there are fewer than 2 bins.
    """
    known = information_table(factors, codes, bins)
    entropies = np.array([entropy(factor) for factor in factors.T])
    gaps = gap_to_second(known) / entropies
    scores = {"mig": float(gaps.mean())}
    circular = [column for column, kind in enumerate(kinds or ()) if kind == "circular"]
    if circular:
        for column in circular:
            gaps[column] = _circular_gap(known[column], codes, factors[:, column], bins)
        gaps[circular] /= entropies[circular]
        scores["mig_circular"] = float(gaps.mean())
    return scores


def information_table(factors: Integers, codes: Floats, bins: int) -> Floats:
    """Return the mutual information of each factor with each binned latent, in nats.

    Parameters
    ----------
    factors : shape (n, k), classes
    codes : shape (n, d), no constant latent
    bins : number of equal-width bins a latent is cut into

    Returns
    -------
    ndarray
        Shape (k, d), not negative beyond rounding.

    Raises
    ------
    UsageError
        If there are fewer than 2 bins.
    """
    if bins < 2:
        raise UsageError(f"latents are cut into at least 2 bins, got bins={bins}")
    binned = histogram_bins(codes, bins)
    return np.array(
        [
            [discrete_mutual_information(latent, factor) for latent in binned.T]
            for factor in factors.T
        ]
    )


def gap_to_second(known: Floats) -> Floats:
    """Return how far the largest entry of each row lies above the second largest, or above 0.

    Parameters
    ----------
    known : shape (rows, columns), not negative

    Returns
    -------
    ndarray
        Shape (rows,). With a single column there is no second: the gap is to 0.
    """
    if known.shape[1] == 1:
        return known[:, 0]
    ordered = np.sort(known, axis=1)
    return np.asarray(ordered[:, -1] - ordered[:, -2])


def gap_of_groups(known: Floats, groups: Sequence[tuple[int, ...]]) -> float:
    """Return the largest gap of a group of latents to the best group without any of them.

    Parameters
    ----------
    known : shape (groups,), not negative, what each group knows
    groups : the latents of each group, shape (groups,)

    Returns
    -------
    float
        Between 0 and the largest entry of ``known``; the gap of a group that leaves no other is
        to 0.
    """
    order = np.argsort(-known)
    sets = [frozenset(groups[place]) for place in order]
    ordered = known[order].tolist()
    largest = 0.0
    for group, own in zip(sets, ordered, strict=True):
        if own <= largest:
            break
        outside = (rest for other, rest in zip(sets, ordered, strict=True) if not group & other)
        largest = max(largest, own - next(outside, 0.0))
    return largest


def _circular_gap(single: Floats, codes: Floats, factor: Integers, bins: int) -> float:
    """Return the largest gap, in nats, of a latent or pair to the best one outside it.

    ``single`` is the information of each latent about the factor, shape (d,).
    """
    standard = (codes - codes.mean(axis=0)) / codes.std(axis=0)
    standard[np.abs(standard) < _CENTRE] = 0.0
    latents = range(codes.shape[1])
    pairs = list(combinations(latents, 2))
    of_pairs = [
        discrete_mutual_information(_sectors(standard[:, i], standard[:, j], bins), factor)
        for i, j in pairs
    ]
    return gap_of_groups(np.append(single, of_pairs), [*((i,) for i in latents), *pairs])


def _sectors(x: Floats, y: Floats, bins: int) -> Integers:
    """Return the sector of each point's angle, 0 to ``bins - 1``; edges as in histogram_bins."""
    position = (np.arctan2(y, x) / (2 * np.pi) + 0.5) * bins
    edge = np.rint(position)
    lower = np.where(np.abs(position - edge) < _ON_EDGE, edge, np.floor(position))
    return np.asarray(lower, dtype=np.int64) % bins


MIG = metric(
    {
        "sign": "bins are closed on the left, so a mirrored latent is cut elsewhere",
        "duplicate": "a copy of the best latent is as good as it, and closes the gap",
    },
    name="mig",
    family="disentanglement",
    function=mig,
    outputs=(
        Output(
            "mig",
            "mig",
            "MIG",
            "Mutual information gap: how much more the best latent knows of a factor than "
            "the second best, as a share of the factor's entropy. 0 to 1.",
            True,
        ),
        Output(
            "mig_circular",
            "mig_circular",
            "MIG circ.",
            "MIG in which a factor that runs in a circle may be known by the angle of two "
            "latents, since no single one can code it continuously. 0 to 1.",
            True,
            undefined=NO_CIRCLE,
        ),
    ),
    reference="Chen et al., NeurIPS 2018",
)
