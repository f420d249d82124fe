"""Factor readers: from a sound back to the values of its factors.

A decoder plays sounds that no grid holds, so their factors cannot be looked up; they must be heard.
A reader is a regression from descriptors of a sound (:mod:`benchmark.metrics.control.descriptors`)
to its coordinates in one factor (:mod:`benchmark.metrics.control.axes`), learnt from true sounds.

Definition
----------
The descriptors are turned to their leading principal components over the sounds that are learnt
from, so that directions in which these never differ do not count. Then, for each factor,

* component c is weighted by sqrt(r_c^2 / max r^2 + 0.1), r_c its correlation with the factor (the
  strongest, where the factor has several coordinates). What follows the factor along a line is
  what can be trusted between its levels; the rest only says in which surroundings it is read.
* the coordinates are a linear function of the weighted components plus a smooth one, a Gaussian
  kernel on at most 1,000 landmarks (Nystroem), fitted together by ridge regression.

Readings may lie up to a quarter of the range beyond the grid: a decoder may leave it. They are not
drawn to its levels.

Conventions
-----------
rows : float64, shape (n, P), descriptors of sounds, from ``listen``
positions : float64, shape (n, W), the coordinates of all factors side by side
share : of the range of a factor, as distances between positions are

Which sounds
------------
At most 6,000 of the training split, spread evenly over the grid; errors are those on at most 1,000
test sounds. Of a dataset with fewer than 500 sounds all are learnt from, and the errors are those
of a cross-validation in five parts.

What a reader cannot hear, it cannot score: its own error stands beside every number that it reads.

Reference
---------
C. Williams, M. Seeger, "Using the Nystroem method to speed up kernel machines", NIPS 2000.
"""

import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from benchmark.cache import cache_key, digest_of, keep_newest
from benchmark.metrics.control.axes import Axis, distances, parts, positions
from benchmark.metrics.control.descriptors import DESCRIPTORS, listen
from benchmark.metrics.information import Floats, Integers
from benchmark.metrics.reconstruction.embedding import DIMENSIONS, embed
from toysound.cache import cache_folder
from toysound.dataset import Dataset
from toysound.errors import ToySoundError
from toysound.files import atomic
from toysound.progress import bar
from toysound.sampling import stratified

#: Sounds learnt from, sounds that the errors are measured on, landmarks, principal components.
MAX_SOUNDS, MAX_HELD_OUT, MAX_LANDMARKS, COMPONENTS = 6000, 1000, 1000, 128

#: A dataset of fewer sounds is learnt from whole, and its errors are cross-validated in parts.
SMALL, FOLDS = 500, 5

#: Fewer sounds than this teach nothing.
FEWEST = 20

#: True sounds that are kept to say what belongs to the dataset.
MAX_TRUE = 512

#: Least weight of a component, squared; penalties of the kernel's weights and, for each sound, of
#: the linear ones. Chosen for the error halfway between the levels of `tones`, `timbre`, `gesture`,
#: `modulation` and `sprites/small`.
_LEAST, _KERNEL_PENALTY, _LINEAR_PENALTY = 0.1, 0.01, 0.00025

#: How far beyond the grid a reading may lie, in shares of the range.
_BEYOND = 0.25

_BATCH = 256

#: The code that decides what is read.
_CODE = (
    "control/readers.py",
    "metrics/control",
    "metrics/reconstruction",
    "../toysound/identify.py",
    "../toysound/scales.py",
    "../toysound/sampling.py",
)

_KEPT = 100


@dataclass(frozen=True, eq=False)
class AxisReader:
    """The regression of one factor.

    Attributes
    ----------
    scale : shape (c,), of each component
    landmarks : shape (l, c), scaled
    weights : shape (l + c + 1, w), of the kernel, the scaled components and the constant
    """

    scale: Floats
    landmarks: Floats
    weights: Floats

    def read(self, components: Floats) -> Floats:
        """Return raw coordinates, shape (n, w)."""
        return np.asarray(_design(components * self.scale, self.landmarks) @ self.weights)


@dataclass(frozen=True)
class ReaderError:
    """How far a reader is from the truth on true sounds that it was not taught.

    Attributes
    ----------
    share : mean, in shares of the range; of a categorical factor, of wrong values
    value : mean, in ``unit``; a reading beyond the grid counts as its edge, which the share does
        not do
    unit : of the factor; ``%`` of wrong values for a categorical one
    mean_square : of the share
    """

    share: float
    value: float
    unit: str
    mean_square: float


@dataclass(frozen=True, eq=False)
class Readers:
    """Readers of all factors of a dataset.

    Attributes
    ----------
    axes : the factors that vary
    columns : of these factors among all of the dataset
    mean, basis : of the principal components, shapes (P,) and (P, c)
    readers : one for each factor
    errors : name of each factor to the error of its reader
    true : embeddings of true training sounds, shape (m, 64)
    """

    axes: tuple[Axis, ...]
    columns: Integers
    mean: Floats
    basis: Floats
    readers: tuple[AxisReader, ...]
    errors: dict[str, ReaderError]
    true: Floats

    @property
    def noise(self) -> Floats:
        """Mean squared error of each reader in shares of the range, shape (k,)."""
        return np.array([self.errors[axis.name].mean_square for axis in self.axes])

    def read(self, rows: Floats) -> Floats:
        """Return the positions of sounds, shape (n, W).

        Parameters
        ----------
        rows : descriptors, shape (n, P)
        """
        out = np.empty((len(rows), sum(axis.width for axis in self.axes)))
        for start in range(0, len(rows) if self.axes else 0, _BATCH):
            some = slice(start, start + _BATCH)
            components = (rows[some] - self.mean) @ self.basis
            read = [
                _tidied(axis, reader.read(components))
                for axis, reader in zip(self.axes, self.readers, strict=True)
            ]
            out[some] = np.concatenate(read, axis=1)
        return out


def fit_readers(dataset: Dataset, *, progress: bool = False) -> Readers:
    """Return the readers of a dataset, from the cache or learnt and put there.

    Without labels there is no factor to read; what belongs to the dataset is kept all the same.

    Parameters
    ----------
    dataset : the dataset
    progress : draw a progress bar on a terminal

    Raises
    ------
    ToySoundError
        If no factor of a labelled dataset varies, or there are too few sounds.
    """
    key = cache_key(dataset, 0, _CODE) | {"labelled": str(dataset.labelled)}
    path = cache_folder() / "readers" / f"{digest_of(key)}.npz"
    found = _load(path, dataset)
    if found is not None:
        return found
    readers = _learn(dataset, progress)
    with suppress(OSError):  # a cache that cannot be written costs time and nothing else
        _save(readers, path)
        keep_newest(path.parent, _KEPT)
    return readers


def fit(
    axes: Sequence[Axis], rows: Floats, classes: Integers
) -> tuple[Floats, Floats, list[AxisReader]]:
    """Learn readers from described sounds.

    Parameters
    ----------
    axes : the k factors
    rows : descriptors, shape (n, P)
    classes : levels, shape (n, k)

    Returns
    -------
    tuple
        Mean and basis of the principal components, and a reader for each factor.
    """
    mean = rows.mean(axis=0)
    centred = rows - mean
    kept = min(COMPONENTS, *centred.shape)
    size = centred.shape[1]
    basis = scipy.linalg.eigh(
        centred.T @ centred, subset_by_index=(size - kept, size - 1), check_finite=False
    )[1][:, ::-1]
    components = centred @ basis
    chosen = np.random.default_rng(0).permutation(len(rows))[:MAX_LANDMARKS]
    targets = parts(axes, positions(axes, classes))
    readers = [_fit_axis(components, target, chosen) for target in targets]
    return mean, np.ascontiguousarray(basis), readers


def _fit_axis(components: Floats, target: Floats, chosen: Integers) -> AxisReader:
    relevance = _squared_correlation(components, target)
    scale = np.sqrt(relevance / (relevance.max() or 1.0) + _LEAST)
    scale /= np.sqrt(np.square(components * scale).sum(axis=1).mean()) or 1.0
    scaled = components * scale
    landmarks = scaled[chosen]
    design = _design(scaled, landmarks)
    penalties = np.concatenate(
        [
            np.full(len(landmarks), _KERNEL_PENALTY),
            np.full(scaled.shape[1], _LINEAR_PENALTY * len(scaled)),
            [1e-6],
        ]
    )
    matrix = design.T @ design
    matrix[np.diag_indices_from(matrix)] += penalties
    weights = scipy.linalg.solve(matrix, design.T @ target, assume_a="pos")
    return AxisReader(scale, landmarks, np.asarray(weights))


def _squared_correlation(components: Floats, target: Floats) -> Floats:
    """Return the largest squared correlation of each component with a coordinate, shape (c,)."""
    one = components - components.mean(axis=0)
    other = target - target.mean(axis=0)
    norms = np.outer(np.linalg.norm(one, axis=0), np.linalg.norm(other, axis=0))
    products = one.T @ other
    shares = np.divide(products, norms, out=np.zeros_like(products), where=norms > 0)
    return np.asarray(np.square(shares).max(axis=1))


def _design(scaled: Floats, landmarks: Floats) -> Floats:
    """Return the columns of the regression: kernel, linear, constant."""
    squared = (
        np.square(scaled).sum(axis=1)[:, None]
        + np.square(landmarks).sum(axis=1)
        - 2 * scaled @ landmarks.T
    )
    kernel = np.exp(-np.maximum(squared, 0.0))
    return np.concatenate([kernel, scaled, np.ones((len(scaled), 1))], axis=1)


def _tidied(axis: Axis, raw: Floats) -> Floats:
    """Return the nearest coordinates that mean something.

    Within a quarter of the range beyond it; within the circle; probabilities that add up to 1.
    """
    if axis.kind == "circular":
        radius = np.linalg.norm(raw, axis=1, keepdims=True)
        return np.asarray(raw / np.maximum(2 * radius, 1.0))
    if axis.kind == "categorical":
        positive = np.maximum(raw, 0.0) + 1e-9
        return np.asarray(positive / positive.sum(axis=1, keepdims=True) / np.sqrt(2))
    return np.clip(raw, -_BEYOND, 1.0 + _BEYOND)


def _learn(dataset: Dataset, progress: bool) -> Readers:
    true = _true(dataset)
    if not dataset.labelled:
        nothing = np.zeros((DESCRIPTORS, 0))
        none = np.empty(0, dtype=np.int64)
        return Readers((), none, np.zeros(DESCRIPTORS), nothing, (), {}, true)
    cells, held_out = _cells(dataset)
    classes = dataset.classes(cells)
    columns = np.flatnonzero(classes.min(axis=0) < classes.max(axis=0))
    if len(cells) < FEWEST or not len(columns):
        raise ToySoundError(
            f"'{dataset.name}' has {len(cells)} sounds here in which {len(columns)} factors vary; "
            f"readers need at least {FEWEST} sounds and one factor: generate more of it"
        )
    factors = [dataset.space.factors[column] for column in columns]
    axes = tuple(Axis(f.name, f.kind, f.unit, f.values) for f in factors)
    classes = classes[:, columns]
    rows = _rows(dataset, np.concatenate([cells, held_out]), progress)
    rows, others = rows[: len(cells)], rows[len(cells) :]
    mean, basis, readers = fit(axes, rows, classes)
    unmeasured = Readers(axes, columns, mean, basis, tuple(readers), {}, true)
    if len(held_out):
        truth = dataset.classes(held_out)[:, columns]
        read = unmeasured.read(others)
    else:
        truth, read = classes, _cross_validated(axes, columns, rows, classes)
    return replace(unmeasured, errors=_errors(axes, read, truth))


def _true(dataset: Dataset) -> Floats:
    """Return the embeddings of training sounds, drawn evenly."""
    train = dataset.split("train")
    cells = np.sort(np.random.default_rng(1).permutation(train)[:MAX_TRUE])
    rows = [
        embed(dataset.audio(cells[start : start + _BATCH]), dataset.sample_rate)
        for start in range(0, len(cells), _BATCH)
    ]
    return np.concatenate(rows) if rows else np.empty((0, DIMENSIONS))


def _cells(dataset: Dataset) -> tuple[Integers, Integers]:
    """Return the sounds to learn from, and those to measure errors on: none of a small dataset."""
    train, test = dataset.split("train"), dataset.split("test")
    if len(dataset) < SMALL or len(test) < FEWEST:
        return np.arange(len(dataset), dtype=np.int64), np.empty(0, dtype=np.int64)
    rng = np.random.default_rng(0)
    if len(train) > MAX_SOUNDS:
        wanted = int(1.2 * MAX_SOUNDS * len(dataset) / len(train))
        even = stratified(dataset.space, wanted, f"{dataset.name}/readers")
        spread = np.intersect1d(train, even)
        train = spread if len(spread) >= MAX_SOUNDS // 2 else train
    return (
        np.sort(rng.permutation(train)[:MAX_SOUNDS]),
        np.sort(rng.permutation(test)[:MAX_HELD_OUT]),
    )


def _rows(dataset: Dataset, cells: Integers, progress: bool) -> Floats:
    rows = np.empty((len(cells), DESCRIPTORS))
    with bar("factor readers", len(cells), "sounds", progress) as drawn:
        for start in range(0, len(cells), _BATCH):
            some = cells[start : start + _BATCH]
            rows[start : start + len(some)] = listen(dataset.audio(some), dataset.sample_rate)
            drawn.update(len(some))
    return rows


def _cross_validated(
    axes: tuple[Axis, ...], columns: Integers, rows: Floats, classes: Integers
) -> Floats:
    """Return positions that readers of the other sounds give each sound, shape (n, W)."""
    fold = np.random.default_rng(0).permutation(len(rows)) % FOLDS
    read = np.empty((len(rows), sum(axis.width for axis in axes)))
    for number in range(FOLDS):
        out = fold == number
        mean, basis, readers = fit(axes, rows[~out], classes[~out])
        nobody = np.empty((0, DIMENSIONS))
        part = Readers(axes, columns, mean, basis, tuple(readers), {}, nobody)
        read[out] = part.read(rows[out])
    return read


def _errors(axes: Sequence[Axis], read: Floats, classes: Integers) -> dict[str, ReaderError]:
    apart = distances(axes, read, positions(axes, classes))
    errors = {}
    for number, (axis, part) in enumerate(zip(axes, parts(axes, read), strict=True)):
        value = float(axis.error(part, classes[:, number]).mean())
        share = value / 100 if axis.kind == "categorical" else float(apart[:, number].mean())
        mean_square = float(np.square(apart[:, number]).mean())
        errors[axis.name] = ReaderError(share, value, axis.error_unit, mean_square)
    return errors


def _save(readers: Readers, path: Path) -> None:
    arrays: dict[str, NDArray[np.float64] | NDArray[np.int64]] = {
        "columns": readers.columns,
        "mean": readers.mean,
        "basis": readers.basis,
        "true": readers.true,
        "errors": np.array(
            [
                (error.share, error.value, error.mean_square)
                for error in (readers.errors[axis.name] for axis in readers.axes)
            ]
        ).reshape(-1, 3),
    }
    for number, reader in enumerate(readers.readers):
        arrays |= {f"{number}/{name}": array for name, array in vars(reader).items()}
    with atomic(path) as partial, partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def _load(path: Path, dataset: Dataset) -> Readers | None:
    """Return cached readers, or None if there is no whole file."""
    try:
        with np.load(path, allow_pickle=False) as data:
            columns = data["columns"]
            factors = [dataset.space.factors[column] for column in columns]
            axes = tuple(Axis(f.name, f.kind, f.unit, f.values) for f in factors)
            names = ("scale", "landmarks", "weights")
            readers = tuple(
                AxisReader(*(data[f"{number}/{name}"] for name in names))
                for number in range(len(axes))
            )
            errors = {
                axis.name: ReaderError(float(share), float(value), axis.error_unit, float(square))
                for axis, (share, value, square) in zip(axes, data["errors"], strict=True)
            }
            return Readers(
                axes, columns, data["mean"], data["basis"], readers, errors, data["true"]
            )
    except (OSError, EOFError, KeyError, IndexError, ValueError, TypeError, zipfile.BadZipFile):
        return None
