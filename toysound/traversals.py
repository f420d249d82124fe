"""Traversals: one factor moves through its values while the others stay at their middle.

It is the first thing to look at and to listen to in a dataset, and what ``toysound plot`` shows as
a picture or as a page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toysound.dataset import Dataset, OnDemand, load
from toysound.factors import Factor
from toysound.identify import log_mel
from toysound.rendering import to_float

#: Sounds of a traversal; a factor with more values shows this many, evenly spread, ends included.
#: Categories cannot be guessed from their neighbours, so a few more of them are still all shown.
MOST, MOST_CATEGORIES = 12, 16

#: The bright end of the scale of colours in pictures of sounds, dB re full scale.
CEILING_DB = -20.0


@dataclass(frozen=True)
class Traversal:
    """The sounds of one factor alone.

    Attributes
    ----------
    factor : the one that moves
    levels : its values that are shown, ascending
    cells : of the sounds, int64, shape (n,)
    samples : int16, shape (n, T)
    views : their log-mel views in dB, float32, shape (n, 64, 64)
    """

    factor: Factor
    levels: tuple[int, ...]
    cells: NDArray[np.int64]
    samples: NDArray[np.int16]
    views: NDArray[np.float32]

    @property
    def is_whole(self) -> bool:
        """Whether every value is shown."""
        return len(self.levels) == len(self.factor)


def open_dataset(name: str) -> Dataset:
    """Open a dataset of which every cell can be had: what was not generated is rendered.

    Parameters
    ----------
    name : as for :func:`toysound.load`

    Raises
    ------
    ToySoundError
        As :func:`toysound.load`.
    """
    dataset = load(name)
    whole = len(dataset) == dataset.space.size
    return dataset if whole else Dataset(dataset.spec, OnDemand(dataset.spec))


def traversals(dataset: Dataset) -> list[Traversal]:
    """Return the traversal of each factor of a dataset, which must have all its cells."""
    out = []
    for number, factor in enumerate(dataset.space.factors):
        levels = shown_levels(factor)
        classes = np.tile(middle(dataset.space.sizes), (len(levels), 1))
        classes[:, number] = levels
        cells = dataset.space.index_of(classes)
        samples = dataset.samples(cells)
        views = log_mel(to_float(samples), dataset.sample_rate)
        out.append(Traversal(factor, levels, cells, samples, views))
    return out


def middle(sizes: Sequence[int]) -> list[int]:
    """Return the level that each factor has while another moves."""
    return [size // 2 for size in sizes]


def shown_levels(factor: Factor) -> tuple[int, ...]:
    """Return which values of a factor are shown: evenly spread, both ends included."""
    size = len(factor)
    count = min(size, MOST)
    if factor.kind == "categorical" and size <= MOST_CATEGORIES:
        count = size
    return tuple(np.rint(np.linspace(0, size - 1, count)).astype(int).tolist())
