"""A fair sample of the cells of a grid that is too large to look at in full.

The cells ``k * step mod N`` for k = 0, 1, ... are a lattice of rank 1: if ``step`` has no common
divisor with N, no cell comes twice, and a good step spreads them over the grid more evenly than a
random draw would: every level of a factor, and every pair of levels of two factors, occurs as often
as the others (I. Sloan and S. Joe, "Lattice Methods for Multiple Integration", 1994). Steps are
drawn from a hash and the one with the most even counts is taken.
"""

import math
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from toysound.factors import FactorSpace
from toysound.hashing import hash64

#: Steps that are tried.
_TRIED = 48


@lru_cache(maxsize=8)
def stratified(space: FactorSpace, count: int, salt: str) -> NDArray[np.int64]:
    """Return cells that represent every level of every factor evenly.

    Parameters
    ----------
    space : the factors
    count : number of cells wanted
    salt : samples under different salts differ

    Returns
    -------
    ndarray, int64
        Different cells, ascending, read-only; all of them if there are no more than ``count``.
    """
    if space.size <= count:
        cells = np.arange(space.size, dtype=np.int64)
    else:
        tried = (hash64(f"{salt}/sample", np.arange(_TRIED)) % np.uint64(space.size)).tolist()
        steps = [step for step in tried if math.gcd(step, space.size) == 1] or [1]
        lattices = [np.arange(count, dtype=np.int64) * step % space.size for step in steps]
        cells = np.sort(min(lattices, key=lambda cells: unevenness(space, cells)))
    cells.flags.writeable = False
    return cells


def unevenness(space: FactorSpace, cells: NDArray[np.int64]) -> float:
    """Return by how much a sample misses even counts: 0 if all levels and pairs occur alike.

    It is the largest relative error of the count of a level, plus the mean over pairs of factors of
    the root mean square relative error of the counts of a pair of levels.
    """
    classes = space.classes_of(cells)
    levels = [
        np.abs(np.bincount(classes[:, k], minlength=size) * (size / len(cells)) - 1).max()
        for k, size in enumerate(space.sizes)
    ]
    pairs = []
    for a, b in combinations(range(len(space.sizes)), 2):
        size = space.sizes[a] * space.sizes[b]
        counts = np.bincount(classes[:, a] * space.sizes[b] + classes[:, b], minlength=size)
        pairs.append(float(np.sqrt(np.mean(np.square(counts * (size / len(cells)) - 1)))))
    return float(max(levels)) + (sum(pairs) / len(pairs) if pairs else 0.0)
