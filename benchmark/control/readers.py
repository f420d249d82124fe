"""Factor readers: from a sound back to the values of its factors.

A decoder plays sounds that no grid holds, so their factors cannot be looked up; they must be heard.
A reader is a regression from audio descriptors to the position of a sound in the space of the
factors (:mod:`benchmark.metrics.control.axes`), learnt from the true sounds of the training split.

Definition
----------
Sounds are described by the 64 numbers of :mod:`benchmark.metrics.reconstruction.embedding`. The
regression is a kernel ridge regression with a Gaussian kernel on at most 1,000 landmarks
(Nystroem), one for all factors. It is smooth, so a sound between two levels is read in between; far
from all true sounds the kernel fades and it reads the middle of every factor, never a guess at the
edge. Width and penalty are chosen on a third of the training sounds.

What a reader cannot hear, it cannot score: its own error on true test sounds stands beside every
number that it reads.

Reference
---------
C. Williams, M. Seeger, "Using the Nystroem method to speed up kernel machines", NIPS 2000.
"""

import zipfile
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from benchmark.cache import cache_key, digest_of, keep_newest
from benchmark.metrics.control.axes import Axis, positions
from benchmark.metrics.information import Floats
from benchmark.metrics.reconstruction.embedding import DIMENSIONS, embed
from benchmark.protocol import Floats as Audio
from toysound.cache import cache_folder
from toysound.dataset import Dataset
from toysound.errors import ToySoundError
from toysound.files import atomic
from toysound.progress import bar

#: Training sounds that a reader learns from, landmarks of its kernel, and true sounds that it keeps
#: to say what belongs to the dataset.
MAX_SOUNDS, MAX_LANDMARKS, MAX_TRUE = 6000, 1000, 512

#: Fewer training sounds than this teach nothing.
FEWEST = 30

#: What is tried: the kernel's exponent at the typical distance, and the penalty.
_WIDTHS = (0.3, 1.0, 3.0)
_PENALTIES = (1e-6, 1e-4, 1e-2)

_BATCH = 256

#: The code that decides what is read.
_CODE = ("control/readers.py", "metrics/control", "metrics/reconstruction")

_KEPT = 100


@dataclass(frozen=True, eq=False)
class Readers:
    """A regression from embeddings to positions.

    Attributes
    ----------
    axes : the factors
    landmarks : shape (l, 64)
    weights : shape (l, W)
    offset : shape (W,), read where nothing is known
    width : of the kernel, ``exp(-width |x - y|^2)``
    true : embeddings of true training sounds, shape (m, 64)
    """

    axes: tuple[Axis, ...]
    landmarks: Floats
    weights: Floats
    offset: Floats
    width: float
    true: Floats

    def read(self, embeddings: Floats) -> Floats:
        """Return the positions of sounds, shape (n, W).

        Parameters
        ----------
        embeddings : shape (n, 64)
        """
        read = np.empty((len(embeddings), len(self.offset)))
        for start in range(0, len(embeddings), _BATCH):
            rows = slice(start, start + _BATCH)
            kernel = _kernel(embeddings[rows], self.landmarks, self.width)
            read[rows] = kernel @ self.weights + self.offset
        return read


def axes_of(
    dataset: Dataset, cells: NDArray[np.int64]
) -> tuple[tuple[Axis, ...], NDArray[np.int64]]:
    """Return the factors that vary over some cells, and their columns in the classes.

    None if the dataset has no labels.
    """
    if not dataset.labelled or not len(cells):
        return (), np.empty(0, dtype=np.int64)
    classes = dataset.classes(cells)
    varies = np.flatnonzero(classes.min(axis=0) < classes.max(axis=0))
    factors = [dataset.space.factors[i] for i in varies]
    return tuple(Axis(f.name, f.kind, f.unit, f.values) for f in factors), varies


def make_readers(
    dataset: Dataset, axes: tuple[Axis, ...], columns: NDArray[np.int64], *, progress: bool = False
) -> Readers:
    """Return the readers of a dataset, from the cache or learnt and put there.

    Parameters
    ----------
    dataset : whose training split is learnt from
    axes, columns : as of :func:`axes_of`
    progress : draw a progress bar on a terminal

    Raises
    ------
    ToySoundError
        If there are too few training sounds.
    """
    key = cache_key(dataset, 0, _CODE) | {"axes": " ".join(axis.name for axis in axes)}
    path = cache_folder() / "readers" / f"{digest_of(key)}.npz"
    found = _load(path, axes)
    if found is not None:
        return found
    readers = fit(dataset, axes, columns, progress=progress)
    with suppress(OSError):  # a cache that cannot be written costs time and nothing else
        _save(readers, path)
        keep_newest(path.parent, _KEPT)
    return readers


def fit(
    dataset: Dataset, axes: tuple[Axis, ...], columns: NDArray[np.int64], *, progress: bool = False
) -> Readers:
    """Learn the readers of a dataset; see :func:`make_readers`."""
    train = dataset.split("train")
    if len(train) < FEWEST:
        raise ToySoundError(
            f"'{dataset.name}' has {len(train)} training sounds here, and factor readers need "
            f"{FEWEST}; generate more of it"
        )
    rng = np.random.default_rng(0)
    cells = np.sort(rng.permutation(train)[:MAX_SOUNDS])
    embeddings = _embeddings(dataset, cells, progress)
    targets = positions(axes, dataset.classes(cells)[:, columns]) if axes else _nothing(cells)
    order = rng.permutation(len(cells))
    landmarks = embeddings[order[:MAX_LANDMARKS]]
    third = len(cells) // 3
    held, learn = order[:third], order[third:]
    scale = float(np.mean(cdist(embeddings[order[:200]], landmarks, "sqeuclidean"))) or 1.0

    def missed(width: float, penalty: float) -> float:
        weights, offset = _solve(embeddings[learn], targets[learn], landmarks, width, penalty)
        read = _kernel(embeddings[held], landmarks, width) @ weights + offset
        return float(np.mean(np.square(read - targets[held]))) if targets.shape[1] else 0.0

    tried = [(width / scale, penalty) for width, penalty in product(_WIDTHS, _PENALTIES)]
    width, penalty = min(tried, key=lambda pair: missed(*pair))
    weights, offset = _solve(embeddings, targets, landmarks, width, penalty)
    true = embeddings[order[:MAX_TRUE]]
    return Readers(axes, landmarks, weights, offset, width, true)


def _solve(
    embeddings: Floats, targets: Floats, landmarks: Floats, width: float, penalty: float
) -> tuple[Floats, Floats]:
    """Return weights and offset of the kernel ridge regression."""
    offset = targets.mean(axis=0)
    kernel = _kernel(embeddings, landmarks, width)
    matrix = kernel.T @ kernel + penalty * len(kernel) * _kernel(landmarks, landmarks, width)
    matrix[np.diag_indices_from(matrix)] += 1e-10 * np.trace(matrix)
    weights = scipy.linalg.solve(matrix, kernel.T @ (targets - offset), assume_a="pos")
    return weights, offset


def _kernel(first: Floats, second: Floats, width: float) -> Floats:
    return np.asarray(np.exp(-width * cdist(first, second, "sqeuclidean")))


def _embeddings(dataset: Dataset, cells: NDArray[np.int64], progress: bool) -> Floats:
    rows = np.empty((len(cells), DIMENSIONS))
    with bar("factor readers", len(cells), "sounds", progress) as drawn:
        for start in range(0, len(cells), _BATCH):
            some = cells[start : start + _BATCH]
            audio: Audio = dataset.audio(some)
            rows[start : start + len(some)] = embed(audio, dataset.sample_rate)
            drawn.update(len(some))
    return rows


def _nothing(cells: NDArray[np.int64]) -> Floats:
    return np.zeros((len(cells), 0))


def _save(readers: Readers, path: Path) -> None:
    with atomic(path) as partial, partial.open("wb") as file:
        np.savez(
            file,
            landmarks=readers.landmarks,
            weights=readers.weights,
            offset=readers.offset,
            width=np.float64(readers.width),
            true=readers.true,
        )


def _load(path: Path, axes: tuple[Axis, ...]) -> Readers | None:
    """Return cached readers, or None if there is no whole file."""
    try:
        with np.load(path, allow_pickle=False) as data:
            return Readers(
                axes,
                data["landmarks"],
                data["weights"],
                data["offset"],
                float(data["width"]),
                data["true"],
            )
    except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile):
        return None
