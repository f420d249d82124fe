"""Sounds that share a level of a factor: what the votes of beta-VAE and FactorVAE are made of.

Both metrics draw batches in which one factor is held and all others change. The original protocols
ask a generator for such sounds; here they are drawn from the rows that there are, by index, all
batches of a factor at once.
"""

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.information import Integers

#: Votes that are drawn at a time; bounds the memory at ``_STRIDE * 64 * d`` numbers.
STRIDE = 512


class Sharing:
    """The rows of each level of one factor.

    Parameters
    ----------
    column : shape (n,), classes of the factor
    """

    def __init__(self, column: Integers) -> None:
        _, self._level, counts = np.unique(column, return_inverse=True, return_counts=True)
        self._order = np.argsort(self._level, kind="stable")
        self._first = np.cumsum(counts) - counts
        self._counts = counts

    def partners(self, rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Return for each row a random one, maybe itself, of the same level.

        Parameters
        ----------
        rows : any shape
        rng : draws uniformly among the rows of the level
        """
        level = self._level[rows]
        place = (rng.random(rows.shape) * self._counts[level]).astype(np.int64)
        return np.asarray(self._order[self._first[level] + place])
