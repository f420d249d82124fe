"""How many dimensions does the data itself have?

What a model's codes span can only be judged beside what there was to code. The same estimators that
read the codes (:mod:`benchmark.metrics.dimension`) read the sounds here, as a model that hears
spectra would: each sound is its log-mel picture of 64 bands by 64 frames, a point of 4096
dimensions in dB. The truth is known, the number of factors, so these numbers also say how far the
estimators themselves can be trusted on this dataset.

Conventions
-----------
cells : indices of sounds of a dataset; at most 2,000 of them are heard, drawn by the seed
picture : :func:`toysound.identify.log_mel`, pixels that never change left out

What a grid does to the estimators
----------------------------------
A dataset is no random draw from a manifold but a grid on it. The two sounds nearest to a sound are
then its neighbours on the grid, one step up and one step down the factor that changes the picture
least, at nearly the same distance whatever the dimension is; TwoNN takes such a ratio near 1 for a
sign of many dimensions. On the 64 sounds of ``mono/level``, a curve, it answers 94. So it is
refused here where a sound has on average one neighbour or more among the sounds that are heard; a
few thousand cells of a large grid have few, and pass. The maximum likelihood estimate looks at 20
neighbours, over several steps, and stands a grid better: it gives 1.1 there, and about 1.2 for
evenly spaced points on any straight line. It still reads the coarse factors of a grid as less than
a dimension each.

Principal components count how curved the data is, and not how many factors made it: a tone that
moves through 64 mel bands is one factor and fills dozens of components.
"""

import numpy as np
from numpy.typing import NDArray

from benchmark.code_metrics import Reading
from benchmark.metrics.dimension.mle import mle
from benchmark.metrics.dimension.pca_dims import pca_dims
from benchmark.metrics.dimension.twonn import twonn
from benchmark.metrics.registry import Output
from toysound.dataset import Dataset
from toysound.errors import ToySoundError
from toysound.factors import FactorSpace
from toysound.identify import BANDS, FRAMES, log_mel
from toysound.progress import bar

MAX_SOUNDS = 2_000

#: Sounds that are rendered and turned into pictures at a time.
_STRIDE = 256

#: Of the parallel analysis: on thousands of pixels chance hardly differs between permutations, and
#: each costs a second.
_PERMUTATIONS = 3

#: Neighbours on the grid, on average, from which on nearest sounds are taken to be those.
_MOST_NEIGHBOURS = 1.0

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]

COLUMNS: tuple[Output, ...] = (
    Output(
        "twonn",
        "data_twonn",
        "TwoNN of data",
        "Intrinsic dimension of the sounds themselves, from the distances between their log-mel "
        "pictures and the two nearest ones. The truth is the number of factors; none where the "
        "nearest sounds are one step of the grid away.",
        None,
    ),
    Output(
        "mle",
        "data_mle",
        "MLE of data",
        "Intrinsic dimension of the sounds themselves, from the distances between their log-mel "
        "pictures and the 20 nearest ones. The truth is the number of factors; on a grid it is a "
        "rough estimate.",
        None,
    ),
    Output(
        "pca_dims",
        "data_pca_dims",
        "PCA of data",
        "Principal components of the log-mel pictures beyond chance, by Horn's parallel analysis. "
        "Linear: far more than the number of factors wherever a factor bends the picture.",
        None,
        "components",
    ),
)


def measure_data(
    dataset: Dataset, cells: Indices, *, seed: int = 0, progress: bool = False
) -> dict[str, Reading]:
    """Return the dimension of the sounds of a dataset.

    Parameters
    ----------
    dataset : the dataset
    cells : the sounds that may be heard, all different
    seed : decides which 2,000 of them are, and the permutations of the parallel analysis
    progress : draw a progress bar on a terminal

    Returns
    -------
    dict
        Each column of :data:`COLUMNS` to a number, or to the reason why there is none.
    """
    rng = np.random.default_rng(seed)
    heard = np.sort(rng.permutation(cells)[:MAX_SOUNDS])
    points = _pictures(dataset, heard, progress)
    if len(points):
        points = points[:, points.max(axis=0) > points.min(axis=0)]
    if not points.size:
        reason = "the sounds that are heard look all the same"
        return {output.column: Reading(None, reason) for output in COLUMNS}
    return {
        "data_twonn": _twonn(dataset, heard, points),
        "data_mle": _mle(points),
        "data_pca_dims": Reading(
            pca_dims(codes=points, seed=seed, permutations=_PERMUTATIONS)["pca_dims"]
        ),
    }


def grid_neighbours(space: FactorSpace, cells: Indices) -> float:
    """Return how many of some cells are one step of one factor from a cell, on average.

    Parameters
    ----------
    space : the grid
    cells : int64, shape (n,), all different, n at least 1

    Returns
    -------
    float
        0 if no two are neighbours, up to two for each factor if all cells of the grid are there.
    """
    classes = space.classes_of(cells)
    pairs = 0
    for factor, size in enumerate(space.sizes):
        below = classes[classes[:, factor] < size - 1]
        below[:, factor] += 1
        pairs += int(np.isin(space.index_of(below), cells).sum())
    return 2 * pairs / len(cells)


def _pictures(dataset: Dataset, cells: Indices, progress: bool) -> Floats:
    """Return the log-mel picture of each sound as a row of numbers in dB, a few at a time."""
    points = np.empty((len(cells), BANDS * FRAMES))
    with bar("dimension of the data", len(cells), "sounds", progress) as drawn:
        for start in range(0, len(cells), _STRIDE):
            some = cells[start : start + _STRIDE]
            pictures = log_mel(dataset.audio(some), dataset.sample_rate)
            points[start : start + len(some)] = pictures.reshape(len(some), -1)
            drawn.update(len(some))
    return points


def _twonn(dataset: Dataset, cells: Indices, points: Floats) -> Reading:
    if dataset.labelled and grid_neighbours(dataset.space, cells) >= _MOST_NEIGHBOURS:
        return Reading(
            None,
            f"'{dataset.name}' is a grid, and the sounds nearest to a sound are one step of it "
            "away: how far they are tells the size of a step and not the dimension",
        )
    try:
        return Reading(twonn(codes=points)["twonn"])
    except ToySoundError as error:
        return Reading(None, str(error))


def _mle(points: Floats) -> Reading:
    try:
        return Reading(mle(codes=points)["mle"])
    except ToySoundError as error:
        return Reading(None, str(error))
