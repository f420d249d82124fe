"""The fixed partition of a grid into train, validation, test and composition.

*Composition* holds out pairs of levels of two factors together: every single level is still heard
in training, but not every combination, so that it asks whether a model composes what it has learnt.
It takes about a tenth of the pairs. The remaining cells are shared 80 / 10 / 10.

Where a dataset has a *correlation*, a tenth of all cells, drawn evenly, is the test; of the others
those that the correlation keeps are shared 8 to 1 by training and validation, and those that it
leaves out are the composition split: combinations that training did not show.

The partition depends on the dataset's name, its sizes and the cell's index, through integer hashes,
and on nothing else: not on a version, a seed or the machine.
"""

import numpy as np
from numpy.typing import NDArray

from toysound.catalog.spec import DatasetSpec
from toysound.errors import unknown_name
from toysound.hashing import hash64, uniform
from toysound.scales import round_significant

SPLITS = ("train", "validation", "test", "composition")

_COMPOSITION_SHARE = 0.1
_TRAIN_SHARE, _VALIDATION_SHARE, _TEST_SHARE = 0.8, 0.1, 0.1

_PARTITIONS: dict[object, dict[str, NDArray[np.int64]]] = {}


def partition(spec: DatasetSpec) -> dict[str, NDArray[np.int64]]:
    """Return the cell indices of each split, ascending; disjoint, together every cell.

    Parameters
    ----------
    spec : the dataset

    Returns
    -------
    dict
        Name of the split to its cells, read-only: they are computed once.
    """
    key = (spec.name, spec.space, spec.composition, spec.correlation)
    if key not in _PARTITIONS:
        _PARTITIONS.clear()  # one dataset at a time is worked on
        _PARTITIONS[key] = _partition(spec)
    return dict(_PARTITIONS[key])


def _partition(spec: DatasetSpec) -> dict[str, NDArray[np.int64]]:
    cells = np.arange(spec.space.size, dtype=np.int64)
    if not spec.labelled:
        return _by_label(spec, cells)
    shuffled = cells[np.argsort(hash64(f"{spec.name}/split", cells), kind="stable")]
    if spec.correlation is None:
        held_out = _held_out(spec, shuffled)
        rest = shuffled[~held_out]
        first = round(_TRAIN_SHARE * len(rest))
        second = round((_TRAIN_SHARE + _VALIDATION_SHARE) * len(rest))
        test = rest[second:]
    else:
        test, others = np.split(shuffled, [round(_TEST_SHARE * len(shuffled))])
        kept = _kept(spec, others)
        rest = others[kept]
        held_out = np.isin(shuffled, others[~kept])
        second = len(rest)
        first = round(_TRAIN_SHARE / (_TRAIN_SHARE + _VALIDATION_SHARE) * len(rest))
    splits = {
        "train": np.sort(rest[:first]),
        "validation": np.sort(rest[first:second]),
        "test": np.sort(test),
        "composition": np.sort(shuffled[held_out]),
    }
    for split in splits.values():
        split.flags.writeable = False
    return splits


def _by_label(spec: DatasetSpec, cells: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Return the splits of files: each keeps its own when others come or go."""
    files = [label.partition("#")[0] for label in spec.space.factors[0].labels]
    place = np.array([float(uniform(f"file/{file}", 0)) for file in files])
    bounds = np.array([_TRAIN_SHARE, _TRAIN_SHARE + _VALIDATION_SHARE])
    which = np.searchsorted(bounds, place, side="right")
    splits = {name: cells[which == number] for number, name in enumerate(SPLITS)}
    for split in splits.values():
        split.flags.writeable = False
    return splits


def check_split(name: str) -> str:
    """Return the name of a split, or raise the error that names the four."""
    if name not in SPLITS:
        raise unknown_name("split", name, SPLITS)
    return name


def held_out_pairs(spec: DatasetSpec) -> list[tuple[int, int]]:
    """Return the pairs of levels of the two composition factors that are held out together.

    Pairs are taken in the order of a hash, skipping one that would take more than half of the
    combinations of either of its levels, until a tenth of all pairs is reached.
    """
    if spec.composition is None:
        return []
    sizes = [len(spec.space[name]) for name in spec.composition]
    numbers = np.arange(sizes[0] * sizes[1], dtype=np.int64)
    order = np.argsort(hash64(f"{spec.name}/composition", numbers), kind="stable")
    wanted = max(1, round(_COMPOSITION_SHARE * len(numbers)))
    taken: list[tuple[int, int]] = []
    for number in order:
        if len(taken) == wanted:
            break
        a, b = divmod(int(number), sizes[1])
        rows = sum(pair[0] == a for pair in taken)
        columns = sum(pair[1] == b for pair in taken)
        if rows + 1 <= sizes[1] // 2 and columns + 1 <= sizes[0] // 2:
            taken.append((a, b))
    return taken


def _kept(spec: DatasetSpec, cells: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which cells a correlation keeps for training."""
    assert spec.correlation is not None
    classes = spec.space.classes_of(cells)
    numbers = [spec.space.names.index(name) for name in spec.correlation.factors]
    first, second = (classes[:, n] / (spec.space.sizes[n] - 1) for n in numbers)
    distance = (first - second) / spec.correlation.width
    probability = round_significant(np.exp(-0.5 * distance * distance))
    return np.asarray(uniform(f"{spec.name}/correlation", cells) < probability)


def _held_out(spec: DatasetSpec, cells: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which cells carry a held-out pair."""
    if spec.composition is None:
        return np.zeros(len(cells), dtype=bool)
    first, second = (spec.space.names.index(name) for name in spec.composition)
    classes = spec.space.classes_of(cells)
    grid = np.zeros((spec.space.sizes[first], spec.space.sizes[second]), dtype=bool)
    for pair in held_out_pairs(spec):
        grid[pair] = True
    return np.asarray(grid[classes[:, first], classes[:, second]])
